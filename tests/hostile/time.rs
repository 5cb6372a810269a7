//! Guests that don't end: in each kind of code that the host calls, and in each kind of work that a guest can do.

use crate::guest::{Case, Guest, RESERVE, parse};

const SPIN: &str = "(loop $for_ever (br $for_ever))";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = bodies();
    cases.extend(long_calls());
    cases.extend(elsewhere());
    cases
}

/// What the body of a loop without an end can do.
fn bodies() -> Vec<Case> {
    let endless = |what: &str, more: &str, body: &str| {
        let hostile = format!("(loop $for_ever {body} (br $for_ever)) i32.const 0");
        let guest = Guest {
            more,
            hostile: &hostile,
            ..Guest::default()
        };
        Case::spins(what, &guest)
    };
    let function = "(table 1 funcref) (elem (i32.const 0) func $leaf) (func $leaf)";
    let table = "(table $t 65536 funcref)";
    let tree = "(func $tree (param $depth i32) (if (local.get $depth) (then
        (call $tree (i32.sub (local.get $depth) (i32.const 1))) (call $tree (i32.sub (local.get $depth) (i32.const 1))))))";
    vec![
        endless("spins in the body", "", ""),
        endless(
            "spins through a table of functions",
            function,
            "(call_indirect (type $nothing) (i32.const 0))",
        ),
        endless(
            "spins in calls of the log",
            "",
            "(call $log (i32.const 1) (i32.const 0) (i32.const 65000))",
        ),
        endless(
            "fills a table again and again",
            table,
            "(table.fill $t (i32.const 0) (ref.null func) (i32.const 65536))",
        ),
        endless(
            "spins in a tree of calls",
            tree,
            "(call $tree (i32.const 60))",
        ),
        endless(
            "spins in divisions and roots",
            "(global $x (mut f64) (f64.const 2))",
            "(global.set $x (f64.div (f64.const 1) (f64.sqrt (global.get $x))))",
        ),
        endless(
            "asks for more memory for ever",
            "",
            "(drop (memory.grow (i32.const 1)))",
        ),
    ]
}

/// Single instructions and host calls over as much memory as there is.
fn long_calls() -> Vec<Case> {
    let all = "(i32.const 0) (i32.const 0) (i32.const 16777216)";
    let endless = |what: &str, imports: &str, body: &str| {
        let hostile = format!("(loop $for_ever {body} (br $for_ever)) i32.const 0");
        let guest = Guest {
            imports,
            memory: "256",
            hostile: &hostile,
            ..Guest::default()
        };
        Case::spins(what, &guest)
    };
    let wasi = |name: &str, params: &str| {
        format!(
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func $wasi (param {params}) (result i32)))"
        )
    };
    // A write of a thousand parts with 8 MiB each: the parts' list is at 1 MiB.
    let parts = "(local.set $a (i32.const 0)) (loop $part
          (i32.store (i32.add (i32.const 0x100000) (i32.shl (local.get $a) (i32.const 3))) (i32.const 0x200000))
          (i32.store offset=4 (i32.add (i32.const 0x100000) (i32.shl (local.get $a) (i32.const 3))) (i32.const 0x800000))
          (local.set $a (i32.add (local.get $a) (i32.const 1)))
          (br_if $part (i32.lt_u (local.get $a) (i32.const 1024))))
        (drop (call $wasi (i32.const 2) (i32.const 0x100000) (i32.const 1024) (i32.const 8)))";
    vec![
        endless(
            "fills all its memory again and again",
            "",
            &format!("(memory.fill {all})"),
        ),
        endless(
            "copies all its memory again and again",
            "",
            "(memory.copy (i32.const 8388608) (i32.const 0) (i32.const 8388608))",
        ),
        endless(
            "wants 16 MiB of random numbers again and again",
            &wasi("random_get", "i32 i32"),
            "(drop (call $wasi (i32.const 0) (i32.const 16777216)))",
        ),
        endless(
            "polls for 300000 things again and again",
            &wasi("poll_oneoff", "i32 i32 i32 i32"),
            "(drop (call $wasi (i32.const 0) (i32.const 0) (i32.const 300000) (i32.const 8)))",
        ),
        endless(
            "writes 8 GiB to standard error again and again",
            &wasi("fd_write", "i32 i32 i32 i32"),
            parts,
        ),
        endless(
            "waits for a time that never comes",
            &wasi("clock_time_get", "i32 i64 i32"),
            "(drop (call $wasi (i32.const 0) (i64.const 0) (i32.const 8)))",
        ),
    ]
}

