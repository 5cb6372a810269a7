//! What the guests are let loose on: an index of several segments, the naive twin of it, and bystanders that must not suffer.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use diagon::batch::{FailureKind, FunctionSource};
use diagon::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{Relation, SearchOptions, SearchResponse, Searcher};
use diagon::udf::{EngineOptions, UdfEngine, UdfLimits, UdfRegistry};
use serde_json::{Value as Json, json};

use crate::guest::{Guest, manifest};
use crate::naive::document::Document;
use crate::naive::{Found, Said, Twin};
use diagon::batch::Verdict;

const MAPPING: &str = r#"{"properties": {"n": {"type": "long"}, "color": {"type": "keyword"}, "body": {"type": "text"},
    "x": {"type": "double"}, "even": {"type": "boolean"}}}"#;
const DOCUMENTS: i64 = 3_000;
const COLORS: [&str; 3] = ["red", "green", "grün"];

/// What a function says about the document with this number.
pub(crate) type Rule<'r> = &'r dyn Fn(i64) -> Verdict;

/// An index of some segments with deleted documents, and its twin.
pub(crate) struct Stage {
    pub(crate) snapshot: Snapshot,
    twin: Twin,
}

/// Indexed once for all tests.
pub(crate) fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
        let _ = std::fs::remove_dir_all(&folder);
        let mut options = WriterOptions::default();
        options.merges = MergeOptions::none(); // the twin keeps what is deleted
        let mut writer = IndexWriter::open(&folder, Some(MAPPING), options).expect("a writer");
        let mut twin = Twin::new(MAPPING);
        for n in 0..DOCUMENTS {
            let id = format!("d{n}");
            let color = COLORS[usize::try_from(n).expect("small") % 3];
            let body = format!("word{} {color} word{}", n % 10, n % 7);
            let document = json!({"n": n, "color": color, "body": body, "x": n as f64 / 4.0, "even": n % 2 == 0});
            let text = document.to_string();
            writer.add(Some(&id), text.as_bytes()).expect("a document");
            twin.add(&id, &document);
            if n % 100 == 57 {
                let gone = format!("d{}", n - 20);
                writer.delete(&gone).expect("a deletion");
                twin.delete(&gone);
            }
            if n == 1_000 || n == 2_500 {
                writer.refresh().expect("a refresh");
                twin.flush();
            }
        }
        let snapshot = writer.refresh().expect("a refresh");
        twin.flush();
        assert_eq!(snapshot.segments(), 3);
        Stage { snapshot, twin }
    })
}

/// One engine for all of them: a pool takes address space.
pub(crate) fn engine() -> Arc<UdfEngine> {
    static ENGINE: OnceLock<Arc<UdfEngine>> = OnceLock::new();
    let options = EngineOptions {
        instances: 64,
        ..EngineOptions::default()
    };
    Arc::clone(ENGINE.get_or_init(|| UdfEngine::new(&options).expect("an engine")))
}

/// A registry whose functions have `time` for a batch, with a function that does no harm.
pub(crate) fn registry(engine: Arc<UdfEngine>, time: Duration) -> Arc<UdfRegistry> {
    let limits = UdfLimits {
        batch_base: time,
        per_document: Duration::from_micros(50),
        ..UdfLimits::default()
    };
    let registry = UdfRegistry::in_memory_with(engine, limits);
    let bystander = manifest("bystander", &json!({}));
    let added = registry.add(&Guest::default().module(), Some(&bystander));
    added.expect("a good module");
    Arc::new(registry)
}

/// A document's number, as the guests see it.
fn number(document: &Document) -> i64 {
    document.long("n").unwrap_or(0)
}

/// A clause with a function.
pub(crate) fn clause(name: &str, parameters: &Json, on_error: &str) -> Json {
    json!({"wasm_udf": {"name": name, "parameters": parameters, "on_error": on_error}})
}

/// A query of clauses that all must hold.
pub(crate) fn all_of(clauses: &[Json]) -> Json {
    json!({"bool": {"filter": clauses}})
}

/// How much was asked, and what came of it. Told when the suite ends.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) guests: usize,
    pub(crate) refused: usize,
    pub(crate) queries: usize,
    /// Documents that a function failed on, by kind.
    pub(crate) failed: BTreeMap<&'static str, u64>,
    /// Queries that failed, by error code.
    pub(crate) ended: BTreeMap<String, usize>,
}

/// Runs queries, and compares what they answer with the twin.
pub(crate) struct Asker {
    searcher: Searcher,
    /// Queries after each guest, and their hits.
    others: Vec<(Json, Vec<Found>)>,
    pub(crate) tally: Tally,
}

