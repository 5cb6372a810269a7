//! What the registry tells whoever listens, and how seldom. One test, since the listener is the whole program's.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use diagon::batch::FunctionSource;
use diagon::index::{IndexWriter, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use diagon::udf::UdfRegistry;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes events down, one a line, and the names of spans.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<&'static str>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("diagon")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.1.lock().unwrap().push(span.metadata().name());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Listener {
    /// What was told since the last call.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

const TRAPS: &str = r#"(module (memory (export "memory") 2) (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
  (func (export "filter") (param i32) (result i32)
    (if (i32.load offset=4 (local.get 0)) (then unreachable)) i32.const 0))"#;

fn searcher(registry: &Arc<UdfRegistry>) -> (tempfile::TempDir, Searcher) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::open(folder.path(), None, WriterOptions::default()).unwrap();
    for n in 0..50 {
        writer.add(Some(&n.to_string()), b"{}").unwrap();
    }
    let functions: Arc<dyn FunctionSource> = Arc::clone(registry) as _;
    let searcher = Searcher::new(writer.commit().unwrap(), Some(functions), "events");
    (folder, searcher)
}

#[test]
fn changes_and_first_failures_are_told() {
    let listener = Listener::default();
    tracing::subscriber::set_global_default(listener.clone()).unwrap();
    let registry = Arc::new(UdfRegistry::in_memory().unwrap());
    let (_folder, searcher) = searcher(&registry);
    assert_eq!(listener.heard(), Vec::<String>::new());

    let spec = json!({"abi": 1, "name": "f", "version": "1.0.0", "kind": "filter"}).to_string();
    let (module, version) = (::wat::parse_str(TRAPS).unwrap(), "1.0.0".parse().unwrap());
    registry.add(&module, Some(&spec)).unwrap();
    registry.add(&module, Some(&spec)).unwrap();
    registry.set_alias("f", "stable", &version).unwrap();
    let lines = listener.heard();
    let registered = "INFO message=a function was registered name=f version=1.0.0 kind=\"filter\"";
    assert!(lines[0].starts_with(registered), "{lines:?}");
    assert_eq!(
        lines[1],
        "INFO message=an alias was set name=f alias=stable version=1.0.0"
    );
    assert_eq!(lines.len(), 2, "the same again is no change: {lines:?}");

    let request = json!({"query": {"wasm_udf": {"name": "f", "version": "stable"}}}).to_string();
    let request = query::parse(&request).unwrap();
    for n in 0..7 {
        let found = searcher.search(&request, &SearchOptions::default());
        assert_eq!(found.is_ok(), n < 5, "the breaker opens after the fifth");
    }
    let lines = listener.heard();
    let failed = "WARN message=a function failed name=f version=1.0.0 kind=trap error=wasm trap: wasm `unreachable`";
    assert!(
        lines[..5].iter().all(|line| line.starts_with(failed)),
        "{lines:?}"
    );
    let opened = "WARN message=the circuit breaker of a function opened name=f version=1.0.0 why=of the last 5 different queries";
    assert!(lines[5].starts_with(opened), "{lines:?}");
    assert_eq!(
        lines.len(),
        6,
        "fifty failures of a query are told once: {lines:?}"
    );

    registry.remove_alias("f", "stable").unwrap();
    registry.remove("f", &version).unwrap();
    let removed = [
        "INFO message=an alias was removed name=f alias=stable",
        "INFO message=a function was removed name=f version=1.0.0",
    ];
    assert_eq!(listener.heard(), removed);
}