/// Where the host calls a guest beside its function.
fn elsewhere() -> Vec<Case> {
    let words = "exceeded its time limit";
    let quick = |case: Case| Case {
        hasty: true,
        ..case
    };
    let start = Guest {
        more: &format!("(start $spin) (func $spin {SPIN})"),
        ..Guest::default()
    };
    let initialize = Guest {
        more: &format!("(func (export \"_initialize\") {SPIN})"),
        ..Guest::default()
    };
    let reserve = Guest {
        reserve: &format!("{SPIN} i32.const 0"),
        ..Guest::default()
    };
    let sometimes =
        format!("(if (i32.gt_u (local.get $n) (i32.const 5000)) (then {SPIN})) {RESERVE}");
    let sometimes = Guest {
        reserve: &sometimes,
        ..Guest::default()
    };
    let row = parse(
        "(module
           (import \"env\" \"get_param_i64\" (func $get (param i32 i32 i32) (result i32)))
           (import \"env\" \"get_field_i64\" (func $field (param i64 i32 i32 i32) (result i32)))
           (memory (export \"memory\") 1)
           (data (i32.const 0) \"armed\") (data (i32.const 8) \"n\")
           (func (export \"filter\") (param $ctx i64) (result i32)
             (drop (call $get (i32.const 0) (i32.const 5) (i32.const 16)))
             (if (i64.ne (i64.load (i32.const 16)) (i64.const 0)) (then
               (loop $for_ever (drop (call $field (local.get $ctx) (i32.const 8) (i32.const 1) (i32.const 24))) (br $for_ever))))
             (drop (call $field (local.get $ctx) (i32.const 8) (i32.const 1) (i32.const 24)))
             (i64.eqz (i64.rem_u (i64.load (i32.const 24)) (i64.const 3)))))"
    );
    let of_rows = |what: &str, module: Vec<u8>| {
        let case = Case::spins(what, &Guest::default());
        let manifest = case
            .manifest
            .map(|m| m.replace("\"abi\":1", "\"abi\":\"row\""));
        Case {
            module,
            manifest,
            ..case
        }
    };
    // Where an instance starts, a row guest can ask for its parameters already.
    let late = |start: &str| {
        parse(&format!(
            "(module
           (import \"env\" \"get_param_i64\" (func $get (param i32 i32 i32) (result i32)))
           (import \"env\" \"get_field_i64\" (func $field (param i64 i32 i32 i32) (result i32)))
           (memory (export \"memory\") 1) (data (i32.const 0) \"armed\") (data (i32.const 8) \"n\")
           (func $begin (drop (call $get (i32.const 0) (i32.const 5) (i32.const 16)))
             (if (i64.ne (i64.load (i32.const 16)) (i64.const 0)) (then {SPIN})))
           {start}
           (func (export \"filter\") (param $ctx i64) (result i32)
             (drop (call $field (local.get $ctx) (i32.const 8) (i32.const 1) (i32.const 24)))
             (i64.eqz (i64.rem_u (i64.load (i32.const 24)) (i64.const 3)))))"
        ))
    };
    vec![
        quick(Case::refused(
            "spins in its start function",
            start.module(),
            words,
        )),
        quick(Case::refused(
            "spins in initialize",
            initialize.module(),
            words,
        )),
        quick(Case::refused("spins in reserve", reserve.module(), words)),
        Case {
            harmless_up_to: Some(60),
            ..Case::spins("spins in reserve if much is wanted", &sometimes)
        },
        of_rows("asks for a field for ever", row),
        of_rows(
            "spins in its start function once it is armed",
            late("(start $begin)"),
        ),
        of_rows(
            "spins in initialize once it is armed",
            late("(export \"_initialize\" (func $begin))"),
        ),
    ]
}
