//! The registry: functions by name and version, kept in a folder or in memory only.
//!
//! Versions are immutable. A search resolves a name once, before it starts, and keeps what it got: adding and removing
//! replace the whole table at once and touch nothing that is in use.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use semver::{Version, VersionReq};

use super::engine::{EngineOptions, UdfEngine};
use super::folder::{Folder, hash};
use super::limits::UdfLimits;
use super::manifest::Manifest;
use super::registered::{Code, Environment, RegisteredUdf};
use super::stats::UdfStats;
use super::{dry_run, validate};
use crate::batch::{BatchUdf, FunctionSource};

/// What [`UdfRegistry::add`] and [`UdfRegistry::check`] say about one function of a module.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The function.
    pub udf: Arc<RegisteredUdf>,
    /// It was there already, the same.
    pub existed: bool,
    /// What its author should look at.
    pub warnings: Vec<String>,
}

/// A function in the folder that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What is wrong, with the file.
    pub message: String,
    /// The hash of its module, if that is known.
    pub module: Option<String>,
}

/// Functions by name and version. Share one through an `Arc`; every method may be called from any thread.
#[derive(Debug)]
pub struct UdfRegistry {
    environment: Arc<Environment>,
    folder: Option<Folder>,
    table: RwLock<Arc<Table>>,
    /// Held while the folder and the table are changed, so that they change together.
    writing: Mutex<()>,
    enabled: AtomicBool,
}

#[derive(Clone, Debug, Default)]
struct Table {
    functions: BTreeMap<String, BTreeMap<Version, Arc<RegisteredUdf>>>,
    damaged: Vec<Damaged>,
}

impl UdfRegistry {
    /// Opens the registry in a folder, which is made when the first function is added. What is damaged in it is left out and told by
    /// [`UdfRegistry::damaged`]. Nothing is compiled before its first use.
    ///
    /// # Errors
    /// `Io` if the folder can't be read; `Internal` as [`UdfEngine::new`].
    pub fn open(folder: impl AsRef<Path>) -> crate::Result<Self> {
        let options = EngineOptions::default();
        Self::open_with(folder, UdfEngine::new(&options)?, UdfLimits::default())
    }

    /// As [`UdfRegistry::open`], with an engine that registries share, and limits.
    ///
    /// # Errors
    /// `Io` if the folder can't be read.
    pub fn open_with(
        folder: impl AsRef<Path>,
        engine: Arc<UdfEngine>,
        limits: UdfLimits,
    ) -> crate::Result<Self> {
        Self::with(Environment::new(engine, limits), Some(folder.as_ref()))
    }

    pub(crate) fn with(environment: Environment, folder: Option<&Path>) -> crate::Result<Self> {
        let environment = Arc::new(environment);
        let folder = folder.map(Folder::new);
        let table = match &folder {
            Some(folder) => load(folder, &environment)?,
            None => Table::default(),
        };
        Ok(Self {
            environment,
            folder,
            table: RwLock::new(Arc::new(table)),
            writing: Mutex::new(()),
            enabled: AtomicBool::new(true),
        })
    }

    /// A registry that forgets everything in the end, for tests and for hosts that keep modules elsewhere.
    ///
    /// # Errors
    /// `Internal` as [`UdfEngine::new`].
    pub fn in_memory() -> crate::Result<Self> {
        Ok(Self::in_memory_with(
            UdfEngine::new(&EngineOptions::default())?,
            UdfLimits::default(),
        ))
    }

    /// As [`UdfRegistry::in_memory`], with an engine that registries share, and limits.
    #[must_use]
    pub fn in_memory_with(engine: Arc<UdfEngine>, limits: UdfLimits) -> Self {
        Self {
            environment: Arc::new(Environment::new(engine, limits)),
            folder: None,
            table: RwLock::default(),
            writing: Mutex::new(()),
            enabled: AtomicBool::new(true),
        }
    }

