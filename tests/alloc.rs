//! Nothing is allocated per hit or per batch: a search over eight times as many candidates, in eight times as many batches, makes as
//! many allocations.

mod guests;
mod naive;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use diagon::index::{IndexWriter, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use serde_json::{Value as Json, json};

/// The system's allocator, which counts what each thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is going away needs no counting.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator is an unsafe trait")]
// SAFETY: each call is handed to the system's allocator as it is; counting touches a thread-local without a destructor, and so
// doesn't allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` came from the system's allocator, with this layout.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: `memory` came from the system's allocator, with this layout.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MAPPING: &str = r#"{"properties": {"body": {"type": "text"}, "n": {"type": "long"}, "kw": {"type": "keyword"}}}"#;

/// One segment. The first 64 documents are worth most, so that the best are the same whatever comes behind.
fn searcher(folder: &std::path::Path, documents: u32) -> Searcher {
    let mut writer =
        IndexWriter::open(folder, Some(MAPPING), WriterOptions::default()).expect("a writer");
    for n in 0..documents {
        let body = if n < 64 { "fox" } else { "fox and dog" };
        let json = json!({"body": body, "n": n, "kw": [format!("k{}", n % 8), "all"]}).to_string();
        writer
            .add(Some(&n.to_string()), json.as_bytes())
            .expect("a document");
    }
    let snapshot = writer.refresh().expect("a refresh");
    Searcher::new(snapshot, guests::functions(), "allocations")
}

/// Allocations of a search that has been done before, and the candidates it had.
fn allocations(searcher: &Searcher, body: &Json) -> (u64, u64) {
    let request = query::parse(&body.to_string()).expect("a request");
    let mut least = u64::MAX;
    let mut candidates = 0;
    for _ in 0..3 {
        let before = ALLOCATIONS.get();
        let response = searcher
            .search(&request, &SearchOptions::default())
            .expect("an answer");
        least = least.min(ALLOCATIONS.get() - before);
        candidates = response.profile.candidates;
        assert_eq!(response.hits.len(), 10);
    }
    (least, candidates)
}

#[test]
fn allocations_do_not_grow_with_batches() {
    let function = |name: &str, parameters: Json| json!({"wasm_udf": {"name": name, "parameters": parameters}});
    let words = json!({"match": {"body": "fox"}});
    let picky = function("picky", json!({"m": 2, "r": 0}));
    let picky_row = function("picky_row", json!({"m": 2, "r": 0}));
    let starts = function("starts", json!({"prefix": "a"}));
    let item = function("item", json!({"at": 1, "text": "all"}));
    let scored = function("scored", json!({"least": 0.0}));
    let queries = [
        json!({"bool": {"must": [words], "filter": [picky]}}),
        json!({"bool": {"must": [words], "filter": [starts]}}),
        json!({"bool": {"must": [words], "filter": [item]}}),
        json!({"bool": {"must": [words], "filter": [scored]}}),
        json!({"bool": {"must": [words], "filter": [picky_row]}}),
        json!({"bool": {"must": [words], "should": [picky, {"bool": {"must_not": [starts]}}]}}),
        json!({"boosting": {"positive": words, "negative": picky, "negative_boost": 0.5}}),
        json!({"function_score": {"query": {"dis_max": {"queries": [words, picky], "tie_breaker": 0.5}}, "min_score": 0,
               "functions": [{"filter": starts, "gauss": {"n": {"origin": 1, "scale": 9}}}]}}),
        words,
    ];
    let folders = [
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    ];
    let few = searcher(folders[0].path(), 2_048);
    let many = searcher(folders[1].path(), 16_384);
    let mut bodies = Vec::new();
    for query in &queries {
        let body = json!({"query": query, "track_total_hits": true, "_source": false});
        let mut sorted = body.clone();
        sorted["sort"] = json!(["n", "kw"]);
        bodies.extend([body, sorted]);
    }
    for body in &bodies {
        let (few, few_candidates) = allocations(&few, body);
        let (many, many_candidates) = allocations(&many, body);
        assert_eq!(many_candidates, 8 * few_candidates, "{body}");
        assert!(
            many == few,
            "{few} allocations over {few_candidates} candidates, {many} over eight times as many: {body}"
        );
    }
}
