//! A user's function as a clause: a term of the corpus' queries and a filter over two columns, the ten best and an exact count.
//!
//! Diagon's filter is a sandboxed WebAssembly guest, Tantivy's a native closure as a clause of the query. Each run has parameters of
//! its own, the same for both, so that no answer can come from an earlier one. A candidate is a document with the term.
//! *Also measured*: Diagon's same search without the filter.

use std::hint::black_box;
use std::time::Instant;

use crate::workload::{self, Answer, Bounds, Command, Query};
use crate::{diagon_side, median, tantivy_side};

type Error = Box<dyn std::error::Error>;

/// The name of this kind of query.
pub const KIND: &str = "term + function";
const COMMAND: Command = Command::Top10ExactCount;

/// Times of all queries, summed: of each query the median of its runs.
#[derive(Default)]
struct Sums {
    candidates: u64,
    diagon: f64,
    tantivy: f64,
    plain: f64,
}

/// Runs all term queries; `alone`: Diagon alone, for a profiler. Returns how many answers differ.
pub fn run(
    diagon: &diagon_side::Engine,
    tantivy: &tantivy_side::Engine,
    queries: &[Query],
    runs: usize,
    alone: bool,
) -> Result<usize, Error> {
    let (mut sums, mut differences) = (Sums::default(), 0);
    // One more, to be warm.
    let runs = runs.max(1) + 1;
    for (number, query) in queries.iter().filter(|q| q.kind == "term").enumerate() {
        let bounds: Vec<Bounds> = (0..runs).map(|run| bounds(number * runs + run)).collect();
        let (mut ours, mut theirs, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        let (mut answers, mut others) = (Vec::new(), Vec::new());
        for bounds in &bounds {
            let mut request = diagon.prepare_function(query, *bounds)?;
            ours.push(timed(&mut answers, || diagon.run(&mut request))?);
        }
        if alone {
            continue;
        }
        for bounds in &bounds {
            let built = tantivy.prepare_function(query, *bounds);
            theirs.push(timed(&mut others, || tantivy.run(&built, COMMAND))?);
        }
        for (a, b) in answers.iter().zip(&others) {
            if let Some(what) = workload::difference(a, b, COMMAND) {
                differences += 1;
                eprintln!("{query:?}, {KIND}: {what}");
            }
        }
        let mut candidates = Vec::new();
        for _ in 0..runs {
            let mut request = diagon.prepare(query, COMMAND)?;
            plain.push(timed(&mut candidates, || diagon.run(&mut request))?);
        }
        sums.candidates += candidates.first().map_or(0, |answer| answer.count);
        sums.diagon += median(ours.split_off(1));
        sums.tantivy += median(theirs.split_off(1));
        sums.plain += median(plain.split_off(1));
    }
    if !alone {
        report(&sums);
    }
    Ok(differences)
}

/// Nanoseconds of a run, whose answer goes to `answers`.
fn timed<E>(answers: &mut Vec<Answer>, run: impl FnOnce() -> Result<Answer, E>) -> Result<f64, E> {
    let started = Instant::now();
    let answer = black_box(run()?);
    let elapsed = started.elapsed();
    answers.push(answer);
    Ok(elapsed.as_secs_f64() * 1e9)
}

/// Parameters of run number `n`: from few documents kept to most of them.
fn bounds(n: usize) -> Bounds {
    // Steps that have no factor with the range's length, so that none comes twice soon.
    let n = u32::try_from(n).unwrap_or(0);
    let max_price = f64::from(10 + n.wrapping_mul(7_919) % 990);
    let since = i64::from(n.wrapping_mul(104_729) % 700_000);
    Bounds { max_price, since }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sum of candidates, for people"
)]
fn report(sums: &Sums) {
    let of = |ns: f64| ns / sums.candidates.max(1) as f64;
    println!(
        "\n{KIND}, {}, {} candidates, ns a candidate:\n",
        COMMAND.name(),
        sums.candidates
    );
    println!(
        "| Diagon, WebAssembly | Tantivy, native closure | ratio | Diagon without the filter |"
    );
    println!("|---:|---:|---:|---:|");
    println!(
        "| {:.1} | {:.1} | {:.2} | {:.1} |\n",
        of(sums.diagon),
        of(sums.tantivy),
        sums.diagon / sums.tantivy,
        of(sums.plain)
    );
}
