//! The example functions as they are in the tree pass their own cases, and the queries beside them find something.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of all examples.
fn examples() -> Vec<PathBuf> {
    let inside = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_dir())
    };
    let mut found: Vec<PathBuf> = inside(tree().join("examples/udfs"))
        .flat_map(inside)
        .collect();
    found.sort();
    assert!(found.len() >= 7, "{found:?}");
    found
}

fn diagon(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
    let output = command.args(arguments).output().unwrap();
    let (out, told) = (output.stdout, String::from_utf8(output.stderr).unwrap());
    let out = String::from_utf8(out).unwrap();
    assert!(output.status.success(), "{arguments:?}: {out}{told}");
    out
}

#[test]
fn all_pass_their_cases() {
    for folder in examples() {
        let folder = folder.to_str().unwrap();
        let told = diagon(&["udf", "test", "--project", folder]);
        let passed = told.trim().strip_suffix(" passed, 0 failed").unwrap();
        assert!(passed.parse::<u32>().unwrap() >= 6, "{folder}: {told}");
    }
}

#[test]
fn all_queries_find_something() {
    let root = tempfile::tempdir().unwrap();
    let data = tree().join("examples/data");
    let index = |name: &str| {
        let file = |what: &str| {
            data.join(format!("{name}{what}"))
                .to_str()
                .unwrap()
                .to_string()
        };
        let dir = root.path().join(name).to_str().unwrap().to_string();
        let (schema, documents) = (file(".schema.json"), file(".jsonl"));
        diagon(&["index", "--dir", &dir, "--schema", &schema, &documents]);
        dir
    };
    let (packages, shop) = (index("packages"), index("shop"));
    let mut queries = 0;
    for folder in examples() {
        for dir in [&packages, &shop] {
            diagon(&[
                "udf",
                "add",
                "--dir",
                dir,
                "--project",
                folder.to_str().unwrap(),
            ]);
        }
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            if !name.starts_with("query") {
                continue;
            }
            queries += 1;
            let of_packages = name.contains("packages") || folder.ends_with("string_distance");
            let dir = if of_packages { &packages } else { &shop };
            let found = diagon(&["search", "--dir", dir, path.to_str().unwrap()]);
            let found: Value = serde_json::from_str(&found).unwrap();
            assert!(
                found["hits"]["hits"][0].is_object(),
                "{}: {found}",
                path.display()
            );
            assert!(found["udf_errors"].is_null(), "{}: {found}", path.display());
        }
    }
    assert!(queries >= 6, "{queries}");
}
