//! The registry: functions by name and version, kept in a folder or in memory only.
//!
//! Versions are immutable. A search resolves a name once, before it starts, and keeps what it got: adding and removing
//! replace the whole table at once and touch nothing that is in use.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use semver::Version;

use super::code::Code;
use super::compiled::CompiledCache;
use super::engine::{EngineOptions, UdfEngine};
use super::folder::{Folder, hash};
use super::folder_lock::LOCK_WAIT;
use super::limits::UdfLimits;
use super::loading::load;
use super::manifest::Manifest;
use super::registered::{Environment, RegisteredUdf};
use super::result_cache::ResultCacheStats;
use super::stats::UdfStats;
use super::table::{Table, asked_for};
use super::{dry_run, validate};
use crate::batch::{BatchUdf, FunctionSource, QueryLimits};
use crate::threads;

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
    pub(super) folder: Option<Folder>,
    table: RwLock<Arc<Table>>,
    /// Held while the folder and the table are changed, so that they change together. Whether the folder has been swept.
    writing: Mutex<bool>,
    enabled: AtomicBool,
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
        let folder = folder.map(Folder::new);
        let cache = folder.as_ref();
        let cache = cache.map(|folder| CompiledCache::new(folder, &environment.engine));
        let environment = Arc::new(Environment {
            cache,
            ..environment
        });
        let table = match &folder {
            Some(folder) => load(folder, &environment, &Table::default())?,
            None => Table::default(),
        };
        Ok(Self {
            environment,
            folder,
            table: RwLock::new(Arc::new(table)),
            writing: Mutex::new(false),
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
            writing: Mutex::new(false),
            enabled: AtomicBool::new(true),
        }
    }

    /// Switches the functions of this registry off, or on again. While they are off, queries that name one are refused with
    /// `UdfDisabled`; queries that run already come to their end. All else works: functions can be added, removed and listed. Not
    /// kept: a registry is opened switched on.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// What the result cache holds: the answers of pure filters, as far as [`UdfLimits::result_cache_bytes`] allows.
    #[must_use]
    pub fn result_cache(&self) -> ResultCacheStats {
        self.environment.results.stats()
    }

    /// Empties the result cache. Searches that run go on with what they have of it.
    pub fn clear_result_cache(&self) {
        self.environment.results.clear();
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
    /// `UdfRejected` with the reason; `UdfExists` if a version exists with other content; `Native` with `Locked` if another process
    /// changes the folder for long; `Io`.
    pub fn add(&self, module: &[u8], manifest: Option<&str>) -> crate::Result<Vec<Registration>> {
        let _span = tracing::info_span!("register", module_bytes = module.len()).entered();
        // Compiling and trying out takes long and needs no lock.
        let mut registrations = self.check(module, manifest)?;
        self.change(|table| {
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
                let Manifest { name, version, kind, .. } = registration.udf.manifest();
                tracing::info!(%name, %version, kind = kind.name(), hash = registration.udf.hash(), "a function was registered");
                table.insert(Arc::clone(&registration.udf));
            }
            Ok(())
        })?;
        let fresh = registrations.iter().filter(|r| !r.existed);
        fresh.for_each(|registration| registration.udf.keep());
        Ok(registrations)
    }

    /// Does everything that [`UdfRegistry::add`] does but the registering.
    ///
    /// # Errors
    /// `UdfRejected` with the reason.
    pub fn check(&self, module: &[u8], manifest: Option<&str>) -> crate::Result<Vec<Registration>> {
        // The functions are tried out: where there is enough stack for them.
        threads::run(|| self.check_here(module, manifest)).map_err(crate::Error::no_thread)?
    }

    fn check_here(
        &self,
        module: &[u8],
        manifest: Option<&str>,
    ) -> crate::Result<Vec<Registration>> {
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
            let udf =
                RegisteredUdf::new(&self.environment, Arc::clone(&code), Some(&info), manifest)?;
            let mut warnings = udf.manifest().limits.in_vain(&self.environment.limits);
            warnings.extend(dry_run::run(&udf)?);
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

    /// Finds the function for a query. `version` is an exact version, a range as Cargo writes it (`^1.2`, `>=1, <3`), an alias,
    /// `latest`, or nothing, which is `latest`. The highest release wins; a pre-release is found only by its exact version or an alias.
    ///
    /// # Errors
    /// `UdfNotFound`, which tells the versions there are; `InvalidArgument` if `version` is none of these.
    pub fn resolve(&self, name: &str, version: Option<&str>) -> crate::Result<Arc<RegisteredUdf>> {
        self.table().resolve(name, version)
    }

    /// Forgets one version. Searches that use it go on.
    ///
    /// # Errors
    /// `UdfNotFound`; `UdfAliased` if an alias stands for it; `Native` with `Locked` as [`UdfRegistry::add`]; `Io`.
    pub fn remove(&self, name: &str, version: &Version) -> crate::Result<()> {
        let _span = tracing::info_span!("remove", %name, %version).entered();
        let text = version.to_string();
        self.change(|table| {
            if let Some(alias) = table.alias_of(name, &text) {
                return Err(crate::Error::UdfAliased {
                    name: format!("{name}@{text}"),
                    alias: alias.to_string(),
                });
            }
            let versions = table.functions.get_mut(name);
            let removed = versions.and_then(|versions| versions.remove(version));
            let damaged = table.damaged.iter();
            let damaged = damaged
                .clone()
                .find(|d| d.name == name && d.version == text);
            let damaged = damaged.cloned();
            if removed.is_none() && damaged.is_none() {
                return Err(table.not_found(name, Some(&text)));
            }
            table.functions.retain(|_, versions| !versions.is_empty());
            table.heal(name, &text);
            tracing::info!(%name, %version, "a function was removed");
            let Some(folder) = &self.folder else {
                return Ok(());
            };
            folder.remove_function(name, &text)?;
            let hash = removed.map(|udf| udf.hash().to_string());
            let hash = hash.or_else(|| damaged.and_then(|damaged| damaged.module));
            match hash.filter(|hash| !table.uses_module(hash)) {
                Some(orphan) => folder.remove_module(&orphan),
                None => Ok(()),
            }
        })
    }

    /// Takes in what other processes have changed in the folder. Every change does that, too. Functions that were there keep their statistics.
    ///
    /// # Errors
    /// `Io` if the folder can't be read.
    pub fn reload(&self) -> crate::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.folder {
            self.set_table(load(folder, &self.environment, &self.table())?);
        }
        Ok(())
    }

    /// Changes the folder and the table, with nobody else at it. Begins with what is in the folder now, which may be more than what
    /// this process knows.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Table) -> crate::Result<T>,
    ) -> crate::Result<T> {
        let mut swept = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = (*self.table()).clone();
        let mut _lock = None;
        if let Some(folder) = &self.folder {
            _lock = Some(folder.lock(LOCK_WAIT)?);
            table = load(folder, &self.environment, &table)?;
            if !*swept {
                folder.sweep(|hash| table.uses_module(hash));
                *swept = true;
            }
        }
        let shown = table.clone();
        let changed = change(&mut table);
        let after = match (&changed, &self.folder) {
            (Ok(_), _) => table,
            // It may have got half way; the folder knows.
            (Err(crate::Error::Io { .. }), Some(folder)) => {
                load(folder, &self.environment, &shown).unwrap_or(shown)
            }
            (Err(_), _) => shown,
        };
        self.set_table(after);
        changed
    }

    pub(super) fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_table(&self, table: Table) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
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

impl FunctionSource for UdfRegistry {
    fn bind(
        &self,
        name: &str,
        version: Option<&str>,
        parameters: &serde_json::Map<String, serde_json::Value>,
        limits: &QueryLimits,
    ) -> crate::Result<Box<dyn BatchUdf>> {
        if !self.is_enabled() {
            return Err(crate::Error::UdfDisabled {
                name: asked_for(name, version),
            });
        }
        self.resolve(name, version)?.bind_within(parameters, limits)
    }
}
