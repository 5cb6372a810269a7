//! How hits are scored and ordered: examples worked out by hand, responses as OpenSearch writes them, and what is refused.

mod guests;
mod naive;

use diagon::ErrorCode;
use diagon::index::{IndexWriter, WriterOptions};
use diagon::query;
use diagon::search::{Relation, SearchOptions, SearchResponse, Searcher};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {
  "t": {"type": "text"}, "kw": {"type": "keyword"}, "bare": {"type": "keyword", "doc_values": false},
  "n": {"type": "long"}, "x": {"type": "double"}, "ok": {"type": "boolean"}, "day": {"type": "date"}, "loc": {"type": "geo_point"}}}"#;

/// Each inner list is a segment.
fn index(segments: &[Vec<Json>]) -> (TempDir, Searcher) {
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

fn small() -> (TempDir, Searcher) {
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

fn ask(searcher: &Searcher, body: &Json) -> diagon::Result<SearchResponse> {
    searcher.search(&query::parse(&body.to_string())?, &SearchOptions::default())
}

/// Ids and scores.
fn scores(searcher: &Searcher, query: Json) -> Vec<(String, f32)> {
    let response = ask(searcher, &json!({ "query": query })).expect("a response");
    let hits = response.hits.into_iter();
    hits.map(|hit| (hit.id, hit.score.expect("a score")))
        .collect()
}

fn ids(response: &SearchResponse) -> Vec<&str> {
    response.hits.iter().map(|hit| hit.id.as_str()).collect()
}

/// Ids and sort values, as JSON.
fn sorted(searcher: &Searcher, sort: Json) -> Json {
    let response = ask(searcher, &json!({"sort": sort, "_source": false})).expect("a response");
    let json: Json = serde_json::from_str(&response.to_json()).expect("JSON");
    let hits = json["hits"]["hits"].as_array().expect("hits");
    hits.iter()
        .map(|hit| json!([hit["_id"], hit["sort"]]))
        .collect()
}

fn refused(searcher: &Searcher, body: Json, code: ErrorCode, part: &str) {
    let error = ask(searcher, &body).expect_err("an error");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

fn pair(id: &str, score: f32) -> (String, f32) {
    (id.to_string(), score)
}

#[test]
fn functions_by_hand() {
    let (_folder, searcher) = small();
    let of = |functions: Json, more: Json| {
        let mut clause = json!({"functions": functions, "boost_mode": "replace"});
        for (key, value) in more.as_object().into_iter().flatten() {
            clause[key] = value.clone();
        }
        scores(&searcher, json!({ "function_score": clause }))
    };
    // A document's smallest value counts.
    let value = json!({"field_value_factor": {"field": "n", "modifier": "square", "missing": 0.5}});
    assert_eq!(
        of(json!([value]), json!({})),
        [
            pair("d0", 16.0),
            pair("d2", 4.0),
            pair("d1", 1.0),
            pair("d3", 0.25)
        ]
    );
    let weights = json!([{"weight": 2, "filter": {"term": {"t": "red"}}}, {"weight": 5, "filter": {"term": {"t": "blue"}}}]);
    for (mode, expected) in [
        (
            "multiply",
            [
                pair("d1", 10.0),
                pair("d2", 5.0),
                pair("d0", 2.0),
                pair("d3", 1.0),
            ],
        ),
        (
            "sum",
            [
                pair("d1", 7.0),
                pair("d2", 5.0),
                pair("d0", 2.0),
                pair("d3", 1.0),
            ],
        ),
        (
            "first",
            [
                pair("d2", 5.0),
                pair("d0", 2.0),
                pair("d1", 2.0),
                pair("d3", 1.0),
            ],
        ),
        (
            "max",
            [
                pair("d1", 5.0),
                pair("d2", 5.0),
                pair("d0", 2.0),
                pair("d3", 1.0),
            ],
        ),
        (
            "min",
            [
                pair("d2", 5.0),
                pair("d0", 2.0),
                pair("d1", 2.0),
                pair("d3", 1.0),
            ],
        ),
        // Weighted ones: each function's value is 1.
        (
            "avg",
            [
                pair("d0", 1.0),
                pair("d1", 1.0),
                pair("d2", 1.0),
                pair("d3", 1.0),
            ],
        ),
    ] {
        assert_eq!(
            of(weights.clone(), json!({"score_mode": mode})),
            expected,
            "{mode}"
        );
    }
    assert_eq!(
        of(weights.clone(), json!({"max_boost": 4}))[0],
        pair("d1", 4.0)
    );
    assert_eq!(
        of(weights, json!({"min_score": 4, "score_mode": "sum"})).len(),
        2
    );
    // Half at the scale, whatever the curve is; one inside of the offset, and without a value.
    for curve in ["gauss", "exp", "linear"] {
        let day = json!({curve: {"day": {"origin": "2024-01-01", "scale": "9d", "offset": "1d"}}});
        let found = of(json!([day]), json!({}));
        assert_eq!(found[..2], [pair("d0", 1.0), pair("d3", 1.0)], "{curve}");
        assert!(
            (found[2].1 - 0.5).abs() < 1e-6 && found[2].0 == "d1",
            "{curve}: {found:?}"
        );
        // Munich is about 506 km from Berlin.
        let place =
            json!({curve: {"loc": {"origin": [13.4, 52.5], "scale": "505.6km", "decay": 0.25}}});
        let near = of(json!([place]), json!({}));
        assert!(
            (near[3].1 - 0.25).abs() < 0.005 && near[3].0 == "d1",
            "{curve}: {near:?}"
        );
    }
}

#[test]
fn compound_scores_by_hand() {
    let (_folder, searcher) = small();
    let weigh = |word: &str, boost: f32| json!({"constant_score": {"filter": {"term": {"t": word}}, "boost": boost}});
    let queries = [weigh("red", 2.0), weigh("blue", 3.0)];
    assert_eq!(
        scores(
            &searcher,
            json!({"dis_max": {"queries": queries, "tie_breaker": 0.5}})
        ),
        [pair("d1", 4.0), pair("d2", 3.0), pair("d0", 2.0)]
    );
    let clause = json!({"positive": weigh("red", 2.0), "negative": weigh("blue", 9.0), "negative_boost": 0.25});
    assert_eq!(
        scores(&searcher, json!({ "boosting": clause })),
        [pair("d0", 2.0), pair("d1", 0.5)]
    );
}

#[test]
fn random_scores_depend_on_the_seed() {
    let (_folder, searcher) = small();
    let random = |seed: Json| {
        let clause =
            json!({"random_score": {"seed": seed, "field": "_seq_no"}, "boost_mode": "replace"});
        scores(&searcher, json!({ "function_score": clause }))
    };
    assert_eq!(random(json!(7)), random(json!(7)));
    assert_ne!(random(json!(7)), random(json!(8)));
    assert_ne!(random(json!("a")), random(json!("b")));
    assert!(
        random(json!(7))
            .iter()
            .all(|(_, score)| (0.0..1.0).contains(score))
    );
    let anything = scores(
        &searcher,
        json!({"function_score": {"random_score": {}, "boost_mode": "replace"}}),
    );
    assert_eq!(anything.len(), 4);
}

#[test]
fn a_hit_without_a_score_fails_the_search() {
    let (_folder, searcher) = small();
    let value = |field: &str, modifier: &str| json!({"field_value_factor": {"field": field, "modifier": modifier}});
    let of = |query: Json, function: Json| json!({"query": {"function_score": {"query": query, "functions": [function]}}});
    let all = json!({"match_all": {}});
    let code = ErrorCode::InvalidArgument;
    refused(
        &searcher,
        of(all.clone(), value("x", "none")),
        code,
        "`x`: the document \"d1\" has no value",
    );
    refused(
        &searcher,
        of(json!({"term": {"t": "blue"}}), value("n", "sqrt")),
        code,
        "`n`: the document \"d2\" has a value that gives no score",
    );
    // Only hits count: one that a function rules out doesn't fail it, nor one that isn't scored.
    let red = of(json!({"term": {"kw": "b"}}), value("x", "none"));
    assert_eq!(ask(&searcher, &red).expect("a response").hits.len(), 1);
    let picky = json!({"wasm_udf": {"name": "picky", "parameters": {"m": 4, "r": 0}}});
    let inner = of(all.clone(), value("x", "none"))["query"].clone();
    let body = json!({"query": {"bool": {"must": [inner], "filter": [picky]}}});
    assert_eq!(ids(&ask(&searcher, &body).expect("a response")), ["d0"]);
    let mut unscored = of(all, value("x", "none"));
    unscored["sort"] = json!(["n"]);
    assert_eq!(ask(&searcher, &unscored).expect("a response").hits.len(), 4);
}

#[test]
fn functions_that_do_not_fit_the_mapping() {
    let (_folder, searcher) = small();
    for (function, part) in [
        (
            json!({"field_value_factor": {"field": "nowhere"}}),
            "there is no field `nowhere`",
        ),
        (
            json!({"field_value_factor": {"field": "kw"}}),
            "`kw` is a keyword",
        ),
        (json!({"random_score": {"field": "t"}}), "`t` has none"),
        (
            json!({"gauss": {"t": {"origin": 1, "scale": 2}}}),
            "`t` is a text",
        ),
        (
            json!({"gauss": {"n": {"scale": 2}}}),
            "needs `origin`, a number",
        ),
        (
            json!({"gauss": {"n": {"origin": "x", "scale": 2}}}),
            "`x` as `origin` is no number",
        ),
        (
            json!({"gauss": {"n": {"origin": 1, "scale": "2d"}}}),
            "`2d` as `scale` is no number",
        ),
        (
            json!({"gauss": {"n": {"origin": 1, "scale": 0}}}),
            "`scale` must be above 0",
        ),
        (
            json!({"gauss": {"n": {"origin": 1, "scale": 2, "offset": -1}}}),
            "`offset` can't be negative",
        ),
        (
            json!({"gauss": {"day": {"origin": "soon", "scale": "2d"}}}),
            "`origin` is no date",
        ),
        (json!({"gauss": {"day": {"scale": 2}}}), "no time, such as"),
        (
            json!({"gauss": {"loc": {"scale": "2km"}}}),
            "needs `origin`, a point",
        ),
        (
            json!({"gauss": {"loc": {"origin": "1;2", "scale": "2km"}}}),
            "`1;2` is no point",
        ),
        (
            json!({"gauss": {"loc": {"origin": "1,2", "scale": "2d"}}}),
            "no length, such as",
        ),
    ] {
        let body = json!({"query": {"function_score": {"functions": [function]}}});
        refused(&searcher, body, ErrorCode::Query, part);
    }
    // With `missing` a field need not be mapped; a date's origin is now by default.
    let clause = json!({"functions": [{"field_value_factor": {"field": "nowhere", "missing": 3}}], "boost_mode": "replace"});
    assert_eq!(
        scores(&searcher, json!({ "function_score": clause }))[0],
        pair("d0", 3.0)
    );
    for origin in [json!({}), json!({"origin": "now"})] {
        let mut day = json!({"scale": "1d"});
        if let Some(origin) = origin.get("origin") {
            day["origin"] = origin.clone();
        }
        let clause = json!({"exp": {"day": day}, "boost_mode": "replace"});
        assert_eq!(
            scores(&searcher, json!({ "function_score": clause }))[0],
            pair("d3", 1.0)
        );
    }
}

#[test]
fn sort_values_are_opensearch_s() {
    let (_folder, searcher) = small();
    assert_eq!(
        sorted(&searcher, json!([{"n": "desc"}, "kw"])),
        json!([
            ["d1", [9, "a"]],
            ["d0", [4, "b"]],
            ["d2", [-2, "c"]],
            ["d3", [i64::MIN, null]]
        ])
    );
    assert_eq!(
        sorted(&searcher, json!(["x", "_doc"])),
        json!([
            ["d0", [0.5, 0]],
            ["d2", [1.5, 2]],
            ["d1", ["Infinity", 1]],
            ["d3", ["Infinity", 3]]
        ])
    );
    assert_eq!(
        sorted(
            &searcher,
            json!({"kw": {"order": "desc", "missing": "_first", "mode": "min"}})
        ),
        json!([["d3", [null]], ["d2", ["c"]], ["d0", ["b"]], ["d1", ["a"]]])
    );
    assert_eq!(
        sorted(
            &searcher,
            json!([{"ok": {"missing": false}}, {"day": {"order": "desc", "missing": "2024-01-20"}}])
        ),
        json!([
            ["d2", [0, 1_706_659_200_000_i64]],
            ["d3", [0, 1_705_708_800_000_i64]],
            ["d1", [0, 1_704_931_200_000_i64]],
            ["d0", [1, 1_704_067_200_000_i64]]
        ])
    );
    let distance = sorted(
        &searcher,
        json!([{"_geo_distance": {"loc": "52.5,13.4", "unit": "km"}}, "_id"]),
    );
    assert_eq!(
        (&distance[0][0], &distance[1][0]),
        (&json!("d0"), &json!("d1"))
    );
    assert!(
        (distance[1][1][0].as_f64().expect("a number") - 505.6).abs() < 1.0,
        "{distance}"
    );
    assert_eq!(distance[2], json!(["d2", ["Infinity", "d2"]]));
    assert_eq!(
        sorted(&searcher, json!([{"nowhere": {"unmapped_type": "long"}}]))[0],
        json!(["d0", [i64::MAX]])
    );
}

#[test]
fn scores_of_sorted_hits() {
    let (_folder, searcher) = small();
    let response = |body: Json| {
        let response = ask(&searcher, &body).expect("a response");
        serde_json::from_str::<Json>(&response.to_json()).expect("JSON")["hits"].clone()
    };
    let plain = response(json!({"sort": "n"}));
    assert!(plain["max_score"].is_null() && plain["hits"][0]["_score"].is_null());
    let tracked = response(json!({"sort": "n", "track_scores": true}));
    assert_eq!(
        (&tracked["max_score"], &tracked["hits"][0]["_score"]),
        (&json!(1.0), &json!(1.0))
    );
    // A key that is the score gives hits theirs, but no highest one.
    let by_score = response(json!({"sort": ["n", "_score"]}));
    assert!(by_score["max_score"].is_null());
    assert_eq!(by_score["hits"][0]["_score"], json!(1.0));
    // The usual order, spelled out, is the usual response.
    let usual = response(json!({"sort": ["_score"]}));
    assert_eq!(usual["max_score"], json!(1.0));
    assert!(usual["hits"][0].get("sort").is_none());
    let none = response(json!({"sort": "n", "size": 0}));
    assert_eq!(
        (none["total"]["value"].clone(), none["hits"].clone()),
        (json!(4), json!([]))
    );
}

#[test]
fn sorts_that_do_not_fit_the_mapping() {
    let (_folder, searcher) = small();
    for (sort, part) in [
        (
            json!("nowhere"),
            "there is no field `nowhere` to sort by; `unmapped_type`",
        ),
        (
            json!({"nowhere": {"unmapped_type": "text"}}),
            "hits can't be sorted by `text`",
        ),
        (
            json!("t"),
            "can't be sorted by `t`, a text; a keyword beside it can",
        ),
        (json!("bare"), "its mapping needs `\"doc_values\": true`"),
        (json!("loc"), "use `_geo_distance`"),
        (
            json!({"kw": {"mode": "avg"}}),
            "`mode` of strings is `min` or `max`",
        ),
        (
            json!({"n": {"missing": "x"}}),
            "`missing`: `x` is no value of the sort key `n`",
        ),
        (
            json!({"_geo_distance": {"n": [1, 2]}}),
            "`_geo_distance` needs a geo_point; `n` is a long",
        ),
    ] {
        refused(&searcher, json!({ "sort": sort }), ErrorCode::Query, part);
        refused(
            &searcher,
            json!({"sort": sort, "size": 0}),
            ErrorCode::Query,
            part,
        );
    }
    for (sort, after, part) in [
        (
            json!(["n"]),
            json!(["x"]),
            "`search_after`: `x` is no value of the sort key `n`",
        ),
        (
            json!(["x"]),
            json!([true]),
            "`true` is no value of the sort key `x`",
        ),
        (
            json!(["ok"]),
            json!(["maybe"]),
            "`maybe` is no value of the sort key `ok`",
        ),
        (
            json!(["day"]),
            json!(["soon"]),
            "`soon` is no value of the sort key `day`",
        ),
        (
            json!(["_doc"]),
            json!([null]),
            "`null` is no value of the sort key `_doc`",
        ),
    ] {
        let body = json!({"sort": sort, "search_after": after});
        refused(&searcher, body, ErrorCode::Query, part);
    }
    let dates = json!({"sort": ["day"], "search_after": ["2024-01-11"]});
    assert_eq!(
        ids(&ask(&searcher, &dates).expect("a response")),
        ["d2", "d3"]
    );
}

/// Sorted searches look at what can still be among the best, and no further; totals say so.
#[test]
fn what_cannot_be_among_the_best_is_skipped() {
    let documents =
        |range: std::ops::Range<i64>| range.map(|n| json!({"n": n, "t": "red"})).collect();
    let (_folder, searcher) = index(&[documents(0..9_000), documents(9_000..20_000)]);
    let picky = json!({"wasm_udf": {"name": "picky", "parameters": {"m": 3, "r": 1}}});
    let all = json!({"match_all": {}});
    let only = json!({"bool": {"filter": [picky]}});
    for (query, after, total) in [
        (&all, None, 20_000),
        (&only, None, 6_667),
        (&all, Some(15_000), 20_000),
        (&only, Some(15_000), 6_667),
    ] {
        let mut work = Vec::new();
        for track in [json!(true), json!(false), json!(100)] {
            let mut body = json!({"query": query, "sort": ["n"], "size": 5, "track_total_hits": track, "_source": false});
            if let Some(after) = after {
                body["search_after"] = json!([after]);
            }
            let response = ask(&searcher, &body).expect("a response");
            if track == true {
                let total_hits = response.total.expect("a total");
                assert_eq!(
                    (total_hits.value, total_hits.relation),
                    (total, Relation::Eq)
                );
            } else if track == 100 {
                let total_hits = response.total.expect("a total");
                assert_eq!(
                    (total_hits.value, total_hits.relation),
                    (100, Relation::Gte)
                );
            }
            let found: Vec<String> = ids(&response).into_iter().map(str::to_string).collect();
            work.push((found, response.profile.windows, response.profile.candidates));
        }
        assert_eq!(work[0].0, work[1].0);
        assert_eq!(work[0].0, work[2].0);
        let [all_work, least_work] = [&work[0], &work[1]];
        if all_work.2 == 0 {
            assert!(least_work.1 * 2 < all_work.1, "{work:?}");
        } else {
            assert!(least_work.2 * 4 < all_work.2, "{work:?}");
        }
    }
}
