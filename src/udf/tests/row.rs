//! The row ABI, in both conventions.

use serde_json::{Value as Json, json};

use super::support::*;
use crate::batch::{BatchUdf, FailureKind, Interrupt, Outcome, UdfBatch};

const NEW: &str = r#"
  (import "env" "has_field" (func $has_field (param i64 i32 i32) (result i32)))
  (import "env" "get_field_string" (func $get_field_string (param i64 i32 i32 i32 i32) (result i32)))
  (import "env" "get_field_i64" (func $get_field_i64 (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_field_f64" (func $get_field_f64 (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_field_bool" (func $get_field_bool (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_param_string" (func $get_param_string (param i32 i32 i32 i32) (result i32)))
  (import "env" "get_param_i64" (func $get_param_i64 (param i32 i32 i32) (result i32)))
  (import "env" "get_param_f64" (func $get_param_f64 (param i32 i32 i32) (result i32)))
  (import "env" "get_param_bool" (func $get_param_bool (param i32 i32 i32) (result i32)))
  (import "env" "log" (func $log (param i32 i32 i32)))
  (import "env" "get_document_id" (func $get_document_id (param i64 i32 i32) (result i32)))
  (import "env" "get_score" (func $get_score (param i64) (result f64)))"#;

const OLD: &str = r#"
  (import "env" "has_field" (func $has_field (param i64 i32 i32) (result i32)))
  (import "env" "get_field_string" (func $get_field_string (param i64 i32 i32 i32 i32) (result i32)))
  (import "env" "get_field_int64" (func $get_field_int64 (param i64 i32 i32) (result i64)))
  (import "env" "get_field_float64" (func $get_field_float64 (param i64 i32 i32) (result f64)))
  (import "env" "get_field_bool" (func $get_field_bool (param i64 i32 i32) (result i32)))
  (import "env" "get_param_bool" (func $get_param_bool (param i32 i32 i32) (result i32)))
  (import "env" "log" (func $log (param i32 i32)))"#;

/// Names, each at a place of its own: `title` at 0, `tags[1]` at 16, `year` at 32, `a.b` at 48, `open` at 64, `price` at 80.
fn module(imports: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {imports} (memory (export "memory") 1)
        (data (i32.const 0) "title") (data (i32.const 16) "tags[1]") (data (i32.const 32) "year")
        (data (i32.const 48) "a.b") (data (i32.const 64) "open") (data (i32.const 80) "price")
        (func (export "filter") (param $ctx i64) (result i32) (local $a i32) {body}))"#
    );
    wat::parse_str(text).unwrap()
}

fn docs() -> Docs {
    Docs::new([
        (
            "title",
            strings(&[&["one"], &[], &["three", "drei"], &["four"]]),
        ),
        ("tags", strings(&[&["x", "yy"], &["z"], &[], &["p", "q"]])),
        ("year", integers(&[Some(2001), None, Some(-5), Some(2001)])),
        ("a.b", floats(&[Some(0.5), Some(1.5), None, Some(-1.0)])),
        ("open", bools(&[Some(true), Some(false), None, Some(true)])),
    ])
}

fn rows(imports: &str, body: &str, more: &Json, parameters: &Json) -> Vec<u8> {
    let registry = registry();
    let mut bound = bind(
        &registry,
        &module(imports, body),
        &row_manifest(more),
        parameters,
        &docs(),
    )
    .unwrap();
    numbers(&ask(&mut bound, 4).unwrap())
}

#[test]
fn the_new_convention() {
    let ask = |body: &str| rows(NEW, body, &json!({}), &json!({}));
    let has = |at: u32, len: u32| {
        format!("(call $has_field (local.get $ctx) (i32.const {at}) (i32.const {len}))")
    };
    assert_eq!(ask(&has(0, 5)), [1, 0, 1, 1]);
    assert_eq!(ask(&has(16, 7)), [1, 0, 0, 1], "an item of a list");
    assert_eq!(ask(&has(32, 4)), [1, 0, 1, 1]);
    assert_eq!(ask(&has(48, 3)), [1, 1, 0, 1], "a path");
    assert_eq!(ask(&has(64, 4)), [1, 1, 0, 1]);
    assert_eq!(ask(&has(80, 5)), [0, 0, 0, 0], "a field that nobody knows");
    let string = |room: u32, then: &str| {
        format!(
            "(i32.store (i32.const 200) (i32.const {room}))
             (local.set $a (call $get_field_string (local.get $ctx) (i32.const 0) (i32.const 5) (i32.const 300) (i32.const 200)))
             {then}"
        )
    };
    // The length is 4: of several values the smallest, "drei".
    let four =
        "(i32.and (i32.eqz (local.get $a)) (i32.eq (i32.const 4) (i32.load (i32.const 200))))";
    assert_eq!(ask(&string(100, four)), [0, 0, 1, 1]);
    assert_eq!(
        ask(&string(
            100,
            "(i32.eq (i32.const 0x72) (i32.load8_u (i32.const 301)))"
        )),
        [0, 0, 1, 0]
    );
    assert_eq!(
        ask(&string(3, "(i32.eq (local.get $a) (i32.const -1))")),
        [0, 1, 1, 1],
        "too small or missing"
    );
    let number = "(local.set $a (call $get_field_i64 (local.get $ctx) (i32.const 32) (i32.const 4) (i32.const 200)))
        (i32.and (i32.eqz (local.get $a)) (i64.eq (i64.const 2001) (i64.load (i32.const 200))))";
    assert_eq!(ask(number), [1, 0, 0, 1]);
    let wrong = "(i32.eq (i32.const -1) (call $get_field_i64 (local.get $ctx) (i32.const 0) (i32.const 5) (i32.const 200)))";
    assert_eq!(ask(wrong), [1; 4]);
    let float = "(if (call $get_field_f64 (local.get $ctx) (i32.const 48) (i32.const 3) (i32.const 200)) (then (return (i32.const 0))))
        (f64.gt (f64.load (i32.const 200)) (f64.const 0))";
    assert_eq!(ask(float), [1, 1, 0, 0]);
    let open = "(if (call $get_field_bool (local.get $ctx) (i32.const 64) (i32.const 4) (i32.const 200)) (then (return (i32.const 0))))
        (i32.load (i32.const 200))";
    assert_eq!(ask(open), [1, 0, 0, 1]);
    let id = "(i32.store (i32.const 200) (i32.const 3))
        (i32.and (call $get_document_id (local.get $ctx) (i32.const 300) (i32.const 200)) (i32.eq (i32.load8_u (i32.const 302)) (i32.const 0x32)))";
    assert_eq!(ask(id), [0, 0, 1, 0]);
}

#[test]
fn scores_only_for_those_who_ask() {
    let registry = registry();
    let body = "(f64.eq (call $get_score (local.get $ctx)) (f64.const 1.5))";
    for (inputs, expected) in [(json!(["score"]), [0, 1]), (json!([]), [0, 0])] {
        let spec =
            row_manifest(&json!({"inputs": inputs, "version": format!("1.0.{}", expected[1])}));
        let mut bound = bind(&registry, &module(NEW, body), &spec, &json!({}), &docs()).unwrap();
        let mut outcome = Outcome::default();
        let batch = UdfBatch {
            docs: &[0, 1],
            scores: Some(&[1.0, 1.5]),
        };
        bound
            .evaluate(batch, &Interrupt::default(), &mut outcome)
            .unwrap();
        assert_eq!(numbers(&outcome), expected);
    }
}

#[test]
fn parameters_by_name() {
    let more = json!({"params": [{"name": "title", "type": "str", "default": "abc"}, {"name": "year", "type": "i32", "required": true},
        {"name": "open", "type": "bool", "default": true}, {"name": "a.b", "type": "f32"}]});
    let ask = |body: &str| rows(NEW, body, &more, &json!({"year": 7}))[0];
    let string = |room: u32| {
        format!(
            "(i32.store (i32.const 200) (i32.const {room})) (call $get_param_string (i32.const 0) (i32.const 5) (i32.const 300) (i32.const 200))"
        )
    };
    assert_eq!(ask(&format!("(i32.eq (i32.const 0) {})", string(3))), 1);
    assert_eq!(
        ask(&format!("(i32.eq (i32.const 3) {})", string(2))),
        1,
        "too small"
    );
    assert_eq!(
        ask(&format!(
            "(drop {}) (i32.eq (i32.const 3) (i32.load (i32.const 200)))",
            string(2)
        )),
        1,
        "the needed length"
    );
    let number = "(i32.and (i32.eqz (call $get_param_i64 (i32.const 32) (i32.const 4) (i32.const 200))) (i64.eq (i64.const 7) (i64.load (i32.const 200))))";
    assert_eq!(ask(number), 1);
    assert_eq!(
        ask(
            "(i32.eq (i32.const 2) (call $get_param_i64 (i32.const 0) (i32.const 5) (i32.const 200)))"
        ),
        1,
        "wrong type"
    );
    assert_eq!(
        ask(
            "(i32.eq (i32.const 1) (call $get_param_f64 (i32.const 48) (i32.const 3) (i32.const 200)))"
        ),
        1,
        "absent"
    );
    assert_eq!(
        ask(
            "(i32.eq (i32.const 3) (call $get_param_i64 (i32.const 32) (i32.const 4) (i32.const -4)))"
        ),
        1,
        "bad address"
    );
    let both = "(i64.store (i32.const 200) (i64.const -1)) (drop (call $get_param_bool (i32.const 64) (i32.const 4) (i32.const 200)))
        (i64.eq (i64.load (i32.const 200)) (i64.const 0xffffffff00000001))";
    assert_eq!(ask(both), 1, "four bytes");
    let one = both.replace("0xffffffff00000001", "0xffffffffffffff01");
    assert_eq!(
        rows(OLD, &one, &more, &json!({"year": 7}))[0],
        1,
        "one byte in the old convention"
    );
}

#[test]
fn positional_parameters() {
    let more = json!({"positional": ["n", "x"], "params": [{"name": "x", "type": "f64", "default": 0.5}, {"name": "n", "type": "i32", "required": true}]});
    let text = format!(
        "(module {NEW} (memory (export \"memory\") 1) (func (export \"filter\") (param i64 i32 f64) (result i32)
          (i32.and (i32.eq (local.get 1) (i32.const 3)) (f64.eq (local.get 2) (f64.const 0.5)))))"
    );
    let registry = registry();
    let mut bound = bind(
        &registry,
        &wat::parse_str(text).unwrap(),
        &row_manifest(&more),
        &json!({"n": 3}),
        &docs(),
    )
    .unwrap();
    assert_eq!(numbers(&ask(&mut bound, 2).unwrap()), [1, 1]);
}

#[test]
fn the_old_convention() {
    let ask = |body: &str| rows(OLD, body, &json!({}), &json!({}));
    let string = "(call $get_field_string (local.get $ctx) (i32.const 0) (i32.const 5) (i32.const 300) (i32.const 200))";
    assert_eq!(ask(string), [1, 0, 1, 1]);
    assert_eq!(
        ask(&format!(
            "(i32.and {string} (i32.eq (i32.load (i32.const 200)) (i32.const 3)))"
        )),
        [1, 0, 0, 0]
    );
    assert_eq!(
        ask(
            "(i64.eq (i64.const 2001) (call $get_field_int64 (local.get $ctx) (i32.const 32) (i32.const 4)))"
        ),
        [1, 0, 0, 1]
    );
    assert_eq!(
        ask(
            "(f64.eq (f64.const 0) (call $get_field_float64 (local.get $ctx) (i32.const 48) (i32.const 3)))"
        ),
        [0, 0, 1, 0]
    );
    assert_eq!(
        ask("(call $get_field_bool (local.get $ctx) (i32.const 64) (i32.const 4))"),
        [1, 0, 0, 1]
    );
}

#[test]
fn which_convention_is_meant() {
    let shared = r#"(import "env" "has_field" (func $has_field (param i64 i32 i32) (result i32)))"#;
    let new = r#"(import "env" "get_field_i64" (func (param i64 i32 i32 i32) (result i32)))"#;
    let old = r#"(import "env" "log" (func (param i32 i32)))"#;
    let check = |imports: &str, more: &Json| {
        registry().check(&module(imports, "i32.const 1"), Some(&row_manifest(more)))
    };
    assert!(message(check(shared, &json!({}))).contains("say `\"row\": \"old\"` or `\"new\"`"));
    assert!(
        message(check(&format!("{old} {new}"), &json!({}))).contains("belong to two conventions")
    );
    // Names that only one convention has are offered under the other one, too, if the manifest says which it is.
    for said in ["old", "new"] {
        let mixed = r#"(import "env" "get_field_int64" (func (param i64 i32 i32) (result i64)))"#;
        assert!(check(&format!("{mixed} {new}"), &json!({"row": said})).is_ok());
    }
    assert!(check(&format!("{old} {new}"), &json!({"row": "old"})).is_ok());
    assert!(check(shared, &json!({"row": "old"})).is_ok());
    assert!(check(&format!("{shared} {new}"), &json!({})).is_ok());
    assert!(check(&format!("{shared} {old}"), &json!({})).is_ok());
    assert!(
        message(check(old, &json!({"row": "new"})))
            .contains("contradicts the import `env.log(i32, i32)`")
    );
    assert!(check("", &json!({})).is_ok(), "no import, no question");
}

#[test]
fn declared_fields_are_the_only_ones() {
    let more = json!({"fields": [{"name": "price", "type": "i64", "from_param": "title"}], "params": [{"name": "title", "type": "str", "default": "year"}]});
    let has = |at: u32, len: u32| {
        format!("(call $has_field (local.get $ctx) (i32.const {at}) (i32.const {len}))")
    };
    let ask = |body: &str| rows(NEW, body, &more, &json!({}));
    assert_eq!(ask(&has(80, 5)), [1, 0, 1, 1], "by the function's own name");
    assert_eq!(ask(&has(32, 4)), [1, 0, 1, 1], "by the field's name");
    assert_eq!(ask(&has(0, 5)), [0; 4]);
    let registry = registry();
    let unknown = bind(
        &registry,
        &module(NEW, &has(80, 5)),
        &row_manifest(&more),
        &json!({"title": "nope"}),
        &docs(),
    );
    assert!(message(unknown).contains("no field `nope`"));
}

#[test]
fn failures_of_one_document() {
    let registry = registry();
    let trap = "(if (call $has_field (local.get $ctx) (i32.const 0) (i32.const 5)) (then (return (i32.const 1)))) unreachable";
    let outside = "(call $has_field (local.get $ctx) (i32.const -2) (i32.const 5))";
    let many = "(loop $l (i32.store (i32.const 300) (local.tee $a (i32.add (local.get $a) (i32.const 1))))
        (i32.store (i32.const 300) (i32.or (i32.const 0x30303030) (i32.or (i32.and (local.get $a) (i32.const 15)) (i32.shl (i32.and (local.get $a) (i32.const 0xff0)) (i32.const 4)))))
        (drop (call $has_field (local.get $ctx) (i32.const 300) (i32.const 4))) (br $l)) i32.const 0";
    for (version, body, expected, kind) in [
        (0, trap, vec![1], FailureKind::Trap),
        (1, outside, vec![0, 1, 2, 3], FailureKind::Protocol),
        (2, many, vec![0, 1, 2, 3], FailureKind::Limit),
    ] {
        let spec = row_manifest(&json!({"version": format!("1.0.{version}")}));
        let mut bound = bind(&registry, &module(NEW, body), &spec, &json!({}), &docs()).unwrap();
        let outcome = ask(&mut bound, 4).unwrap();
        assert_eq!(errors(&outcome), expected, "{:?}", outcome.failures);
        assert_eq!(outcome.failures[0].kind, kind, "{:?}", outcome.failures);
    }
}

