//! Diagon's half.

use std::path::Path;

use diagon::index::{ForceMerge, IndexWriter, Snapshot, WriterOptions};
use diagon::query::{self, SearchRequest};
use diagon::search::{SearchOptions, Searcher};
use serde_json::{Value, json};

use crate::workload::{self, Answer, Command, Document, Query};

type Error = Box<dyn std::error::Error>;

const MAPPING: &str = r#"{"dynamic": "strict", "properties": {
    "id": {"type": "keyword", "index": false, "doc_values": false},
    "title": {"type": "text", "analyzer": "simple"},
    "body": {"type": "text", "analyzer": "simple"},
    "price": {"type": "double"},
    "ts": {"type": "long"},
    "category": {"type": "keyword"},
    "maintainer": {"type": "keyword"}}}"#;

/// Indexes the documents, in one segment, in an order of similarity if wanted. Returns how many.
pub fn index(docs: &Path, folder: &Path, reorder: bool) -> Result<u64, Error> {
    let mut options = WriterOptions::default();
    options.ram_buffer_bytes = 2 << 30;
    let mut writer = IndexWriter::open(folder, Some(MAPPING), options)?;
    let count = workload::documents::<Error>(docs, |line| {
        let document: Document<'_> = serde_json::from_str(line)?;
        Ok(writer.add(Some(&document.id), line.as_bytes())?)
    })?;
    writer.commit()?;
    if reorder {
        writer.force_merge(&ForceMerge::to_segments(1).reordered())?;
        writer.commit()?;
    }
    Ok(count)
}

pub struct Engine {
    searcher: Searcher,
}

impl Engine {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let snapshot = Snapshot::open(folder)?;
        if snapshot.segments() != 1 {
            return Err(format!("Diagon has {} segments", snapshot.segments()).into());
        }
        let searcher = Searcher::new(snapshot, None, "compare");
        Ok(Self { searcher })
    }

    pub fn prepare(&self, query: &Query, command: Command) -> Result<SearchRequest, Error> {
        let term = |term: &String| json!({"term": {"body": term}});
        let terms: Vec<Value> = query.terms.iter().map(term).collect();
        let range = json!({"range": {"price": {"gte": query.min, "lte": query.max}}});
        let clause = match query.kind.as_str() {
            "term" => terms[0].clone(),
            "and" => json!({"bool": {"must": terms}}),
            "or" => json!({"bool": {"should": terms}}),
            "phrase" => json!({"match_phrase": {"body": query.terms.join(" ")}}),
            "term_range" => json!({"bool": {"must": terms, "filter": range}}),
            _ => range,
        };
        let request = json!({"query": clause, "size": command.hits(), "_source": false,
                             "track_total_hits": command.counts()});
        Ok(query::parse(&request.to_string())?)
    }

    pub fn run(&self, request: &mut SearchRequest) -> Result<Answer, diagon::Error> {
        let found = self.searcher.top_docs(request, &SearchOptions::default())?;
        Ok(Answer {
            count: found.total.map_or(0, |total| total.value),
            scores: found.hits.iter().filter_map(|(_, score)| *score).collect(),
        })
    }
}
