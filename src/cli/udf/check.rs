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
                let refused = matches!(error, Error::UdfRejected { .. });
                let fix = advice(&error.to_string()).filter(|_| refused);
                if let Some(fix) = fix {
                    // The error itself comes last, as with every command.
                    print::remark(&format!("fix: {fix}"));
                }
                Err(module.named(error))
            }
        }
    }
}
