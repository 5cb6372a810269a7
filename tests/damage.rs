//! Damaged files: an answer is right, or an error that names the file; never a crash. The same for what isn't an index or a module.

mod guests;
mod naive;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagon::ErrorCode;
use diagon::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use diagon::shard::{Index, open_searcher};
use diagon::udf::UdfRegistry;
use serde_json::json;
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {"body": {"type": "text"}, "kw": {"type": "keyword"},
  "n": {"type": "long"}, "x": {"type": "double"}, "ok": {"type": "boolean"}}}"#;

/// A committed index of two segments, both with deleted documents.
fn index() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
    for n in 0..700_u32 {
        let json = json!({"body": format!("fox w{} runs w{} fox", n % 40, n % 7), "kw": [format!("k{}", n % 11), "all"],
            "n": n, "x": f64::from(n) / 4.0, "ok": n % 3 == 0});
        writer
            .add(Some(&format!("d{n}")), json.to_string().as_bytes())
            .expect("a document");
        if n == 400 {
            writer.refresh().expect("a refresh");
        }
    }
    for n in [3, 5, 450] {
        writer.delete(&format!("d{n}")).expect("a deletion");
    }
    writer.commit().expect("a commit");
    folder
}

/// What a search finds: ids, scores as bits, sources.
type Answers = Vec<Vec<(String, Option<u32>, Option<String>)>>;

/// Opens an index and asks it everything: each kind of clause, functions over columns, all sources, all checksums.
fn ask(folder: &Path) -> diagon::Result<(Answers, diagon::Result<()>)> {
    let snapshot = Snapshot::open(folder)?;
    let functions = guests::functions();
    let searcher = Searcher::new(snapshot.clone(), functions, "damaged");
    let mut answers = Vec::new();
    let mut queries = Vec::new();
    for query in [
        json!({"match_all": {}}),
        json!({"match": {"body": "fox w3"}}),
        json!({"match_phrase": {"body": "runs w4"}}),
        json!({"term": {"kw": "k3"}}),
        json!({"range": {"n": {"gte": 90, "lt": 500}}}),
        json!({"range": {"x": {"gt": 100.5}}}),
        json!({"range": {"kw": {"gte": "k1", "lte": "k2"}}}),
        json!({"bool": {"filter": [{"exists": {"field": "ok"}}], "must_not": [{"term": {"ok": true}}]}}),
        json!({"ids": {"values": ["d7", "d450", "d699"]}}),
        json!({"wasm_udf": {"name": "picky", "parameters": {"m": 5, "r": 2}}}),
        json!({"wasm_udf": {"name": "item", "parameters": {"at": 0, "text": "k9"}}}),
        json!({"function_score": {"functions": [
            {"field_value_factor": {"field": "n", "modifier": "square", "missing": 1}},
            {"gauss": {"x": {"origin": 100, "scale": 50}}}, {"random_score": {"seed": 1, "field": "kw"}}]}}),
    ] {
        let body = json!({"query": query, "size": 1_000}).to_string();
        queries.push(body);
    }
    for sort in [
        json!(["n", "kw"]),
        json!([{"x": "desc"}, {"kw": {"order": "desc", "missing": "k2"}}]),
        json!([{"_id": "desc"}]),
    ] {
        let query = json!({"bool": {"must_not": [{"wasm_udf": {"name": "picky", "parameters": {"m": 5, "r": 2}}}]}});
        queries.push(json!({"sort": sort, "size": 1_000}).to_string());
        queries.push(
            json!({"query": query, "sort": sort, "size": 5, "track_total_hits": false}).to_string(),
        );
    }
    for body in queries {
        let response = searcher.search(&query::parse(&body)?, &SearchOptions::default())?;
        let hits = response.hits.into_iter();
        let hits = hits.map(|hit| {
            (
                hit.id,
                hit.score.map(f32::to_bits),
                hit.source.map(|s| s.get().to_string()),
            )
        });
        answers.push(hits.collect());
    }
    Ok((answers, snapshot.verify()))
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("small")
    }
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

fn name(file: &Path) -> String {
    file.file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// Writes a file anew: the old one may still be mapped by a snapshot, and is left to it.
fn replace(file: &Path, content: &[u8]) {
    fs::remove_file(file).expect("a file");
    fs::write(file, content).expect("a file");
}

/// Damages each file in many ways, one at a time, and checks each time that nobody is fooled.
fn damage(rounds: usize, mut how: impl FnMut(&mut Random, &[u8]) -> Vec<u8>) {
    let folder = index();
    let (expected, verified) = ask(folder.path()).expect("a sound index");
    verified.expect("a sound index");
    let files = files(folder.path());
    assert!(files.len() >= 15, "{files:?}");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let file = &files[round % files.len()];
        let sound = fs::read(file).expect("a file");
        let damaged = how(&mut random, &sound);
        replace(file, &damaged);
        let error = match ask(folder.path()) {
            Err(error) => error,
            Ok((answers, verified)) => {
                assert!(answers == expected, "{}: another answer", file.display());
                verified.expect_err(&format!("{}: nobody noticed", file.display()))
            }
        };
        let code = error.code();
        assert!(
            matches!(code, ErrorCode::Corrupt | ErrorCode::UnsupportedFormat),
            "{code:?}: {error}"
        );
        assert!(
            error.to_string().contains(&name(file)),
            "{}: {error}",
            name(file)
        );
        replace(file, &sound);
    }
    let (answers, verified) = ask(folder.path()).expect("it is sound again");
    assert!(answers == expected);
    verified.expect("it is sound again");
}

