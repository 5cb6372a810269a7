//! A pure filter whose answers are kept: it is asked only about documents that no search has asked it about with the same parameters.

use std::sync::Arc;

use super::bind::BoundUdf;
use super::outcome::UdfCounters;
use super::result_cache::{FilterKey, ResultCache, SegmentAnswers};
use crate::batch::{
    BatchUdf, ColumnRequest, Columns, FunctionCounts, Interrupt, Outcome, Returns, UdfBatch,
    Verdict,
};

/// A filter for one thread, with the cache in front of it.
pub(crate) struct CachedFilter {
    filter: BoundUdf,
    counters: Arc<UdfCounters>,
    cache: Arc<ResultCache>,
    key: FilterKey,
    /// Whether it is worth room.
    comes_again: bool,
    /// Of the current segment.
    answers: Option<Arc<SegmentAnswers>>,
    /// Documents of a batch that are not known, and their places in it.
    docs: Vec<u32>,
    places: Vec<usize>,
    outcome: Outcome,
}

impl CachedFilter {
    pub(crate) fn new(
        filter: BoundUdf,
        counters: Arc<UdfCounters>,
        cache: Arc<ResultCache>,
        key: FilterKey,
    ) -> Self {
        let comes_again = cache.comes_again(&key);
        Self {
            filter,
            counters,
            cache,
            key,
            comes_again,
            answers: None,
            docs: Vec::new(),
            places: Vec::new(),
            outcome: Outcome::default(),
        }
    }
}

impl BatchUdf for CachedFilter {
    fn label(&self) -> &str {
        self.filter.label()
    }

    fn returns(&self) -> Returns {
        self.filter.returns()
    }

    fn max_score(&self) -> Option<f64> {
        self.filter.max_score()
    }

    fn counts(&self) -> FunctionCounts {
        self.filter.counts()
    }

    fn requests(&self) -> &[ColumnRequest] {
        self.filter.requests()
    }

    fn wants_score(&self) -> bool {
        self.filter.wants_score()
    }

    fn enter_segment(&mut self, columns: Box<dyn Columns>) -> crate::Result<()> {
        let segment = columns.segment();
        self.answers = segment.and_then(|s| self.cache.get(&self.key, s, self.comes_again));
        self.filter.enter_segment(columns)
    }

    fn evaluate(
        &mut self,
        batch: UdfBatch<'_>,
        interrupt: &Interrupt,
        outcome: &mut Outcome,
    ) -> crate::Result<()> {
        let Some(answers) = &self.answers else {
            return self.filter.evaluate(batch, interrupt, outcome);
        };
        outcome.reset(batch.docs.len());
        self.docs.clear();
        self.places.clear();
        let (docs, places) = (&mut self.docs, &mut self.places);
        let verdicts = outcome.verdicts.as_mut_slice();
        answers.each(
            batch.docs,
            |place, yes| verdicts[place] = if yes { Verdict::Yes } else { Verdict::No },
            |place| {
                docs.push(batch.docs[place]);
                places.push(place);
            },
        );
        self.counters
            .add_cache_hits((batch.docs.len() - self.docs.len()) as u64);
        if self.docs.is_empty() {
            return Ok(());
        }
        let asked = UdfBatch {
            docs: &self.docs,
            scores: None,
        };
        self.filter.evaluate(asked, interrupt, &mut self.outcome)?;
        let found = &mut self.outcome;
        for (&place, &verdict) in self.places.iter().zip(&found.verdicts) {
            outcome.verdicts[place] = verdict;
        }
        // What failed is not known.
        let pairs = self.docs.iter().zip(&found.verdicts);
        let certain = pairs.filter(|(_, verdict)| **verdict != Verdict::Error);
        answers.set(certain.map(|(doc, verdict)| (*doc, *verdict == Verdict::Yes)));
        outcome.calls = found.calls;
        outcome
            .failures
            .extend(found.failures.drain(..).map(|mut failure| {
                failure.index = self.places[failure.index];
                failure
            }));
        Ok(())
    }
}
