//! Values of fields without a column, which functions read from the documents as they were added.

mod guests;
mod naive;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use diagon::ErrorCode;
use diagon::batch::{ColumnOut, ColumnRequest, Columns, Interrupt, Value, ValueType};
use diagon::index::{IndexWriter, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, SearchResponse, Searcher};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// `body`, `flat`, `long`, `day`, `flag` and `word` have no columns; `word.copy` is another name for `word`.
const MAPPING: &str = r#"{"dynamic": false, "properties": {
    "body": {"type": "text", "analyzer": "simple"},
    "long": {"type": "long", "doc_values": false, "index": false},
    "double": {"type": "double", "doc_values": false, "index": false},
    "day": {"type": "date", "doc_values": false, "index": false},
    "flag": {"type": "boolean", "doc_values": false, "index": false},
    "word": {"type": "keyword", "doc_values": false, "fields": {"copy": {"type": "keyword", "doc_values": false}}},
    "loc": {"type": "geo_point"},
    "n": {"type": "long"}}}"#;

fn documents() -> [Json; 5] {
    [
        json!({"body": "the fox", "long": 7, "double": 0.5, "day": "2023-02-01", "flag": true, "word": ["b", "a"], "n": 0}),
        json!({"body": ["one", "two"], "long": [5, "3", null], "double": "2.5", "day": 86_400_000, "flag": "false", "word": "é", "n": 1,
            "deep": {"x": [{"y": 1}, {"y": [2.5, 3]}]}}),
        json!({"n": 2, "deep.x": {"y": 9}, "double": null}),
        json!({"n": 3, "deep": {"x.y": -1.0, "z": {"a": [1, "b"]}}, "word": []}),
        json!({"n": 4, "deep": "x"}),
    ]
}

fn index() -> (TempDir, Snapshot) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default())
        .expect("a writer");
    for (id, document) in documents().iter().enumerate() {
        let added = writer.add(Some(&id.to_string()), document.to_string().as_bytes());
        added.unwrap_or_else(|e| panic!("{document}: {e}"));
    }
    let snapshot = writer.commit().expect("a commit");
    (folder, snapshot)
}

fn request(field: &str, value_type: ValueType, list: bool) -> ColumnRequest {
    ColumnRequest {
        field: field.to_string(),
        value_type,
        list,
        default: None,
        optional: false,
    }
}

/// Sources are not read on when the query is to stop.
#[test]
fn reading_is_stopped() {
    let (_folder, snapshot) = index();
    let measure = |interrupt: Interrupt| {
        let mut columns = snapshot
            .columns(0)
            .expect("a segment")
            .stopped_by(interrupt);
        let column = columns.open(&request("long", ValueType::I64, false));
        columns.measure(column.expect("a field"), &[0, 1, 2])
    };
    measure(Interrupt::default()).expect("nobody stops it");
    let passed = Interrupt {
        deadline: Some(Instant::now()),
        cancel: None,
    };
    assert_eq!(
        measure(passed).expect_err("too late").code(),
        ErrorCode::Timeout
    );
    let cancelled = Interrupt {
        deadline: None,
        cancel: Some(Arc::new(AtomicBool::new(true))),
    };
    let error = measure(cancelled).expect_err("cancelled");
    assert_eq!(error.code(), ErrorCode::Cancelled);
}

/// The values of all documents, one list a document, as text.
fn read(snapshot: &Snapshot, request: &ColumnRequest) -> Vec<Vec<String>> {
    let docs: Vec<u32> = (0..5).collect();
    let mut columns = snapshot.columns(0).expect("columns");
    let column = columns.open(request).expect("a column");
    let extent = columns.measure(column, &docs).expect("an extent");
    let strings = request.value_type == ValueType::Str;
    let items = if request.list {
        extent.items
    } else {
        docs.len()
    };
    let mut offsets = vec![0xee; if request.list || strings { 4 * 6 } else { 0 }];
    let mut child_offsets = vec![
        0xee;
        if request.list && strings {
            4 * (items + 1)
        } else {
            0
        }
    ];
    let mut values = vec![
        0xee;
        if strings {
            extent.bytes
        } else {
            items * request.value_type.width()
        }
    ];
    let mut validity = vec![0xee; usize::from(request.default.is_none())];
    let out = ColumnOut {
        offsets: &mut offsets,
        child_offsets: &mut child_offsets,
        values: &mut values,
        validity: &mut validity,
    };
    let missing = columns.write(column, &docs, out).expect("values");
    let offset = |offsets: &[u8], i: usize| {
        let bytes = offsets[4 * i..4 * i + 4].try_into().expect("four bytes");
        usize::try_from(i32::from_le_bytes(bytes)).expect("an offset")
    };
    let item = |i: usize| match request.value_type {
        ValueType::Bool => (values[i] == 1).to_string(),
        ValueType::I64 => {
            i64::from_le_bytes(values[8 * i..8 * i + 8].try_into().expect("8")).to_string()
        }
        ValueType::F64 => {
            f64::from_le_bytes(values[8 * i..8 * i + 8].try_into().expect("8")).to_string()
        }
        ValueType::Str => {
            let ends = if request.list {
                &child_offsets
            } else {
                &offsets
            };
            String::from_utf8(values[offset(ends, i)..offset(ends, i + 1)].to_vec()).expect("UTF-8")
        }
    };
    let mut none = 0;
    let rows = (0..docs.len()).map(|doc| {
        let there = validity.first().is_none_or(|bits| bits >> doc & 1 == 1);
        none += usize::from(!there);
        if request.list {
            (offset(&offsets, doc)..offset(&offsets, doc + 1))
                .map(item)
                .collect()
        } else if there {
            vec![item(doc)]
        } else {
            Vec::new()
        }
    });
    let rows = rows.collect();
    assert_eq!(none, missing);
    rows
}

