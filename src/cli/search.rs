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
        let text = request_text(&self.query)?;
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
}

/// The text of a request that the command line names: a file, `-`, or the JSON itself.
///
/// # Errors
/// `Io`; `InvalidArgument` if there is no such file.
pub(super) fn request_text(query: &str) -> crate::Result<String> {
    if query.trim_start().starts_with('{') {
        return Ok(query.to_string());
    }
    if query == "-" {
        return input::stdin(MAX_REQUEST_BYTES);
    }
    let path = Path::new(query);
    if !path.exists() {
        let message = format!("{query:?}: no such file (a query itself begins with `{{`)");
        return Err(Error::InvalidArgument(message));
    }
    input::text(path, MAX_REQUEST_BYTES)
}
