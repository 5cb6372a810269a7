//! Indexes of earlier versions open for ever and give the same answers: tests/compat has one of each version of the format.
//!
//! After a change of the format, `cargo test --test compat -- --ignored` makes the new one. It never overwrites one.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

mod packages;

use std::fs;
use std::path::{Path, PathBuf};

use diagon::index::{self, IndexWriter, MergeOptions, WriterOptions};

/// So many that columns and frequent terms have several blocks in the first segment; their texts are cut, to be small.
const DOCUMENTS: usize = 1_700;
const TEXT: usize = 30;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        // The lock is the writer's, and empty.
        if !path.ends_with("write.lock") {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

#[test]
fn every_version_opens_and_answers() {
    let mut versions = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let version = entry.unwrap().path();
        let golden = version.join("index");
        let expected = fs::read_to_string(version.join("answers.txt")).unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        let answers = packages::answers(&golden).unwrap_or_else(|error| panic!("{error}"));
        for (answer, expected) in answers.iter().zip(&expected) {
            assert_eq!(answer, expected, "{}", version.display());
        }
        assert_eq!(answers.len(), expected.len());
        assert!(index::check(&golden).unwrap().is_sound());

        // A writer of this version goes on with it.
        let copied = tempfile::tempdir().unwrap();
        copy(&golden, copied.path());
        let mut options = WriterOptions::default();
        options.merges = MergeOptions::none();
        let mut writer = IndexWriter::open(copied.path(), None, options).unwrap();
        let before = writer.refresh().unwrap().live_docs();
        writer
            .add(Some("one more"), br#"{"name": "one-more"}"#)
            .unwrap();
        let after = writer.commit().unwrap();
        assert_eq!(after.live_docs(), before + 1);
        assert!(index::check(copied.path()).unwrap().is_sound());
        versions += 1;
    }
    assert!(versions > 0, "an index of each version belongs there");
}

#[test]
#[ignore = "makes the golden index of a new version of the format"]
fn make() {
    let made = tempfile::tempdir().unwrap();
    packages::build(made.path(), DOCUMENTS, TEXT);
    let manifest = fs::read(made.path().join("manifest")).unwrap();
    let version = u16::from_le_bytes([manifest[8], manifest[9]]);
    let golden = folder().join(format!("v{version}"));
    assert!(
        !golden.exists(),
        "{}: it is there already, and is never changed",
        golden.display()
    );
    copy(made.path(), &golden.join("index"));
    let answers = packages::answers(&golden.join("index")).unwrap();
    fs::write(golden.join("answers.txt"), answers.join("\n") + "\n").unwrap();
}
