//! The guests' text and manifests.

use serde_json::{Value as Json, json};

/// All modules with their manifests.
pub(super) fn all() -> Vec<(String, Json)> {
    let i64s = |names: &[&str]| -> Vec<Json> {
        let one = |name: &&str| json!({"name": name, "type": "i64", "default": i64::from(name.ends_with('m'))});
        names.iter().map(one).collect()
    };
    let string =
        |name: &str, default: &str| json!({"name": name, "type": "str", "default": default});
    let column =
        |value_type: &str| json!({"name": "value", "type": value_type, "from_param": "field"});
    let manifest = |name: &str, fields: Json, params: Vec<Json>| json!({"abi": 1, "name": name, "version": "1.0.0", "kind": "filter", "fields": fields, "params": params});
    let mut picky = i64s(&["m", "r", "how", "fm", "fr"]);
    let mut row = manifest("picky_row", json!([]), picky.clone());
    row["abi"] = "row".into();
    picky.push(string("field", "n"));
    let least = json!({"name": "least", "type": "f64", "default": 0.0});
    let mut number = column("f64");
    number["default"] = 0.0.into();
    let flag = json!([{"name": "ok", "type": "bool"}]);
    let want = json!({"name": "want", "type": "bool", "default": true});
    let mut list = column("str");
    list["list"] = true.into();
    let mut scored = manifest("scored", json!([]), vec![least.clone()]);
    scored["inputs"] = json!(["score"]);
    let mut all = vec![
        (
            batch(PICKY),
            manifest("picky", json!([column("i64")]), picky),
        ),
        (
            batch(ABOVE),
            manifest("above", json!([number]), vec![least, string("field", "x")]),
        ),
        (batch(FLAG), manifest("flag", flag, vec![want])),
        (
            batch(STARTS),
            manifest(
                "starts",
                json!([column("str")]),
                vec![string("prefix", ""), string("field", "kw")],
            ),
        ),
        (
            batch(ITEM),
            manifest(
                "item",
                json!([list]),
                vec![
                    i64s(&["at"]).remove(0),
                    string("text", ""),
                    string("field", "kw"),
                ],
            ),
        ),
        (batch(SCORED), scored),
    ];
    // A function that says it is pure may be run on other documents than the candidates, too.
    for (_, manifest) in all.iter_mut().skip(1).step_by(2) {
        manifest["pure"] = true.into();
    }
    all.push((ROW.to_string(), row));
    all.extend(computing());
    all
}

/// A module of the batch ABI around a function `$doc (batch, index) -> verdict`.
fn batch(doc: &str) -> String {
    BATCH.replace("{doc}", doc).replace("{more}", "")
}

/// Functions that score or compute.
fn computing() -> Vec<(String, Json)> {
    let manifest = |name: &str, more: Json| {
        let mut manifest =
            json!({"abi": 1, "name": name, "version": "1.0.0", "export": "run", "pure": true});
        for (key, value) in more.as_object().into_iter().flatten() {
            manifest[key] = value.clone();
        }
        manifest
    };
    let field =
        |value_type: &str| json!([{"name": "value", "type": value_type, "from_param": "field"}]);
    let params = |default: &str, more: Json| {
        let mut all = vec![json!({"name": "field", "type": "str", "default": default})];
        all.extend(more.as_array().into_iter().flatten().cloned());
        all
    };
    let strict = json!({"name": "strict", "type": "i64", "default": 0});
    let scale = json!({"name": "scale", "type": "f64", "default": 1});
    vec![
        (
            looping("f64", GRADED),
            manifest(
                "graded",
                json!({"kind": "score", "max_score": 100, "fields": field("f64"), "params": params("x", json!([strict, scale]))}),
            ),
        ),
        (
            looping("f64", LIFTED),
            manifest("lifted", json!({"kind": "score", "inputs": ["score"]})),
        ),
        (
            looping("f64", DOUBLED),
            manifest(
                "doubled",
                json!({"kind": "value", "returns": "f64", "fields": field("f64"), "params": params("x", json!([strict]))}),
            ),
        ),
        (
            looping("i64", WHOLE),
            manifest(
                "whole",
                json!({"kind": "value", "returns": "i64", "fields": field("i64"), "params": params("n", json!([]))}),
            ),
        ),
        (
            looping("f64", RANK),
            manifest(
                "rank",
                json!({"kind": "value", "returns": "f64", "inputs": ["score"]}),
            ),
        ),
        (
            BATCH
                .replace("{doc}", "i32.const 0")
                .replace("{more}", NAME),
            manifest(
                "name",
                json!({"kind": "value", "returns": "str", "fields": field("str"), "params": params("kw", json!([]))}),
            ),
        ),
    ]
}

