//! Random queries as JSON: every kind of clause, in every place, with functions in every place.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::compound::compound;
use super::documents::{day, double, keyword, long};
use super::multi_term::many_terms;
use super::{Shape, word};

/// A search request: a query of up to four levels, a page, and how far hits are counted.
pub(crate) fn request(shape: Shape) -> impl Strategy<Value = Json> {
    let track = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        (0..6_u32).prop_map(Json::from),
        Just(json!(10_000)),
    ];
    let min_score = prop::option::weighted(0.2, prop::sample::select(vec![0.1_f32, 0.5, 1.0, 2.0]));
    let page = (0..9_usize, prop::sample::select(vec![0_usize, 1, 3, 10]));
    (query(shape), page, track, min_score).prop_map(|(query, (from, size), track, min_score)| {
        let mut request =
            json!({"query": query, "from": from, "size": size, "track_total_hits": track});
        if let Some(score) = min_score {
            request["min_score"] = score.into();
        }
        request
    })
}

/// A query; one in some asks a function about the score of the rest.
fn query(shape: Shape) -> impl Strategy<Value = Json> {
    let scored = (0..4_u8, prop::bool::ANY);
    (tree(shape), prop::option::weighted(0.15, scored)).prop_map(|(query, scored)| {
        let Some((least, filter)) = scored else {
            return query;
        };
        let function = json!({"wasm_udf": {"name": "scored", "parameters": {"least": f64::from(least) * 0.4}}});
        if filter {
            json!({"bool": {"must": [query], "filter": [function]}})
        } else {
            json!({"bool": {"must": [function], "should": [query]}})
        }
    })
}

/// A search for the best by words, with a function that decides or scores: where skipping by score pays.
pub(crate) fn ranked(shape: Shape) -> impl Strategy<Value = Json> {
    let occurs = prop::sample::select(vec!["must", "filter", "should", "must_not"]);
    let track = prop::sample::select(vec![json!(false), json!(1), json!(40)]);
    let page = (0..4_usize, 1..12_usize);
    (words(shape), words(shape), function(shape), occurs, page, track).prop_map(
        |(first, second, function, occur, (from, size), track)| {
            let mut clause = json!({"must": [], "should": [first, second], "minimum_should_match": 1});
            if occur == "should" {
                clause["must"] = json!([first]);
                clause["should"] = json!([second, function]);
                clause["minimum_should_match"] = 0.into();
            } else {
                clause[occur] = json!([function]);
            }
            json!({"query": {"bool": clause}, "from": from, "size": size, "track_total_hits": track})
        },
    )
}

/// Native clauses and functions that all must match, or must not: what has a loop of its own.
pub(crate) fn filtered(shape: Shape) -> impl Strategy<Value = Json> {
    let native = move || {
        let any =
            prop_oneof![3 => words(shape), 1 => exact(shape), 1 => range(shape), 1 => rest(shape)];
        prop::collection::vec(any, 0..3)
    };
    let functions = move || prop::collection::vec(function(shape), 0..3);
    let clauses = (native(), native(), prop::option::weighted(0.3, native()));
    let asked = (function(shape), functions(), functions(), functions());
    let track = prop::sample::select(vec![json!(true), json!(false), json!(2), json!(200)]);
    let page = (
        0..3_usize,
        prop::sample::select(vec![0_usize, 1, 3, 10, 200]),
    );
    (clauses, asked, boost(), page, track).prop_map(|(clauses, asked, boost, page, track)| {
        let (mut must, mut filter, must_not) = clauses;
        let (first, second, third, fourth) = asked;
        let mut must_not = must_not.unwrap_or_default();
        filter.push(first);
        must.extend(second);
        filter.extend(third);
        must_not.extend(fourth);
        let clause = json!({"must": must, "filter": filter, "must_not": must_not});
        let (from, size) = page;
        json!({"query": {"bool": with(clause, boost)}, "from": from, "size": size, "track_total_hits": track})
    })
}

fn tree(shape: Shape) -> impl Strategy<Value = Json> {
    // Boxed, here and below: without, each level of a tree takes the stack of every strategy in it.
    let leaf = prop_oneof![5 => clause(shape).boxed(), 4 => function(shape).boxed()];
    leaf.prop_recursive(4, 20, 4, move |inner| {
        let constant = (inner.clone(), boost()).prop_map(
            |(filter, boost)| json!({"constant_score": with(json!({"filter": filter}), boost)}),
        );
        prop_oneof![
            6 => combined(inner.clone()).boxed(),
            1 => constant.boxed(),
            3 => compound(shape, inner).boxed(),
        ]
    })
}

