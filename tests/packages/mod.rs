//! A slice of the sample corpus with a column of every kind, a file of queries of every kind, and all that an index says to them.
#![allow(
    dead_code,
    reason = "each of the tests that share it uses a part of it"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use diagon::batch::{ColumnOut, ColumnRequest, Columns as _, FunctionSource, ValueType};
use diagon::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use diagon::udf::UdfRegistry;
use serde_json::{Value as Json, json};

const CORPUS: &str = include_str!("../../examples/data/packages.jsonl");
const QUERIES: &str = include_str!("queries.jsonl");
const FUNCTION: &[u8] =
    include_bytes!("../../examples/udfs/rust/string_distance/string_distance.wasm");

pub(crate) const MAPPING: &str = r#"{"dynamic": "strict", "properties": {
  "id": {"type": "keyword"}, "name": {"type": "keyword"}, "section": {"type": "keyword"},
  "maintainer": {"type": "keyword"}, "priority": {"type": "keyword"}, "tags": {"type": "keyword"},
  "title": {"type": "text", "analyzer": "standard", "doc_values": true},
  "body": {"type": "text", "analyzer": "english"},
  "installed_size": {"type": "long"}, "download_size": {"type": "long"},
  "ratio": {"type": "double"}, "whole": {"type": "double"}, "big": {"type": "boolean"},
  "day": {"type": "date"}, "where": {"type": "geo_point"}, "sizes": {"type": "long"}}}"#;

/// Every field with a column, and as what it is read.
const COLUMNS: [(&str, ValueType); 13] = [
    ("_id", ValueType::Str),
    ("name", ValueType::Str),
    ("section", ValueType::Str),
    ("tags", ValueType::Str),
    ("title", ValueType::Str),
    ("installed_size", ValueType::I64),
    ("sizes", ValueType::I64),
    ("ratio", ValueType::F64),
    ("whole", ValueType::F64),
    ("big", ValueType::Bool),
    ("day", ValueType::I64),
    ("where.lat", ValueType::F64),
    ("where.lon", ValueType::F64),
];

/// A record of the corpus, with values of the types that it lacks. Some have none, some have several.
fn record(number: usize, line: &str, text: usize) -> Json {
    let mut record: Json = serde_json::from_str(line).expect("a record");
    let body = record["body"].as_str().unwrap_or_default();
    record["body"] = body.chars().take(text).collect::<String>().into();
    let installed = record["installed_size"].as_i64().unwrap_or(0);
    let download = record["download_size"].as_i64().unwrap_or(0);
    record["big"] = json!(installed > 1_000);
    record["day"] = json!(978_307_200_000_i64 + installed * 86_400_000);
    if !number.is_multiple_of(3) {
        let [a, b] = [installed, download].map(|n| f64::from(i32::try_from(n).unwrap_or(1)));
        record["ratio"] = json!(b / (1.0 + a * 64.0));
        record["whole"] = json!(a);
    }
    if number.is_multiple_of(5) {
        record["where"] = json!({"lat": installed % 90, "lon": download % 180});
        record["sizes"] = json!([installed, download, installed]);
    }
    record
}

/// Makes an index of the first records in an empty folder: two segments, both with deleted documents. Of each long text only
/// the first `text` characters.
pub(crate) fn build(folder: &Path, documents: usize, text: usize) {
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    let mut writer = IndexWriter::open(folder, Some(MAPPING), options).expect("a writer");
    let lines = CORPUS.lines().take(documents).enumerate();
    for (number, line) in lines {
        let record = record(number, line, text);
        let added = writer.add(None, record.to_string().as_bytes());
        added.unwrap_or_else(|error| panic!("{record}: {error}"));
        if number == documents * 2 / 3 {
            writer.refresh().expect("a refresh");
        }
    }
    for line in CORPUS.lines().take(documents).step_by(17) {
        let record: Json = serde_json::from_str(line).expect("a record");
        let id = record["id"].as_str().expect("an id");
        writer.delete(id).expect("a deletion");
    }
    writer.commit().expect("a commit");
}

fn functions() -> Arc<dyn FunctionSource> {
    static FUNCTIONS: OnceLock<Arc<UdfRegistry>> = OnceLock::new();
    let registry = FUNCTIONS.get_or_init(|| {
        let registry = UdfRegistry::in_memory().expect("an engine");
        registry.add(FUNCTION, None).expect("a function");
        Arc::new(registry)
    });
    Arc::clone(registry) as _
}

/// Runs the whole query file, reads all columns and all sources. One line for each query and column.
pub(crate) fn answers(folder: &Path) -> diagon::Result<Vec<String>> {
    let snapshot = Snapshot::open(folder)?;
    let searcher = Searcher::new(snapshot.clone(), Some(functions()), "packages");
    let mut answers = Vec::new();
    let mut documents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, text) in QUERIES.lines().enumerate() {
        let response = searcher.search(&query::parse(text)?, &SearchOptions::default())?;
        let mut line = format!("{:?}", response.total.map(|t| (t.value, t.relation)));
        for hit in &response.hits {
            let source = hit.source.as_ref().map_or("", |source| source.get());
            let hash = fnv(source.as_bytes());
            let score = hit.score.unwrap_or(f32::NAN);
            write!(line, " {}={score}:{hash:x}", hit.id).expect("memory");
            if number == 0 {
                match snapshot.find(&hit.id)? {
                    Some(at) => documents.entry(at.segment).or_default().push(at.doc),
                    None => answers.push(format!("there is no {}", hit.id)),
                }
            }
        }
        answers.push(line);
    }
    for (segment, mut docs) in documents {
        docs.sort_unstable();
        for (field, value_type) in COLUMNS {
            for list in [false, true] {
                let hash = column(&snapshot, segment, &docs, field, value_type, list)?;
                answers.push(format!("{segment} {field} {list} {hash:x}"));
            }
        }
    }
    Ok(answers)
}

/// The hash of a column's values.
fn column(
    snapshot: &Snapshot,
    segment: u32,
    docs: &[u32],
    field: &str,
    value_type: ValueType,
    list: bool,
) -> diagon::Result<u64> {
    let mut columns = snapshot.columns(segment)?;
    let request = ColumnRequest {
        field: field.to_string(),
        value_type,
        list,
        default: None,
        optional: false,
    };
    let column = match field {
        "_id" => columns.open_id()?,
        _ => columns.open(&request)?,
    };
    let list = list && field != "_id";
    let mut hash = 0;
    for docs in docs.chunks(1_024) {
        let extent = columns.measure(column, docs)?;
        let width = match value_type {
            ValueType::Bool => 1,
            _ => 8,
        };
        let strings = value_type == ValueType::Str;
        let starts = |n: usize| vec![0; 4 * (n + 1)];
        let mut offsets = match strings || list {
            true => starts(docs.len()),
            false => Vec::new(),
        };
        let mut child_offsets = match strings && list {
            true => starts(extent.items),
            false => Vec::new(),
        };
        let mut values = match (strings, list) {
            (true, _) => vec![0; extent.bytes],
            (false, true) => vec![0; extent.items * width],
            (false, false) => vec![0; docs.len() * width],
        };
        let mut validity = vec![0; docs.len().div_ceil(8)];
        let out = ColumnOut {
            offsets: &mut offsets,
            child_offsets: &mut child_offsets,
            values: &mut values,
            validity: &mut validity,
        };
        columns.write(column, docs, out)?;
        for part in [offsets, child_offsets, values, validity] {
            hash = hash * 31 % 0x7fff_ffff + fnv(&part) % 0x7fff_ffff;
        }
    }
    Ok(hash)
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
