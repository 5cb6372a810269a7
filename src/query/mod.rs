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
mod compound;
mod decay;
mod function_score;
mod functions;
pub(crate) mod geo;
mod json;
mod leaf;
mod minimum;
mod multi_term;
mod multi_term_parse;
mod multi_term_print;
mod print;
mod print_compound;
mod print_script;
mod print_sort;
#[cfg(test)]
mod print_strategies;
mod request;
mod script;
mod sort;
mod source_filter;
mod wasm_udf;

pub use ast::{
    Bool, Bound, Clause, Exists, FieldName, Ids, Match, MatchPhrase, Number, OnError, Operator,
    ParamValue, Parameter, Place, Query, Range, Scalar, SearchRequest, SourceFilter, Term, Terms,
    TrackTotalHits, WasmUdf,
};
pub use compound::{Boosting, DisMax};
pub use decay::{Decay, MultiValueMode, Origin, Shape};
pub use function_score::{
    BoostMode, FieldValueFactor, FunctionKind, FunctionScore, Modifier, RandomScore, ScoreFunction,
    ScoreMode,
};
pub use geo::Point;
pub use minimum::{Amount, MinimumShouldMatch};
pub use multi_term::{
    Expansion, Fuzziness, Fuzzy, MAX_REGEXP_CHARS, MatchBoolPrefix, MatchPhrasePrefix, Prefix,
    Regexp, RegexpFlags, Wildcard,
};
pub use script::{ScriptField, ScriptScore, ScriptSort, ScriptType};
pub use sort::{FieldSort, GeoDistanceSort, Missing, Order, SortBy, SortKey};

/// Bytes of a request at most; OpenSearch's `http.max_content_length`.
pub const MAX_REQUEST_BYTES: usize = 100 << 20;

/// Objects and arrays around a value at most. A `bool` in a `bool` takes three, so that there can be 30 of them, one in another,
/// as in OpenSearch.
pub const MAX_DEPTH: usize = 100;

/// Clauses in a request at most, those that only combine or score others not counted; also words of its texts, and terms that words
/// are expanded to. OpenSearch's `indices.query.bool.max_clause_count`.
pub const MAX_CLAUSES: usize = 1024;

/// `from` + `size` at most; OpenSearch's `index.max_result_window`.
pub const MAX_RESULT_WINDOW: usize = 10_000;

/// Sort keys of a request at most.
pub const MAX_SORT_KEYS: usize = 64;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_errors_point_at_the_same_places() {
        let text = r#" {"query": {"bool": {"must": [{"match_all": {}}, {"wasm_udf":
            {"name": "f", "parameters": {"a": 1, "b": [2]}}}], "filter": {"term": {"x.y": "z"}}}}}"#;
        let request = parse(text).unwrap();
        let Clause::Bool(clause) = &request.query.clause else {
            panic!("no bool")
        };
        let Clause::WasmUdf(udf) = &clause.must[1].clause else {
            panic!("no function")
        };
        let Clause::Term(term) = &clause.filter[0].clause else {
            panic!("no term")
        };
        for (place, path, at) in [
            (
                udf.parameters[1].place,
                "query.bool.must[1].wasm_udf.parameters.b",
                "[2]",
            ),
            (
                clause.must[1].place,
                "query.bool.must[1].wasm_udf",
                "{\"name\"",
            ),
            (term.field.place, "query.bool.filter.term.x.y", "\"z\""),
            (request.query.place, "query.bool", "{\"must\""),
        ] {
            let crate::Error::Query {
                path: found,
                offset,
                message,
            } = request.error(place, "no")
            else {
                panic!("another error")
            };
            assert_eq!((found.as_str(), message.as_str()), (path, "no"));
            assert!(text[offset..].starts_with(at));
        }
        assert!(
            request
                .error(Place::NONE, "no")
                .to_string()
                .contains("(at $, byte 0)")
        );
        assert!(Query::new(Clause::MatchAll).to_json().contains("match_all"));
    }

    #[test]
    fn numbers_keep_their_text() {
        let number = |text: &str| {
            let request = parse(&format!(r#"{{"query": {{"term": {{"f": {text}}}}}}}"#)).unwrap();
            match request.query.clause {
                Clause::Term(Term {
                    value: Scalar::Number(number),
                    ..
                }) => number,
                _ => panic!("no number"),
            }
        };
        assert_eq!(number("1.10").text(), "1.10");
        assert_eq!(
            (
                number("3.0").as_i64(),
                number("3e2").as_i64(),
                number("1.5").as_i64()
            ),
            (Some(3), Some(300), None)
        );
        assert_eq!(number("-9223372036854775808").as_i64(), Some(i64::MIN));
        assert_eq!(
            (
                number("9223372036854775808").as_i64(),
                number("2.5").as_f64()
            ),
            (None, 2.5)
        );
        assert_eq!(
            (Scalar::Bool(true).text(), Scalar::Bool(false).text()),
            ("true", "false")
        );
    }

    #[test]
    fn limits() {
        let refused = |text: &str, part: &str| {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{}", &error[..error.len().min(200)]);
        };
        let lists = |depth| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(
                r#"{{"query": {{"wasm_udf": {{"name": "f", "parameters": {{"a": {open}{close}}}}}}}}}"#
            )
        };
        parse(&lists(96)).unwrap();
        refused(&lists(97), "nested deeper than 100");
        refused(&lists(20_000), "nested deeper than 100");
        let bools = |depth: usize| {
            let (open, close) = (r#"{"bool": {"must": ["#.repeat(depth), "]}}".repeat(depth));
            format!(r#"{{"query": {open}{{"match_all": {{}}}}{close}}}"#)
        };
        assert!(parse(&bools(32)).is_ok());
        refused(&bools(33), "nested deeper than 100");
        let should = |count: usize| {
            let clauses = vec![r#"{"match_all": {}}"#; count].join(",");
            format!(r#"{{"query": {{"bool": {{"should": [{clauses}]}}}}}}"#)
        };
        assert!(parse(&should(MAX_CLAUSES)).is_ok());
        refused(
            &should(MAX_CLAUSES + 1),
            "more than 1024 clauses (at query.bool.should[1024]",
        );
        refused(&"[".repeat(1_000_000), "not valid JSON");
        let terms = |count: usize| {
            format!(
                r#"{{"query": {{"terms": {{"a": [{}1]}}}}}}"#,
                "1,".repeat(count - 1)
            )
        };
        assert!(parse(&terms(MAX_TERMS)).is_ok());
        refused(&terms(MAX_TERMS + 1), "65537 values");
        refused(&" ".repeat(MAX_REQUEST_BYTES + 1), "at most 104857600");
        let wide: String = (0..40).map(|n| format!("\"p{n}\": 1, ")).collect();
        refused(
            &format!(r#"{{"query": {{"wasm_udf": {{"parameters": {{{wide} "p7": 2}}}}}}}}"#),
            "key `p7` stands here twice",
        );
    }

    #[test]
    fn times() {
        for (text, ms) in [
            ("5nanos", 1),
            ("1001micros", 2),
            ("7ms", 7),
            ("2s", 2000),
            ("1m", 60_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(
                parse(&format!(r#"{{"timeout": "{text}"}}"#))
                    .unwrap()
                    .timeout_ms,
                Some(ms)
            );
        }
        assert_eq!(parse(r#"{"timeout": -1}"#).unwrap().timeout_ms, None);
    }
}
