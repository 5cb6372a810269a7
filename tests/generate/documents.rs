//! Random documents, and what a writer does with them.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::{Shape, word};

/// What a writer does.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Adds or replaces.
    Add(String, Json),
    Delete(String),
    Refresh,
    Commit,
    /// Commits, closes the writer and opens it again.
    Reopen,
}

/// Changes, so that segments, deletions and replacements come in all mixtures.
pub(crate) fn changes(shape: Shape) -> impl Strategy<Value = Vec<Change>> {
    let id = move || (0..shape.ids).prop_map(|n| format!("d{n}"));
    let change = prop_oneof![
        24 => (id(), document(shape)).prop_map(|(id, json)| Change::Add(id, json)),
        4 => id().prop_map(Change::Delete),
        2 => Just(Change::Refresh),
        1 => Just(Change::Commit),
        1 => Just(Change::Reopen),
    ];
    prop::collection::vec(change, 0..60)
}

pub(crate) fn document(shape: Shape) -> impl Strategy<Value = Json> {
    let words = || text(shape, 9);
    let fields = (
        field(words()),
        field(words()),
        field(text(shape, 5)),
        field(text(shape, 3)),
        field(keyword()),
        field(keyword()),
        field(long(shape)),
        field(double(shape)),
        field(any::<bool>().prop_map(Json::from)),
        field(day()),
        (field(object(shape)), field(point())),
    );
    fields.prop_map(
        |(body, note, bare, plain, kw, kwi, n, x, ok, day, (obj, loc))| {
            let mut document = Map::new();
            for (name, value) in [
                ("body", body),
                ("note", note),
                ("bare", bare),
                ("plain", plain),
                ("kw", kw),
                ("kwi", kwi),
                ("n", n),
                ("x", x),
                ("ok", ok),
                ("day", day),
                ("obj", obj),
                ("loc", loc),
            ] {
                if let Some(value) = value {
                    document.insert(name.to_string(), value);
                }
            }
            Json::Object(document)
        },
    )
}

/// A value, several, none in one of three ways.
fn field(value: impl Strategy<Value = Json> + Clone) -> impl Strategy<Value = Option<Json>> {
    prop_oneof![
        5 => value.clone().prop_map(Some),
        2 => prop::collection::vec(value, 0..4).prop_map(|values| Some(values.into())),
        2 => Just(None),
        1 => Just(Some(Json::Null)),
    ]
}

fn text(shape: Shape, longest: usize) -> impl Strategy<Value = Json> + Clone {
    let words = prop::collection::vec(0..shape.words, 0..longest);
    words.prop_map(|words| {
        let words: Vec<String> = words.into_iter().map(word).collect();
        words.join(" ").into()
    })
}

pub(crate) fn keyword() -> impl Strategy<Value = Json> + Clone {
    prop_oneof![
        6 => (0..4).prop_map(|n| json!(format!("k{n}"))),
        1 => Just(json!("")),
        1 => Just(json!("é k")),
        1 => Just(json!("k10")),
    ]
}

pub(crate) fn long(shape: Shape) -> impl Strategy<Value = Json> + Clone {
    prop_oneof![
        12 => (-shape.numbers / 3..shape.numbers).prop_map(Json::from),
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, i64::MIN + 1, 1 << 53]).prop_map(Json::from),
    ]
}

pub(crate) fn double(shape: Shape) -> impl Strategy<Value = Json> + Clone {
    prop_oneof![
        8 => (-shape.numbers / 3..shape.numbers).prop_map(|n| json!(half(n) * 2.0)),
        1 => (-shape.numbers / 3..shape.numbers).prop_map(|n| json!(half(n))),
        1 => prop::sample::select(vec![-0.0, 0.0, 1e300, -5e-324, 9_007_199_254_740_993.0]).prop_map(Json::from),
    ]
}

fn half(n: i64) -> f64 {
    f64::from(i32::try_from(n).expect("small")) / 2.0
}

/// Days and instants of three years.
pub(crate) fn day() -> impl Strategy<Value = Json> + Clone {
    prop_oneof![
        4 => (2022..2025, 1..4).prop_map(|(year, month)| json!(format!("{year}-{month:02}-01"))),
        1 => (0..24).prop_map(|hour| json!(format!("2023-02-01T{hour:02}:30:00Z"))),
        1 => (0..3_i64).prop_map(|n| json!(1_675_209_600_000 + n - 1)),
        1 => Just(json!("2023")),
    ]
}

/// Around one place, and at both ends of the earth.
pub(crate) fn point() -> impl Strategy<Value = Json> + Clone {
    let points = vec![
        "52.5,13.4",
        "52.6,13.4",
        "52.5,14",
        "48.1,11.6",
        "-90,0",
        "0,180",
        "0,-180",
    ];
    prop::sample::select(points).prop_map(Json::from)
}

fn object(shape: Shape) -> impl Strategy<Value = Json> + Clone {
    prop_oneof![
        long(shape).prop_map(|a| json!({ "a": a })),
        keyword().prop_map(|b| json!({ "b": b })),
        (long(shape), keyword()).prop_map(|(a, b)| json!({"a": a, "b": b})),
    ]
}
