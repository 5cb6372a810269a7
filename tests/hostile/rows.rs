//! Row guests: every pointer of the row ABI in both conventions, outside of the memory or at its edge.

use diagon::batch::FailureKind;

use crate::guest::{Case, Guest, HONEST, manifest, name, parse};

/// A row guest that behaves unless its parameter `armed` is set. `hostile` leaves the verdict.
fn row(what: &str, convention: &str, imports: &str, more: &str, hostile: &str) -> Case {
    let text = ROW
        .replace("{imports}", imports)
        .replace("{more}", more)
        .replace("{hostile}", hostile)
        .replace("{honest}", HONEST);
    let keys = serde_json::json!({"abi": "row", "row": convention, "fields": []});
    Case {
        manifest: Some(manifest(&name(what), &keys)),
        ..Case::harmless(what, &Guest::default()).of(parse(&text))
    }
}

impl Case {
    /// The same with another module.
    fn of(self, module: Vec<u8>) -> Self {
        Self { module, ..self }
    }

    fn failing(self, kind: FailureKind, words: &'static str) -> Self {
        Self {
            end: crate::guest::End::Fails(kind, words),
            ..self
        }
    }
}

const ROW: &str = r#"(module
  (import "env" "get_field_i64" (func $i64 (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_param_i64" (func $param (param i32 i32 i32) (result i32)))
  {imports}
  (memory (export "memory") 2)
  (data (i32.const 0) "n") (data (i32.const 8) "armed") (data (i32.const 16) "m") (data (i32.const 24) "r")
  (data (i32.const 32) "color")
  ;; As if there were room for 4 GiB.
  (data (i32.const 80) "\ff\ff\ff\ff")
  {more}
  (func $int (param $at i32) (param $len i32) (result i64)
    (i64.store (i32.const 64) (i64.const 0))
    (drop (call $param (local.get $at) (local.get $len) (i32.const 64)))
    (i64.load (i32.const 64)))
  (func (export "filter") (param $ctx i64) (result i32) (local $n i64) (local $a i32) (local $c i32)
    (drop (call $i64 (local.get $ctx) (i32.const 0) (i32.const 1) (i32.const 72)))
    (local.set $n (i64.load (i32.const 72)))
    (if (i64.ne (call $int (i32.const 8) (i32.const 5)) (i64.const 0)) (then
      (if (i64.eq (i64.rem_u (local.get $n) (call $int (i32.const 16) (i32.const 1))) (call $int (i32.const 24) (i32.const 1)))
        (then (return {hostile})))))
    {honest}))"#;

pub(crate) fn cases() -> Vec<Case> {
    let string = "(import \"env\" \"get_field_string\" (func $str (param i64 i32 i32 i32 i32) (result i32)))";
    let id = "(import \"env\" \"get_document_id\" (func $id (param i64 i32 i32) (result i32)))";
    let has = "(import \"env\" \"has_field\" (func $has (param i64 i32 i32) (result i32)))";
    let text_param =
        "(import \"env\" \"get_param_string\" (func $text (param i32 i32 i32 i32) (result i32)))";
    let ctx = "(local.get $ctx)";
    let fails = |what: &str, imports: &str, call: &str, words| {
        row(
            what,
            "new",
            imports,
            "",
            &format!("(i32.add (i32.const 1) {call})"),
        )
        .failing(FailureKind::Protocol, words)
    };
    // The host function has to return this, and nothing else.
    let says = |what: &str, convention: &str, imports: &str, call: &str, result: i32| {
        let hostile = format!(
            "(if (result i32) (i32.eq (i32.const {result}) {call}) (then {HONEST}) (else (unreachable)))"
        );
        row(what, convention, imports, "", &hostile)
    };
    let many = "(block (result i32) (loop $next
          (i32.store (i32.const 256) (i32.add (i32.const 0x30303030) (i32.add (i32.and (local.get $a) (i32.const 15)) (i32.shl (i32.shr_u (local.get $a) (i32.const 4)) (i32.const 8)))))
          (drop (call $has (local.get $ctx) (i32.const 256) (i32.const 4)))
          (br_if $next (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 1))) (i32.const 300)))) i32.const 1)";
    let trap = "(block (result i32) (unreachable))";
    let name_outside = "the name of a field at 0xfffffff0 lies outside the memory";
    vec![
        row("traps in a row", "new", "", "", trap).failing(FailureKind::Trap, "unreachable"),
        row(
            "calls itself for ever in a row",
            "new",
            "",
            "(func $deep (result i32) (i32.add (i32.const 1) (call $deep)))",
            "(call $deep)",
        )
        .failing(FailureKind::Trap, "stack overflow"),
        fails(
            "names a field outside",
            "",
            &format!("(call $i64 {ctx} (i32.const -16) (i32.const 8) (i32.const 72))"),
            name_outside,
        ),
        fails(
            "names a field of 4 GiB",
            "",
            &format!("(call $i64 {ctx} (i32.const 0) (i32.const -1) (i32.const 72))"),
            "the name of a field at 0x0 lies outside",
        ),
        fails(
            "wants a number outside",
            "",
            &format!("(call $i64 {ctx} (i32.const 0) (i32.const 1) (i32.const -4))"),
            "the place for a value at 0xfffffffc",
        ),
        fails(
            "wants a number over the end",
            "",
            &format!("(call $i64 {ctx} (i32.const 0) (i32.const 1) (i32.const 131065))"),
            "the place for a value",
        ),
        fails(
            "asks whether there is a field outside",
            has,
            &format!("(call $has {ctx} (i32.const -16) (i32.const 4))"),
            name_outside,
        ),
        fails(
            "wants a string outside",
            string,
            &format!(
                "(call $str {ctx} (i32.const 32) (i32.const 5) (i32.const 131071) (i32.const 80))"
            ),
            "the place for a value",
        ),
        fails(
            "wants the length of a string outside",
            string,
            &format!(
                "(call $str {ctx} (i32.const 32) (i32.const 5) (i32.const 128) (i32.const -3))"
            ),
            "the place for a length",
        ),
        fails(
            "wants its id outside",
            id,
            &format!("(call $id {ctx} (i32.const -1) (i32.const 80))"),
            "the place for a value",
        ),
        fails(
            "wants the length of its id outside",
            id,
            &format!("(call $id {ctx} (i32.const 128) (i32.const 131070))"),
            "the place for a length",
        ),
        fails(
            "names a parameter outside",
            "",
            "(call $param (i32.const -1) (i32.const 2) (i32.const 64))",
            "the name of a parameter",
        ),
        says(
            "wants a parameter outside",
            "new",
            "",
            "(call $param (i32.const 8) (i32.const 5) (i32.const -1))",
            3,
        ),
        says(
            "wants a parameter of 4 GiB",
            "new",
            text_param,
            "(call $text (i32.const 8) (i32.const 5) (i32.const 0) (i32.const 0))",
            2,
        ),
        says(
            "asks for a field that is not UTF-8",
            "new",
            has,
            &format!("(call $has {ctx} (i32.const 65536) (i32.const 0))"),
            0,
        ),
        says(
            "asks for a number as a string",
            "new",
            string,
            &format!(
                "(call $str {ctx} (i32.const 0) (i32.const 1) (i32.const 128) (i32.const 80))"
            ),
            -1,
        ),
        says(
            "asks about another document",
            "new",
            has,
            "(call $has (i64.const 99999) (i32.const 0) (i32.const 1))",
            1,
        ),
        says(
            "wants a string over the end by the old convention",
            "old",
            string,
            &format!(
                "(call $str {ctx} (i32.const 32) (i32.const 5) (i32.const 131071) (i32.const 80))"
            ),
            0,
        ),
        row("asks for 300 fields", "new", has, "", many)
            .failing(FailureKind::Limit, "more than 256 fields"),
        row(
            "asks for a field with a name of 100 KB",
            "new",
            has,
            "",
            &format!("(call $has {ctx} (i32.const 0) (i32.const 100000))"),
        )
        .failing(FailureKind::Limit, "a name of 100000 bytes"),
    ]
}
