//! Search request JSON → AST, pure: no engine, no schema.
//!
//! *Useful for*: reading a request, printing it again, and telling its author exactly what is wrong and where. *Not useful
//! for*: whether a field or function exists, or what a value means to a field; lowering (`search`) does that, and uses
//! [`SearchRequest::error`] to point at the same places.
//!
//! Every error is an [`crate::Error::Query`] with a JSON path such as `query.bool.must[0].term` and a byte offset. What isn't
//! understood is refused: an option that is silently ignored gives wrong hits.
//!
//! ```
//! let request = diagon::query::parse(r#"{"query": {"match": {"title": "search engine"}}, "size": 3}"#)?;
//! assert_eq!((request.query.clause.kind(), request.size), ("match", 3));
//!
//! let error = diagon::query::parse(r#"{"query": {"match": {}}}"#).unwrap_err();
//! assert_eq!(error.to_string(), "query: `match` needs a field (at query.match, byte 20)");
//! # Ok::<(), diagon::Error>(())
//! ```
#![forbid(unsafe_code)]

mod ast;
mod clause;
mod json;
mod leaf;
mod minimum;
mod print;
mod request;
mod source_filter;
mod wasm_udf;

pub use ast::{
    Bool, Bound, Clause, Exists, FieldName, Ids, Match, MatchPhrase, Number, OnError, Operator,
    ParamValue, Parameter, Place, Query, Range, Scalar, SearchRequest, SourceFilter, Term, Terms,
    TrackTotalHits, WasmUdf,
};
pub use minimum::{Amount, MinimumShouldMatch};

/// Bytes of a request at most; OpenSearch's `http.max_content_length`.
pub const MAX_REQUEST_BYTES: usize = 100 << 20;

/// Objects and arrays around a value at most. A `bool` in a `bool` takes three.
pub const MAX_DEPTH: usize = 64;

/// Clauses in a request at most, compound ones included; OpenSearch's `indices.query.bool.max_clause_count`.
pub const MAX_CLAUSES: usize = 1024;

/// `from` + `size` at most; OpenSearch's `index.max_result_window`.
pub const MAX_RESULT_WINDOW: usize = 10_000;

/// Values of a `terms` or `ids` clause at most; OpenSearch's `index.max_terms_count`.
pub const MAX_TERMS: usize = 65_536;

/// Reads a search request. `{}` asks for all documents.
///
/// # Errors
/// [`crate::Error::Query`] with the path and byte offset of what is wrong.
pub fn parse(text: &str) -> crate::Result<SearchRequest> {
    request::parse(text)
}

/// Reads a search request from bytes, which must be UTF-8.
///
/// # Errors
/// As [`parse`].
pub fn parse_bytes(bytes: &[u8]) -> crate::Result<SearchRequest> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| crate::Error::query("$", error.valid_up_to(), "not valid UTF-8"))?;
    parse(text)
}
