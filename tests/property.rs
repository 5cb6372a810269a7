//! Property tests: random documents, changes and queries, answered by the engine and by the naive twin. Totals, order, scores (to
//! the bit) and pages must be the same.
//!
//! `PROPTEST_CASES=10000 cargo test --test property` runs them for longer.

mod generate;
mod guests;
mod naive;

use std::path::Path;

use diagon::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::search::Searcher;
use proptest::prelude::*;

use generate::documents::{Change, changes};
use generate::queries::{filtered, request};
use generate::sort::sort;
use generate::{MAPPING, SMALL};
use naive::Twin;
use naive::compare::compare;
use naive::compare_sorted::compare_sorted;

fn writer(folder: &Path) -> IndexWriter {
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none(); // the twin's segments stay as they are; merges have a test of their own
    IndexWriter::open(folder, Some(MAPPING), options).expect("a writer")
}

fn searcher(snapshot: Snapshot) -> Searcher {
    Searcher::new(snapshot, guests::functions(), "test")
}

/// Does the same to both.
fn apply(folder: &Path, changes: &[Change]) -> (Snapshot, Twin) {
    let mut twin = Twin::new(MAPPING);
    let mut engine = writer(folder);
    for change in changes {
        match change {
            Change::Add(id, json) => {
                let added = engine.add(Some(id), json.to_string().as_bytes());
                added.unwrap_or_else(|e| panic!("{json}: {e}"));
                twin.add(id, json);
            }
            Change::Delete(id) => {
                engine.delete(id).expect("a deletion");
                twin.delete(id);
            }
            Change::Refresh => {
                engine.refresh().expect("a refresh");
                twin.flush();
            }
            Change::Commit | Change::Reopen => {
                engine.commit().expect("a commit");
                twin.flush();
                if matches!(change, Change::Reopen) {
                    drop(engine);
                    engine = writer(folder);
                }
            }
        }
    }
    let snapshot = engine.refresh().expect("a refresh");
    twin.flush();
    (snapshot, twin)
}

fn cases(few: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { default.cases } else { few },
        max_shrink_iters: 3_000,
        // Failing cases become tests of their own, with a name.
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(cases(80))]

    #[test]
    fn the_engine_answers_as_its_naive_twin(
        changes in changes(SMALL),
        requests in prop::collection::vec(request(SMALL), 1..12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let (snapshot, twin) = apply(folder.path(), &changes);
        let (searcher, view) = (searcher(snapshot), twin.view());
        for body in &requests {
            let compared = compare(&searcher, &view, body, &guests::native);
            prop_assert!(compared.is_ok(), "{}\n{body}", compared.unwrap_err());
        }
    }

    #[test]
    fn filters_are_answered_alike_by_both_loops(
        changes in changes(SMALL),
        requests in prop::collection::vec(filtered(SMALL), 1..12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let (snapshot, twin) = apply(folder.path(), &changes);
        let (searcher, view) = (searcher(snapshot), twin.view());
        let general = searcher.clone().with_general_loop_only();
        for body in &requests {
            for searcher in [&searcher, &general] {
                let compared = compare(searcher, &view, body, &guests::native);
                prop_assert!(compared.is_ok(), "{}\n{body}", compared.unwrap_err());
            }
        }
    }

    #[test]
    fn sorted_hits_come_in_the_twin_s_order(
        changes in changes(SMALL),
        requests in prop::collection::vec((request(SMALL), sort(SMALL)), 1..8),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let (snapshot, twin) = apply(folder.path(), &changes);
        let (searcher, view) = (searcher(snapshot), twin.view());
        for (body, sort) in &requests {
            let compared = compare_sorted(&searcher, &view, body, sort, &guests::native);
            prop_assert!(compared.is_ok(), "{}\n{body}\n{sort}", compared.unwrap_err());
        }
    }
}
