//! The naive twin of the engine: a `Vec` of documents, and a search that looks at every one of them.
//!
//! It shares the analysis, the mapping and the parsed request with the engine, and nothing behind them: no postings, no columns,
//! no candidates, no three-valued truth. A function in the query is a closure that is asked about every document where it stands.
//! Scores are computed in the engine's floating point steps, so that they can be compared to the bit.
#![allow(
    dead_code,
    reason = "each of the tests that share the twin uses a part of it"
)]

pub(crate) mod compare;
pub(crate) mod compare_sorted;
mod compound;
pub(crate) mod document;
mod leaf;
mod multi_term;
mod phrase;
mod query;
mod regexp;
mod score;
pub(crate) mod sort;

use std::collections::{HashMap, HashSet};

use diagon::batch::{ValueType, Verdict};
use diagon::schema::Schema;
use diagon::search::SortValue;

use document::Document;
pub(crate) use query::{Found, View};

/// What a closure says about a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// Of a filter.
    No,
    /// Of a filter.
    Yes,
    /// The clause's `on_error` decides.
    Error,
    /// Of a score function.
    Score(f64),
    /// Of a value function.
    Value(SortValue),
    /// Of a value function that has none of this type.
    Missing(ValueType),
}

impl From<Verdict> for Said {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::No => Self::No,
            Verdict::Yes => Self::Yes,
            Verdict::Error => Self::Error,
        }
    }
}

impl From<bool> for Said {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// The field, a long, that tells documents apart for [`Twin::take_over`], also those of one id.
pub(crate) const SERIAL: &str = "serial";

/// Documents, in segments, as a writer holds them.
///
/// Deleted and replaced documents stay where they are and count in statistics, until nothing in their segment lives.
#[derive(Debug)]
pub(crate) struct Twin {
    schema: Schema,
    segments: Vec<Vec<Document>>,
    buffer: Vec<Document>,
    /// Ids that were added or deleted since the last flush: gone from the segments by the next one.
    gone: HashSet<String>,
    /// By [`SERIAL`]: deleted ones that the engine had no more when it was looked at.
    dropped: HashMap<i64, Document>,
}

impl Twin {
    pub(crate) fn new(mapping: &str) -> Self {
        let schema = Schema::from_mapping_json(mapping).expect("a mapping");
        Self {
            schema,
            segments: Vec::new(),
            buffer: Vec::new(),
            gone: HashSet::new(),
            dropped: HashMap::new(),
        }
    }

    pub(crate) fn add(&mut self, id: &str, json: &serde_json::Value) {
        self.delete(id);
        self.buffer.push(Document::new(&self.schema, id, json));
    }

    pub(crate) fn delete(&mut self, id: &str) {
        for document in self.buffer.iter_mut().filter(|d| d.id == id) {
            document.live = false;
        }
        self.gone.insert(id.to_string());
    }

    /// What a refresh and a commit have in common. A buffer in which nothing lives leaves no segment.
    pub(crate) fn flush(&mut self) {
        for document in self.segments.iter_mut().flatten() {
            document.live &= !self.gone.contains(&document.id);
        }
        self.gone.clear();
        let buffer = std::mem::take(&mut self.buffer);
        if buffer.iter().any(|d| d.live) {
            self.segments.push(buffer);
        }
    }

    /// Takes over what merges have left in the engine's segments: which documents, by [`SERIAL`], and in which order.
    ///
    /// # Errors
    /// What merges must not do: lose a live document, or hold one twice. (One that is deleted may come back and count in
    /// statistics once more: its segment had nothing live and was not shown, but was being merged already.)
    pub(crate) fn take_over(&mut self, segments: &[Vec<i64>]) -> Result<(), String> {
        let mut known = std::mem::take(&mut self.dropped);
        for document in self.segments.drain(..).flatten() {
            let serial = document
                .long(SERIAL)
                .expect("documents of this test have one");
            known.insert(serial, document);
        }
        for serials in segments {
            let mut segment = Vec::new();
            for serial in serials {
                let document = known.remove(serial);
                segment.push(document.ok_or(format!("document {serial} is there twice"))?);
            }
            if !segment.iter().any(|d| d.live) {
                return Err("a segment in which nothing lives".to_string());
            }
            self.segments.push(segment);
        }
        self.dropped = known;
        match self.dropped.values().find(|d| d.live) {
            Some(lost) => Err(format!("{} is lost", lost.id)),
            None => Ok(()),
        }
    }

    /// What a search sees after a flush: segments in which nothing lives are not there.
    pub(crate) fn view(&self) -> View<'_> {
        let there = |segment: &&Vec<Document>| segment.iter().any(|d| d.live);
        let segments = self.segments.iter().filter(there);
        View::new(&self.schema, segments.flatten().collect())
    }
}
