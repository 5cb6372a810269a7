//! `diagon udf`

use std::path::PathBuf;

use super::{Folder, input, print};
use crate::udf::{MAX_MANIFEST_BYTES, MAX_MODULE_BYTES, Registration, UdfRegistry, Version};
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
        /// Name, or name@version, or name@alias; the latest release without a version
        #[arg(value_name = "NAME[@VERSION]")]
        function: String,
    },
    /// Lets an alias stand for a version, or for another one than before
    Alias {
        #[command(flatten)]
        folder: Folder,
        /// Which version
        #[arg(value_name = "NAME@VERSION")]
        function: String,
        /// The alias: queries can say it instead of a version
        alias: String,
    },
    /// Removes an alias; the version stays
    Unalias {
        #[command(flatten)]
        folder: Folder,
        /// Which one
        #[arg(value_name = "NAME@ALIAS")]
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
        let module = input::bytes(&self.module, MAX_MODULE_BYTES)?;
        let manifest = self.manifest.as_deref();
        let manifest = manifest.map(|path| input::text(path, MAX_MANIFEST_BYTES));
        Ok((module, manifest.transpose()?))
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
                let registry = shard::open_registry(&folder.dir)?;
                let (bytes, manifest) = module.read()?;
                let added = registry.add(&bytes, manifest.as_deref());
                report(&added.map_err(|error| module.named(error))?, "registered")
            }
            Self::Check { module } => {
                let (bytes, manifest) = module.read()?;
                let checked = UdfRegistry::in_memory()?.check(&bytes, manifest.as_deref());
                report(
                    &checked.map_err(|error| module.named(error))?,
                    "would be registered",
                )
            }
            Self::List { folder } => list(&shard::open_registry(&folder.dir)?),
            Self::Show { folder, function } => {
                let (name, version) = split(&function);
                let udf = shard::open_registry(&folder.dir)?.resolve(name, version)?;
                let manifest = serde_json::to_string_pretty(&udf.manifest().json);
                let manifest = manifest.map_err(|error| Error::Internal(error.to_string()))?;
                print::out(format_args!("{manifest}"))
            }
            Self::Alias {
                folder,
                function,
                alias,
            } => {
                let (name, version) = exactly(&function)?;
                shard::open_registry(&folder.dir)?.set_alias(name, &alias, &version)?;
                print::out(format_args!("{name}@{alias} is {name}@{version} now"))
            }
            Self::Unalias { folder, function } => {
                let (name, Some(alias)) = split(&function) else {
                    let message = "say which alias: NAME@ALIAS".to_string();
                    return Err(Error::InvalidArgument(message));
                };
                shard::open_registry(&folder.dir)?.remove_alias(name, alias)?;
                print::out(format_args!("removed the alias {name}@{alias}"))
            }
            Self::Remove { folder, function } => {
                let (name, version) = exactly(&function)?;
                shard::open_registry(&folder.dir)?.remove(name, &version)?;
                print::out(format_args!("removed {name}@{version}"))
            }
        }
    }
}

fn split(function: &str) -> (&str, Option<&str>) {
    match function.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (function, None),
    }
}

fn exactly(function: &str) -> crate::Result<(&str, Version)> {
    let (name, Some(version)) = split(function) else {
        let message = "say which version: NAME@VERSION".to_string();
        return Err(Error::InvalidArgument(message));
    };
    let version = Version::parse(version)
        .map_err(|error| Error::InvalidArgument(format!("\"{version}\" is no version: {error}")))?;
    Ok((name, version))
}

fn report(registrations: &[Registration], done: &str) -> crate::Result<()> {
    for registration in registrations {
        let label = registration.udf.manifest().label();
        if registration.existed {
            print::out(format_args!("{label} was registered already"))?;
        } else {
            print::out(format_args!("{label} {done}"))?;
        }
        for warning in &registration.warnings {
            print::remark(&format!("warning: {label}: {warning}"));
        }
    }
    Ok(())
}

fn list(registry: &UdfRegistry) -> crate::Result<()> {
    for udf in registry.list() {
        let manifest = udf.manifest();
        print::out(format_args!(
            "{}\t{}\t{} bytes\t{}",
            manifest.label(),
            manifest.kind.name(),
            udf.module_bytes(),
            print::one_line(&manifest.description)
        ))?;
    }
    for alias in registry.aliases() {
        print::out(format_args!(
            "{}@{}\talias\t{}",
            alias.name, alias.alias, alias.version
        ))?;
    }
    for damaged in registry.damaged() {
        print::remark(&format!(
            "warning: {}@{}: {}",
            damaged.name, damaged.version, damaged.message
        ));
    }
    Ok(())
}
