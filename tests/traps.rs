//! The traps that engines of this kind fell into, each with the test that would notice.
//!
//! | trap | tests |
//! |---|---|
//! | a pruned top k that differs from an exhaustive one | `property`, `skipping`; `cpp/tests/top_docs_test.cc`; bounds on disk: `index::check` |
//! | totals that say "equal" and aren't | `property` and `skipping` compare each total; `a_total_says_what_it_is` here |
//! | norms computed from positions | `the_length_is_the_number_of_words` |
//! | deletes written but not read by the search | `deletes_are_read_again`; `crash` |
//! | a filter that adds to the score | `a_filter_adds_nothing_to_the_score` |
//! | phrase matches from a sentinel position | `no_phrase_begins_before_the_text` |
//! | a tokenizer that changes its rules at the first non-ASCII character | `one_letter_does_not_change_the_rules` |
//! | terms over a length accepted but unfindable | `the_longest_terms_are_found_and_longer_ones_refused` |
//! | data files not fsynced before the manifest | `cpp/tests/power_cut_test.cc`: `AMissingFsyncWouldBeNoticed` |
//! | a manifest written in place | `cpp/tests/power_cut_test.cc`; `cpp/tests/fault_test.cc` |
//! | a reader that opens between commit and file deletion | `a_reader_opens_while_files_are_removed`; `cpp/tests/check_test.cc`: `WhileAWriterCommits` |
//! | merge errors swallowed | `a_merge_that_fails_is_told_and_tried_again`; `cpp/tests/merge_failure_test.cc`: `AreToldAndTriedAgainAndLoseNothing`; `cpp/tests/fault_test.cc`: every call fails once, also those of merges |
//! | merged file names that collide after reopening | `names_are_never_used_again`; `crash` and `cpp/tests/power_cut_test.cc`, which reopen all the time |
//! | no checksums | `flips`, `damage`; `cpp/tests/file_test.cc` |
//! | a shared reader that is not thread-safe | `concurrency`; `cpp/tests/concurrency_test.cc` under ThreadSanitizer |
//! | a crash on an empty phrase | `an_empty_phrase_finds_nothing` |
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use diagon::ErrorCode;
use diagon::index::{ForceMerge, IndexWriter, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{Relation, SearchOptions, SearchResponse, Searcher};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {
  "body": {"type": "text", "analyzer": "simple"}, "english": {"type": "text", "analyzer": "english"},
  "standard": {"type": "text"}, "kw": {"type": "keyword"}, "n": {"type": "long"}}}"#;

fn open(folder: &Path) -> IndexWriter {
    IndexWriter::open(folder, Some(MAPPING), WriterOptions::default()).unwrap()
}

/// An index of documents with the ids "0", "1", ….
fn index(documents: &[Json]) -> (TempDir, Searcher) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    for (id, document) in documents.iter().enumerate() {
        let json = document.to_string();
        writer.add(Some(&id.to_string()), json.as_bytes()).unwrap();
    }
    let searcher = Searcher::new(writer.commit().unwrap(), None, "traps");
    (folder, searcher)
}

fn ask(searcher: &Searcher, request: &Json) -> SearchResponse {
    let request = query::parse(&request.to_string()).unwrap();
    searcher
        .search(&request, &SearchOptions::default())
        .unwrap()
}

/// The hits of a query: ids and scores.
fn hits(searcher: &Searcher, query: &Json) -> BTreeMap<String, f32> {
    let response = ask(searcher, &json!({"query": query, "size": 10_000}));
    response
        .hits
        .into_iter()
        .map(|h| (h.id, h.score.unwrap_or(f32::NAN)))
        .collect()
}

fn ids(searcher: &Searcher, query: &Json) -> Vec<String> {
    hits(searcher, query).into_keys().collect()
}

#[test]
fn a_total_says_what_it_is() {
    let documents: Vec<Json> = (0..500).map(|n| json!({"body": "fox", "n": n})).collect();
    let (_folder, searcher) = index(&documents);
    for limit in [1, 499, 500, 501] {
        for size in [0, 1, 600] {
            let query = json!({"match": {"body": "fox"}});
            let request = json!({"query": query, "size": size, "track_total_hits": limit});
            let total = ask(&searcher, &request).total.unwrap();
            let relation = if limit < 500 {
                Relation::Gte
            } else {
                Relation::Eq
            };
            assert_eq!((total.value, total.relation), (limit.min(500), relation));
        }
    }
}

