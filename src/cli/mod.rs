//! The `diagon` command line.
//!
//! Results go to standard output, progress and problems to standard error. The exit code is 0 if all went well, 1 if
//! something failed, 2 if the command line itself is wrong.

mod check;
mod index;
mod input;
mod merge;
mod print;
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
    /// Merges the segments of an index, without deleted documents
    Merge(merge::Merge),
    /// Runs a search request and prints the response
    Search(search::Search),
    /// Verifies every byte of an index; repairs it if asked to
    Check(check::Check),
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
        Command::Merge(command) => command.run(),
        Command::Search(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Udf(command) => command.run(),
    };
    match done.and_then(|()| print::finish()) {
        Err(error) if !print::is_closed(&error) => {
            print::remark(&format!("error: {error}"));
            ExitCode::from(1)
        }
        _ => ExitCode::SUCCESS,
    }
}
