//! Asks the engine and the twin for hits in an order of keys, and says where they differ.

use diagon::query;
use diagon::search::{SearchResponse, Searcher, SortValue};
use serde_json::{Value as Json, json};

use super::View;
use super::compare::{ask, same_total};
use super::query::Closure;
use super::sort::{Ranked, compare};

/// Compares all hits, the page that the request asks for, and all pages one after the other by `search_after`.
///
/// # Errors
/// What differs.
pub(crate) fn compare_sorted(
    searcher: &Searcher,
    view: &View<'_>,
    body: &Json,
    sort: &Json,
    functions: &Closure<'_>,
) -> Result<(), String> {
    let mut body = body.clone();
    body["sort"] = sort.clone();
    let request = query::parse(&body.to_string()).map_err(|e| e.to_string())?;
    let all = view.sorted(&request, functions);
    let least = request.min_score.unwrap_or(f32::NEG_INFINITY);
    let above: Vec<Ranked> = all
        .iter()
        .filter(|hit| hit.score >= least)
        .cloned()
        .collect();

    let window = query::MAX_RESULT_WINDOW.min(all.len() + 3);
    let every = json!({"from": 0, "size": window, "track_total_hits": true, "track_scores": true, "min_score": null});
    let whole = ask(searcher, &body, every)?;
    same_page(&whole, &all, true)?;
    same_total(&whole, query::TrackTotalHits::All, all.len() as u64)?;
    let best = all.iter().map(|hit| hit.score).reduce(f32::max);
    if whole.max_score != best {
        return Err(format!(
            "max_score is {:?}, expected {best:?}",
            whole.max_score
        ));
    }

    let response = ask(searcher, &body, json!({}))?;
    let end = above.len().min(request.from + request.size);
    same_page(&response, &above[request.from.min(end)..end], false)?;
    same_total(&response, request.track_total_hits, above.len() as u64)?;
    if response.max_score.is_some()
        && request.size > 0
        && response.hits.iter().any(|hit| hit.sort.is_some())
    {
        return Err("max_score without track_scores".to_string());
    }

    // One key more makes the order total, so that pages put together are everything.
    let mut keys = match sort {
        Json::Array(keys) => keys.clone(),
        key => vec![key.clone()],
    };
    keys.push(json!("_doc"));
    body["sort"] = keys.into();
    let request = query::parse(&body.to_string()).map_err(|e| e.to_string())?;
    let all = view.sorted(&request, functions);
    let step = 1 + all.len() / 5;
    let mut seen = 0;
    let mut page = json!({"from": 0, "size": step, "min_score": null});
    loop {
        // Counting is on and off in turns, so that what can be skipped is.
        page["track_total_hits"] = json!(seen % 2 == 0 && seen > 0);
        let response = ask(searcher, &body, page.clone())?;
        let end = all.len().min(seen + step);
        same_page(&response, &all[seen..end], false)
            .map_err(|e| format!("after {seen} hits: {e}"))?;
        if response
            .total
            .is_some_and(|total| total.value != all.len() as u64)
        {
            return Err(format!("{:?} on a page", response.total));
        }
        if let Some(last) = response.hits.last() {
            page["search_after"] = serde_json::to_value(&last.sort).map_err(|e| e.to_string())?;
        }
        seen = end;
        if response.hits.len() < step {
            break;
        }
    }
    if seen != all.len() {
        return Err(format!("{seen} hits on all pages, expected {}", all.len()));
    }
    between(searcher, &body, &all)
}

/// Begins after values that no hit has.
fn between(searcher: &Searcher, body: &Json, all: &[Ranked]) -> Result<(), String> {
    let request = query::parse(&body.to_string()).map_err(|e| e.to_string())?;
    let Some(hit) = all.get(all.len() / 2) else {
        return Ok(());
    };
    let mut values = hit.values.clone();
    match values.first_mut() {
        Some(SortValue::I64(value)) => *value = value.saturating_add(1),
        Some(SortValue::F64(value)) => *value += 0.25,
        Some(SortValue::Str(text)) => text.push('5'),
        _ => {}
    }
    if let Some(place @ SortValue::I64(_)) = values.last_mut() {
        *place = SortValue::I64(3);
    }
    let after = serde_json::to_value(&values).map_err(|e| e.to_string())?;
    let page = json!({"from": 0, "size": 7, "min_score": null, "track_total_hits": false, "search_after": after});
    let response = ask(searcher, body, page)?;
    let behind = all
        .iter()
        .filter(|hit| compare(&request.sort, &hit.values, &values).is_gt());
    let behind: Vec<Ranked> = behind.take(7).cloned().collect();
    same_page(&response, &behind, false).map_err(|e| format!("after {after}: {e}"))
}

fn same_page(response: &SearchResponse, expected: &[Ranked], scores: bool) -> Result<(), String> {
    let bits = |value: &SortValue| match value {
        SortValue::F64(value) => value.to_bits(),
        SortValue::Score(value) => u64::from(value.to_bits()),
        _ => 0,
    };
    let same_values =
        |a: &[SortValue], b: &[SortValue]| a == b && a.iter().map(bits).eq(b.iter().map(bits));
    let mut pairs = response.hits.iter().zip(expected);
    let same = pairs.all(|(hit, ranked)| {
        let score = hit.score.map(f32::to_bits);
        hit.id == ranked.id
            && hit
                .sort
                .as_deref()
                .is_none_or(|values| same_values(values, &ranked.values))
            && score.is_none_or(|score| score == ranked.score.to_bits())
            && (!scores || score.is_some())
    });
    if same && response.hits.len() == expected.len() {
        return Ok(());
    }
    let at = response
        .hits
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a.id == b.id)
        .count();
    Err(format!(
        "{} hits, expected {}; the first other document is at {at}: {:?}, expected {:?}; first of all {:?}, expected {:?}",
        response.hits.len(),
        expected.len(),
        response.hits.get(at),
        expected.get(at),
        response.hits.first(),
        expected.first()
    ))
}
