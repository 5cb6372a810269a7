//! `diagon udf build`: the module of a project, with the compiler of its language, and the manifest in it.

mod assemblyscript;
mod c;
mod go;
mod rust;
mod text;

use std::path::{Path, PathBuf};

use super::super::{input, print};
use super::check::tell_fix;
use super::project::{Language, Project, write};
use crate::Error;
use crate::udf::{MAX_MANIFEST_BYTES, MAX_MODULE_BYTES, UdfRegistry, pack};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Build {
    #[command(flatten)]
    project: Project,
    /// Where the module goes; NAME.wasm in the project by default
    #[arg(long, short, value_name = "FILE.wasm")]
    output: Option<PathBuf>,
    /// Further arguments for the compiler (cargo build, go build, asc, clang or zig cc)
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// What a compiler left.
struct Built {
    /// What the module is called.
    name: String,
    module: Vec<u8>,
    /// The manifest, if the compiler couldn't put it in.
    manifest: Option<String>,
}

/// Arguments by which a compiler would put its module where nobody looks for it.
const ELSEWHERE: [&str; 6] = [
    "-o",
    "--output",
    "--outFile",
    "--out-file",
    "--target-dir",
    "--target",
];

impl Build {
    pub(super) fn run(self) -> crate::Result<()> {
        let Self {
            project, arguments, ..
        } = &self;
        let elsewhere = arguments.iter().find(|argument| {
            let name = argument.split('=').next().unwrap_or(argument);
            ELSEWHERE.contains(&name)
        });
        if let Some(argument) = elsewhere {
            let message =
                format!("`{argument}`: where the module goes is said before `--`, by --output");
            return Err(Error::InvalidArgument(message));
        }
        let built = match project.language()? {
            Language::Rust => rust::build(project, arguments)?,
            Language::Go => go::build(project, arguments)?,
            Language::AssemblyScript => assemblyscript::build(project, arguments)?,
            Language::C => c::build(project, arguments)?,
            Language::Text => text::build(project)?,
        };
        let module = match &built.manifest {
            Some(manifest) => pack(&built.module, manifest).inspect_err(tell_fix)?,
            None => built.module,
        };
        // A module that would be refused is left all the same: it is what there is to look at.
        let path = self.output.clone();
        let path = path.unwrap_or_else(|| project.join(format!("{}.wasm", built.name)));
        write(&path, &module)?;
        print::out(format_args!("{}: {} bytes", path.display(), module.len()))?;
        report(&module)
    }
}

/// Says which functions a module has, or what is wrong with it.
fn report(module: &[u8]) -> crate::Result<()> {
    let checked = UdfRegistry::in_memory()?.check(module, None);
    let found = checked.inspect_err(tell_fix)?;
    for registration in found {
        let manifest = registration.udf.manifest();
        print::out(format_args!(
            "{}: {}, {}",
            manifest.label(),
            manifest.kind.name(),
            print::one_line(&manifest.description)
        ))?;
        for warning in &registration.warnings {
            print::remark(&format!("warning: {}: {warning}", manifest.label()));
        }
    }
    Ok(())
}

/// Reads the module that a compiler wrote.
fn read_module(path: &Path) -> crate::Result<Vec<u8>> {
    input::bytes(path, MAX_MODULE_BYTES)
}

/// Reads the manifest that a compiler, or a person, wrote beside the source.
fn read_manifest(path: &Path) -> crate::Result<String> {
    input::text(path, MAX_MANIFEST_BYTES)
}
