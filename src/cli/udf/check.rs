//! `diagon udf check`

use super::super::print;
use super::project::ModuleArguments;
use super::registry::report;
use crate::Error;
use crate::udf::{UdfRegistry, advice};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    module: ModuleArguments,
}

impl Check {
    pub(super) fn run(self) -> crate::Result<()> {
        let module = self.module.read()?;
        let checked = UdfRegistry::in_memory()?.check(&module.bytes, module.manifest.as_deref());
        match checked {
            Ok(registrations) => report(&registrations, "would be registered"),
            Err(error) => {
                tell_fix(&error);
                Err(module.named(error))
            }
        }
    }
}

/// Says what helps against a refusal; the error itself comes last, as with every command.
pub(super) fn tell_fix(error: &Error) {
    let refused = matches!(error, Error::UdfRejected { .. });
    if let Some(fix) = advice(&error.to_string()).filter(|_| refused) {
        print::remark(&format!("fix: {fix}"));
    }
}
