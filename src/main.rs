//! The `diagon` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    diagon::cli::main()
}
