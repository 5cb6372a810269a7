//! Random orders of hits.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::Shape;
use super::documents::{double, keyword, long, point};

/// One key to three; with none, hits come by their score.
pub(crate) fn sort(shape: Shape) -> impl Strategy<Value = Json> {
    prop_oneof![
        1 => key(shape).prop_map(|key| key),
        4 => prop::collection::vec(key(shape), 1..4).prop_map(Json::from),
    ]
}

/// A value of a function.
fn script() -> impl Strategy<Value = Json> {
    let functions = vec![
        (
            "number",
            json!({"name": "doubled", "parameters": {"field": "x"}}),
        ),
        (
            "number",
            json!({"name": "doubled", "parameters": {"field": "n"}}),
        ),
        (
            "number",
            json!({"name": "whole", "parameters": {"field": "n"}}),
        ),
        (
            "number",
            json!({"name": "whole", "parameters": {"field": "day"}}),
        ),
        ("number", json!({"name": "rank"})),
        (
            "string",
            json!({"name": "name", "parameters": {"field": "kw"}}),
        ),
        (
            "string",
            json!({"name": "name", "parameters": {"field": "obj.b"}}),
        ),
    ];
    let order = prop::sample::select(vec!["asc", "desc"]);
    let missing = prop::option::of(prop::sample::select(vec!["_first", "_last"]));
    (prop::sample::select(functions), order, missing).prop_map(|((kind, udf), order, missing)| {
        let mut key = json!({"type": kind, "wasm_udf": udf, "order": order});
        if let Some(missing) = missing {
            key["missing"] = missing.into();
        }
        json!({ "_script": key })
    })
}

fn key(shape: Shape) -> impl Strategy<Value = Json> {
    let order = || prop::sample::select(vec!["asc", "desc"]);
    let fields = vec!["n", "x", "ok", "day", "kw", "obj.a", "obj.b", "_id"];
    let bare =
        prop::sample::select(vec!["n", "kw", "day", "_score", "_doc", "_id"]).prop_map(Json::from);
    let short =
        (prop::sample::select(fields), order()).prop_map(|(field, order)| json!({ field: order }));
    let special = (prop::sample::select(vec!["_score", "_doc"]), order())
        .prop_map(|(name, order)| json!({name: {"order": order}}));
    let modes = prop::option::of(prop::sample::select(vec![
        "min", "max", "sum", "avg", "median",
    ]));
    let ends = || prop::option::of(prop::sample::select(vec![json!("_first"), json!("_last")]));
    let field = |names: Vec<&'static str>, value: BoxedStrategy<Json>| {
        let missing = prop_oneof![2 => ends(), 1 => value.prop_map(Some)];
        (prop::sample::select(names), missing)
    };
    let numbers = prop_oneof![
        field(vec!["n", "obj.a"], long(shape).boxed()),
        field(vec!["x"], double(shape).boxed()),
        field(vec!["ok"], any::<bool>().prop_map(Json::from).boxed()),
        field(vec!["day"], Just(json!(1_675_209_600_000_i64)).boxed()),
    ];
    let number = (numbers, order(), modes).prop_map(|((name, missing), order, mode)| {
        let mut key = json!({ "order": order });
        if let Some(missing) = missing {
            key["missing"] = missing;
        }
        if let Some(mode) = mode {
            key["mode"] = mode.into();
        }
        json!({ name: key })
    });
    let modes = prop::option::of(prop::sample::select(vec!["min", "max"]));
    let text = prop_oneof![keyword(), Just(json!("k05"))].boxed();
    let strings = field(vec!["kw", "kw", "obj.b", "_id"], text);
    let string = (strings, order(), modes).prop_map(|((name, missing), order, mode)| {
        let mut key = json!({ "order": order });
        if let Some(missing) = missing {
            key["missing"] = missing;
        }
        if let Some(mode) = mode {
            key["mode"] = mode.into();
        }
        json!({ name: key })
    });
    let unmapped = (prop::sample::select(vec!["long", "keyword"]), order())
        .prop_map(|(kind, order)| json!({"nowhere": {"order": order, "unmapped_type": kind}}));
    let modes = prop::option::of(prop::sample::select(vec!["min", "max", "avg", "median"]));
    let distance = (point(), order(), modes, any::<bool>()).prop_map(|(from, order, mode, km)| {
        let mut key = json!({"loc": from, "order": order, "unit": if km { "km" } else { "m" }});
        if let Some(mode) = mode {
            key["mode"] = mode.into();
        }
        json!({ "_geo_distance": key })
    });
    prop_oneof![
        2 => bare.boxed(),
        3 => short.boxed(),
        2 => special.boxed(),
        4 => number.boxed(),
        3 => string.boxed(),
        1 => unmapped.boxed(),
        1 => distance.boxed(),
        2 => script().boxed(),
    ]
}
