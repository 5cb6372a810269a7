//! What the bridge costs a hit.
//!
//! *Measured*: a match_all over 100,000 documents that only counts, once by the engine alone, and once with each document crossing
//! the bridge twice: handed out as a candidate in batches of 1,024, answered by the cheapest function there can be (a guest
//! that reads no column and says yes), handed back as accepted. The difference, less the guest's share (its own line in
//! `udf`), over 100,000 is the cost of the pull protocol a hit. `parts` shows the guest's share alone.
#![allow(
    clippy::unwrap_used,
    clippy::semicolon_if_nothing_returned,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark stops at the first mistake; criterion's macros make undocumented items"
)]

mod corpus;

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use diagon::batch::{BATCH_CAPACITY, Interrupt, Outcome, UdfBatch};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};

/// Says yes to everything, eight documents at a time.
const YES: &str = r#"(module
  (memory (export "memory") 2)
  (global $at (mut i32) (i32.const 1024))
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param i32) (result i32) (global.get $at))
  (func (export "filter") (param $batch i32) (result i32)
    (memory.fill (i32.load offset=36 (local.get $batch)) (i32.const 1) (i32.load offset=4 (local.get $batch)))
    (i32.const 0)))"#;
const MANIFEST: &str = r#"{"abi": 1, "name": "yes", "version": "1.0.0", "kind": "filter", "export": "filter", "pure": true}"#;

fn benchmark(c: &mut Criterion) {
    let (_folder, snapshot) = corpus::snapshot();
    let registry = corpus::without_results();
    registry
        .add(&wat::parse_str(YES).unwrap(), Some(MANIFEST))
        .unwrap();
    let registry = Arc::new(registry);
    let searcher = Searcher::new(snapshot.clone(), Some(Arc::clone(&registry) as _), "bench");
    let mut group = c.benchmark_group("boundary");
    group.throughput(Throughput::Elements(snapshot.live_docs()));
    let counts = [
        (
            "engine alone",
            r#"{"query":{"match_all":{}},"size":0,"track_total_hits":true}"#,
        ),
        (
            "over the bridge",
            r#"{"query":{"wasm_udf":{"name":"yes"}},"size":0,"track_total_hits":true}"#,
        ),
    ];
    for (name, text) in counts {
        let request = query::parse(text).unwrap();
        let options = SearchOptions::default();
        let response = searcher.search(&request, &options).unwrap();
        assert_eq!(
            response.total.map(|total| total.value),
            Some(snapshot.live_docs())
        );
        group.bench_function(name, |b| {
            b.iter(|| searcher.search(&request, &options).unwrap())
        });
    }
    let mut bound = registry
        .resolve("yes", None)
        .unwrap()
        .bind(&serde_json::Map::new())
        .unwrap();
    bound
        .enter_segment(Box::new(snapshot.columns(0).unwrap()))
        .unwrap();
    let docs: Vec<u32> = (0..u32::try_from(BATCH_CAPACITY).unwrap()).collect();
    let (interrupt, mut outcome) = (Interrupt::default(), Outcome::default());
    group.throughput(Throughput::Elements(BATCH_CAPACITY as u64));
    group.bench_function("parts: the guest, a batch of 1,024", |b| {
        b.iter(|| {
            bound
                .evaluate(
                    UdfBatch {
                        docs: &docs,
                        scores: None,
                    },
                    &interrupt,
                    &mut outcome,
                )
                .unwrap();
        });
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
