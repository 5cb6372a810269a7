//! `diagon udf bench`: what a function costs a document, beside native code that reads the same values.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value as Json};

use super::super::{input, print};
use super::cases;
use super::fixture::{self, Fixture};
use super::project::ModuleArguments;
use super::test::choose;
use crate::Error;
use crate::batch::{
    BATCH_CAPACITY, BatchUdf, ColumnId, ColumnOut, ColumnRequest, Columns, Interrupt, Outcome,
    UdfBatch, ValueType, Verdict,
};
use crate::index::Snapshot;
use crate::udf::{Abi, Input, RegisteredUdf, UdfRegistry, Version};

/// Turns that native code and the function take; of each the fastest counts, since whatever else the machine does only adds.
const ROUNDS: usize = 15;

/// Bytes of a file of documents.
const MAX_BYTES: usize = 1 << 30;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Bench {
    #[command(flatten)]
    module: ModuleArguments,
    /// Which function, of a module with several
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Its parameters; by default those of the first case that names it
    #[arg(long, value_name = "JSON")]
    parameters: Option<String>,
    /// The documents, one JSON object a line; by default those of the project's cases
    #[arg(long, value_name = "FILE.jsonl")]
    documents: Option<PathBuf>,
    /// Their mapping; schema.json of the project if there is one, else made of what the function reads
    #[arg(long, value_name = "FILE.json")]
    schema: Option<PathBuf>,
    /// Documents are repeated until there are so many
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
}

impl Bench {
    pub(super) fn run(self) -> crate::Result<()> {
        let module = self.module.read()?;
        let registry = fixture::registry()?;
        let labels = fixture::register(&registry, &module)?;
        let label = choose(self.function.as_deref(), &labels)?;
        let udf = resolve(&registry, &label)?;
        let different = self.texts(&label)?;
        let parameters = self.parameters(&label)?;
        let prepared = udf.prepare(&parameters)?;
        let mapping = match self.schema() {
            Some(path) => input::text(&path, MAX_BYTES)?,
            None => fixture::mapping_for(prepared.requests().iter())?,
        };
        let all = different.iter().cycle().take(self.count as usize);
        let numbered = all.enumerate();
        let fixture = Fixture::new(
            &mapping,
            numbered.map(|(n, text)| (n.to_string(), text.as_str())),
        );
        let fixture = fixture.map_err(|(number, error)| match number {
            Some(number) => Error::InvalidArgument(format!("document {}: {error}", number + 1)),
            None => error,
        })?;
        let shown = serde_json::to_string(&parameters).unwrap_or_default();
        print::out(format_args!(
            "{label} with {}, {} documents ({} different)",
            print::one_line(&shown),
            self.count,
            different.len()
        ))?;
        print::out(format_args!(
            "{:<28} {:>10} {:>12} {:>14} {:>7}",
            "", "documents", "native, ns", "function, ns", "ratio"
        ))?;
        let run = Run {
            fixture: &fixture,
            parameters: &parameters,
            requests: prepared.requests().to_vec(),
        };
        drop(prepared);
        run.ways(&registry, &udf, &module.bytes, self.count)
    }

    fn parameters(&self, label: &str) -> crate::Result<Map<String, Json>> {
        if let Some(text) = &self.parameters {
            let parsed = serde_json::from_str(text);
            return parsed
                .map_err(|error| Error::InvalidArgument(format!("--parameters: {error}")));
        }
        let path = self.cases();
        if !path.is_file() {
            return Ok(Map::new());
        }
        let accepted = |case: &cases::Case| !case.expected().is_object();
        let cases = cases::read(&path)?;
        let first = cases
            .into_iter()
            .find(|c| is_about(c, label) && accepted(c));
        Ok(first.map(|case| case.parameters).unwrap_or_default())
    }

    fn cases(&self) -> PathBuf {
        self.module.project.join("tests.jsonl")
    }

    fn schema(&self) -> Option<PathBuf> {
        let own = self.module.project.join("schema.json");
        let own = (self.documents.is_none() && own.is_file()).then_some(own);
        self.schema.clone().or(own)
    }

