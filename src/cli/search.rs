//! `diagon search`

use std::io::Read as _;
use std::path::Path;

use super::{Folder, read_text};
use crate::search::SearchOptions;
use crate::{Error, query, shard};

#[derive(Debug, clap::Args)]
pub(super) struct Search {
    #[command(flatten)]
    folder: Folder,
    /// The request: a file, `-` for standard input, or the JSON itself
    #[arg(value_name = "QUERY")]
    query: String,
}

impl Search {
    pub(super) fn run(self) -> crate::Result<()> {
        let text = self.text()?;
        let request = query::parse(&text)?;
        let searcher = shard::open_searcher(&self.folder.dir)?;
        let response = searcher.search(&request, &SearchOptions::default())?;
        let json = serde_json::to_string_pretty(&response)
            .map_err(|error| Error::Internal(error.to_string()))?;
        println!("{json}");
        Ok(())
    }

    fn text(&self) -> crate::Result<String> {
        if self.query.trim_start().starts_with('{') {
            return Ok(self.query.clone());
        }
        if self.query == "-" {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| Error::io("standard input", error))?;
            return Ok(text);
        }
        read_text(Path::new(&self.query))
    }
}
