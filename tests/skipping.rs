//! A corpus of 9,000 documents, so that postings have many blocks of 128, segments several windows of 4,096, and searches many
//! batches of 1,024: the engine skips by score, and must find what its naive twin finds by looking at everything.

mod generate;
mod guests;
mod naive;

use diagon::index::{IndexWriter, MergeOptions, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use generate::queries::{filtered, ranked, request};
use generate::sort::sort;
use generate::{MAPPING, Shape, word};
use naive::Twin;
use naive::compare::compare;
use naive::compare_sorted::compare_sorted;

const DOCUMENTS: usize = 9_000;

const LARGE: Shape = Shape {
    words: 300,
    ids: DOCUMENTS,
    numbers: 100,
    fail_one_in: 61,
};

/// Marsaglia's xorshift: the corpus of a seed is always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("small")
    }

    /// The n-th most frequent word n times as rarely as the first, roughly.
    fn words(&mut self, longest: usize) -> String {
        let count = 1 + self.below(longest);
        let mut words = Vec::with_capacity(count);
        for _ in 0..count {
            let below = 1 + self.below(LARGE.words);
            words.push(word(self.below(below)));
        }
        words.join(" ")
    }

    fn integer(&mut self, n: usize) -> i64 {
        i64::try_from(self.below(n)).expect("small")
    }

    /// Something is missing in one in four, and there is too much of something in one in ten.
    fn document(&mut self) -> Json {
        let half = f64::from(i32::try_from(self.below(200)).expect("small")) / 2.0;
        let mut document = json!({
            "body": self.words(20), "note": self.words(6), "bare": self.words(3), "kw": format!("k{}", self.below(4)),
            "n": self.integer(130) - 30, "x": half - 10.0, "ok": self.below(2) == 0,
            "day": format!("202{}-0{}-01", 2 + self.below(3), 1 + self.below(3)),
        });
        let names = ["body", "note", "bare", "kw", "n", "x", "ok", "day"];
        let name = names[self.below(names.len())];
        match self.below(40) {
            0..10 => document[name] = Json::Null,
            10..14 => document[name] = json!([document[name], document[name]]),
            _ => {}
        }
        document
    }
}

/// Documents in four segments, of which the second is the largest. One in thirty replaces another, one in thirty is deleted.
fn corpus(seed: u64) -> (TempDir, Searcher, Twin) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    let mut engine = IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
    let mut twin = Twin::new(MAPPING);
    let mut random = Random(seed | 1);
    let mut cuts = vec![random.below(1_000), 5_500 + random.below(1_500), 8_500];
    for number in 0..DOCUMENTS {
        if cuts.first() == Some(&number) {
            cuts.remove(0);
            engine.refresh().expect("a refresh");
            twin.flush();
        }
        let chance = random.below(30);
        let id = format!(
            "d{}",
            if chance == 0 {
                random.below(1 + number)
            } else {
                number
            }
        );
        let json = random.document();
        engine
            .add(Some(&id), json.to_string().as_bytes())
            .expect("a document");
        twin.add(&id, &json);
        if chance == 1 {
            let id = format!("d{}", random.below(1 + number));
            engine.delete(&id).expect("a deletion");
            twin.delete(&id);
        }
    }
    twin.flush();
    let snapshot = engine.refresh().expect("a refresh");
    (
        folder,
        Searcher::new(snapshot, guests::functions(), "test"),
        twin,
    )
}

fn cases(few: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { default.cases } else { few },
        max_shrink_iters: 200,
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn a_large_corpus_is_answered_as_by_the_naive_twin(
        seed in any::<u64>(),
        requests in prop::collection::vec(prop_oneof![ranked(LARGE), request(LARGE), filtered(LARGE)], 24),
    ) {
        let (_folder, searcher, twin) = corpus(seed);
        let view = twin.view();
        for body in &requests {
            let compared = compare(&searcher, &view, body, &guests::native);
            prop_assert!(compared.is_ok(), "seed {seed}: {}\n{body}", compared.unwrap_err());
        }
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn a_large_corpus_is_sorted_as_by_the_naive_twin(
        seed in any::<u64>(),
        requests in prop::collection::vec((prop_oneof![ranked(LARGE), request(LARGE)], sort(LARGE)), 16),
    ) {
        let (_folder, searcher, twin) = corpus(seed);
        let view = twin.view();
        for (body, sort) in &requests {
            let compared = compare_sorted(&searcher, &view, body, sort, &guests::native);
            prop_assert!(compared.is_ok(), "seed {seed}: {}\n{body}\n{sort}", compared.unwrap_err());
        }
    }
}

/// The best documents come first, so that the rest can be seen to be skipped: by the engine alone, and where a function decides.
#[test]
fn what_cannot_win_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    let mut engine = IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
    let long = "cat run dog ".repeat(12) + "fox";
    for number in 0..20_000_u32 {
        let body = if number < 300 { "fox fox" } else { &long };
        let json = json!({"body": body, "n": number}).to_string();
        engine
            .add(Some(&number.to_string()), json.as_bytes())
            .expect("a document");
    }
    let snapshot = engine.refresh().expect("a refresh");
    let searcher = Searcher::new(snapshot, guests::functions(), "test");
    let function = json!({"wasm_udf": {"name": "picky", "parameters": {"m": 3, "r": 1}}});
    let words = json!({"match": {"body": "fox"}});
    for (query, candidates) in [
        (words.clone(), 0),
        (
            json!({"bool": {"must": [words], "filter": [function]}}),
            20_000,
        ),
    ] {
        let mut work = Vec::new();
        for track in [json!(true), json!(false)] {
            let body =
                json!({"query": query, "size": 5, "track_total_hits": track, "_source": false});
            let request = query::parse(&body.to_string()).expect("a request");
            let response = searcher.search(&request, &SearchOptions::default());
            let response = response.expect("a response");
            let ids: Vec<String> = response.hits.iter().map(|hit| hit.id.clone()).collect();
            work.push((ids, response.profile.windows, response.profile.candidates));
        }
        assert_eq!(work[0].0, work[1].0);
        assert_eq!(work[0].2, candidates);
        // The engine looks at blocks of 128 documents, and at hardly any of these 157.
        let (_, blocks, asked) = &work[1];
        assert!(
            if candidates == 0 {
                *blocks < 20
            } else {
                *asked < candidates / 2
            },
            "{work:?}"
        );
    }
}
