//! Score and value functions that return what is no score and no value, and strings that are not where they say.

use std::sync::Arc;
use std::time::Duration;

use diagon::batch::FailureKind;
use diagon::search::{FieldValue, SearchOptions};
use serde_json::{Value as Json, json};

use crate::guest::{RESERVE, manifest, name, parse};
use crate::naive::Said;
use crate::stage::{Asker, all_of, engine, failing, registry};

/// The number of the document, or, once the guest is armed, for a document with number % 5 == 2, what `hostile` leaves at `$at`, which is
/// the document's place in `out`. `after` is run when all is done.
fn module(width: u32, honest: &str, hostile: &str, after: &str) -> Vec<u8> {
    parse(&format!(
        r#"(module
  (memory (export "memory") 8)
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param $n i32) (result i32) (local $end i32) {RESERVE})
  ;; Clears the bit of document $i in out_validity.
  (func $clear (param $b i32) (param $i i32) (local $byte i32)
    (local.set $byte (i32.add (i32.load offset=40 (local.get $b)) (i32.shr_u (local.get $i) (i32.const 3))))
    (i32.store8 (local.get $byte) (i32.and (i32.load8_u (local.get $byte))
      (i32.xor (i32.const 255) (i32.shl (i32.const 1) (i32.and (local.get $i) (i32.const 7)))))))
  (func (export "run") (param $b i32) (result i32) (local $i i32) (local $n i64) (local $at i32) (local $armed i32)
    (local.set $armed (i64.ne (i64.load offset=8 (i32.load offset=16 (local.get $b))) (i64.const 0)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
      (local.set $n (i64.load (i32.add (i32.load offset=12 (i32.load offset=8 (local.get $b))) (i32.shl (local.get $i) (i32.const 3)))))
      (local.set $at (i32.add (i32.load offset=36 (local.get $b)) (i32.mul (local.get $i) (i32.const {width}))))
      {honest}
      (if (i32.and (local.get $armed) (i64.eq (i64.const 2) (i64.rem_u (local.get $n) (i64.const 5)))) (then {hostile}))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (if (local.get $armed) (then {after}))
    i32.const 0))"#
    ))
}

const NUMBER: &str = "(f64.store (local.get $at) (f64.convert_i64_u (local.get $n)))";

fn hit(n: i64) -> bool {
    n % 5 == 2
}

/// What they do, what they leave, and the failure.
fn scores() -> Vec<(&'static str, &'static str, FailureKind, &'static str)> {
    let bits = |what, bits, kind, words| (what, bits, kind, words);
    let said = "reported an error in this document";
    let range = "expected a number from 0";
    vec![
        bits(
            "scores not a number",
            "(f64.store (local.get $at) (f64.const nan))",
            FailureKind::Guest,
            said,
        ),
        bits(
            "scores another not a number",
            "(i64.store (local.get $at) (i64.const 0xfff4000000001234))",
            FailureKind::Guest,
            said,
        ),
        bits(
            "scores infinite",
            "(f64.store (local.get $at) (f64.const inf))",
            FailureKind::Protocol,
            range,
        ),
        bits(
            "scores less than everything",
            "(f64.store (local.get $at) (f64.const -inf))",
            FailureKind::Protocol,
            range,
        ),
        bits(
            "scores a little below zero",
            "(f64.store (local.get $at) (f64.const -1e-300))",
            FailureKind::Protocol,
            range,
        ),
        bits(
            "scores more than a float holds",
            "(f64.store (local.get $at) (f64.const 1e300))",
            FailureKind::Protocol,
            range,
        ),
        bits(
            "scores above its own maximum",
            "(f64.store (local.get $at) (f64.const 5000.5))",
            FailureKind::Protocol,
            "above the manifest's `max_score`",
        ),
        bits(
            "scores nothing",
            "(call $clear (local.get $b) (local.get $i))",
            FailureKind::Guest,
            said,
        ),
        bits(
            "traps in a score",
            "(unreachable)",
            FailureKind::Trap,
            "unreachable",
        ),
    ]
}

fn asker() -> (Arc<diagon::udf::UdfRegistry>, Asker) {
    let registry = registry(engine(), Duration::from_secs(60));
    let asker = Asker::new(Arc::clone(&registry) as _);
    (registry, asker)
}

