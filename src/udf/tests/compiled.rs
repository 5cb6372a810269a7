//! Compiled modules are kept and used, and only if they are what was kept.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, json};

use super::support::*;
use crate::batch::BatchUdf;
use crate::udf::compiled::{digest, seal};
use crate::udf::folder::hash;
use crate::udf::host::Moment;
use crate::udf::{EngineOptions, UdfEngine, UdfLimits, UdfRegistry};

/// A registry's folder, and an engine that counts what only this test compiles.
struct Bench {
    folder: tempfile::TempDir,
    engine: Arc<UdfEngine>,
}

impl Bench {
    /// With two versions of one module.
    fn new() -> Self {
        let bench = Self::empty();
        for version in ["1.0.0", "1.1.0"] {
            let spec = manifest(&json!({"version": version}));
            bench
                .open()
                .add(&guest("i32.const 1"), Some(&spec))
                .unwrap();
        }
        bench
    }

    fn empty() -> Self {
        let options = EngineOptions {
            instances: 8,
            ..EngineOptions::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            engine: UdfEngine::new(&options).unwrap(),
        }
    }

    fn open(&self) -> UdfRegistry {
        UdfRegistry::open_with(
            self.folder.path(),
            Arc::clone(&self.engine),
            UdfLimits::default(),
        )
        .unwrap()
    }

    /// Opens the registry, asks the function, and says how many modules had to be compiled for that.
    fn compilations(&self) -> u64 {
        let before = self.engine.compilations();
        let registry = self.open();
        assert!(registry.damaged().is_empty(), "{:?}", registry.damaged());
        for version in ["1.0.0", "1.1.0"] {
            let udf = registry.resolve("f", Some(version)).unwrap();
            let mut bound = udf.prepare(&Map::new()).unwrap().bind();
            bound.enter_segment(Box::new(Docs::new([]))).unwrap();
            assert_eq!(numbers(&ask(&mut bound, 2).unwrap()), [1, 1]);
        }
        self.engine.compilations() - before
    }

    fn only(&self, folder: &str, end: &str) -> PathBuf {
        let files = fs::read_dir(self.folder.path().join(folder))
            .unwrap()
            .flatten();
        let mut files = files
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with(end));
        let file = files.next().unwrap();
        assert_eq!(files.next(), None, "one file");
        file
    }

    fn artifact(&self) -> PathBuf {
        self.only("compiled", ".cwasm")
    }

    fn record(&self) -> PathBuf {
        self.only("modules", ".json")
    }
}

/// The record of these bytes.
fn note(bytes: &[u8]) -> serde_json::Value {
    let check = digest(&mut bytes.to_vec(), |_, _| Ok(())).unwrap();
    let begins = Moment::default();
    json!({"format": 1, "check": seal(&check, begins), "begins": begins})
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_module_is_compiled_once_for_all() {
    let bench = Bench::new();
    assert_eq!(mode(&bench.folder.path().join("compiled")), 0o700);
    assert_eq!(mode(&bench.artifact()), 0o600);
    assert_eq!(bench.compilations(), 0);
    // A damaged file, or one that isn't there, is made anew.
    fs::remove_file(bench.artifact()).unwrap();
    assert_eq!(bench.compilations(), 1, "both versions share a module");
    assert_eq!(bench.compilations(), 0);
    fs::remove_file(bench.record()).unwrap();
    assert_eq!(bench.compilations(), 1);
    assert_eq!(bench.compilations(), 0);
    for version in ["1.0.0", "1.1.0"] {
        bench.open().remove("f", &version.parse().unwrap()).unwrap();
    }
    let left = |folder| {
        fs::read_dir(bench.folder.path().join(folder))
            .unwrap()
            .count()
    };
    assert_eq!(
        (left("compiled"), left("modules")),
        (0, 0),
        "they go with the last version"
    );
    // What is only checked is not kept.
    bench
        .open()
        .check(&guest("i32.const 0"), Some(&manifest(&json!({}))))
        .unwrap();
    assert_eq!(left("compiled"), 0);
}

#[test]
fn damage_means_compiling_again() {
    let bench = Bench::new();
    let (artifact, record) = (bench.artifact(), bench.record());
    let (good, noted) = (fs::read(&artifact).unwrap(), fs::read(&record).unwrap());
    let step = good.len() / 13;
    for at in (0..good.len()).step_by(step) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(&artifact, &changed).unwrap();
        assert_eq!(bench.compilations(), 1, "byte {at}");
        assert!(fs::read(&artifact).unwrap() == good, "it is healed");
        fs::write(&artifact, &good[..at]).unwrap();
        assert_eq!(bench.compilations(), 1, "cut at {at}");
    }
    for at in 0..noted.len() {
        let mut changed = noted.clone();
        changed[at] ^= 1;
        fs::write(&record, &changed).unwrap();
        assert_eq!(bench.compilations(), 1, "byte {at} of the record");
    }
    assert_eq!(bench.compilations(), 0);
}

