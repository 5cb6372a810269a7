//! Statistics, limits of use and the circuit breaker of a version, through a registry; the time is the test's.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};

use super::support::*;
use crate::ErrorCode;
use crate::batch::{BatchUdf, Interrupt, Outcome, UdfBatch};
use crate::udf::registered::Environment;
use crate::udf::{BoundUdf, PreparedUdf, RegisteredUdf, UdfLimits, UdfRegistry, UdfStats};

/// A registry whose limits see a time that stands still until it is moved.
struct Timed {
    registry: UdfRegistry,
    now: Arc<Mutex<Instant>>,
}

impl Timed {
    fn new(limits: UdfLimits) -> Self {
        let now = Arc::new(Mutex::new(Instant::now()));
        let clock = Arc::clone(&now);
        let environment = Environment {
            clock: Arc::new(move || *clock.lock().unwrap()),
            ..Environment::new(engine(), limits)
        };
        let registry = UdfRegistry::with(environment, None).unwrap();
        Self { registry, now }
    }

    fn wait(&self, seconds: f64) {
        *self.now.lock().unwrap() += Duration::from_secs_f64(seconds);
    }

    fn add(&self, module: &[u8], more: &Json) -> Arc<RegisteredUdf> {
        let registered = self.registry.add(module, Some(&manifest(more))).unwrap();
        Arc::clone(&registered[0].udf)
    }
}

fn patient() -> UdfLimits {
    UdfLimits {
        batch_base: Duration::from_secs(20),
        ..UdfLimits::default()
    }
}

fn prepare(udf: &RegisteredUdf, parameters: &Json) -> crate::Result<PreparedUdf> {
    udf.prepare(parameters.as_object().unwrap())
}

fn enter(prepared: &PreparedUdf) -> BoundUdf {
    let mut bound = prepared.bind();
    bound.enter_segment(Box::new(Docs::new([]))).unwrap();
    bound
}

/// A query about so many documents.
fn query(udf: &RegisteredUdf, parameters: &Json, documents: u32) -> crate::Result<Outcome> {
    let prepared = prepare(udf, parameters)?;
    ask(&mut enter(&prepared), documents)
}

/// Traps where its parameter is not 0; takes memory in any case.
const FUSSY: &str = "(if (i64.ne (i64.const 0) (i64.load offset=8 (call $param (local.get $b) (i32.const 0)))) (then unreachable)) i32.const 1";

fn fussy() -> Json {
    json!({"params": [{"name": "n", "type": "i64", "default": 0}]})
}

#[test]
fn statistics_count_what_queries_do() {
    let timed = Timed::new(patient());
    let udf = timed.add(&guest(FUSSY), &fussy());
    let fresh = udf.stats();
    assert_eq!(
        (fresh.queries, fresh.calls, fresh.batch_time.count),
        (0, 0, 0),
        "a trial isn't counted"
    );
    let prepared = prepare(&udf, &json!({})).unwrap();
    let (mut one, mut two) = (enter(&prepared), enter(&prepared));
    ask(&mut one, 1_000).unwrap();
    ask(&mut two, 24).unwrap();
    prepared.counters().add_cache_hits(77);
    let running = udf.stats();
    assert_eq!(
        (
            running.queries,
            running.running_queries,
            running.live_instances
        ),
        (1, 1, 2)
    );
    assert_eq!(running.batch_time.count, 2, "times are there at once");
    assert_eq!(running.documents, 0, "counts when the query ends");
    drop((one, two, prepared));
    query(&udf, &json!({"n": 1}), 3).unwrap();
    let UdfStats {
        documents,
        calls,
        instances,
        cache_hits,
        failures,
        queries,
        running_queries,
        live_instances,
        ..
    } = udf.stats();
    assert_eq!((queries, running_queries, live_instances), (2, 0, 0));
    assert_eq!((documents, cache_hits), (1_027, 77));
    assert_eq!(
        (
            failures.trap,
            failures.guest + failures.protocol + failures.limit
        ),
        (3, 0)
    );
    assert!(
        calls >= 5 && instances >= 5,
        "{calls} calls, {instances} instances"
    );
    let [stats] = &timed.registry.stats()[..] else {
        panic!("one function")
    };
    assert!(
        stats.peak_memory_bytes >= 2 * 65_536,
        "{}",
        stats.peak_memory_bytes
    );
    let time = stats.batch_time;
    assert!(
        time.p50_nanos > 0 && time.p50_nanos <= time.p95_nanos && time.p95_nanos <= time.p99_nanos
    );
    assert!(time.p99_nanos <= time.max_nanos && time.max_nanos <= time.total_nanos);
    let json = serde_json::to_value(stats).unwrap();
    assert_eq!(json["breaker"], json!({"state": "closed", "opened": 0}));
    assert_eq!(
        json["failures"],
        json!({"guest": 0, "trap": 3, "protocol": 0, "limit": 0})
    );
    assert_eq!(json["name"], "f");
}