    /// Switches the functions of this registry off, or on again. While they are off, queries that name one are refused with
    /// `UdfDisabled`; queries that run already come to their end. All else works: functions can be added, removed and listed. Not
    /// kept: a registry is opened switched on.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Whether queries may name functions.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    /// Registers the functions of a module, all or none. `manifest` is used instead of the module's own one.
    ///
    /// The same module and manifest again changes nothing.
    ///
    /// # Errors
    /// `UdfRejected` with the reason; `UdfExists` if a version exists with other content; `Io`.
    pub fn add(&self, module: &[u8], manifest: Option<&str>) -> crate::Result<Vec<Registration>> {
        // Compiling and trying out takes long and needs no lock.
        let mut registrations = self.check(module, manifest)?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = (*self.table()).clone();
        for registration in &mut registrations {
            let manifest = registration.udf.manifest();
            if let Some(existing) = table.get(&manifest.name, &manifest.version) {
                if !same(&existing, &registration.udf) {
                    return Err(crate::Error::UdfExists {
                        name: manifest.label(),
                    });
                }
                registration.udf = existing;
                registration.existed = true;
            }
        }
        let fresh = registrations.iter().filter(|r| !r.existed);
        if let Some(folder) = &self.folder {
            store(folder, module, fresh.clone().map(|r| &*r.udf))?;
        }
        for registration in fresh {
            let manifest = registration.udf.manifest();
            let (name, version) = (&manifest.name, manifest.version.to_string());
            table
                .damaged
                .retain(|d| d.name != *name || d.version != version);
            let versions = table.functions.entry(name.clone()).or_default();
            versions.insert(manifest.version.clone(), Arc::clone(&registration.udf));
        }
        self.set_table(table);
        Ok(registrations)
    }

    /// Does everything that [`UdfRegistry::add`] does but the registering.
    ///
    /// # Errors
    /// `UdfRejected` with the reason.
    pub fn check(&self, module: &[u8], manifest: Option<&str>) -> crate::Result<Vec<Registration>> {
        let info = validate::module(module, &self.environment.limits)?;
        let manifests = match manifest {
            Some(text) => Manifest::parse_all(text.as_bytes())?,
            None if info.manifest.is_empty() => {
                return Err(crate::Error::UdfRejected {
                    message: "the module has no manifest (custom section `diagon.udf`), and none was given with it".to_string(),
                });
            }
            None => Manifest::parse_all(&info.manifest)?,
        };
        let code = Arc::new(Code::new(module.into(), hash(module)));
        let mut registrations = Vec::with_capacity(manifests.len());
        for manifest in manifests {
            let udf = RegisteredUdf::new(&self.environment, Arc::clone(&code), &info, manifest)?;
            let warnings = dry_run::run(&udf)?;
            registrations.push(Registration {
                udf: Arc::new(udf),
                existed: false,
                warnings,
            });
        }
        Ok(registrations)
    }

    /// All functions, by name and version, lowest first.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<RegisteredUdf>> {
        let table = self.table();
        table
            .functions
            .values()
            .flat_map(|versions| versions.values().cloned())
            .collect()
    }

    /// The functions in the folder that can't be used.
    #[must_use]
    pub fn damaged(&self) -> Vec<Damaged> {
        self.table().damaged.clone()
    }

    /// What each function did since the registry was opened, or it was added; in the order of [`UdfRegistry::list`].
    #[must_use]
    pub fn stats(&self) -> Vec<UdfStats> {
        self.list().iter().map(|udf| udf.stats()).collect()
    }

    /// One version, exactly.
    ///
    /// # Errors
    /// `UdfNotFound`.
    pub fn show(&self, name: &str, version: &Version) -> crate::Result<Arc<RegisteredUdf>> {
        let table = self.table();
        table
            .get(name, version)
            .ok_or_else(|| table.not_found(name, Some(&version.to_string())))
    }

    /// Finds the function for a query. `version` is an exact version, a range as Cargo writes it (`^1.2`, `>=1, <3`),
    /// `latest`, or nothing, which is `latest`. The highest release wins; a pre-release is found only by its exact version.
    ///
    /// # Errors
    /// `UdfNotFound`, which tells the versions there are; `InvalidArgument` if `version` is none of these.
    pub fn resolve(&self, name: &str, version: Option<&str>) -> crate::Result<Arc<RegisteredUdf>> {
        let table = self.table();
        let range = match version {
            None | Some("latest") => VersionReq::STAR,
            Some(text) => {
                if let Ok(exact) = Version::parse(text) {
                    let found = table.get(name, &exact);
                    return found.ok_or_else(|| table.not_found(name, version));
                }
                VersionReq::parse(text).map_err(|e| {
                    crate::Error::InvalidArgument(format!(
                        "function `{name}`: \"{text}\" is neither a version nor a range of versions nor `latest`: {e}"
                    ))
                })?
            }
        };
        let versions = table.functions.get(name).into_iter().flatten().rev();
        let mut releases = versions.filter(|(v, _)| v.pre.is_empty() && range.matches(v));
        match releases.next() {
            Some((_, udf)) => Ok(Arc::clone(udf)),
            None => Err(table.not_found(name, version)),
        }
    }

    /// Forgets one version. Searches that use it go on.
    ///
    /// # Errors
    /// `UdfNotFound`; `Io`.
    pub fn remove(&self, name: &str, version: &Version) -> crate::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = (*self.table()).clone();
        let text = version.to_string();
        let removed = table
            .functions
            .get_mut(name)
            .and_then(|versions| versions.remove(version));
        let mut damaged = table.damaged.iter();
        let damaged = damaged
            .find(|d| d.name == name && d.version == text)
            .cloned();
        if removed.is_none() && damaged.is_none() {
            return Err(table.not_found(name, Some(&text)));
        }
        table.functions.retain(|_, versions| !versions.is_empty());
        table
            .damaged
            .retain(|d| d.name != name || d.version != text);
        if let Some(folder) = &self.folder {
            folder.remove_function(name, &text)?;
        }
        let hash = removed
            .map(|udf| udf.hash().to_string())
            .or_else(|| damaged.and_then(|damaged| damaged.module));
        let used = |hash: &str| {
            table
                .functions
                .values()
                .flat_map(BTreeMap::values)
                .any(|u| u.hash() == hash)
                || table
                    .damaged
                    .iter()
                    .any(|d| d.module.as_deref() == Some(hash))
        };
        let orphan = hash.filter(|hash| !used(hash));
        self.set_table(table);
        match (&self.folder, orphan) {
            (Some(folder), Some(hash)) => folder.remove_module(&hash),
            _ => Ok(()),
        }
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_table(&self, table: Table) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }
}

