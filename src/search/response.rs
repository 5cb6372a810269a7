//! What a search answers, and its JSON, shaped like OpenSearch's.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::batch::FunctionCounts;
use crate::index::DocAddress;

use super::functions::{FunctionReport, MAX_SAMPLES};
use super::script_fields::{ComputedField, FieldValue};
use super::sort::SortValue;

/// Whether a total is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is.
    Eq,
    /// There are at least so many.
    Gte,
}

/// How many documents match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotalHits {
    /// So many, or more; see `relation`.
    pub value: u64,
    /// Whether `value` is exact.
    pub relation: Relation,
}

/// A document that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its `_id`.
    pub id: String,
    /// Its score; `None` if hits are sorted by something else and `track_scores` doesn't ask for it.
    pub score: Option<f32>,
    /// The values that it was sorted by, one for each key; `None` if hits come by their score.
    pub sort: Option<Vec<SortValue>>,
    /// Its source, filtered as the request says; `None` if the request wants none.
    pub source: Option<Box<RawValue>>,
    /// What `script_fields` computed of it, in the order of the request; without those that have no value, or whose function failed.
    pub fields: Vec<ComputedField>,
}

/// What a search finds before anything of the documents is read.
#[derive(Clone, Debug)]
pub struct TopDocs {
    /// The page, best first: where each document is in the searcher's snapshot, and its score, if scores were computed.
    pub hits: Vec<(DocAddress, Option<f32>)>,
    /// As [`SearchResponse::total`].
    pub total: Option<TotalHits>,
    /// As [`SearchResponse::timed_out`].
    pub timed_out: bool,
}

/// Where the work went.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// From the request to the response, in nanoseconds.
    pub total_nanos: u64,
    /// In the engine and the functions, in nanoseconds.
    pub search_nanos: u64,
    /// Reading and filtering the page's sources, in nanoseconds.
    pub fetch_nanos: u64,
    /// Documents that the native part of the query let through. 0 for a query without functions.
    pub candidates: u64,
    /// Windows of 4,096 documents that were looked at.
    pub windows: u64,
    /// What each function did.
    pub functions: Vec<FunctionReport>,
}

/// A search's answer.
#[derive(Clone, Debug)]
pub struct SearchResponse {
    /// Milliseconds it took.
    pub took_ms: u64,
    /// Whether the time limit passed: there may be more, and better, hits.
    pub timed_out: bool,
    /// How many documents match; `None` if the request doesn't want to know.
    pub total: Option<TotalHits>,
    /// The best score of the query, whichever page this is; `None` without hits, if none were asked for, or if they are sorted
    /// by something else and `track_scores` doesn't ask for it.
    pub max_score: Option<f32>,
    /// The page, best first.
    pub hits: Vec<Hit>,
    /// The index's name, which each hit carries in JSON.
    pub index: String,
    /// Where the work went; always there.
    pub profile: Profile,
    /// Whether the JSON shows `profile`.
    pub show_profile: bool,
}

impl SearchResponse {
    /// The response as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only strings, finite numbers and valid JSON are in it.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Serializes an object from pairs.
macro_rules! object {
    ($serializer:expr, {$($key:literal: $value:expr,)*}) => {{
        let mut map = $serializer.serialize_map(None)?;
        $(map.serialize_entry($key, &$value)?;)*
        map.end()
    }};
}

impl Serialize for SearchResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let failing: Vec<&FunctionReport> = self
            .profile
            .functions
            .iter()
            .filter(|f| f.failures() > 0)
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("took", &self.took_ms)?;
        map.serialize_entry("timed_out", &self.timed_out)?;
        let shards = serde_json::json!({"total": 1, "successful": 1, "skipped": 0, "failed": 0});
        map.serialize_entry("_shards", &shards)?;
        map.serialize_entry("hits", &Hits(self))?;
        if !failing.is_empty() {
            map.serialize_entry("udf_errors", &Failing(&failing))?;
        }
        if self.show_profile {
            map.serialize_entry("profile", &self.profile)?;
        }
        map.end()
    }
}

struct Hits<'a>(&'a SearchResponse);

impl Serialize for Hits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(total) = self.0.total {
            map.serialize_entry("total", &total)?;
        }
        map.serialize_entry("max_score", &self.0.max_score)?;
        let hits: Vec<HitOf> = self
            .0
            .hits
            .iter()
            .map(|hit| HitOf(hit, &self.0.index))
            .collect();
        map.serialize_entry("hits", &hits)?;
        map.end()
    }
}

