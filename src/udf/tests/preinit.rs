//! A module that was started when it was compiled answers as one that starts in each instance.

use std::sync::Arc;

use serde_json::{Map, json};

use super::support::*;
use crate::batch::BatchUdf;
use crate::udf::{EngineOptions, UdfEngine, UdfLimits, UdfRegistry};

fn engine_that(pre_initialize: bool) -> Arc<UdfEngine> {
    let options = EngineOptions {
        instances: 8,
        pre_initialize,
        ..EngineOptions::default()
    };
    UdfEngine::new(&options).unwrap()
}

/// Fills memory and globals when it starts, from the host's clock and random numbers, too; what it says depends on all of that and on what comes
/// after.
const STARTS: &str = r#"
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (global $seen (mut i64) (i64.const 7)) (global $half (mut f64) (f64.const 1)) (global $wide (mut v128) (v128.const i64x2 1 2))
  (func $draw (result i64)
    (drop (call $random (i32.const 16) (i32.const 8))) (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 24)))
    (i64.xor (i64.load (i32.const 16)) (i64.mul (i64.load (i32.const 24)) (i64.const 0x9e3779b97f4a7c15))))
  (func (export "_initialize") (local $i i32)
    (drop (memory.grow (i32.const 3)))
    (loop $next
      (i64.store (i32.add (i32.const 262144) (i32.shl (local.get $i) (i32.const 6))) (call $draw))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 500))))
    (global.set $seen (i64.add (global.get $seen) (call $draw)))
    (global.set $half (f64.div (global.get $half) (f64.const 3)))
    (global.set $wide (i64x2.add (global.get $wide) (v128.const i64x2 5 5))))"#;

/// The lowest bit of everything.
const SAYS: &str = r#"(i32.wrap_i64 (i64.and (i64.const 1) (i64.shr_u
   (i64.add (i64.add (global.get $seen) (call $draw))
     (i64.add (i64.reinterpret_f64 (global.get $half))
       (i64.add (i64x2.extract_lane 1 (global.get $wide))
         (i64.load (i32.add (i32.const 262144) (i32.shl (i32.rem_u (local.get $i) (i32.const 500)) (i32.const 6)))))))
   (i64.const 13))))"#;

fn answers(registry: &UdfRegistry) -> Vec<u8> {
    let udf = registry.resolve("f", None).unwrap();
    let prepared = udf.prepare(&Map::new()).unwrap();
    let ask_one = |len| {
        let mut bound = prepared.bind();
        bound.enter_segment(Box::new(Docs::new([]))).unwrap();
        let mut all = numbers(&ask(&mut bound, len).unwrap());
        all.extend(numbers(&ask(&mut bound, len).unwrap()));
        all
    };
    // Every instance begins anew.
    let (first, second) = (ask_one(1_000), ask_one(1_000));
    assert_eq!(first, second);
    assert_ne!(first[..1_000], first[1_000..], "random numbers go on");
    first
}

#[test]
fn answers_do_not_depend_on_when_it_started() {
    let module = guest_with(STARTS, SAYS);
    let limits = || UdfLimits {
        batch_base: std::time::Duration::from_secs(20),
        ..UdfLimits::default()
    };
    let run = |engine: &Arc<UdfEngine>, module: &[u8]| {
        let registry = UdfRegistry::in_memory_with(Arc::clone(engine), limits());
        let before = engine.compilations();
        registry.add(module, Some(&manifest(&json!({})))).unwrap();
        (answers(&registry), engine.compilations() - before)
    };
    let (each, one) = (engine_that(false), engine_that(true));
    let (expected, compiled) = run(&each, &module);
    assert_eq!(compiled, 1);
    let yes = expected.iter().filter(|v| **v == 1).count();
    assert!(
        (800..1_200).contains(&yes),
        "{yes} of 2,000: it says something"
    );
    let (found, compiled) = run(&one, &module);
    assert_eq!(compiled, 2, "to start it, and what came of it");
    assert!(found == expected);
    // What can't be expressed as data starts in each instance.
    let drops = format!("{STARTS} (data $d \"x\") (func $unused (data.drop $d))");
    let (found, compiled) = run(&one, &guest_with(&drops, SAYS));
    assert_eq!(compiled, 1);
    assert!(found == expected);

    // And from the folder.
    let folder = tempfile::tempdir().unwrap();
    let open = |engine: &Arc<UdfEngine>| {
        UdfRegistry::open_with(folder.path(), Arc::clone(engine), limits()).unwrap()
    };
    open(&one)
        .add(&module, Some(&manifest(&json!({}))))
        .unwrap();
    let before = (one.compilations(), each.compilations());
    assert!(answers(&open(&one)) == expected);
    assert_eq!(one.compilations(), before.0);
    assert!(answers(&open(&each)) == expected);
    assert_eq!(
        each.compilations(),
        before.1 + 1,
        "they don't share what they compile"
    );
}

#[test]
fn one_that_can_not_start_is_refused_as_ever() {
    for (initialize, expected) in [
        (
            "unreachable",
            "no instance could be started: wasm trap: wasm `unreachable`",
        ),
        ("(loop $l (br $l))", "exceeded its time limit"),
        (
            "(drop (memory.grow (i32.const 1000))) (i32.store (i32.const 1000000) (i32.const 1))",
            "asking for more than 16777216 bytes",
        ),
        (
            "(call $fail (i32.const 0) (i32.const 0))",
            "no instance could be started",
        ),
    ] {
        let module = guest_with(
            &format!("(func (export \"_initialize\") {initialize})"),
            "i32.const 1",
        );
        let limits = UdfLimits {
            batch_base: std::time::Duration::from_millis(200),
            ..UdfLimits::default()
        };
        let registry = UdfRegistry::in_memory_with(engine_that(true), limits);
        let refused = message(registry.add(&module, Some(&manifest(&json!({})))));
        assert!(refused.contains(expected), "{refused}");
    }
}
