//! A function in a registry.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value as Json};
use wasmtime::InstancePre;

use super::bind::BoundUdf;
use super::cached::CachedFilter;
use super::code::Code;
use super::compiled::CompiledCache;
use super::engine::UdfEngine;
use super::host::{HostState, Moment};
use super::limits::UdfLimits;
use super::manifest::{Abi, Input, Kind, Manifest, RowConvention};
use super::module_info::ModuleInfo;
use super::params;
use super::prepared::PreparedUdf;
use super::result_cache::{ResultCache, filter_key};
use super::stats::UdfStats;
use super::usage::{Clock, Usage, Visit};
use crate::batch::{BatchUdf, QueryLimits};

/// What the functions of a registry have in common.
pub(crate) struct Environment {
    pub(crate) engine: Arc<UdfEngine>,
    /// The host's.
    pub(crate) limits: UdfLimits,
    pub(crate) clock: Clock,
    pub(crate) results: Arc<ResultCache>,
    pub(crate) cache: Option<CompiledCache>,
}

impl Environment {
    pub(crate) fn new(engine: Arc<UdfEngine>, limits: UdfLimits) -> Self {
        Self {
            engine,
            results: Arc::new(ResultCache::new(limits.result_cache_bytes)),
            limits,
            clock: Arc::new(std::time::Instant::now),
            cache: None,
        }
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("engine", &self.engine)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// One version of one function. Cheap to share; it stays usable when the registry forgets it.
pub struct RegisteredUdf {
    environment: Arc<Environment>,
    manifest: Arc<Manifest>,
    /// The host's and the manifest's together.
    limits: UdfLimits,
    code: Arc<Code>,
    usage: Arc<Usage>,
    /// For the row ABI.
    convention: Option<RowConvention>,
    pre: Mutex<Option<(InstancePre<HostState>, Moment)>>,
}

impl std::fmt::Debug for RegisteredUdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RegisteredUdf")
            .field(&self.manifest.label())
            .finish()
    }
}

impl RegisteredUdf {
    /// For a validated module. Nothing is compiled yet. `info` may be left out for a function of the batch ABI that was checked before.
    ///
    /// # Errors
    /// `UdfRejected` if the module lacks what the manifest promises.
    pub(crate) fn new(
        environment: &Arc<Environment>,
        code: Arc<Code>,
        info: Option<&ModuleInfo>,
        manifest: Manifest,
    ) -> crate::Result<Self> {
        let convention = match info {
            Some(info) => {
                info.check(&manifest)?;
                let convention = info.convention(&manifest);
                let convention =
                    convention.map_err(|message| crate::Error::UdfRejected { message })?;
                Some(convention).filter(|_| manifest.abi != Abi::Batch)
            }
            None => None,
        };
        let (manifest, pre) = (Arc::new(manifest), Mutex::new(None));
        let limits = manifest.limits.within(&environment.limits);
        let clock = Arc::clone(&environment.clock);
        let usage = Usage::new(Arc::clone(&manifest), limits.clone(), clock);
        Ok(Self {
            environment: Arc::clone(environment),
            manifest,
            limits,
            code,
            usage,
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

    /// The limits that hold for it: the lower of the host's and the manifest's, for each.
    #[must_use]
    pub fn limits(&self) -> &UdfLimits {
        &self.limits
    }

    /// What it did since the registry was opened.
    #[must_use]
    pub fn stats(&self) -> UdfStats {
        self.usage.stats()
    }

    /// Checks the parameters of a query and lets it in. Compiles the module if this is its first use. The query uses the function until
    /// what is returned, and all bindings that were made of it, are dropped.
    ///
    /// # Errors
    /// `UdfParameter`, which names the parameter; `UdfUnavailable` while the circuit breaker is open; `UdfBusy` if too many queries use
    /// it; `UdfRejected` if it does not compile.
    pub fn prepare(&self, parameters: &Map<String, Json>) -> crate::Result<PreparedUdf> {
        self.prepare_within(parameters, &QueryLimits::default())
    }

    /// As [`RegisteredUdf::prepare`], with limits of the query's own.
    ///
    /// # Errors
    /// As there.
    pub fn prepare_within(
        &self,
        parameters: &Map<String, Json>,
        limits: &QueryLimits,
    ) -> crate::Result<PreparedUdf> {
        let params = params::check(&self.manifest, parameters)?;
        let mut visit = self.usage.enter(&params)?;
        if *limits != QueryLimits::default() {
            visit.excuse();
        }
        self.with_limits(params, Some(visit), self.limits.within(limits))
    }

    /// It is in the registry's folder from now on, and so is what is compiled of it.
    pub(crate) fn keep(&self) {
        self.code.keep(&self.environment);
    }

    /// With checked parameters. `visit`: none for a trial, which is not counted.
    pub(crate) fn with_params(
        &self,
        params: params::Params,
        visit: Option<Visit>,
    ) -> crate::Result<PreparedUdf> {
        self.with_limits(params, visit, self.limits.clone())
    }

    fn with_limits(
        &self,
        params: params::Params,
        visit: Option<Visit>,
        limits: UdfLimits,
    ) -> crate::Result<PreparedUdf> {
        let engine = Arc::clone(&self.environment.engine);
        let manifest = Arc::clone(&self.manifest);
        Ok(PreparedUdf::new(
            engine,
            self.instance_pre()?,
            manifest,
            limits,
            params,
            visit,
        ))
    }

    /// Checks the parameters and binds for one thread: for those who need no more than one.
    ///
    /// # Errors
    /// As [`RegisteredUdf::prepare`].
    pub fn bind(&self, parameters: &Map<String, Json>) -> crate::Result<Box<dyn BatchUdf>> {
        self.bind_within(parameters, &QueryLimits::default())
    }

    /// As [`RegisteredUdf::bind`], with limits of the query's own.
    ///
    /// # Errors
    /// As there.
    pub fn bind_within(
        &self,
        parameters: &Map<String, Json>,
        limits: &QueryLimits,
    ) -> crate::Result<Box<dyn BatchUdf>> {
        let prepared = self.prepare_within(parameters, limits)?;
        let bound: BoundUdf = prepared.bind();
        // Document numbers are the segment's, and so is what is kept; a score is the query's.
        let kept = self.manifest.pure
            && self.manifest.kind == Kind::Filter
            && !self.manifest.wants(Input::Score)
            // A function that has less memory than others may answer otherwise, where it looks at that.
            && limits.memory_bytes.is_none()
            && self.environment.limits.result_cache_bytes > 0;
        if !kept {
            return Ok(Box::new(bound));
        }
        let manifest = self.manifest.json.to_string();
        let key = filter_key(self.hash(), &manifest, prepared.params());
        let cache = Arc::clone(&self.environment.results);
        Ok(Box::new(CachedFilter::new(
            bound,
            prepared.counters(),
            cache,
            key,
        )))
    }

    fn instance_pre(&self) -> crate::Result<(InstancePre<HostState>, Moment)> {
        let mut pre = self.pre.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pre) = &*pre {
            return Ok(pre.clone());
        }
        let engine = &self.environment.engine;
        let compiled = self.code.compiled(&self.environment)?;
        let made = engine
            .linker(self.convention)?
            .instantiate_pre(&compiled.module);
        let made = made.map_err(|e| crate::Error::UdfRejected {
            message: format!("`{}`: {e:#}", self.manifest.label()),
        })?;
        Ok(pre.insert((made, compiled.moment)).clone())
    }
}