#[test]
fn all_types() {
    let (_folder, snapshot) = index();
    let value = |field: &str, value_type| read(&snapshot, &request(field, value_type, false));
    let list = |field: &str, value_type| read(&snapshot, &request(field, value_type, true));
    let empty: &[&str] = &[];
    assert_eq!(
        value("body", ValueType::Str),
        [&["the fox"][..], &["one"], empty, empty, empty]
    );
    assert_eq!(
        list("body", ValueType::Str),
        [&["the fox"][..], &["one", "two"], empty, empty, empty]
    );
    assert_eq!(
        value("word", ValueType::Str),
        [&["a"][..], &["é"], empty, empty, empty],
        "the smallest"
    );
    assert_eq!(
        list("word.copy", ValueType::Str),
        [&["b", "a"][..], &["é"], empty, empty, empty]
    );
    assert_eq!(
        value("long", ValueType::I64),
        [&["7"][..], &["3"], empty, empty, empty]
    );
    assert_eq!(
        list("long", ValueType::F64),
        [&["7"][..], &["5", "3"], empty, empty, empty]
    );
    assert_eq!(
        value("double", ValueType::F64),
        [&["0.5"][..], &["2.5"], empty, empty, empty]
    );
    assert_eq!(
        value("day", ValueType::I64),
        [&["1675209600000"][..], &["86400000"], empty, empty, empty]
    );
    assert_eq!(
        value("day", ValueType::F64),
        [&["1675209600000"][..], &["86400000"], empty, empty, empty]
    );
    assert_eq!(
        value("flag", ValueType::Bool),
        [&["true"][..], &["false"], empty, empty, empty]
    );
    let with_default = ColumnRequest {
        default: Some(Value::Str("none".into())),
        ..request("word", ValueType::Str, false)
    };
    assert_eq!(
        read(&snapshot, &with_default),
        [["a"], ["é"], ["none"], ["none"], ["none"]]
    );
}

#[test]
fn paths() {
    let (_folder, snapshot) = index();
    let list = |field: &str, value_type| read(&snapshot, &request(field, value_type, true));
    let empty: &[&str] = &[];
    // Objects inside each other, arrays of them, and names with dots are all the same.
    assert_eq!(
        list("_source.deep.x.y", ValueType::F64),
        [empty, &["1", "2.5", "3"], &["9"], &["-1"], empty]
    );
    assert_eq!(
        list("_source.deep.x.y", ValueType::I64),
        [empty, &["1", "2", "3"], &["9"], &["-1"], empty],
        "fractions are cut off, as in a `long`"
    );
    // An object as a string is its JSON.
    assert_eq!(
        list("_source.deep.z", ValueType::Str)[3],
        [r#"{"a":[1,"b"]}"#]
    );
    assert_eq!(list("_source.deep.z.a", ValueType::Str)[3], ["1", "b"]);
    assert_eq!(list("_source.nowhere", ValueType::Str), [empty; 5]);
    let whole = list("_source", ValueType::Str);
    for (found, document) in whole.iter().zip(documents()) {
        assert_eq!(found, &[document.to_string()]);
    }
}

/// As a column would have them: fractions of a `long` are cut off, an empty boolean is false, a keyword's number is as it was written.
#[test]
fn as_indexing_reads_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = WriterOptions::default();
    let with_columns = MAPPING.replace("\"doc_values\": false", "\"doc_values\": true");
    let found: Vec<Vec<Vec<Vec<String>>>> = [MAPPING, with_columns.as_str()]
        .iter()
        .enumerate()
        .map(|(n, mapping)| {
            let folder = folder.path().join(n.to_string());
            let mut writer = IndexWriter::open(folder, Some(mapping), options).expect("a writer");
            for text in [
                r#"{"long": 5.7, "double": 3, "flag": "", "word": 1.50}"#,
                r#"{"long": "-5.2", "double": "1e3", "flag": "true", "word": ["10", 2]}"#,
                r#"{"long": [7, 6.9], "double": [2.5, 1], "flag": [true, false], "word": true}"#,
                r#"{"long": 9007199254740993, "double": 9007199254740993, "day": "2024-02-29"}"#,
                r#"{"long": null, "double": [], "day": [5, "1970-01-02"]}"#,
            ] {
                writer
                    .add(None, text.as_bytes())
                    .unwrap_or_else(|e| panic!("{text}: {e}"));
            }
            let snapshot = writer.commit().expect("a commit");
            let all = [
                ("long", ValueType::I64),
                ("long", ValueType::F64),
                ("double", ValueType::F64),
                ("flag", ValueType::Bool),
                ("word", ValueType::Str),
                ("day", ValueType::I64),
            ];
            let both = |(name, kind): (&str, ValueType)| {
                [false, true].map(|list| read(&snapshot, &request(name, kind, list)))
            };
            all.into_iter().flat_map(both).collect()
        })
        .collect();
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0][8][0], ["1.50"]);
}