#[test]
fn the_length_is_the_number_of_words() {
    let (_folder, searcher) = index(&[
        json!({"english": "fox dog"}),
        // The same words at other positions: stop words leave gaps, values of a list are far from each other.
        json!({"english": "the fox and then the dog"}),
        json!({"english": ["fox", "dog"]}),
        json!({"english": "fox dog and a bird"}),
    ]);
    let scores = hits(&searcher, &json!({"match": {"english": "fox"}}));
    assert_eq!(scores["0"].to_bits(), scores["2"].to_bits());
    // "then" is a stop word, "bird" isn't.
    assert_eq!(scores["0"].to_bits(), scores["1"].to_bits());
    assert!(scores["3"] < scores["0"]);
}

#[test]
fn deletes_are_read_again() {
    let (folder, _) = index(&[
        json!({"body": "fox"}),
        json!({"body": "fox"}),
        json!({"body": "fox"}),
    ]);
    for (deleted, left) in [("1", vec!["0", "2"]), ("0", vec!["2"]), ("2", vec![])] {
        let mut writer = open(folder.path());
        writer.delete(deleted).unwrap();
        writer.commit().unwrap();
        drop(writer);
        let snapshot = Snapshot::open(folder.path()).unwrap();
        assert_eq!(snapshot.live_docs(), left.len() as u64);
        assert_eq!(snapshot.find(deleted).unwrap(), None);
        let searcher = Searcher::new(snapshot, None, "traps");
        for query in [
            json!({"match": {"body": "fox"}}),
            json!({"match_all": {}}),
            json!({"ids": {"values": ["0", "1", "2"]}}),
        ] {
            assert_eq!(ids(&searcher, &query), left, "{query}");
        }
    }
}

#[test]
fn a_filter_adds_nothing_to_the_score() {
    let documents: Vec<Json> = (0..40)
        .map(|n| json!({"body": format!("fox w{}", n % 3), "kw": "k", "n": n}))
        .collect();
    let (_folder, searcher) = index(&documents);
    let must = json!({"match": {"body": "fox"}});
    let alone = hits(&searcher, &must);
    for filter in [
        json!({"match": {"body": "fox"}}),
        json!({"term": {"kw": {"value": "k", "boost": 9.0}}}),
        json!({"range": {"n": {"gte": 0}}}),
        json!({"bool": {"should": [{"match": {"body": "w0 w1 w2"}}]}}),
    ] {
        let both = json!({"bool": {"must": [must], "filter": [filter]}});
        assert_eq!(hits(&searcher, &both), alone, "{filter}");
        let only = hits(&searcher, &json!({"bool": {"filter": [filter]}}));
        assert!(
            only.len() == 40 && only.values().all(|score| *score == 0.0),
            "{filter}"
        );
        let without =
            json!({"bool": {"must": [must], "must_not": [{"bool": {"must_not": [filter]}}]}});
        assert_eq!(hits(&searcher, &without), alone, "{filter}");
    }
}

#[test]
fn no_phrase_begins_before_the_text() {
    let (_folder, searcher) = index(&[
        json!({"body": "dog"}),
        json!({"body": "fox"}),
        json!({"body": "dog fox"}),
        json!({"body": "fox dog"}),
        json!({"body": ["fox", "dog"]}),
    ]);
    for (phrase, found) in [
        ("fox dog", vec!["3"]),
        ("dog fox", vec!["2"]),
        ("cat dog", vec![]),
        ("dog cat", vec![]),
        ("fox dog fox", vec![]),
        ("fox fox", vec![]),
    ] {
        let query = json!({"match_phrase": {"body": phrase}});
        assert_eq!(ids(&searcher, &query), found, "{phrase}");
    }
}

#[test]
fn one_letter_does_not_change_the_rules() {
    let texts = [
        "foo_bar-baz 12.5 O'Neil a.b X9",
        "foo_bar-baz 12.5 O'Neil a.b X9 é",
    ];
    let documents = texts.map(|text| json!({"body": text, "standard": text, "english": text}));
    let (_folder, searcher) = index(&documents);
    for field in ["body", "standard", "english"] {
        let mut found = 0;
        for word in [
            "foo", "bar", "foo_bar", "baz", "12", "5", "12.5", "o", "neil", "o'neil", "a", "b",
            "a.b", "x9",
        ] {
            let exact = ids(&searcher, &json!({"term": {field: word}}));
            assert!(
                exact.is_empty() || exact == ["0", "1"],
                "{field} {word}: {exact:?}"
            );
            found += exact.len();
        }
        assert!(found > 4, "{field}");
    }
}

