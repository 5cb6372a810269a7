//! A function in a registry, and its compiled module.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value as Json};
use wasmtime::{InstancePre, Module};

use super::bind::BoundUdf;
use super::engine::UdfEngine;
use super::host::HostState;
use super::limits::UdfLimits;
use super::manifest::{Abi, Manifest, RowConvention};
use super::module_info::ModuleInfo;
use super::params;
use super::prepared::PreparedUdf;
use crate::batch::BatchUdf;

/// A module: its bytes, and what the compiler made of them, once somebody has asked.
pub(crate) struct Code {
    pub(crate) bytes: Arc<[u8]>,
    /// SHA-256 in hexadecimal.
    pub(crate) hash: String,
    /// A mutex, so that threads that want the same module at the same time wait for one compilation.
    compiled: Mutex<Option<Module>>,
}

impl Code {
    pub(crate) fn new(bytes: Arc<[u8]>, hash: String) -> Self {
        Self {
            bytes,
            hash,
            compiled: Mutex::new(None),
        }
    }

    fn module(&self, engine: &UdfEngine) -> crate::Result<Module> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = &*compiled {
            return Ok(module.clone());
        }
        Ok(compiled.insert(engine.compile(&self.bytes)?).clone())
    }
}

/// One version of one function. Cheap to share; it stays usable when the registry forgets it.
pub struct RegisteredUdf {
    engine: Arc<UdfEngine>,
    manifest: Arc<Manifest>,
    limits: UdfLimits,
    code: Arc<Code>,
    /// For the row ABI.
    convention: Option<RowConvention>,
    pre: Mutex<Option<InstancePre<HostState>>>,
}

impl std::fmt::Debug for RegisteredUdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RegisteredUdf")
            .field(&self.manifest.label())
            .finish()
    }
}

impl RegisteredUdf {
    /// For a validated module. Nothing is compiled yet.
    ///
    /// # Errors
    /// `UdfRejected` if the module lacks what the manifest promises.
    pub(crate) fn new(
        engine: Arc<UdfEngine>,
        limits: UdfLimits,
        code: Arc<Code>,
        info: &ModuleInfo,
        manifest: Manifest,
    ) -> crate::Result<Self> {
        info.check(&manifest)?;
        let convention = match manifest.abi {
            Abi::Batch => None,
            Abi::Row { .. } => {
                let convention = info.convention(&manifest);
                Some(convention.map_err(|message| crate::Error::UdfRejected { message })?)
            }
        };
        let (manifest, pre) = (Arc::new(manifest), Mutex::new(None));
        Ok(Self {
            engine,
            manifest,
            limits,
            code,
            convention,
            pre,
        })
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The module's SHA-256 in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.code.hash
    }

    /// The module's size in bytes.
    #[must_use]
    pub fn module_bytes(&self) -> usize {
        self.code.bytes.len()
    }

    /// Checks the parameters of a query. Compiles the module if this is its first use.
    ///
    /// # Errors
    /// `UdfParameter`, which names the parameter; `UdfRejected` if it does not compile.
    pub fn prepare(&self, parameters: &Map<String, Json>) -> crate::Result<PreparedUdf> {
        let params = params::check(&self.manifest, parameters)?;
        self.with_params(params)
    }

    pub(crate) fn with_params(&self, params: params::Params) -> crate::Result<PreparedUdf> {
        let (engine, manifest) = (Arc::clone(&self.engine), Arc::clone(&self.manifest));
        Ok(PreparedUdf::new(
            engine,
            self.instance_pre()?,
            manifest,
            self.limits.clone(),
            params,
        ))
    }

    /// Checks the parameters and binds for one thread: for those who need no more than one.
    ///
    /// # Errors
    /// As [`RegisteredUdf::prepare`].
    pub fn bind(&self, parameters: &Map<String, Json>) -> crate::Result<Box<dyn BatchUdf>> {
        let bound: BoundUdf = self.prepare(parameters)?.bind();
        Ok(Box::new(bound))
    }

    fn instance_pre(&self) -> crate::Result<InstancePre<HostState>> {
        let mut pre = self.pre.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pre) = &*pre {
            return Ok(pre.clone());
        }
        let module = self.code.module(&self.engine)?;
        let made = self
            .engine
            .linker(self.convention)?
            .instantiate_pre(&module);
        let made = made.map_err(|e| crate::Error::UdfRejected {
            message: format!("`{}`: {e:#}", self.manifest.label()),
        })?;
        Ok(pre.insert(made).clone())
    }
}
