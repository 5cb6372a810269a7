//! A function in Go, whose module is large and whose runtime starts slowly: compiled once, started once, and its answers are those of the source.
//!
//! It needs the `go` command; without it nothing is tested, and the test says so. Times are printed, not judged.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diagon::batch::FunctionSource;
use diagon::index::{IndexWriter, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use diagon::udf::{EngineOptions, UdfEngine, UdfLimits, UdfRegistry};
use serde_json::json;

/// Builds the guest; `None` if there is no compiler.
fn build(folder: &Path) -> Option<Vec<u8>> {
    Command::new("go").arg("version").output().ok()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/go");
    let module = folder.join("guest.wasm");
    let built = Command::new("go")
        .args(["build", "-buildmode=c-shared", "-trimpath", "-o"])
        .arg(&module)
        .arg(".")
        .current_dir(source)
        .envs([
            ("GOOS", "wasip1"),
            ("GOARCH", "wasm"),
            ("GOFLAGS", "-mod=mod"),
        ])
        .env("GOCACHE", folder.join("cache"))
        .status();
    assert!(built.unwrap().success(), "the guest does not build");
    Some(std::fs::read(module).unwrap())
}

fn manifest() -> String {
    json!({"abi": 1, "name": "known", "version": "1.0.0", "kind": "filter", "pure": true,
        "fields": [{"name": "name", "type": "str", "default": ""}],
        "params": [{"name": "prefix", "type": "str", "required": true}]})
    .to_string()
}

fn index(folder: &Path) -> Snapshot {
    let mapping = r#"{"properties": {"name": {"type": "keyword"}}}"#;
    let mut writer = IndexWriter::open(folder, Some(mapping), WriterOptions::default()).unwrap();
    for n in 0..4_000 {
        let name = [format!("word{n}"), format!("other{n}"), String::new()][n % 3].clone();
        writer
            .add(
                Some(&n.to_string()),
                json!({"name": name}).to_string().as_bytes(),
            )
            .unwrap();
    }
    writer.commit().unwrap()
}

/// What the source of the guest says.
fn expected() -> u64 {
    let kept = (0..4_000)
        .filter(|n| (n % 3 == 0 && *n < 2_000) || (n % 3 == 1 && n.to_string().starts_with('1')));
    kept.count() as u64
}

fn total(snapshot: &Snapshot, registry: &Arc<UdfRegistry>) -> u64 {
    let functions: Arc<dyn FunctionSource> = Arc::clone(registry) as _;
    let searcher = Searcher::new(snapshot.clone(), Some(functions), "go");
    let request = json!({"query": {"wasm_udf": {"name": "known", "parameters": {"prefix": "other1"}, "on_error": "fail"}}, "track_total_hits": true});
    let request = query::parse(&request.to_string()).unwrap();
    let response = searcher
        .search(&request, &SearchOptions::default())
        .unwrap();
    response.total.unwrap().value
}

#[test]
fn a_go_module_is_compiled_and_started_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = std::io::stderr().lock();
    let Some(module) = build(folder.path()) else {
        writeln!(out, "no `go`: not tested").unwrap();
        return;
    };
    let snapshot = index(&folder.path().join("index"));
    for pre_initialize in [false, true] {
        let path = folder.path().join(format!("udf-{pre_initialize}"));
        let engine = || {
            let options = EngineOptions {
                pre_initialize,
                ..EngineOptions::default()
            };
            UdfEngine::new(&options).unwrap()
        };
        let open = |engine: &Arc<UdfEngine>| {
            let limits = UdfLimits {
                batch_base: Duration::from_secs(20),
                result_cache_bytes: 0, // the guest is to answer each time
                ..UdfLimits::default()
            };
            Arc::new(UdfRegistry::open_with(&path, Arc::clone(engine), limits).unwrap())
        };
        let started = Instant::now();
        let added = open(&engine()).add(&module, Some(&manifest())).unwrap();
        assert!(added[0].warnings.is_empty(), "{:?}", added[0].warnings);
        let took = started.elapsed();
        writeln!(
            out,
            "started once: {pre_initialize}; {} bytes, registered in {took:?}",
            module.len()
        )
        .unwrap();

        // As another process would.
        let engine = engine();
        for _ in 0..3 {
            let started = Instant::now();
            let registry = open(&engine);
            let opened = started.elapsed();
            let parameters = json!({"prefix": "other1"});
            let udf = registry.resolve("known", None).unwrap();
            let prepared = udf.prepare(parameters.as_object().unwrap());
            let loaded = started.elapsed() - opened;
            drop(prepared.unwrap());
            let times = [(); 5].map(|()| {
                let started = Instant::now();
                assert_eq!(total(&snapshot, &registry), expected());
                started.elapsed()
            });
            writeln!(
                out,
                "opened in {opened:?}, loaded in {loaded:?}, queries {times:?}"
            )
            .unwrap();
        }
        assert_eq!(engine.compilations(), 0);
    }
}
