//! Aliases of the registry: names that stand for a version, and can be pointed at another one while searches run.

use semver::Version;

use super::registry::UdfRegistry;
use super::table::is_alias;

/// An alias: a name that stands for a version, until it is pointed at another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The function.
    pub name: String,
    /// The alias; usable wherever a version is.
    pub alias: String,
    /// What it stands for.
    pub version: Version,
}

impl UdfRegistry {
    /// Lets an alias stand for a version, from the next query on; queries that run keep what they started with. An alias matches
    /// `[a-z][a-z0-9_-]{0,63}`, isn't `latest` and doesn't look like a version.
    ///
    /// # Errors
    /// `InvalidArgument` for another alias; `UdfNotFound` if there is no such version; `Native` with `Locked` as [`UdfRegistry::add`]; `Io`.
    pub fn set_alias(&self, name: &str, alias: &str, version: &Version) -> crate::Result<()> {
        if !is_alias(alias) {
            return Err(crate::Error::InvalidArgument(format!(
                "function `{name}`: \"{alias}\" can't be an alias: it must match [a-z][a-z0-9_-]{{0,63}}, not be `latest`, and not look like a version"
            )));
        }
        self.change(|table| {
            let text = version.to_string();
            if table.get(name, version).is_none() {
                return Err(table.not_found(name, Some(&text)));
            }
            if let Some(folder) = &self.folder {
                folder.set_alias(name, alias, &text)?;
            }
            table.heal(name, alias);
            let aliases = table.aliases.entry(name.to_string()).or_default();
            aliases.insert(alias.to_string(), version.clone());
            tracing::info!(%name, %alias, %version, "an alias was set");
            Ok(())
        })
    }

    /// Forgets an alias; the version stays.
    ///
    /// # Errors
    /// `UdfNotFound`; `Native` with `Locked` as [`UdfRegistry::add`]; `Io`.
    pub fn remove_alias(&self, name: &str, alias: &str) -> crate::Result<()> {
        self.change(|table| {
            let aliases = table.aliases.get_mut(name);
            let known = aliases.is_some_and(|all| all.remove(alias).is_some());
            let mut damaged = table.damaged.iter();
            if !known && !damaged.any(|d| d.name == name && d.version == alias && is_alias(alias)) {
                return Err(table.not_found(name, Some(alias)));
            }
            table.aliases.retain(|_, all| !all.is_empty());
            table.heal(name, alias);
            if let Some(folder) = &self.folder {
                folder.remove_alias(name, alias)?;
            }
            tracing::info!(%name, %alias, "an alias was removed");
            Ok(())
        })
    }

    /// All aliases, by function and name.
    #[must_use]
    pub fn aliases(&self) -> Vec<Alias> {
        let table = self.table();
        let all = table.aliases.iter();
        all.flat_map(|(name, aliases)| {
            aliases.iter().map(|(alias, version)| Alias {
                name: name.clone(),
                alias: alias.clone(),
                version: version.clone(),
            })
        })
        .collect()
    }
}
