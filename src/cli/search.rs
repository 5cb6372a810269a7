//! `diagon search`

use std::path::Path;

use super::{Folder, input, print};
use crate::query::MAX_REQUEST_BYTES;
use crate::search::SearchOptions;
use crate::{Error, query, shard};

#[derive(Debug, clap::Args)]
pub(super) struct Search {
    #[command(flatten)]
    folder: Folder,
    /// Print what the functions did, too, as a second JSON document
    #[arg(long)]
    udf_stats: bool,
    /// The request: a file, `-` for standard input, or the JSON itself
    #[arg(value_name = "QUERY")]
    query: String,
}

impl Search {
    pub(super) fn run(self) -> crate::Result<()> {
        let text = self.text()?;
        let request = query::parse(&text)?;
        let (searcher, functions) = shard::open_searcher_and_registry(&self.folder.dir)?;
        let response = searcher.search(&request, &SearchOptions::default())?;
        let json = serde_json::to_string_pretty(&response)
            .map_err(|error| Error::Internal(error.to_string()))?;
        print::out(format_args!("{json}"))?;
        if self.udf_stats {
            let asked = functions.stats().into_iter().filter(|udf| udf.queries > 0);
            let json = serde_json::to_string_pretty(&asked.collect::<Vec<_>>())
                .map_err(|error| Error::Internal(error.to_string()))?;
            print::out(format_args!("{json}"))?;
        }
        Ok(())
    }

    fn text(&self) -> crate::Result<String> {
        if self.query.trim_start().starts_with('{') {
            return Ok(self.query.clone());
        }
        if self.query == "-" {
            return input::stdin(MAX_REQUEST_BYTES);
        }
        let path = Path::new(&self.query);
        if !path.exists() {
            let message = format!(
                "{:?}: no such file (a query itself begins with `{{`)",
                self.query
            );
            return Err(Error::InvalidArgument(message));
        }
        input::text(path, MAX_REQUEST_BYTES)
    }
}
