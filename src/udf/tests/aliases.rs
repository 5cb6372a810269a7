//! Aliases, several writers, and what writers leave behind.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::support::*;
use crate::ErrorCode;
use crate::udf::folder::Folder;
use crate::udf::table::is_alias;
use crate::udf::{UdfLimits, UdfRegistry, Version};

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn open(folder: &Path) -> UdfRegistry {
    UdfRegistry::open_with(folder, engine(), UdfLimits::default()).unwrap()
}

fn add(registry: &UdfRegistry, text: &str) {
    let spec = manifest(&json!({"version": text}));
    registry.add(&guest("i32.const 1"), Some(&spec)).unwrap();
}

fn resolved(registry: &UdfRegistry, asked: &str) -> String {
    match registry.resolve("f", Some(asked)) {
        Ok(udf) => udf.manifest().version.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_that_are_no_aliases() {
    for alias in ["stable", "a", "blue-green_2", "version", "v", "vim", "xx"] {
        assert!(is_alias(alias), "{alias}");
    }
    let long = "a".repeat(65);
    for alias in [
        "", "latest", "x", "1", "1.2", "v1", "v2-beta", "Stable", "a.b", "a b", "-a", "*", "é",
        "^a", &long,
    ] {
        assert!(!is_alias(alias), "{alias}");
    }
}

#[test]
fn an_alias_stands_for_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path());
    for text in ["1.0.0", "1.1.0", "2.0.0-rc.1"] {
        add(&registry, text);
    }
    registry
        .set_alias("f", "stable", &version("1.0.0"))
        .unwrap();
    registry
        .set_alias("f", "next", &version("2.0.0-rc.1"))
        .unwrap();
    assert_eq!(resolved(&registry, "stable"), "1.0.0");
    assert_eq!(
        resolved(&registry, "next"),
        "2.0.0-rc.1",
        "also a pre-release"
    );
    registry
        .set_alias("f", "stable", &version("1.1.0"))
        .unwrap();
    for registry in [&registry, &open(folder.path())] {
        assert_eq!(resolved(registry, "stable"), "1.1.0");
        let listed: Vec<String> = registry
            .aliases()
            .iter()
            .map(|a| format!("{}@{}={}", a.name, a.alias, a.version))
            .collect();
        assert_eq!(listed, ["f@next=2.0.0-rc.1", "f@stable=1.1.0"]);
        assert!(
            resolved(registry, "stabel")
                .contains("nor `latest` nor an alias (there are next, stable)"),
            "{}",
            resolved(registry, "stabel")
        );
    }
    let error = registry.remove("f", &version("1.1.0")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfAliased);
    assert!(
        error
            .to_string()
            .contains("function `f@1.1.0`: the alias `stable` stands for it"),
        "{error}"
    );
    assert_eq!(
        registry
            .set_alias("f", "stable", &version("9.0.0"))
            .unwrap_err()
            .code(),
        ErrorCode::UdfNotFound
    );
    assert_eq!(
        registry
            .set_alias("f", "latest", &version("1.0.0"))
            .unwrap_err()
            .code(),
        ErrorCode::InvalidArgument
    );
    registry.remove_alias("f", "stable").unwrap();
    assert_eq!(
        registry.remove_alias("f", "stable").unwrap_err().code(),
        ErrorCode::UdfNotFound
    );
    registry.remove("f", &version("1.1.0")).unwrap();
    registry.remove_alias("f", "next").unwrap();
    assert!(open(folder.path()).aliases().is_empty());
    // In memory it is the same.
    let memory = super::support::registry();
    add(&memory, "1.0.0");
    memory.set_alias("f", "stable", &version("1.0.0")).unwrap();
    assert_eq!(resolved(&memory, "stable"), "1.0.0");
}

