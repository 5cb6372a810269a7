//! Searches beside a writer, and searches that are stopped: by a token or a time limit, in the engine and in a function.

mod guests;
mod naive;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use diagon::batch::FunctionSource;
use diagon::index::{IndexWriter, WriterOptions};
use diagon::query::{self, SearchRequest};
use diagon::search::{CancelToken, Relation, SearchOptions, SearchResponse, Searcher};
use diagon::shard::Index;
use diagon::udf::UdfRegistry;
use diagon::{Error, ErrorCode};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {"round": {"type": "long"}, "n": {"type": "long"}}}"#;

fn request(body: &Json) -> SearchRequest {
    query::parse(&body.to_string()).expect("a request")
}

/// Which documents there are, and the round in which each was written.
type State = BTreeMap<String, i64>;

/// Takes an index to its next state: some documents go, some come, some are replaced.
fn advance(index: &Index, state: &mut State, round: i64) {
    for number in 0..60 {
        let id = format!("d{number}");
        if (number + round) % 10 == 0 {
            index.delete(&id).expect("a deletion");
            state.remove(&id);
        } else if !state.contains_key(&id) || number % 7 == round % 7 {
            let json = json!({"round": round, "n": number}).to_string();
            index.add(Some(&id), json.as_bytes()).expect("a document");
            state.insert(id, round);
        }
    }
    let marker = json!({ "round": round }).to_string();
    index
        .add(Some("marker"), marker.as_bytes())
        .expect("a document");
    state.insert("marker".to_string(), round);
}

fn state_of(response: &SearchResponse) -> State {
    let round = |hit: &diagon::search::Hit| {
        let source = hit.source.as_ref().expect("a source").get();
        let json: Json = serde_json::from_str(source).expect("JSON");
        (hit.id.clone(), json["round"].as_i64().expect("a round"))
    };
    response.hits.iter().map(round).collect()
}

