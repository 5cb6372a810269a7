//! A function bound to a query, for one thread: batches in, answers out.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::Val;

use super::batch_abi::BatchCaller;
use super::dictionary::ByDictionary;
use super::guest::{EntryKind, Fault};
use super::holder::Holder;
use super::host::{HostState, LogLine};
use super::limits::LONG_TIME;
use super::manifest::{Abi, Input};
use super::outcome::Answers;
use super::param_block::ParamBlock;
use super::prepared::Prepared;
use super::row_abi;
use super::values::{ParamType, ParamValue};
use crate::batch::{
    BATCH_CAPACITY, BatchUdf, ColumnRequest, Columns, FunctionCounts, Interrupt, Outcome, Returns,
    UdfBatch, Verdict,
};

/// A function bound to a query, for one thread. See [`BatchUdf`].
pub struct BoundUdf {
    prepared: Arc<Prepared>,
    name: String,
    mode: Mode,
    holder: Holder,
    /// Documents to try in one call. Halved when a call fails, so that the document at fault is found; doubled when one
    /// succeeds. Documents beside it are never lost, and a document at fault costs at most log2(n) + 1 failed calls.
    chunk: usize,
    /// Where it is asked once for each distinct value of the segment.
    dictionary: Option<Box<ByDictionary>>,
}

enum Mode {
    Batch(BatchCaller),
    Row,
}

impl std::fmt::Debug for BoundUdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BoundUdf").field(&self.name).finish()
    }
}

impl BoundUdf {
    pub(crate) fn new(prepared: Arc<Prepared>) -> Self {
        let manifest = &prepared.manifest;
        let value = |place: &usize| prepared.params[*place].as_ref();
        let (kind, mode) = match &manifest.abi {
            Abi::Batch => {
                let types: Vec<ParamType> = manifest.params.iter().map(|p| p.param_type).collect();
                let block = ParamBlock::new(&types, &prepared.params);
                let (ids, doc_ids) = (manifest.wants(Input::Id), manifest.wants(Input::DocId));
                let caller = BatchCaller::new(
                    prepared.requests.len(),
                    ids,
                    doc_ids,
                    block,
                    manifest.output(),
                    prepared.limits.memory_bytes,
                );
                (EntryKind::Batch, Mode::Batch(caller))
            }
            Abi::Row { positional, .. } if positional.is_empty() => (EntryKind::Row, Mode::Row),
            Abi::Row { positional, .. } => {
                let arguments = positional
                    .iter()
                    .map(|place| argument(manifest.params[*place].param_type, value(place)));
                (EntryKind::RowWithParameters(arguments.collect()), Mode::Row)
            }
        };
        let name = manifest.label();
        let state = prepared.host_state();
        let holder = Holder::new(Arc::clone(&prepared), kind, state);
        BoundUdf {
            prepared,
            name,
            mode,
            holder,
            chunk: BATCH_CAPACITY,
            dictionary: None,
        }
    }

