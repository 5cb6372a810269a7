//! What a user's function costs a document, beside native code that does the same: ratios of one run.
//!
//! ```text
//! cargo bench --bench udf
//! ```
//!
//! *Measured*: one query's function over chosen documents of a segment, in batches of up to 1,024 through `BatchUdf::evaluate`:
//! set-up (binding, instance), reading columns, calls, answers. `native` reads the same columns by the same calls into buffers of
//! its own and runs a Rust closure over them. Both take turns, round by round; of each the fastest round counts, since what else
//! the machine does only adds. *Left out*: finding candidates, collecting hits.
//!
//! A function that says it is pure and reads one keyword is asked once for each distinct value ("by dictionary"); the same
//! module under a manifest that doesn't say so is asked about each document ("gathered").
//!
//! The second table has guests written with the SDKs beside the hand-written ones, in the same way.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark stops at the first mistake and prints its table; a file is a guest's own"
)]

#[path = "../corpus/mod.rs"]
mod corpus;
mod languages;
mod native;
mod numbers;

#[path = "../../examples/udfs/rust/string_distance/src/distance.rs"]
#[allow(
    dead_code,
    unused_imports,
    clippy::cast_possible_truncation,
    reason = "the guest's own code, for its own lints"
)]
mod distance;

use std::hint::black_box;
use std::time::Instant;

use diagon::batch::{BATCH_CAPACITY, Interrupt, Outcome, UdfBatch, Verdict};
use diagon::index::Snapshot;
use diagon::udf::UdfRegistry;
use native::Strings;
use serde_json::{Value, json};

const ROUNDS: usize = 41;
const TARGET: &str = "xapian";
const MAX_DISTANCE: usize = 7;
const PREFIX: &str = "lib";

/// Documents of a segment, in batches as a search makes them.
type Batches = Vec<Vec<u32>>;

fn batches_of(docs: impl Iterator<Item = u32>) -> Batches {
    let docs: Vec<u32> = docs.collect();
    docs.chunks(BATCH_CAPACITY).map(<[u32]>::to_vec).collect()
}

/// Runs a function over all batches, as one query does; returns how many documents it keeps.
fn guest(
    registry: &UdfRegistry,
    name: &str,
    parameters: &Value,
    snapshot: &Snapshot,
    batches: &Batches,
) -> usize {
    let udf = registry.resolve(name, None).unwrap();
    let mut bound = udf.bind(parameters.as_object().unwrap()).unwrap();
    let columns = Box::new(snapshot.columns(0).unwrap());
    bound.enter_segment(columns).unwrap();
    let (interrupt, mut outcome) = (Interrupt::default(), Outcome::default());
    let mut found = 0;
    for docs in batches {
        let batch = UdfBatch { docs, scores: None };
        bound.evaluate(batch, &interrupt, &mut outcome).unwrap();
        let kept = outcome.verdicts.iter().filter(|v| **v == Verdict::Yes);
        found += kept.count();
    }
    found
}

/// Runs both in turns and prints a line of the table.
fn compare(
    what: &str,
    batches: &Batches,
    mut native: impl FnMut() -> usize,
    mut guest: impl FnMut() -> usize,
) {
    assert_eq!(native(), guest(), "{what}: different documents");
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.push(nanoseconds(&mut native));
        b.push(nanoseconds(&mut guest));
    }
    let documents: u32 = batches
        .iter()
        .map(|b| u32::try_from(b.len()).unwrap())
        .sum();
    let (a, b) = (fastest(&a), fastest(&b));
    println!(
        "| {what} | {:.2} | {:.2} | {:.2} |",
        a / f64::from(documents),
        b / f64::from(documents),
        b / a
    );
}

fn nanoseconds(run: &mut impl FnMut() -> usize) -> f64 {
    let started = Instant::now();
    black_box(run());
    started.elapsed().as_secs_f64() * 1e9
}

fn fastest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn add(registry: &UdfRegistry, text: &str, manifest: &Value) {
    let module = wat::parse_str(text).unwrap();
    registry.add(&module, Some(&manifest.to_string())).unwrap();
}

/// The manifest of a filter over three numbers.
fn three_columns(name: &str, abi: Value) -> Value {
    json!({"abi": abi, "name": name, "version": "1.0.0", "kind": "filter", "pure": true,
        "fields": [{"name": "price", "type": "f64", "default": 0.0}, {"name": "ts", "type": "i64", "default": 0},
                   {"name": "stock", "type": "i64", "default": 0}],
        "params": [{"name": "max_price", "type": "f64", "required": true}, {"name": "since", "type": "i64", "required": true},
                   {"name": "least", "type": "i64", "required": true}]})
}

/// Its parameters.
fn limits() -> Value {
    json!({"max_price": 600.0, "since": 90_000, "least": 50})
}

/// The manifest of a filter over one keyword.
fn prefix(name: &str, pure: bool) -> Value {
    json!({"abi": 1, "name": name, "version": "1.0.0", "kind": "filter", "pure": pure,
        "fields": [{"name": "name", "type": "str", "default": ""}],
        "params": [{"name": "prefix", "type": "str", "required": true}]})
}