#[test]
fn every_answer_is_of_one_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let index =
        Index::open(folder.path().join("i"), Some(MAPPING), Default::default()).expect("an index");
    let states: Mutex<Vec<State>> = Mutex::new(vec![State::new()]);
    let (done, searches) = (AtomicBool::new(false), AtomicUsize::new(0));
    let read = |with_function: bool| {
        let mut query = json!({"bool": {"must": [{"match_all": {}}]}});
        if with_function {
            query["bool"]["filter"] = json!([{"bool": {"should": [
                {"wasm_udf": {"name": "picky", "parameters": {"m": 1, "r": 0}}}, {"ids": {"values": ["marker"]}}]}}]);
        }
        let request = request(&json!({"query": query, "size": 100}));
        let mut last = 0;
        while !done.load(Ordering::Relaxed) {
            let snapshot = index.searcher().snapshot().clone();
            let searcher = Searcher::new(snapshot, guests::functions(), "i");
            let response = searcher
                .search(&request, &SearchOptions::default())
                .expect("an answer");
            let state = state_of(&response);
            let round = state.get("marker").copied().unwrap_or(0);
            let expected =
                states.lock().expect("a lock")[usize::try_from(round).expect("a round")].clone();
            assert_eq!(state, expected, "in round {round}");
            assert_eq!(
                response.total.expect("a total").value,
                expected.len() as u64
            );
            assert!(round >= last, "round {round} after {last}");
            last = round;
            searches.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(|| read(false)), scope.spawn(|| read(true))];
        let mut state = State::new();
        let started = Instant::now();
        for round in 1.. {
            advance(&index, &mut state, round);
            // Known before it is seen.
            states.lock().expect("a lock").push(state.clone());
            match round % 5 {
                0 => index.commit().expect("a commit"),
                _ => index.refresh().expect("a refresh"),
            }
            let enough = round >= 40 && searches.load(Ordering::Relaxed) >= 100;
            if enough
                || started.elapsed() > Duration::from_secs(20)
                || readers.iter().any(|r| r.is_finished())
            {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(searches.into_inner() >= 20, "the searches hardly ran");
}

/// Numbered documents in one segment.
fn numbers(documents: u32, functions: Option<Arc<dyn FunctionSource>>) -> (TempDir, Searcher) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default())
        .expect("a writer");
    for n in 0..documents {
        let json = format!(r#"{{"n": {n}}}"#);
        writer
            .add(Some(&n.to_string()), json.as_bytes())
            .expect("a document");
    }
    let snapshot = writer.refresh().expect("a refresh");
    (folder, Searcher::new(snapshot, functions, "numbers"))
}

/// A clause that keeps the engine busy: each of many ranges looks at each document.
fn busy() -> Json {
    let ranges =
        (0..1_000).map(|n| json!({"range": {"n": {"gte": n, "lte": 1_000_000 - n, "boost": 0.1}}}));
    json!({"bool": {"should": ranges.collect::<Vec<_>>()}})
}

/// Cancels a search after a while. Returns its result, and how long it went on.
fn cancelled(
    searcher: &Searcher,
    request: &SearchRequest,
    after: Duration,
) -> (diagon::Result<SearchResponse>, Duration) {
    let token = CancelToken::new().expect("a token");
    let mut options = SearchOptions::default();
    options.cancel = Some(token.clone());
    thread::scope(|scope| {
        let search = scope.spawn(|| (searcher.search(request, &options), Instant::now()));
        thread::sleep(after);
        let at = Instant::now();
        token.cancel();
        let (result, ended) = search.join().expect("no panic");
        (result, ended.saturating_duration_since(at))
    })
}

/// Whatever the machine's speed: at one of these moments the search is running.
fn moments(whole: Duration) -> impl Iterator<Item = Duration> {
    (1..12).map(move |n| whole / (1 << n))
}

#[test]
fn native_work_is_stopped() {
    let (_folder, searcher) = numbers(60_000, guests::functions());
    let function = json!({"wasm_udf": {"name": "picky", "parameters": {"m": 2, "r": 0}}});
    for query in [
        busy(),
        json!({"bool": {"must": [busy()], "filter": [function]}}),
    ] {
        let request = request(&json!({"query": query, "track_total_hits": true}));
        let started = Instant::now();
        let all = searcher
            .search(&request, &SearchOptions::default())
            .expect("an answer");
        let whole = started.elapsed();

        let stopped = moments(whole).any(|after| {
            let (result, _) = cancelled(&searcher, &request, after);
            matches!(result, Err(Error::Cancelled))
        });
        assert!(stopped, "{whole:?}");

        let stopped = moments(whole).any(|limit| {
            let mut options = SearchOptions::default();
            options.timeout = Some(limit);
            let response = searcher
                .search(&request, &options)
                .expect("what was found until then");
            let total = response.total.expect("a total");
            // The rest was not looked at.
            response.timed_out
                && total.relation == Relation::Gte
                && response.profile.windows < all.profile.windows
        });
        assert!(stopped, "{whole:?}");
    }
}

#[test]
fn a_cancelled_token_and_no_time_at_all() {
    let (_folder, searcher) = numbers(100, guests::functions());
    let token = CancelToken::new().expect("a token");
    token.cancel();
    let mut options = SearchOptions::default();
    options.cancel = Some(token);
    let mut hurried = SearchOptions::default();
    hurried.timeout = Some(Duration::ZERO);
    let function = json!({"wasm_udf": {"name": "picky", "parameters": {"m": 1, "r": 0}}});
    for query in [json!({"match_all": {}}), function] {
        let request = request(&json!({ "query": query }));
        let error = searcher
            .search(&request, &options)
            .expect_err("it is cancelled");
        assert!(matches!(error, Error::Cancelled), "{error}");
        let response = searcher.search(&request, &hurried).expect("an answer");
        assert!(response.timed_out && response.hits.is_empty());
    }
}

/// A function that accepts documents, and spins for ever at the one whose number is `at`.
fn spinning() -> Option<Arc<dyn FunctionSource>> {
    let module = r#"(module (memory (export "memory") 2) (func (export "diagon_abi_v1"))
      (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
      (func (export "filter") (param $b i32) (result i32) (local $i i32) (local $n i64)
        (loop $next
          (if (i32.eq (local.get $i) (i32.load offset=4 (local.get $b))) (then (return (i32.const 0))))
          (local.set $n (i64.load (i32.add (i32.load offset=12 (i32.load offset=8 (local.get $b))) (i32.shl (local.get $i) (i32.const 3)))))
          (if (i64.eq (local.get $n) (i64.load offset=8 (i32.load offset=16 (local.get $b)))) (then (loop $spin (br $spin))))
          (i32.store8 (i32.add (i32.load offset=36 (local.get $b)) (local.get $i)) (i32.const 1))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next))
        unreachable))"#;
    let manifest = json!({"abi": 1, "name": "spin", "version": "1.0.0", "kind": "filter",
        "fields": [{"name": "n", "type": "i64", "default": 0}], "params": [{"name": "at", "type": "i64", "default": -1}]});
    let registry = UdfRegistry::in_memory().expect("an engine");
    let module = ::wat::parse_str(module).expect("valid text");
    registry
        .add(&module, Some(&manifest.to_string()))
        .expect("a module");
    Some(Arc::new(registry))
}

/// A guest that calls itself without an end meets the end of its own stack, also where the caller's thread has less than that.
#[test]
fn a_caller_with_a_small_stack() {
    let module = r#"(module (memory (export "memory") 2) (func (export "diagon_abi_v1"))
      (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
      (func $deep (param i64) (result i64) (i64.add (local.get 0) (call $deep (i64.add (local.get 0) (i64.const 1)))))
      (func (export "filter") (param $b i32) (result i32)
        (if (i32.load offset=4 (local.get $b)) (then (drop (call $deep (i64.const 0)))))
        i32.const 0))"#;
    let manifest = json!({"abi": 1, "name": "deep", "version": "1.0.0", "kind": "filter"});
    let registry = Arc::new(UdfRegistry::in_memory().expect("an engine"));
    let module = ::wat::parse_str(module).expect("valid text");
    let (_folder, searcher) = numbers(20, Some(Arc::clone(&registry) as _));
    let ask = request(&json!({"query": {"wasm_udf": {"name": "deep"}}}));
    for stack in [96 << 10, 512 << 10, 2 << 20, 16 << 20] {
        let response = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(stack);
            let work = || {
                let added = registry.add(&module, Some(&manifest.to_string()));
                added.expect("a module, once and again");
                searcher.search(&ask, &SearchOptions::default())
            };
            let thread = thread.spawn_scoped(scope, work).expect("a thread");
            thread.join().expect("no overflow")
        });
        let response = response.expect("an answer");
        let report = &response.profile.functions[0];
        assert_eq!(
            (response.hits.len(), report.counts.traps),
            (0, 20),
            "{stack}"
        );
        assert!(report.samples[0].2.contains("stack overflow"), "{report:?}");
    }
}

