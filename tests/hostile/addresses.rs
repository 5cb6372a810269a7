//! Guests that give host functions addresses and lengths outside of their memory, and text that is none.

use diagon::batch::FailureKind;

use crate::guest::{Case, Guest, HONEST};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = messages();
    cases.extend(runtimes());
    cases.extend(assemblyscript());
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