#[test]
fn what_can_not_be_read() {
    let (_folder, snapshot) = index();
    let mut columns = snapshot.columns(0).expect("columns");
    for (field, value_type, expected) in [
        ("nowhere", ValueType::Str, "there is no field `nowhere`"),
        (
            "loc",
            ValueType::F64,
            "the field `loc` of type geo_point has no column; read its `.lat` and `.lon`",
        ),
        (
            "body",
            ValueType::I64,
            "the field `body` is of type text, which can't be read as i64",
        ),
        (
            "_source",
            ValueType::F64,
            "`_source` is the whole document, which can't be read as f64",
        ),
        (
            "flag",
            ValueType::F64,
            "the field `flag` is of type boolean, which can't be read as f64",
        ),
    ] {
        let error = columns
            .open(&request(field, value_type, false))
            .expect_err(field);
        assert!(error.to_string().contains(expected), "{error}");
    }
    let column = columns
        .open(&request("body", ValueType::Str, false))
        .expect("a column");
    columns.measure(column, &[0, 1]).expect("an extent");
    for sizes in [[12, 9], [12, 11], [8, 10], [16, 10]] {
        let (mut offsets, mut values) = (vec![0; sizes[0]], vec![0; sizes[1]]);
        let out = ColumnOut {
            offsets: &mut offsets,
            values: &mut values,
            ..ColumnOut::default()
        };
        let error = columns
            .write(column, &[0, 1], out)
            .expect_err("a wrong size");
        assert!(error.to_string().contains("wrong size"), "{error}");
    }
}

/// Large documents are not all in memory at once: measuring stops when there is too much to be given to a function.
#[test]
fn measuring_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default())
        .expect("a writer");
    let large = "x".repeat(9 << 20);
    for id in 0..5 {
        let document = json!({"deep": large, "n": id}).to_string();
        writer
            .add(Some(&id.to_string()), document.as_bytes())
            .expect("a document");
    }
    let snapshot = writer.commit().expect("a commit");
    let mut columns = snapshot.columns(0).expect("columns");
    let column = columns
        .open(&request("_source.deep", ValueType::Str, false))
        .expect("a column");
    let bytes = |columns: &mut dyn Columns, docs: &[u32]| {
        columns.measure(column, docs).expect("an extent").bytes
    };
    assert_eq!(
        bytes(&mut columns, &[0, 1, 2, 3, 4]),
        2 * large.len(),
        "two are over 16 MiB"
    );
    assert_eq!(bytes(&mut columns, &[0]), large.len());

    // A function gets them one at a time.
    let searcher = Searcher::new(snapshot, guests::functions(), "large");
    let starts = json!({"name": "starts", "parameters": {"field": "_source.deep", "prefix": "xx"}});
    let response = run(&searcher, &json!({"query": {"wasm_udf": starts}}));
    assert_eq!(response.total.map(|total| total.value), Some(5));
}

fn run(searcher: &Searcher, body: &Json) -> SearchResponse {
    let request = query::parse(&body.to_string()).expect("a request");
    let response = searcher.search(&request, &SearchOptions::default());
    response.unwrap_or_else(|e| panic!("{body}: {e}"))
}

#[test]
fn functions_read_them_and_the_profile_says_so() {
    let (_folder, snapshot) = index();
    let searcher = Searcher::new(snapshot, guests::functions(), "source");
    let item = |field: &str| json!({"query": {"wasm_udf": {"name": "item", "parameters": {"field": field, "at": 1, "text": "two"}}}, "profile": true});
    let response = run(&searcher, &item("body"));
    let ids: Vec<&str> = response.hits.iter().map(|hit| hit.id.as_str()).collect();
    assert_eq!(ids, ["1"]);
    assert_eq!(response.profile.functions[0].counts.source_reads, 5);
    let json: Json = serde_json::from_str(&response.to_json()).expect("JSON");
    assert_eq!(json["profile"]["udf"][0]["documents_from_source"], 5);

    let fields = json!({"sort": "n", "script_fields": {
        "y": {"wasm_udf": {"name": "doubled", "parameters": {"field": "_source.deep.x.y"}}},
        "n": {"wasm_udf": {"name": "whole"}}}});
    let response = run(&searcher, &fields);
    let found: BTreeMap<&str, String> = response
        .hits
        .iter()
        .map(|hit| (hit.id.as_str(), format!("{:?}", hit.fields.first())))
        .collect();
    assert!(
        found["1"].contains("F64(2.0)") && found["2"].contains("F64(18.0)"),
        "{found:?}"
    );
    assert_eq!(
        response.profile.functions[1].counts.source_reads, 0,
        "`n` has a column"
    );
}
