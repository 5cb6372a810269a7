//! Guests that fail, run away, or lie: only the documents at fault are lost, and the host goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::support::*;
use crate::batch::{BatchUdf, FailureKind, Interrupt, Outcome, UdfBatch};

/// What a document of the batch with this number does; the guest sees the number as `doc_id`.
fn at_doc(number: &str, then: &str) -> String {
    format!(
        "(local.set $a (i32.load (i32.add (i32.load offset=28 (local.get $b)) (i32.shl (local.get $i) (i32.const 2)))))
         (if {number} (then {then}))
         i32.const 1"
    )
}

fn bound(more: &str, doc: &str) -> crate::udf::BoundUdf {
    let module = guest_with(more, doc);
    let manifest = manifest(&json!({"inputs": ["doc_id"]}));
    bind(&registry(), &module, &manifest, &json!({}), &Docs::new([])).unwrap()
}

#[test]
fn a_trap_concerns_its_document_only() {
    let mut bound = bound(
        "",
        &at_doc("(i32.eq (local.get $a) (i32.const 713))", "unreachable"),
    );
    let outcome = ask(&mut bound, 1024).unwrap();
    assert_eq!(errors(&outcome), [713]);
    assert_eq!(outcome.failures[0].kind, FailureKind::Trap);
    assert!(
        outcome.failures[0].message.contains("unreachable"),
        "{}",
        outcome.failures[0].message
    );
    assert!(
        outcome.failures[0].message.contains("in `doc`"),
        "{}",
        outcome.failures[0].message
    );
    assert!(outcome.calls < 40, "{} calls", outcome.calls);
    let again = ask(&mut bound, 100).unwrap();
    assert_eq!(numbers(&again), [1; 100], "the next batch is well");
}

#[test]
fn several_traps_and_none_but_traps() {
    let mut some = bound(
        "",
        &at_doc(
            "(i32.eqz (i32.rem_u (local.get $a) (i32.const 100)))",
            "unreachable",
        ),
    );
    let outcome = ask(&mut some, 1000).unwrap();
    assert_eq!(
        errors(&outcome),
        (0..10).map(|i| i * 100).collect::<Vec<_>>()
    );
    assert_eq!(outcome.failures.len(), 10);
    let mut all = bound("", "unreachable");
    let outcome = ask(&mut all, 300).unwrap();
    assert_eq!(errors(&outcome).len(), 300);
    assert_eq!(outcome.failures.len(), 16, "some are kept");
    assert!(outcome.calls < 320, "{} calls", outcome.calls);
}

#[test]
fn verdicts_that_are_none() {
    let mut bound = bound("", "(local.get $i)");
    let outcome = ask(&mut bound, 4).unwrap();
    assert_eq!(numbers(&outcome), [0, 1, 2, 2]);
    assert_eq!(outcome.failures[0].kind, FailureKind::Guest);
    assert_eq!(outcome.failures[1].kind, FailureKind::Protocol);
    assert_eq!(
        outcome.failures[1].message,
        "the verdict is 3, expected 0, 1 or 2"
    );
}

#[test]
fn fail_tells_its_message() {
    let doc = at_doc(
        "(i32.eq (local.get $a) (i32.const 2))",
        "(call $fail (i32.const 16) (i32.const 11))",
    );
    // "bad weat" and "her", backwards.
    let doc = format!(
        "(i64.store (i32.const 16) (i64.const 0x7461657720646162)) (i32.store (i32.const 24) (i32.const 0x726568)) {doc}"
    );
    let mut bound = bound("", &doc);
    let outcome = ask(&mut bound, 5).unwrap();
    assert_eq!(errors(&outcome), [2]);
    assert_eq!(outcome.failures[0].message, "bad weather");
    assert_eq!(outcome.failures[0].kind, FailureKind::Guest);
}