#[test]
fn damaged_aliases_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path());
    add(&registry, "1.0.0");
    add(&registry, "2.0.0");
    registry
        .set_alias("f", "stable", &version("1.0.0"))
        .unwrap();
    let path = folder.path().join("aliases/f/stable.json");
    let text = std::fs::read(&path).unwrap();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 0x11;
        std::fs::write(&path, &changed).unwrap();
        let registry = open(folder.path());
        let sound = registry.damaged().is_empty();
        assert_eq!(sound, resolved(&registry, "stable") == "1.0.0", "byte {at}");
        std::fs::write(&path, &text[..at]).unwrap();
        assert_eq!(open(folder.path()).damaged().len(), 1, "cut at {at}");
    }
    let registry = open(folder.path());
    assert!(
        resolved(&registry, "stable").contains("version stable is damaged"),
        "{}",
        resolved(&registry, "stable")
    );
    registry
        .set_alias("f", "stable", &version("2.0.0"))
        .unwrap();
    assert_eq!(resolved(&registry, "stable"), "2.0.0");
    std::fs::write(&path, b"{}").unwrap();
    let registry = open(folder.path());
    registry.remove_alias("f", "stable").unwrap();
    assert!(
        open(folder.path()).damaged().is_empty(),
        "what is damaged can be removed"
    );
}

#[test]
fn one_process_changes_the_folder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (open(folder.path()), open(folder.path()));
    add(&one, "1.0.0");
    // A change begins with what is there.
    add(&other, "2.0.0");
    assert_eq!(other.list().len(), 2);
    let error = other
        .add(&guest("i32.const 0"), Some(&manifest(&json!({}))))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::UdfExists);
    let before = one.resolve("f", None).unwrap();
    one.reload().unwrap();
    assert_eq!(one.list().len(), 2);
    let after = one.resolve("f", Some("1.0.0")).unwrap();
    assert!(
        std::sync::Arc::ptr_eq(&before, &after),
        "what was there keeps its statistics"
    );
    let lock = Folder::new(folder.path()).lock(Duration::ZERO).unwrap();
    let error = Folder::new(folder.path())
        .lock(Duration::from_millis(1))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Locked);
    assert!(
        error
            .to_string()
            .contains("another process is changing these functions"),
        "{error}"
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| one.remove("f", &version("1.0.0")));
        std::thread::sleep(Duration::from_millis(20));
        assert!(!waiting.is_finished() && one.list().len() == 2);
        drop(lock);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(one.list().len(), 1);
}

#[test]
fn what_killed_writers_left_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(folder.path());
    add(&registry, "1.0.0");
    let hash = registry.resolve("f", None).unwrap().hash().to_string();
    registry
        .set_alias("f", "stable", &version("1.0.0"))
        .unwrap();
    let orphan = "0".repeat(64);
    let leftovers = [
        format!("modules/.{hash}.wasm.77.new"),
        format!("modules/{orphan}.wasm"),
        "functions/f/.1.0.0.json.77.new".to_string(),
        "aliases/f/.stable.json.77.new".to_string(),
    ];
    let left = || {
        leftovers
            .iter()
            .filter(|path| folder.path().join(path).exists())
            .count()
    };
    for path in &leftovers {
        std::fs::write(folder.path().join(path), b"half of i").unwrap();
    }
    std::fs::create_dir_all(folder.path().join("functions/g")).unwrap();
    let registry = open(folder.path());
    assert!(
        registry.damaged().is_empty() && registry.list().len() == 1,
        "they are ignored"
    );
    assert_eq!(left(), 4, "who only reads changes nothing");
    registry
        .set_alias("f", "stable", &version("1.0.0"))
        .unwrap();
    assert_eq!(left(), 0);
    assert!(!folder.path().join("functions/g").exists());
    assert_eq!(open(folder.path()).list().len(), 1);
    // As long as a record can't be read, no module is an orphan for sure.
    std::fs::write(folder.path().join("functions/f/3.0.0.json"), b"{").unwrap();
    std::fs::write(folder.path().join(&leftovers[1]), b"x").unwrap();
    open(folder.path())
        .set_alias("f", "stable", &version("1.0.0"))
        .unwrap();
    assert_eq!(left(), 1);
}
