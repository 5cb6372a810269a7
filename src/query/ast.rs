//! What a search request says, as plain data.
//!
//! Values keep their JSON form, since only the schema knows what a field's values are. Two requests are equal if they ask
//! the same; where they were read from doesn't count.

use std::fmt::Write as _;
use std::sync::Arc;

use super::compound::{Boosting, DisMax};
use super::function_score::FunctionScore;
use super::json::path_at;
use super::minimum::MinimumShouldMatch;
use super::multi_term::{
    Expansion, Fuzziness, Fuzzy, MatchBoolPrefix, MatchPhrasePrefix, Prefix, Regexp, Wildcard,
};
use super::script::{ScriptField, ScriptScore};
use super::sort::SortKey;
use crate::Error;
use crate::batch::QueryLimits;

/// A search request.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    /// What to find; all documents if the request doesn't say.
    pub query: Query,
    /// How many of the best hits are skipped.
    pub from: usize,
    /// How many hits are returned at most; 10 by default.
    pub size: usize,
    /// The order of hits; by score, best first, if it is empty.
    pub sort: Vec<SortKey>,
    /// The sort values of the hit that the page begins after, one for each key; `None` stands for a missing value.
    pub search_after: Option<Vec<Option<Scalar>>>,
    /// Whether sorted hits have scores, and the response the highest one.
    pub track_scores: bool,
    /// What of each hit's source is returned.
    pub source: SourceFilter,
    /// What is computed of each hit.
    pub script_fields: Vec<ScriptField>,
    /// How far hits are counted exactly.
    pub track_total_hits: TrackTotalHits,
    /// Hits with a lower score are left out.
    pub min_score: Option<f32>,
    /// The search's time limit in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Whether the response tells where the time went.
    pub profile: bool,
    /// The text that the places point into.
    pub(super) text: RequestText,
}

impl Default for SearchRequest {
    /// All documents, the first ten.
    fn default() -> Self {
        Self {
            query: Query::new(Clause::MatchAll),
            from: 0,
            size: 10,
            sort: Vec::new(),
            search_after: None,
            track_scores: false,
            source: SourceFilter::All,
            script_fields: Vec::new(),
            track_total_hits: TrackTotalHits::default(),
            min_score: None,
            timeout_ms: None,
            profile: false,
            text: RequestText(Arc::from("")),
        }
    }
}

impl SearchRequest {
    /// An error about a place of this request, for whoever finds one later: an unknown field, a wrong parameter. The path is
    /// found again from the offset, so that parsing need not keep one for each node.
    #[must_use]
    pub fn error(&self, place: Place, message: impl Into<String>) -> Error {
        let (path, offset) = self.locate(place);
        Error::query(path, offset, message)
    }

    /// An error about a function that the clause at `place` names, with the place.
    #[must_use]
    pub fn clause_error(&self, place: Place, error: Error) -> Error {
        let (path, offset) = self.locate(place);
        let error = Box::new(error);
        Error::Clause {
            path,
            offset,
            error,
        }
    }

    fn locate(&self, place: Place) -> (String, usize) {
        match place.offset() {
            Some(offset) => (path_at(&self.text.0, offset), offset),
            None => ("$".to_string(), 0),
        }
    }
}

/// The request's text; equal to any other.
#[derive(Clone, Debug)]
pub(super) struct RequestText(pub(super) Arc<str>);

impl PartialEq for RequestText {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Where a part of the request was written; see [`SearchRequest::error`]. Equal to any other place.
#[derive(Clone, Copy, Debug)]
pub struct Place(u32);

impl Place {
    /// The place of what wasn't read from a text.
    pub const NONE: Self = Self(u32::MAX);

