//! One instance of a module, with typed handles on what is called, and what its ways of failing mean.

use wasmtime::{Func, InstancePre, Store, Trap, TypedFunc, Val, WasmBacktrace};

use super::host::{HostState, Stop, on_tick};
use super::limits::clip;
use crate::batch::FailureKind;

/// A live instance.
pub(crate) struct Guest {
    pub(crate) store: Store<HostState>,
    pub(crate) entry: Entry,
    /// What a batch guest reserved last.
    pub(crate) region: Option<Region>,
    /// It has answered a call about documents: its memory is not as it was in the beginning.
    pub(crate) answered: bool,
}

/// A part of a guest's memory that is the host's until it reserves again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    /// A multiple of 64.
    pub(crate) base: usize,
    /// From there on.
    pub(crate) bytes: usize,
    /// The parameters are in it, at their place.
    pub(crate) has_params: bool,
}

/// What is called of it.
pub(crate) enum Entry {
    /// `diagon_reserve` and the function.
    Batch {
        reserve: TypedFunc<u32, u32>,
        run: TypedFunc<u32, i32>,
    },
    /// The function of a row guest.
    Row(TypedFunc<i64, i32>),
    /// A row guest's function with positional parameters behind `ctx`.
    RowWithParameters { run: Func, arguments: Vec<Val> },
}

/// How a call went wrong.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It concerns the documents of the call; the instance is not used again.
    Documents(FailureKind, String),
    /// The function's time for a batch is over.
    BatchLimit,
    /// The query's deadline passed.
    Deadline,
    /// The query was cancelled.
    Cancelled,
    /// The host's own failure, which ends the query.
    Host(crate::Error),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Deadline => Self::Deadline,
            Stop::BatchLimit => Self::BatchLimit,
            Stop::Cancelled => Self::Cancelled,
            Stop::Fail(message) => Self::Documents(FailureKind::Guest, message),
            Stop::Limit(message) => Self::Documents(FailureKind::Limit, message),
            Stop::Protocol(message) => Self::Documents(FailureKind::Protocol, message),
            Stop::Host => Self::Host(crate::Error::Internal("a host function failed".to_string())),
        }
    }
}

/// Which entry an instance gets.
#[derive(Clone, Debug)]
pub(crate) enum EntryKind {
    Batch,
    Row,
    RowWithParameters(Vec<Val>),
}

impl Guest {
    /// Makes an instance and runs its start function and `_initialize`, under `state.watch`.
    /// Gives the state back with the fault.
    pub(crate) fn new(
        pre: &InstancePre<HostState>,
        mut state: HostState,
        export: &str,
        kind: &EntryKind,
    ) -> Result<Self, Box<(HostState, Fault)>> {
        state.for_fresh_instance();
        let mut store = Store::new(pre.module().engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.epoch_deadline_callback(on_tick);
        store.set_epoch_deadline(1);
        match Self::start(pre, &mut store, export, kind) {
            Ok(entry) => Ok(Self {
                store,
                entry,
                region: None,
                answered: false,
            }),
            Err(error) => {
                let fault = fault(error, store.data_mut());
                Err(Box::new((store.into_data(), fault)))
            }
        }
    }

    fn start(
        pre: &InstancePre<HostState>,
        store: &mut Store<HostState>,
        export: &str,
        kind: &EntryKind,
    ) -> wasmtime::Result<Entry> {
        let instance = pre.instantiate(&mut *store)?;
        let memory = instance.get_memory(&mut *store, "memory");
        store.data_mut().memory = memory;
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut *store, "_initialize") {
            initialize.call(&mut *store, ())?;
        }
        Ok(match kind {
            EntryKind::Batch => Entry::Batch {
                reserve: instance.get_typed_func(&mut *store, "diagon_reserve")?,
                run: instance.get_typed_func(&mut *store, export)?,
            },
            EntryKind::Row => Entry::Row(instance.get_typed_func(&mut *store, export)?),
            EntryKind::RowWithParameters(parameters) => {
                let mut arguments = vec![Val::I64(0)];
                arguments.extend(parameters.iter().cloned());
                let run = instance.get_func(&mut *store, export);
                let run = run.ok_or_else(|| wasmtime::Error::msg("the function is missing"))?;
                Entry::RowWithParameters { run, arguments }
            }
        })
    }
}

/// What a failed call means.
pub(crate) fn fault(error: wasmtime::Error, state: &mut HostState) -> Fault {
    if let Some(error) = state.error.take() {
        return Fault::Host(error);
    }
    if let Some(pool) = error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>() {
        let message = format!("too many function instances at the same time: {pool}");
        return Fault::Host(crate::Error::Native {
            code: crate::ErrorCode::OutOfMemory,
            message,
        });
    }
    let place = error.downcast_ref::<WasmBacktrace>().and_then(place);
    let with_place = |message: String| match &place {
        Some(name) => clip(format!("{message}, in `{name}`")),
        None => clip(message),
    };
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let refused = std::mem::take(&mut state.limiter.refused);
        let (kind, message) = match trap {
            Trap::StackOverflow => (FailureKind::Trap, "stack overflow".to_string()),
            _ if refused => {
                let limit = state.limiter.memory_bytes;
                (
                    FailureKind::Limit,
                    format!("{trap} after asking for more than {limit} bytes of memory"),
                )
            }
            _ => (FailureKind::Trap, trap.to_string()),
        };
        return Fault::Documents(kind, with_place(message));
    }
    match error.downcast::<Stop>() {
        Ok(stop) => stop.into(),
        Err(error) => Fault::Documents(
            FailureKind::Trap,
            with_place(error.root_cause().to_string()),
        ),
    }
}

/// The innermost function that has a name.
fn place(backtrace: &WasmBacktrace) -> Option<String> {
    backtrace
        .frames()
        .iter()
        .find_map(|frame| frame.func_name())
        .map(str::to_string)
}
