//! Calls a batch guest: measures, reserves, writes, calls, reads the answers.

use std::time::Instant;

use super::guest::{Entry, Fault, Guest, Region, fault};
use super::host::HostState;
use super::layout::{BatchInput, Head, PlannedColumn, data_bytes};
use super::limits::{MAX_BATCH_BYTES, MAX_DOCUMENT_BYTES};
use super::outcome::{Answers, explain};
use super::outputs::{Output, Place};
use super::param_block::{ALIGN, ParamBlock, u32_of};
use crate::batch::{
    BATCH_CAPACITY, ColumnId, ColumnRequest, Columns, Extent, FailureKind, ValueType,
};
use wasmtime::{Store, TypedFunc};

/// What a binding keeps for its batches.
#[derive(Debug)]
pub(crate) struct BatchCaller {
    head: Head,
    columns: Vec<PlannedColumn>,
    params: ParamBlock,
    doc_ids: bool,
    ids: bool,
    /// Of an instance.
    memory_bytes: usize,
    /// A call has failed: the guest may have been asked for more than it has.
    pub(crate) cautious: bool,
    /// It was asked for more than it needed.
    pub(crate) asked_for_more: bool,
}

impl BatchCaller {
    pub(crate) fn new(
        fields: usize,
        ids: bool,
        doc_ids: bool,
        params: ParamBlock,
        output: Output,
        memory_bytes: usize,
    ) -> Self {
        Self {
            head: Head::new(fields, ids, &params, output),
            columns: Vec::new(),
            params,
            doc_ids,
            ids,
            memory_bytes,
            cautious: false,
            asked_for_more: false,
        }
    }

    /// Opens the columns of a segment.
    ///
    /// # Errors
    /// As [`Columns::open`].
    pub(crate) fn enter_segment(
        &mut self,
        requests: &[ColumnRequest],
        source: &mut dyn Columns,
    ) -> crate::Result<()> {
        self.columns.clear();
        for request in requests {
            self.columns.push(PlannedColumn {
                id: source.open(request)?,
                value_type: request.value_type,
                list: request.list,
                validity: request.default.is_none(),
                extent: Extent::default(),
            });
        }
        if self.ids {
            self.columns.push(PlannedColumn {
                id: source.open_id()?,
                value_type: ValueType::Str,
                list: false,
                validity: false,
                extent: Extent::default(),
            });
        }
        Ok(())
    }

    /// The column, if there is one and nothing else.
    pub(crate) fn only_column(&mut self) -> Option<&mut ColumnId> {
        match &mut self.columns[..] {
            [column] if !self.ids && !self.doc_ids => Some(&mut column.id),
            _ => None,
        }
    }

    /// Measures the first `len` of `docs`, or fewer if they have too much data. Returns how many.
    ///
    /// # Errors
    /// `Limit` for a single document that is too large; as [`Columns::measure`].
    pub(crate) fn measure(
        &mut self,
        source: &mut dyn Columns,
        docs: &[u32],
        mut len: usize,
    ) -> Result<usize, Fault> {
        loop {
            for column in &mut self.columns {
                column.extent = source
                    .measure(column.id, &docs[..len])
                    .map_err(Fault::Host)?;
            }
            let size = data_bytes(&self.columns, len);
            if size <= MAX_BATCH_BYTES || (len <= 1 && size <= MAX_DOCUMENT_BYTES) {
                return Ok(len);
            }
            if len <= 1 {
                let message = format!(
                    "the document's fields have {size} bytes, the limit is {MAX_DOCUMENT_BYTES}"
                );
                return Err(Fault::Documents(FailureKind::Limit, message));
            }
            len /= 2;
        }
    }