    /// A byte offset into the request.
    pub(super) fn at(offset: usize) -> Self {
        Self(u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// The byte offset into the request, `None` if it wasn't read from a text.
    #[must_use]
    pub fn offset(self) -> Option<usize> {
        usize::try_from(self.0).ok().filter(|_| self.0 != u32::MAX)
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A clause with what every clause may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What to find.
    pub clause: Clause,
    /// Multiplies the score; finite, not negative, 1 by default.
    pub boost: f32,
    /// `_name`: listed in `matched_queries` of the hits that match.
    pub name: Option<String>,
    /// The clause's body, such as `query.bool.must[0].term`.
    pub place: Place,
}

impl Query {
    /// A clause with a boost of 1 and no name.
    #[must_use]
    pub fn new(clause: Clause) -> Self {
        Self {
            clause,
            boost: 1.0,
            name: None,
            place: Place::NONE,
        }
    }
}

/// The kinds of clauses.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// Every document.
    MatchAll,
    /// No document.
    MatchNone,
    /// Documents with exactly this value.
    Term(Term),
    /// Documents with any of these values.
    Terms(Terms),
    /// Documents with words of an analyzed text.
    Match(Match),
    /// Documents with the words of an analyzed text one behind the other.
    MatchPhrase(MatchPhrase),
    /// As [`Clause::Match`], with the last word as a prefix.
    MatchBoolPrefix(MatchBoolPrefix),
    /// As [`Clause::MatchPhrase`], with the last word as a prefix.
    MatchPhrasePrefix(MatchPhrasePrefix),
    /// Documents with a term that begins with this.
    Prefix(Prefix),
    /// Documents with a term of this pattern.
    Wildcard(Wildcard),
    /// Documents with a term that matches this regular expression.
    Regexp(Regexp),
    /// Documents with a term near to this word.
    Fuzzy(Fuzzy),
    /// Documents with a value between bounds.
    Range(Range),
    /// Documents that have the field.
    Exists(Exists),
    /// Documents with any of these ids.
    Ids(Ids),
    /// Clauses in combination.
    Bool(Bool),
    /// A clause as a filter, whose score is its boost.
    ConstantScore(Box<Query>),
    /// Any of several clauses; the best one's score counts.
    DisMax(DisMax),
    /// A clause, with lower scores for documents of another one.
    Boosting(Boosting),
    /// A clause whose scores are changed by functions.
    FunctionScore(FunctionScore),
    /// Documents of a query, scored by a function.
    ScriptScore(ScriptScore),
    /// Documents that a user's function accepts.
    WasmUdf(WasmUdf),
}

/// A field's name and where it is named.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldName {
    /// The full dotted name.
    pub name: String,
    /// The place of what is asked of it.
    pub place: Place,
}

/// A value in a query, in its JSON form.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Str(String),
}

impl Scalar {
    /// The value as text, as a keyword or text field sees it. A number is as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(number) => number.text(),
            Self::Str(text) => text,
        }
    }
}

/// A JSON number as it was written: a keyword `1.10` is another term than `1.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(pub(super) Box<str>);

impl Number {
    /// The number as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The number as an integer, if it is one (`3.0` and `3e2` are) and fits.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, the fraction is 0"
    )]
    pub fn as_i64(&self) -> Option<i64> {
        if let Ok(value) = self.0.parse() {
            return Some(value);
        }
        // Digits alone that didn't parse are out of range; a double would round them into it.
        let value = self.as_f64();
        let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
        exact.then_some(value as i64)
    }

    /// The nearest double; always finite.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(0.0)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string().into())
    }
}

/// `{"term": {"field": "value"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The field.
    pub field: FieldName,
    /// The value, not analyzed.
    pub value: Scalar,
}

/// `{"terms": {"field": ["a", "b"]}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The field.
    pub field: FieldName,
    /// The values, at most [`super::MAX_TERMS`].
    pub values: Vec<Scalar>,
}

/// How the words of a match are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operator {
    /// Any word, or as many as `minimum_should_match` says.
    #[default]
    Or,
    /// All words.
    And,
}

/// `{"match": {"field": "some words"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The field.
    pub field: FieldName,
    /// The text to analyze.
    pub query: Scalar,
    /// How the words are combined.
    pub operator: Operator,
    /// How many words must match, with [`Operator::Or`].
    pub minimum_should_match: Option<MinimumShouldMatch>,
    /// The analyzer's name, else the field's.
    pub analyzer: Option<String>,
    /// How far terms may be from the words; without, they are the words.
    pub fuzziness: Option<Fuzziness>,
    /// Which of the terms that are near enough are taken.
    pub expansion: Expansion,
}

