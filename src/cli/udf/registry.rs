//! The commands about an index's registry of functions.

use super::super::{Folder, print};
use super::project::ModuleArguments;
use crate::udf::{Registration, UdfRegistry, Version};
use crate::{Error, shard};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Add {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    module: ModuleArguments,
}

impl Add {
    pub(super) fn run(self) -> crate::Result<()> {
        let registry = shard::open_registry(&self.folder.dir)?;
        let module = self.module.read()?;
        let added = registry.add(&module.bytes, module.manifest.as_deref());
        report(&added.map_err(|error| module.named(error))?, "registered")
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    folder: Folder,
}

impl List {
    pub(super) fn run(self) -> crate::Result<()> {
        list(&shard::open_registry(&self.folder.dir)?)
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Show {
    #[command(flatten)]
    folder: Folder,
    /// Name, or name@version, or name@alias; the latest release without a version
    #[arg(value_name = "NAME[@VERSION]")]
    function: String,
}

impl Show {
    pub(super) fn run(self) -> crate::Result<()> {
        let (name, version) = split(&self.function);
        let udf = shard::open_registry(&self.folder.dir)?.resolve(name, version)?;
        let manifest = serde_json::to_string_pretty(&udf.manifest().json);
        let manifest = manifest.map_err(|error| Error::Internal(error.to_string()))?;
        print::out(format_args!("{manifest}"))
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SetAlias {
    #[command(flatten)]
    folder: Folder,
    /// Which version
    #[arg(value_name = "NAME@VERSION")]
    function: String,
    /// The alias: queries can say it instead of a version
    alias: String,
}

impl SetAlias {
    pub(super) fn run(self) -> crate::Result<()> {
        let Self {
            folder,
            function,
            alias,
        } = self;
        let (name, version) = exactly(&function)?;
        shard::open_registry(&folder.dir)?.set_alias(name, &alias, &version)?;
        print::out(format_args!("{name}@{alias} is {name}@{version} now"))
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Unalias {
    #[command(flatten)]
    folder: Folder,
    /// Which one
    #[arg(value_name = "NAME@ALIAS")]
    function: String,
}

impl Unalias {
    pub(super) fn run(self) -> crate::Result<()> {
        let (name, Some(alias)) = split(&self.function) else {
            let message = "say which alias: NAME@ALIAS".to_string();
            return Err(Error::InvalidArgument(message));
        };
        shard::open_registry(&self.folder.dir)?.remove_alias(name, alias)?;
        print::out(format_args!("removed the alias {name}@{alias}"))
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Remove {
    #[command(flatten)]
    folder: Folder,
    /// Which one
    #[arg(value_name = "NAME@VERSION")]
    function: String,
}

impl Remove {
    pub(super) fn run(self) -> crate::Result<()> {
        let (name, version) = exactly(&self.function)?;
        shard::open_registry(&self.folder.dir)?.remove(name, &version)?;
        print::out(format_args!("removed {name}@{version}"))
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

/// Says what became of each function of a module.
///
/// # Errors
/// As [`print::out`].
pub(super) fn report(registrations: &[Registration], done: &str) -> crate::Result<()> {
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
