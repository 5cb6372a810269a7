//! What scores are made of.

use diagon::ErrorCode;
use diagon::search::Searcher;
use serde_json::{Value as Json, json};

use super::{ask, ids, refused, small};

/// Ids and scores.
fn scores(searcher: &Searcher, query: Json) -> Vec<(String, f32)> {
    let response = ask(searcher, &json!({ "query": query })).expect("a response");
    let hits = response.hits.into_iter();
    hits.map(|hit| (hit.id, hit.score.expect("a score")))
        .collect()
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