    /// The documents' JSON.
    fn texts(&self, label: &str) -> crate::Result<Vec<String>> {
        if let Some(path) = &self.documents {
            return lines(path);
        }
        let cases = cases::read(&self.cases()).map_err(|error| {
            let message = format!("{error} (or give documents with --documents)");
            Error::InvalidArgument(message)
        })?;
        let own = cases.iter().filter(|case| is_about(case, label));
        let documents: Vec<String> = own.map(|c| c.document.get().to_string()).collect();
        if documents.is_empty() {
            let message = format!("no case is about {label}: give documents with --documents");
            return Err(Error::InvalidArgument(message));
        }
        Ok(documents)
    }
}

/// Whether a case is about a function, which it need not name if it is the only one.
fn is_about(case: &cases::Case, label: &str) -> bool {
    let name = label.split('@').next();
    let named = case.function.as_deref();
    named.is_none_or(|named| named == label || Some(named) == name)
}

fn lines(path: &Path) -> crate::Result<Vec<String>> {
    let text = input::text(path, MAX_BYTES)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<String> = lines.map(str::to_string).collect();
    if lines.is_empty() {
        let message = format!("{}: there are no documents", path.display());
        return Err(Error::InvalidArgument(message));
    }
    Ok(lines)
}

fn resolve(registry: &UdfRegistry, label: &str) -> crate::Result<std::sync::Arc<RegisteredUdf>> {
    let (name, version) = label.split_once('@').unwrap_or((label, ""));
    registry.resolve(name, Some(version))
}

struct Run<'r> {
    fixture: &'r Fixture,
    parameters: &'r Map<String, Json>,
    requests: Vec<ColumnRequest>,
}

impl Run<'_> {
    /// A line for each way in which the function is asked.
    fn ways(
        &self,
        registry: &UdfRegistry,
        udf: &RegisteredUdf,
        module: &[u8],
        count: u32,
    ) -> crate::Result<()> {
        let row = matches!(udf.manifest().abi, Abi::Row { .. });
        let way = if row { "row ABI" } else { "gathered" };
        let all: Vec<u32> = (0..count).collect();
        let by_dictionary = self.pass(udf, &all)?.by_dictionary > 0;
        let impure;
        let asked_each = if by_dictionary {
            impure = resolve(registry, &without_purity(registry, udf, module)?)?;
            &impure
        } else {
            udf
        };
        for (percent, step) in [(100, 1), (10, 10), (1, 100)] {
            let docs: Vec<u32> = all.iter().copied().step_by(step).collect();
            self.line(&format!("{way}, {percent} %"), asked_each, &docs)?;
        }
        if by_dictionary {
            self.line("by dictionary, 100 %", udf, &all)?;
        }
        let pass = self.pass(asked_each, &all)?;
        let verb = match udf.manifest().kind {
            crate::udf::Kind::Filter => "kept",
            _ => "with an answer",
        };
        print::out(format_args!(
            "{} of {count} documents {verb}",
            pass.answered
        ))?;
        if pass.failed > 0 {
            print::remark(&format!(
                "warning: it failed on {}: {}",
                print::counted(pass.failed, "document"),
                pass.message
            ));
        }
        Ok(())
    }

    fn line(&self, way: &str, udf: &RegisteredUdf, docs: &[u32]) -> crate::Result<()> {
        let (mut native, mut function) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            black_box(read(self.fixture.snapshot(), &self.requests, docs)?);
            native = native.min(started.elapsed().as_secs_f64());
            let started = Instant::now();
            black_box(self.pass(udf, docs)?);
            function = function.min(started.elapsed().as_secs_f64());
        }
        #[expect(clippy::cast_precision_loss, reason = "ten million at most")]
        let each = |seconds: f64| seconds * 1e9 / docs.len() as f64;
        print::out(format_args!(
            "{way:<28} {:>10} {:>12.2} {:>14.2} {:>7.2}",
            docs.len(),
            each(native),
            each(function),
            function / native
        ))
    }

    /// What one query's use of a function costs: its instance, its columns, its calls.
    fn pass(&self, udf: &RegisteredUdf, docs: &[u32]) -> crate::Result<Pass> {
        let prepared = udf.prepare(self.parameters)?;
        let mut bound = prepared.bind();
        bound.enter_segment(Box::new(self.fixture.snapshot().columns(0)?))?;
        let scores = vec![1.0_f32; BATCH_CAPACITY];
        let wants_score = udf.manifest().wants(Input::Score);
        let (interrupt, mut outcome) = (Interrupt::default(), Outcome::default());
        let mut pass = Pass::default();
        for docs in docs.chunks(BATCH_CAPACITY) {
            let scores = wants_score.then_some(&scores[..docs.len()]);
            bound.evaluate(UdfBatch { docs, scores }, &interrupt, &mut outcome)?;
            for verdict in &outcome.verdicts {
                pass.answered += u64::from(*verdict == Verdict::Yes);
                pass.failed += u64::from(*verdict == Verdict::Error);
            }
            if let (true, Some(failure)) = (pass.message.is_empty(), outcome.failures.first()) {
                pass.message.clone_from(&failure.message);
            }
        }
        pass.by_dictionary = bound.counts().by_dictionary;
        Ok(pass)
    }
}