/// A module around a function `$number (batch, index)`, whose result is stored for each document.
fn looping(value_type: &str, number: &str) -> String {
    let more = LOOPING
        .replace("{type}", value_type)
        .replace("{number}", number);
    BATCH
        .replace("{doc}", "i32.const 0")
        .replace("{more}", &more)
}

const LOOPING: &str = r#"
  ;; Says that the document has no value.
  (func $clear (param $b i32) (param $i i32) (local $byte i32)
    (local.set $byte (i32.add (i32.load offset=40 (local.get $b)) (i32.shr_u (local.get $i) (i32.const 3))))
    (i32.store8 (local.get $byte) (i32.and (i32.load8_u (local.get $byte))
      (i32.xor (i32.const -1) (i32.shl (i32.const 1) (i32.and (local.get $i) (i32.const 7)))))))
  (func $score (param $b i32) (param $i i32) (result f64)
    (f64.promote_f32 (f32.load (i32.add (i32.load offset=24 (local.get $b)) (i32.shl (local.get $i) (i32.const 2))))))
  (func $number (param $b i32) (param $i i32) (result {type}) (local $col i32)
    (local.set $col (call $column (local.get $b) (i32.const 0)))
    {number})
  (func (export "run") (param $b i32) (result i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
      ({type}.store (i32.add (i32.load offset=36 (local.get $b)) (i32.shl (local.get $i) (i32.const 3)))
        (call $number (local.get $b) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    i32.const 0)"#;

const GRADED: &str = r"
    (if (i32.eqz (call $has (local.get $col) (local.get $i))) (then (return (select (f64.const nan) (f64.const 1)
      (i32.wrap_i64 (call $int (local.get $b) (i32.const 1)))))))
    (f64.min (f64.const 100) (f64.mul (f64.abs (f64.load (call $at8 (local.get $col) (local.get $i))))
      (f64.load offset=8 (call $param (local.get $b) (i32.const 2)))))";

const LIFTED: &str = r"
    (f64.add (f64.mul (call $score (local.get $b) (local.get $i)) (f64.const 2)) (f64.const 0.5))";

const RANK: &str = "(call $score (local.get $b) (local.get $i))";

const DOUBLED: &str = r"
    (if (i32.eqz (call $has (local.get $col) (local.get $i))) (then
      (if (i32.wrap_i64 (call $int (local.get $b) (i32.const 1))) (then (return (f64.const nan))))
      (call $clear (local.get $b) (local.get $i)) (return (f64.const 0))))
    (f64.mul (f64.const 2) (f64.load (call $at8 (local.get $col) (local.get $i))))";

const WHOLE: &str = r"
    (if (i32.eqz (call $has (local.get $col) (local.get $i))) (then
      (call $clear (local.get $b) (local.get $i)) (return (i64.const 0))))
    (i64.load (call $at8 (local.get $col) (local.get $i)))";

/// The column itself is returned, with what it has of values.
const NAME: &str = r#"
  (func (export "run") (param $b i32) (result i32) (local $col i32) (local $out i32)
    (local.set $col (call $column (local.get $b) (i32.const 0)))
    (local.set $out (i32.load offset=36 (local.get $b)))
    (i32.store offset=12 (local.get $out) (i32.load offset=12 (local.get $col)))
    (i32.store offset=20 (local.get $out) (i32.load offset=20 (local.get $col)))
    (if (i32.load offset=16 (local.get $col)) (then
      (memory.copy (i32.load offset=40 (local.get $b)) (i32.load offset=16 (local.get $col))
        (i32.shr_u (i32.add (i32.load offset=4 (local.get $b)) (i32.const 7)) (i32.const 3)))))
    i32.const 0)"#;

const BATCH: &str = r#"(module
  (import "diagon" "fail" (func $fail (param i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "this document is not to my liking")
  (global $broken (mut i32) (i32.const 0))
  (func (export "diagon_abi_v1"))
  ;; Everything behind the first 1,024 bytes; the memory grows as it must.
  (func (export "diagon_reserve") (param $n i32) (result i32)
    (local $missing i32)
    (local.set $missing (i32.sub (i32.add (local.get $n) (i32.const 1024)) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (drop (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16))))))
    i32.const 1024)
  ;; The column $c.
  (func $column (param $b i32) (param $c i32) (result i32)
    (i32.add (i32.load offset=8 (local.get $b)) (i32.shl (local.get $c) (i32.const 5))))
  ;; Whether the column has a value.
  (func $has (param $col i32) (param $i i32) (result i32)
    (if (result i32) (i32.load offset=16 (local.get $col))
      (then (i32.and (i32.const 1) (i32.shr_u
        (i32.load8_u (i32.add (i32.load offset=16 (local.get $col)) (i32.shr_u (local.get $i) (i32.const 3))))
        (i32.and (local.get $i) (i32.const 7)))))
      (else (i32.const 1))))
  (func $at8 (param $col i32) (param $i i32) (result i32)
    (i32.add (i32.load offset=12 (local.get $col)) (i32.shl (local.get $i) (i32.const 3))))
  (func $offset (param $col i32) (param $i i32) (result i32)
    (i32.load (i32.add (i32.load offset=20 (local.get $col)) (i32.shl (local.get $i) (i32.const 2)))))
  (func $param (param $b i32) (param $p i32) (result i32)
    (i32.add (i32.load offset=16 (local.get $b)) (i32.shl (local.get $p) (i32.const 4))))
  (func $int (param $b i32) (param $p i32) (result i64)
    (i64.load offset=8 (call $param (local.get $b) (local.get $p))))
  ;; The remainder that is never negative; -1 of a division by 0.
  (func $mod (param $x i64) (param $m i64) (result i64)
    (if (i64.eqz (local.get $m)) (then (return (i64.const -1))))
    (i64.rem_s (i64.add (i64.rem_s (local.get $x) (local.get $m)) (local.get $m)) (local.get $m)))
  ;; Whether the bytes of a string parameter are those from $from to $to, or, with $prefix, begin there.
  (func $equal (param $param i32) (param $from i32) (param $to i32) (param $prefix i32) (result i32)
    (local $p i32) (local $end i32)
    (local.set $p (i32.load offset=8 (local.get $param)))
    (local.set $end (i32.add (local.get $p) (i32.load offset=4 (local.get $param))))
    (block $differs
      (br_if $differs (i32.lt_u (i32.sub (local.get $to) (local.get $from)) (i32.load offset=4 (local.get $param))))
      (if (i32.eqz (local.get $prefix)) (then
        (br_if $differs (i32.ne (i32.sub (local.get $to) (local.get $from)) (i32.load offset=4 (local.get $param))))))
      (loop $next
        (if (i32.eq (local.get $p) (local.get $end)) (then (return (i32.const 1))))
        (br_if $differs (i32.ne (i32.load8_u (local.get $p)) (i32.load8_u (local.get $from))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    i32.const 0)
  ;; Fails in the way that is asked for.
  (func $fault (param $how i64) (result i32)
    (if (i64.eq (local.get $how) (i64.const 1)) (then (unreachable)))
    (if (i64.eq (local.get $how) (i64.const 2)) (then (return (i32.const 2))))
    (if (i64.eq (local.get $how) (i64.const 3)) (then (call $fail (i32.const 16) (i32.const 33))))
    (if (i64.eq (local.get $how) (i64.const 4)) (then (return (i32.const 9))))
    (if (i64.eq (local.get $how) (i64.const 5)) (then (global.set $broken (i32.const 1))))
    (if (i64.eq (local.get $how) (i64.const 6)) (then (return (i32.load (i32.const 0x7ffffff0)))))
    i32.const 1)
  (func $doc (param $b i32) (param $i i32) (result i32)
    (local $col i32) (local $x i64) (local $from i32) (local $child i32)
    (local.set $col (call $column (local.get $b) (i32.const 0)))
    {doc})
  (func (export "filter") (param $b i32) (result i32) (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
      (i32.store8 (i32.add (i32.load offset=36 (local.get $b)) (local.get $i))
        (call $doc (local.get $b) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    global.get $broken)
  {more})"#;

const PICKY: &str = r"
    (if (i32.eqz (call $has (local.get $col) (local.get $i))) (then (return (i32.const 0))))
    (local.set $x (i64.load (call $at8 (local.get $col) (local.get $i))))
    (if (i64.ne (call $int (local.get $b) (i32.const 2)) (i64.const 0)) (then
      (if (i64.eq (call $mod (local.get $x) (call $int (local.get $b) (i32.const 3))) (call $int (local.get $b) (i32.const 4)))
        (then (return (call $fault (call $int (local.get $b) (i32.const 2))))))))
    (i64.eq (call $mod (local.get $x) (call $int (local.get $b) (i32.const 0))) (call $int (local.get $b) (i32.const 1)))";

const ABOVE: &str = r"
    (f64.gt (f64.load (call $at8 (local.get $col) (local.get $i)))
            (f64.load offset=8 (call $param (local.get $b) (i32.const 0))))";

const FLAG: &str = r"
    (if (i32.eqz (call $has (local.get $col) (local.get $i))) (then (return (i32.const 0))))
    (i64.eq (call $int (local.get $b) (i32.const 0))
      (i64.load8_u (i32.add (i32.load offset=12 (local.get $col)) (local.get $i))))";

const STARTS: &str = r"
    (if (i32.eqz (call $has (local.get $col) (local.get $i))) (then (return (i32.const 0))))
    (call $equal (call $param (local.get $b) (i32.const 0))
      (i32.add (i32.load offset=12 (local.get $col)) (call $offset (local.get $col) (local.get $i)))
      (i32.add (i32.load offset=12 (local.get $col)) (call $offset (local.get $col) (i32.add (local.get $i) (i32.const 1))))
      (i32.const 1))";

const ITEM: &str = r"
    (local.set $child (i32.load offset=24 (local.get $col)))
    (local.set $from (i32.add (call $offset (local.get $col) (local.get $i))
      (i32.wrap_i64 (call $int (local.get $b) (i32.const 0)))))
    (if (i32.ge_u (local.get $from) (call $offset (local.get $col) (i32.add (local.get $i) (i32.const 1))))
      (then (return (i32.const 0))))
    (call $equal (call $param (local.get $b) (i32.const 1))
      (i32.add (i32.load offset=12 (local.get $child)) (call $offset (local.get $child) (local.get $from)))
      (i32.add (i32.load offset=12 (local.get $child)) (call $offset (local.get $child) (i32.add (local.get $from) (i32.const 1))))
      (i32.const 0))";

const SCORED: &str = r"
    (f64.ge
      (f64.promote_f32 (f32.load (i32.add (i32.load offset=24 (local.get $b)) (i32.shl (local.get $i) (i32.const 2)))))
      (f64.load offset=8 (call $param (local.get $b) (i32.const 0))))";

/// `picky` once more, on the row ABI: it traps in whatever way it is to fail.
const ROW: &str = r#"(module
  (import "env" "get_field_i64" (func $field (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_param_i64" (func $get (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "n") (data (i32.const 8) "m") (data (i32.const 16) "r")
  (data (i32.const 24) "how") (data (i32.const 32) "fm") (data (i32.const 40) "fr")
  (func $param (param $at i32) (param $len i32) (result i64)
    (if (call $get (local.get $at) (local.get $len) (i32.const 128)) (then (unreachable)))
    (i64.load (i32.const 128)))
  (func $mod (param $x i64) (param $m i64) (result i64)
    (if (i64.eqz (local.get $m)) (then (return (i64.const -1))))
    (i64.rem_s (i64.add (i64.rem_s (local.get $x) (local.get $m)) (local.get $m)) (local.get $m)))
  (func (export "filter") (param $ctx i64) (result i32) (local $x i64)
    (if (call $field (local.get $ctx) (i32.const 0) (i32.const 1) (i32.const 136)) (then (return (i32.const 0))))
    (local.set $x (i64.load (i32.const 136)))
    (if (i64.ne (call $param (i32.const 24) (i32.const 3)) (i64.const 0)) (then
      (if (i64.eq (call $mod (local.get $x) (call $param (i32.const 32) (i32.const 2))) (call $param (i32.const 40) (i32.const 2)))
        (then (unreachable)))))
    (i64.eq (call $mod (local.get $x) (call $param (i32.const 8) (i32.const 1))) (call $param (i32.const 16) (i32.const 1)))))"#;