/// `{"match_phrase": {"field": "some words"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchPhrase {
    /// The field.
    pub field: FieldName,
    /// The text to analyze.
    pub query: Scalar,
    /// How far the words may be from their places in all: 1 lets one word stand one place further, and 2 lets two neighbours
    /// stand in the other order. The further, the lower the score.
    pub slop: u32,
    /// The analyzer's name, else the field's.
    pub analyzer: Option<String>,
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The value.
    pub value: Scalar,
    /// Whether the value itself is in the range: `gte` and `lte`.
    pub inclusive: bool,
}

/// `{"range": {"field": {"gte": 1, "lt": 2}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The field.
    pub field: FieldName,
    /// `gt` or `gte`.
    pub lower: Option<Bound>,
    /// `lt` or `lte`.
    pub upper: Option<Bound>,
}

/// `{"exists": {"field": "name"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Exists {
    /// The field.
    pub field: FieldName,
}

/// `{"ids": {"values": ["1", "2"]}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Ids {
    /// The ids, at most [`super::MAX_TERMS`].
    pub values: Vec<String>,
}

/// `{"bool": {"must": [], "filter": [], "should": [], "must_not": []}}`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bool {
    /// All must match, and score.
    pub must: Vec<Query>,
    /// All must match, without a score.
    pub filter: Vec<Query>,
    /// [`Bool::minimum_should_match`] of these must match, and score.
    pub should: Vec<Query>,
    /// None may match.
    pub must_not: Vec<Query>,
    /// How many of `should`. Without it: 1 if there is neither `must` nor `filter`, else 0.
    pub minimum_should_match: Option<MinimumShouldMatch>,
}

/// `{"wasm_udf": {"name": "f", "parameters": {}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct WasmUdf {
    /// The function's name.
    pub name: String,
    /// Its version, range or alias; the latest release without.
    pub version: Option<String>,
    /// The parameters in the order they were written.
    pub parameters: Vec<Parameter>,
    /// What becomes of documents that it fails on.
    pub on_error: OnError,
    /// What it is limited to in this query, where that is less than otherwise.
    pub limits: QueryLimits,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: ParamValue,
    /// The value's place.
    pub place: Place,
}

/// A parameter's value, in its JSON form.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// `null`: as if the parameter weren't there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Str(String),
    /// A list.
    List(Vec<ParamValue>),
}

/// What becomes of a document that a function fails on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The clause takes the value that can only remove the document.
    #[default]
    Exclude,
    /// The query fails.
    Fail,
    /// The clause takes the value that can't remove the document.
    Include,
}

/// What of a hit's source is returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SourceFilter {
    /// All of it.
    #[default]
    All,
    /// Nothing.
    None,
    /// The fields that match a pattern. `*` stands for any characters, dots included; a pattern that matches an object takes
    /// all of it.
    Patterns {
        /// Fields to return; all if empty.
        includes: Vec<String>,
        /// Fields to leave out of these.
        excludes: Vec<String>,
    },
}

/// How far hits are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackTotalHits {
    /// All.
    All,
    /// Not at all.
    No,
    /// Exactly up to this many.
    UpTo(u32),
}

impl Default for TrackTotalHits {
    /// OpenSearch's 10,000.
    fn default() -> Self {
        Self::UpTo(10_000)
    }
}

impl Clause {
    /// The name in requests and profiles.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MatchAll => "match_all",
            Self::MatchNone => "match_none",
            Self::Term(_) => "term",
            Self::Terms(_) => "terms",
            Self::Match(_) => "match",
            Self::MatchPhrase(_) => "match_phrase",
            Self::MatchBoolPrefix(_) => "match_bool_prefix",
            Self::MatchPhrasePrefix(_) => "match_phrase_prefix",
            Self::Prefix(_) => "prefix",
            Self::Wildcard(_) => "wildcard",
            Self::Regexp(_) => "regexp",
            Self::Fuzzy(_) => "fuzzy",
            Self::Range(_) => "range",
            Self::Exists(_) => "exists",
            Self::Ids(_) => "ids",
            Self::Bool(_) => "bool",
            Self::ConstantScore(_) => "constant_score",
            Self::DisMax(_) => "dis_max",
            Self::Boosting(_) => "boosting",
            Self::FunctionScore(_) => "function_score",
            Self::ScriptScore(_) => "script_score",
            Self::WasmUdf(_) => "wasm_udf",
        }
    }
}

/// Appends `text` as a JSON string.
pub(super) fn push_json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\u{1f}' => {
                // Writing into a string can't fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