fn numbers() {
    let (_folder, snapshot) = numbers::snapshot();
    let registry = corpus::without_results();
    let text = include_str!("three_columns.wat");
    add(&registry, text, &three_columns("three_columns", 1.into()));
    let text = include_str!("three_fields_row.wat");
    let mut row = three_columns("three_fields_row", "row".into());
    row["row"] = "new".into();
    for field in row["fields"].as_array_mut().unwrap() {
        field.as_object_mut().unwrap().remove("default");
    }
    add(&registry, text, &row);
    let parameters = limits();
    let all = u32::try_from(snapshot.live_docs()).unwrap();
    for percent in [1, 10, 100] {
        let chosen = batches_of((0..all).filter(|doc| numbers::chance(*doc) % 100 < percent));
        let native = || numbers::native(&snapshot, &chosen, 600.0, 90_000, 50);
        let run = |name: &str| guest(&registry, name, &parameters, &snapshot, &chosen);
        compare(
            &format!("three numbers, {percent} % of the documents"),
            &chosen,
            native,
            || run("three_columns"),
        );
        if percent == 10 {
            compare(
                "three numbers, 10 % of the documents, row ABI",
                &chosen,
                native,
                || run("three_fields_row"),
            );
        }
    }
}

fn strings() {
    let (_folder, snapshot) = corpus::snapshot();
    let registry = corpus::without_results();
    let distance = corpus::read("examples/udfs/rust/string_distance/string_distance.wasm");
    let row = corpus::read("examples/udfs/wat/string_distance/string_distance.wasm");
    let row_manifest = corpus::read("examples/udfs/wat/string_distance/manifest.json");
    let row_manifest = String::from_utf8(row_manifest).unwrap();
    registry.add(&row, Some(&row_manifest)).unwrap();
    for pure in [true, false] {
        let way = if pure { "dictionary" } else { "gathered" };
        let manifest = prefix(&format!("prefix_{way}"), pure);
        add(&registry, include_str!("prefix.wat"), &manifest);
        let manifest = json!({"abi": 1, "name": format!("distance_{way}"), "version": "1.0.0", "kind": "filter", "pure": pure,
            "export": "filter",
            "fields": [{"name": "text", "type": "str", "from_param": "field"}],
            "params": [{"name": "field", "type": "str", "default": "title"}, {"name": "target", "type": "str", "required": true},
                       {"name": "max_distance", "type": "i64", "default": 2},
                       {"name": "ignore_case", "type": "bool", "default": false}]});
        registry
            .add(&distance, Some(&manifest.to_string()))
            .unwrap();
    }
    let all = batches_of(0..u32::try_from(snapshot.live_docs()).unwrap());
    let near = json!({"field": "name", "target": TARGET, "max_distance": MAX_DISTANCE});
    let begins_so = json!({ "prefix": PREFIX });
    let run = |name: &str, parameters: &Value| guest(&registry, name, parameters, &snapshot, &all);
    let mut strings = Strings::new(&snapshot);
    let mut begins = || strings.count(&all, |text| text.starts_with(PREFIX.as_bytes()));
    compare("prefix of a keyword, gathered", &all, &mut begins, || {
        run("prefix_gathered", &begins_so)
    });
    compare(
        "prefix of a keyword, by dictionary",
        &all,
        &mut begins,
        || run("prefix_dictionary", &begins_so),
    );
    let mut strings = Strings::new(&snapshot);
    let mut pattern = distance::Pattern::new(TARGET, false);
    let mut is_near = || {
        strings.count(&all, |text| {
            pattern.within(std::str::from_utf8(text).unwrap_or(""), MAX_DISTANCE)
        })
    };
    compare("edit distance, gathered", &all, &mut is_near, || {
        run("distance_gathered", &near)
    });
    compare("edit distance, by dictionary", &all, &mut is_near, || {
        run("distance_dictionary", &near)
    });
    compare("edit distance, row ABI", &all, &mut is_near, || {
        run("string_distance_row", &near)
    });
}

/// Guests of each language beside those written by hand.
fn languages() {
    let modules = languages::modules();
    println!("\n| filter | by hand, ns a document | with the SDK | ratio |");
    println!("|---|---:|---:|---:|");
    let (_folder, snapshot) = numbers::snapshot();
    let registry = corpus::without_results();
    let manifest = three_columns("three_columns", 1.into());
    add(&registry, include_str!("three_columns.wat"), &manifest);
    let all = u32::try_from(snapshot.live_docs()).unwrap();
    for module in &modules {
        let name = languages::add(&registry, module, "three_columns", &manifest);
        for percent in [1, 10, 100] {
            let chosen = batches_of((0..all).filter(|doc| numbers::chance(*doc) % 100 < percent));
            let run = |name: &str| guest(&registry, name, &limits(), &snapshot, &chosen);
            let what = format!("{}: three numbers, {percent} % of the documents", module.0);
            compare(&what, &chosen, || run("three_columns"), || run(&name));
        }
    }
    let (_folder, snapshot) = corpus::snapshot();
    let registry = corpus::without_results();
    let manifest = prefix("prefix", false);
    add(&registry, include_str!("prefix.wat"), &manifest);
    let all = batches_of(0..u32::try_from(snapshot.live_docs()).unwrap());
    let parameters = json!({ "prefix": PREFIX });
    for module in &modules {
        let name = languages::add(&registry, module, "prefix", &manifest);
        let run = |name: &str| guest(&registry, name, &parameters, &snapshot, &all);
        let what = format!("{}: prefix of a keyword", module.0);
        compare(&what, &all, || run("prefix"), || run(&name));
    }
}

fn main() {
    println!("| filter | native, ns a document | guest | ratio |");
    println!("|---|---:|---:|---:|");
    numbers();
    strings();
    languages();
}
