//! What a registry has at one moment: functions, aliases, and what is damaged. Never changed once it is shown; a change makes another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::{Version, VersionReq};

use super::registered::RegisteredUdf;
use super::registry::Damaged;

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) functions: BTreeMap<String, BTreeMap<Version, Arc<RegisteredUdf>>>,
    /// By function, then by alias. The version may be damaged.
    pub(crate) aliases: BTreeMap<String, BTreeMap<String, Version>>,
    pub(crate) damaged: Vec<Damaged>,
}

impl Table {
    pub(crate) fn get(&self, name: &str, version: &Version) -> Option<Arc<RegisteredUdf>> {
        self.functions.get(name)?.get(version).cloned()
    }

    pub(crate) fn insert(&mut self, udf: Arc<RegisteredUdf>) {
        let (name, version) = (udf.manifest().name.clone(), udf.manifest().version.clone());
        self.heal(&name, &version.to_string());
        self.functions.entry(name).or_default().insert(version, udf);
    }

    /// Forgets that something is damaged.
    pub(crate) fn heal(&mut self, name: &str, version: &str) {
        self.damaged
            .retain(|d| d.name != name || d.version != version);
    }

    fn is_damaged(&self, name: &str, version: &str) -> bool {
        let mut damaged = self.damaged.iter();
        damaged.any(|d| d.name == name && d.version == version)
    }

    /// Finds the function for a query, see [`UdfRegistry::resolve`](super::UdfRegistry::resolve).
    pub(crate) fn resolve(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> crate::Result<Arc<RegisteredUdf>> {
        let exactly = |exact: &Version| {
            let found = self.get(name, exact);
            found.ok_or_else(|| self.not_found(name, version))
        };
        let range = match version {
            None | Some("latest") => VersionReq::STAR,
            Some(text) => {
                if let Ok(exact) = Version::parse(text) {
                    return exactly(&exact);
                }
                if let Some(aliased) = self.aliases.get(name).and_then(|all| all.get(text)) {
                    return exactly(aliased);
                }
                if self.is_damaged(name, text) {
                    return Err(self.not_found(name, version)); // an alias that can't be read
                }
                VersionReq::parse(text).map_err(|e| {
                    crate::Error::InvalidArgument(format!(
                        "function `{name}`: \"{text}\" is neither a version nor a range of versions nor `latest` nor an alias{}: {e}",
                        self.listed_aliases(name)
                    ))
                })?
            }
        };
        let versions = self.functions.get(name).into_iter().flatten().rev();
        let mut releases = versions.filter(|(v, _)| v.pre.is_empty() && range.matches(v));
        match releases.next() {
            Some((_, udf)) => Ok(Arc::clone(udf)),
            None => Err(self.not_found(name, version)),
        }
    }

    fn listed_aliases(&self, name: &str) -> String {
        let all = self.aliases.get(name).into_iter().flatten();
        let all: Vec<&str> = all.map(|(alias, _)| alias.as_str()).take(20).collect();
        if all.is_empty() {
            return String::new();
        }
        format!(" (there are {})", all.join(", "))
    }

    /// The alias that stands for a version, if there is one.
    pub(crate) fn alias_of(&self, name: &str, version: &str) -> Option<&str> {
        let mut all = self.aliases.get(name).into_iter().flatten();
        let found = all.find(|(_, aliased)| aliased.to_string() == version);
        found.map(|(alias, _)| alias.as_str())
    }

    /// Whether a function needs the module, or may need it: one whose record can't be read may need any.
    pub(crate) fn uses_module(&self, hash: &str) -> bool {
        let mut functions = self.functions.values().flat_map(BTreeMap::values);
        functions.any(|udf| udf.hash() == hash)
            || self
                .damaged
                .iter()
                .any(|d| d.module.as_deref().is_none_or(|module| module == hash))
    }

    pub(crate) fn not_found(&self, name: &str, version: Option<&str>) -> crate::Error {
        let aliased = version.and_then(|v| self.aliases.get(name)?.get(v));
        let exact = aliased.map(Version::to_string);
        let exact = exact.as_deref().or(version);
        let damaged = self.damaged.iter();
        let damaged = damaged
            .clone()
            .find(|d| d.name == name && exact.is_none_or(|v| v == d.version));
        let message = match (self.functions.get(name), damaged) {
            (_, Some(damaged)) => format!(
                "version {} is damaged: {}",
                damaged.version, damaged.message
            ),
            (Some(versions), None) => {
                let all: Vec<String> = versions.keys().map(Version::to_string).collect();
                let (one, listed) = (all.len() == 1, all.join(", "));
                let there = if one {
                    "there is the version"
                } else {
                    "there are the versions"
                };
                format!("{there} {listed}")
            }
            (None, None) if self.functions.is_empty() => "none is registered".to_string(),
            (None, None) => {
                let names: Vec<&str> = self.functions.keys().take(20).map(String::as_str).collect();
                let more = if self.functions.len() > 20 {
                    ", …"
                } else {
                    ""
                };
                format!("there are {}{more}", names.join(", "))
            }
        };
        crate::Error::UdfNotFound {
            name: asked_for(name, version),
            message,
        }
    }
}

/// As a query names a function: `f`, or `f ^1.2`.
pub(crate) fn asked_for(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_string(), |version| format!("{name} {version}"))
}

/// Whether `alias` may stand for a version: `[a-z][a-z0-9_-]{0,63}`, and nothing that looks like a version or a range or means the latest one.
pub(crate) fn is_alias(alias: &str) -> bool {
    let bytes = alias.as_bytes();
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    (1..=64).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(plain)
        && alias != "latest"
        && VersionReq::parse(alias).is_err()
        // `v1` is how people write versions.
        && !(bytes[0] == b'v' && bytes.get(1).is_some_and(u8::is_ascii_digit))
}