fn combined(inner: impl Strategy<Value = Json> + Clone) -> impl Strategy<Value = Json> {
    let group = |most| prop::collection::vec(inner.clone(), 0..most);
    (group(3), group(3), group(4), group(2), minimum(), boost()).prop_map(
        |(must, filter, should, must_not, minimum, boost)| {
            let mut clause =
                json!({"must": must, "filter": filter, "should": should, "must_not": must_not});
            if let Some(minimum) = minimum {
                clause["minimum_should_match"] = minimum;
            }
            json!({"bool": with(clause, boost)})
        },
    )
}

pub(super) fn minimum() -> impl Strategy<Value = Option<Json>> {
    prop_oneof![
        4 => Just(None),
        4 => (-2..4_i32).prop_map(|n| Some(n.into())),
        1 => prop::sample::select(vec!["50%", "-25%", "1<75%", "100%"]).prop_map(|s| Some(s.into())),
    ]
}

pub(super) fn boost() -> impl Strategy<Value = Option<f32>> {
    prop::option::weighted(
        0.3,
        prop::sample::select(vec![0.0_f32, 0.5, 2.0, 1.7, 0.0033, 40.0]),
    )
}

pub(super) fn with(mut clause: Json, boost: Option<f32>) -> Json {
    if let Some(boost) = boost {
        clause["boost"] = boost.into();
    }
    clause
}

/// A clause about fields.
fn clause(shape: Shape) -> impl Strategy<Value = Json> {
    prop_oneof![
        2 => words(shape).boxed(),
        2 => exact(shape).boxed(),
        2 => range(shape).boxed(),
        2 => many_terms(shape).boxed(),
        1 => rest(shape).boxed(),
    ]
}

/// A word, and a frequent one more often.
pub(super) fn word_number(shape: Shape) -> impl Strategy<Value = usize> {
    prop_oneof![0..shape.words.min(12), 0..shape.words]
}

pub(super) fn some_words(shape: Shape) -> impl Strategy<Value = String> {
    prop::collection::vec(word_number(shape), 0..5).prop_map(|words| {
        let words: Vec<String> = words.into_iter().map(word).collect();
        words.join(" ")
    })
}

pub(super) fn text_field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["body", "body", "note", "bare", "plain"])
}

fn words(shape: Shape) -> impl Strategy<Value = Json> {
    let options = (minimum(), prop::bool::ANY, boost());
    let matching = (text_field(), some_words(shape), options).prop_map(
        |(field, text, (minimum, and, boost))| {
            let mut clause = json!({"query": text, "operator": if and { "and" } else { "or" }});
            if let Some(minimum) = minimum {
                clause["minimum_should_match"] = minimum;
            }
            json!({"match": {field: with(clause, boost)}})
        },
    );
    let phrase = (text_field(), some_words(shape), boost()).prop_map(|(field, text, boost)| {
        let words = text.split(' ').take(3).collect::<Vec<_>>().join(" ");
        json!({"match_phrase": {field: with(json!({ "query": words }), boost)}})
    });
    prop_oneof![2 => matching, 1 => phrase]
}

/// A field with values that it may have.
fn field_value(shape: Shape) -> impl Strategy<Value = (&'static str, Json)> {
    let id = (0..shape.ids).prop_map(|n| json!(format!("d{n}")));
    let any_word = word_number(shape).prop_map(|n| json!(word(n)));
    prop_oneof![
        (text_field(), any_word),
        (Just("kw"), keyword()),
        (Just("kwi"), keyword()),
        (Just("n"), long(shape)),
        (Just("x"), double(shape)),
        (Just("ok"), any::<bool>().prop_map(Json::from)),
        (Just("day"), day()),
        (Just("obj.a"), long(shape)),
        (Just("obj.b"), keyword()),
        (Just("_id"), id),
    ]
}

fn exact(shape: Shape) -> impl Strategy<Value = Json> {
    let term =
        (field_value(shape), boost(), 0..3_u8).prop_map(
            |((field, value), boost, kind)| match kind {
                0 => json!({"term": {field: with(json!({ "value": value }), boost)}}),
                1 => json!({"terms": with(json!({field: [value.clone(), value]}), boost)}),
                _ => json!({"match": {field: with(json!({ "query": value }), boost)}}),
            },
        );
    let several = (
        prop::collection::vec(keyword(), 0..3),
        prop::collection::vec(long(shape), 0..12),
    );
    let terms = (several, boost(), any::<bool>()).prop_map(|((words, numbers), boost, keyword)| {
        let (field, values) = if keyword {
            ("kw", words)
        } else {
            ("n", numbers)
        };
        json!({"terms": with(json!({ field: values }), boost)})
    });
    prop_oneof![3 => term, 1 => terms]
}

