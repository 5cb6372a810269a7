//! A pure filter that reads one string a document is asked once for each distinct value, and its answers are kept by the value's
//! place in the segment's dictionary.

use std::collections::HashMap;

use super::guest::Fault;
use super::limits::MAX_KEPT_FAILURES;
use super::outcome::Answers;
use crate::batch::{ColumnId, Columns, Dictionary, FailureKind, Outcome, Verdict};

/// Messages of failures that are kept for a segment; values that fail beyond these have a general one.
const MAX_MESSAGES: usize = 64 * MAX_KEPT_FAILURES;

/// What is known of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    /// It is asked about right now.
    Asked,
    No,
    Yes,
    Failed(FailureKind),
}

/// The answers for one segment.
pub(crate) struct ByDictionary {
    /// Of the documents.
    column: ColumnId,
    known: Vec<Known>,
    messages: HashMap<u32, String>,
    /// Of the batch's documents.
    ordinals: Vec<u32>,
    /// Values that nothing is known of, ascending.
    asked: Vec<u32>,
    outcome: Outcome,
}

impl ByDictionary {
    pub(crate) fn new(column: ColumnId, dictionary: &Dictionary) -> Self {
        Self {
            column,
            known: vec![Known::Nothing; dictionary.len as usize + 1],
            messages: HashMap::new(),
            ordinals: Vec::new(),
            asked: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Looks up which values the documents have. Returns those that the guest must be asked about, and where its answers go.
    ///
    /// # Errors
    /// As [`Columns::ordinals`].
    pub(crate) fn look_up(
        &mut self,
        columns: &mut dyn Columns,
        docs: &[u32],
    ) -> Result<(&[u32], &mut Outcome), Fault> {
        self.ordinals.resize(docs.len(), 0);
        columns
            .ordinals(self.column, docs, &mut self.ordinals)
            .map_err(Fault::Host)?;
        self.asked.clear();
        for ordinal in &self.ordinals {
            if let Some(known @ Known::Nothing) = self.known.get_mut(*ordinal as usize) {
                *known = Known::Asked;
                self.asked.push(*ordinal);
            }
        }
        self.asked.sort_unstable();
        Ok((&self.asked, &mut self.outcome))
    }

    /// Forgets that it was asked: the guest could not go on.
    pub(crate) fn give_up(&mut self) {
        for ordinal in &self.asked {
            self.known[*ordinal as usize] = Known::Nothing;
        }
    }

    /// Keeps what the guest said; `kinds`: of each value that it failed on.
    pub(crate) fn keep(&mut self, kinds: &[(usize, FailureKind)]) {
        for (ordinal, verdict) in self.asked.iter().zip(&self.outcome.verdicts) {
            self.known[*ordinal as usize] = match verdict {
                Verdict::Yes => Known::Yes,
                Verdict::No | Verdict::Error => Known::No,
            };
        }
        for (index, kind) in kinds {
            self.known[self.asked[*index] as usize] = Known::Failed(*kind);
        }
        for failure in self.outcome.failures.drain(..) {
            if self.messages.len() < MAX_MESSAGES {
                self.messages
                    .insert(self.asked[failure.index], failure.message);
            }
        }
    }

    /// Answers for the documents that were looked up.
    pub(crate) fn answer(&self, answers: &mut Answers<'_>) {
        for (index, ordinal) in self.ordinals.iter().enumerate() {
            match self.known.get(*ordinal as usize) {
                Some(Known::Yes) => answers.outcome.verdicts[index] = Verdict::Yes,
                Some(Known::Failed(kind)) => answers.fail(index, *kind, || {
                    let told = self.messages.get(ordinal).cloned();
                    told.unwrap_or_else(|| "the function failed on this value before".to_string())
                }),
                _ => {}
            }
        }
    }
}