impl Serialize for TotalHits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let relation = match self.relation {
            Relation::Eq => "eq",
            Relation::Gte => "gte",
        };
        object!(serializer, {"value": self.value, "relation": relation,})
    }
}

struct HitOf<'a>(&'a Hit, &'a str);

impl Serialize for HitOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_index", self.1)?;
        map.serialize_entry("_id", &self.0.id)?;
        map.serialize_entry("_score", &self.0.score)?;
        if let Some(source) = &self.0.source {
            map.serialize_entry("_source", source)?;
        }
        if !self.0.fields.is_empty() {
            map.serialize_entry("fields", &Fields(&self.0.fields))?;
        }
        if let Some(sort) = &self.0.sort {
            map.serialize_entry("sort", sort)?;
        }
        map.end()
    }
}

/// Each value in an array, as OpenSearch has them.
struct Fields<'a>(&'a [ComputedField]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&**name, [value])))
    }
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::I64(value) => serializer.serialize_i64(*value),
            Self::F64(value) => serializer.serialize_f64(*value),
            Self::Str(value) => serializer.serialize_str(value),
        }
    }
}

impl Serialize for SortValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::I64(value) => serializer.serialize_i64(*value),
            // JSON has no infinite numbers; OpenSearch writes them so, and `search_after` takes them.
            Self::F64(value) if value.is_infinite() => serializer.serialize_str(if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }),
            Self::F64(value) => serializer.serialize_f64(*value),
            Self::Score(value) => serializer.serialize_f32(*value),
            Self::Str(value) => serializer.serialize_str(value),
        }
    }
}

struct Failing<'a>(&'a [&'a FunctionReport]);

impl Serialize for Failing<'_> {
    /// A function that stands in several places is one member.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names: Vec<&str> = Vec::new();
        for function in self.0 {
            if !names.contains(&function.name.as_str()) {
                names.push(&function.name);
            }
        }
        serializer.collect_map(names.into_iter().map(|name| {
            let uses = || self.0.iter().filter(|function| function.name == name);
            let samples = uses().flat_map(|function| &function.samples);
            let samples: Vec<_> = samples
                .take(MAX_SAMPLES)
                .map(|(id, kind, message)| {
                    serde_json::json!({"_id": id, "kind": kind.name(), "message": message})
                })
                .collect();
            let report = serde_json::json!({
                "documents": uses().map(|function| function.failures()).sum::<u64>(),
                "kinds": kinds(uses().map(|function| &function.counts)),
                "samples": samples,
            });
            (name, report)
        }))
    }
}

/// Failures by kind, without those that did not occur.
fn kinds<'a>(counts: impl Iterator<Item = &'a FunctionCounts>) -> serde_json::Value {
    let mut all = [("guest", 0), ("trap", 0), ("protocol", 0), ("limit", 0)];
    for c in counts {
        let kinds = [
            c.guest_failures,
            c.traps,
            c.protocol_failures,
            c.limit_failures,
        ];
        for ((_, sum), number) in all.iter_mut().zip(kinds) {
            *sum += number;
        }
    }
    let occurred = all.into_iter().filter(|(_, n)| *n > 0);
    occurred
        .map(|(kind, n)| (kind.to_string(), serde_json::Value::from(n)))
        .collect()
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let functions: Vec<_> = self
            .functions
            .iter()
            .map(|function| {
                serde_json::json!({
                    "name": function.name,
                    "calls": function.counts.calls,
                    "documents": function.counts.documents,
                    "time_in_nanos": function.counts.nanoseconds,
                    "instances": function.counts.instances,
                    "cached_documents": function.counts.cache_hits,
                    "documents_from_source": function.counts.source_reads,
                    "documents_by_dictionary": function.counts.by_dictionary,
                    "errors": kinds(std::iter::once(&function.counts)),
                })
            })
            .collect();
        object!(serializer, {
            "time_in_nanos": self.total_nanos,
            "search_time_in_nanos": self.search_nanos,
            "fetch_time_in_nanos": self.fetch_nanos,
            "candidates": self.candidates,
            "windows": self.windows,
            "udf": functions,
        })
    }
}
