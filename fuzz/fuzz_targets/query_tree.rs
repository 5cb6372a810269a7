//! Random documents and queries, which the bytes choose, answered by the engine and by the naive twin of the property tests.
#![no_main]

#[path = "../../tests/generate/mod.rs"]
mod generate;
#[path = "../../tests/guests/mod.rs"]
mod guests;
#[path = "../../tests/naive/mod.rs"]
mod naive;

use std::sync::OnceLock;

use diagon::index::{IndexWriter, MergeOptions, WriterOptions};
use diagon::search::Searcher;
use libfuzzer_sys::fuzz_target;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use generate::documents::{Change, changes};
use generate::queries::request;
use generate::{MAPPING, SMALL};
use naive::Twin;
use naive::compare::compare;

/// Draws of a strategy what the bytes say.
fn draw<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> Option<S::Value> {
    strategy.new_tree(runner).ok().map(|tree| tree.current())
}

fn runner(seed: &[u8]) -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, seed),
    )
}

/// An index and its twin's documents. There are a few, made once.
struct Corpus {
    searcher: Searcher,
    twin: Twin,
    _folder: tempfile::TempDir,
}

impl Corpus {
    fn new(number: u8) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The twin keeps deleted documents, which merges drop.
        let mut options = WriterOptions::default();
        options.merges = MergeOptions::none();
        let mut writer =
            IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
        let mut twin = Twin::new(MAPPING);
        let changes = draw(&changes(SMALL), &mut runner(&[number; 32])).expect("changes");
        for change in changes {
            match change {
                Change::Add(id, json) => {
                    let added = writer.add(Some(&id), json.to_string().as_bytes());
                    added.unwrap_or_else(|error| panic!("{json}: {error}"));
                    twin.add(&id, &json);
                }
                Change::Delete(id) => {
                    writer.delete(&id).expect("a deletion");
                    twin.delete(&id);
                }
                _ => {
                    writer.refresh().expect("a refresh");
                    twin.flush();
                }
            }
        }
        let snapshot = writer.refresh().expect("a refresh");
        twin.flush();
        Self {
            searcher: Searcher::new(snapshot, guests::functions(), "fuzz"),
            twin,
            _folder: folder,
        }
    }
}

const CORPORA: u8 = 8;

fn corpus(number: u8) -> &'static Corpus {
    static ALL: [OnceLock<Corpus>; CORPORA as usize] =
        [const { OnceLock::new() }; CORPORA as usize];
    ALL[usize::from(number)].get_or_init(|| Corpus::new(number))
}

fuzz_target!(|bytes: &[u8]| {
    let [first, rest @ ..] = bytes else { return };
    let corpus = corpus(first % CORPORA);
    // 32 bytes are the seed; longer inputs are folded into it.
    let mut seed = [0; 32];
    for (at, byte) in rest.iter().enumerate() {
        seed[at % 32] ^= byte.rotate_left(u32::try_from(at / 32 % 8).expect("below 8"));
    }
    let Some(body) = draw(&request(SMALL), &mut runner(&seed)) else {
        return;
    };
    if let Err(differs) = compare(
        &corpus.searcher,
        &corpus.twin.view(),
        &body,
        &guests::native,
    ) {
        panic!("{differs}\n{body}");
    }
});