#[test]
fn the_longest_terms_are_found_and_longer_ones_refused() {
    let longest = "k".repeat(32_766);
    let word = "w".repeat(32_766);
    let (folder, searcher) = index(&[json!({"kw": longest, "body": word})]);
    assert_eq!(ids(&searcher, &json!({"term": {"kw": longest}})), ["0"]);
    assert_eq!(ids(&searcher, &json!({"match": {"body": word}})), ["0"]);
    let mut writer = open(folder.path());
    for field in ["kw", "body"] {
        let longer = json!({field: "x".repeat(32_767)});
        let error = writer
            .add(Some("1"), longer.to_string().as_bytes())
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::Document);
        assert!(error.to_string().contains(field), "{error}");
    }
    assert_eq!(writer.commit().unwrap().live_docs(), 1);
}

#[test]
fn a_reader_opens_while_files_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    writer.commit().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let searcher = Searcher::new(Snapshot::open(folder.path()).unwrap(), None, "traps");
                let found = ids(&searcher, &json!({"match": {"body": "fox"}}));
                assert!(found.len() <= 1, "one document, replaced all the time");
            }
        });
        // Each commit leaves nothing of the one before.
        for n in 0..150 {
            let document = json!({"body": "fox", "n": n}).to_string();
            writer.add(Some("one"), document.as_bytes()).unwrap();
            writer.commit().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn names_are_never_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut used = std::collections::BTreeSet::new();
    for n in 0..12 {
        let mut writer = open(folder.path());
        let document = json!({"body": "fox", "n": n}).to_string();
        writer.add(Some("one"), document.as_bytes()).unwrap();
        writer.commit().unwrap();
        drop(writer);
        let mut fresh = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with("seg-") {
                assert!(used.insert(name.clone()), "{name}");
                fresh += 1;
            }
        }
        assert!(fresh > 0);
    }
}

#[test]
fn a_merge_that_fails_is_told_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    for id in ["0", "1", "2", "3"] {
        let document = json!({"body": "fox", "kw": id}).to_string();
        writer.add(Some(id), document.as_bytes()).unwrap();
        writer.commit().unwrap();
    }
    drop(writer);
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".postings"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 4);
    // Behind the header; in place, so that who has the file open sees it.
    let path = folder.path().join(&names[1]);
    let flip = || {
        let file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path);
        let file = file.unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, 64).unwrap();
        file.write_all_at(&[byte[0] ^ 1], 64).unwrap();
    };
    flip();

    let mut writer = open(folder.path());
    let to_one = ForceMerge::to_segments(1);
    for failures in 1..=2 {
        let error = writer.force_merge(&to_one).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Corrupt);
        assert!(error.to_string().contains(&names[1]), "{error}");
        let stats = writer.merges().unwrap().stats().unwrap();
        assert_eq!((stats.merges, stats.failures), (0, failures));
        assert_eq!(stats.last_error.unwrap().to_string(), error.to_string());
        // Nothing has changed.
        let snapshot = writer.commit().unwrap();
        assert_eq!((snapshot.segments(), snapshot.live_docs()), (4, 4));
    }
    flip();
    writer.force_merge(&to_one).unwrap();
    let stats = writer.merges().unwrap().stats().unwrap();
    assert_eq!((stats.merges, stats.failures), (1, 2));
    assert!(stats.last_error.is_none());
    writer.commit().unwrap();
    let snapshot = Snapshot::open(folder.path()).unwrap();
    assert_eq!(snapshot.segments(), 1);
    snapshot.verify().unwrap();
    let searcher = Searcher::new(snapshot, None, "traps");
    let all = json!({"match": {"body": "fox"}});
    assert_eq!(ids(&searcher, &all), ["0", "1", "2", "3"]);
}

#[test]
fn an_empty_phrase_finds_nothing() {
    let (_folder, searcher) = index(&[
        json!({"body": "fox", "english": "the fox"}),
        json!({"kw": ""}),
    ]);
    for text in ["", " ", "...", "\u{3000}"] {
        for field in ["body", "standard", "english"] {
            for kind in ["match_phrase", "match"] {
                let query = json!({kind: {field: text}});
                assert!(ids(&searcher, &query).is_empty(), "{query}");
                let both =
                    json!({"bool": {"must": [{"match": {"body": "fox"}}], "must_not": [query]}});
                assert_eq!(ids(&searcher, &both), ["0"], "{both}");
            }
        }
    }
    // Nothing but stop words.
    let query = json!({"match_phrase": {"english": "the and of"}});
    assert!(ids(&searcher, &query).is_empty());
}
