//! `diagon quickstart`: the main job on real data, in one command.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::print;
use crate::index::{Snapshot, WriterOptions};
use crate::search::{SearchOptions, SearchResponse, Searcher};
use crate::shard::Index;
use crate::udf::UdfRegistry;
use crate::{Error, query};

/// Descriptions of 5,000 free software packages; see examples/data/README.md.
const CORPUS: &str = include_str!("../../examples/data/packages.jsonl");
const MAPPING: &str = include_str!("../../examples/data/packages.schema.json");

/// The example functions: one rule, by the batch ABI from Rust, and by the row ABI from WebAssembly text.
const BATCH_GUEST: &[u8] =
    include_bytes!("../../examples/udfs/rust/string_distance/string_distance.wasm");
const ROW_GUEST: &[u8] =
    include_bytes!("../../examples/udfs/wat/string_distance/string_distance.wasm");
const ROW_MANIFEST: &str = include_str!("../../examples/udfs/wat/string_distance/manifest.json");

#[derive(Debug, clap::Args)]
pub(super) struct Quickstart {
    /// The index's folder, made if it is missing
    #[arg(long, value_name = "DIR", default_value = "diagon-data")]
    dir: PathBuf,
}

/// A search of the tour.
struct Step {
    title: &'static str,
    request: &'static str,
}

const STEPS: [Step; 5] = [
    Step {
        title: "Text, ranked by BM25",
        request: r#"{"query":{"match":{"body":"search engine"}},"size":3,"_source":["title"]}"#,
    },
    Step {
        title: "The same, and the name is within 7 edits of \"xapian\": a WebAssembly filter from Rust (batch ABI)",
        request: r#"{"query":{"bool":{"must":[{"match":{"body":"search engine"}}],"filter":[{"wasm_udf":{"name":"string_distance","version":"1.0.0","parameters":{"field":"name","target":"xapian","max_distance":7}}}]}},"size":5,"_source":["title"]}"#,
    },
    Step {
        title: "The same rule from WebAssembly text (row ABI): other code, the same hits",
        request: r#"{"query":{"bool":{"must":[{"match":{"body":"search engine"}}],"filter":[{"wasm_udf":{"name":"string_distance_row","version":"1.0.0","parameters":{"field":"name","target":"xapian","max_distance":7}}}]}},"size":5,"_source":["title"]}"#,
    },
    Step {
        title: "Functions anywhere in the tree, two at once: named like \"vim\" or \"emacs\", but not an add-on; small packages",
        request: r#"{"query":{"bool":{"should":[{"wasm_udf":{"name":"string_distance","parameters":{"field":"name","target":"vim","max_distance":3}}},{"wasm_udf":{"name":"string_distance_row","parameters":{"field":"name","target":"emacs","max_distance":3}}}],"minimum_should_match":1,"filter":[{"match":{"body":"editor"}},{"range":{"installed_size":{"lt":100000}}}],"must_not":[{"term":{"tags":"role::plugin"}}]}},"size":5,"_source":["title","installed_size"]}"#,
    },
    Step {
        title: "A phrase in one section, the function as must_not: parsers whose names are more than 8 edits from \"parser\"",
        request: r#"{"query":{"bool":{"must":[{"match_phrase":{"body":"parser generator"}}],"must_not":[{"wasm_udf":{"name":"string_distance","version":"^1","parameters":{"field":"name","target":"parser","max_distance":8}}}]}},"size":5,"_source":["title","section"]}"#,
    },
];

impl Quickstart {
    pub(super) fn run(self) -> crate::Result<()> {
        let dir = self.dir.as_path();
        prepare(dir)?;
        let searcher = crate::shard::open_searcher(dir)?;
        for (number, step) in STEPS.iter().enumerate() {
            show(number + 1, step, &searcher)?;
        }
        print::out(format_args!(
            "Next: {} search --dir {} '{}'",
            program(),
            dir.display(),
            STEPS[1].request
        ))
    }
}

/// Makes the index, or what is missing of it.
fn prepare(dir: &Path) -> crate::Result<()> {
    let index = Index::open(dir, Some(MAPPING), WriterOptions::default())?;
    let searcher = index.searcher();
    let mut added = 0;
    for line in CORPUS.lines() {
        if !is_there(searcher.snapshot(), line)? {
            index.add(None, line.as_bytes())?;
            added += 1;
        }
    }
    if added > 0 {
        index.commit()?;
    }
    for (module, manifest) in [(BATCH_GUEST, None), (ROW_GUEST, Some(ROW_MANIFEST))] {
        register(index.udfs(), module, manifest)?;
    }
    print::out(format_args!(
        "{}: {} documents ({added} added now)",
        dir.display(),
        index.searcher().snapshot().live_docs()
    ))?;
    for udf in index.udfs().list() {
        print::out(format_args!(
            "function {}: {}",
            udf.manifest().label(),
            print::one_line(&udf.manifest().description)
        ))?;
    }
    print::out(format_args!(""))
}

/// Registers an example function. One that an older version of this program left under the same name and version gives way:
/// it is this program's own.
fn register(registry: &UdfRegistry, module: &[u8], manifest: Option<&str>) -> crate::Result<()> {
    match registry.add(module, manifest) {
        Err(Error::UdfExists { .. }) => {}
        other => return other.map(drop),
    }
    for registration in registry.check(module, manifest)? {
        let manifest = registration.udf.manifest();
        registry.remove(&manifest.name, &manifest.version)?;
    }
    registry.add(module, manifest).map(drop)
}

/// How the program was called.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "diagon".into())
}

/// Whether a document is in the index as it is.
fn is_there(snapshot: &Snapshot, line: &str) -> crate::Result<bool> {
    let document: Json =
        serde_json::from_str(line).map_err(|error| Error::Internal(error.to_string()))?;
    let Some(at) = snapshot.find(document["id"].as_str().unwrap_or_default())? else {
        return Ok(false);
    };
    let mut source = Vec::new();
    snapshot.source(at, &mut source)?;
    Ok(source == line.trim().as_bytes())
}

fn show(number: usize, step: &Step, searcher: &Searcher) -> crate::Result<()> {
    let request = query::parse(step.request)?;
    // The first run compiles the function and touches the files; the second is what the figures are of.
    searcher.search(&request, &SearchOptions::default())?;
    let response = searcher.search(&request, &SearchOptions::default())?;
    print::out(format_args!("{number}. {}", step.title))?;
    print::out(format_args!("   {}", step.request))?;
    for hit in &response.hits {
        let source = hit.source.as_ref().map_or("", |source| source.get());
        let (score, id) = (hit.score.unwrap_or_default(), &hit.id);
        print::out(format_args!("   {score:<10.4} {id:<28} {source}"))?;
    }
    print::out(format_args!("   {}\n", summary(&response)))
}

/// Total, time, and what the functions cost.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn summary(response: &SearchResponse) -> String {
    let profile = &response.profile;
    let total = response.total.map_or(0, |total| total.value);
    let milliseconds = profile.total_nanos as f64 / 1e6;
    let mut text = format!("total {total}, {milliseconds:.3} ms");
    if profile.functions.is_empty() {
        return text + ", no functions";
    }
    text += &format!(", {} candidates", profile.candidates);
    for function in &profile.functions {
        let counts = &function.counts;
        let each = counts.nanoseconds as f64 / counts.documents.max(1) as f64;
        text += &format!(
            "; {}: {} UDF calls about {} documents, {each:.0} ns a document",
            function.name, counts.calls, counts.documents
        );
    }
    text
}
