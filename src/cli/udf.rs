//! `diagon udf`

use std::path::{Path, PathBuf};

use super::{Folder, read_text};
use crate::udf::{Registration, UdfRegistry, Version};
use crate::{Error, shard};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Udf {
    /// Registers the functions of a module
    Add {
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        module: Module,
    },
    /// Says whether a module would be registered, and why not
    Check {
        #[command(flatten)]
        module: Module,
    },
    /// Lists the functions, lowest version first
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// Prints a function's manifest
    Show {
        #[command(flatten)]
        folder: Folder,
        /// Name, or name@version; the latest release without a version
        #[arg(value_name = "NAME[@VERSION]")]
        function: String,
    },
    /// Removes one version of a function
    Remove {
        #[command(flatten)]
        folder: Folder,
        /// Which one
        #[arg(value_name = "NAME@VERSION")]
        function: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Module {
    /// The manifest, for a module that doesn't carry one
    #[arg(long, value_name = "FILE.json")]
    manifest: Option<PathBuf>,
    /// The module
    #[arg(value_name = "MODULE.wasm")]
    module: PathBuf,
}

impl Module {
    fn read(&self) -> crate::Result<(Vec<u8>, Option<String>)> {
        let module = std::fs::read(&self.module).map_err(|error| Error::io(&self.module, error))?;
        let manifest = self.manifest.as_deref().map(read_text).transpose()?;
        Ok((module, manifest))
    }

    /// Names the file in a refusal.
    fn named(&self, error: Error) -> Error {
        match error {
            Error::UdfRejected { message } => Error::UdfRejected {
                message: format!("{}: {message}", self.module.display()),
            },
            other => other,
        }
    }
}

impl Udf {
    pub(super) fn run(self) -> crate::Result<()> {
        match self {
            Self::Add { folder, module } => {
                let registry = registry(&folder.dir)?;
                let (bytes, manifest) = module.read()?;
                let added = registry.add(&bytes, manifest.as_deref());
                report(&added.map_err(|error| module.named(error))?, "registered");
            }
            Self::Check { module } => {
                let (bytes, manifest) = module.read()?;
                let checked = UdfRegistry::in_memory()?.check(&bytes, manifest.as_deref());
                report(
                    &checked.map_err(|error| module.named(error))?,
                    "would be registered",
                );
            }
            Self::List { folder } => list(&registry(&folder.dir)?),
            Self::Show { folder, function } => {
                let (name, version) = split(&function);
                let udf = registry(&folder.dir)?.resolve(name, version)?;
                let manifest = serde_json::to_string_pretty(&udf.manifest().json);
                println!(
                    "{}",
                    manifest.map_err(|error| Error::Internal(error.to_string()))?
                );
            }
            Self::Remove { folder, function } => {
                let (name, Some(version)) = split(&function) else {
                    let message = "say which version: NAME@VERSION".to_string();
                    return Err(Error::InvalidArgument(message));
                };
                let version = Version::parse(version).map_err(|error| {
                    Error::InvalidArgument(format!("\"{version}\" is no version: {error}"))
                })?;
                registry(&folder.dir)?.remove(name, &version)?;
                println!("removed {name}@{version}");
            }
        }
        Ok(())
    }
}

/// The registry of an index that exists.
fn registry(dir: &Path) -> crate::Result<UdfRegistry> {
    if !dir.is_dir() {
        let message = format!("{}: not an index", dir.display());
        return Err(Error::Native {
            code: crate::ErrorCode::NotFound,
            message,
        });
    }
    shard::open_registry(dir)
}

fn split(function: &str) -> (&str, Option<&str>) {
    match function.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (function, None),
    }
}

fn report(registrations: &[Registration], done: &str) {
    for registration in registrations {
        let label = registration.udf.manifest().label();
        if registration.existed {
            println!("{label} was registered already");
        } else {
            println!("{label} {done}");
        }
        for warning in &registration.warnings {
            eprintln!("warning: {label}: {warning}");
        }
    }
}

fn list(registry: &UdfRegistry) {
    for udf in registry.list() {
        let manifest = udf.manifest();
        println!(
            "{}\t{}\t{} bytes\t{}",
            manifest.label(),
            manifest.kind.name(),
            udf.module_bytes(),
            manifest.description
        );
    }
    for damaged in registry.damaged() {
        eprintln!(
            "warning: {}@{}: {}",
            damaged.name, damaged.version, damaged.message
        );
    }
}
