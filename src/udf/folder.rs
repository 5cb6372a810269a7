//! The registry's folder. Modules are stored by the hash of their bytes, functions by name and version:
//!
//! ```text
//! modules/<sha256>.wasm               and what `compiled` says about it
//! functions/<name>/<version>.json     {"format": 1, "module": "<sha256>", "check": "<sha256 of the manifest>", "manifest": {…}}
//! aliases/<name>/<alias>.json         see `folder_aliases`
//! lock                                see `folder_lock`
//! ```
//!
//! A file is written beside its place, synced, renamed into place, and its folder synced, so that it is there as a whole or
//! not at all; the module comes before the functions that name it. One process at a time writes, with a lock on `lock`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::limits::MAX_MODULE_BYTES;

/// The only format so far.
pub(crate) const FORMAT: u32 = 1;

/// A registry's folder.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    module: String,
    check: String,
    manifest: Json,
}

/// A function found in the folder.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The module's hash and the manifest; or what is wrong with the file.
    pub(crate) content: Result<(String, Json), String>,
}

/// SHA-256 in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl Folder {
    /// A folder, which may be missing: it is made when something is stored.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
        }
    }

    /// Makes a folder and syncs those above it, up to what was there.
    pub(crate) fn make(path: &Path) -> crate::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let above = path.parent().unwrap_or(path);
        Self::make(above)?;
        match fs::create_dir(path) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(crate::Error::io(path, e))
            }
            _ => sync_folder(above),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn aliases_folder(&self) -> PathBuf {
        self.root.join("aliases")
    }

    pub(crate) fn compiled_folder(&self) -> PathBuf {
        self.root.join("compiled")
    }

    pub(crate) fn modules(&self) -> PathBuf {
        self.root.join("modules")
    }

    pub(crate) fn functions(&self) -> PathBuf {
        self.root.join("functions")
    }

    fn module_path(&self, hash: &str) -> PathBuf {
        self.modules().join(format!("{hash}.wasm"))
    }

    fn function_path(&self, name: &str, version: &str) -> PathBuf {
        self.functions().join(name).join(format!("{version}.json"))
    }

    /// All functions, and a word on each that can't be read.
    ///
    /// # Errors
    /// `Io` if the folder itself can't be read.
    pub(crate) fn list(&self) -> crate::Result<Vec<Found>> {
        let mut found = Vec::new();
        for folder in entries(&self.functions())? {
            let name = file_name(&folder);
            if !folder.is_dir() || !super::manifest::is_name(&name) {
                continue;
            }
            for path in entries(&folder)? {
                let file = file_name(&path);
                if let Some(version) = file
                    .strip_suffix(".json")
                    .filter(|_| !file.starts_with('.'))
                {
                    let content = read_record(&path);
                    found.push(Found {
                        name: name.clone(),
                        version: version.to_string(),
                        content,
                    });
                }
            }
        }
        Ok(found)
    }

    /// Reads a module and compares its hash.
    pub(crate) fn module(&self, expected: &str) -> Result<Vec<u8>, String> {
        let path = self.module_path(expected);
        let size = fs::metadata(&path)
            .map_err(|e| format!("{}: {e}", path.display()))?
            .len();
        if size > MAX_MODULE_BYTES as u64 {
            return Err(format!("{} has {size} bytes", path.display()));
        }
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        if hash(&bytes) == expected {
            return Ok(bytes);
        }
        Err(format!(
            "{} is damaged: its hash is not its name",
            path.display()
        ))
    }

    /// Stores a module, unless a sound copy is there.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn add_module(&self, hash: &str, bytes: &[u8]) -> crate::Result<()> {
        if self.module(hash).is_ok() {
            return Ok(());
        }
        Self::make(&self.modules())?;
        publish(&self.module_path(hash), bytes)
    }

    /// Stores a function.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn add_function(
        &self,
        name: &str,
        version: &str,
        module: &str,
        manifest: &Json,
    ) -> crate::Result<()> {
        let path = self.function_path(name, version);
        if let Some(folder) = path.parent() {
            Self::make(folder)?;
        }
        let check = hash(manifest.to_string().as_bytes());
        let record = Record {
            format: FORMAT,
            module: module.to_string(),
            check,
            manifest: manifest.clone(),
        };
        let text = serde_json::to_vec_pretty(&record)
            .map_err(|e| crate::Error::Internal(format!("a function's record: {e}")))?;
        publish(&path, &text)
    }

    /// Removes a function.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn remove_function(&self, name: &str, version: &str) -> crate::Result<()> {
        let path = self.function_path(name, version);
        fs::remove_file(&path).map_err(|e| crate::Error::io(&path, e))?;
        let folder = path.parent().unwrap_or(&path);
        sync_folder(folder)?;
        // The last version's folder goes, too; one that isn't empty stays.
        if fs::remove_dir(folder).is_ok() {
            sync_folder(&self.functions())?;
        }
        Ok(())
    }

    /// Removes the module with this hash, if it is there, and what was compiled of it.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn remove_module(&self, hash: &str) -> crate::Result<()> {
        for folder in [self.modules(), self.compiled_folder()] {
            for path in entries(&folder).unwrap_or_default() {
                if file_name(&path).starts_with(&format!("{hash}-")) {
                    // What stays is swept later.
                    let _ = fs::remove_file(&path);
                }
            }
        }
        let path = self.module_path(hash);
        match fs::remove_file(&path) {
            Ok(()) => sync_folder(&self.modules()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(crate::Error::io(&path, e)),
        }
    }
}

fn read_record(path: &Path) -> Result<(String, Json), String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let record: Record = serde_json::from_slice(&bytes)
        .map_err(|e| format!("{} is damaged: {e}", path.display()))?;
    if record.format != FORMAT {
        return Err(format!(
            "{} has format {}, this version knows {FORMAT}",
            path.display(),
            record.format
        ));
    }
    let plain = record.module.len() == 64 && record.module.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain || hash(record.manifest.to_string().as_bytes()) != record.check {
        return Err(format!(
            "{} is damaged: the manifest is not what was registered",
            path.display()
        ));
    }
    Ok((record.module, record.manifest))
}

/// What is in a folder, in order; nothing if there is none.
pub(crate) fn entries(folder: &Path) -> crate::Result<Vec<PathBuf>> {
    let read = match fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| crate::Error::io(folder, e))?,
    };
    let paths: Result<Vec<_>, _> = read.map(|entry| entry.map(|e| e.path())).collect();
    let mut paths = paths.map_err(|e| crate::Error::io(folder, e))?;
    paths.sort();
    Ok(paths)
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Writes a file so that it is there as a whole or not at all, also after a power cut.
pub(crate) fn publish(path: &Path, bytes: &[u8]) -> crate::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let temporary = folder.join(format!(".{}.{}.new", file_name(path), std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    if let Err(e) = write() {
        // The error is about the write; a leftover is ignored when the folder is read.
        let _ = fs::remove_file(&temporary);
        return Err(crate::Error::io(path, e));
    }
    sync_folder(folder)
}

pub(crate) fn sync_folder(folder: &Path) -> crate::Result<()> {
    let sync = File::open(folder).and_then(|f| f.sync_all());
    sync.map_err(|e| crate::Error::io(folder, e))
}