impl Table {
    fn get(&self, name: &str, version: &Version) -> Option<Arc<RegisteredUdf>> {
        self.functions.get(name)?.get(version).cloned()
    }

    fn not_found(&self, name: &str, version: Option<&str>) -> crate::Error {
        let label = asked_for(name, version);
        let damaged = self
            .damaged
            .iter()
            .find(|d| d.name == name && version.is_none_or(|v| v == d.version));
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
            name: label,
            message,
        }
    }
}

/// Stores functions of one module; all, or with an error none.
fn store<'u>(
    folder: &Folder,
    module: &[u8],
    functions: impl Iterator<Item = &'u RegisteredUdf>,
) -> crate::Result<()> {
    let mut stored: Vec<(&str, String)> = Vec::new();
    for udf in functions {
        let manifest = udf.manifest();
        let version = manifest.version.to_string();
        let done = folder.add_module(udf.hash(), module).and_then(|()| {
            folder.add_function(&manifest.name, &version, udf.hash(), &manifest.json)
        });
        if let Err(error) = done {
            for (name, version) in stored {
                // The first error is the one to tell.
                let _ = folder.remove_function(name, &version);
            }
            return Err(error);
        }
        stored.push((&manifest.name, version));
    }
    Ok(())
}

fn same(a: &RegisteredUdf, b: &RegisteredUdf) -> bool {
    a.hash() == b.hash() && a.manifest().json == b.manifest().json
}

fn load(folder: &Folder, environment: &Arc<Environment>) -> crate::Result<Table> {
    let mut table = Table::default();
    let mut modules: HashMap<String, Arc<Code>> = HashMap::new();
    for found in folder.list()? {
        let module = found.content.as_ref().ok().map(|(hash, _)| hash.clone());
        let loaded = found.content.and_then(|(hash, json)| {
            let code = match modules.get(&hash) {
                Some(code) => Arc::clone(code),
                None => {
                    let code = Arc::new(Code::new(folder.module(&hash)?.into(), hash.clone()));
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
            Ok(udf) => {
                let version = udf.manifest().version.clone();
                table
                    .functions
                    .entry(name)
                    .or_default()
                    .insert(version, Arc::new(udf));
            }
            Err(message) => table.damaged.push(Damaged {
                name,
                version,
                message,
                module,
            }),
        }
    }
    Ok(table)
}

fn function(
    code: &Arc<Code>,
    manifest: &str,
    environment: &Arc<Environment>,
) -> crate::Result<RegisteredUdf> {
    let info = validate::module(&code.bytes, &environment.limits)?;
    let manifest = Manifest::parse_all(manifest.as_bytes())?.remove(0);
    RegisteredUdf::new(environment, Arc::clone(code), &info, manifest)
}

/// As a query names a function: `f`, or `f ^1.2`.
fn asked_for(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_string(), |version| format!("{name} {version}"))
}

impl FunctionSource for UdfRegistry {
    fn bind(
        &self,
        name: &str,
        version: Option<&str>,
        parameters: &serde_json::Map<String, serde_json::Value>,
    ) -> crate::Result<Box<dyn BatchUdf>> {
        if !self.is_enabled() {
            return Err(crate::Error::UdfDisabled {
                name: asked_for(name, version),
            });
        }
        self.resolve(name, version)?.bind(parameters)
    }
}
