//! `diagon udf test`: cases through the real engine, the real columns and the real ABI.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{input, print};
use super::cases::{self, Answer, Case};
use super::fixture::{self, Fixture};
use super::project::{ModuleArguments, Project};
use crate::Error;
use crate::batch::{BATCH_CAPACITY, ColumnRequest};
use crate::schema::document_id;
use crate::udf::{Input, LogLine, RegisteredUdf, UdfRegistry};

/// Bytes of a mapping.
const MAX_SCHEMA_BYTES: usize = 16 << 20;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Test {
    #[command(flatten)]
    module: ModuleArguments,
    /// The cases, one JSON object a line; tests.jsonl of the project by default
    #[arg(long, value_name = "FILE.jsonl")]
    cases: Option<PathBuf>,
    /// The mapping of the documents; schema.json of the project if there is one, else made of what the functions read
    #[arg(long, value_name = "FILE.json")]
    schema: Option<PathBuf>,
}

/// A case with its function.
struct Asked<'c> {
    case: &'c Case,
    label: String,
    udf: Arc<RegisteredUdf>,
    /// The columns that it reads; a parameter that is refused is an answer, too.
    requests: Result<Vec<ColumnRequest>, Answer>,
}

impl Test {
    pub(super) fn run(self) -> crate::Result<()> {
        let module = self.module.read()?;
        let path = self.cases.clone();
        let path = path.unwrap_or_else(|| self.module.project.join("tests.jsonl"));
        let cases = cases::read(&path)?;
        let registry = fixture::registry()?;
        let labels = fixture::register(&registry, &module)?;
        let asked: Vec<Asked<'_>> = cases
            .iter()
            .map(|case| find(case, &registry, &labels).map_err(|e| at_line(&path, case, &e)))
            .collect::<crate::Result<_>>()?;
        let mapping = schema(self.schema.as_deref(), &self.module.project, &asked)?;
        let ids = ids(&cases);
        let documents = cases.iter().map(|case| case.document.get());
        let fixture =
            Fixture::new(&mapping, ids.into_iter().zip(documents)).map_err(|(number, error)| {
                number.map_or_else(
                    || Error::InvalidArgument(error.to_string()),
                    |number| at_line(&path, &cases[number], &error),
                )
            })?;
        let mut failed = alone(&path, &asked, &fixture)?;
        failed += together(&path, &asked, &fixture)?;
        print::out(format_args!(
            "{} passed, {failed} failed",
            cases.len().saturating_sub(failed)
        ))?;
        if failed > 0 {
            let of = print::counted(cases.len() as u64, "case");
            return Err(Error::InvalidArgument(format!("{failed} of {of} failed")));
        }
        Ok(())
    }
}

fn at_line(path: &Path, case: &Case, error: &Error) -> Error {
    Error::InvalidArgument(format!("{}:{}: {error}", path.display(), case.line))
}

/// The documents' own ids; of those without one, or with one that an earlier one has, the line.
fn ids(cases: &[Case]) -> Vec<String> {
    let mut taken = HashSet::new();
    let id = |case: &Case| {
        let own = document_id(case.document.get().as_bytes()).ok().flatten();
        own.filter(|id| taken.insert(id.clone()))
            .unwrap_or_else(|| format!("line {}", case.line))
    };
    cases.iter().map(id).collect()
}

/// The mapping in a file, or in the project, or one made of what functions read.
///
/// # Errors
/// `Io`, `InvalidArgument`.
fn schema(file: Option<&Path>, project: &Project, asked: &[Asked<'_>]) -> crate::Result<String> {
    let own = project.join("schema.json");
    let own = own.is_file().then_some(own);
    if let Some(path) = file.or(own.as_deref()) {
        return input::text(path, MAX_SCHEMA_BYTES);
    }
    let requests = asked.iter().filter_map(|a| a.requests.as_ref().ok());
    fixture::mapping_for(requests.flatten())
}

/// Finds a case's function.
///
/// # Errors
/// `InvalidArgument` if it isn't clear which function is meant, or it needs a score.
fn find<'c>(case: &'c Case, registry: &UdfRegistry, labels: &[String]) -> crate::Result<Asked<'c>> {
    let label = choose(case.function.as_deref(), labels)?;
    let (name, version) = label.split_once('@').unwrap_or((&label, ""));
    let udf = registry.resolve(name, Some(version))?;
    if udf.manifest().wants(Input::Score) && case.score.is_none() {
        let message = format!("`{label}` reads the score of the query: give \"score\"");
        return Err(Error::InvalidArgument(message));
    }
    let requests = udf.prepare(&case.parameters);
    let requests = requests.map(|prepared| prepared.requests().to_vec());
    Ok(Asked {
        case,
        label,
        udf,
        requests: requests.map_err(|error| Answer::Failed(error.to_string())),
    })
}

