//! Processes that are killed while they write and merge: every commit that they acknowledged is there, and one that they didn't is
//! there as a whole or not at all.
//!
//! `DIAGON_CRASHES=200 cargo test --test crash` kills so many.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use diagon::index::{self, ForceMerge, IndexWriter, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use serde_json::json;

/// What tells a child what to do: the folder, the seed, and the number of its first commit.
const FOLDER: &str = "DIAGON_CRASH_FOLDER";
const SEED: &str = "DIAGON_CRASH_SEED";
const FIRST: &str = "DIAGON_CRASH_FIRST";

const MAPPING: &str = r#"{"properties": {"text": {"type": "text"}, "commit": {"type": "long"}, "kw": {"type": "keyword"}}}"#;

/// More than the index ever has.
const ALL: usize = 10_000;

struct Random(u64);

impl Random {
    /// Of one seed and number always the same.
    fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number + 1));
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

enum Change {
    Add(String, String),
    Delete(String),
    Refresh,
    /// To one segment, with its documents in another order.
    Merge,
}

/// What comes before the commit of that number. Each has a document that no other has.
fn changes(seed: u64, commit: u64) -> Vec<Change> {
    let mut random = Random::new(seed, commit);
    let mut changes = Vec::new();
    for step in 0..=random.below(30) {
        let id = format!("d{}", random.below(80));
        changes.push(match if step == 0 { 10 } else { random.below(30) } {
            0 => Change::Merge,
            1..=3 => Change::Refresh,
            4..=9 => Change::Delete(id),
            _ => {
                let words = "fox ".repeat(usize::try_from(random.below(40)).unwrap());
                let kw = format!("k{}", random.below(9));
                let source = json!({"text": words, "commit": commit, "step": step, "kw": kw});
                Change::Add(id, source.to_string())
            }
        });
    }
    changes
}

type Contents = BTreeMap<String, String>;

fn apply(contents: &mut Contents, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Add(id, source) => {
                contents.insert(id.clone(), source.clone());
            }
            Change::Delete(id) => {
                contents.remove(id);
            }
            Change::Refresh | Change::Merge => {}
        }
    }
}

#[test]
#[ignore = "the process that `killed_at_random` starts"]
fn child() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let seed: u64 = variable(SEED).parse().unwrap();
    let first: u64 = variable(FIRST).parse().unwrap();
    let mut options = WriterOptions::default();
    options.ram_buffer_bytes = [64 << 20, 50_000, 1][usize::try_from(first % 3).unwrap()];
    // Every second child merges whatever it can.
    if first.is_multiple_of(2) {
        options.merges.segments_per_tier = 2;
        options.merges.floor_segment_bytes = 1;
        options.merges.threads = 2;
        options.merges.reorder_min_docs = 20;
    }
    let mut writer = IndexWriter::open(variable(FOLDER), Some(MAPPING), options).unwrap();
    for commit in first.. {
        for change in changes(seed, commit) {
            match change {
                Change::Add(id, source) => writer.add(Some(&id), source.as_bytes()).unwrap(),
                Change::Delete(id) => writer.delete(&id).unwrap(),
                Change::Refresh => drop(writer.refresh().unwrap()),
                Change::Merge => {
                    let merge = ForceMerge::to_segments(1).reordered();
                    writer.force_merge(&merge).unwrap();
                }
            }
        }
        writer.commit().unwrap();
        let merges = writer.merges().unwrap().stats().unwrap();
        assert!(merges.last_error.is_none(), "{merges:?}");
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {commit} {}", merges.merges).unwrap();
        out.flush().unwrap();
    }
}

fn start(folder: &Path, seed: u64, first: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(FOLDER, folder)
        .env(SEED, seed.to_string())
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Kills a writer at random; returns the last commit that it acknowledged, and the merges it had made by then.
fn run_and_kill(folder: &Path, seed: u64, first: u64, random: &mut Random) -> Option<(u64, u64)> {
    let mut child = start(folder, seed, first);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = None;
    let mut read = |lines: &mut dyn Iterator<Item = std::io::Result<String>>| {
        for line in lines {
            let line = line.unwrap();
            if let Some((_, numbers)) = line.split_once("acknowledged ") {
                let (commit, merges) = numbers.split_once(' ').unwrap();
                last = Some((commit.parse().unwrap(), merges.parse().unwrap()));
                return true;
            }
        }
        false
    };
    // Some are killed while they open the index.
    for _ in 0..random.below(4) {
        assert!(read(&mut lines), "the writer ended by itself");
    }
    std::thread::sleep(Duration::from_micros(random.below(30_000)));
    child.kill().unwrap();
    while read(&mut lines) {}
    child.wait().unwrap();
    last
}

/// All that the index has, also as a search finds it.
fn contents(folder: &Path) -> diagon::Result<Contents> {
    let snapshot = Snapshot::open(folder)?;
    let searcher = Searcher::new(snapshot.clone(), None, "crash");
    let all = json!({"query": {"match_all": {}}, "size": ALL}).to_string();
    let response = searcher.search(&query::parse(&all)?, &SearchOptions::default())?;
    let mut contents = Contents::new();
    for hit in response.hits {
        assert!(snapshot.find(&hit.id)?.is_some(), "{}", hit.id);
        let source = hit.source.unwrap().get().to_string();
        assert!(contents.insert(hit.id, source).is_none(), "an id twice");
    }
    assert!(index::check(folder)?.is_sound());
    Ok(contents)
}

#[test]
fn killed_at_random() {
    let crashes: u64 = std::env::var("DIAGON_CRASHES").map_or(15, |n| n.parse().unwrap());
    let (mut unacknowledged, mut commits, mut merges) = (0, 0, 0);
    let mut folder = tempfile::tempdir().unwrap();
    let mut committed = Contents::new();
    let mut next = 0;
    for crash in 0..crashes {
        let seed = crash / 20;
        if crash % 20 == 0 {
            folder = tempfile::tempdir().unwrap();
            committed = Contents::new();
            next = 0;
        }
        let mut random = Random::new(1_000 + seed, crash);
        let last = run_and_kill(folder.path(), seed, next, &mut random);
        merges += last.map_or(0, |(_, merges)| merges);
        while last.is_some_and(|(last, _)| next <= last) {
            apply(&mut committed, &changes(seed, next));
            next += 1;
            commits += 1;
        }
        let found = match contents(folder.path()) {
            Ok(found) => found,
            Err(error) if next == 0 && error.code() == diagon::ErrorCode::NotFound => {
                Contents::new() // killed before there was an index
            }
            Err(error) => panic!("crash {crash}, after commit {next}: {error}"),
        };
        if found != committed {
            // The next commit was made, and not acknowledged any more.
            apply(&mut committed, &changes(seed, next));
            assert!(found == committed, "crash {crash}, after commit {next}");
            next += 1;
            unacknowledged += 1;
        }
    }
    // Not captured, as `println` is.
    let mut out = std::io::stderr().lock();
    writeln!(
        out,
        "{crashes} crashes, {commits} acknowledged commits, {unacknowledged} others; {merges} merges"
    )
    .unwrap();
    assert!(merges > crashes / 2, "{merges}");
}
