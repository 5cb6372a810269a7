//! Printing: results to standard output, where a failure is an error; remarks to standard error, where one is not.

use std::fmt::Arguments;
use std::io::{self, Write as _};

use crate::Error;

/// What an error of [`out`] names as its file.
const STDOUT: &str = "standard output";

/// Prints a line of a result.
///
/// # Errors
/// `Io` if it can't be written; see [`is_closed`].
pub(super) fn out(line: Arguments<'_>) -> crate::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").map_err(|error| Error::io(STDOUT, error))
}

/// Writes what is still in the buffer. To be called in the end, since nobody hears of a failure later.
///
/// # Errors
/// As [`out`].
pub(super) fn finish() -> crate::Result<()> {
    io::stdout()
        .flush()
        .map_err(|error| Error::io(STDOUT, error))
}

/// Whether the reader of standard output has gone (`diagon … | head`): it has what it wanted, so that is no error.
pub(super) fn is_closed(error: &Error) -> bool {
    matches!(error, Error::Io { path, source }
        if path.as_os_str() == STDOUT && source.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints a remark, on one line whatever is in it.
pub(super) fn remark(text: &str) {
    // Where nobody reads standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{}", one_line(text));
}

/// The text with control characters as Rust writes them (`\n`, `\u{1b}`): what users' data, queries and functions say can
/// neither forge a line nor reach the terminal as a command. Cut where it is absurdly long.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 4096;
    let mut line = String::with_capacity(text.len().min(LONGEST));
    for c in text.chars() {
        if line.len() > LONGEST {
            line.push('…');
            break;
        }
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// "1 document", "2 documents".
pub(super) fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert!(one_line(&"x".repeat(1 << 20)).len() < 5000);
        assert_eq!(one_line("a\nb\u{1b}[31mé\t"), "a\\nb\\u{1b}[31mé\\t");
    }

    #[test]
    fn only_a_closed_pipe_is_forgiven() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed(&Error::io(STDOUT, pipe())));
        assert!(!is_closed(&Error::io("file", pipe())));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(!is_closed(&Error::io(STDOUT, full)));
    }
}