/// What a guest makes the host hold is bounded, too, not only its own memory.
#[test]
fn fields_of_many_megabytes() {
    let long = "x".repeat(4 << 20);
    let value = [long.as_str()];
    let names: [&'static str; 24] = std::array::from_fn(|i| &*format!("f{:02}", i).leak());
    let docs = Docs::new(names.map(|name| (name, strings(&[&value, &[]]))));
    // Asks whether there are f00, f01 and so on; says yes if there are all 24.
    let text = format!(
        r#"(module {NEW} (memory (export "memory") 1)
        (func (export "filter") (param $ctx i64) (result i32) (local $a i32) (local $sum i32)
          (loop $next
            (i32.store (i32.const 0) (i32.add (i32.const 0x303066)
              (i32.add (i32.shl (i32.div_u (local.get $a) (i32.const 10)) (i32.const 8)) (i32.shl (i32.rem_u (local.get $a) (i32.const 10)) (i32.const 16)))))
            (local.set $sum (i32.add (local.get $sum) (call $has_field (local.get $ctx) (i32.const 0) (i32.const 3))))
            (br_if $next (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 1))) (i32.const 24))))
          (i32.eq (local.get $sum) (i32.const 24))))"#
    );
    let module = wat::parse_str(text).unwrap();
    let registry = registry();
    let mut bound = bind(
        &registry,
        &module,
        &row_manifest(&json!({})),
        &json!({}),
        &docs,
    )
    .unwrap();
    let outcome = ask(&mut bound, 2).unwrap();
    assert_eq!(errors(&outcome), [0], "{:?}", outcome.failures);
    assert_eq!(outcome.failures[0].kind, FailureKind::Limit);
    assert!(
        outcome.failures[0]
            .message
            .contains("more than 67108864 bytes")
    );
}
