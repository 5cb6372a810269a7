//! What pure filters have answered is kept, and never stale: whatever is written, deleted and merged, and whichever version of a function
//! is the latest, a search gives what it would give without the cache.

mod guests;
mod naive;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diagon::index::{ForceMerge, IndexWriter, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, SearchResponse, Searcher};
use diagon::udf::{BreakerOptions, EngineOptions, UdfEngine, UdfLimits, UdfRegistry, Version};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const MAPPING: &str = r#"{"properties": {"n": {"type": "long"}, "kw": {"type": "keyword"}}}"#;

fn registry(result_cache_bytes: usize) -> Arc<UdfRegistry> {
    let engine = UdfEngine::new(&EngineOptions::default()).expect("an engine");
    let limits = UdfLimits {
        batch_base: Duration::from_secs(20),
        result_cache_bytes,
        breaker: BreakerOptions {
            failures: u32::MAX,
            ..BreakerOptions::default()
        },
        ..UdfLimits::default()
    };
    Arc::new(UdfRegistry::in_memory_with(engine, limits))
}

/// Registers a guest as a pure filter.
fn add(registry: &UdfRegistry, guest: &str, name: &str, version: &str) {
    let (module, mut manifest) = guests::module(guest);
    manifest["name"] = name.into();
    manifest["version"] = version.into();
    manifest["pure"] = true.into();
    let added = registry.add(&module, Some(&manifest.to_string()));
    added.expect("a function");
}

fn writer(folder: &Path) -> IndexWriter {
    IndexWriter::open(folder, Some(MAPPING), WriterOptions::default()).expect("a writer")
}

fn document(n: i64) -> String {
    json!({"n": n, "kw": format!("k{}", n % 3)}).to_string()
}

fn numbers(folder: &Path, count: i64) -> Snapshot {
    let mut writer = writer(folder);
    for n in 0..count {
        writer
            .add(Some(&n.to_string()), document(n).as_bytes())
            .expect("a document");
    }
    writer.commit().expect("a commit")
}

fn ask(snapshot: &Snapshot, registry: &Arc<UdfRegistry>, filter: &Json) -> SearchResponse {
    let searcher = Searcher::new(snapshot.clone(), Some(Arc::clone(registry) as _), "cache");
    let body = json!({"query": {"bool": {"filter": [{"wasm_udf": filter}]}}, "size": 500, "track_total_hits": true, "profile": true});
    let request = query::parse(&body.to_string()).expect("a request");
    searcher
        .search(&request, &SearchOptions::default())
        .expect("an answer")
}

fn ids(response: &SearchResponse) -> Vec<String> {
    response.hits.iter().map(|hit| hit.id.clone()).collect()
}

/// Documents that the function was asked about, and those whose answers were kept.
fn asked_and_kept(response: &SearchResponse) -> (u64, u64) {
    let counts = response.profile.functions[0].counts;
    (counts.documents, counts.cache_hits)
}

fn picky(m: i64, how: i64) -> Json {
    json!({"name": "p", "parameters": {"m": m, "r": 1, "how": how, "fm": 10, "fr": 3}})
}

