//! Asks the engine and the twin the same, and says where they differ.

use diagon::query::{self, TrackTotalHits};
use diagon::search::{Relation, SearchOptions, SearchResponse, Searcher};
use serde_json::{Value as Json, json};

use super::query::Closure;
use super::{Found, View};

/// Compares everything that one request can tell: all hits, the page that it asks for, and small pages put together.
///
/// # Errors
/// What differs.
pub(crate) fn compare(
    searcher: &Searcher,
    view: &View<'_>,
    body: &Json,
    functions: &Closure<'_>,
) -> Result<Vec<Found>, String> {
    let request = query::parse(&body.to_string()).map_err(|e| e.to_string())?;
    let found = view.search(&request.query, functions);
    let all = view.live().count();
    if searcher.snapshot().live_docs() != all as u64 {
        return Err(format!(
            "{} documents, expected {all}",
            searcher.snapshot().live_docs()
        ));
    }

    let window = query::MAX_RESULT_WINDOW.min(all + 3);
    let everything =
        json!({"from": 0, "size": window, "track_total_hits": true, "min_score": null});
    let whole = ask(searcher, body, everything);
    if found.iter().any(|f| f.score.is_nan()) {
        // A hit without a score fails the search, as in OpenSearch.
        return match whole {
            Err(error) if error.contains("gives no score") => Ok(found),
            _ => Err("a hit has no score, and the search does not fail".to_string()),
        };
    }
    let whole = whole?;
    same_page(&whole, &found, found.first())?;
    same_total(&whole, TrackTotalHits::All, found.len() as u64)?;

    let response = ask(searcher, body, json!({}))?;
    let least = request.min_score.unwrap_or(f32::NEG_INFINITY);
    let above: Vec<Found> = found.iter().filter(|f| f.score >= least).cloned().collect();
    let end = above.len().min(request.from + request.size);
    let best = above.first().filter(|_| request.size > 0);
    same_page(&response, &above[request.from.min(end)..end], best)?;
    same_total(&response, request.track_total_hits, above.len() as u64)?;

    // Pages are asked for without totals, so that whatever can be skipped is.
    let step = 1 + found.len() % 7;
    for from in (0..found.len()).step_by(step).take(6) {
        let page =
            json!({"from": from, "size": step, "track_total_hits": false, "min_score": null});
        let response = ask(searcher, body, page)?;
        let end = found.len().min(from + step);
        same_page(&response, &found[from..end], found.first())
            .map_err(|e| format!("page from {from}: {e}"))?;
    }
    Ok(found)
}

/// The request with some members replaced, and without sources.
pub(super) fn ask(searcher: &Searcher, body: &Json, other: Json) -> Result<SearchResponse, String> {
    let mut body = body.clone();
    body["_source"] = false.into();
    for (key, value) in other.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    if body["min_score"].is_null()
        && let Some(members) = body.as_object_mut()
    {
        members.remove("min_score");
    }
    let request = query::parse(&body.to_string()).map_err(|e| e.to_string())?;
    let response = searcher.search(&request, &SearchOptions::default());
    let response = response.map_err(|e| format!("the search failed: {e}"))?;
    if response.timed_out {
        return Err("timed out without a time limit".to_string());
    }
    Ok(response)
}

/// `best` is the best hit of all pages.
fn same_page(
    response: &SearchResponse,
    expected: &[Found],
    best: Option<&Found>,
) -> Result<(), String> {
    let hits = response.hits.iter().map(|hit| Found {
        id: hit.id.clone(),
        score: hit.score.unwrap_or(f32::NAN),
    });
    let hits: Vec<Found> = hits.collect();
    let same = hits.len() == expected.len()
        && hits
            .iter()
            .zip(expected)
            .all(|(a, b)| a.id == b.id && a.score.to_bits() == b.score.to_bits());
    if !same {
        let at = hits.iter().zip(expected).take_while(|(a, b)| a == b);
        let at = at.count();
        return Err(format!(
            "{} hits, expected {}; the first difference is at {at}: {:?}, expected {:?}",
            hits.len(),
            expected.len(),
            hits.get(at),
            expected.get(at)
        ));
    }
    if response.max_score != best.map(|hit| hit.score) {
        return Err(format!("max_score is {:?}", response.max_score));
    }
    Ok(())
}

/// An exact total is the number; another one is a lower bound, and says so only beyond what is counted.
pub(super) fn same_total(
    response: &SearchResponse,
    track: TrackTotalHits,
    number: u64,
) -> Result<(), String> {
    let right = match (response.total, track) {
        (None, TrackTotalHits::No) => true,
        (None, _) | (Some(_), TrackTotalHits::No) => false,
        (Some(total), TrackTotalHits::All) => {
            total.relation == Relation::Eq && total.value == number
        }
        (Some(total), TrackTotalHits::UpTo(limit)) => match total.relation {
            Relation::Eq => total.value == number,
            Relation::Gte => number > u64::from(limit) && total.value == u64::from(limit),
        },
    };
    if right {
        Ok(())
    } else {
        Err(format!(
            "a total of {:?} with {track:?}, expected {number}",
            response.total
        ))
    }
}