#[test]
fn flipped_bits() {
    damage(300, |random, sound| {
        let mut damaged = sound.to_vec();
        let at = match random.below(3) {
            // The ends are where the lengths and checksums are.
            0 => random.below(64.min(sound.len())),
            1 => sound.len() - 1 - random.below(40.min(sound.len())),
            _ => random.below(sound.len()),
        };
        damaged[at] ^= 1 << random.below(8);
        damaged
    });
}

#[test]
fn several_bytes_of_nonsense() {
    damage(100, |random, sound| {
        let mut damaged = sound.to_vec();
        let from = random.below(sound.len());
        let to = sound.len().min(from + 1 + random.below(64));
        for byte in &mut damaged[from..to] {
            *byte = byte.wrapping_add(u8::try_from(1 + random.below(255)).expect("a byte"));
        }
        damaged
    });
}

#[test]
fn truncated_and_prolonged() {
    damage(150, |random, sound| match random.below(4) {
        0 => Vec::new(),
        1 => sound[..sound.len() - 1 - random.below(sound.len().min(100))].to_vec(),
        2 => [sound, &vec![0; 1 + random.below(100)]].concat(),
        _ => sound[..random.below(sound.len())].to_vec(),
    });
}

#[test]
fn missing_and_swapped() {
    let folder = index();
    let (expected, _) = ask(folder.path()).expect("a sound index");
    let files = files(folder.path());
    for (number, file) in files.iter().enumerate() {
        let sound = fs::read(file).expect("a file");
        fs::remove_file(file).expect("a file");
        let error = ask(folder.path())
            .map(|_| ())
            .expect_err("a file is missing");
        let code = if name(file) == "manifest" {
            ErrorCode::NotFound
        } else {
            ErrorCode::Corrupt
        };
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(&name(file)), "{error}");
        // Each file stands in for the next one.
        let other = fs::read(&files[(number + 1) % files.len()]).unwrap_or_default();
        fs::write(file, &other).expect("a file");
        let error = ask(folder.path())
            .map(|_| ())
            .expect_err("the file is another one's");
        assert_eq!(error.code(), ErrorCode::Corrupt, "{error}");
        replace(file, &sound);
    }
    assert!(ask(folder.path()).expect("it is sound again").0 == expected);
}

/// A writer refuses a damaged index, and removes nothing.
#[test]
fn a_writer_leaves_a_damaged_index_alone() {
    let folder = index();
    for file in files(folder.path()) {
        let sound = fs::read(&file).expect("a file");
        replace(&file, &sound[..sound.len() / 2]);
        let before = files(folder.path());
        let opened = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default());
        let error = opened.map(|_| ()).expect_err("it is damaged");
        assert_eq!(error.code(), ErrorCode::Corrupt, "{error}");
        assert_eq!(files(folder.path()), before);
        replace(&file, &sound);
    }
    let (_, verified) = ask(folder.path()).expect("a sound index");
    verified.expect("a sound index");
}

#[test]
fn what_is_no_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let other = folder.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("letter.txt"), "Dear all").expect("a file");
    let file = other.join("letter.txt");
    for path in [&missing, &other] {
        for opened in [
            Snapshot::open(path).map(|_| ()),
            open_searcher(path).map(|_| ()),
        ] {
            let error = opened.expect_err("no index");
            assert_eq!(error.code(), ErrorCode::NotFound, "{error}");
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{error}"
            );
            assert!(!missing.exists(), "looking made a folder");
        }
    }
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    for opened in [
        IndexWriter::open(&other, None, options).map(|_| ()),
        Index::open(&other, None, options).map(|_| ()),
    ] {
        let error = opened.expect_err("no index");
        assert_eq!(error.code(), ErrorCode::NotFound, "{error}");
    }
    let error = Snapshot::open(&file)
        .map(|_| ())
        .expect_err("a file is no folder");
    assert!(error.to_string().contains("letter.txt"), "{error}");
    assert!(IndexWriter::open(&file, None, options).is_err());
    assert_eq!(fs::read(&file).expect("the letter"), b"Dear all");
}

#[test]
fn what_is_no_module() {
    let registry = Arc::new(UdfRegistry::in_memory().expect("an engine"));
    for (bytes, message) in [
        (&b"name,price\n1,2\n"[..], "this is a text file"),
        (b"", "the file is empty"),
        (b"(module)", "this is WebAssembly text"),
        (b"\x7fELF\x02\x01\x01\0\xff", "not a WebAssembly module"),
    ] {
        let error = registry
            .add(bytes, None)
            .map(|_| ())
            .expect_err("no module");
        assert_eq!(error.code(), ErrorCode::UdfRejected);
        assert!(error.to_string().contains(message), "{error}");
    }
    assert!(registry.list().is_empty());
}
