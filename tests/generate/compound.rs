//! Random clauses that combine or change the scores of others.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::Shape;
use super::documents::{day, point};
use super::queries::{boost, with};

pub(super) fn compound(
    shape: Shape,
    inner: impl Strategy<Value = Json> + Clone + 'static,
) -> impl Strategy<Value = Json> {
    let ties = prop::sample::select(vec![0.0_f32, 0.0, 0.3, 1.0]);
    let dis_max = (prop::collection::vec(inner.clone(), 1..4), ties, boost()).prop_map(
        |(queries, tie, boost)| {
            json!({"dis_max": with(json!({"queries": queries, "tie_breaker": tie}), boost)})
        },
    );
    let factors = prop::sample::select(vec![0.0_f32, 0.2, 1.0, 3.0]);
    let boosting = (inner.clone(), inner.clone(), factors, boost()).prop_map(
        |(positive, negative, factor, boost)| {
            let clause =
                json!({"positive": positive, "negative": negative, "negative_boost": factor});
            json!({"boosting": with(clause, boost)})
        },
    );
    let least = prop::option::weighted(0.3, prop::sample::select(vec![0.0_f32, 0.9, 2.0, 6.0]));
    let by_script = (inner.clone(), scoring(), least, boost(), any::<bool>()).prop_map(
        |(query, udf, least, boost, as_script)| {
            let mut clause = json!({"query": query});
            if as_script {
                let id = format!("{}@1.0.0", udf["name"].as_str().unwrap_or(""));
                let params = udf["parameters"].clone();
                clause["script"] = json!({"lang": "wasm", "id": id, "params": params});
            } else {
                clause["wasm_udf"] = udf;
            }
            if let Some(least) = least {
                clause["min_score"] = least.into();
            }
            json!({"script_score": with(clause, boost)})
        },
    );
    prop_oneof![
        2 => dis_max.boxed(),
        2 => boosting.boxed(),
        3 => function_score(shape, inner).boxed(),
        2 => by_script.boxed(),
    ]
}

/// A score function that fails on no document.
fn scoring() -> impl Strategy<Value = Json> {
    let fields = prop::sample::select(vec!["x", "n", "day", "obj.a"]);
    let scales = prop::sample::select(vec![0.0_f64, 0.01, 1.0, 13.0]);
    let graded = (fields, scales).prop_map(
        |(field, scale)| json!({"name": "graded", "parameters": {"field": field, "scale": scale}}),
    );
    prop_oneof![
        2 => graded,
        1 => Just(json!({"name": "lifted", "parameters": {}})),
    ]
}

fn function_score(
    shape: Shape,
    inner: impl Strategy<Value = Json> + Clone + 'static,
) -> impl Strategy<Value = Json> {
    let filter = prop::option::weighted(0.5, inner.clone());
    let weight = prop::option::weighted(0.5, prop::sample::select(vec![0.0_f32, 0.5, 1.0, 2.5]));
    let function = (function(shape), filter, weight).prop_map(|(function, filter, weight)| {
        let mut entry = function.unwrap_or_else(|| json!({"weight": 1.5}));
        if let Some(filter) = filter {
            entry["filter"] = filter;
        }
        if let Some(weight) = weight {
            entry["weight"] = weight.into();
        }
        entry
    });
    let score_mode = prop::sample::select(vec!["multiply", "sum", "avg", "first", "max", "min"]);
    let boost_mode = prop::sample::select(vec!["multiply", "replace", "sum", "avg", "max", "min"]);
    let max_boost = prop::option::weighted(0.3, prop::sample::select(vec![0.5_f32, 2.0, 10.0]));
    let min_score = prop::option::weighted(0.3, prop::sample::select(vec![0.0_f32, 0.3, 0.9, 2.0]));
    let functions = prop::collection::vec(function, 0..4);
    (inner, functions, score_mode, boost_mode, max_boost, min_score, boost()).prop_map(
        |(query, functions, score_mode, boost_mode, max_boost, min_score, boost)| {
            let mut clause = json!({"query": query, "functions": functions, "score_mode": score_mode, "boost_mode": boost_mode});
            if let Some(most) = max_boost {
                clause["max_boost"] = most.into();
            }
            if let Some(least) = min_score {
                clause["min_score"] = least.into();
            }
            json!({"function_score": with(clause, boost)})
        },
    )
}

