//! `diagon udf pack`

use std::path::PathBuf;

use super::super::{input, print};
use super::check::tell_fix;
use super::project::write;
use crate::udf::{MAX_MANIFEST_BYTES, MAX_MODULE_BYTES, UdfRegistry, pack};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Pack {
    /// The manifest: one JSON object for each function
    #[arg(long, value_name = "FILE.json")]
    manifest: PathBuf,
    /// Where the packed module goes; without it, it takes the place of the module
    #[arg(long, short, value_name = "FILE.wasm")]
    output: Option<PathBuf>,
    /// The module
    #[arg(value_name = "MODULE.wasm")]
    module: PathBuf,
}

impl Pack {
    pub(super) fn run(self) -> crate::Result<()> {
        let module = input::bytes(&self.module, MAX_MODULE_BYTES)?;
        let manifest = input::text(&self.manifest, MAX_MANIFEST_BYTES)?;
        let packed = pack(&module, &manifest)?;
        // A manifest of another module would take the place of the right one.
        let checked = UdfRegistry::in_memory()?.check(&packed, None);
        checked.inspect_err(tell_fix)?;
        let output = self.output.unwrap_or(self.module);
        write(&output, &packed)?;
        print::out(format_args!("{}: {} bytes", output.display(), packed.len()))
    }
}
