//! Random clauses that stand for many terms, and phrases with slop.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::queries::{boost, minimum, some_words, text_field, with, word_number};
use super::{Shape, word};

pub(super) fn many_terms(shape: Shape) -> impl Strategy<Value = Json> {
    prop_oneof![
        2 => pattern(shape).boxed(),
        1 => regexp().boxed(),
        2 => fuzzy(shape).boxed(),
        2 => fuzzy_match(shape).boxed(),
        2 => sloppy_phrase(shape).boxed(),
        2 => phrase_prefix(shape).boxed(),
        2 => bool_prefix(shape).boxed(),
    ]
}

fn any_field() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        text_field(),
        prop::sample::select(vec!["kw", "kwi", "obj.b"])
    ]
}

fn start_of(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// A prefix, or a pattern of `*` and `?`.
fn pattern(shape: Shape) -> impl Strategy<Value = Json> {
    let starts = (word_number(shape), 0..4_usize).prop_map(|(n, chars)| start_of(&word(n), chars));
    let others = ["k", "K1", "k10", "é", "THE", "the "]
        .map(String::from)
        .to_vec();
    let prefix = prop_oneof![starts, prop::sample::select(others)];
    let pieces = [
        "*", "*", "?", "o", "u", "k", "1", "ber", "fox", "\\", "F", "n",
    ];
    let pieces = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..5);
    let text = prop_oneof![
        prefix.prop_map(|text| ("prefix", text)),
        pieces.prop_map(|pieces| ("wildcard", pieces.concat())),
    ];
    (any_field(), text, any::<bool>(), boost()).prop_map(
        |(field, (kind, text), any_case, boost)| {
            let clause = json!({"value": text, "case_insensitive": any_case});
            json!({kind: {field: with(clause, boost)}})
        },
    )
}

fn regexp() -> impl Strategy<Value = Json> {
    let leaves = [
        "f", "o", "x", "r", "u", "n", "k", "ü", "T", "the", "w", ".", ".", "@", "#", "[a-o]",
        "[0-9]", "<0-12>",
    ];
    let leaf = prop::sample::select(leaves.to_vec()).prop_map(String::from);
    let expression = leaf.prop_recursive(4, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        let times = prop::sample::select(vec!["?", "*", "+"]);
        prop_oneof![
            5 => list().prop_map(|parts| parts.concat()),
            2 => list().prop_map(|parts| format!("({})", parts.join("|"))),
            1 => list().prop_map(|parts| format!("({})", parts.join("&"))),
            1 => inner.clone().prop_map(|inner| format!("~({inner})")),
            2 => (inner.clone(), times).prop_map(|(inner, times)| format!("({inner}){times}")),
        ]
    });
    (any_field(), expression, any::<bool>(), boost()).prop_map(
        |(field, expression, any_case, boost)| {
            let clause = json!({"value": expression, "case_insensitive": any_case});
            json!({"regexp": {field: with(clause, boost)}})
        },
    )
}

/// A word as it is, or with some mistakes.
fn misspelt(shape: Shape) -> impl Strategy<Value = String> {
    let mistake = (
        0..4_u8,
        0..5_usize,
        prop::sample::select(vec!['o', 'x', 'k', 'é']),
    );
    let spoiled =
        (word_number(shape), prop::collection::vec(mistake, 0..3)).prop_map(|(n, mistakes)| {
            let mut chars: Vec<char> = word(n).chars().collect();
            for (kind, at, c) in mistakes {
                match kind {
                    0 => chars.insert(at.min(chars.len()), c),
                    1 if at < chars.len() => drop(chars.remove(at)),
                    2 if at < chars.len() => chars[at] = c,
                    _ if at + 1 < chars.len() => chars.swap(at, at + 1),
                    _ => {}
                }
            }
            chars.into_iter().collect()
        });
    let others = ["", "a", "k1", "k01", "1k", "é", "k 1"]
        .map(String::from)
        .to_vec();
    prop_oneof![4 => spoiled, 1 => prop::sample::select(others)]
}

