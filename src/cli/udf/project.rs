//! The project of a function: a folder with its source, its cases and its module.

use std::path::{Path, PathBuf};

use super::super::{input, print};
use crate::Error;
use crate::udf::{MAX_MANIFEST_BYTES, MAX_MODULE_BYTES};

/// What a project is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Language {
    /// Rust
    Rust,
    /// Go
    Go,
    /// `AssemblyScript`
    #[value(name = "assemblyscript")]
    AssemblyScript,
    /// C or C++
    C,
    /// WebAssembly's text format
    #[value(skip)]
    Text,
}

/// The option that names a project.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Project {
    /// The project's folder
    #[arg(long = "project", value_name = "DIR", default_value = ".")]
    pub(super) folder: PathBuf,
}

impl Project {
    /// What it is written in, by the files that are there.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no source.
    pub(super) fn language(&self) -> crate::Result<Language> {
        let has = |name: &str| self.join(name).is_file();
        if has("Cargo.toml") {
            return Ok(Language::Rust);
        }
        if has("go.mod") {
            return Ok(Language::Go);
        }
        if has("package.json") {
            return Ok(Language::AssemblyScript);
        }
        if !self.files(&C_SOURCES)?.is_empty() {
            return Ok(Language::C);
        }
        if !self.files(&["wat"])?.is_empty() {
            return Ok(Language::Text);
        }
        Err(Error::InvalidArgument(format!(
            "{}: no Cargo.toml, go.mod, package.json, C or WebAssembly text file is here; make a project with `diagon udf new`, or name one with --project",
            self.shown()
        )))
    }

    /// Its files of these extensions, sorted; without those of folders in it.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn files(&self, extensions: &[&str]) -> crate::Result<Vec<PathBuf>> {
        let failed = |error| Error::io(&self.folder, error);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let path = self.join(entry.map_err(failed)?.file_name());
            let extension = path.extension().and_then(|e| e.to_str());
            if path.is_file() && extension.is_some_and(|e| extensions.contains(&e)) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// The path of something in it, as a person would type it.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        if self.folder == Path::new(".") {
            return name.as_ref().to_path_buf();
        }
        self.folder.join(name)
    }

    /// The folder's own name.
    ///
    /// # Errors
    /// `Io` if there is no such folder.
    pub(super) fn folder_name(&self) -> crate::Result<String> {
        let folder = self.folder.canonicalize();
        let folder = folder.map_err(|error| Error::io(&self.folder, error))?;
        let name = folder.file_name().unwrap_or_default();
        Ok(name.to_string_lossy().into_owned())
    }

    /// The module that was built: the only one in the folder.
    ///
    /// # Errors
    /// `InvalidArgument` if there is none, or more than one.
    pub(super) fn module(&self) -> crate::Result<PathBuf> {
        let mut modules = self.files(&["wasm"])?;
        match modules.len() {
            1 => Ok(modules.remove(0)),
            0 => Err(Error::InvalidArgument(format!(
                "{}: there is no module; build it with `diagon udf build`, or name one",
                self.shown()
            ))),
            _ => Err(Error::InvalidArgument(format!(
                "{}: there are several modules; say which one",
                self.shown()
            ))),
        }
    }

    /// Says so if a source was changed after the module was built.
    fn warn_if_stale(&self, module: &Path) {
        let folders = [".", "src", "assembly"].map(|sub| Self {
            folder: match sub {
                "." => self.folder.clone(),
                _ => self.join(sub),
            },
        });
        let sources = folders
            .iter()
            .flat_map(|f| f.files(&SOURCES).unwrap_or_default());
        let mut built_from = sources.filter(|source| !is_test(source));
        if let Some(source) = built_from.find(|source| is_newer(source, module)) {
            print::remark(&format!(
                "warning: {} is newer than {}: build again with `diagon udf build`",
                source.display(),
                module.display()
            ));
        }
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.folder.display()
    }
}

/// Extensions of what modules are built from.
const SOURCES: [&str; 14] = [
    "rs", "toml", "go", "mod", "ts", "c", "h", "cc", "cpp", "cxx", "hpp", "txt", "wat", "lock",
];

/// Whether a source is only for tests.
pub(super) fn is_test(source: &Path) -> bool {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    stem.ends_with("_test")
}

/// What C and C++ sources are called.
pub(super) const C_SOURCES: [&str; 4] = ["c", "cc", "cpp", "cxx"];

/// A module, named or the project's, and where its manifest is.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ModuleArguments {
    #[command(flatten)]
    pub(super) project: Project,
    /// The manifest, for a module that doesn't carry one
    #[arg(long, value_name = "FILE.json")]
    manifest: Option<PathBuf>,
    /// The module; without it the project's
    #[arg(value_name = "MODULE.wasm")]
    module: Option<PathBuf>,
}

/// A module that was read.
pub(super) struct Module {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    /// What was given beside it.
    pub(super) manifest: Option<String>,
}

impl ModuleArguments {
    /// # Errors
    /// `Io`; `InvalidArgument` if there is none.
    pub(super) fn read(&self) -> crate::Result<Module> {
        let path = match &self.module {
            Some(path) => path.clone(),
            None => {
                let path = self.project.module()?;
                self.project.warn_if_stale(&path);
                path
            }
        };
        let bytes = input::bytes(&path, MAX_MODULE_BYTES)?;
        let manifest = self.manifest.as_deref();
        let manifest = manifest.map(|path| input::text(path, MAX_MANIFEST_BYTES));
        let manifest = manifest.transpose()?;
        Ok(Module {
            path,
            bytes,
            manifest,
        })
    }
}

impl Module {
    /// Names the file in a refusal.
    pub(super) fn named(&self, error: Error) -> Error {
        match error {
            Error::UdfRejected { message } => Error::UdfRejected {
                message: format!("{}: {message}", self.path.display()),
            },
            other => other,
        }
    }
}

/// Replaces a file at once: who reads it meanwhile has the old one or the new one.
///
/// # Errors
/// `Io`.
pub(super) fn write(path: &Path, bytes: &[u8]) -> crate::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", uuid::Uuid::new_v4()));
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        // Half of a file is of no use; what matters is the error.
        let _ = std::fs::remove_file(&beside);
        Error::io(path, error)
    })
}

/// Whether `path` was changed after `than`. Where that can't be told it wasn't.
fn is_newer(path: &Path, than: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    matches!((time(path), time(than)), (Some(a), Some(b)) if a > b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_and_modules() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project {
            folder: folder.path().to_path_buf(),
        };
        let touch = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
        let error = project.language().unwrap_err().to_string();
        assert!(error.contains("diagon udf new"), "{error}");
        for (file, language) in [
            ("f.wat", Language::Text),
            ("f.cc", Language::C),
            ("package.json", Language::AssemblyScript),
            ("go.mod", Language::Go),
            ("Cargo.toml", Language::Rust),
        ] {
            touch(file);
            assert_eq!(project.language().unwrap(), language);
        }
        let error = project.module().unwrap_err().to_string();
        assert!(error.contains("diagon udf build"), "{error}");
        touch("a.wasm");
        assert!(project.module().unwrap().ends_with("a.wasm"));
        touch("b.wasm");
        assert!(project.module().is_err());
    }
}
