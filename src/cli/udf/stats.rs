//! `diagon udf stats`

use super::super::{Folder, print, search};
use crate::search::SearchOptions;
use crate::udf::UdfStats;
use crate::{Error, query, shard};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Stats {
    #[command(flatten)]
    folder: Folder,
    /// Print JSON with everything that is counted
    #[arg(long)]
    json: bool,
    /// Run the queries so often
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Requests to run: files, `-` for standard input, or the JSON itself
    #[arg(value_name = "QUERY", required = true)]
    queries: Vec<String>,
}

impl Stats {
    pub(super) fn run(self) -> crate::Result<()> {
        let texts: Vec<String> = self
            .queries
            .iter()
            .map(|query| search::request_text(query))
            .collect::<crate::Result<_>>()?;
        let requests: Vec<_> = texts
            .iter()
            .map(|text| query::parse(text))
            .collect::<crate::Result<_>>()?;
        let (searcher, functions) = shard::open_searcher_and_registry(&self.folder.dir)?;
        for _ in 0..self.repeat {
            for request in &requests {
                searcher.search(request, &SearchOptions::default())?;
            }
        }
        let asked = functions.stats().into_iter().filter(|udf| udf.queries > 0);
        let asked: Vec<UdfStats> = asked.collect();
        if self.json {
            let json = serde_json::to_string_pretty(&asked)
                .map_err(|error| Error::Internal(error.to_string()))?;
            return print::out(format_args!("{json}"));
        }
        table(&asked)
    }
}

/// Numbers whose names are longer than they are: a table of them, a line a function.
fn table(asked: &[UdfStats]) -> crate::Result<()> {
    if asked.is_empty() {
        return print::out(format_args!("the queries name no function"));
    }
    print::out(format_args!(
        "{:<32} {:>8} {:>10} {:>10} {:>8} {:>9} {:>9} {:>8} {:>8}",
        "function",
        "queries",
        "documents",
        "cached",
        "failed",
        "ns a doc",
        "p99 batch",
        "memory",
        "breaker"
    ))?;
    for udf in asked {
        let failures = &udf.failures;
        let failed = failures.guest + failures.trap + failures.protocol + failures.limit;
        let each = udf.batch_time.total_nanos.checked_div(udf.documents);
        print::out(format_args!(
            "{:<32} {:>8} {:>10} {:>10} {:>8} {:>9} {:>6} us {:>4} KiB {:>8}",
            format!("{}@{}", udf.name, udf.version),
            udf.queries,
            udf.documents,
            udf.cache_hits,
            failed,
            each.map_or("-".to_string(), |nanos| nanos.to_string()),
            udf.batch_time.p99_nanos / 1_000,
            udf.peak_memory_bytes / 1024,
            udf.breaker.state
        ))?;
    }
    Ok(())
}
