//! Collects what a guest says about a batch, and counts what it does over a query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::limits::{MAX_KEPT_FAILURES, clip};
use crate::batch::{Failure, FailureKind, FunctionCounts, Outcome, Returns, ValueType, Verdict};

/// The outcome of one batch, being filled.
pub(crate) struct Answers<'a> {
    pub(crate) outcome: &'a mut Outcome,
    /// Failures by kind, also those that are not kept.
    pub(crate) failures: [u64; KINDS],
    /// Instances made.
    pub(crate) instances: u64,
    /// Documents whose values were read from their source.
    pub(crate) source_reads: u64,
    /// Documents answered by dictionary.
    pub(crate) by_dictionary: u64,
    /// Every document that failed, if that is wanted.
    pub(crate) kinds: Option<Vec<(usize, FailureKind)>>,
    /// Documents in which the function itself said that there is an error.
    pub(crate) said_errors: usize,
}

const KINDS: usize = 4;

impl<'a> Answers<'a> {
    pub(crate) fn new(outcome: &'a mut Outcome, len: usize, returns: Returns) -> Self {
        outcome.reset(len);
        match returns {
            Returns::Filter => {}
            Returns::Score => outcome.scores.resize(len, 0.0),
            Returns::Value(ValueType::Str) => outcome.values.ends.resize(len, 0),
            Returns::Value(_) => outcome.values.bits.resize(len, 0),
        }
        Self {
            outcome,
            failures: [0; KINDS],
            instances: 0,
            source_reads: 0,
            by_dictionary: 0,
            kinds: None,
            said_errors: 0,
        }
    }

    /// Takes a computed string. Documents come in ascending order.
    pub(crate) fn push_string(&mut self, index: usize, text: &str) {
        self.outcome.verdicts[index] = Verdict::Yes;
        let values = &mut self.outcome.values;
        values.text.push_str(text);
        values.ends[index] = values.text.len();
    }

    /// Makes the ends of strings ascend over documents without one.
    pub(crate) fn finish(&mut self) {
        let mut end = 0;
        for place in &mut self.outcome.values.ends {
            end = end.max(*place);
            *place = end;
        }
    }

    /// Puts a document down as failed. The message is made only if it is kept.
    pub(crate) fn fail(
        &mut self,
        index: usize,
        kind: FailureKind,
        message: impl FnOnce() -> String,
    ) {
        self.outcome.verdicts[index] = Verdict::Error;
        self.failures[kind_index(kind)] += 1;
        if let Some(kinds) = &mut self.kinds {
            kinds.push((index, kind));
        }
        if self.outcome.failures.len() < MAX_KEPT_FAILURES {
            self.outcome.failures.push(Failure {
                index,
                kind,
                message: clip(message()),
            });
        }
    }
}

/// What is said of a document that a function itself says it has an error in, if it doesn't tell why.
pub(crate) const SAID_ERROR: &str = "the function reported an error in this document";

/// Puts the reasons that a function logged in one call, in the order of documents, into the failures of that call.
pub(crate) fn explain<'r>(failures: &mut [Failure], reasons: impl Iterator<Item = &'r str>) {
    let said = failures
        .iter_mut()
        .filter(|f| f.message.starts_with(SAID_ERROR));
    for (failure, reason) in said.zip(reasons) {
        failure.message.push_str(": ");
        failure.message.push_str(reason);
        failure.message = clip(std::mem::take(&mut failure.message));
    }
}

fn kind_index(kind: FailureKind) -> usize {
    match kind {
        FailureKind::Guest => 0,
        FailureKind::Trap => 1,
        FailureKind::Protocol => 2,
        FailureKind::Limit => 3,
    }
}

/// What a function did in one query, over all its bindings. Updated once a batch, readable at any time.
#[derive(Debug, Default)]
pub struct UdfCounters {
    calls: AtomicU64,
    documents: AtomicU64,
    nanoseconds: AtomicU64,
    instances: AtomicU64,
    source_reads: AtomicU64,
    by_dictionary: AtomicU64,
    cache_hits: AtomicU64,
    failures: [AtomicU64; KINDS],
}

impl UdfCounters {
    pub(crate) fn add(&self, answers: &Answers<'_>, time: Duration) {
        let add = |counter: &AtomicU64, n: u64| {
            if n > 0 {
                counter.fetch_add(n, Ordering::Relaxed);
            }
        };
        add(&self.calls, answers.outcome.calls);
        add(&self.documents, answers.outcome.verdicts.len() as u64);
        add(
            &self.nanoseconds,
            u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
        );
        add(&self.instances, answers.instances);
        add(&self.source_reads, answers.source_reads);
        add(&self.by_dictionary, answers.by_dictionary);
        for (counter, n) in self.failures.iter().zip(answers.failures) {
            add(counter, n);
        }
    }

    /// Counts answers that came from the result cache, in documents.
    pub fn add_cache_hits(&self, documents: u64) {
        self.cache_hits.fetch_add(documents, Ordering::Relaxed);
    }

    /// Answers that came from the result cache, in documents.
    #[must_use]
    pub fn cache_hits(&self) -> u64 {
        self.cache_hits.load(Ordering::Relaxed)
    }

    /// Reads them.
    #[must_use]
    pub fn read(&self) -> FunctionCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FunctionCounts {
            calls: get(&self.calls),
            documents: get(&self.documents),
            nanoseconds: get(&self.nanoseconds),
            instances: get(&self.instances),
            cache_hits: get(&self.cache_hits),
            source_reads: get(&self.source_reads),
            by_dictionary: get(&self.by_dictionary),
            guest_failures: get(&self.failures[0]),
            traps: get(&self.failures[1]),
            protocol_failures: get(&self.failures[2]),
            limit_failures: get(&self.failures[3]),
        }
    }
}
