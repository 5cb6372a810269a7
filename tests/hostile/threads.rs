//! Many queries at once: each with its own parameters, some that are stopped from another thread, some whose guests fail.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use diagon::batch::Verdict;
use diagon::query;
use diagon::search::{CancelToken, SearchOptions, Searcher};
use diagon::{Error, ErrorCode};
use serde_json::json;

use crate::guest::{Guest, manifest};
use crate::stage::{Asker, all_of, clause, engine, honest, registry, stage};

/// A guest that says yes to the documents it is armed for, and traps on document 7.
fn own_way() -> Vec<u8> {
    let hostile = "(if (i64.eq (local.get $n) (i64.const 7)) (then (unreachable))) i32.const 1";
    let guest = Guest {
        hostile,
        ..Guest::default()
    };
    guest.module()
}

#[test]
fn parameters_are_never_shared() {
    let registry = registry(engine(), Duration::from_secs(60));
    let manifest = manifest("own-way", &json!({}));
    registry.add(&own_way(), Some(&manifest)).expect("a module");
    thread::scope(|scope| {
        for number in 0..8 {
            let registry = Arc::clone(&registry);
            scope.spawn(move || {
                let mut asker = Asker::new(registry as _);
                for round in 0..10 {
                    let m = 2 + number * 10 + round;
                    let r = (number + round) % m;
                    let rule = |n: i64| match n % m == r {
                        true if n == 7 => Verdict::Error,
                        true => Verdict::Yes,
                        false => honest(n),
                    };
                    let parameters = json!({"armed": 1, "m": m, "r": r});
                    let query = all_of(&[clause("own-way", &parameters, "exclude")]);
                    asker.same(&query, &rule);
                    if round % 3 == 0 {
                        asker.others_are_well();
                    }
                }
            });
        }
    });
}

#[test]
fn stopped_from_another_thread() {
    let registry = registry(engine(), Duration::from_secs(600));
    let guest = Guest {
        hostile: "(loop $for_ever (br $for_ever)) i32.const 1",
        ..Guest::default()
    };
    let manifest = manifest("spins", &json!({}));
    registry
        .add(&guest.module(), Some(&manifest))
        .expect("a module");
    let spins = clause("spins", &json!({"armed": 1, "m": 5, "r": 2}), "exclude");
    let text = json!({"query": all_of(&[spins])}).to_string();
    let request = query::parse(&text).expect("a request");
    let searcher = Searcher::new(
        stage().snapshot.clone(),
        Some(Arc::clone(&registry) as _),
        "i",
    );
    let token = CancelToken::new().expect("a token");
    thread::scope(|scope| {
        let searches: Vec<_> = (0..6)
            .map(|_| {
                let mut options = SearchOptions::default();
                options.cancel = Some(token.clone());
                let (searcher, request) = (&searcher, &request);
                scope.spawn(move || searcher.search(request, &options))
            })
            .collect();
        // Others go on beside them.
        let mut asker = Asker::new(Arc::clone(&registry) as _);
        asker.others_are_well();
        assert!(searches.iter().all(|search| !search.is_finished()));
        token.cancel();
        for search in searches {
            let error = search.join().expect("no panic").expect_err("cancelled");
            assert!(matches!(error, Error::Cancelled), "{error}");
        }
        // The time limit of the query, in place of the function's.
        let mut options = SearchOptions::default();
        options.timeout = Some(Duration::from_millis(30));
        let response = searcher.search(&request, &options).expect("an answer");
        assert!(response.timed_out);
        // The same instance is not asked again: the next query is answered.
        let query = all_of(&[clause("spins", &json!({}), "fail")]);
        asker.same(&query, &honest);
        asker.others_are_well();
    });
}

#[test]
fn more_queries_than_instances() {
    let options = diagon::udf::EngineOptions {
        instances: 2,
        ..Default::default()
    };
    let engine = diagon::udf::UdfEngine::new(&options).expect("an engine");
    let pooled = engine.is_pooled();
    let registry = registry(engine, Duration::from_secs(60));
    let parameters = serde_json::Map::new();
    let bystander = registry.resolve("bystander", None).expect("it is there");
    let mut bound = Vec::new();
    let mut last = Ok(());
    for _ in 0..3 {
        let mut function = bystander.bind(&parameters).expect("good parameters");
        let columns = stage().snapshot.columns(0).expect("a segment");
        last = function.enter_segment(Box::new(columns)).and_then(|()| {
            let docs = [0, 1, 2, 3];
            let batch = diagon::batch::UdfBatch {
                docs: &docs,
                scores: None,
            };
            function.evaluate(batch, &Default::default(), &mut Default::default())
        });
        bound.push(function);
    }
    if pooled {
        let error = last.expect_err("there are two instances");
        assert_eq!(error.code(), ErrorCode::OutOfMemory, "{error}");
        assert!(error.to_string().contains("instances"), "{error}");
    }
    drop(bound);
    Asker::new(registry as _).others_are_well();
}
