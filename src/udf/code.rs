//! A module: its bytes, and what the compiler made of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Module;

use super::host::Moment;
use super::preinit;
use super::registered::Environment;
use super::validate;

/// A module of the registry.
pub(crate) struct Code {
    pub(crate) bytes: Arc<[u8]>,
    /// SHA-256 in hexadecimal.
    pub(crate) hash: String,
    /// It is in the registry's folder, so that what is compiled of it may be, too.
    kept: AtomicBool,
    /// Once somebody has asked. A mutex, so that threads that want the same module at the same time wait for one compilation.
    compiled: Mutex<Option<Compiled>>,
}

/// What instances are made of.
#[derive(Clone)]
pub(crate) struct Compiled {
    pub(crate) module: Module,
    /// Where they begin.
    pub(crate) moment: Moment,
}

impl Code {
    pub(crate) fn new(bytes: Arc<[u8]>, hash: String) -> Self {
        Self {
            bytes,
            hash,
            kept: AtomicBool::new(false),
            compiled: Mutex::new(None),
        }
    }

    /// The module is in the registry's folder from now on.
    pub(crate) fn keep(&self, environment: &Environment) {
        let compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        self.kept.store(true, Ordering::Relaxed);
        if let (Some(cache), Some(compiled)) = (&environment.cache, &*compiled) {
            cache.store(&self.hash, compiled);
        }
    }

    /// Loads or compiles the module, if that has not been done.
    ///
    /// # Errors
    /// `UdfRejected` if it does not compile.
    pub(crate) fn compiled(&self, environment: &Environment) -> crate::Result<Compiled> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = &*compiled {
            return Ok(compiled.clone());
        }
        let (engine, cache) = (&environment.engine, environment.cache.as_ref());
        if let Some(loaded) = cache.and_then(|cache| cache.load(engine.inner(), &self.hash)) {
            return Ok(compiled.insert(loaded).clone());
        }
        let made = tracing::info_span!("compile", hash = %self.hash)
            .in_scope(|| self.compile(environment))?;
        if let (Some(cache), true) = (cache, self.kept.load(Ordering::Relaxed)) {
            cache.store(&self.hash, &made);
        }
        Ok(compiled.insert(made).clone())
    }

    fn compile(&self, environment: &Environment) -> crate::Result<Compiled> {
        let (engine, limits) = (&environment.engine, &environment.limits);
        // Again, where it was validated when it was loaded: that is nothing beside compiling.
        let info = validate::module(&self.bytes, limits)?;
        // What could see a query when it starts has to start in each.
        let starts = info.functions.contains_key("_initialize") && !info.row_imports;
        if starts && engine.pre_initializes() {
            match preinit::start(engine, limits, &self.bytes) {
                Ok(started) => {
                    let (module, moment) = (engine.compile(&started.bytes)?, started.moment);
                    return Ok(Compiled { module, moment });
                }
                Err(reason) => {
                    tracing::debug!(hash = %self.hash, %reason, "instances of a module have to start by themselves");
                }
            }
        }
        Ok(Compiled {
            module: engine.compile(&self.bytes)?,
            moment: Moment::default(),
        })
    }
}