/// The only function of a module, or the one that is named, with or without its version.
///
/// # Errors
/// `InvalidArgument` that tells which there are.
pub(super) fn choose(named: Option<&str>, labels: &[String]) -> crate::Result<String> {
    let fits = |label: &&String| {
        named.is_none_or(|name| *label == name || label.split('@').next() == Some(name))
    };
    let found: Vec<&String> = labels.iter().filter(fits).collect();
    if let [only] = found[..] {
        return Ok(only.clone());
    }
    let problem = match named {
        Some(name) if found.is_empty() => format!("there is no function `{name}`"),
        _ => "say which function is meant".to_string(),
    };
    let there = labels.join(", ");
    Err(Error::InvalidArgument(format!(
        "{problem}: the module has {there}"
    )))
}

/// Asks about each document by itself; returns how many answers are not what is expected.
fn alone(path: &Path, asked: &[Asked<'_>], fixture: &Fixture) -> crate::Result<usize> {
    let mut failed = 0;
    for (place, p) in asked.iter().enumerate() {
        let (answer, log) = one(p, place, fixture);
        if p.case.accepts(&answer) {
            continue;
        }
        failed += 1;
        let (expected, label) = (p.case.expected(), &p.label);
        print::out(format_args!(
            "{}:{}: {label}: expected {expected}, got {}",
            path.display(),
            p.case.line,
            print::one_line(&answer.to_string())
        ))?;
        details(p, &log)?;
    }
    Ok(failed)
}

fn one(p: &Asked<'_>, place: usize, fixture: &Fixture) -> (Answer, Vec<LogLine>) {
    if let Err(answer) = &p.requests {
        return (answer.clone(), Vec::new());
    }
    let function = match p.udf.prepare(&p.case.parameters) {
        Ok(function) => function,
        Err(error) => return (Answer::Failed(error.to_string()), Vec::new()),
    };
    let doc = u32::try_from(place).unwrap_or(u32::MAX);
    let score = p.case.score.map(|score| [score]);
    let score = score.as_ref().map(<[f32; 1]>::as_slice);
    let (answers, log) = fixture.ask(&function, &[doc], score);
    let answer = match answers {
        Ok(mut answers) => answers.remove(0),
        Err(error) => Answer::Failed(error.to_string()),
    };
    (answer, log)
}

/// Asks about all documents with the same parameters at once: each answer must be what it is of the document alone. Returns how
/// many are not.
fn together(path: &Path, asked: &[Asked<'_>], fixture: &Fixture) -> crate::Result<usize> {
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (place, p) in asked.iter().enumerate() {
        let parameters = serde_json::to_string(&p.case.parameters).unwrap_or_default();
        if p.requests.is_ok() {
            let group = groups.entry((p.label.clone(), parameters)).or_default();
            group.push(place);
        }
    }
    let mut failed = 0;
    for places in groups
        .values()
        .flat_map(|places| places.chunks(BATCH_CAPACITY))
    {
        let first = &asked[places[0]];
        let docs = places.iter().map(|p| u32::try_from(*p).unwrap_or(u32::MAX));
        let scores: Option<Vec<f32>> = places.iter().map(|p| asked[*p].case.score).collect();
        let docs: Vec<u32> = docs.collect();
        let function = first.udf.prepare(&first.case.parameters)?;
        let (answers, log) = fixture.ask(&function, &docs, scores.as_deref());
        let answers = match answers {
            Ok(answers) => answers,
            // One document alone has said so already.
            Err(_) if docs.len() == 1 => continue,
            Err(error) => {
                failed += 1;
                print::out(format_args!(
                    "{}:{}: {}: among {}: {error}",
                    path.display(),
                    first.case.line,
                    first.label,
                    print::counted(docs.len() as u64, "document")
                ))?;
                details(first, &log)?;
                continue;
            }
        };
        for (place, answer) in places.iter().zip(answers) {
            let p = &asked[*place];
            let (by_itself, log) = one(p, *place, fixture);
            if p.case.accepts(&by_itself) && !by_itself.agrees(&answer) {
                failed += 1;
                print::out(format_args!(
                    "{}:{}: {}: {by_itself} of the document alone, but {} among {}: the function keeps something from one document to the next",
                    path.display(),
                    p.case.line,
                    p.label,
                    print::one_line(&answer.to_string()),
                    print::counted(docs.len() as u64, "document")
                ))?;
                details(p, &log)?;
            }
        }
    }
    Ok(failed)
}

fn details(p: &Asked<'_>, log: &[LogLine]) -> crate::Result<()> {
    let document = print::one_line(p.case.document.get());
    print::out(format_args!("  document:   {document}"))?;
    let parameters = serde_json::to_string(&p.case.parameters).unwrap_or_default();
    print::out(format_args!(
        "  parameters: {}",
        print::one_line(&parameters)
    ))?;
    for line in log {
        let level = match line.level {
            ..=0 => "debug",
            1 => "info",
            2 => "warning",
            3 => "error",
            _ => "reason",
        };
        print::out(format_args!(
            "  log:        {level}: {}",
            print::one_line(&line.text)
        ))?;
    }
    Ok(())
}
