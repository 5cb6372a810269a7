//! Checking and repairing, by the API and as a user of the command line sees it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use diagon::index::{self, Snapshot};
use diagon::{ErrorCode, shard};

/// An index in `folder`, as a host holds it; returns the engine's own folder.
fn build(folder: &Path) -> PathBuf {
    let engine = folder.join("shard-0");
    packages::build(&engine, 90, usize::MAX);
    engine
}

fn damage(engine: &Path, name: &str) {
    let path = engine.join(name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn diagon(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_diagon"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn by_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let engine = build(folder.path());
    let report = shard::check(folder.path()).unwrap();
    assert!(report.is_sound());
    assert_eq!((report.segments.len(), report.generation), (2, 1));
    let first = &report.segments[0];
    assert_eq!(first.name, "seg-00000001");
    assert!(first.documents > first.live_docs && first.live_docs > 0);
    assert!(first.bytes > 1_000 && first.terms > 100 && first.postings > first.terms);
    assert!(first.values > 100);
    assert!(shard::repair(folder.path()).unwrap().aside.is_none());

    let fields = Snapshot::open(&engine).unwrap().schema().fields().len();

    damage(&engine, "seg-00000002.stored");
    let report = index::check(&engine).unwrap();
    assert!(report.segments[0].is_sound() && !report.segments[1].is_sound());
    let told = report.segments[1].damage.as_ref().unwrap();
    assert!(told.contains("seg-00000002.stored"), "{told}");

    let live = u64::from(report.segments[1].live_docs);
    let repaired = index::repair(&engine).unwrap();
    assert_eq!(repaired.lost_docs, live);
    let aside = repaired.aside.unwrap();
    assert!(aside.starts_with(&engine) && aside.join("seg-00000002.stored").exists());
    assert!(index::check(&engine).unwrap().is_sound());
    let left = Snapshot::open(&engine).unwrap();
    assert_eq!(left.live_docs(), u64::from(report.segments[0].live_docs));
    assert_eq!(left.schema().fields().len(), fields, "the mapping is there");

    damage(&engine, "manifest");
    for error in [
        index::check(&engine).unwrap_err(),
        index::repair(&engine).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::Corrupt);
        assert!(error.to_string().contains("manifest"), "{error}");
    }
    let error = shard::check(engine.join("none")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
}

#[test]
fn by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let engine = build(folder.path());
    let dir = folder.path().to_str().unwrap();
    let (code, out, remarks) = diagon(&["check", dir]);
    assert_eq!((code, remarks.as_str()), (Some(0), ""));
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(
        out.contains("seg-00000001: 61 documents (4 deleted), "),
        "{out}"
    );
    assert!(
        out.contains("sound: 84 documents, 2 segments in commit 1"),
        "{out}"
    );
    let (code, out, _) = diagon(&["check", "--repair", dir]);
    assert_eq!(code, Some(0));
    assert!(out.ends_with("nothing to repair\n"), "{out}");

    damage(&engine, "seg-00000001.columns");
    damage(&engine, "seg-00000002.1.live");
    let (code, out, remarks) = diagon(&["check", dir]);
    assert_eq!(code, Some(1));
    assert!(out.contains("seg-00000002.1.live: damaged"), "{out}");
    assert_eq!(remarks.lines().count(), 1, "{remarks}");
    for part in [
        "seg-00000001.columns: damaged",
        "1 damaged segment more",
        "--repair",
    ] {
        assert!(remarks.contains(part), "{remarks}");
    }
    let (code, out, remarks) = diagon(&["check", "--repair", dir]);
    assert_eq!((code, remarks.as_str()), (Some(0), ""), "{remarks}");
    assert!(
        out.contains("repaired: 84 documents lost; what was dropped is kept in "),
        "{out}"
    );
    let (code, out, _) = diagon(&["check", dir]);
    assert_eq!(code, Some(0));
    assert_eq!(out, "sound: 0 documents, 0 segments in commit 2\n");

    // A function that can't be read is damage, too.
    fs::create_dir_all(folder.path().join("udf")).unwrap();
    let (code, _, _) = diagon(&["check", dir]);
    assert_eq!(code, Some(0));
    let (code, _, remarks) = diagon(&["check", "/nonexistent"]);
    assert_eq!(code, Some(1));
    assert!(remarks.contains("/nonexistent: not an index"), "{remarks}");
    let (code, _, _) = diagon(&["check"]);
    assert_eq!(code, Some(2));
}