#[test]
fn a_runaway_guest_is_stopped() {
    let spin = "(loop $forever (br $forever))";
    let registry = hasty_registry();
    let manifest = manifest(&json!({}));
    let docs = Docs::new([]);
    let started = Instant::now();
    // In the function: the trial on made-up documents warns, a query fails.
    let registered = registry
        .add(&guest(&format!("{spin} i32.const 0")), Some(&manifest))
        .unwrap();
    assert!(registered[0].warnings[0].contains("exceeded its time limit of 60 ms a batch"));
    let mut bound = registered[0]
        .udf
        .prepare(&serde_json::Map::new())
        .unwrap()
        .bind();
    bound.enter_segment(Box::new(docs)).unwrap();
    assert!(message(ask(&mut bound, 3)).contains("exceeded its time limit"));
    // In the allocator, the start function, `_initialize`: refused.
    for module in [
        guest_reserving("", &format!("{spin} i32.const 0"), "i32.const 0"),
        guest_with("(start $spin)", &format!("i32.const 0) (func $spin {spin}")),
        guest_with(
            "",
            &format!("i32.const 0) (func (export \"_initialize\") {spin}"),
        ),
    ] {
        let refused = message(registry.check(&module, Some(&manifest)));
        assert!(refused.contains("exceeded its time limit"), "{refused}");
    }
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn the_query_s_deadline_and_cancelling() {
    let mut bound = bound(
        "",
        &at_doc(
            "(i32.eq (local.get $a) (i32.const 90))",
            "(loop $l (br $l))",
        ),
    );
    let docs: Vec<u32> = (60..100).collect();
    let batch = UdfBatch {
        docs: &docs,
        scores: None,
    };
    let mut outcome = Outcome::default();
    let deadline = Instant::now() + Duration::from_millis(30);
    let interrupt = Interrupt {
        deadline: Some(deadline),
        cancel: None,
    };
    let error = bound.evaluate(batch, &interrupt, &mut outcome).unwrap_err();
    assert!(matches!(error, crate::Error::Timeout(_)), "{error}");
    let late = deadline.elapsed();
    assert!(late < Duration::from_secs(5), "late by {late:?}");

    let flag = Arc::new(AtomicBool::new(false));
    let interrupt = Interrupt {
        deadline: None,
        cancel: Some(Arc::clone(&flag)),
    };
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        flag.store(true, Ordering::Relaxed);
    });
    let error = bound.evaluate(batch, &interrupt, &mut outcome).unwrap_err();
    assert!(matches!(error, crate::Error::Cancelled), "{error}");
    canceller.join().unwrap();
    let error = bound.evaluate(batch, &interrupt, &mut outcome).unwrap_err();
    assert!(
        matches!(error, crate::Error::Cancelled),
        "before the guest is called: {error}"
    );
}

#[test]
fn bombs() {
    // Grows until it can't, then traps.
    let grow = "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable";
    let mut memory = bound("", &at_doc("(i32.eq (local.get $a) (i32.const 5))", grow));
    let outcome = ask(&mut memory, 20).unwrap();
    assert_eq!(errors(&outcome), [5]);
    assert_eq!(outcome.failures[0].kind, FailureKind::Limit);
    assert!(
        outcome.failures[0]
            .message
            .contains("more than 16777216 bytes"),
        "{}",
        outcome.failures[0].message
    );
    let recurse = "(drop (call $doc (local.get $b) (local.get $i)))";
    let mut stack = bound(
        "",
        &at_doc("(i32.eq (local.get $a) (i32.const 5))", recurse),
    );
    let outcome = ask(&mut stack, 20).unwrap();
    assert_eq!(errors(&outcome), [5]);
    assert!(
        outcome.failures[0].message.contains("stack overflow"),
        "{}",
        outcome.failures[0].message
    );
    let log = "(loop $l (call $log (i32.const 1) (i32.const 0) (i32.const 60000))
        (local.set $e (i32.add (local.get $e) (i32.const 1))) (br_if $l (i32.lt_u (local.get $e) (i32.const 1000))))";
    let mut chatty = bound("", &format!("{log} i32.const 1"));
    assert_eq!(numbers(&ask(&mut chatty, 3).unwrap()), [1; 3]);
    let kept: usize = chatty.take_log().iter().map(|line| line.text.len()).sum();
    assert!(kept <= 8 << 10, "{kept} bytes of log");
}