#[test]
fn what_comes_again_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = numbers(folder.path(), 300);
    let registry = registry(1 << 20);
    add(&registry, "picky", "p", "1.0.0");
    let expected: Vec<String> = (0..300)
        .filter(|n| n % 4 == 1)
        .map(|n| n.to_string())
        .collect();
    for (turn, counts) in [(300, 0), (300, 0), (0, 300), (0, 300)]
        .into_iter()
        .enumerate()
    {
        let response = ask(&snapshot, &registry, &picky(4, 0));
        assert_eq!(asked_and_kept(&response), counts, "turn {turn}");
        assert_eq!(ids(&response), expected, "turn {turn}");
    }
    // Other parameters are another filter; those that are written differently are the same.
    assert_eq!(
        asked_and_kept(&ask(&snapshot, &registry, &picky(5, 0))),
        (300, 0)
    );
    let mut same = picky(4, 0);
    same["parameters"]["field"] = "n".into();
    same["parameters"]["m"] = json!(4.0);
    assert_eq!(asked_and_kept(&ask(&snapshot, &registry, &same)), (0, 300));
    let json: Json =
        serde_json::from_str(&ask(&snapshot, &registry, &same).to_json()).expect("JSON");
    assert_eq!(json["profile"]["udf"][0]["cached_documents"], 300);
    let stats = registry.result_cache();
    assert_eq!(stats.entries, 1);
    assert!(
        stats.hits >= 4 && stats.bytes > 0 && stats.bytes <= stats.limit_bytes,
        "{stats:?}"
    );

    registry.clear_result_cache();
    assert_eq!(registry.result_cache().entries, 0);
    assert_eq!(asked_and_kept(&ask(&snapshot, &registry, &same)), (300, 0));
}

/// A document on which the function failed is asked about again, and told again.
#[test]
fn failures_are_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = numbers(folder.path(), 100);
    let registry = registry(1 << 20);
    add(&registry, "picky", "p", "1.0.0");
    for how in [
        guests::how::TRAP,
        guests::how::SAYS_SO,
        guests::how::NO_VERDICT,
    ] {
        for turn in 0..4 {
            let response = ask(&snapshot, &registry, &picky(2, how));
            assert_eq!(response.profile.functions[0].failures(), 10, "turn {turn}");
            assert_eq!(
                response.hits.len(),
                40,
                "turn {turn}: odd ones without those that end in 3"
            );
            let (_, kept) = asked_and_kept(&response);
            assert_eq!(kept, if turn < 2 { 0 } else { 90 }, "turn {turn}");
            let samples = &response.profile.functions[0].samples;
            assert_eq!(
                samples.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(),
                ["3", "13", "23"]
            );
        }
    }
}

/// A function that fails on few documents is not taken for one that fails on most, though in the end these are all that it is asked
/// about.
#[test]
fn what_is_known_counts_for_the_breaker() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = numbers(folder.path(), 200);
    let engine = UdfEngine::new(&EngineOptions::default()).expect("an engine");
    let registry = Arc::new(UdfRegistry::in_memory_with(engine, UdfLimits::default()));
    add(&registry, "picky", "p", "1.0.0");
    for _ in 0..4 {
        for m in 2..8 {
            let response = ask(&snapshot, &registry, &picky(m, guests::how::SAYS_SO));
            assert_eq!(response.profile.functions[0].failures(), 20);
        }
    }
    let stats = registry.stats().remove(0);
    assert_eq!((stats.breaker.state, stats.breaker.opened), ("closed", 0));
}

/// With less memory a function may answer otherwise, which is for the query that asked for that alone.
#[test]
fn limits_of_a_query_keep_it_from_the_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = numbers(folder.path(), 100);
    let registry = registry(1 << 20);
    add(&registry, "picky", "p", "1.0.0");
    let mut limited = picky(4, 0);
    limited["limits"] = json!({"memory_bytes": 1 << 20});
    for _ in 0..4 {
        assert_eq!(
            asked_and_kept(&ask(&snapshot, &registry, &limited)),
            (100, 0)
        );
    }
    assert_eq!(registry.result_cache().entries, 0);
}

#[test]
fn what_is_not_pure_is_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = numbers(folder.path(), 100);
    let registry = registry(1 << 20);
    let (module, manifest) = guests::module("picky");
    assert_eq!(manifest["pure"], Json::Null);
    let mut manifest = manifest;
    manifest["name"] = "p".into();
    registry
        .add(&module, Some(&manifest.to_string()))
        .expect("a function");
    for _ in 0..4 {
        assert_eq!(
            asked_and_kept(&ask(&snapshot, &registry, &picky(4, 0))),
            (100, 0)
        );
    }
    assert_eq!(registry.result_cache().entries, 0);
}

