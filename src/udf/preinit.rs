//! Starts a module once, and makes another one of it that begins where the first one had come to.
//!
//! Language runtimes do much in `_initialize`: Go's takes about a millisecond, for each instance. Here it runs once, when the module is
//! compiled; what it left in memory and globals becomes the data of a module that is compiled in its stead, and every instance has
//! that from its first moment, page by page as it touches it. Nothing that a guest does can tell the difference: `_initialize` sees
//! nothing of a query, and the virtual clock and the random numbers go on from where they were.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use wasmtime::{Instance, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use super::engine::UdfEngine;
use super::host::{HostState, Moment, on_tick};
use super::limits::{LONG_TIME, UdfLimits};
use super::row_fields::RowFields;

/// A module that has been started.
pub(crate) struct Started {
    pub(crate) bytes: Vec<u8>,
    /// Where its virtual clock and random numbers are.
    pub(crate) moment: Moment,
}

/// Starts a valid module that exports `_initialize` and imports no function that knows about documents.
///
/// # Errors
/// Why that can't be done: it fails, takes too long, or has a state that data can't express, as changed tables are. Then each instance has to
/// start by itself.
pub(crate) fn start(
    engine: &UdfEngine,
    limits: &UdfLimits,
    module: &[u8],
) -> Result<Started, String> {
    // Made for tools, the snapshot may panic over what it didn't expect.
    let started = catch_unwind(AssertUnwindSafe(|| run(engine, limits, module)));
    started.unwrap_or_else(|_| Err("the snapshot panicked".to_string()))
}

fn run(engine: &UdfEngine, limits: &UdfLimits, module: &[u8]) -> Result<Started, String> {
    let text = |e: wasmtime::Error| format!("{e:#}");
    let mut wizer = Wizer::new();
    wizer.init_func("_initialize");
    let (context, instrumented) = wizer.instrument(module).map_err(text)?;
    let compiled = engine.compile(&instrumented).map_err(|e| e.to_string())?;
    let linker = engine.linker(None).map_err(|e| e.to_string())?;

    let mut state = HostState::new(limits, RowFields::new(std::iter::empty(), [].into()));
    let now = Instant::now();
    state.watch.batch_end = now.checked_add(limits.batch(0)).unwrap_or(now + LONG_TIME);
    let mut store = Store::new(engine.inner(), state);
    store.limiter(|state| &mut state.limiter);
    store.epoch_deadline_callback(on_tick);
    store.set_epoch_deadline(1);
    let _running = engine.ticker().enter();
    let instance = linker.instantiate(&mut store, &compiled).map_err(text)?;
    let memory = instance.get_memory(&mut store, "memory");
    store.data_mut().memory = memory;
    let initialize = instance.get_typed_func::<(), ()>(&mut store, "_initialize");
    initialize
        .and_then(|initialize| initialize.call(&mut store, ()))
        .map_err(text)?;
    let moment = store.data().world.moment();
    let mut instance = Inspected { store, instance };
    let mut snapshot = pin!(wizer.snapshot(&context, &mut instance));
    // Nothing in it waits.
    match snapshot
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(bytes) => bytes.map(|bytes| Started { bytes, moment }).map_err(text),
        Poll::Pending => Err("the snapshot did not end".to_string()),
    }
}

/// An instance whose state is read by the names that the instrumented module exports it under.
struct Inspected {
    store: Store<HostState>,
    instance: Instance,
}

impl InstanceState for Inspected {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.map(|global| global.get(&mut self.store)) {
            Some(Val::I32(v)) => SnapshotVal::I32(v),
            Some(Val::I64(v)) => SnapshotVal::I64(v),
            Some(Val::F32(v)) => SnapshotVal::F32(v),
            Some(Val::F64(v)) => SnapshotVal::F64(v),
            Some(Val::V128(v)) => SnapshotVal::V128(v.as_u128()),
            // `instrument` exports all and refuses references: caught above.
            _ => unreachable!("a global that was not exported"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        if let Some(memory) = self.instance.get_memory(&mut self.store, name) {
            contents(memory.data(&self.store));
        }
    }
}