#[test]
fn functions_can_be_switched_off() {
    let registry = guests::registry_of_its_own();
    let (_folder, searcher) = numbers(100, Some(Arc::clone(&registry) as _));
    let plain = request(&json!({"query": {"range": {"n": {"lt": 10}}}}));
    let picky = json!({"name": "picky", "version": "^1", "parameters": {"m": 1, "r": 0}});
    let with_function = request(&json!({"query": {"bool": {"filter": [{"wasm_udf": picky}]}}}));
    let total = |request: &SearchRequest| {
        let response = searcher.search(request, &SearchOptions::default())?;
        Ok::<u64, Error>(response.total.expect("a total").value)
    };
    let before = total(&with_function).expect("an answer");
    registry.set_enabled(false);
    let error = total(&with_function).expect_err("functions are off");
    assert_eq!(error.code(), ErrorCode::UdfDisabled);
    assert_eq!(
        error.to_string(),
        "function `picky ^1`: functions are switched off on this server (at query.bool.filter[0].wasm_udf, byte 40)"
    );
    assert_eq!(total(&plain).expect("an answer"), 10);
    registry.set_enabled(true);
    assert_eq!(total(&with_function).expect("an answer"), before);
}

/// A query can limit a function further, and what then passes is its own matter.
#[test]
fn limits_of_a_query() {
    let (_folder, searcher) = numbers(100, spinning());
    let ask = |at: u32, limits: Json| {
        let udf = json!({"name": "spin", "parameters": {"at": at}, "limits": limits});
        let request = request(&json!({"query": {"wasm_udf": udf}}));
        searcher.search(&request, &SearchOptions::default())
    };
    // More different queries than the circuit breaker takes of others.
    for at in 0..10 {
        let error = ask(at, json!({"batch_base_ms": 20, "per_document_us": 1}));
        let error = error.expect_err("it spins").to_string();
        assert!(
            error.contains("its time limit of 20 ms a batch and 1 µs a document"),
            "{error}"
        );
    }
    let error = ask(50, json!({"query_ms": 30})).expect_err("it spins");
    assert!(
        error
            .to_string()
            .contains("its time limit of 30 ms a query"),
        "{error}"
    );
    let error = ask(1_000, json!({"memory_bytes": 1})).expect_err("it has a memory");
    assert_eq!(error.code(), ErrorCode::UdfFailed, "{error}");
    let generous = json!({"memory_bytes": 1_u64 << 40, "query_ms": 1_u64 << 40});
    assert_eq!(ask(1_000, generous).expect("an answer").hits.len(), 10);
    // What only the function's own limit stops.
    let error = ask(50, json!({"query_ms": 1_u64 << 40})).expect_err("it spins");
    assert!(error.to_string().contains("ms a batch"), "{error}");
}

#[test]
fn a_spinning_function_is_stopped() {
    let (_folder, searcher) = numbers(6_000, spinning());
    let spin = |at: u32| {
        let query = json!({"wasm_udf": {"name": "spin", "parameters": {"at": at}}});
        request(&json!({"query": query, "track_total_hits": true}))
    };
    let whole = searcher
        .search(&spin(1_000_000), &SearchOptions::default())
        .expect("an answer");
    assert_eq!(whole.total.expect("a total").value, 6_000);

    let (result, went_on) = cancelled(&searcher, &spin(0), Duration::from_millis(60));
    assert_eq!(
        result.expect_err("it is cancelled").code(),
        ErrorCode::Cancelled
    );
    assert!(went_on < Duration::from_secs(20), "{went_on:?}");

    // Less than the function's own limit of a second and a bit; what came before the spin is kept.
    let mut options = SearchOptions::default();
    options.timeout = Some(Duration::from_millis(500));
    let response = searcher
        .search(&spin(5_000), &options)
        .expect("what was found until then");
    let total = response.total.expect("a total");
    assert!(
        // Without the batch in which it spins.
        response.timed_out
            && total.relation == Relation::Gte
            && (3_977..=5_000).contains(&total.value),
        "{total:?}"
    );
    assert_eq!(response.hits.len(), 10);

    let error = searcher
        .search(&spin(0), &SearchOptions::default())
        .expect_err("it takes too long");
    assert_eq!(error.code(), ErrorCode::UdfFailed, "{error}");
    assert!(error.to_string().contains("time limit"), "{error}");
    // Nobody is the worse for it.
    searcher
        .search(&spin(1_000_000), &SearchOptions::default())
        .expect("an answer");
}
