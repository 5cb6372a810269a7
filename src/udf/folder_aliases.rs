//! Aliases in the registry's folder: one small file each, replaced by a rename.
//!
//! ```text
//! aliases/<name>/<alias>.json     {"format": 1, "version": "1.2.0", "check": "<sha256 of name, alias and version>"}
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::{FORMAT, Folder, entries, file_name, hash, publish, sync_folder};
use super::manifest::is_name;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    version: String,
    check: String,
}

/// An alias found in the folder.
pub(crate) struct FoundAlias {
    pub(crate) name: String,
    pub(crate) alias: String,
    /// The version, or what is wrong with the file.
    pub(crate) version: Result<semver::Version, String>,
}

fn check(name: &str, alias: &str, version: &str) -> String {
    hash(format!("{name}\n{alias}\n{version}").as_bytes())
}

impl Folder {
    fn alias_path(&self, name: &str, alias: &str) -> PathBuf {
        self.aliases_folder()
            .join(name)
            .join(format!("{alias}.json"))
    }

    /// All aliases, and a word on each that can't be read.
    ///
    /// # Errors
    /// `Io` if the folder itself can't be read.
    pub(crate) fn aliases(&self) -> crate::Result<Vec<FoundAlias>> {
        let mut found = Vec::new();
        for folder in entries(&self.aliases_folder())? {
            let name = file_name(&folder);
            if !folder.is_dir() || !is_name(&name) {
                continue;
            }
            for path in entries(&folder)? {
                let file = file_name(&path);
                let alias = file.strip_suffix(".json");
                if let Some(alias) = alias.filter(|_| !file.starts_with('.')) {
                    found.push(FoundAlias {
                        name: name.clone(),
                        alias: alias.to_string(),
                        version: read(&path, &name, alias),
                    });
                }
            }
        }
        Ok(found)
    }

    /// Lets an alias stand for a version, at once and for good.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn set_alias(&self, name: &str, alias: &str, version: &str) -> crate::Result<()> {
        let path = self.alias_path(name, alias);
        if let Some(folder) = path.parent() {
            Self::make(folder)?;
        }
        let record = Record {
            format: FORMAT,
            version: version.to_string(),
            check: check(name, alias, version),
        };
        let text = serde_json::to_vec_pretty(&record)
            .map_err(|e| crate::Error::Internal(format!("an alias's record: {e}")))?;
        publish(&path, &text)
    }

    /// Removes an alias.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn remove_alias(&self, name: &str, alias: &str) -> crate::Result<()> {
        let path = self.alias_path(name, alias);
        fs::remove_file(&path).map_err(|e| crate::Error::io(&path, e))?;
        let folder = path.parent().unwrap_or(&path);
        sync_folder(folder)?;
        // The last alias's folder goes, too; one that isn't empty stays.
        if fs::remove_dir(folder).is_ok() {
            sync_folder(&self.aliases_folder())?;
        }
        Ok(())
    }
}

fn read(path: &Path, name: &str, alias: &str) -> Result<semver::Version, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let damaged = |what: &dyn std::fmt::Display| format!("{} is damaged: {what}", path.display());
    let record: Record = serde_json::from_slice(&bytes).map_err(|e| damaged(&e))?;
    if record.format != FORMAT {
        return Err(format!(
            "{} has format {}, this version knows {FORMAT}",
            path.display(),
            record.format
        ));
    }
    if record.check != check(name, alias, &record.version) {
        return Err(damaged(&"the version is not what was registered"));
    }
    semver::Version::parse(&record.version).map_err(|e| damaged(&e))
}
