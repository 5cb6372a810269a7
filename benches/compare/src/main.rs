//! Diagon beside Tantivy: the same documents and tokens, one process, one thread, one segment each, warm.
//!
//! ```text
//! cargo run --release -p diagon-compare -- --docs docs_large.jsonl --queries queries_large.jsonl
//! ```
//!
//! *Measured*: indexing (documents a CPU second, bytes, peak memory), then each query's time from the engine's query object to
//! its hits; of its runs the median (Diagon: `Searcher::top_docs` of a parsed request; Tantivy: `Searcher::search` of a built
//! query, addresses only). Both take turns, query by query: each is run once to be warm, then its timed runs follow each other. *Left out*: reading JSON queries, `_source`.
//!
//! Both must find the same number of hits and the same scores: Tantivy's BM25 has the factor k1 + 1 = 2.2 that Lucene dropped.

mod closure_query;
mod diagon_side;
mod functions;
mod machine;
mod report;
mod tantivy_side;
mod workload;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

use report::Row;
use workload::{Answer, Command, Query};

/// Compares Diagon and Tantivy on a corpus.
#[derive(Debug, Parser)]
struct Arguments {
    /// Documents, one JSON object a line: id, title, body, price, ts, category, maintainer
    #[arg(long)]
    docs: PathBuf,
    /// Queries, one JSON object a line: type, terms, min, max
    #[arg(long)]
    queries: PathBuf,
    /// Where the indexes are kept, to be used again; a temporary folder if not given
    #[arg(long)]
    work: Option<PathBuf>,
    /// Timed runs of each query
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only queries of this type; `term + function` for those with a user's function
    #[arg(long)]
    only: Option<String>,
    /// Puts Diagon's documents into an order of similarity; the time for it counts as indexing
    #[arg(long)]
    reorder: bool,
    /// Prints each query's times, too
    #[arg(long)]
    each: bool,
    /// Runs Diagon alone, for a profiler
    #[arg(long)]
    alone: bool,
    /// Indexes with so many threads, without merging, and stops; Diagon alone
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: Option<u32>,
    /// Only this command: `top 10`, `top 100 + count` or `count`
    #[arg(long)]
    command: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let temporary = tempfile::tempdir()?;
    let work = arguments
        .work
        .unwrap_or_else(|| temporary.path().to_path_buf());
    std::fs::create_dir_all(&work)?;

    if let Some(threads) = arguments.threads {
        let folder = work.join(format!("threads-{threads}"));
        let figures = machine::measure(|| {
            diagon_side::index_with_threads(&arguments.docs, &folder, threads)
        })?;
        report::indexing("Diagon", &figures, &folder)?;
        return Ok(());
    }
    let (ours, theirs) = (work.join("diagon"), work.join("tantivy"));
    if !ours.exists() {
        let figures =
            machine::measure(|| diagon_side::index(&arguments.docs, &ours, arguments.reorder))?;
        report::indexing("Diagon", &figures, &ours)?;
    }
    if !theirs.exists() {
        let figures = machine::measure(|| tantivy_side::index(&arguments.docs, &theirs))?;
        report::indexing("Tantivy", &figures, &theirs)?;
    }

    let diagon = diagon_side::Engine::open(&ours)?;
    let tantivy = tantivy_side::Engine::open(&theirs)?;
    let queries = workload::queries(&arguments.queries)?;
    if arguments.only.as_deref() == Some(functions::KIND) {
        let differences =
            functions::run(&diagon, &tantivy, &queries, arguments.runs, arguments.alone)?;
        return told(differences);
    }
    let wanted = |query: &&Query| arguments.only.as_ref().is_none_or(|t| *t == query.kind);
    let queries: Vec<&Query> = queries.iter().filter(wanted).collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut differences = 0;
    let asked = |c: &Command| {
        arguments
            .command
            .as_ref()
            .is_none_or(|name| name == c.name())
    };
    for command in Command::ALL.into_iter().filter(asked) {
        for query in &queries {
            let mut prepared = (diagon.prepare(query, command)?, tantivy.prepare(query)?);
            if arguments.alone {
                for _ in 0..arguments.runs {
                    std::hint::black_box(diagon.run(&mut prepared.0)?);
                }
                continue;
            }
            let warm = (
                diagon.run(&mut prepared.0)?,
                tantivy.run(&prepared.1, command)?,
            );
            if let Some(what) = workload::difference(&warm.0, &warm.1, command) {
                differences += 1;
                eprintln!("{query:?}, {}: {what}", command.name());
            }
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for _ in 0..arguments.runs.max(1) {
                a.push(timed(|| diagon.run(&mut prepared.0))?);
            }
            for _ in 0..arguments.runs.max(1) {
                b.push(timed(|| tantivy.run(&prepared.1, command))?);
            }
            let row = Row {
                kind: query.kind.clone(),
                command,
                diagon: median(a),
                tantivy: median(b),
            };
            if arguments.each {
                let (count, text) = (warm.0.count, query.terms.join(" "));
                println!("{:9.1} {:9.1} {count:8} {text}", row.diagon, row.tantivy);
            }
            rows.push(row);
        }
    }
    if arguments.alone {
        return Ok(());
    }
    report::searching(&rows);
    if arguments.only.is_none() && arguments.command.is_none() {
        let runs = arguments.runs;
        let all = workload::queries(&arguments.queries)?;
        differences += functions::run(&diagon, &tantivy, &all, runs, false)?;
    }
    told(differences)
}

fn told(differences: usize) -> Result<(), Box<dyn std::error::Error>> {
    if differences > 0 {
        return Err(format!("{differences} answers differ").into());
    }
    println!("All answers are the same.");
    Ok(())
}

/// Of a query's runs: what else the machine does in between disturbs it little.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Microseconds of a run.
fn timed<E>(run: impl FnOnce() -> Result<Answer, E>) -> Result<f64, E> {
    let started = Instant::now();
    let answer = run()?;
    let elapsed = started.elapsed();
    std::hint::black_box(answer);
    Ok(elapsed.as_secs_f64() * 1e6)
}