/// `None`: nothing but a weight. None of them fails on any document.
fn function(shape: Shape) -> impl Strategy<Value = Option<Json>> {
    let fields = || prop::sample::select(vec!["n", "x", "ok", "day", "obj.a"]);
    let modifiers = prop::sample::select(vec!["square", "none", "square"]);
    let missing = prop::sample::select(vec![0.0_f64, 1.0, 7.5]);
    // Squares are never negative.
    let squared = (fields(), modifiers, missing, any::<bool>()).prop_map(
        |(field, modifier, missing, negative)| {
            let field = if modifier == "none" { "ok" } else { field };
            let factor = if negative && modifier != "none" { -0.01_f32 } else { 0.01 };
            json!({"field_value_factor": {"field": field, "factor": factor, "modifier": modifier, "missing": missing}})
        },
    );
    let modifiers = prop::sample::select(vec![
        "log1p",
        "log2p",
        "ln1p",
        "ln2p",
        "sqrt",
        "reciprocal",
        "none",
    ]);
    let of_days = (modifiers, prop::sample::select(vec![1.0_f64, 7.5])).prop_map(|(modifier, missing)| {
        json!({"field_value_factor": {"field": "day", "factor": 1e-10, "modifier": modifier, "missing": missing}})
    });
    let random = (
        0..9_i64,
        prop::option::of(prop::sample::select(vec![
            "_id", "kw", "n", "x", "bare", "_seq_no",
        ])),
    )
        .prop_map(|(seed, field)| {
            let mut random =
                json!({"seed": if seed > 6 { json!(format!("s{seed}")) } else { json!(seed) }});
            if let Some(field) = field {
                random["field"] = field.into();
            }
            json!({ "random_score": random })
        });
    prop_oneof![
        2 => Just(None),
        2 => squared.prop_map(Some),
        2 => of_days.prop_map(Some),
        2 => random.prop_map(Some),
        4 => decay(shape).prop_map(Some),
        3 => scoring().prop_map(|udf| Some(json!({"wasm_udf": udf}))),
    ]
}

fn decay(shape: Shape) -> impl Strategy<Value = Json> {
    let curve = prop::sample::select(vec!["gauss", "exp", "linear"]);
    let mode = prop::option::of(prop::sample::select(vec![
        "min", "max", "sum", "avg", "median",
    ]));
    let number = (-shape.numbers / 3..shape.numbers).prop_map(Json::from);
    let numbers = (prop::sample::select(vec!["n", "x", "obj.a"]), number)
        .prop_map(|(field, origin)| (field, origin, json!(3), json!(1)));
    let days = day().prop_map(|origin| {
        // A number would be read in another way than a string.
        let origin = origin
            .as_str()
            .map_or_else(|| json!("2023-02-01"), |text| json!(text));
        ("day", origin, json!("30d"), json!("2d"))
    });
    let points = point().prop_map(|origin| ("loc", origin, json!("40km"), json!("500")));
    let end = prop::sample::select(vec![0.5_f64, 0.1, 0.9]);
    let field = prop_oneof![numbers, days, points];
    (curve, field, any::<bool>(), end, mode).prop_map(
        |(curve, (field, origin, scale, offset), has_offset, end, mode)| {
            let mut inside = json!({"origin": origin, "scale": scale, "decay": end});
            if has_offset {
                inside["offset"] = offset;
            }
            let mut body = json!({ field: inside });
            if let Some(mode) = mode {
                body["multi_value_mode"] = mode.into();
            }
            json!({ curve: body })
        },
    )
}
