//! AssemblyScript: npm's packages, then the script `build` of the project, whose compiler transform puts the manifest in.

use std::process::Command;

use serde_json::Value as Json;

use super::super::project::Project;
use super::super::toolchain::{need, run};
use super::{Built, read_manifest, read_module};
use crate::Error;

const INSTALL: &str = "install Node.js 20 or newer, which brings it";

/// # Errors
/// `Io`; `InvalidArgument` if npm is missing or fails, or package.json has no name.
pub(super) fn build(project: &Project, arguments: &[String]) -> crate::Result<Built> {
    let program = need("npm", INSTALL)?;
    let npm = || {
        let mut command = Command::new(&program);
        command.current_dir(&project.folder);
        command
    };
    let package = project.join("package.json");
    let json: Json = serde_json::from_str(&read_manifest(&package)?)
        .map_err(|error| Error::InvalidArgument(format!("{}: {error}", package.display())))?;
    let name = json["name"].as_str().ok_or_else(|| {
        Error::InvalidArgument(format!("{}: `name` is missing", package.display()))
    })?;
    if !project.join("node_modules").is_dir() {
        let locked = project.join("package-lock.json").is_file();
        run(npm().args([
            if locked { "ci" } else { "install" },
            "--no-audit",
            "--no-fund",
        ]))?;
    }
    run(npm()
        .args(["run", "--silent", "build", "--"])
        .args(arguments))?;
    let module = project.join("build").join(format!("{name}.wasm"));
    Ok(Built {
        module: read_module(&module)?,
        manifest: None,
        name: name.to_string(),
    })
}
