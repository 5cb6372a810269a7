//! What is told to whoever listens, and how seldom.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use serde_json::{Map, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::support::*;
use crate::batch::BatchUdf;
use crate::udf::UdfRegistry;

/// Writes events down, one a line.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

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
    fn new_span(&self, _: &Attributes<'_>) -> Id {
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

fn heard(what: impl FnOnce()) -> Vec<String> {
    let listener = Listener::default();
    tracing::subscriber::with_default(listener.clone(), what);
    let lines = listener.0.lock().unwrap().clone();
    lines
}

fn query(registry: &UdfRegistry) {
    if let Ok(prepared) = registry.resolve("f", None).unwrap().prepare(&Map::new()) {
        let mut bound = prepared.bind();
        bound.enter_segment(Box::new(Docs::new([]))).unwrap();
        for _ in 0..3 {
            ask(&mut bound, 50).unwrap();
        }
    }
}

#[test]
fn changes_and_first_failures_are_told() {
    let registry = registry();
    let spec = manifest(&json!({}));
    let version = "1.0.0".parse().unwrap();
    let lines = heard(|| {
        registry.add(&guest("unreachable"), Some(&spec)).unwrap();
        registry.add(&guest("unreachable"), Some(&spec)).unwrap();
        registry.set_alias("f", "stable", &version).unwrap();
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with(
            "INFO message=a function was registered name=f version=1.0.0 kind=\"filter\""
        ),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "INFO message=an alias was set name=f alias=stable version=1.0.0"
    );
    let lines = heard(|| (0..7).for_each(|_| query(&registry)));
    let failed = "WARN message=a function failed name=f version=1.0.0 kind=trap error=wasm trap: wasm `unreachable` instruction executed";
    assert!(
        lines[..5].iter().all(|line| line.starts_with(failed)),
        "{lines:?}"
    );
    assert!(lines[5].starts_with("WARN message=the circuit breaker of a function opened name=f version=1.0.0 why=of the last 5"), "{lines:?}");
    assert_eq!(
        lines.len(),
        6,
        "150 failures a query are told once: {lines:?}"
    );
    let lines = heard(|| {
        registry.remove_alias("f", "stable").unwrap();
        registry.remove("f", &version).unwrap();
    });
    assert_eq!(
        lines,
        [
            "INFO message=an alias was removed name=f alias=stable",
            "INFO message=a function was removed name=f version=1.0.0"
        ]
    );
}