#[test]
fn what_a_function_logs_about_documents_in_error_is_told() {
    let why = "(i32.store (i32.const 40) (i32.const 0x796877))
        (call $log (i32.const 4) (i32.const 40) (i32.const 3)) (return (i32.const 2))";
    let said = "the function reported an error in this document";
    let messages = |odd: &str, documents| {
        let odd = at_doc(
            "(i32.eq (i32.rem_u (local.get $a) (i32.const 10)) (i32.const 5))",
            odd,
        );
        let outcome = ask(&mut bound("", &odd), documents).unwrap();
        let messages = outcome.failures.into_iter().map(|f| f.message);
        messages.collect::<Vec<_>>()
    };
    assert_eq!(messages(why, 30), vec![format!("{said}: why"); 3]);
    // One that says more, or less, than one thing of each document can't be matched.
    let twice = format!("(call $log (i32.const 4) (i32.const 40) (i32.const 3)) {why}");
    assert_eq!(messages(&twice, 30), vec![said; 3]);
    assert_eq!(messages("(return (i32.const 2))", 30), vec![said; 3]);
    let first = format!(
        "(if (i32.lt_u (local.get $a) (i32.const 10)) (then {why})) (return (i32.const 2))"
    );
    assert_eq!(messages(&first, 30), vec![said; 3]);
    // What it logs otherwise has nothing to do with it.
    let chatty = format!("(call $log (i32.const 3) (i32.const 40) (i32.const 2)) {why}");
    assert_eq!(messages(&chatty, 30), vec![format!("{said}: why"); 3]);
    // Where the log is full, the first ones are told.
    let long = why.replace("(i32.const 3)) (return", "(i32.const 1000)) (return");
    let many = messages(&long, 300);
    assert!(
        many[0].starts_with(&format!("{said}: why")) && many[15] == said,
        "{many:?}"
    );
}

/// Memory in pieces, as allocators leave it, is nothing that documents can be blamed for.
#[test]
fn a_document_is_asked_about_again_on_a_fresh_instance() {
    let only_once = "(if (i32.eqz (local.get $i)) (then
        (if (i32.load (i32.const 48)) (then (unreachable)))
        (i32.store (i32.const 48) (i32.const 1))))";
    let doc = at_doc("(i32.eq (local.get $a) (i32.const 2))", "(unreachable)");
    let mut bound = bound("", &format!("{only_once} {doc}"));
    for _ in 0..2 {
        let outcome = ask(&mut bound, 5).unwrap();
        assert_eq!(errors(&outcome), [2]);
        assert_eq!(numbers(&outcome), [1, 1, 2, 1, 1]);
    }
}

#[test]
fn reserved_memory_is_checked() {
    let manifest = manifest(&json!({}));
    for (reserve, expected) in [
        ("i32.const 0", "diagon_reserve returned 0"),
        ("i32.const 131000", "outside the memory of 131072 bytes"),
        ("i32.const -64", "outside the memory"),
        ("unreachable", "unreachable"),
    ] {
        let refused = message(registry().check(
            &guest_reserving("", reserve, "i32.const 1"),
            Some(&manifest),
        ));
        assert!(refused.contains(expected), "{refused}");
        assert!(
            refused.contains("`f@1.0.0`: the trial on no documents failed"),
            "{refused}"
        );
    }
    // At the very end of the memory, not aligned.
    let tail = "(i32.sub (i32.const 131072) (local.get $n))";
    let module = guest_reserving("", tail, "i32.const 1");
    let mut bound = bind(&registry(), &module, &manifest, &json!({}), &Docs::new([])).unwrap();
    assert_eq!(numbers(&ask(&mut bound, 1000).unwrap()), [1; 1000]);
}

