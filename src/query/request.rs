//! The request around the query: paging, source filter, limits.

use std::sync::Arc;

use super::ast::{Place, RequestText, SearchRequest, SourceFilter, TrackTotalHits};
use super::clause::Clauses;
use super::json::Node;
use super::script;
use super::sort::{search_after, sort};
use super::{MAX_REQUEST_BYTES, MAX_RESULT_WINDOW};
use crate::Error;

const KEYS: [&str; 12] = [
    "query",
    "from",
    "size",
    "sort",
    "search_after",
    "track_scores",
    "_source",
    "script_fields",
    "track_total_hits",
    "min_score",
    "timeout",
    "profile",
];

pub(super) fn parse(text: &str) -> crate::Result<SearchRequest> {
    if text.len() > MAX_REQUEST_BYTES {
        let message = format!(
            "a request of {} bytes; at most {MAX_REQUEST_BYTES}",
            text.len()
        );
        return Err(Error::query("$", MAX_REQUEST_BYTES, message));
    }
    let root = Node::root(text)?;
    let mut request = SearchRequest {
        text: RequestText(Arc::from(text)),
        ..SearchRequest::default()
    };
    let (mut after, mut source_given) = (None, false);
    for entry in &root.object("a search request, an object")? {
        let value = root.member(entry);
        match &*entry.key {
            "query" => request.query = Clauses::default().query(&value)?,
            "from" => request.from = unsigned(&value)?,
            "size" => request.size = unsigned(&value)?,
            "sort" => request.sort = sort(&value)?,
            "search_after" => {
                after = Some(value.place());
                request.search_after = Some(search_after(&value)?);
            }
            "track_scores" => request.track_scores = value.boolean()?,
            "_source" => {
                source_given = true;
                request.source = source(&value)?;
            }
            "script_fields" => request.script_fields = script::fields(&value)?,
            "track_total_hits" => request.track_total_hits = track_total_hits(&value)?,
            "min_score" => request.min_score = Some(finite(&value)?),
            "timeout" => request.timeout_ms = timeout(&value)?,
            "profile" => request.profile = value.boolean()?,
            key => return Err(unknown_key(&value, key, "a search request", &KEYS)),
        }
    }
    // As in OpenSearch: who computes fields gets the source only if they ask for it.
    if !request.script_fields.is_empty() && !source_given {
        request.source = SourceFilter::None;
    }
    if let Some(values) = &request.search_after {
        let refused = match (values.len(), request.sort.len()) {
            (_, 0) => Some("`search_after` needs `sort`".to_string()),
            (values, keys) if values != keys => Some(format!(
                "`search_after` has {values} values, but `sort` has {keys}"
            )),
            _ if request.from > 0 => Some("`from` must be 0 with `search_after`".to_string()),
            _ => None,
        };
        if let Some(message) = refused {
            return Err(request.error(after.unwrap_or(Place::NONE), message));
        }
    }
    let window = request.from.saturating_add(request.size);
    if window > MAX_RESULT_WINDOW {
        let message = format!("`from` + `size` is {window}; at most {MAX_RESULT_WINDOW}");
        return Err(root.error(message));
    }
    Ok(request)
}

/// The error about a key that isn't possible where it stands.
pub(super) fn unknown_key(
    value: &Node<'_, '_>,
    key: &str,
    place: &str,
    possible: &[&str],
) -> Error {
    value.error(format!(
        "unknown key `{key}` in {place}; possible: {}",
        possible.join(", ")
    ))
}

fn unsigned(node: &Node<'_, '_>) -> crate::Result<usize> {
    node.raw()
        .parse()
        .map_err(|_| node.expected("an integer from 0"))
}

/// Reads a finite `f32`; a string that is one is taken as well, as in OpenSearch.
pub(super) fn finite(node: &Node<'_, '_>) -> crate::Result<f32> {
    const WHAT: &str = "a number";
    let value: Option<f32> = match node.kind() {
        b'"' => node.string(WHAT)?.trim().parse().ok(),
        _ => node.raw().parse().ok().filter(|_| node.is_number()),
    };
    value
        .filter(|value| value.is_finite())
        .ok_or_else(|| node.expected(WHAT))
}

fn source(node: &Node<'_, '_>) -> crate::Result<SourceFilter> {
    if node.kind() != b'{' {
        return match node.raw() {
            "true" => Ok(SourceFilter::All),
            "false" => Ok(SourceFilter::None),
            _ => Ok(SourceFilter::Patterns {
                includes: patterns(node)?,
                excludes: Vec::new(),
            }),
        };
    }
    let (mut includes, mut excludes) = (Vec::new(), Vec::new());
    for entry in &node.object("an object")? {
        let value = node.member(entry);
        match &*entry.key {
            "includes" | "include" => includes = patterns(&value)?,
            "excludes" | "exclude" => excludes = patterns(&value)?,
            key => {
                return Err(unknown_key(
                    &value,
                    key,
                    "`_source`",
                    &["includes", "excludes"],
                ));
            }
        }
    }
    Ok(SourceFilter::Patterns { includes, excludes })
}

fn patterns(node: &Node<'_, '_>) -> crate::Result<Vec<String>> {
    const WHAT: &str = "a field pattern or an array of them";
    if node.kind() == b'"' {
        return Ok(vec![node.string(WHAT)?.into_owned()]);
    }
    let items = node.array(WHAT)?;
    node.items(&items)
        .map(|item| Ok(item.string("a field pattern")?.into_owned()))
        .collect()
}

fn track_total_hits(node: &Node<'_, '_>) -> crate::Result<TrackTotalHits> {
    if node.is_number() {
        let limit = node.raw().parse();
        return limit
            .map(TrackTotalHits::UpTo)
            .map_err(|_| node.expected("a boolean or an integer from 0"));
    }
    match node.boolean() {
        Ok(true) => Ok(TrackTotalHits::All),
        Ok(false) => Ok(TrackTotalHits::No),
        Err(_) => Err(node.expected("a boolean or an integer from 0")),
    }
}

/// Milliseconds, rounded up; `-1` is no time limit.
fn timeout(node: &Node<'_, '_>) -> crate::Result<Option<u64>> {
    const WHAT: &str = "a time such as \"500ms\" (units: nanos, micros, ms, s, m, h, d)";
    if node.raw() == "-1" {
        return Ok(None);
    }
    let text = node.string(WHAT)?;
    if text == "-1" {
        return Ok(None);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| node.expected(WHAT))?;
    let ms = match unit.trim() {
        "nanos" => Some(number.div_ceil(1_000_000)),
        "micros" => Some(number.div_ceil(1000)),
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        "d" => number.checked_mul(86_400_000),
        _ => None,
    };
    ms.map(Some).ok_or_else(|| node.expected(WHAT))
}
