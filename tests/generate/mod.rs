//! Random documents, changes and queries, made so that everything collides: few words, few ids, small numbers.

#![allow(
    dead_code,
    reason = "each of the tests that share them uses a part of them"
)]

pub(crate) mod compound;
pub(crate) mod documents;
pub(crate) mod multi_term;
pub(crate) mod queries;
pub(crate) mod sort;

/// The mapping of the random documents: each type, and for text each way in which the engine may know where a field exists.
pub(crate) const MAPPING: &str = r#"{"dynamic": "strict", "properties": {
  "body": {"type": "text"},
  "note": {"type": "text", "analyzer": "english"},
  "bare": {"type": "text", "analyzer": "whitespace", "norms": false, "doc_values": true},
  "plain": {"type": "text", "norms": false},
  "kw": {"type": "keyword"},
  "kwi": {"type": "keyword", "doc_values": false},
  "n": {"type": "long"},
  "x": {"type": "double"},
  "ok": {"type": "boolean"},
  "day": {"type": "date"},
  "loc": {"type": "geo_point"},
  "obj": {"properties": {"a": {"type": "long"}, "b": {"type": "keyword"}}}}}"#;

/// How large the random things are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Different words.
    pub(crate) words: usize,
    /// Different ids.
    pub(crate) ids: usize,
    /// Numbers are below, and above minus a third of it.
    pub(crate) numbers: i64,
    /// A function fails on one document in so many, at most.
    pub(crate) fail_one_in: i64,
}

pub(crate) const SMALL: Shape = Shape {
    words: 9,
    ids: 24,
    numbers: 12,
    fail_one_in: 2,
};

/// The word of this number: with stop words, stems and capitals among the first.
pub(crate) fn word(number: usize) -> String {
    const WORDS: [&str; 9] = [
        "fox", "the", "foxes", "run", "running", "Dog", "of", "cat", "über",
    ];
    WORDS
        .get(number)
        .map_or_else(|| format!("w{number}"), ToString::to_string)
}