#[test]
fn instances_share_nothing() {
    // The answer is whether this is the instance's first call.
    let registry = registry();
    let module = guest("(i32.eq (global.get $calls) (i32.const 1))");
    let registered = registry.add(&module, Some(&manifest(&json!({})))).unwrap();
    for _ in 0..3 {
        let mut bound = registered[0]
            .udf
            .prepare(&serde_json::Map::new())
            .unwrap()
            .bind();
        bound.enter_segment(Box::new(Docs::new([]))).unwrap();
        assert_eq!(numbers(&ask(&mut bound, 1).unwrap()), [1]);
        assert_eq!(
            numbers(&ask(&mut bound, 1).unwrap()),
            [0],
            "in one query it is the same instance"
        );
    }
}

#[test]
fn a_liar_about_purity_is_refused() {
    let module = guest("(i32.and (global.get $calls) (i32.const 1))");
    assert!(
        registry()
            .check(&module, Some(&manifest(&json!({}))))
            .is_ok()
    );
    let refused = message(registry().check(&module, Some(&manifest(&json!({"pure": true})))));
    assert!(refused.contains("says `pure`"), "{refused}");
    let splitter = guest("(i32.gt_u (i32.load offset=4 (local.get $b)) (i32.const 10))");
    assert!(
        message(registry().check(&splitter, Some(&manifest(&json!({"pure": true})))))
            .contains("pure")
    );
    let honest = guest("(i32.const 1)");
    assert!(
        registry()
            .check(&honest, Some(&manifest(&json!({"pure": true}))))
            .is_ok()
    );
}

#[test]
fn damaged_columns_end_the_query() {
    let registry = registry();
    let mut docs = Docs::new([("a", floats(&[Some(1.0)]))]);
    docs.damaged = true;
    let fields = manifest(&json!({"fields": [{"name": "a", "type": "f64"}]}));
    let mut bound = bind(&registry, &guest("i32.const 1"), &fields, &json!({}), &docs).unwrap();
    assert!(message(ask(&mut bound, 1)).contains("a damaged file"));
}

#[test]
fn guests_of_language_runtimes() {
    // Writes to stderr and exits, reads the clock, gets random numbers, asks for the environment.
    let imports = r#"
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))"#;
    let doc = at_doc(
        "(i32.eq (local.get $a) (i32.const 1))",
        "(i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 4))
         (i32.store (i32.const 100) (i32.const 0x706c6568))
         (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
         (call $exit (i32.const 3))",
    );
    let calm = "(if (i32.or (call $clock (i32.const 0) (i64.const 0) (i32.const 16)) (i32.or
          (call $random (i32.const 24) (i32.const 13)) (call $environ (i32.const 40) (i32.const 44))))
          (then (return (i32.const 2))))
        (i32.store8 (i32.const 508) (i32.const 1))
        (if (call $poll (i32.const 500) (i32.const 600) (i32.const 1) (i32.const 48)) (then (return (i32.const 2))))
        (if (i32.ne (i32.load (i32.const 48)) (i32.const 1)) (then (return (i32.const 2))))
        (if (i32.ne (i32.load8_u (i32.const 608)) (i32.const 8)) (then (return (i32.const 2))))
        (if (i32.ne (call $close (i32.const 0)) (i32.const 8)) (then (return (i32.const 2))))
        (if (i32.ne (call $fd_write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 8)) (then (return (i32.const 2))))
        (if (i32.ne (call $fd_write (i32.const 1) (i32.const -8) (i32.const 9) (i32.const 8)) (i32.const 21)) (then (return (i32.const 2))))";
    let mut bound = bound(imports, &format!("{calm} {doc}"));
    let outcome = ask(&mut bound, 3).unwrap();
    assert_eq!(numbers(&outcome), [1, 2, 1]);
    assert_eq!(outcome.failures[0].message, "exit with code 3: help");
    assert!(
        bound
            .take_log()
            .iter()
            .any(|line| line.level == 3 && line.text == "help")
    );
}
