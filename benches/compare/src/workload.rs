//! Documents, queries and answers, as both engines see them.

use std::io::BufRead;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// A document of the corpus.
#[derive(Debug, Deserialize)]
pub struct Document<'a> {
    #[serde(borrow)]
    pub id: std::borrow::Cow<'a, str>,
    pub title: std::borrow::Cow<'a, str>,
    pub body: std::borrow::Cow<'a, str>,
    pub price: f64,
    pub ts: i64,
    pub category: std::borrow::Cow<'a, str>,
    pub maintainer: std::borrow::Cow<'a, str>,
}

/// A query of the workload.
#[derive(Clone, Debug, Deserialize)]
pub struct Query {
    /// `term`, `and`, `or`, `phrase`, `term_range` or `range`.
    #[serde(rename = "type")]
    pub kind: String,
    pub terms: Vec<String>,
    #[serde(default)]
    pub min: f64,
    #[serde(default)]
    pub max: f64,
}

/// The parameters of the function that filters.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The highest price.
    pub max_price: f64,
    /// The lowest `ts`.
    pub since: i64,
}

/// What is asked about a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Top10,
    Top100Count,
    Count,
    /// With functions only, see `functions`.
    Top10ExactCount,
}

impl Command {
    pub const ALL: [Self; 3] = [Self::Top10, Self::Top100Count, Self::Count];

    pub fn name(self) -> &'static str {
        match self {
            Self::Top10 => "top 10",
            Self::Top100Count => "top 100 + count",
            Self::Count => "count",
            Self::Top10ExactCount => "top 10 + count",
        }
    }

    pub fn hits(self) -> usize {
        match self {
            Self::Top10 | Self::Top10ExactCount => 10,
            Self::Top100Count => 100,
            Self::Count => 0,
        }
    }

    pub fn counts(self) -> bool {
        self != Self::Top10
    }
}

/// What an engine found.
#[derive(Debug, Default)]
pub struct Answer {
    /// How many, where that was asked.
    pub count: u64,
    /// Of the hits, best first, in Lucene's scale.
    pub scores: Vec<f32>,
}

/// Reads the queries, and adds each range alone.
pub fn queries(path: &Path) -> std::io::Result<Vec<Query>> {
    let mut queries = Vec::new();
    for line in std::io::BufReader::new(std::fs::File::open(path)?).lines() {
        queries.push(serde_json::from_str::<Query>(&line?)?);
    }
    let ranges: Vec<Query> = queries
        .iter()
        .filter(|query| query.kind == "term_range")
        .map(|query| Query {
            kind: "range".to_string(),
            terms: Vec::new(),
            ..*query
        })
        .collect();
    queries.extend(ranges);
    Ok(queries)
}

/// Calls `each` with every line.
pub fn documents<E: From<std::io::Error>>(
    path: &Path,
    mut each: impl FnMut(&str) -> Result<(), E>,
) -> Result<u64, E> {
    let mut reader = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(path)?);
    let (mut line, mut count) = (String::new(), 0);
    while reader.read_line(&mut line)? > 0 {
        each(line.trim_end())?;
        line.clear();
        count += 1;
    }
    Ok(count)
}

/// Lines of a file for several threads.
pub type Chunks = std::io::BufReader<std::fs::File>;

/// Opens a file for [`next_chunk`].
pub fn chunks(path: &Path) -> std::io::Result<Mutex<Chunks>> {
    let file = std::fs::File::open(path)?;
    Ok(Mutex::new(Chunks::with_capacity(1 << 20, file)))
}

/// Reads about a MiB of whole lines; false at the end.
pub fn next_chunk(chunks: &Mutex<Chunks>, lines: &mut String) -> std::io::Result<bool> {
    let mut reader = chunks.lock().unwrap_or_else(PoisonError::into_inner);
    lines.clear();
    while lines.len() < 1 << 20 && reader.read_line(lines)? > 0 {}
    Ok(!lines.is_empty())
}

/// How two answers differ; ties may swap, so that scores are compared, not documents.
pub fn difference(a: &Answer, b: &Answer, command: Command) -> Option<String> {
    if command.counts() && a.count != b.count {
        return Some(format!("{} and {} documents", a.count, b.count));
    }
    if a.scores.len() != b.scores.len() {
        return Some(format!("{} and {} hits", a.scores.len(), b.scores.len()));
    }
    let far = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-4 * a.abs().max(1.0);
    let at = a.scores.iter().zip(&b.scores).position(far)?;
    Some(format!(
        "hit {at} scores {} and {}",
        a.scores[at], b.scores[at]
    ))
}