fn fuzziness() -> impl Strategy<Value = Json> {
    prop_oneof![
        (0..3_u8).prop_map(Json::from),
        prop::sample::select(vec![
            json!("AUTO"),
            json!("auto:1,2"),
            json!("AUTO:2,9"),
            json!("1")
        ]),
    ]
}

/// Adds the options of an expansion.
fn expanded(mut clause: Json, options: (usize, u32, bool), transpositions: &str) -> Json {
    clause["prefix_length"] = options.0.into();
    clause["max_expansions"] = options.1.into();
    clause[transpositions] = options.2.into();
    clause
}

fn options() -> impl Strategy<Value = (usize, u32, bool)> {
    let most = prop::sample::select(vec![1_u32, 2, 3, 50]);
    (
        prop_oneof![3 => Just(0), 1 => 0..4_usize],
        most,
        any::<bool>(),
    )
}

fn fuzzy(shape: Shape) -> impl Strategy<Value = Json> {
    (
        any_field(),
        misspelt(shape),
        fuzziness(),
        options(),
        boost(),
    )
        .prop_map(|(field, word, fuzziness, options, boost)| {
            let clause = json!({"value": word, "fuzziness": fuzziness});
            json!({"fuzzy": {field: with(expanded(clause, options, "transpositions"), boost)}})
        })
}

/// Some words, some of them with mistakes.
fn misspelt_words(shape: Shape) -> impl Strategy<Value = String> {
    prop::collection::vec(misspelt(shape), 0..4).prop_map(|words| words.join(" "))
}

fn fuzzy_match(shape: Shape) -> impl Strategy<Value = Json> {
    let how = (fuzziness(), options(), minimum(), any::<bool>(), boost());
    (any_field(), misspelt_words(shape), how).prop_map(
        |(field, text, (fuzziness, options, minimum, and, boost))| {
            let mut clause = json!({"query": text, "fuzziness": fuzziness, "operator": if and { "and" } else { "or" }});
            if let Some(minimum) = minimum {
                clause["minimum_should_match"] = minimum;
            }
            json!({"match": {field: with(expanded(clause, options, "fuzzy_transpositions"), boost)}})
        },
    )
}

fn sloppy_phrase(shape: Shape) -> impl Strategy<Value = Json> {
    (text_field(), some_words(shape), 0..5_u32, boost()).prop_map(|(field, text, slop, boost)| {
        json!({"match_phrase": {field: with(json!({"query": text, "slop": slop}), boost)}})
    })
}

/// Some words, the last of which may lack its end.
fn unfinished(shape: Shape) -> impl Strategy<Value = String> {
    let ends = ["", " ", " ", "."];
    let last = (
        word_number(shape),
        1..5_usize,
        prop::sample::select(ends.to_vec()),
    );
    (some_words(shape), last)
        .prop_map(|(text, (n, chars, end))| format!("{text} {}{end}", start_of(&word(n), chars)))
}

fn phrase_prefix(shape: Shape) -> impl Strategy<Value = Json> {
    let most = prop::sample::select(vec![1_u32, 2, 50]);
    (text_field(), unfinished(shape), 0..4_u32, most, boost()).prop_map(
        |(field, text, slop, most, boost)| {
            let clause = json!({"query": text, "slop": slop, "max_expansions": most});
            json!({"match_phrase_prefix": {field: with(clause, boost)}})
        },
    )
}

fn bool_prefix(shape: Shape) -> impl Strategy<Value = Json> {
    let how = (
        prop::option::of(fuzziness()),
        options(),
        minimum(),
        any::<bool>(),
        boost(),
    );
    (any_field(), unfinished(shape), how).prop_map(
        |(field, text, (fuzziness, options, minimum, and, boost))| {
            let mut clause = json!({"query": text, "operator": if and { "and" } else { "or" }});
            if let Some(fuzziness) = fuzziness {
                clause["fuzziness"] = fuzziness;
            }
            if let Some(minimum) = minimum {
                clause["minimum_should_match"] = minimum;
            }
            json!({"match_bool_prefix": {field: with(expanded(clause, options, "fuzzy_transpositions"), boost)}})
        },
    )
}
