//! Sorted searches.

use diagon::ErrorCode;
use diagon::search::{Relation, Searcher};
use serde_json::{Value as Json, json};

use super::{ask, ids, index, refused, small};

/// Ids and sort values, as JSON.
fn sorted(searcher: &Searcher, sort: Json) -> Json {
    let response = ask(searcher, &json!({"sort": sort, "_source": false})).expect("a response");
    let json: Json = serde_json::from_str(&response.to_json()).expect("JSON");
    let hits = json["hits"]["hits"].as_array().expect("hits");
    hits.iter()
        .map(|hit| json!([hit["_id"], hit["sort"]]))
        .collect()
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
