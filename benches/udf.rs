//! What a user's function costs a document, beside native code that does the same.
//!
//! *Measured*: the edit-distance filter (name within 7 edits of "xapian") over all 100,000 documents, in batches of 1,024 through
//! `BatchUdf::filter`, which gathers the column and asks the function. `native` gathers the same column into the same kind
//! of buffers and calls the same Rust code, compiled for the host. *Left out*: finding candidates, collecting hits. Times are
//! per 1,024 documents; criterion's throughput line counts documents, so 10 Melem/s is 100 ns a document.
#![allow(
    clippy::unwrap_used,
    clippy::semicolon_if_nothing_returned,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark stops at the first mistake; criterion's macros make undocumented items"
)]

mod corpus;

#[path = "../examples/udfs/rust/string_distance/src/distance.rs"]
#[allow(
    dead_code,
    unused_imports,
    clippy::cast_possible_truncation,
    reason = "the guest's own code, for its own lints"
)]
mod distance;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use diagon::batch::{
    BATCH_CAPACITY, BatchUdf, ColumnOut, ColumnRequest, Columns, Interrupt, Outcome, UdfBatch,
    ValueType, Verdict,
};
use diagon::index::Snapshot;
use serde_json::json;

const TARGET: &str = "xapian";
const MAX_DISTANCE: usize = 7;

fn batches(snapshot: &Snapshot) -> Vec<Vec<u32>> {
    let docs: Vec<u32> = (0..u32::try_from(snapshot.live_docs()).unwrap()).collect();
    docs.chunks_exact(BATCH_CAPACITY)
        .map(<[u32]>::to_vec)
        .collect()
}

fn native(c: &mut Criterion, snapshot: &Snapshot, batches: &[Vec<u32>]) -> usize {
    let mut columns = snapshot.columns(0).unwrap();
    let request = ColumnRequest {
        field: "name".into(),
        value_type: ValueType::Str,
        list: false,
        default: None,
        optional: false,
    };
    let column = columns.open(&request).unwrap();
    let mut pattern = distance::Pattern::new(TARGET, false);
    let (mut offsets, mut bytes) = (vec![0; 4 * (BATCH_CAPACITY + 1)], Vec::new());
    let mut validity = vec![0; BATCH_CAPACITY / 8];
    let mut run = |docs: &[u32]| {
        let extent = columns.measure(column, docs).unwrap();
        bytes.resize(extent.bytes, 0);
        let out = ColumnOut {
            offsets: &mut offsets,
            child_offsets: &mut [],
            values: &mut bytes,
            validity: &mut validity,
        };
        columns.write(column, docs, out).unwrap();
        let at =
            |i: usize| i32::from_le_bytes(offsets[4 * i..4 * i + 4].try_into().unwrap()) as usize;
        (0..docs.len())
            .filter(|&i| {
                let text = std::str::from_utf8(&bytes[at(i)..at(i + 1)]).unwrap_or("");
                pattern.within(text, MAX_DISTANCE)
            })
            .count()
    };
    let found = batches.iter().map(|docs| run(docs)).sum();
    let mut next = batches.iter().cycle();
    c.benchmark_group("edit distance")
        .throughput(Throughput::Elements(BATCH_CAPACITY as u64))
        .bench_function("native", |b| {
            b.iter(|| black_box(run(next.next().unwrap())))
        });
    found
}

fn guest(c: &mut Criterion, name: &str, snapshot: &Snapshot, batches: &[Vec<u32>]) -> usize {
    let registry = corpus::registry();
    let udf = registry.resolve(name, None).unwrap();
    let parameters = json!({"field": "name", "target": TARGET, "max_distance": MAX_DISTANCE});
    let mut bound = udf.bind(parameters.as_object().unwrap()).unwrap();
    bound
        .enter_segment(Box::new(snapshot.columns(0).unwrap()))
        .unwrap();
    let (interrupt, mut outcome) = (Interrupt::default(), Outcome::default());
    let mut run = |bound: &mut dyn BatchUdf, docs: &[u32]| {
        bound
            .evaluate(UdfBatch { docs, scores: None }, &interrupt, &mut outcome)
            .unwrap();
        outcome
            .verdicts
            .iter()
            .filter(|verdict| **verdict == Verdict::Yes)
            .count()
    };
    let found = batches.iter().map(|docs| run(&mut *bound, docs)).sum();
    let mut next = batches.iter().cycle();
    c.benchmark_group("edit distance")
        .throughput(Throughput::Elements(BATCH_CAPACITY as u64))
        .bench_function(name, |b| {
            b.iter(|| black_box(run(&mut *bound, next.next().unwrap())));
        });
    found
}

fn benchmark(c: &mut Criterion) {
    let (_folder, snapshot) = corpus::snapshot();
    let batches = batches(&snapshot);
    let found = native(c, &snapshot, &batches);
    assert!(found > 0, "nothing to find");
    for name in ["string_distance", "string_distance_row"] {
        assert_eq!(
            guest(c, name, &snapshot, &batches),
            found,
            "{name} finds something else"
        );
    }
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