fn range(shape: Shape) -> impl Strategy<Value = Json> {
    let bounds = move |field: &'static str| -> BoxedStrategy<Json> {
        match field {
            "kw" | "kwi" => keyword().boxed(),
            "body" | "note" | "bare" | "plain" => {
                word_number(shape).prop_map(|n| json!(word(n))).boxed()
            }
            "n" => prop_oneof![
                long(shape),
                double(shape),
                Just(json!(1e19)),
                Just(json!("3"))
            ]
            .boxed(),
            "x" => prop_oneof![double(shape), long(shape)].boxed(),
            "ok" => any::<bool>().prop_map(Json::from).boxed(),
            _ => prop_oneof![4 => day(), 1 => Just(json!("2023-02")), 2 => day_and_steps()].boxed(),
        }
    };
    let fields = ["kw", "n", "x", "ok", "day", "kwi", "body", "bare", "plain"];
    prop::sample::select(fields.to_vec())
        .prop_flat_map(move |field| {
            let end = || prop::option::weighted(0.7, (bounds(field), any::<bool>()));
            (Just(field), end(), end(), boost())
        })
        .prop_map(|(field, lower, upper, boost)| {
            let mut range = json!({});
            for (end, or_equal, beyond) in [(lower, "gte", "gt"), (upper, "lte", "lt")] {
                if let Some((value, inclusive)) = end {
                    range[if inclusive { or_equal } else { beyond }] = value;
                }
            }
            json!({"range": {field: with(range, boost)}})
        })
}

/// Date math from a day.
fn day_and_steps() -> impl Strategy<Value = Json> {
    let steps = ["/M", "/y", "+1M", "-1M/M", "+2w/w", "-36h/d", "", "/d+1y"];
    (2022..2025, 1..4, prop::sample::select(steps.to_vec()))
        .prop_map(|(year, month, steps)| json!(format!("{year}-{month:02}-01||{steps}")))
}

fn rest(shape: Shape) -> impl Strategy<Value = Json> {
    let fields = [
        "body", "note", "bare", "plain", "kw", "kwi", "n", "x", "ok", "day", "obj", "obj.b", "_id",
        "loc",
    ];
    let exists = (prop::sample::select(fields.to_vec()), boost())
        .prop_map(|(field, boost)| json!({"exists": with(json!({ "field": field }), boost)}));
    let ids = (prop::collection::vec(0..shape.ids, 0..6), boost()).prop_map(|(ids, boost)| {
        let ids: Vec<String> = ids.into_iter().map(|n| format!("d{n}")).collect();
        json!({"ids": with(json!({ "values": ids }), boost)})
    });
    let all = boost().prop_map(|boost| json!({"match_all": with(json!({}), boost)}));
    prop_oneof![4 => exists, 2 => ids, 2 => all, 1 => Just(json!({"match_none": {}})), 1 => Just(json!({"bool": {}}))]
}

/// A clause that asks a function, which may fail on some documents.
fn function(shape: Shape) -> impl Strategy<Value = Json> {
    let shortest = shape.fail_one_in;
    let faulty = (0..7_i64, shortest..shortest + 5, 0..3_i64);
    let picky = (
        1..5_i64,
        0..3_i64,
        faulty,
        prop::sample::select(vec!["n", "n", "day", "obj.a"]),
    )
        .prop_map(|(m, r, (how, fm, fr), field)| {
            json!({"name": "picky", "parameters": {"m": m, "r": r, "how": how, "fm": fm, "fr": fr, "field": field}})
        });
    let row = (1..5_i64, 0..3_i64, 0..2_i64, shortest..shortest + 5).prop_map(|(m, r, how, fm)| {
        json!({"name": "picky_row", "parameters": {"m": m, "r": r, "how": how, "fm": fm, "fr": 1}})
    });
    let above = (double(shape), prop::sample::select(vec!["x", "n", "day"])).prop_map(
        |(least, field)| json!({"name": "above", "parameters": {"least": least, "field": field}}),
    );
    let flag = any::<bool>().prop_map(|want| json!({"name": "flag", "parameters": {"want": want}}));
    let strings = || prop::sample::select(vec!["kw", "bare", "obj.b"]);
    let prefixes = prop::sample::select(vec!["", "k0", "k1", "the ", "é"]);
    let starts = (prefixes, strings()).prop_map(
        |(prefix, field)| json!({"name": "starts", "parameters": {"prefix": prefix, "field": field}}),
    );
    let item = (0..3_i64, keyword(), strings()).prop_map(|(at, text, field)| {
        json!({"name": "item", "parameters": {"at": at, "text": text, "field": field}})
    });
    let any = prop_oneof![4 => picky, 2 => row, 1 => above, 1 => flag, 2 => starts, 2 => item];
    let on_error = prop::option::weighted(0.6, prop::sample::select(vec!["exclude", "include"]));
    (any, on_error, boost()).prop_map(|(mut udf, on_error, boost)| {
        if let Some(on_error) = on_error {
            udf["on_error"] = on_error.into();
        }
        json!({"wasm_udf": with(udf, boost)})
    })
}
