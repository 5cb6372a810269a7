//! Whole searches, from the parsed request to the page.
//!
//! *Measured*: lowering, finding, ranking, fetching ten sources; 100,000 documents, one segment, one thread, warm. *Left
//! out*: parsing (`parse`), printing JSON.
#![allow(
    clippy::unwrap_used,
    clippy::semicolon_if_nothing_returned,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark stops at the first mistake; criterion's macros make undocumented items"
)]

mod corpus;

use criterion::{Criterion, criterion_group, criterion_main};
use diagon::query;
use diagon::search::SearchOptions;

const SEARCHES: [(&str, &str); 9] = [
    ("term", r#"{"query":{"match":{"body":"xapian"}}}"#),
    (
        "or",
        r#"{"query":{"match":{"body":"search engine library"}}}"#,
    ),
    (
        "or, all counted",
        r#"{"query":{"match":{"body":"search engine library"}},"track_total_hits":true}"#,
    ),
    (
        "and",
        r#"{"query":{"match":{"body":{"query":"search engine library","operator":"and"}}}}"#,
    ),
    (
        "phrase",
        r#"{"query":{"match_phrase":{"body":"search engine"}}}"#,
    ),
    (
        "term and range",
        r#"{"query":{"bool":{"must":[{"match":{"body":"library"}}],"filter":[{"range":{"installed_size":{"gte":100,"lt":200}}}]}}}"#,
    ),
    (
        "range, counted",
        r#"{"query":{"range":{"installed_size":{"gte":100,"lt":200}}},"size":0,"track_total_hits":true}"#,
    ),
    (
        "function, batch ABI",
        r#"{"query":{"bool":{"must":[{"match":{"body":"library"}}],"filter":[{"wasm_udf":{"name":"string_distance","parameters":{"field":"name","target":"xapian","max_distance":7}}}]}}}"#,
    ),
    (
        "function, row ABI",
        r#"{"query":{"bool":{"must":[{"match":{"body":"library"}}],"filter":[{"wasm_udf":{"name":"string_distance_row","parameters":{"field":"name","target":"xapian","max_distance":7}}}]}}}"#,
    ),
];

fn benchmark(c: &mut Criterion) {
    let (_folder, snapshot) = corpus::snapshot();
    let searcher = corpus::searcher(&snapshot);
    let mut group = c.benchmark_group("search");
    for (name, text) in SEARCHES {
        let request = query::parse(text).unwrap();
        let options = SearchOptions::default();
        let response = searcher.search(&request, &options).unwrap();
        assert!(
            response.total.is_some_and(|total| total.value > 0),
            "{name} finds nothing"
        );
        group.bench_function(name, |b| {
            b.iter(|| searcher.search(&request, &options).unwrap())
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
