//! What score and value functions return, rightly and wrongly.

use serde_json::{Value as Json, json};

use super::support::*;
use crate::batch::{BatchUdf, FailureKind, Outcome, Returns, ValueType, Verdict};

/// A guest whose function `run` does `doc` for each document `$i`, with its place in `out` as `$at`, `width` bytes each.
fn looping(width: u32, doc: &str) -> Vec<u8> {
    let run = format!(
        r#"(func (export "run") (param $b i32) (result i32) (local $i i32) (local $at i32) (local $col i32)
          (local.set $col (call $column (local.get $b) (i32.const 0)))
          (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
            (local.set $at (i32.add (i32.load offset=36 (local.get $b)) (i32.mul (local.get $i) (i32.const {width}))))
            {doc}
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
          i32.const 0)
        ;; Clears the document's bit.
        (func $clear (param $b i32) (param $i i32) (local $byte i32)
          (local.set $byte (i32.add (i32.load offset=40 (local.get $b)) (i32.shr_u (local.get $i) (i32.const 3))))
          (i32.store8 (local.get $byte) (i32.and (i32.load8_u (local.get $byte))
            (i32.xor (i32.const -1) (i32.shl (i32.const 1) (i32.and (local.get $i) (i32.const 7)))))))"#
    );
    guest_with(&run, "i32.const 0")
}

/// A guest that returns strings: `fill` writes at `$values` and `$offsets`, which the Column then names.
fn with_strings(fill: &str) -> Vec<u8> {
    let run = format!(
        r#"(global $values (mut i32) (i32.const 1024))
        (global $offsets (mut i32) (i32.const 512))
        (data (i32.const 1024) "abc\c3\a9xyz\ff\ff")
        (func (export "run") (param $b i32) (result i32) (local $out i32)
          {fill}
          (local.set $out (i32.load offset=36 (local.get $b)))
          (i32.store offset=12 (local.get $out) (global.get $values))
          (i32.store offset=20 (local.get $out) (global.get $offsets))
          i32.const 0)"#
    );
    guest_with(&run, "i32.const 0")
}

/// Stores offsets.
fn offsets(all: &[i32]) -> String {
    let store = |(i, offset): (usize, &i32)| {
        format!(
            "(i32.store (i32.const {}) (i32.const {offset}))",
            512 + 4 * i
        )
    };
    all.iter().enumerate().map(store).collect()
}

fn outcome(module: &[u8], more: &Json, docs: &Docs, len: u32) -> Outcome {
    let mut more = more.clone();
    more["export"] = json!("run");
    let registry = registry();
    let mut bound = bind(&registry, module, &manifest(&more), &json!({}), docs).unwrap();
    ask(&mut bound, len).unwrap()
}

fn value_of(returns: &str) -> Json {
    json!({"kind": "value", "returns": returns, "fields": [{"name": "a", "type": "f64"}]})
}

fn numbers_to_try() -> Docs {
    Docs::new([(
        "a",
        floats(&[
            Some(0.5),
            Some(-1.0),
            None,
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(1e39),
            Some(-0.0),
            Some(3.0),
        ]),
    )])
}

const COPY: &str = "(f64.store (local.get $at) (call $f64 (local.get $col) (local.get $i)))";
const CLEAR_MISSING: &str = "(if (i32.eqz (call $has (local.get $col) (local.get $i))) (then (call $clear (local.get $b) (local.get $i))))";

#[test]
fn scores_are_checked_one_by_one() {
    let score = json!({"kind": "score", "fields": [{"name": "a", "type": "f64"}]});
    let module = looping(8, &format!("{COPY} {CLEAR_MISSING}"));
    let found = outcome(&module, &score, &numbers_to_try(), 8);
    assert_eq!(numbers(&found), [1, 2, 2, 2, 2, 2, 1, 1]);
    assert_eq!(found.scores, [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0]);
    assert!(found.scores[6].is_sign_positive(), "no negative zero");
    let kinds: Vec<FailureKind> = found.failures.iter().map(|f| f.kind).collect();
    let (guest, protocol) = (FailureKind::Guest, FailureKind::Protocol);
    assert_eq!(kinds, [protocol, guest, guest, protocol, protocol]);
    assert!(
        found.failures[0]
            .message
            .contains("the score is -1, expected a number from 0 to")
    );
}

#[test]
fn a_score_above_the_bound_is_an_error() {
    let score =
        json!({"kind": "score", "max_score": 2.5, "fields": [{"name": "a", "type": "f64"}]});
    let found = outcome(
        &looping(8, COPY),
        &score,
        &Docs::new([("a", floats(&[Some(2.5), Some(2.6)]))]),
        2,
    );
    assert_eq!(numbers(&found), [1, 2]);
    assert_eq!(
        found.failures[0].message,
        "the score is 2.6, above the manifest's `max_score`, 2.5"
    );
}