impl Asker {
    pub(crate) fn new(functions: Arc<dyn FunctionSource>) -> Self {
        let range = json!({"range": {"n": {"gte": 40, "lt": 2_800}}});
        let words = json!({"match": {"body": "word3 red"}});
        let others = [
            all_of(&[clause("bystander", &json!({}), "fail")]),
            json!({"bool": {"must": [words], "filter": [range]}}),
        ];
        let found = |query: Json| {
            let found = found(&query, &honest);
            (query, found)
        };
        Self {
            others: others.into_iter().map(found).collect(),
            searcher: Searcher::new(stage().snapshot.clone(), Some(functions), "hostile"),
            tally: Tally::default(),
        }
    }

    /// Runs a query for all its hits.
    pub(crate) fn ask(
        &mut self,
        query: &Json,
        options: &SearchOptions,
    ) -> diagon::Result<SearchResponse> {
        self.ask_with(query, &json!({}), options)
    }

    /// As [`Asker::ask`], with more keys in the request.
    pub(crate) fn ask_with(
        &mut self,
        query: &Json,
        more: &Json,
        options: &SearchOptions,
    ) -> diagon::Result<SearchResponse> {
        self.tally.queries += 1;
        let mut body =
            json!({"query": query, "size": 10_000, "track_total_hits": true, "_source": false});
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let request = query::parse(&body.to_string())?;
        let response = self.searcher.search(&request, options);
        match &response {
            Ok(response) => {
                for function in &response.profile.functions {
                    let counts = &function.counts;
                    for (kind, number) in [
                        (FailureKind::Guest, counts.guest_failures),
                        (FailureKind::Trap, counts.traps),
                        (FailureKind::Protocol, counts.protocol_failures),
                        (FailureKind::Limit, counts.limit_failures),
                    ] {
                        *self.tally.failed.entry(kind.name()).or_default() += number;
                    }
                }
            }
            Err(error) => {
                *self
                    .tally
                    .ended
                    .entry(format!("{:?}", error.code()))
                    .or_default() += 1;
            }
        }
        response
    }

    /// Runs a query and compares every hit, its score and the total with the twin, in which `rule` is what every function of
    /// the query says.
    pub(crate) fn same(&mut self, query: &Json, rule: Rule<'_>) -> SearchResponse {
        self.compare(query, &found(query, rule))
    }

    /// As [`Asker::same`], with functions of any kind, and without the documents that `failed` names.
    pub(crate) fn same_but(
        &mut self,
        query: &Json,
        rule: &dyn Fn(i64) -> Said,
        failed: &dyn Fn(i64) -> bool,
    ) -> SearchResponse {
        let mut expected = found_by(query, rule);
        expected.retain(|found| !failed(found.id[1..].parse().expect("a number")));
        self.compare(query, &expected)
    }

    fn compare(&mut self, query: &Json, expected: &[Found]) -> SearchResponse {
        let response = self.ask(query, &SearchOptions::default());
        let response = response.unwrap_or_else(|e| panic!("{e}\n{query}"));
        let total = response.total.expect("a total");
        assert_eq!(
            (total.value, total.relation),
            (expected.len() as u64, Relation::Eq),
            "{query}"
        );
        assert_eq!(response.hits.len(), expected.len());
        for (hit, expected) in response.hits.iter().zip(expected) {
            let score = hit.score.expect("a score");
            assert_eq!(
                (&hit.id, score.to_bits()),
                (&expected.id, expected.score.to_bits()),
                "{query}"
            );
        }
        response
    }

    /// Queries with the function that does no harm, and without any.
    pub(crate) fn others_are_well(&mut self) {
        let others = std::mem::take(&mut self.others);
        for (query, expected) in &others {
            self.compare(query, expected);
        }
        self.others = others;
    }
}

/// What the guests say as long as they behave.
pub(crate) fn honest(n: i64) -> Verdict {
    if n % 3 == 0 {
        Verdict::Yes
    } else {
        Verdict::No
    }
}

/// The hits, best first, by looking at every document.
fn found(query: &Json, rule: Rule<'_>) -> Vec<Found> {
    found_by(query, &|n| rule(n).into())
}

fn found_by(query: &Json, rule: &dyn Fn(i64) -> Said) -> Vec<Found> {
    let request = query::parse(&json!({ "query": query }).to_string()).expect("a request");
    let view = stage().twin.view();
    view.search(&request.query, &|_, document, _| rule(number(document)))
}

/// How many live documents the rule fails on.
pub(crate) fn failing(rule: Rule<'_>) -> usize {
    let view = stage().twin.view();
    let live = view.live();
    live.filter(|document| rule(number(document)) == Verdict::Error)
        .count()
}
