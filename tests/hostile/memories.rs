//! Guests that trap, that want everything there is, that write where they should not, and that hand out memory that they don't have.

use diagon::batch::{FailureKind, Verdict};

use crate::guest::{Case, Guest, HONEST, RESERVE};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = traps();
    cases.extend(bombs());
    cases.extend(verdicts());
    cases.extend(writers());
    cases.extend(reserves());
    cases
}

/// A guest that does this to the documents it is armed for.
fn doing<'g>(more: &'g str, hostile: &'g str) -> Guest<'g> {
    Guest {
        more,
        hostile,
        ..Guest::default()
    }
}

/// Each way to trap, and each place among the documents.
fn traps() -> Vec<Case> {
    let trap = |what: &str, more: &str, hostile: &str, words| {
        Case::fails(what, &doing(more, hostile), FailureKind::Trap, words)
    };
    let unreachable = |what: &str, armed| Case {
        armed,
        ..trap(what, "", "unreachable", "unreachable")
    };
    let table = "(table 2 funcref) (elem (i32.const 0) func $leaf) (func $leaf)";
    vec![
        unreachable("traps on the first document", (100_000, 0)),
        unreachable("traps on a document in the middle", (100_000, 1_500)),
        unreachable("traps on the last document", (100_000, 2_999)),
        unreachable("traps on every third document", (3, 1)),
        unreachable("traps on every document", (1, 0)),
        trap(
            "divides by zero",
            "",
            "(i32.div_s (i32.const 1) (local.get $a))",
            "divide by zero",
        ),
        trap(
            "divides with an overflow",
            "",
            "(i32.div_s (i32.const 0x80000000) (i32.sub (local.get $a) (i32.const 1)))",
            "overflow",
        ),
        trap(
            "makes an integer of what is no number",
            "",
            "(i32.trunc_f64_s (f64.div (f64.const 0) (f64.const 0)))",
            "conversion to integer",
        ),
        trap(
            "reads behind its memory",
            "",
            "(i32.load offset=0xffffffff (i32.const -1))",
            "out of bounds memory",
        ),
        trap(
            "writes just behind its memory",
            "",
            "(i32.store8 (i32.shl (memory.size) (i32.const 16)) (i32.const 1)) i32.const 1",
            "out of bounds memory",
        ),
        trap(
            "fills 4 GiB",
            "",
            "(memory.fill (i32.const 1) (i32.const 0) (i32.const -1)) i32.const 1",
            "out of bounds memory",
        ),
        trap(
            "calls behind its table",
            table,
            "(call_indirect (type $nothing) (i32.const 70000)) i32.const 1",
            "undefined element",
        ),
        trap(
            "calls what is not in its table",
            table,
            "(call_indirect (type $nothing) (i32.const 1)) i32.const 1",
            "uninitialized element",
        ),
        trap(
            "calls a function as one of another type",
            table,
            "(call_indirect (result i32) (i32.const 0))",
            "indirect call type mismatch",
        ),
    ]
}

/// Memory, tables, stack.
fn bombs() -> Vec<Case> {
    let grow = "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 7)))))";
    let table = "(table $t 1 funcref)";
    let grow_table = "(loop $more (br_if $more (i32.ne (i32.const -1) (table.grow $t (ref.null func) (i32.const 1000)))))";
    let locals = "(local v128) ".repeat(3_000);
    let loads: String = (1..=3_000)
        .map(|local| format!("(local.set {local} (v128.load (i32.const {local}))) "))
        .collect();
    let sums: String = (1..=3_000)
        .map(|local| format!("(local.get {local}) (v128.xor) "))
        .collect();
    let frame = format!(
        "(func $large (param $depth i32) (result v128) {locals} {loads}
           (if (result v128) (local.get $depth)
             (then (call $large (i32.sub (local.get $depth) (i32.const 1)))) (else (v128.const i64x2 0 0))) {sums})"
    );
    vec![
        Case::fails(
            "takes all memory and then traps",
            &doing("", &format!("{grow} unreachable")),
            FailureKind::Limit,
            "asking for more than 16777216 bytes",
        ),
        Case::harmless(
            "takes all memory and goes on",
            &doing("", &format!("{grow} {grow} {HONEST}")),
        ),
        Case::fails(
            "wants 4 GiB at once and uses them",
            &doing(
                "",
                "(drop (memory.grow (i32.const 65535))) (i32.load (i32.const -4))",
            ),
            FailureKind::Limit,
            "asking for more than 16777216 bytes",
        ),
        Case::fails(
            "takes a table as large as it gets",
            &doing(table, &format!("{grow_table} unreachable")),
            FailureKind::Limit,
            "asking for more than",
        ),
        Case::fails(
            "calls itself for ever",
            &doing(
                "",
                "(call $hostile (local.get $b) (local.get $i) (local.get $n))",
            ),
            FailureKind::Trap,
            "stack overflow",
        ),
        Case::fails(
            "has frames of 48 KB and calls itself",
            &doing(
                &frame,
                "(i32x4.extract_lane 0 (call $large (i32.const 1000)))",
            ),
            FailureKind::Trap,
            "stack overflow",
        ),
    ]
}