#[test]
fn bounds_are_for_scores() {
    let module = looping(8, COPY);
    for (more, expected) in [
        (
            json!({"kind": "filter", "max_score": 1}),
            "`max_score` is for score functions",
        ),
        (
            json!({"kind": "score", "max_score": -1}),
            "`max_score`: expected a number from 0",
        ),
        (
            json!({"kind": "score", "max_score": 1e39}),
            "`max_score`: expected a number from 0",
        ),
    ] {
        let mut more = more;
        more["export"] = json!("run");
        let error = message(registry().check(&module, Some(&manifest(&more))));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn doubles_missing_and_wrong() {
    let module = looping(8, &format!("{COPY} {CLEAR_MISSING}"));
    let found = outcome(&module, &value_of("f64"), &numbers_to_try(), 8);
    assert_eq!(
        numbers(&found),
        [1, 1, 0, 2, 2, 1, 1, 1],
        "missing is no error"
    );
    let doubles: Vec<f64> = found
        .values
        .bits
        .iter()
        .map(|bits| f64::from_bits(*bits))
        .collect();
    assert_eq!(doubles, [0.5, -1.0, 0.0, 0.0, 0.0, 1e39, 0.0, 3.0]);
    assert_eq!(found.failures[1].message, "the value is inf");
}

#[test]
fn integers_and_booleans() {
    let docs = Docs::new([("a", floats(&[Some(1.0), Some(0.0), Some(2.0), None]))]);
    let integer = "(i64.store (local.get $at) (i64.sub (i64.const 0) (i64.trunc_sat_f64_s (call $f64 (local.get $col) (local.get $i)))))";
    let found = outcome(
        &looping(8, &format!("{integer} {CLEAR_MISSING}")),
        &value_of("i64"),
        &docs,
        4,
    );
    assert_eq!(numbers(&found), [1, 1, 1, 0]);
    let integers: Vec<i64> = found
        .values
        .bits
        .iter()
        .map(|bits| bits.cast_signed())
        .collect();
    assert_eq!(integers, [-1, 0, -2, 0]);

    let boolean = "(i32.store8 (local.get $at) (i32.trunc_sat_f64_s (call $f64 (local.get $col) (local.get $i))))";
    let found = outcome(
        &looping(1, &format!("{boolean} {CLEAR_MISSING}")),
        &value_of("bool"),
        &docs,
        4,
    );
    assert_eq!(numbers(&found), [1, 1, 2, 0]);
    assert_eq!(found.values.bits, [1, 0, 0, 0]);
    assert_eq!(
        found.failures[0].message,
        "the boolean is 2, expected 0 or 1"
    );
}

#[test]
fn strings_in_the_guests_memory() {
    let fill = format!(
        "{} (i32.store8 (i32.load offset=40 (local.get $b)) (i32.const 0x1d))",
        offsets(&[0, 3, 4, 5, 5, 8])
    );
    let returns = json!({"kind": "value", "returns": "str"});
    let found = outcome(&with_strings(&fill), &returns, &Docs::default(), 5);
    // Documents 1 is missing, and 2 begins inside a character.
    assert_eq!(numbers(&found), [1, 0, 2, 1, 1]);
    let strings: Vec<&str> = (0..5).map(|i| found.values.string(i)).collect();
    assert_eq!(strings, ["abc", "", "", "", "xyz"]);
    assert!(
        found.failures[0]
            .message
            .contains("the returned string is not UTF-8")
    );
}

#[test]
fn strings_that_are_nowhere() {
    let returns = json!({"kind": "value", "returns": "str"});
    for (fill, kind, expected) in [
        (
            "(global.set $offsets (i32.const -8))",
            FailureKind::Protocol,
            "the offsets of the returned strings are outside",
        ),
        (
            "(i32.store (i32.const 516) (i32.const 2000000))",
            FailureKind::Protocol,
            "the bytes of the returned strings are outside",
        ),
        (
            "(global.set $values (i32.const -1)) (i32.store (i32.const 516) (i32.const 1))",
            FailureKind::Protocol,
            "the bytes of the returned strings are outside",
        ),
        (
            "(i32.store (i32.const 512) (i32.const 1))",
            FailureKind::Protocol,
            "offsets of the returned strings fall from 1 to 0",
        ),
        (
            "(i32.store (i32.const 516) (i32.const -1))",
            FailureKind::Limit,
            "more than 4194304 bytes",
        ),
    ] {
        let found = outcome(&with_strings(fill), &returns, &Docs::default(), 1);
        assert_eq!(numbers(&found), [2], "{fill}");
        let failure = &found.failures[0];
        assert_eq!(failure.kind, kind, "{fill}");
        assert!(failure.message.contains(expected), "{}", failure.message);
    }
}

/// A document at fault is found by halving, and its neighbours keep what they got.
#[test]
fn neighbours_of_a_trap_keep_their_values() {
    let values: Vec<Option<f64>> = (0..100_u8).map(|i| Some(f64::from(i))).collect();
    let docs = Docs::new([("a", floats(&values))]);
    let trap = "(if (f64.eq (call $f64 (local.get $col) (local.get $i)) (f64.const 70)) (then (unreachable)))";
    let found = outcome(
        &looping(8, &format!("{trap} {COPY}")),
        &value_of("f64"),
        &docs,
        100,
    );
    assert_eq!(errors(&found), [70]);
    for (i, bits) in found.values.bits.iter().enumerate() {
        let expected = if i == 70 { None } else { values[i] };
        assert_eq!(f64::from_bits(*bits), expected.unwrap_or(0.0));
        assert_eq!(found.verdicts[i] == Verdict::Yes, expected.is_some());
    }
}

#[test]
fn a_binding_says_what_it_returns() {
    let registry = registry();
    let module = looping(8, COPY);
    for (more, returns, max) in [
        (
            json!({"name": "a", "kind": "filter"}),
            Returns::Filter,
            None,
        ),
        (
            json!({"name": "b", "kind": "score", "export": "run", "max_score": 2}),
            Returns::Score,
            Some(2.0),
        ),
        (
            json!({"name": "c", "kind": "value", "export": "run", "returns": "str"}),
            Returns::Value(ValueType::Str),
            None,
        ),
    ] {
        let bound = bind(
            &registry,
            &module,
            &manifest(&more),
            &json!({}),
            &Docs::default(),
        );
        let bound = bound.unwrap();
        assert_eq!((bound.returns(), bound.max_score()), (returns, max));
    }
}