/// The latest version answers, from the moment it is there.
#[test]
fn another_version_is_another_function() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = numbers(folder.path(), 100);
    let registry = registry(1 << 20);
    add(&registry, "picky", "f", "1.0.0");
    let filter = json!({"name": "f", "parameters": {"field": "n"}});
    let count = || {
        let found: Vec<usize> = (0..3)
            .map(|_| ask(&snapshot, &registry, &filter).hits.len())
            .collect();
        assert!(found.iter().all(|n| *n == found[0]), "{found:?}");
        found[0]
    };
    assert_eq!(count(), 100, "n % 1 == 0");
    // The same name and parameters, but all numbers above 0.
    add(&registry, "above", "f", "1.1.0");
    assert_eq!(count(), 99);
    let version = |text: &str| Version::parse(text).expect("a version");
    registry
        .remove("f", &version("1.1.0"))
        .expect("it is there");
    assert_eq!(count(), 100);
    // And once more under the same version, which is free again: another module.
    add(&registry, "picky", "f", "1.1.0");
    let none = json!({"name": "f", "parameters": {"field": "n", "m": 7, "r": 8}});
    for _ in 0..3 {
        assert_eq!(ask(&snapshot, &registry, &none).hits.len(), 0);
        assert_eq!(ask(&snapshot, &registry, &filter).hits.len(), 100);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(i64),
    Delete(i64),
    Refresh,
    Commit,
    Merge(u32),
    Ask(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..60_i64).prop_map(Step::Add),
        2 => (0..60_i64).prop_map(Step::Delete),
        2 => Just(Step::Refresh),
        1 => Just(Step::Commit),
        1 => (1..3_u32).prop_map(Step::Merge),
        8 => (0..4_usize).prop_map(Step::Ask),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Few filters over and over, while the index changes below them; with room for all, for some, and none.
    #[test]
    fn never_stale(steps in prop::collection::vec(step(), 1..120), room in prop::sample::select(vec![1_usize << 20, 4_000, 0])) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writer = writer(folder.path());
        let registry = registry(room);
        add(&registry, "picky", "p", "1.0.0");
        let mut seen: Vec<i64> = Vec::new();
        let mut buffer: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
        let mut snapshot = writer.refresh().expect("a refresh");
        let mut turn = 0;
        for step in steps {
            match step {
                Step::Add(id) => {
                    // Each time another number under the same id.
                    turn += 60;
                    let number = id + turn;
                    writer.add(Some(&id.to_string()), document(number).as_bytes()).expect("a document");
                    buffer.insert(id, number);
                }
                Step::Delete(id) => {
                    writer.delete(&id.to_string()).expect("a deletion");
                    buffer.remove(&id);
                }
                Step::Refresh => {
                    snapshot = writer.refresh().expect("a refresh");
                    seen = buffer.values().copied().collect();
                }
                Step::Commit => {
                    snapshot = writer.commit().expect("a commit");
                    seen = buffer.values().copied().collect();
                }
                Step::Merge(segments) => {
                    writer.force_merge(&ForceMerge::to_segments(segments)).expect("a merge");
                    snapshot = writer.refresh().expect("a refresh");
                    seen = buffer.values().copied().collect();
                }
                Step::Ask(which) => {
                    let (m, how) = [(2, 0), (3, 0), (2, guests::how::SAYS_SO), (7, 0)][which];
                    let response = ask(&snapshot, &registry, &picky(m, how));
                    let keeps = |n: &&i64| **n % m == 1 && (how == 0 || **n % 10 != 3);
                    let expected = seen.iter().filter(keeps).count();
                    prop_assert_eq!(response.hits.len(), expected, "m {}, how {}", m, how);
                    let stats = registry.result_cache();
                    prop_assert!(stats.bytes <= room);
                }
            }
        }
    }
}