/// Results that the ABI does not know.
fn verdicts() -> Vec<Case> {
    let says = |what: &str, hostile: &str, kind, words| {
        Case::fails(what, &doing("", hostile), kind, words)
    };
    let fails_whole = Guest {
        more: "(global $bad (mut i32) (i32.const 0))",
        hostile: "(global.set $bad (i32.const -7)) i32.const 1",
        after: "(if (global.get $bad) (then (return (global.get $bad))))",
        ..Guest::default()
    };
    vec![
        says(
            "says error in this document",
            "i32.const 2",
            FailureKind::Guest,
            "reported an error in this document",
        ),
        says(
            "says 3",
            "i32.const 3",
            FailureKind::Protocol,
            "the verdict is 3, expected 0, 1 or 2",
        ),
        says(
            "says 255",
            "i32.const -1",
            FailureKind::Protocol,
            "the verdict is 255, expected 0, 1 or 2",
        ),
        Case::fails(
            "returns an error for the whole batch",
            &fails_whole,
            FailureKind::Guest,
            "the function returned -7",
        ),
    ]
}

/// Guests that write over what they were given.
fn writers() -> Vec<Case> {
    let no: fn(i64) -> Verdict = |_| Verdict::No;
    let all = |byte: &str| {
        format!(
            "(memory.fill (i32.const 0) (i32.const {byte}) (i32.shl (memory.size) (i32.const 16)))"
        )
    };
    let ones = format!("{} i32.const 1", all("255"));
    let zeros = all("0");
    let after = |after: &'static str| Guest {
        after,
        ..Guest::default()
    };
    let zeroed = Guest {
        after: &zeros,
        ..Guest::default()
    };
    let mut nothing_left = Case::harmless("writes zeros over all its memory", &zeroed);
    nothing_left.end = crate::guest::End::Answers(no);
    nothing_left.armed = (1, 0);
    vec![
        Case::fails(
            "writes ones over all its memory",
            &doing("", &ones),
            FailureKind::Trap,
            "out of bounds memory",
        ),
        nothing_left,
        Case::harmless(
            "writes over the batch when it is done",
            &after("(memory.fill (local.get $b) (i32.const 255) (i32.const 64))"),
        ),
        Case::harmless(
            "moves out somewhere else when it is done",
            &after("(i32.store offset=36 (local.get $b) (i32.const 0))"),
        ),
        Case::harmless(
            "writes over columns and parameters when it is done",
            &after("(memory.fill (i32.load offset=8 (local.get $b)) (i32.const 255) (i32.const 32))
                    (memory.fill (i32.load offset=16 (local.get $b)) (i32.const 255) (i32.const 48))"),
        ),
        Case::harmless(
            "writes over out_validity",
            &after("(memory.fill (i32.load offset=40 (local.get $b)) (i32.const 0)
                      (i32.shr_u (i32.add (i32.load offset=4 (local.get $b)) (i32.const 7)) (i32.const 3)))"),
        ),
        Case::harmless(
            "claims that there are 4 billion documents",
            &after("(i32.store offset=4 (local.get $b) (i32.const -1))"),
        ),
        Case::harmless(
            "grows its memory while it is asked",
            &doing("", &format!("(drop (memory.grow (i32.const 1))) {HONEST}")),
        ),
        Case::harmless(
            "grows its memory behind the last document",
            &after("(drop (memory.grow (i32.const 9)))"),
        ),
    ]
}

/// What `diagon_reserve` may return.
fn reserves() -> Vec<Case> {
    let reserving = |reserve: &str, more: &str| {
        let guest = Guest {
            reserve,
            more,
            ..Guest::default()
        };
        guest.module()
    };
    let refused =
        |what: &str, reserve: &str, words| Case::refused(what, reserving(reserve, ""), words);
    let harmless = |what: &str, reserve: &str, more: &str| {
        let guest = Guest {
            reserve,
            more,
            ..Guest::default()
        };
        Case::harmless(what, &guest)
    };
    let large = |then: &str| {
        format!("(if (i32.gt_u (local.get $n) (i32.const 5000)) (then {then})) {RESERVE}")
    };
    let moving = "(i32.add (i32.shl (memory.grow (i32.const 1)) (i32.const 16)) (i32.const 13))";
    let own = "(data (i32.const 8) \"what the guest holds dear\")";
    let deep = "(func $deep (param i32) (result i32)
        (call $deep (i32.add (local.get 0) (i32.const 1))))";
    vec![
        refused(
            "reserves nothing",
            "i32.const 0",
            "diagon_reserve returned 0",
        ),
        refused("reserves at -1", "i32.const -1", "outside the memory"),
        refused(
            "reserves at the end of its memory",
            "i32.const 131071",
            "outside the memory of 131072 bytes",
        ),
        refused("traps in reserve", "unreachable", "unreachable"),
        refused(
            "fails in reserve",
            "(call $fail (i32.const 0) (i32.const 0)) i32.const 0",
            "the trial on no documents failed",
        ),
        Case::refused(
            "overflows the stack in reserve",
            reserving("(call $deep (i32.const 0))", deep),
            "stack overflow",
        ),
        harmless("reserves over its own data", "i32.const 8", own),
        harmless("reserves at an odd address", "i32.const 65537", ""),
        harmless(
            "reserves the last bytes of its memory",
            "(i32.sub (i32.shl (memory.size) (i32.const 16)) (local.get $n))",
            "",
        ),
        harmless("reserves somewhere else each time", moving, ""),
        harmless(
            "takes all memory in reserve",
            &format!(
                "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) {RESERVE}"
            ),
            "",
        ),
        harmless(
            "has no memory for large batches",
            &large("(return (i32.const 0))"),
            "",
        ),
        harmless(
            "lies about memory for large batches",
            &large("(return (i32.const -64))"),
            "",
        ),
        harmless("traps if much is wanted", &large("(unreachable)"), ""),
        harmless(
            "fails if much is wanted",
            &large("(call $fail (i32.const 0) (i32.const 9))"),
            "",
        ),
    ]
}
