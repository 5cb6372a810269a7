//! The WebAssembly engine that a process's registries share: compiler settings, the pool of instances, the clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Linker, Module, OptLevel, PoolingAllocationConfig,
};

use super::host::HostState;
use super::limits::{MAX_STACK_BYTES, MAX_TABLE_ENTRIES};
use super::manifest::RowConvention;
use super::ticker::Ticker;
use super::{hostfns, row_host};
use crate::threads;

/// What an engine is made for.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Instances that can live at the same time, each with 4 GiB of address space (not memory). 1,000.
    pub instances: u32,
    /// The largest linear memory of an instance, in bytes. 16 MiB.
    pub memory_bytes: usize,
    /// Memory that a slot of the pool keeps between two instances, in bytes: cleared, not given back. 256 KiB.
    pub keep_resident_bytes: usize,
    /// Whether a module that exports `_initialize` is started once, when it is compiled, and not in each instance. Yes; its answers are the same.
    pub pre_initialize: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            instances: 1_000,
            memory_bytes: 16 << 20,
            keep_resident_bytes: 256 << 10,
            pre_initialize: true,
        }
    }
}

/// Compiles and runs guests. Share one through an `Arc`; it may be used from any number of threads.
pub struct UdfEngine {
    engine: Engine,
    ticker: Ticker,
    pooled: bool,
    pre_initialize: bool,
    compilations: AtomicU64,
    linkers: [OnceLock<Linker<HostState>>; 3],
}

impl std::fmt::Debug for UdfEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UdfEngine")
            .field("pooled", &self.pooled)
            .finish_non_exhaustive()
    }
}

impl UdfEngine {
    /// Makes an engine. Where the address space is too small for the pool, instances are made on demand, which costs
    /// some tens of microseconds each.
    ///
    /// # Errors
    /// `Internal` if the machine is not supported or refuses a thread.
    pub fn new(options: &EngineOptions) -> crate::Result<Arc<Self>> {
        let internal = |e: wasmtime::Error| crate::Error::Internal(format!("wasmtime: {e:#}"));
        let (engine, pooled) = match Engine::new(&config(Some(options))) {
            Ok(engine) => (engine, true),
            Err(_) => (Engine::new(&config(None)).map_err(internal)?, false),
        };
        let clock = engine.clone();
        let ticker = Ticker::start(move || clock.increment_epoch())?;
        Ok(Arc::new(Self {
            engine,
            ticker,
            pooled,
            pre_initialize: options.pre_initialize,
            compilations: AtomicU64::new(0),
            linkers: Default::default(),
        }))
    }

    /// Modules that it has compiled; those that were loaded from a folder of compiled modules don't count.
    #[must_use]
    pub fn compilations(&self) -> u64 {
        self.compilations.load(Ordering::Relaxed)
    }

    /// Whether instances come from a pool.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Whether modules are started when they are compiled.
    pub(crate) fn pre_initializes(&self) -> bool {
        self.pre_initialize
    }

    pub(crate) fn inner(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.ticker
    }

    /// Compiles a module that has been validated.
    ///
    /// # Errors
    /// `UdfRejected` with the compiler's words.
    pub(crate) fn compile(&self, bytes: &[u8]) -> crate::Result<Module> {
        self.compilations.fetch_add(1, Ordering::Relaxed);
        let compiled = threads::apart(|| Module::from_binary(&self.engine, bytes));
        let compiled = compiled.map_err(crate::Error::no_thread)?;
        compiled.map_err(|e| crate::Error::UdfRejected {
            message: format!("the module does not compile: {e:#}"),
        })
    }

    /// The host functions: those of every guest, and those of one row convention.
    ///
    /// # Errors
    /// `Internal` if a name is defined twice, which would be a fault of ours.
    pub(crate) fn linker(&self, row: Option<RowConvention>) -> crate::Result<&Linker<HostState>> {
        let slot = match row {
            None => &self.linkers[0],
            Some(RowConvention::Old) => &self.linkers[1],
            Some(RowConvention::New) => &self.linkers[2],
        };
        if let Some(linker) = slot.get() {
            return Ok(linker);
        }
        let mut linker = Linker::new(&self.engine);
        let defined = hostfns::define(&mut linker).and_then(|()| match row {
            Some(convention) => row_host::define(&mut linker, convention),
            None => Ok(()),
        });
        defined.map_err(|e| crate::Error::Internal(format!("host functions: {e:#}")))?;
        Ok(slot.get_or_init(|| linker))
    }
}

fn config(pool: Option<&EngineOptions>) -> Config {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed);
    config.epoch_interruption(true);
    config.max_wasm_stack(MAX_STACK_BYTES);
    // The same module gives the same answer on every machine.
    config.cranelift_nan_canonicalization(true);
    config.wasm_relaxed_simd(false);
    // The validator refuses these before the compiler sees them; off twice is off.
    config.wasm_memory64(false);
    config.wasm_multi_memory(false);
    config.wasm_tail_call(false);
    // Traps name the functions they happened in, not the bytes.
    config.generate_address_map(false);
    if let Some(options) = pool {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(options.instances);
        pool.total_memories(options.instances);
        pool.total_tables(
            options
                .instances
                .saturating_mul(super::validate::MAX_TABLES),
        );
        pool.max_memories_per_module(1);
        pool.max_tables_per_module(super::validate::MAX_TABLES);
        pool.max_memory_size(options.memory_bytes);
        pool.table_elements(MAX_TABLE_ENTRIES);
        pool.max_core_instance_size(4 << 20);
        pool.linear_memory_keep_resident(options.keep_resident_bytes);
        // Where the system can tell which pages were written, only those are cleared between two instances: a query of a Go module
        // costs 43 us instead of 88, of a C module with a stack of 256 KiB 4.5 instead of 9.5, of a small AssemblyScript module 4.9
        // instead of 3.8.
        pool.pagemap_scan(wasmtime::Enabled::Auto);
        pool.table_keep_resident(64 << 10);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}