#[test]
fn concurrent_queries_are_limited() {
    let timed = Timed::new(patient());
    let udf = timed.add(
        &guest("i32.const 1"),
        &json!({"limits": {"concurrent_queries": 2}}),
    );
    let (first, second) = (
        prepare(&udf, &json!({})).unwrap(),
        prepare(&udf, &json!({})).unwrap(),
    );
    let error = prepare(&udf, &json!({})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfBusy);
    assert_eq!(
        error.to_string(),
        "function `f@1.0.0` is busy: 2 queries are using it now, its limit (concurrent_queries)"
    );
    let binding = enter(&first);
    drop(first);
    assert!(
        prepare(&udf, &json!({})).is_err(),
        "a binding goes on using it"
    );
    drop(binding);
    assert!(prepare(&udf, &json!({})).is_ok());
    drop(second);
    assert_eq!(udf.stats().rejected.concurrent_queries, 2);
    assert_eq!(udf.stats().running_queries, 0);
}

#[test]
fn queries_per_second_are_limited() {
    let limits = UdfLimits {
        queries_per_second: Some(3),
        ..patient()
    };
    let timed = Timed::new(limits);
    let udf = timed.add(&guest("i32.const 1"), &json!({}));
    let try_five = || (0..5).filter(|_| prepare(&udf, &json!({})).is_ok()).count();
    assert_eq!(try_five(), 3);
    timed.wait(0.34);
    assert_eq!(try_five(), 1);
    timed.wait(5.0);
    assert_eq!(try_five(), 3, "what wasn't used is not saved up");
    let error = prepare(&udf, &json!({})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfBusy);
    assert!(
        error
            .to_string()
            .contains("its limit is 3 queries a second (queries_per_second)"),
        "{error}"
    );
    assert_eq!(udf.stats().rejected.queries_per_second, 9);
    // A query whose parameters are wrong is none.
    timed.wait(0.34);
    assert_eq!(
        prepare(&udf, &json!({"n": 1})).unwrap_err().code(),
        ErrorCode::UdfParameter
    );
    assert!(prepare(&udf, &json!({})).is_ok());
}

#[test]
fn instances_are_limited() {
    let timed = Timed::new(patient());
    let udf = timed.add(&guest("i32.const 1"), &json!({"limits": {"instances": 2}}));
    let prepared = prepare(&udf, &json!({})).unwrap();
    let mut bound: Vec<BoundUdf> = (0..3).map(|_| enter(&prepared)).collect();
    assert_eq!(udf.stats().live_instances, 0, "none before it is asked");
    ask(&mut bound[0], 1).unwrap();
    ask(&mut bound[1], 1).unwrap();
    let error = ask(&mut bound[2], 1).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfBusy);
    assert!(
        error
            .to_string()
            .contains("there are 2 instances of it now"),
        "{error}"
    );
    assert_eq!(
        numbers(&ask(&mut bound[1], 1).unwrap()),
        [1],
        "those that are there go on"
    );
    drop(bound.remove(0));
    ask(&mut bound[1], 1).unwrap();
    // One that is thrown away after a trap makes room for its successor.
    let udf = timed.add(
        &guest(FUSSY),
        &json!({"version": "2.0.0", "limits": {"instances": 1}, "params": fussy()["params"]}),
    );
    assert_eq!(numbers(&query(&udf, &json!({"n": 1}), 9).unwrap()), [2; 9]);
    assert_eq!(
        (udf.stats().live_instances, udf.stats().rejected.instances),
        (0, 0)
    );
}

