//! The `diagon` command line.
//!
//! Results go to standard output, progress and problems to standard error. The exit code is 0 if all went well, 1 if
//! something failed, 2 if the command line itself is wrong.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line prints"
)]

mod index;
mod quickstart;
mod search;
mod udf;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Searches documents, with users' WebAssembly functions inside the search.
#[derive(Debug, Parser)]
#[command(name = "diagon", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an index of a sample corpus and runs five searches over it
    Quickstart(quickstart::Quickstart),
    /// Adds documents from files with one JSON object a line
    Index(index::IndexFiles),
    /// Runs a search request and prints the response
    Search(search::Search),
    /// Manages the functions that queries can name
    #[command(subcommand)]
    Udf(udf::Udf),
}

/// The folder of an index.
#[derive(Debug, clap::Args)]
struct Folder {
    /// The index's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

/// Runs the program's command line.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse(); // prints help and mistakes, and ends with 0 or 2
    let done = match arguments.command {
        Command::Quickstart(command) => command.run(),
        Command::Index(command) => command.run(),
        Command::Search(command) => command.run(),
        Command::Udf(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}

/// Reads a text file.
fn read_text(path: &std::path::Path) -> crate::Result<String> {
    std::fs::read_to_string(path).map_err(|error| crate::Error::io(path, error))
}
