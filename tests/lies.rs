//! Files whose content is wrong and whose checksums are right: whoever wrote them, reading them ends, and ends in an answer or an
//! error. A wrong answer is no fault here; a crash, a panic or a loop without end is.

mod guests;
mod naive;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diagon::ErrorCode;
use diagon::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use serde_json::json;
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {"body": {"type": "text"}, "kw": {"type": "keyword"},
  "n": {"type": "long"}, "x": {"type": "double"}, "ok": {"type": "boolean"}}}"#;

fn index() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
    for n in 0..500_u32 {
        let json = json!({"body": format!("fox w{} runs w{} fox", n % 40, n % 7), "kw": [format!("k{}", n % 11), "all"],
            "n": n, "x": f64::from(n) / 4.0, "ok": n % 3 == 0});
        writer
            .add(Some(&format!("d{n}")), json.to_string().as_bytes())
            .expect("a document");
    }
    writer.refresh().expect("a refresh");
    writer.delete("d3").expect("a deletion");
    writer.commit().expect("a commit");
    folder
}

/// Asks everything, and goes on after an error.
fn ask(folder: &Path) -> Vec<diagon::Error> {
    let mut errors = Vec::new();
    let snapshot = match Snapshot::open(folder) {
        Ok(snapshot) => snapshot,
        Err(error) => return vec![error],
    };
    let searcher = Searcher::new(snapshot.clone(), guests::functions(), "lies");
    for query in [
        json!({"match_all": {}}),
        json!({"match": {"body": "fox w3"}}),
        json!({"match_phrase": {"body": "runs w4"}}),
        json!({"term": {"kw": "k3"}}),
        json!({"range": {"n": {"gte": 90, "lt": 300}}}),
        json!({"range": {"x": {"gt": 50.5}}}),
        json!({"range": {"kw": {"gte": "k1", "lte": "k2"}}}),
        json!({"bool": {"filter": [{"exists": {"field": "ok"}}], "must_not": [{"term": {"ok": true}}]}}),
        json!({"ids": {"values": ["d7", "d450"]}}),
        json!({"wasm_udf": {"name": "picky", "parameters": {"m": 5, "r": 2}}}),
        json!({"bool": {"must": [{"match": {"body": "w1"}}], "filter": [{"wasm_udf": {"name": "item", "parameters": {"at": 0, "text": "k9"}}}]}}),
    ] {
        // The schema is part of what may be a lie, so that fields may be gone.
        let body = json!({"query": query, "size": 600, "track_total_hits": false}).to_string();
        let request = query::parse(&body).expect("a request");
        errors.extend(searcher.search(&request, &SearchOptions::default()).err());
    }
    errors.extend(snapshot.find("d450").err());
    errors.extend(snapshot.verify().err());
    errors
}

/// CRC-32C, a bit at a time.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            crc >> 1 ^ 0x82f6_3b78
        } else {
            crc >> 1
        }
    };
    let all = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), step)
    });
    !all
}

/// Header and footer of a file, and what its payload is checked by; see `cpp/diagon/directory/file.h`.
const HEADER: usize = 64;
const FOOTER: usize = 24;
const BLOCK: usize = 64 * 1024;

fn with_payload(file: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = [&file[..HEADER], payload].concat();
    let mut tail: Vec<u8> = payload
        .chunks(BLOCK)
        .flat_map(|block| crc32c(block).to_le_bytes())
        .collect();
    tail.extend((payload.len() as u64).to_le_bytes());
    tail.extend([0; 4]);
    tail.extend(crc32c(&tail).to_le_bytes());
    tail.extend(&file[file.len() - 8..]);
    out.extend(tail);
    out
}

fn payload(file: &[u8]) -> &[u8] {
    let blocks = (file.len() - HEADER - FOOTER).div_ceil(BLOCK + 4);
    &file[HEADER..file.len() - FOOTER - 4 * blocks]
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("small")
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("a byte")
    }
}

/// A payload with a few bytes changed, taken out, put in, or cut off.
fn lie(random: &mut Random, sound: &[u8]) -> Vec<u8> {
    let mut lie = sound.to_vec();
    for _ in 0..1 + random.below(3) {
        if lie.is_empty() {
            break;
        }
        let at = match random.below(2) {
            0 => random.below(lie.len().min(200)),
            _ => random.below(lie.len()),
        };
        match random.below(9) {
            0 => lie[at] = 0xff,
            1 => lie[at] = 0,
            2 => lie[at] = lie[at].wrapping_add(1),
            3 => lie[at] ^= 0x80,
            4 => drop(lie.remove(at)),
            5 => lie.insert(at, random.byte()),
            6 => lie.truncate(at),
            7 => {
                let end = lie.len().min(at + 8);
                lie[at..end].fill(0xff);
            }
            _ => lie[at] = random.byte(),
        }
    }
    lie
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| !file.ends_with("write.lock"));
    files.sort();
    files
}

#[test]
fn nothing_crashes_and_everything_ends() {
    let folder = index();
    assert!(ask(folder.path()).is_empty());
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let rounds = std::env::var("DIAGON_LIES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(600);
    let files = files(folder.path());
    for round in 0..rounds {
        let file = &files[round % files.len()];
        let sound = fs::read(file).expect("a file");
        assert_eq!(
            with_payload(&sound, payload(&sound)),
            sound,
            "{}",
            file.display()
        );
        let lie = with_payload(&sound, &lie(&mut random, payload(&sound)));
        fs::remove_file(file).expect("a file");
        fs::write(file, &lie).expect("a file");
        // What is left behind, if it crashes.
        fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("lie"), &lie).expect("a file");
        let started = Instant::now();
        let errors = ask(folder.path());
        let took = started.elapsed();
        assert!(
            took < Duration::from_secs(120),
            "{}: {took:?} in round {round}",
            file.display()
        );
        for error in errors {
            // The mapping in the manifest may lie too: then fields are not there, or are of other types.
            let code = error.code();
            let mapped = matches!(
                code,
                ErrorCode::Query
                    | ErrorCode::Schema
                    | ErrorCode::InvalidArgument
                    | ErrorCode::NotFound
            );
            assert!(
                code == ErrorCode::Corrupt || mapped,
                "{} in round {round}: {code:?}: {error}",
                file.display()
            );
        }
        fs::remove_file(file).expect("a file");
        fs::write(file, &sound).expect("a file");
    }
    assert!(ask(folder.path()).is_empty());
}