fn add(registry: &diagon::udf::UdfRegistry, what: &str, module: &[u8], more: Json) -> String {
    let mut keys = more;
    keys["export"] = "run".into();
    let name = name(what);
    let added = registry.add(module, Some(&manifest(&name, &keys)));
    added.unwrap_or_else(|e| panic!("{what}: {e}"));
    name
}

#[test]
fn scores_that_are_none() {
    let (registry, mut asker) = asker();
    for (what, hostile, kind, words) in scores() {
        let module = module(8, NUMBER, hostile, "");
        let mut keys = json!({"kind": "score"});
        if words.contains("max_score") {
            keys["max_score"] = 5_000.into();
        }
        let name = add(&registry, what, &module, keys);
        let query = |armed: i64, on_error: &str| {
            let function =
                json!({"name": name, "parameters": {"armed": armed}, "on_error": on_error});
            json!({"script_score": {"query": {"match_all": {}}, "wasm_udf": function}})
        };
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let honest = |n: i64| Said::Score(n as f64);
        let response = asker.same_but(&query(1, "exclude"), &honest, &hit);
        let report = &response.profile.functions[0];
        let expected = failing(&|n| match hit(n) {
            true => diagon::batch::Verdict::Error,
            false => diagon::batch::Verdict::Yes,
        });
        assert_eq!(report.failures(), expected as u64, "{what}");
        for (id, of_kind, message) in &report.samples {
            assert_eq!(*of_kind, kind, "{what}: {id}: {message}");
            assert!(message.contains(words), "{what}: {message}");
        }
        let error = asker.ask(&query(1, "fail"), &SearchOptions::default());
        let error = error.expect_err(what);
        assert_eq!(
            error.code(),
            diagon::ErrorCode::UdfFailed,
            "{what}: {error}"
        );
        asker.same_but(&query(0, "fail"), &honest, &|_| false);
        asker.others_are_well();
    }
}

