//! Guests that give host functions addresses and lengths outside of their memory, and text that is none.

use diagon::batch::FailureKind;

use crate::guest::{Case, Guest, HONEST, manifest, name, parse};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = messages();
    cases.extend(runtimes());
    cases.extend(assemblyscript());
    cases.extend(rows());
    cases
}

/// `fail` and `log`.
fn messages() -> Vec<Case> {
    let fails = |what: &str, hostile: &str, kind, words| {
        let hostile = format!("{hostile} i32.const 1");
        let guest = Guest {
            more: "(data (i32.const 16) \"\\ff\\fe bad \\00\\1b[2J\\c3\")",
            hostile: &hostile,
            ..Guest::default()
        };
        Case::fails(what, &guest, kind, words)
    };
    let protocol =
        |what: &str, hostile: &str, words| fails(what, hostile, FailureKind::Protocol, words);
    let harmless = |what: &str, hostile: &str| {
        let hostile = format!("{hostile} {HONEST}");
        let guest = Guest {
            more: "(data (i32.const 16) \"\\ff\\fe bad\")",
            hostile: &hostile,
            ..Guest::default()
        };
        Case::harmless(what, &guest)
    };
    vec![
        fails(
            "fails with a message that is not UTF-8",
            "(call $fail (i32.const 16) (i32.const 13))",
            FailureKind::Guest,
            "\u{fffd}\u{fffd} bad ",
        ),
        fails(
            "fails without a message",
            "(call $fail (i32.const -1) (i32.const 0))",
            FailureKind::Protocol,
            "outside the memory",
        ),
        fails(
            "fails with a message of 4 GiB",
            "(call $fail (i32.const 16) (i32.const -1))",
            FailureKind::Guest,
            "bad ",
        ),
        protocol(
            "fails with a message behind its memory",
            "(call $fail (i32.const -8) (i32.const 8))",
            "a message at 0xfffffff8 lies outside the memory",
        ),
        protocol(
            "fails with a message that goes over the end",
            "(call $fail (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (i32.const 5))",
            "lies outside the memory",
        ),
        protocol(
            "logs what is behind its memory",
            "(call $log (i32.const 1) (i32.const -1) (i32.const -1))",
            "a log line at 0xffffffff lies outside the memory",
        ),
        harmless(
            "logs what is not UTF-8 on levels that there are not",
            "(call $log (i32.const -99) (i32.const 16) (i32.const 2)) (call $log (i32.const 0x7fffffff) (i32.const 16) (i32.const -1))",
        ),
        harmless(
            "logs a million lines",
            "(loop $line (call $log (i32.const 3) (i32.const 0) (i32.const 60000))
               (br_if $line (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 1))) (i32.const 2000))))",
        ),
    ]
}

/// What language runtimes import. Each call has to say that the address is bad, and nothing may be written.
fn runtimes() -> Vec<Case> {
    let wasi = |params: &str, call: &str| {
        (
            format!(
                "(import \"wasi_snapshot_preview1\" \"{}\" (func $wasi (param {params}) (result i32)))",
                call.split_once(' ').unwrap_or_default().0
            ),
            format!(
                "(call $wasi {})",
                call.split_once(' ').unwrap_or_default().1
            ),
        )
    };
    // 21 is EFAULT, 8 is EBADF, 28 is EINVAL.
    let says = |what: &str, error: i32, params: &str, call: &str| {
        let (imports, call) = wasi(params, call);
        let hostile = format!(
            "(if (i32.ne {call} (i32.const {error})) (then (return (i32.const 2)))) {HONEST}"
        );
        let guest = Guest {
            imports: &imports,
            hostile: &hostile,
            ..Guest::default()
        };
        Case::harmless(what, &guest)
    };
    let exit = Guest {
        imports: "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))",
        hostile: "(call $exit (i32.const -1)) i32.const 1",
        ..Guest::default()
    };
    let (four, two) = ("i32 i32 i32 i32", "i32 i32");
    vec![
        says(
            "has its list of parts outside",
            21,
            four,
            "fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)",
        ),
        says(
            "writes 4 billion parts",
            21,
            four,
            "fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 8)",
        ),
        says(
            "wants the length of a write outside",
            21,
            four,
            "fd_write (i32.const 2) (i32.const 0) (i32.const 0) (i32.const -2)",
        ),
        says(
            "writes to another file",
            8,
            four,
            "fd_write (i32.const 5) (i32.const -8) (i32.const -1) (i32.const -1)",
        ),
        says(
            "reads from a file",
            8,
            four,
            "fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)",
        ),
        says(
            "wants random numbers over the end",
            21,
            two,
            "random_get (i32.const 131071) (i32.const 2)",
        ),
        says(
            "wants 4 GiB of random numbers",
            21,
            two,
            "random_get (i32.const 0) (i32.const -1)",
        ),
        says(
            "wants the time behind its memory",
            21,
            "i32 i64 i32",
            "clock_time_get (i32.const 0) (i64.const 0) (i32.const 131065)",
        ),
        says(
            "polls 90 million things",
            28,
            four,
            "poll_oneoff (i32.const 0) (i32.const 0) (i32.const 89478486) (i32.const 8)",
        ),
        says(
            "polls for nothing",
            28,
            four,
            "poll_oneoff (i32.const -1) (i32.const -1) (i32.const 0) (i32.const -1)",
        ),
        says(
            "wants its events outside",
            21,
            four,
            "poll_oneoff (i32.const 0) (i32.const 131060) (i32.const 1) (i32.const 8)",
        ),
        says(
            "wants its arguments outside",
            21,
            two,
            "args_sizes_get (i32.const 0) (i32.const -1)",
        ),
        says(
            "wants its environment outside",
            21,
            two,
            "environ_sizes_get (i32.const 131069) (i32.const 0)",
        ),
        Case::fails(
            "ends the process",
            &exit,
            FailureKind::Guest,
            "exit with code -1",
        ),
    ]
}

/// What AssemblyScript imports: its strings have their length in the four bytes before them.
fn assemblyscript() -> Vec<Case> {
    let abort = |what: &str, message: &str, words| {
        let hostile = format!(
            "(call $abort (i32.const {message}) (i32.const 2) (i32.const -1) (i32.const -1)) i32.const 1"
        );
        let guest = Guest {
            imports: "(import \"env\" \"abort\" (func $abort (param i32 i32 i32 i32)))",
            more: "(data (i32.const 32) \"\\ff\\ff\\ff\\ff\\00\\d8\\00\\d8\\3d\\d8\")",
            hostile: &hostile,
            ..Guest::default()
        };
        Case::fails(what, &guest, FailureKind::Guest, words)
    };
    let place = ":4294967295:4294967295)";
    let trace = Guest {
        imports: "(import \"env\" \"trace\" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
          (import \"env\" \"seed\" (func $seed (result f64)))",
        hostile: "(call $trace (i32.const -2) (i32.const -1) (f64.const 1e308) (f64.const -1e308) (f64.const inf) (f64.const nan) (call $seed))
          (i64.eqz (i64.rem_u (local.get $n) (i64.const 3)))",
        ..Guest::default()
    };
    vec![
        abort("aborts with a message behind its memory", "-2", place),
        abort("aborts with a message at 0", "0", place),
        abort(
            "aborts with a message of 4 GiB that is no UTF-16",
            "36",
            "\u{fffd}",
        ),
        Case::harmless("traces more numbers than there are", &trace),
    ]
}

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

/// Every pointer of the row ABI, in both conventions.
fn rows() -> Vec<Case> {
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
