//! What the benchmarks search: the sample corpus, twenty times over, in one segment.
#![allow(dead_code, reason = "each benchmark uses a part")]

use std::sync::Arc;

use diagon::index::{IndexWriter, Snapshot, WriterOptions};
use diagon::search::Searcher;
use diagon::udf::{EngineOptions, UdfEngine, UdfLimits, UdfRegistry};

/// Copies of the 5,000 records; ids are made unique.
const COPIES: usize = 20;

pub fn read(path: &str) -> Vec<u8> {
    let full = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&full).unwrap_or_else(|error| panic!("{full}: {error}"))
}

/// A snapshot of 100,000 documents; the folder goes with the returned guard.
pub fn snapshot() -> (tempfile::TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let mapping = String::from_utf8(read("examples/data/packages.schema.json")).unwrap();
    let records = String::from_utf8(read("examples/data/packages.jsonl")).unwrap();
    let mut options = WriterOptions::default();
    options.ram_buffer_bytes = 1 << 30;
    let mut writer = IndexWriter::open(folder.path(), Some(&mapping), options).unwrap();
    for copy in 0..COPIES {
        for (line, record) in records.lines().enumerate() {
            writer
                .add(Some(&format!("{line}-{copy}")), record.as_bytes())
                .unwrap();
        }
    }
    let snapshot = writer.commit().unwrap();
    assert_eq!(snapshot.segments(), 1);
    (folder, snapshot)
}

/// A registry that asks functions each time: what was answered once would be all that is measured.
pub fn without_results() -> UdfRegistry {
    let limits = UdfLimits {
        result_cache_bytes: 0,
        ..UdfLimits::default()
    };
    UdfRegistry::in_memory_with(UdfEngine::new(&EngineOptions::default()).unwrap(), limits)
}

/// The two example guests.
pub fn registry() -> Arc<UdfRegistry> {
    let registry = without_results();
    registry
        .add(
            &read("examples/udfs/rust/string_distance/string_distance.wasm"),
            None,
        )
        .unwrap();
    let manifest =
        String::from_utf8(read("examples/udfs/wat/string_distance/manifest.json")).unwrap();
    registry
        .add(
            &read("examples/udfs/wat/string_distance/string_distance.wasm"),
            Some(&manifest),
        )
        .unwrap();
    Arc::new(registry)
}

pub fn searcher(snapshot: &Snapshot) -> Searcher {
    Searcher::new(snapshot.clone(), Some(registry()), "bench")
}
