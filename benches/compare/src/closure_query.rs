//! A native closure over two columns as a clause of Tantivy: asked about the documents that the other clauses leave.

use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::index::SegmentReader;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, TERMINATED};

use crate::workload::Bounds;

/// Keeps documents with a price of at most `max_price` that are not older than `since`.
#[derive(Clone, Debug)]
pub struct ClosureQuery(pub Bounds);

impl Query for ClosureQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for ClosureQuery {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let bounds = self.0;
        let price = reader.fast_fields().f64("price")?.first_or_default_col(0.0);
        let ts = reader.fast_fields().i64("ts")?.first_or_default_col(0);
        let keep = move |doc, columns: &Columns| {
            columns.price.get_val(doc) <= bounds.max_price
                && columns.ts.get_val(doc) >= bounds.since
        };
        let columns = Columns { price, ts };
        let mut scorer = ClosureScorer {
            keep,
            columns,
            doc: 0,
            max_doc: reader.max_doc(),
        };
        scorer.seek(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("a closure", 0.0))
    }
}

struct Columns {
    price: Arc<dyn ColumnValues<f64>>,
    ts: Arc<dyn ColumnValues<i64>>,
}

struct ClosureScorer<F> {
    keep: F,
    columns: Columns,
    doc: DocId,
    max_doc: DocId,
}

impl<F: Fn(DocId, &Columns) -> bool + Send + 'static> DocSet for ClosureScorer<F> {
    fn advance(&mut self) -> DocId {
        self.seek(self.doc + 1)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.doc = target;
        while self.doc < self.max_doc && !(self.keep)(self.doc, &self.columns) {
            self.doc += 1;
        }
        if self.doc >= self.max_doc {
            self.doc = TERMINATED;
        }
        self.doc
    }

    /// Looks at one document: what an intersection asks for.
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.max_doc {
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        self.doc = target;
        if (self.keep)(target, &self.columns) {
            SeekDangerResult::Found
        } else {
            SeekDangerResult::SeekLowerBound(target + 1)
        }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.max_doc
    }
}

impl<F: Fn(DocId, &Columns) -> bool + Send + 'static> Scorer for ClosureScorer<F> {
    fn score(&mut self) -> Score {
        0.0
    }
}