#[test]
fn a_manifest_lowers_memory_and_time() {
    let timed = Timed::new(patient());
    let spin = "(if (i64.ne (i64.const 0) (i64.load offset=8 (call $param (local.get $b) (i32.const 0)))) (then (loop $l (br $l)))) i32.const 1";
    let mut more = fussy();
    more["limits"] = json!({"query_ms": 40, "memory_bytes": 131_072});
    let udf = timed.add(&guest(spin), &more);
    assert_eq!(udf.limits().memory_bytes, 131_072);
    let error = query(&udf, &json!({"n": 1}), 10).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfFailed);
    assert!(
        error
            .to_string()
            .contains("exceeded its time limit of 40 ms a query"),
        "{error}"
    );
    assert_eq!((udf.stats().timeouts, udf.stats().start_failures), (1, 0));
    assert_eq!(udf.stats().peak_memory_bytes, 131_072);
    assert!(query(&udf, &json!({}), 10).is_ok());
    let greedy = "(i32.eqz (i32.eq (i32.const -1) (memory.grow (i32.const 1))))";
    assert_eq!(
        run(&guest(greedy), &json!({}), &json!({}), &Docs::new([]), 1),
        [1]
    );
    assert_eq!(
        run(
            &guest(greedy),
            &json!({"limits": {"memory_bytes": 131_072}}),
            &json!({}),
            &Docs::new([]),
            1
        ),
        [0]
    );
    let tiny = manifest(&json!({"limits": {"memory_bytes": 65_536}}));
    let refused = message(registry().add(&guest("i32.const 1"), Some(&tiny)));
    assert!(
        refused.contains("the trial on no documents failed"),
        "{refused}"
    );
    let generous = manifest(&json!({"limits": {"memory_bytes": 1_u64 << 40, "query_ms": 1000}}));
    let added = registry()
        .add(&guest("i32.const 1"), Some(&generous))
        .unwrap();
    assert!(added[0].warnings[0].contains("limits.memory_bytes is 1099511627776"));
    assert_eq!(
        added[0].udf.limits().memory_bytes,
        UdfLimits::default().memory_bytes
    );
    assert!(
        message(registry().add(
            &guest("i32.const 1"),
            Some(&manifest(&json!({"limits": {"x": 1}})))
        ))
        .contains("`limits`: unknown field `x`")
    );
}

#[test]
fn the_breaker_looks_at_different_queries() {
    let timed = Timed::new(patient());
    let udf = timed.add(&guest(FUSSY), &fussy());
    // One caller, again and again.
    for _ in 0..50 {
        query(&udf, &json!({"n": 1}), 12).unwrap();
    }
    assert!(
        query(&udf, &json!({"n": 0}), 12).is_ok(),
        "others are served"
    );
    // Others fail, too.
    for n in 2..=5 {
        query(&udf, &json!({"n": n}), 12).unwrap();
    }
    let error = query(&udf, &json!({}), 12).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfUnavailable);
    assert_eq!(
        error.to_string(),
        "function `f@1.0.0` is unavailable: of the last 6 different queries within 60 s, 5 failed on most documents; it is tried again in 30000 ms"
    );
    let stats = udf.stats();
    assert_eq!(
        (
            stats.breaker.state,
            stats.breaker.opened,
            stats.breaker.retry_ms
        ),
        ("open", 1, Some(30_000))
    );
    assert_eq!(stats.rejected.breaker, 1);
    // Other versions are not concerned.
    let other = timed.add(&guest("i32.const 1"), &json!({"version": "1.0.1"}));
    assert!(query(&other, &json!({}), 12).is_ok());
    timed.wait(30.0);
    assert_eq!(udf.stats().breaker.state, "half_open");
    let trials: Vec<_> = (0..8).map(|_| prepare(&udf, &json!({})).unwrap()).collect();
    assert_eq!(
        query(&udf, &json!({}), 12).unwrap_err().code(),
        ErrorCode::UdfUnavailable,
        "few trials at a time"
    );
    drop(trials); // were never asked, and so decide nothing
    query(&udf, &json!({"n": 3}), 12).unwrap(); // went wrong before, and says nothing new
    query(&udf, &json!({"n": 9}), 12).unwrap();
    assert!(
        message(query(&udf, &json!({}), 12))
            .contains("let through as a trial failed on most documents")
    );
    timed.wait(30.0);
    assert!(query(&udf, &json!({}), 12).is_ok());
    assert_eq!(udf.stats().breaker.state, "closed");
    assert!(query(&udf, &json!({"n": 9}), 12).is_ok());
}

