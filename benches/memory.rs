//! What queries cost in resident memory while they are in the middle of a batch.
//!
//! *Measured*: a hundred queries, each with the columns it reads and a batch of 1,024 documents in its hands: without a function (the
//! columns read by the host), and with one of the example functions, whose instance is alive. *Left out*: threads' stacks, which are
//! the same in both.
//!
//! `cargo bench --bench memory` (Linux: it reads /proc/self/status).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark stops at the first mistake, and prints"
)]

mod corpus;

use std::any::Any;

use diagon::batch::{
    BATCH_CAPACITY, ColumnOut, ColumnRequest, Columns, Interrupt, Outcome, UdfBatch, ValueType,
};
use diagon::index::Snapshot;
use serde_json::json;

const QUERIES: usize = 100;

/// Resident memory of this process, in KiB.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

fn docs(query: usize) -> Vec<u32> {
    let first = u32::try_from(query * 7 % 90_000).unwrap();
    (first..first + u32::try_from(BATCH_CAPACITY).unwrap()).collect()
}

/// A query without a function: it has read a column.
fn native(snapshot: &Snapshot, query: usize) -> Box<dyn Any> {
    let mut columns = snapshot.columns(0).unwrap();
    let request = ColumnRequest {
        field: "name".into(),
        value_type: ValueType::Str,
        list: false,
        default: None,
        optional: false,
    };
    let (id, docs) = (columns.open(&request).unwrap(), docs(query));
    let extent = columns.measure(id, &docs).unwrap();
    let (mut offsets, mut values) = (vec![0; 4 * (docs.len() + 1)], vec![0; extent.bytes]);
    let mut validity = vec![0; docs.len().div_ceil(8)];
    let out = ColumnOut {
        offsets: &mut offsets,
        child_offsets: &mut [],
        values: &mut values,
        validity: &mut validity,
    };
    columns.write(id, &docs, out).unwrap();
    Box::new((columns, docs, offsets, values, validity))
}

/// A query with a function: it has asked about a batch.
fn guest(
    snapshot: &Snapshot,
    registry: &diagon::udf::UdfRegistry,
    name: &str,
    query: usize,
) -> Box<dyn Any> {
    let parameters = json!({"field": "name", "target": "xapian", "max_distance": 7});
    let udf = registry.resolve(name, None).unwrap();
    let mut bound = udf.bind(parameters.as_object().unwrap()).unwrap();
    let columns = snapshot.columns(0).unwrap();
    bound.enter_segment(Box::new(columns)).unwrap();
    let (docs, mut outcome) = (docs(query), Outcome::default());
    let batch = UdfBatch {
        docs: &docs,
        scores: None,
    };
    bound
        .evaluate(batch, &Interrupt::default(), &mut outcome)
        .unwrap();
    Box::new((bound, docs, outcome))
}

/// How much more is resident while a hundred are alive.
fn cost(make: &dyn Fn(usize) -> Box<dyn Any>) -> i64 {
    drop(make(0)); // what is there once is not counted
    let before = resident();
    let queries: Vec<Box<dyn Any>> = (0..QUERIES).map(make).collect();
    let after = resident();
    drop(queries);
    after - before
}

fn main() {
    let (_folder, snapshot) = corpus::snapshot();
    let without = cost(&|query| native(&snapshot, query));
    println!(
        "| {QUERIES} queries in the middle of a batch | MiB | more than without, MiB |\n|---|---:|---:|"
    );
    let mib = |kib: i64| kib as f64 / 1024.0;
    println!("| without a function | {:.1} | |", mib(without));
    for (label, name) in [
        ("batch ABI, Rust guest", "string_distance"),
        ("row ABI, guest in WebAssembly text", "string_distance_row"),
    ] {
        // A pool of its own: a place that was used keeps some memory.
        let registry = corpus::registry();
        let with = cost(&|query| guest(&snapshot, &registry, name, query));
        println!(
            "| {label} | {:.1} | {:.1} |",
            mib(with),
            mib(with - without)
        );
    }
}
