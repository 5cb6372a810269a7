//! Rust: `cargo build` for wasm32-unknown-unknown.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use super::super::project::Project;
use super::super::toolchain::{find, missing, need, output, run};
use super::{Built, read_module};
use crate::Error;

const TARGET: &str = "wasm32-unknown-unknown";
const INSTALL: &str = "install Rust with rustup, then `rustup target add wasm32-unknown-unknown`";

/// # Errors
/// `Io`; `InvalidArgument` if the toolchain is missing, or cargo fails.
pub(super) fn build(project: &Project, arguments: &[String]) -> crate::Result<Built> {
    let program = need("cargo", INSTALL)?;
    let cargo = || {
        let mut command = Command::new(&program);
        command.current_dir(&project.folder);
        command
    };
    let metadata = output(cargo().args(["metadata", "--format-version", "1"]))?;
    let package = Package::read(&metadata)?;
    let mut command = cargo();
    command.args(["build", "--release", "--target", TARGET, "--config"]);
    command.arg(format!(
        "target.{TARGET}.rustflags={}",
        Json::from(package.remaps)
    ));
    Standard::find(project)?.apply(&mut command);
    run(command.args(arguments))?;
    Ok(Built {
        module: read_module(&package.module)?,
        name: package.name,
        manifest: None,
    })
}

/// What cargo says of a package.
struct Package {
    name: String,
    /// Where its module will be.
    module: PathBuf,
    /// Options of the compiler by which the module has no paths of this machine in it: panics tell paths.
    remaps: Vec<String>,
}

impl Package {
    fn read(metadata: &str) -> crate::Result<Self> {
        let json: Json = serde_json::from_str(metadata)
            .map_err(|error| Error::InvalidArgument(format!("cargo metadata: {error}")))?;
        let wrong = |message: &str| Error::InvalidArgument(format!("Cargo.toml: {message}"));
        let packages = json["packages"].as_array().map_or(&[][..], Vec::as_slice);
        let root = &json["resolve"]["root"];
        let package = packages
            .iter()
            .find(|p| root.is_string() && p["id"] == *root);
        let package = package
            .ok_or_else(|| wrong("a function is a package of its own: add an empty [workspace]"))?;
        let targets = package["targets"].as_array();
        let is_library = |target: &&Json| {
            let kinds = target["crate_types"].as_array();
            kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
        };
        let library = targets.and_then(|targets| targets.iter().find(is_library));
        let library = library.and_then(|target| target["name"].as_str());
        let library = library
            .ok_or_else(|| wrong("add `[lib]` with `crate-type = [\"cdylib\", \"rlib\"]`"))?;
        let folder = Path::new(json["target_directory"].as_str().unwrap_or("target"));
        let module = format!("{}.wasm", library.replace('-', "_"));
        // The package's own paths are relative already.
        let others = packages.iter().filter(|p| p["id"] != *root);
        let remaps: BTreeSet<String> = others.filter_map(remap).collect();
        Ok(Self {
            name: package["name"].as_str().unwrap_or(library).to_string(),
            module: folder.join(TARGET).join("release").join(module),
            remaps: remaps.into_iter().collect(),
        })
    }
}

/// Where a package's sources are, and what the module calls that: a package of a registry by its name and version, one of this
/// machine by its name.
fn remap(package: &Json) -> Option<String> {
    let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
    let (from, to) = if package["source"].is_null() {
        (folder, package["name"].as_str()?)
    } else {
        (folder.parent()?, "crates")
    };
    Some(format!("--remap-path-prefix={}={to}", from.display()))
}

/// Where the standard library for the target comes from.
#[derive(Debug, PartialEq)]
enum Standard {
    /// It is installed beside the compiler.
    Installed,
    /// It is compiled from its source, by a compiler that brings that: a distribution's.
    Source {
        compiler: PathBuf,
        linker: Option<PathBuf>,
    },
}

