//! Compiled modules, kept beside the registry so that a process doesn't compile what another one has compiled.
//!
//! ```text
//! compiled/<module>-<configuration>.cwasm     what the compiler made of the module
//! modules/<module>-<configuration>.json       {"format": 1, "check": "<sha256>", "begins": {"clock_ns": 0, "random": 1}}
//! ```
//!
//! What is compiled is machine code, and is run as such. So it is read only from a folder that belongs to the user that this process
//! runs as, and that nobody else can even look into; the file is read into memory once, and it is those bytes whose hash is compared with the one
//! that stands apart from it, and that are loaded. The configuration is a hash of the engine's settings and of the versions of compiler and crate.
//! Whatever is not as it should be means compiling again, never an error.

use std::fs::{self, DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use super::code::Compiled;
use super::engine::UdfEngine;
use super::folder::{FORMAT, Folder, hash, publish};
use super::host::Moment;

/// The largest file that is read: what 16 MiB of WebAssembly can become.
const MAX_BYTES: u64 = 256 << 20;

/// What a thread reads and hashes at a time.
const PIECE: usize = 1 << 20;

/// The compiled modules of a registry's folder.
#[derive(Debug)]
pub(crate) struct CompiledCache {
    folder: PathBuf,
    modules: PathBuf,
    configuration: String,
    /// The refusal has been told.
    told: AtomicBool,
}

#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    check: String,
    begins: Moment,
}

/// Feeds SHA-256 with what a `Hash` says, for a hash that is the same in every process.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0 // the whole digest is taken instead
    }
}

impl CompiledCache {
    pub(crate) fn new(folder: &Folder, engine: &UdfEngine) -> Self {
        let mut sha = Sha(Sha256::new());
        let compiler = engine.inner();
        compiler.precompile_compatibility_hash().hash(&mut sha);
        engine.pre_initializes().hash(&mut sha);
        env!("CARGO_PKG_VERSION").hash(&mut sha);
        let configuration = hash(&sha.0.finalize())[..32].to_string();
        Self {
            folder: folder.compiled_folder(),
            modules: folder.modules(),
            configuration,
            told: AtomicBool::new(false),
        }
    }

    fn name(&self, module: &str) -> String {
        format!("{module}-{}.cwasm", self.configuration)
    }

    fn record_path(&self, module: &str) -> PathBuf {
        self.modules
            .join(format!("{module}-{}.json", self.configuration))
    }

    /// Whether the module has been compiled for this engine, as far as can be told without reading it.
    pub(crate) fn knows(&self, module: &str) -> bool {
        self.record_path(module).is_file() && self.folder.join(self.name(module)).is_file()
    }

    /// The compiled module, if there is one that can be trusted.
    pub(crate) fn load(&self, engine: &Engine, module: &str) -> Option<Compiled> {
        match self.try_load(engine, module) {
            Ok(loaded) => loaded,
            Err(reason) => {
                self.refused(module, &reason);
                None
            }
        }
    }

    fn try_load(&self, engine: &Engine, module: &str) -> Result<Option<Compiled>, String> {
        let Some(record) = read_record(&self.record_path(module)) else {
            return Ok(None);
        };
        let Some(folder) = self.open_folder()? else {
            return Ok(None);
        };
        let name = self.name(module);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&folder, &*name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(e) => return Err(format!("{name}: {e}")),
        };
        let (bytes, check) = read_own(&file).map_err(|reason| format!("{name}: {reason}"))?;
        if seal(&check, record.begins) != record.check {
            return Err(format!("{name}: its hash is not the one that was noted"));
        }
        let module = deserialize(engine, &bytes).map_err(|e| format!("{name}: {e:#}"))?;
        let moment = record.begins;
        Ok(Some(Compiled { module, moment }))
    }

    /// Keeps a compiled module for other processes, if that can be done.
    pub(crate) fn store(&self, module: &str, compiled: &Compiled) {
        if let Err(reason) = self.try_store(module, compiled) {
            self.refused(module, &reason);
        }
    }

    fn try_store(&self, module: &str, compiled: &Compiled) -> Result<(), String> {
        let text = |e: std::io::Error| e.to_string();
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(text(e)),
            _ => {}
        }
        let Some(folder) = self.open_folder()? else {
            return Err("the folder is gone".to_string());
        };
        let mut bytes = compiled.module.serialize().map_err(|e| format!("{e:#}"))?;
        let name = self.name(module);
        let temporary = format!(".{name}.{}.new", std::process::id());
        // One that a process of the same number left.
        let _ = rustix::fs::unlinkat(&folder, &*temporary, AtFlags::empty());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&folder, &*temporary, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(file.map_err(|e| e.to_string())?);
        // Not synced: what a power cut leaves is recognised by its hash.
        let written = file.write_all(&bytes).map_err(text).and_then(|()| {
            let done = rustix::fs::renameat_with(
                &folder,
                &*temporary,
                &folder,
                &*name,
                RenameFlags::empty(),
            );
            done.map_err(|e| e.to_string())
        });
        if written.is_err() {
            let _ = rustix::fs::unlinkat(&folder, &*temporary, AtFlags::empty());
            return written;
        }
        let check = digest(&mut bytes, |_, _| Ok(())).map_err(text)?;
        let record = Record {
            format: FORMAT,
            check: seal(&check, compiled.moment),
            begins: compiled.moment,
        };
        let json = serde_json::to_vec(&record).map_err(|e| e.to_string())?;
        publish(&self.record_path(module), &json).map_err(|e| e.to_string())
    }

    /// The folder, if it is there and nobody else's. What is opened in it is in the folder that was looked at, whatever its path has come to mean.
    fn open_folder(&self) -> Result<Option<File>, String> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match rustix::fs::open(&self.folder, flags, Mode::empty()) {
            Ok(folder) => File::from(folder),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(e) => return Err(e.to_string()),
        };
        let meta = folder.metadata().map_err(|e| e.to_string())?;
        let mode = meta.mode() & 0o7777;
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(format!("the folder belongs to the user {}", meta.uid()));
        }
        if mode & 0o077 != 0 {
            return Err(format!("the folder's mode is {mode:o}, and must be 700"));
        }
        Ok(Some(folder))
    }

    fn refused(&self, module: &str, reason: &str) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(folder = %self.folder.display(), %module, %reason, "a compiled module can't be kept or used; modules are compiled when they are first needed");
        }
    }
}

