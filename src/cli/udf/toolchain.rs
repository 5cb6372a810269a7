//! Compilers of others: finding and running them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Where a program is on the search path; of several names the first that is there.
pub(super) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut places = names
        .iter()
        .flat_map(|name| folders.iter().map(move |f| f.join(name)));
    places.find(|place| place.is_file())
}

/// As [`find`].
///
/// # Errors
/// `InvalidArgument` that says what to install.
pub(super) fn need(name: &str, install: &str) -> crate::Result<PathBuf> {
    find(&[name]).ok_or_else(|| missing(name, install))
}

pub(super) fn missing(name: &str, install: &str) -> Error {
    Error::InvalidArgument(format!("`{name}` is not installed: {install}"))
}

/// Runs a compiler; what it prints goes to standard error.
///
/// # Errors
/// `Io` if it can't be started, `InvalidArgument` if it fails.
pub(super) fn run(command: &mut Command) -> crate::Result<()> {
    let shown = shown(command);
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    let status = command.status();
    let status = status.map_err(|error| Error::io(Path::new(command.get_program()), error))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::InvalidArgument(format!(
        "`{shown}` failed ({status})"
    )))
}

/// What a program prints.
///
/// # Errors
/// As [`run`].
pub(super) fn output(command: &mut Command) -> crate::Result<String> {
    let shown = shown(command);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output();
    let output = output.map_err(|error| Error::io(Path::new(command.get_program()), error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let status = output.status;
    Err(Error::InvalidArgument(format!(
        "`{shown}` failed ({status})"
    )))
}

/// Whether a program runs and says it went well; what it prints is nobody's.
pub(super) fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = silent.stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A command as one would type it, without its folder.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_told() {
        assert!(find(&["no-such-program-here", "sh"]).is_some_and(|path| path.ends_with("sh")));
        let error = need("no-such-program-here", "install it").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`no-such-program-here` is not installed: install it"
        );
        assert_eq!(output(Command::new("echo").arg("a b")).unwrap(), "a b\n");
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`sh -c exit 3` failed (exit status: 3)")
        );
        assert!(output(Command::new("sh").args(["-c", "exit 3"])).is_err());
        assert!(!succeeds(Command::new("sh").args(["-c", "exit 3"])));
        assert!(run(&mut Command::new("/no/such")).is_err());
    }
}