impl Standard {
    /// # Errors
    /// `InvalidArgument` that says what to install.
    fn find(project: &Project) -> crate::Result<Self> {
        let own = std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from);
        let sysroot = |compiler: &Path| {
            let mut command = Command::new(compiler);
            command.args(["--print", "sysroot"]);
            command.current_dir(&project.folder);
            Some(PathBuf::from(output(&mut command).ok()?.trim()))
        };
        let root = sysroot(&own).ok_or_else(|| missing("rustc", INSTALL))?;
        if root.join("lib/rustlib").join(TARGET).is_dir() {
            return Ok(Self::Installed);
        }
        let compiler = PathBuf::from("/usr/bin/rustc");
        let theirs = compiler.is_file().then(|| sysroot(&compiler)).flatten();
        let has_source = |root: &PathBuf| root.join("lib/rustlib/src/rust/library/std").is_dir();
        match theirs {
            Some(theirs)
                if theirs.join("lib/rustlib").join(TARGET).is_dir() || has_source(&theirs) =>
            {
                Ok(Self::Source {
                    compiler,
                    linker: linker(&[&root, &theirs]),
                })
            }
            _ => Err(missing(
                TARGET,
                "`rustup target add wasm32-unknown-unknown`",
            )),
        }
    }

    fn apply(&self, command: &mut Command) {
        if let Self::Source { compiler, linker } = self {
            // Building the standard library is not stable yet; a distribution vouches for its own.
            command.args(["-Z", "build-std=std,panic_abort"]);
            command.env("RUSTC", compiler).env("RUSTC_BOOTSTRAP", "1");
            if let Some(linker) = linker {
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            }
        }
    }
}

/// A linker for WebAssembly: a toolchain's own, or one on the search path.
fn linker(roots: &[&PathBuf]) -> Option<PathBuf> {
    for root in roots {
        let hosts = std::fs::read_dir(root.join("lib/rustlib"))
            .into_iter()
            .flatten()
            .flatten();
        let mut places = hosts.map(|host| host.path().join("bin/rust-lld"));
        if let Some(place) = places.find(|place| place.is_file()) {
            return Some(place);
        }
    }
    find(&[
        "rust-lld",
        "wasm-ld",
        "wasm-ld-22",
        "wasm-ld-19",
        "wasm-ld-18",
        "wasm-ld-17",
        "wasm-ld-16",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_cargo_says() {
        let metadata = |types: Json| {
            json!({"target_directory": "/t", "resolve": {"root": "a-b 1"}, "packages": [
                {"id": "syn 2", "name": "syn", "source": "registry", "manifest_path": "/r/syn-2/Cargo.toml"},
                {"id": "sdk 1", "name": "sdk", "source": null, "manifest_path": "/home/me/a-b/sdk/Cargo.toml"},
                {"id": "a-b 1", "name": "a-b", "source": null, "manifest_path": "/home/me/a-b/Cargo.toml", "targets": [
                    {"name": "main", "crate_types": ["bin"]}, {"name": "a-b", "crate_types": types}]}]})
        };
        let package = Package::read(&metadata(json!(["cdylib", "rlib"])).to_string()).unwrap();
        assert_eq!(package.name, "a-b");
        assert_eq!(
            package.module,
            Path::new("/t/wasm32-unknown-unknown/release/a_b.wasm")
        );
        let remaps = [
            "--remap-path-prefix=/home/me/a-b/sdk=sdk",
            "--remap-path-prefix=/r=crates",
        ];
        assert_eq!(package.remaps, remaps);
        let error = Package::read(&metadata(json!(["lib"])).to_string())
            .err()
            .unwrap();
        assert!(error.to_string().contains("crate-type"), "{error}");
        let error = Package::read("{\"packages\": [], \"resolve\": null}")
            .err()
            .unwrap();
        assert!(error.to_string().contains("[workspace]"), "{error}");
        assert!(Package::read("").is_err());
    }
}