/// Right hashes, but not what this engine made.
#[test]
fn foreign_code_is_not_loaded() {
    let bench = Bench::new();
    let (artifact, record) = (bench.artifact(), bench.record());
    let place = |bytes: &[u8]| {
        fs::write(&artifact, bytes).unwrap();
        fs::write(&record, note(bytes).to_string()).unwrap();
    };
    let other = wasmtime::Engine::default();
    let of_another = wasmtime::Module::new(&other, guest("i32.const 0")).unwrap();
    place(&of_another.serialize().unwrap());
    assert_eq!(bench.compilations(), 1);
    place(b"");
    assert_eq!(bench.compilations(), 1);
    place(&[0x7f; 5_000]);
    assert_eq!(bench.compilations(), 1);
    assert_eq!(bench.compilations(), 0);
}

#[test]
fn a_folder_that_others_can_touch_is_not_used() {
    let bench = Bench::new();
    let compiled = bench.folder.path().join("compiled");
    for open in [0o750, 0o701, 0o777] {
        fs::set_permissions(&compiled, Permissions::from_mode(open)).unwrap();
        assert_eq!(bench.compilations(), 1, "{open:o}");
        assert_eq!(mode(&compiled), open, "it is left alone");
    }
    fs::set_permissions(&compiled, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(bench.compilations(), 0);
    fs::set_permissions(bench.artifact(), Permissions::from_mode(0o620)).unwrap();
    assert_eq!(bench.compilations(), 1, "a file that others can write");
    // Not through a link, wherever it leads.
    let elsewhere = bench.folder.path().join("elsewhere");
    fs::rename(&compiled, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &compiled).unwrap();
    assert_eq!(bench.compilations(), 1);
    fs::remove_file(&compiled).unwrap();
    fs::write(&compiled, b"no folder").unwrap();
    assert_eq!(bench.compilations(), 1);
    fs::remove_file(&compiled).unwrap();
    fs::rename(&elsewhere, &compiled).unwrap();
    assert_eq!(bench.compilations(), 0);
    let (artifact, aside) = (bench.artifact(), bench.folder.path().join("aside"));
    fs::rename(&artifact, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &artifact).unwrap();
    assert_eq!(bench.compilations(), 1);
    if rustix::process::geteuid().is_root() {
        let nobody = rustix::process::Uid::from_raw(65_534);
        rustix::fs::chown(&compiled, Some(nobody), None).unwrap();
        assert_eq!(bench.compilations(), 1, "a folder of somebody else");
    }
}

/// The row ABI's conventions and what a manifest promises are looked at in any case where they can't be known.
#[test]
fn row_functions_are_kept_too() {
    let bench = Bench::empty();
    let row = wat::parse_str(
        r#"(module (import "env" "has_field" (func (param i64 i32 i32) (result i32))) (memory (export "memory") 1)
        (func (export "filter") (param i64) (result i32) i32.const 1))"#,
    );
    for version in ["1.0.0", "1.1.0"] {
        let spec = row_manifest(&json!({"version": version, "row": "new"}));
        bench
            .open()
            .add(row.as_ref().unwrap(), Some(&spec))
            .unwrap();
    }
    assert_eq!(bench.compilations(), 0);
}

#[test]
fn pieces_are_hashed_in_their_order() {
    let sha = |bytes: &[u8]| -> [u8; 32] { <sha2::Sha256 as sha2::Digest>::digest(bytes).into() };
    for len in [0, 1, 1 << 20, (1 << 20) + 1, 5_300_000] {
        let bytes: Vec<u8> = (0..len)
            .map(|i: u32| i.to_le_bytes()[0] ^ i.to_le_bytes()[2])
            .collect();
        let naive: Vec<u8> = bytes.chunks(1 << 20).flat_map(sha).collect();
        let mut read = vec![0; bytes.len()];
        let fill = |piece: &mut [u8], at: u64| {
            let at = usize::try_from(at).unwrap();
            piece.copy_from_slice(&bytes[at..at + piece.len()]);
            Ok(())
        };
        assert_eq!(
            digest(&mut read, fill).unwrap(),
            hash(&naive),
            "{len} bytes"
        );
        assert!(read == bytes);
    }
    let failing = |_: &mut [u8], at: u64| {
        if at > 0 {
            Err(std::io::Error::other("no"))
        } else {
            Ok(())
        }
    };
    assert!(digest(&mut vec![0; 3 << 20], failing).is_err());
}