/// The hash of a file and of where its instances begin.
pub(crate) fn seal(check: &str, begins: Moment) -> String {
    hash(format!("{check} {} {}", begins.clock_ns, begins.random).as_bytes())
}

fn read_record(path: &Path) -> Option<Record> {
    let bytes = fs::read(path).ok()?;
    let record: Record = serde_json::from_slice(&bytes).ok()?;
    (record.format == FORMAT).then_some(record)
}

/// Reads a file that is the user's own, and hashes what it read.
fn read_own(file: &File) -> Result<(Vec<u8>, String), String> {
    let meta = file.metadata().map_err(|e| e.to_string())?;
    if !meta.is_file()
        || meta.uid() != rustix::process::geteuid().as_raw()
        || meta.mode() & 0o022 != 0
    {
        return Err("it is no plain file of this user alone".to_string());
    }
    let len = usize::try_from(meta.len())
        .ok()
        .filter(|_| meta.len() <= MAX_BYTES);
    let mut bytes = vec![0; len.ok_or_else(|| format!("it has {} bytes", meta.len()))?];
    let check = digest(&mut bytes, |piece, at| file.read_exact_at(piece, at));
    let check = check.map_err(|e| e.to_string())?;
    Ok((bytes, check))
}

/// Fills `bytes` piece by piece, and hashes the hashes of the pieces: on several threads, as hashing is most of what loading takes.
pub(crate) fn digest(
    bytes: &mut [u8],
    fill: impl Fn(&mut [u8], u64) -> std::io::Result<()> + Sync,
) -> std::io::Result<String> {
    let mut work: Vec<(u64, &mut [u8], [u8; 32])> = Vec::new();
    for (n, piece) in bytes.chunks_mut(PIECE).enumerate() {
        work.push((n as u64 * PIECE as u64, piece, [0; 32]));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = work.len().div_ceil(threads).max(1);
    let run = |part: &mut [(u64, &mut [u8], [u8; 32])]| {
        part.iter_mut().try_for_each(|(at, piece, hash)| {
            fill(piece, *at)?;
            *hash = Sha256::digest(&**piece).into();
            Ok(())
        })
    };
    std::thread::scope(|scope| {
        let mut parts = work.chunks_mut(share);
        let first = parts.next();
        let begin = |part| std::thread::Builder::new().spawn_scoped(scope, || run(part));
        let others = parts.map(begin).collect::<std::io::Result<Vec<_>>>()?;
        let first = first.map_or(Ok(()), run);
        let failed = |_| Err(std::io::Error::other("a thread that hashes ended"));
        let others = others.into_iter().map(|t| t.join().unwrap_or_else(failed));
        others.fold(first, std::io::Result::and)
    })?;
    let all: Vec<u8> = work.iter().flat_map(|(_, _, hash)| *hash).collect();
    Ok(hash(&all))
}

#[allow(
    unsafe_code,
    reason = "the only way to load what was compiled before; see above for what makes it safe"
)]
fn deserialize(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Module> {
    // SAFETY: `bytes` must be what `Module::serialize` gave. They have the hash that `try_store` noted when it wrote them; they come from a
    // file in a folder that only this user can write (`open_folder`, `read_own`); nothing can change them any more, as they are in this
    // process's memory. The engine itself checks that they were made by its version, with its settings.
    unsafe { Module::deserialize(engine, bytes) }
}
