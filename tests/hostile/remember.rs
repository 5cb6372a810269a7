//! Guests that try to remember something from one query to the next, on instances that take each other's place in the pool.

use std::sync::Arc;
use std::time::Duration;

use diagon::search::SearchOptions;
use diagon::udf::{EngineOptions, UdfEngine};
use serde_json::{Value as Json, json};

use crate::guest::{RESERVE, manifest, parse};
use crate::stage::{Asker, all_of, clause, registry};

/// A way to remember.
struct Trace {
    what: &'static str,
    /// The memory's pages.
    memory: u32,
    more: &'static str,
    /// An i32 that is 0 in a fresh instance, or always the same.
    look: &'static str,
    leave: &'static str,
}

fn traces() -> Vec<Trace> {
    let trace = |what, more, look, leave| Trace {
        what,
        memory: 256,
        more,
        look,
        leave,
    };
    vec![
        trace(
            "a global",
            "(global $g (mut i32) (i32.const 0))",
            "(global.get $g)",
            "(global.set $g (i32.const 1))",
        ),
        trace(
            "a global of a vector",
            "(global $g (mut v128) (v128.const i64x2 0 0))",
            "(v128.any_true (global.get $g))",
            "(global.set $g (v128.const i64x2 -1 -1))",
        ),
        trace(
            "the first word of the memory",
            "",
            "(i32.load (i32.const 0))",
            "(i32.store (i32.const 0) (i32.const 1))",
        ),
        trace(
            "its data",
            "(data (i32.const 512) \"\\00\\01\\00\\00\\07\")",
            "(i32.ne (i32.load (i32.const 512)) (i32.const 256))",
            "(memory.fill (i32.const 510) (i32.const 9) (i32.const 9))",
        ),
        trace(
            "a word far behind what a slot keeps",
            "",
            "(i32.load (i32.const 0xf00000))",
            "(i32.store (i32.const 0xf00000) (i32.const 1))",
        ),
        trace(
            "the last word of its memory",
            "",
            "(i32.load (i32.const 0xfffffc))",
            "(i32.store (i32.const 0xfffffc) (i32.const 1))",
        ),
        trace(
            "all of its memory",
            "(func $any (result i32) (local $at i32) (local $any i64)
               (local.set $at (i32.const 0x20000))
               (loop $next
                 (local.set $any (i64.or (local.get $any) (i64.load (local.get $at))))
                 (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const 0xfff000))))
               (i64.ne (local.get $any) (i64.const 0)))",
            "(call $any)",
            "(memory.fill (i32.const 0x20000) (i32.const 255) (i32.const 0xfe0000))",
        ),
        trace(
            "an entry of a table",
            "(table $t 8 funcref) (elem declare func $f) (func $f)",
            "(i32.eqz (ref.is_null (table.get $t (i32.const 3))))",
            "(table.set $t (i32.const 3) (ref.func $f))",
        ),
        trace(
            "all entries of a large table",
            "(table $t 65536 funcref) (elem declare func $f) (func $f)",
            "(i32.eqz (ref.is_null (table.get $t (i32.const 65535))))",
            "(table.fill $t (i32.const 0) (ref.func $f) (i32.const 65536))",
        ),
        trace(
            "the size of a table",
            "(table $t 1 funcref)",
            "(i32.ne (table.size $t) (i32.const 1))",
            "(drop (table.grow $t (ref.null func) (i32.const 100)))",
        ),
        trace(
            "data that it dropped",
            "(data $d \"abc\") (func $look (result i32) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
               (i32.ne (i32.load8_u (i32.const 0)) (i32.const 0x61)))",
            "(call $look)",
            "(data.drop $d)",
        ),
        trace(
            "elements that it dropped",
            "(table $t 8 funcref) (elem $e func $f) (func $f)
             (func $look (result i32) (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (ref.is_null (table.get $t (i32.const 0))))",
            "(call $look)",
            "(elem.drop $e)",
        ),
        trace(
            "the host's clock",
            "(func $look (result i32) (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 1024))) (i32.load (i32.const 1024)))",
            "(call $look)",
            "",
        ),
        trace(
            "the host's random numbers",
            "(func $look (result i32) (drop (call $random (i32.const 1024) (i32.const 4))) (i32.load (i32.const 1024)))",
            "(call $look)",
            "",
        ),
        Trace {
            memory: 2,
            ..trace(
                "the size of its memory",
                "",
                "(i32.ne (memory.size) (i32.const 2))",
                "(drop (memory.grow (i32.const 1)))",
            )
        },
    ]
}

/// A guest whose answer about the document at place i is bit i of what it sees.
fn module(trace: &Trace) -> Vec<u8> {
    let Trace {
        memory,
        more,
        look,
        leave,
        ..
    } = trace;
    parse(&format!(
        r#"(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") {memory})
  {more}
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param $n i32) (result i32) (local $end i32) {RESERVE})
  (func (export "filter") (param $b i32) (result i32) (local $i i32) (local $seen i32)
    (local.set $seen {look})
    {leave}
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
      (i32.store8 (i32.add (i32.load offset=36 (local.get $b)) (local.get $i))
        (i32.and (i32.const 1) (i32.shr_u (local.get $seen) (i32.and (local.get $i) (i32.const 31)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    i32.const 0))"#
    ))
}

/// The hits of a query, and how many documents the function failed on.
fn hits(asker: &mut Asker, query: &Json) -> (Vec<String>, u64) {
    let response = asker.ask(query, &SearchOptions::default());
    let response = response.expect("an answer");
    let ids = response.hits.iter().map(|hit| hit.id.clone());
    (ids.collect(), response.profile.functions[0].failures())
}

#[test]
fn nothing_is_left_for_the_next_query() {
    // Two slots, so that everybody gets one that somebody else has used.
    let options = EngineOptions {
        instances: 2,
        ..EngineOptions::default()
    };
    let engine = UdfEngine::new(&options).expect("an engine");
    let registry = registry(engine, Duration::from_secs(60));
    let mut asker = Asker::new(Arc::clone(&registry) as _);
    let traces = traces();
    let few = json!({"range": {"n": {"lt": 8}}});
    let mut first = Vec::new();
    for (number, trace) in traces.iter().enumerate() {
        let name = format!("remembers-{number}");
        let (module, manifest) = (module(trace), manifest(&name, &json!({})));
        registry.add(&module, Some(&manifest)).expect(trace.what);
        let clause = clause(&name, &json!({}), "exclude");
        let query = all_of(&[clause.clone(), few.clone()]);
        let answer = hits(&mut asker, &query);
        let host = trace.leave.is_empty();
        assert!(host || answer.0.is_empty(), "{}: {answer:?}", trace.what);
        assert_eq!(answer.1, 0, "{}", trace.what);
        // In one query it is one instance, and remembers: the test would see it. Where it traps, other instances answer.
        let response = asker.ask(&all_of(&[clause]), &SearchOptions::default());
        let response = response.expect("an answer");
        let counts = &response.profile.functions[0].counts;
        let seen = !response.hits.is_empty() || counts.instances > 1;
        assert!(seen, "{}", trace.what);
        first.push((query, answer));
    }
    for round in 0..5 {
        for ((query, answer), trace) in first.iter().zip(&traces) {
            let again = hits(&mut asker, query);
            assert_eq!(again, *answer, "{} in round {round}", trace.what);
        }
    }
    asker.others_are_well();
}
