//! Reads a registry's folder into a table. What is damaged is left out and told.

use std::collections::HashMap;
use std::sync::Arc;

use super::code::Code;
use super::folder::{Folder, Found};
use super::manifest::{Abi, Manifest};
use super::registered::{Environment, RegisteredUdf};
use super::registry::Damaged;
use super::table::Table;
use super::validate;

/// Reads the folder. Functions that `known` has already are taken from there, with their statistics and what is compiled of them.
///
/// # Errors
/// `Io` if the folder can't be read.
pub(crate) fn load(
    folder: &Folder,
    environment: &Arc<Environment>,
    known: &Table,
) -> crate::Result<Table> {
    let mut table = Table::default();
    let mut modules: HashMap<String, Arc<Code>> = HashMap::new();
    for found in folder.list()? {
        if let Some(udf) = taken_over(&found, known) {
            table.insert(udf);
            continue;
        }
        let module = found.content.as_ref().ok().map(|(hash, _)| hash.clone());
        let loaded = found.content.and_then(|(hash, json)| {
            let code = match modules.get(&hash) {
                Some(code) => Arc::clone(code),
                None => {
                    let bytes = folder.module(&hash)?;
                    let code = Arc::new(Code::new(bytes.into(), hash.clone()));
                    code.keep(environment);
                    Arc::clone(modules.entry(hash).or_insert(code))
                }
            };
            function(&code, &json.to_string(), environment).map_err(|e| e.to_string())
        });
        let (name, version) = (found.name, found.version);
        let loaded = loaded.and_then(|udf| {
            let manifest = udf.manifest();
            if manifest.name == name && manifest.version.to_string() == version {
                return Ok(udf);
            }
            Err(format!(
                "the file's place says `{name} {version}`, its manifest `{}`",
                manifest.label()
            ))
        });
        match loaded {
            Ok(udf) => table.insert(Arc::new(udf)),
            Err(message) => table.damaged.push(Damaged {
                name,
                version,
                message,
                module,
            }),
        }
    }
    for found in folder.aliases()? {
        match found.version {
            Ok(version) => {
                let aliases = table.aliases.entry(found.name).or_default();
                aliases.insert(found.alias, version);
            }
            Err(message) => table.damaged.push(Damaged {
                name: found.name,
                version: found.alias,
                message,
                module: Some(String::new()), // an alias needs none
            }),
        }
    }
    Ok(table)
}

fn taken_over(found: &Found, known: &Table) -> Option<Arc<RegisteredUdf>> {
    let (hash, json) = found.content.as_ref().ok()?;
    let version = semver::Version::parse(&found.version).ok()?;
    let udf = known.get(&found.name, &version)?;
    (udf.hash() == hash && udf.manifest().json == *json).then_some(udf)
}

fn function(
    code: &Arc<Code>,
    manifest: &str,
    environment: &Arc<Environment>,
) -> crate::Result<RegisteredUdf> {
    let manifest = Manifest::parse_all(manifest.as_bytes())?.remove(0);
    // Then this very version validated the module, before it compiled it.
    let known = environment.cache.as_ref();
    let known = known.is_some_and(|cache| cache.knows(&code.hash));
    let info = match manifest.abi {
        Abi::Batch if known => None,
        _ => Some(validate::module(&code.bytes, &environment.limits)?),
    };
    RegisteredUdf::new(environment, Arc::clone(code), info.as_ref(), manifest)
}