    /// Runs the guest over documents that have just been measured, and takes its answers in from `at` on.
    ///
    /// # Errors
    /// Where the guest failed as a whole; its instance is of no use any more then.
    pub(crate) fn run(
        &mut self,
        guest: &mut Guest,
        docs: &[u32],
        scores: Option<&[f32]>,
        at: usize,
        answers: &mut Answers<'_>,
    ) -> Result<(), Fault> {
        let Guest {
            store,
            entry,
            region,
            answered,
        } = guest;
        let Entry::Batch { reserve, run } = entry else {
            return Err(Fault::Host(crate::Error::Internal(
                "not a batch guest".to_string(),
            )));
        };
        let input = BatchInput {
            docs,
            scores,
            doc_ids: self.doc_ids,
        };
        let total = self.head.batch_bytes(&self.columns, &input);
        let region = match region {
            Some(region) if region.bytes >= total => region,
            // What it reserved before is not used again, whatever comes of this.
            region => {
                *region = None;
                region.insert(self.reserve(store, reserve, total, docs.len())?)
            }
        };
        let base = region.base;
        let params = (!region.has_params).then_some(&self.params);
        let started = Instant::now();
        let written = {
            let memory = store.data().memory.ok_or_else(no_memory)?;
            let (memory, state) = memory.data_and_store_mut(&mut *store);
            let bytes = memory.get_mut(base..base + total).ok_or_else(no_memory)?;
            let source = state.columns.as_deref_mut().ok_or_else(no_columns)?;
            let at = u32_of(base);
            let written = self
                .head
                .write(bytes, at, &self.columns, &input, params, source);
            state.watch.pause(started.elapsed());
            let written = written.map_err(Fault::Host)?;
            region.has_params = self.params.is_large();
            Place {
                out: base + written.out,
                validity: base + written.validity,
                len: docs.len(),
            }
        };
        answers.outcome.calls += 1;
        let logged = store.data().world.log.len();
        let (known, said) = (answers.outcome.failures.len(), answers.said_errors);
        match run.call(&mut *store, u32_of(base)) {
            Ok(0) => {
                self.head.output.read(store, written, at, answers)?;
                *answered = true;
                let said = answers.said_errors - said;
                let reasons = store.data().world.reasons(logged, said);
                explain(&mut answers.outcome.failures[known..], reasons);
                Ok(())
            }
            Ok(code) => {
                let message = format!("the function returned {code}");
                Err(Fault::Documents(FailureKind::Guest, message))
            }
            Err(error) => Err(fault(error, store.data_mut())),
        }
    }
}

impl BatchCaller {
    /// Asks for room for `total` bytes, which is what `documents` need.
    fn reserve(
        &mut self,
        store: &mut Store<HostState>,
        reserve: &TypedFunc<u32, u32>,
        total: usize,
        documents: usize,
    ) -> Result<Region, Fault> {
        let mut bytes = total;
        self.asked_for_more = false;
        if self.params.is_large() && !self.cautious {
            // So that larger batches need no other place, to which the parameters would have to move.
            let data = total - self.head.bytes();
            let more = (data / documents.max(1)).saturating_mul(BATCH_CAPACITY - documents);
            // No batch has more data than that, and the rest of the memory is the guest's.
            bytes += more.min(MAX_BATCH_BYTES).min(self.memory_bytes / 4);
            self.asked_for_more = true;
        }
        let wanted = u32::try_from(bytes + ALIGN - 1).map_err(|_| {
            Fault::Documents(FailureKind::Limit, format!("a batch of {bytes} bytes"))
        })?;
        let reserved = reserve
            .call(&mut *store, wanted)
            .map_err(|error| fault(error, store.data_mut()))?;
        let base = place(store, reserved, wanted)?;
        Ok(Region {
            base,
            bytes,
            has_params: false,
        })
    }
}

/// Checks what `diagon_reserve` returned against the memory as it is now, and aligns it.
fn place(store: &Store<HostState>, reserved: u32, wanted: u32) -> Result<usize, Fault> {
    let size = store.data().memory.ok_or_else(no_memory)?.data_size(store);
    if reserved == 0 {
        let message = format!("diagon_reserve returned 0: it has no {wanted} bytes");
        return Err(Fault::Documents(FailureKind::Limit, message));
    }
    if reserved as usize + wanted as usize > size {
        let message = format!(
            "diagon_reserve returned {reserved:#x} for {wanted} bytes, outside the memory of {size} bytes"
        );
        return Err(Fault::Documents(FailureKind::Protocol, message));
    }
    Ok((reserved as usize).next_multiple_of(ALIGN))
}

fn no_memory() -> Fault {
    Fault::Documents(
        FailureKind::Protocol,
        "the guest's memory is gone".to_string(),
    )
}

fn no_columns() -> Fault {
    Fault::Host(crate::Error::Internal(
        "no segment has been entered".to_string(),
    ))
}
