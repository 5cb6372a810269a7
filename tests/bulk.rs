//! Threads that add documents at once, each through a bulk of its own: every document arrives, the mapping that documents extend from
//! several sides stays one, and a commit beside them loses nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use diagon::ErrorCode;
use diagon::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::SearchOptions;
use diagon::shard::{self, Index};
use serde_json::json;

const THREADS: usize = 4;
const DOCUMENTS: usize = 600;

fn options(threads: u32) -> WriterOptions {
    let mut options = WriterOptions::default();
    options.indexing_threads = threads;
    options.ram_buffer_bytes = 300_000; // segments are written meanwhile
    options.merges.segments_per_tier = 3;
    options.merges.floor_segment_bytes = 1;
    options
}

/// Sources by id.
fn content(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let request = query::parse(r#"{"size": 10000}"#).expect("a request");
    let searcher = diagon::search::Searcher::new(snapshot.clone(), None, "i");
    let response = searcher.search(&request, &SearchOptions::default());
    let hits = response.expect("an answer").hits;
    let mut found = BTreeMap::new();
    for hit in hits {
        let source = hit.source.expect("a source").get().to_string();
        let earlier = found.insert(hit.id.clone(), source);
        assert!(earlier.is_none(), "{} twice", hit.id);
    }
    found
}

/// Every thread brings fields of its own, at its own time, beside those that all have.
fn document(thread: usize, n: usize) -> String {
    json!({"n": n, "shared": format!("word{}", n % 7), format!("own{thread}_{}", n / 100): n, format!("both{}", n / 50): "x"})
        .to_string()
}

/// A thread that runs, and ends also by a failure.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn threads_that_extend_the_mapping() {
    for buffers in [1, 3] {
        let folder = tempfile::tempdir().expect("a folder");
        let index = Index::open(folder.path().join("i"), None, options(buffers)).expect("an index");
        let running = AtomicUsize::new(THREADS);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (index, running) = (&index, &running);
                scope.spawn(move || {
                    let _running = Running(running);
                    let mut bulk = index.bulk();
                    for n in 0..DOCUMENTS {
                        let id = format!("{thread}-{}", n % 400); // some are replaced
                        bulk.add(Some(&id), document(thread, n).as_bytes())
                            .expect("a document");
                        if bulk.len() == 1 + n % 30 {
                            bulk.apply().expect("room");
                        }
                    }
                    bulk.apply().expect("room");
                });
            }
            for n in 0.. {
                match n % 3 {
                    0 => index.commit().expect("a commit"),
                    _ => index.refresh().expect("a refresh"),
                }
                if running.load(Ordering::Relaxed) == 0 {
                    break;
                }
            }
        });
        index.commit().expect("a commit");
        let mapping = index.mapping_json();
        let mut expected = BTreeMap::new();
        for thread in 0..THREADS {
            for n in 0..DOCUMENTS {
                expected.insert(format!("{thread}-{}", n % 400), document(thread, n));
            }
        }
        drop(index);

        let searcher = shard::open_searcher(folder.path().join("i")).expect("a searcher");
        assert_eq!(content(searcher.snapshot()), expected);
        assert_eq!(searcher.snapshot().schema().to_mapping_json(), mapping);
        // Each value is in the field whose name it had.
        for (id, source) in &expected {
            let source: serde_json::Value = serde_json::from_str(source).expect("JSON");
            let n = source["n"].as_u64().expect("a number");
            let thread = id.split_once('-').expect("a thread").0;
            let own = format!("own{thread}_{}", n / 100);
            if n.is_multiple_of(41) {
                let text = json!({"query": {"bool": {"filter": [{"term": {own: n}}, {"term": {"shared.keyword": format!("word{}", n % 7)}}]}}});
                let request = query::parse(&text.to_string()).expect("a request");
                let response = searcher.search(&request, &SearchOptions::default());
                let hits = response.expect("an answer").hits;
                assert_eq!(hits.len(), 1, "{text}");
                assert_eq!(&hits[0].id, id);
            }
        }
        drop(searcher);
        // What is there can be gone on with.
        let mut writer = IndexWriter::open(folder.path().join("i/shard-0"), None, options(buffers))
            .expect("a writer");
        writer
            .add(Some("new"), br#"{"yet_another": 1}"#)
            .expect("a document");
        assert_eq!(
            writer.commit().expect("a commit").live_docs(),
            expected.len() as u64 + 1
        );
    }
}

#[test]
fn a_bulk_is_added_when_it_is_applied() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = options(2);
    options.merges = MergeOptions::none();
    let mut writer = IndexWriter::open(folder.path(), None, options).expect("a writer");
    let (mut first, mut second) = (writer.bulk(), writer.bulk());
    first.add(Some("a"), br#"{"v": 1}"#).expect("a document");
    second.add(Some("a"), br#"{"v": 2}"#).expect("a document");
    second.add(Some("b"), br#"{"v": 2}"#).expect("a document");
    assert_eq!((first.len(), second.len()), (1, 2));
    assert!(writer.refresh().expect("a refresh").live_docs() == 0);
    second.apply().expect("room");
    first.apply().expect("room");
    assert!(first.is_empty() && second.is_empty());
    let mut third = writer.bulk();
    third.add(Some("c"), br#"{"v": 3}"#).expect("a document");
    drop(third); // nobody has asked for it
    let found = content(&writer.refresh().expect("a refresh"));
    let expected = [("a", r#"{"v": 1}"#), ("b", r#"{"v": 2}"#)];
    assert_eq!(found, expected.map(|(id, v)| (id.into(), v.into())).into());
    // One that is wrong leaves the others.
    first.add(Some("d"), br#"{"v": 4}"#).expect("a document");
    let error = first.add(Some("e"), br#"{"v": "x"}"#).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Document);
    let error = first.add(Some("f"), br#"{"new": 1, "v": []"#).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Document);
    assert_eq!(first.len(), 1);
    assert!(first.bytes() > 0);
    first.apply().expect("room");
    let snapshot = writer.commit().expect("a commit");
    assert_eq!(snapshot.live_docs(), 3);
    assert!(!snapshot.schema().to_mapping_json().contains("new"));
    // It keeps the folder.
    drop(writer);
    let locked = IndexWriter::open(folder.path(), None, options).unwrap_err();
    assert_eq!(locked.code(), ErrorCode::Locked);
    drop((first, second));
    IndexWriter::open(folder.path(), None, options).expect("a writer");
}

#[test]
fn a_field_that_two_bulks_bring_differently() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), None, options(1)).expect("a writer");
    let (mut first, mut second) = (writer.bulk(), writer.bulk());
    first.add(Some("a"), br#"{"f": 1}"#).expect("a document");
    // It is a number by now, though the second bulk has not seen it.
    let error = second.add(Some("b"), br#"{"f": "text"}"#).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Document);
    assert!(second.is_empty());
    second.add(Some("b"), br#"{"f": "2"}"#).expect("a number");
    // By what the third bulk knew it would make `g` a number, and then not fit it.
    let mut third = writer.bulk();
    first.add(Some("c"), br#"{"g": "text"}"#).expect("a text");
    third.add(Some("d"), br#"{"g": [1, "x"]}"#).expect("texts");
    third.apply().expect("room");
    second.apply().expect("room");
    first.apply().expect("room");
    assert_eq!(writer.commit().expect("a commit").live_docs(), 4);
}