    /// The lines that the guest has logged since the last call, as far as they were kept.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        self.holder.state().world.take_log()
    }

    /// Runs the guest once over no documents at all.
    ///
    /// # Errors
    /// `UdfFailed` if it fails.
    pub(crate) fn run_empty(&mut self) -> crate::Result<()> {
        let engine = Arc::clone(&self.prepared.engine);
        let _running = engine.ticker().enter();
        let mut outcome = Outcome::default();
        let mut answers = Answers::new(&mut outcome, 0, self.returns());
        let interrupt = Interrupt::default();
        self.begin(0, &interrupt, Instant::now());
        self.empty(&mut answers)
            .map_err(|fault| self.end(fault, &interrupt))
    }

    fn empty(&mut self, answers: &mut Answers<'_>) -> Result<(), Fault> {
        let guest = self.holder.guest(answers)?;
        let Mode::Batch(caller) = &mut self.mode else {
            return Ok(());
        };
        let source = guest
            .store
            .data_mut()
            .columns
            .as_deref_mut()
            .ok_or_else(no_segment)?;
        caller.measure(source, &[], 0)?;
        caller.run(guest, &[], None, 0, answers)
    }

    /// Of the segment, so far.
    fn source_reads(&mut self) -> u64 {
        let columns = self.holder.state().columns.as_deref();
        columns.map_or(0, |columns| columns.source_reads())
    }

    /// Starts the time of a batch.
    fn begin(&mut self, documents: usize, interrupt: &Interrupt, now: Instant) {
        let time = self.prepared.time_for(documents);
        let watch = &mut self.holder.state().watch;
        watch.interrupt.clone_from(interrupt);
        // A limit without an end is a very long one.
        watch.batch_end = now.checked_add(time).unwrap_or(now + LONG_TIME);
    }

    /// Asks a batch guest about as many documents at a time as it takes without failing.
    fn run_batch(&mut self, batch: UdfBatch<'_>, answers: &mut Answers<'_>) -> Result<(), Fault> {
        let Mode::Batch(caller) = &mut self.mode else {
            return Ok(());
        };
        let (mut at, mut suspect) = (0, 0);
        while at < batch.docs.len() {
            let HostState { columns, watch, .. } = self.holder.state();
            watch.check()?;
            let mut len = self.chunk.min(batch.docs.len() - at);
            if suspect > at {
                // A call that ended at `suspect` failed, and the documents at fault are still to come.
                len = len.min((suspect - at).div_ceil(2));
            }
            let started = Instant::now();
            let measured = caller.measure(
                columns.as_deref_mut().ok_or_else(no_segment)?,
                &batch.docs[at..],
                len,
            );
            watch.pause(started.elapsed());
            len = match measured {
                Ok(len) => len,
                Err(Fault::Documents(kind, message)) => {
                    answers.fail(at, kind, || message);
                    at += 1;
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let docs = &batch.docs[at..at + len];
            let scores = batch.scores.map(|scores| &scores[at..at + len]);
            let guest = self.holder.guest(answers)?;
            let had_answered = guest.answered;
            match caller.run(guest, docs, scores, at, answers) {
                Ok(()) => {
                    at += len;
                    // Batches may be small; only failures make the chunk so.
                    self.chunk = self.chunk.max(len * 2).min(BATCH_CAPACITY);
                }
                Err(Fault::Documents(kind, message)) => {
                    self.holder.discard();
                    // Perhaps it was the room for batches to come that was too much, or memory that documents before it have left
                    // in pieces: what a fresh instance says is true.
                    let again = caller.asked_for_more
                        && !std::mem::replace(&mut caller.cautious, true)
                        || had_answered;
                    if len == 1 && again {
                        self.chunk = 1;
                    } else if len == 1 {
                        answers.fail(at, kind, || message);
                        (at, suspect, self.chunk) = (at + 1, 0, 1);
                    } else {
                        (suspect, self.chunk) = (at + len, len / 2);
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Asks a batch guest about values that it hasn't been asked about yet.
    fn run_by_dictionary(
        &mut self,
        dictionary: &mut ByDictionary,
        batch: UdfBatch<'_>,
        answers: &mut Answers<'_>,
    ) -> Result<(), Fault> {
        let columns = self.holder.state().columns.as_deref_mut();
        let (asked, outcome) = dictionary.look_up(columns.ok_or_else(no_segment)?, batch.docs)?;
        if !asked.is_empty() {
            let mut said = Answers::new(outcome, asked.len(), Returns::Filter);
            said.kinds = Some(Vec::new());
            let values = UdfBatch {
                docs: asked,
                scores: None,
            };
            let result = self.run_batch(values, &mut said);
            answers.outcome.calls += said.outcome.calls;
            answers.instances += said.instances;
            let kinds = said.kinds.take().unwrap_or_default();
            if let Err(fault) = result {
                dictionary.give_up();
                return Err(fault);
            }
            dictionary.keep(&kinds);
        }
        dictionary.answer(answers);
        answers.by_dictionary += batch.docs.len() as u64;
        Ok(())
    }

    /// Finds out whether a segment has a dictionary of all that the function reads.
    fn open_dictionary(&mut self, columns: &mut dyn Columns) -> crate::Result<()> {
        self.dictionary = None;
        let manifest = &self.prepared.manifest;
        let pure_filter = manifest.pure && manifest.output().returns == Returns::Filter;
        let ([request], Mode::Batch(caller)) = (&self.prepared.requests[..], &mut self.mode) else {
            return Ok(());
        };
        if !pure_filter || manifest.wants(Input::Score) {
            return Ok(());
        }
        if let Some(column) = caller.only_column()
            && let Some(dictionary) = columns.dictionary(*column, request)?
        {
            self.dictionary = Some(Box::new(ByDictionary::new(*column, &dictionary)));
            *column = dictionary.values;
        }
        Ok(())
    }

    /// Asks a row guest about one document after the other.
    fn run_row(&mut self, batch: UdfBatch<'_>, answers: &mut Answers<'_>) -> Result<(), Fault> {
        self.holder
            .state()
            .row
            .enter_batch(batch.docs, batch.scores);
        let mut at = 0;
        while at < batch.docs.len() {
            self.holder.state().watch.check()?;
            let guest = self.holder.guest(answers)?;
            // As long as the guest is well, the clock looks after the time.
            while at < batch.docs.len() {
                answers.outcome.calls += 1;
                match row_abi::run(guest, at) {
                    Ok(true) => answers.outcome.verdicts[at] = Verdict::Yes,
                    Ok(false) => {}
                    Err(Fault::Documents(kind, message)) => {
                        answers.fail(at, kind, || message);
                        at += 1;
                        self.holder.discard();
                        break;
                    }
                    Err(fault) => return Err(fault),
                }
                at += 1;
            }
        }
        Ok(())
    }

    fn failed(&self, message: String) -> crate::Error {
        crate::Error::UdfFailed {
            name: self.name.clone(),
            document: String::new(),
            message,
        }
    }

    /// Ends the query.
    fn end(&mut self, fault: Fault, interrupt: &Interrupt) -> crate::Error {
        self.holder.discard();
        match fault {
            Fault::Cancelled => crate::Error::Cancelled,
            // It passed in the guest, or while its columns were read.
            Fault::Deadline | Fault::Host(crate::Error::Timeout(_)) => {
                let allowed = interrupt
                    .deadline
                    .map(|d| d.saturating_duration_since(self.prepared.started));
                let ms = allowed.unwrap_or_default().as_millis();
                crate::Error::Timeout(u64::try_from(ms).unwrap_or(u64::MAX))
            }
            Fault::Host(error) => error,
            Fault::BatchLimit => self.failed(self.prepared.time_limit_message()),
            Fault::Documents(_, message) => self.failed(message),
        }
    }
}

impl BatchUdf for BoundUdf {
    fn label(&self) -> &str {
        &self.name
    }

    fn returns(&self) -> Returns {
        self.prepared.manifest.output().returns
    }

    fn max_score(&self) -> Option<f64> {
        self.prepared.manifest.max_score
    }

    fn counts(&self) -> FunctionCounts {
        self.prepared.counters.read()
    }

    fn requests(&self) -> &[ColumnRequest] {
        &self.prepared.requests
    }

    fn wants_score(&self) -> bool {
        self.prepared.manifest.wants(Input::Score)
    }

    fn enter_segment(&mut self, mut columns: Box<dyn Columns>) -> crate::Result<()> {
        match &mut self.mode {
            Mode::Batch(caller) => {
                caller.enter_segment(&self.prepared.requests, columns.as_mut())?;
            }
            Mode::Row => self.holder.state().row.enter_segment(columns.as_mut())?,
        }
        self.open_dictionary(columns.as_mut())?;
        self.holder.state().columns = Some(columns);
        Ok(())
    }

    fn evaluate(
        &mut self,
        batch: UdfBatch<'_>,
        interrupt: &Interrupt,
        outcome: &mut Outcome,
    ) -> crate::Result<()> {
        let started = Instant::now();
        let engine = Arc::clone(&self.prepared.engine);
        let _running = engine.ticker().enter();
        let batch = UdfBatch {
            scores: batch.scores.filter(|_| self.wants_score()),
            ..batch
        };
        if batch
            .scores
            .is_some_and(|scores| scores.len() != batch.docs.len())
        {
            return Err(crate::Error::Internal(
                "scores and documents differ in number".to_string(),
            ));
        }
        self.begin(batch.docs.len(), interrupt, started);
        let read_before = self.source_reads();
        let mut answers = Answers::new(outcome, batch.docs.len(), self.returns());
        let result = match (self.dictionary.take(), &self.mode) {
            (Some(mut dictionary), _) => {
                let result = self.run_by_dictionary(&mut dictionary, batch, &mut answers);
                self.dictionary = Some(dictionary);
                result
            }
            (None, Mode::Batch(_)) => self.run_batch(batch, &mut answers),
            (None, Mode::Row) => self.run_row(batch, &mut answers),
        };
        answers.finish();
        answers.source_reads = self.source_reads() - read_before;
        let (time, fault) = (started.elapsed(), result.as_ref().err());
        let memory = self.holder.state().limiter.peak_bytes;
        self.prepared
            .after_batch(&answers, time, memory, fault, interrupt);
        result.map_err(|fault| self.end(fault, interrupt))
    }
}

fn no_segment() -> Fault {
    Fault::Host(crate::Error::Internal(
        "no segment has been entered".to_string(),
    ))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked against the parameter's type before"
)]
fn argument(param_type: ParamType, value: Option<&ParamValue>) -> Val {
    match (param_type, value) {
        (ParamType::I64, Some(ParamValue::I64(v))) => Val::I64(*v),
        (ParamType::F32, Some(ParamValue::F64(v))) => Val::F32((*v as f32).to_bits()),
        (ParamType::F64, Some(ParamValue::F64(v))) => Val::F64(v.to_bits()),
        (_, Some(ParamValue::I64(v))) => Val::I32(*v as i32),
        (_, Some(ParamValue::Bool(v))) => Val::I32(i32::from(*v)),
        _ => Val::I32(0),
    }
}
