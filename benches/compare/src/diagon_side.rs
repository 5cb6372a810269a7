//! Diagon's half.

use std::path::Path;
use std::sync::Arc;

use diagon::index::{Bulk, ForceMerge, IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::query::{self, SearchRequest};
use diagon::search::{SearchOptions, Searcher};
use diagon::udf::{EngineOptions, UdfEngine, UdfLimits, UdfRegistry};
use serde_json::{Value, json};

use crate::workload::{self, Answer, Bounds, Command, Query};

type Error = Box<dyn std::error::Error>;
type SentError = Box<dyn std::error::Error + Send + Sync>;

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
    let count = workload::documents::<Error>(docs, |line| Ok(writer.add(None, line.as_bytes())?))?;
    writer.commit()?;
    if reorder {
        writer.force_merge(&ForceMerge::to_segments(1).reordered())?;
        writer.commit()?;
    }
    Ok(count)
}

/// Indexes the documents with several threads, in as many segments as a RAM buffer of 64 MiB makes, without merging. Returns how
/// many.
pub fn index_with_threads(docs: &Path, folder: &Path, threads: u32) -> Result<u64, Error> {
    let mut options = WriterOptions::default();
    options.indexing_threads = threads;
    options.merges = MergeOptions::none();
    let mut writer = IndexWriter::open(folder, Some(MAPPING), options)?;
    let chunks = workload::chunks(docs)?;
    let work = |mut bulk: Bulk| -> Result<u64, SentError> {
        let (mut lines, mut count) = (String::new(), 0);
        while workload::next_chunk(&chunks, &mut lines)? {
            for line in lines.lines() {
                bulk.add(None, line.as_bytes())?;
            }
            count += bulk.len() as u64;
            bulk.apply()?;
        }
        Ok(count)
    };
    let count = std::thread::scope(|scope| {
        let bulks: Vec<Bulk> = (0..threads).map(|_| writer.bulk()).collect();
        let work = &work;
        let all: Vec<_> = bulks
            .into_iter()
            .map(|bulk| scope.spawn(move || work(bulk)))
            .collect();
        let joined = all.into_iter().map(|one| one.join().expect("no panic"));
        joined.sum::<Result<u64, SentError>>()
    });
    let count = count.map_err(|error| error as Error)?;
    writer.commit()?;
    Ok(count)
}

/// Keeps documents by price and time.
const GUEST: &str = include_str!("../guests/price_and_time.wat");
const MANIFEST: &str = r#"{"abi": 1, "name": "price_and_time", "version": "1.0.0", "kind": "filter", "pure": true,
    "fields": [{"name": "price", "type": "f64", "default": 0.0}, {"name": "ts", "type": "i64", "default": 0}],
    "params": [{"name": "max_price", "type": "f64", "required": true},
               {"name": "since", "type": "i64", "required": true}]}"#;

pub struct Engine {
    searcher: Searcher,
}

impl Engine {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let snapshot = Snapshot::open(folder)?;
        if snapshot.segments() != 1 {
            return Err(format!("Diagon has {} segments", snapshot.segments()).into());
        }
        // Parameters are new in each run; what was answered before is switched off all the same.
        let limits = UdfLimits {
            result_cache_bytes: 0,
            ..UdfLimits::default()
        };
        let engine = UdfEngine::new(&EngineOptions::default())?;
        let registry = UdfRegistry::in_memory_with(engine, limits);
        registry.add(&wat::parse_str(GUEST)?, Some(MANIFEST))?;
        let searcher = Searcher::new(snapshot, Some(Arc::new(registry)), "compare");
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

    /// A term and a function, which adds nothing to the score; all hits are counted.
    pub fn prepare_function(&self, query: &Query, bounds: Bounds) -> Result<SearchRequest, Error> {
        let parameters = json!({"max_price": bounds.max_price, "since": bounds.since});
        let function = json!({"wasm_udf": {"name": "price_and_time", "parameters": parameters}});
        let clause =
            json!({"bool": {"must": {"term": {"body": query.terms[0]}}, "filter": function}});
        let request =
            json!({"query": clause, "size": 10, "_source": false, "track_total_hits": true});
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