/// A value function: what it does, the type, its width in `out`, what it says honestly, what it says instead, what it does
/// when all is done, and the failure. Those that do something in the end fail on every document.
struct Value {
    what: &'static str,
    returns: &'static str,
    width: u32,
    honest: &'static str,
    hostile: &'static str,
    after: &'static str,
    fails: Option<(FailureKind, &'static str)>,
}

/// Strings of two bytes, all of them "xx": the bytes are at 0x30000, the offsets at 0x20000.
const STRINGS: &str = "(memory.fill (i32.const 0x30000) (i32.const 0x78) (i32.const 4096))
    (i32.store offset=12 (i32.load offset=36 (local.get $b)) (i32.const 0x30000))
    (i32.store offset=20 (i32.load offset=36 (local.get $b)) (i32.const 0x20000))
    (i32.store (i32.const 0x20000) (i32.const 0))
    (i32.store offset=4 (i32.add (i32.const 0x20000) (i32.shl (local.get $i) (i32.const 2)))
      (i32.shl (i32.add (local.get $i) (i32.const 1)) (i32.const 1)))";

fn values() -> Vec<Value> {
    use FailureKind::{Guest, Limit, Protocol};
    let number = |what, returns, width, honest, hostile, fails| Value {
        what,
        returns,
        width,
        honest,
        hostile,
        after: "",
        fails,
    };
    let text = |what, after, kind, words| Value {
        what,
        returns: "str",
        width: 0,
        honest: STRINGS,
        hostile: "",
        after,
        fails: Some((kind, words)),
    };
    let clear = "(call $clear (local.get $b) (local.get $i))";
    let outside = "of the returned strings are outside the memory";
    vec![
        number(
            "computes not a number",
            "f64",
            8,
            NUMBER,
            "(f64.store (local.get $at) (f64.const nan:0x4000000000001))",
            Some((Guest, "reported an error")),
        ),
        number(
            "computes infinity",
            "f64",
            8,
            NUMBER,
            "(f64.store (local.get $at) (f64.const -inf))",
            Some((Protocol, "the value is -inf")),
        ),
        number(
            "computes a boolean of 2",
            "bool",
            1,
            "(i32.store8 (local.get $at) (i32.const 1))",
            "(i32.store8 (local.get $at) (i32.const 2))",
            Some((Protocol, "the boolean is 2")),
        ),
        number(
            "computes a boolean of 255",
            "bool",
            1,
            "(i32.store8 (local.get $at) (i32.const 0))",
            "(i32.store8 (local.get $at) (i32.const -1))",
            Some((Protocol, "the boolean is 255")),
        ),
        number(
            "computes nothing",
            "i64",
            8,
            "(i64.store (local.get $at) (local.get $n))",
            clear,
            None,
        ),
        text(
            "has its strings outside",
            "(i32.store offset=12 (i32.load offset=36 (local.get $b)) (i32.const -1))",
            Protocol,
            outside,
        ),
        text(
            "has its offsets outside",
            "(i32.store offset=20 (i32.load offset=36 (local.get $b)) (i32.const -4))",
            Protocol,
            outside,
        ),
        text(
            "has its offsets over the end",
            "(i32.store offset=20 (i32.load offset=36 (local.get $b)) (i32.const 0x7fffc))",
            Protocol,
            outside,
        ),
        text(
            "has offsets that fall",
            "(i32.store (i32.const 0x20000) (i32.const 0x7fffffff))",
            Protocol,
            "offsets of the returned strings fall",
        ),
        text(
            "has offsets below zero",
            "(i32.store offset=4 (i32.const 0x20000) (i32.const -1))",
            Limit,
            "more than 4194304 bytes",
        ),
        text(
            "has strings over the end",
            "(i32.store offset=12 (i32.load offset=36 (local.get $b)) (i32.const 0x7ffff))",
            Protocol,
            outside,
        ),
        text(
            "has strings that are not UTF-8",
            "(memory.fill (i32.const 0x30000) (i32.const 0xc3) (i32.const 4096))",
            Protocol,
            "not UTF-8",
        ),
        text(
            "has all memory for a string",
            "(i32.store offset=12 (i32.load offset=36 (local.get $b)) (i32.const 0)) (i32.store (i32.const 0x20000) (i32.const 0)) (i32.store offset=4 (i32.const 0x20000) (i32.const 0x80001))",
            Protocol,
            outside,
        ),
    ]
}

#[test]
fn values_that_are_none() {
    let (registry, mut asker) = asker();
    let some = all_of(&[json!({"range": {"n": {"lt": 300}}})]);
    for value in values() {
        let what = value.what;
        let module = module(value.width, value.honest, value.hostile, value.after);
        let keys = json!({"kind": "value", "returns": value.returns});
        let name = add(&registry, what, &module, keys);
        let field = |armed: i64, on_error: &str| {
            let function =
                json!({"name": name, "parameters": {"armed": armed}, "on_error": on_error});
            json!({"script_fields": {"computed": {"wasm_udf": function}}})
        };
        let mut ask = |armed, on_error| {
            asker.ask_with(&some, &field(armed, on_error), &SearchOptions::default())
        };
        let response = ask(1, "exclude").unwrap_or_else(|e| panic!("{what}: {e}"));
        let all = response.hits.len();
        assert!(all > 290);
        // Those that do something in the end spoil the answer about every document.
        let at_once = !value.after.is_empty();
        let mut without = 0;
        for hit_ in &response.hits {
            let n: i64 = hit_.id[1..].parse().expect("a number");
            assert_eq!(hit_.fields.is_empty(), at_once || hit(n), "{what}: {n}");
            without += u64::from(hit_.fields.is_empty());
        }
        let report = &response.profile.functions[0];
        match value.fails {
            Some((kind, words)) => {
                assert_eq!(report.failures(), without, "{what}");
                for (id, of_kind, message) in &report.samples {
                    assert_eq!(*of_kind, kind, "{what}: {id}: {message}");
                    assert!(message.contains(words), "{what}: {message}");
                }
                let error = ask(1, "fail").expect_err(what);
                assert_eq!(
                    error.code(),
                    diagon::ErrorCode::UdfFailed,
                    "{what}: {error}"
                );
            }
            None => assert_eq!(report.failures(), 0, "{what}"),
        }
        let response = ask(0, "fail").unwrap_or_else(|e| panic!("{what}: {e}"));
        for hit in &response.hits {
            let n: i64 = hit.id[1..].parse().expect("a number");
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let expected = match value.returns {
                "f64" => FieldValue::F64(n as f64),
                "i64" => FieldValue::I64(n),
                "bool" => FieldValue::Bool(value.honest.contains("const 1")),
                _ => FieldValue::Str("xx".to_string()),
            };
            assert_eq!(hit.fields[0].1, expected, "{what}: {n}");
        }
        asker.others_are_well();
    }
}
