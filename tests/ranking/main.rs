//! How hits are scored and ordered: examples worked out by hand, responses as OpenSearch writes them, and what is refused.

#[path = "../guests/mod.rs"]
mod guests;
#[path = "../naive/mod.rs"]
mod naive;
mod orders;
mod scores;

use diagon::ErrorCode;
use diagon::index::{IndexWriter, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, SearchResponse, Searcher};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {
  "t": {"type": "text"}, "kw": {"type": "keyword"}, "bare": {"type": "keyword", "doc_values": false},
  "n": {"type": "long"}, "x": {"type": "double"}, "ok": {"type": "boolean"}, "day": {"type": "date"}, "loc": {"type": "geo_point"}}}"#;

/// Each inner list is a segment.
pub(crate) fn index(segments: &[Vec<Json>]) -> (TempDir, Searcher) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default())
        .expect("a writer");
    let mut number = 0;
    for segment in segments {
        for document in segment {
            let id = format!("d{number}");
            number += 1;
            writer
                .add(Some(&id), document.to_string().as_bytes())
                .expect("a document");
        }
        writer.refresh().expect("a refresh");
    }
    let snapshot = writer.refresh().expect("a refresh");
    let searcher = Searcher::new(snapshot, guests::functions(), "test");
    (folder, searcher)
}

pub(crate) fn small() -> (TempDir, Searcher) {
    index(&[
        vec![
            json!({"t": "red", "kw": "b", "n": 4, "x": 0.5, "ok": true, "day": "2024-01-01", "loc": "52.5,13.4"}),
            json!({"t": "red blue", "kw": ["a", "z"], "n": [1, 9], "day": "2024-01-11", "loc": "48.1,11.6"}),
        ],
        vec![
            json!({"t": "blue", "kw": "c", "n": -2, "x": 1.5, "ok": false, "day": "2024-01-31"}),
            json!({"t": "green"}),
        ],
    ])
}

pub(crate) fn ask(searcher: &Searcher, body: &Json) -> diagon::Result<SearchResponse> {
    searcher.search(&query::parse(&body.to_string())?, &SearchOptions::default())
}

pub(crate) fn ids(response: &SearchResponse) -> Vec<&str> {
    response.hits.iter().map(|hit| hit.id.as_str()).collect()
}

pub(crate) fn refused(searcher: &Searcher, body: Json, code: ErrorCode, part: &str) {
    let error = ask(searcher, &body).expect_err("an error");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}