#[derive(Default)]
struct Pass {
    answered: u64,
    failed: u64,
    message: String,
    by_dictionary: u64,
}

/// Registers a function again that doesn't say it is pure, so that it is asked about each document; returns its label.
fn without_purity(
    registry: &UdfRegistry,
    udf: &RegisteredUdf,
    module: &[u8],
) -> crate::Result<String> {
    let mut manifest = udf.manifest().json.clone();
    let mut version: Version = udf.manifest().version.clone();
    version.patch += 1;
    manifest["pure"] = false.into();
    manifest["version"] = version.to_string().into();
    let added = registry.add(module, Some(&manifest.to_string()))?;
    let label = |r: &crate::udf::Registration| r.udf.manifest().label();
    Ok(added.first().map(label).unwrap_or_default())
}

/// Reads columns by the calls that a function's come by, and looks at each value.
fn read(snapshot: &Snapshot, requests: &[ColumnRequest], docs: &[u32]) -> crate::Result<u64> {
    let mut columns = snapshot.columns(0)?;
    let mut open = Vec::new();
    for request in requests {
        open.push((columns.open(request)?, request));
    }
    let mut buffers = Buffers::default();
    let mut sum = 0_u64;
    for docs in docs.chunks(BATCH_CAPACITY) {
        for (id, request) in &open {
            let values = buffers.read(&mut columns, *id, request, docs)?;
            let (words, rest) = values.as_chunks::<8>();
            let words = words.iter().map(|word| u64::from_le_bytes(*word));
            sum = words.fold(sum, u64::wrapping_add);
            sum = rest
                .iter()
                .fold(sum, |sum, byte| sum.wrapping_add(u64::from(*byte)));
        }
    }
    Ok(sum)
}

#[derive(Default)]
struct Buffers {
    offsets: Vec<u8>,
    child_offsets: Vec<u8>,
    values: Vec<u8>,
    validity: Vec<u8>,
}

impl Buffers {
    fn read(
        &mut self,
        columns: &mut impl Columns,
        id: ColumnId,
        request: &ColumnRequest,
        docs: &[u32],
    ) -> crate::Result<&[u8]> {
        let extent = columns.measure(id, docs)?;
        let strings = request.value_type == ValueType::Str;
        let items = if request.list {
            extent.items
        } else {
            docs.len()
        };
        let size = |buffer: &mut Vec<u8>, needed: bool, bytes: usize| {
            buffer.resize(if needed { bytes } else { 0 }, 0);
        };
        size(
            &mut self.offsets,
            request.list || strings,
            4 * (docs.len() + 1),
        );
        size(
            &mut self.child_offsets,
            request.list && strings,
            4 * (items + 1),
        );
        let width = request.value_type.width();
        size(
            &mut self.values,
            true,
            if strings { extent.bytes } else { items * width },
        );
        size(
            &mut self.validity,
            request.default.is_none() && !request.list,
            docs.len().div_ceil(8),
        );
        let out = ColumnOut {
            offsets: &mut self.offsets,
            child_offsets: &mut self.child_offsets,
            values: &mut self.values,
            validity: &mut self.validity,
        };
        columns.write(id, docs, out)?;
        Ok(&self.values)
    }
}
