//! Go: the generator writes glue and manifest, the compiler makes a library for WASI, which never asks WASI for anything.

use std::process::Command;

use super::super::project::Project;
use super::super::toolchain::{need, output, run};
use super::{Built, read_manifest, read_module};
use crate::Error;

const INSTALL: &str = "install Go 1.24 or newer";

/// # Errors
/// `Io`; `InvalidArgument` if Go is missing, too old, or fails.
pub(super) fn build(project: &Project, arguments: &[String]) -> crate::Result<Built> {
    let program = need("go", INSTALL)?;
    let go = || {
        let mut command = Command::new(&program);
        command.current_dir(&project.folder);
        command
    };
    let version = output(go().args(["env", "GOVERSION"]))?;
    if !is_new_enough(&version) {
        let message = format!("{} can't export functions: {INSTALL}", version.trim());
        return Err(Error::InvalidArgument(message));
    }
    run(go().args(["generate", "./..."]))?;
    let module = output(go().args(["list", "-m"]))?;
    let name = module_name(module.trim());
    let path = std::env::temp_dir().join(format!("diagon-udf-{}.wasm", uuid::Uuid::new_v4()));
    let built = run(go()
        .args([
            "build",
            "-buildmode=c-shared",
            "-trimpath",
            "-buildvcs=false",
        ])
        .args(["-ldflags=-s -w", "-o"])
        .arg(&path)
        .args(arguments)
        .arg(".")
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm"));
    let module = built.and_then(|()| read_module(&path));
    // It is nobody's any more, whether it was read or not.
    let _ = std::fs::remove_file(&path);
    Ok(Built {
        name: name.to_string(),
        module: module?,
        manifest: Some(read_manifest(&project.join("manifest.json"))?),
    })
}

/// The last part of a module's path that isn't its major version.
fn module_name(path: &str) -> &str {
    let is_version = |part: &&str| {
        let digits = part.strip_prefix('v').unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let mut parts = path.rsplit('/');
    parts.find(|part| !is_version(part)).unwrap_or(path)
}

/// `go1.24` or newer; what isn't like a version is somebody's own build.
fn is_new_enough(version: &str) -> bool {
    let minor = version.trim().strip_prefix("go1.");
    let minor = minor.and_then(|rest| rest.split(['.', 'r', 'b', '-']).next());
    minor
        .and_then(|minor| minor.parse::<u32>().ok())
        .is_none_or(|minor| minor >= 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, name) in [
            ("udf/near", "near"),
            ("example.com/f/v2", "f"),
            ("v1x", "v1x"),
            ("v2", "v2"),
        ] {
            assert_eq!(module_name(path), name);
        }
    }

    #[test]
    fn versions() {
        for (version, fine) in [
            ("go1.24", true),
            ("go1.26.8\n", true),
            ("go1.23.4", false),
            ("go1.24rc1", true),
            ("go1.9", false),
            ("devel go1.27-abc", true),
        ] {
            assert_eq!(is_new_enough(version), fine, "{version}");
        }
    }
}
