//! Property test: random changes with merges in between, of every kind, forced and in the background, with and without
//! reordering. Whatever has been merged when, the engine answers as its naive twin, which reads back what merges have left where:
//! totals, order, scores (to the bit) and pages. Ties go by the order of documents that the merges have made.
//!
//! `PROPTEST_CASES=10000 cargo test --test merging` runs it for longer.

mod generate;
mod guests;
mod naive;

use std::path::Path;
use std::time::Duration;

use diagon::index::{DocAddress, ForceMerge, IndexWriter, Snapshot, WriterOptions};
use diagon::search::Searcher;
use proptest::prelude::*;
use serde_json::Value as Json;

use generate::documents::{Change, changes};
use generate::queries::request;
use generate::{MAPPING, SMALL};
use naive::compare::compare;
use naive::{SERIAL, Twin};

/// What happens after some changes.
#[derive(Clone, Copy, Debug)]
enum Merge {
    To {
        segments: u32,
        reorder: bool,
    },
    Expunge {
        percent: u8,
    },
    /// Lets those in the background come to an end.
    Wait,
    /// They may be anywhere.
    Nothing,
}

fn merge() -> impl Strategy<Value = Merge> {
    prop_oneof![
        3 => (1..4_u32, any::<bool>()).prop_map(|(segments, reorder)| Merge::To { segments, reorder }),
        1 => (0..60_u8).prop_map(|percent| Merge::Expunge { percent }),
        1 => Just(Merge::Wait),
        2 => Just(Merge::Nothing),
    ]
}

fn options(background: bool, reorder: bool, buffers: u32) -> WriterOptions {
    let mut options = WriterOptions::default();
    options.indexing_threads = buffers;
    options.merges.background = background;
    options.merges.segments_per_tier = 2;
    options.merges.floor_segment_bytes = 1;
    options.merges.reorder_min_docs = u32::from(reorder);
    options.merges.threads = 2;
    options
}

/// An engine and its twin, to which the same is done.
struct Pair<'a> {
    folder: &'a Path,
    options: WriterOptions,
    mapping: String,
    engine: Option<IndexWriter>,
    twin: Twin,
    serial: i64,
}

impl<'a> Pair<'a> {
    fn new(folder: &'a Path, options: WriterOptions) -> Self {
        let serial = format!(r#""properties": {{"{SERIAL}": {{"type": "long"}},"#);
        let mapping = MAPPING.replacen(r#""properties": {"#, &serial, 1);
        let mut pair = Self {
            folder,
            options,
            twin: Twin::new(&mapping),
            mapping,
            engine: None,
            serial: 0,
        };
        pair.open();
        pair
    }

    fn open(&mut self) {
        self.engine = None; // its lock goes first
        let engine = IndexWriter::open(self.folder, Some(&self.mapping), self.options);
        self.engine = Some(engine.expect("a writer"));
    }

    fn engine(&mut self) -> &mut IndexWriter {
        self.engine.as_mut().expect("it is open")
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Add(id, json) => {
                let mut json = json.clone();
                json[SERIAL] = self.serial.into();
                self.serial += 1;
                let added = self.engine().add(Some(id), json.to_string().as_bytes());
                added.unwrap_or_else(|e| panic!("{json}: {e}"));
                self.twin.add(id, &json);
            }
            Change::Delete(id) => {
                self.engine().delete(id).expect("a deletion");
                self.twin.delete(id);
            }
            Change::Refresh => {
                self.engine().refresh().expect("a refresh");
                self.twin.flush();
            }
            Change::Commit | Change::Reopen => {
                self.engine().commit().expect("a commit");
                self.twin.flush();
                if matches!(change, Change::Reopen) {
                    self.open();
                }
            }
        }
    }

    fn merge(&mut self, merge: Merge) -> Snapshot {
        let forced = match merge {
            Merge::To { segments, reorder } => {
                let to = ForceMerge::to_segments(segments);
                Some(if reorder { to.reordered() } else { to })
            }
            Merge::Expunge { percent } => Some(ForceMerge::expunge_deletes(percent)),
            Merge::Wait => {
                let done = self.engine().wait_for_merges(Duration::MAX);
                assert!(done.expect("nothing fails"));
                None
            }
            Merge::Nothing => None,
        };
        if let Some(forced) = forced {
            self.engine().force_merge(&forced).expect("a merge");
        }
        let snapshot = self.engine().refresh().expect("a refresh");
        let dead = dead_docs(&snapshot);
        match merge {
            Merge::To { segments, .. } => {
                assert!(snapshot.segments() <= segments);
                assert!(segments > 1 || dead == 0);
            }
            Merge::Expunge { percent: 0 } => assert_eq!(dead, 0),
            _ => {}
        }
        self.twin.flush();
        snapshot
    }
}

/// Deleted documents that are still there.
fn dead_docs(snapshot: &Snapshot) -> u64 {
    let docs_in = |segment| u64::from(snapshot.docs_in(segment).expect("a segment"));
    let all: u64 = (0..snapshot.segments()).map(docs_in).sum();
    all - snapshot.live_docs()
}

/// The serial numbers of all documents, deleted ones included, as they stand in the segments.
fn serials(snapshot: &Snapshot) -> Vec<Vec<i64>> {
    let mut segments = Vec::new();
    for segment in 0..snapshot.segments() {
        let docs = 0..snapshot.docs_in(segment).expect("a segment");
        let serial = |doc| {
            let mut source = Vec::new();
            let read = snapshot.source(DocAddress { segment, doc }, &mut source);
            read.expect("a source");
            let json: Json = serde_json::from_slice(&source).expect("JSON");
            json[SERIAL].as_i64().expect("a number")
        };
        segments.push(docs.map(serial).collect());
    }
    segments
}

fn cases(few: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { default.cases } else { few },
        max_shrink_iters: 1_000,
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn merges_change_no_answer(
        background in any::<bool>(),
        reorder in any::<bool>(),
        buffers in 1..4_u32,
        rounds in prop::collection::vec((changes(SMALL), merge()), 1..5),
        requests in prop::collection::vec(request(SMALL), 1..6),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut pair = Pair::new(folder.path(), options(background, reorder, buffers));
        for (changes, merge) in &rounds {
            for change in changes {
                pair.change(change);
            }
            let snapshot = pair.merge(*merge);
            let taken = pair.twin.take_over(&serials(&snapshot));
            prop_assert!(taken.is_ok(), "{merge:?}: {}", taken.unwrap_err());
            let searcher = Searcher::new(snapshot, guests::functions(), "test");
            let view = pair.twin.view();
            for body in &requests {
                let compared = compare(&searcher, &view, body, &guests::native);
                prop_assert!(compared.is_ok(), "{merge:?}: {}\n{body}", compared.unwrap_err());
            }
        }
        // What is committed is what another process sees.
        pair.engine().commit().expect("a commit");
        let snapshot = Snapshot::open(folder.path()).expect("a snapshot");
        let taken = pair.twin.take_over(&serials(&snapshot));
        prop_assert!(taken.is_ok(), "committed: {}", taken.unwrap_err());
        snapshot.verify().expect("no damage");
        let stats = pair.engine().merges().and_then(|merges| merges.stats());
        prop_assert_eq!(stats.expect("statistics").failures, 0);
    }
}