/// Who asks about a few documents alone can have chosen those on which the function fails.
#[test]
fn failures_on_few_documents_say_nothing() {
    let timed = Timed::new(patient());
    let udf = timed.add(&guest(FUSSY), &fussy());
    for n in 1..=40 {
        query(&udf, &json!({"n": n}), 9).unwrap();
    }
    assert_eq!(udf.stats().breaker.state, "closed");
}

#[test]
fn the_breaker_of_a_function_without_parameters_opens() {
    let timed = Timed::new(patient());
    let broken = timed.add(&guest("unreachable"), &json!({}));
    for _ in 0..5 {
        query(&broken, &json!({}), 12).unwrap();
    }
    assert_eq!(
        query(&broken, &json!({}), 12).unwrap_err().code(),
        ErrorCode::UdfUnavailable
    );
}

#[test]
fn an_instance_that_cannot_start_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let open = |memory_bytes| {
        let limits = UdfLimits {
            memory_bytes,
            ..patient()
        };
        UdfRegistry::open_with(folder.path(), engine(), limits).unwrap()
    };
    let grows = "(start $grow) (func $grow (if (i32.eq (i32.const -1) (memory.grow (i32.const 1))) (then unreachable)))";
    open(16 << 20)
        .add(
            &guest_with(grows, "i32.const 1"),
            Some(&manifest(&json!({}))),
        )
        .unwrap();
    let registry = open(131_072);
    let udf = registry.resolve("f", None).unwrap();
    for _ in 0..5 {
        assert!(message(query(&udf, &json!({}), 3)).contains("no instance could be started"));
    }
    let stats = udf.stats();
    assert_eq!((stats.start_failures, stats.live_instances), (5, 0));
    assert_eq!(
        query(&udf, &json!({}), 3).unwrap_err().code(),
        ErrorCode::UdfUnavailable
    );
}

/// Callers that always set a short time limit of their own notice a function that spins, too.
#[test]
fn a_query_out_of_time_by_one_long_batch_is_blamed_on_the_function() {
    let timed = Timed::new(patient());
    let udf = timed.add(&guest("i32.const 1"), &json!({}));
    let spinning = timed.add(
        &guest("(if (i32.gt_u (global.get $calls) (i32.const 0)) (then (loop $l (br $l)))) i32.const 1"),
        &json!({"name": "spins", "limits": {"batch_base_ms": 1000}}),
    );
    let run = |udf: &RegisteredUdf, pause: u64| {
        let prepared = udf.prepare(&Map::new()).unwrap();
        let mut bound = enter(&prepared);
        let deadline = Some(Instant::now() + Duration::from_millis(400));
        std::thread::sleep(Duration::from_millis(pause));
        let (batch, mut outcome) = (
            UdfBatch {
                docs: &[0, 1],
                scores: None,
            },
            Outcome::default(),
        );
        let interrupt = Interrupt {
            cancel: None,
            deadline,
        };
        bound
            .evaluate(batch, &interrupt, &mut outcome)
            .unwrap_err()
            .code()
    };
    assert_eq!(run(&udf, 420), ErrorCode::Timeout);
    assert_eq!(
        udf.stats().timeouts,
        0,
        "the time was gone before it was asked"
    );
    assert_eq!(run(&spinning, 0), ErrorCode::Timeout);
    assert_eq!(spinning.stats().timeouts, 1);
}
