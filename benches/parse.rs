//! What it costs to read a request.
//!
//! *Measured*: JSON text to AST, for a hybrid query with a function and for a plain one. *Left out*: lowering.
#![allow(
    clippy::unwrap_used,
    clippy::semicolon_if_nothing_returned,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark stops at the first mistake; criterion's macros make undocumented items"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

const HYBRID: &str = r#"{"query": {"bool": {
   "must":   [{"match": {"body": "search engine"}}],
   "filter": [{"wasm_udf": {"name": "string_distance", "version": "1.0.0",
                            "parameters": {"field": "title", "target": "xapian", "max_distance": 2}}}]}},
 "size": 10}"#;
const PLAIN: &str = r#"{"query": {"match": {"body": "search engine"}}}"#;

fn benchmark(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    for (name, text) in [("hybrid", HYBRID), ("plain", PLAIN)] {
        group.bench_function(name, |b| {
            b.iter(|| diagon::query::parse(black_box(text)).unwrap())
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
