//! Calls a row guest for one document. The batch, its columns and the document's place in it are in the host's state.

use wasmtime::Val;

use super::guest::{Entry, Fault, Guest, fault};

/// Asks about document `index` of the current batch.
///
/// # Errors
/// Where the guest failed on it; its instance is of no use any more then.
pub(crate) fn run(guest: &mut Guest, index: usize) -> Result<bool, Fault> {
    let Guest { store, entry, .. } = guest;
    store.data_mut().row.set_current(index);
    // The host knows the document without it; the guest gets the place so that it has something to hand back.
    let ctx = i64::try_from(index).unwrap_or(i64::MAX);
    let result = match entry {
        Entry::Row(run) => run.call(&mut *store, ctx),
        Entry::RowWithParameters { run, arguments } => {
            let mut results = [Val::I32(0)];
            if let Some(first) = arguments.first_mut() {
                *first = Val::I64(ctx);
            }
            run.call(&mut *store, arguments, &mut results)
                .map(|()| results[0].i32().unwrap_or(0))
        }
        Entry::Batch { .. } => {
            return Err(Fault::Host(crate::Error::Internal(
                "not a row guest".to_string(),
            )));
        }
    };
    match result {
        Ok(kept) => Ok(kept != 0),
        Err(error) => Err(fault(error, store.data_mut())),
    }
}
