//! C and C++: clang with its WebAssembly linker, or zig, whichever is there; with a C library if there is one.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::project::{C_SOURCES, Project, is_test};
use super::super::toolchain::{find, missing, run, succeeds};
use super::{Built, read_manifest, read_module};
use crate::Error;

const INSTALL: &str = "install clang 16 or newer with its linker (Debian: `apt install clang-19 lld-19`, and `wasi-libc libclang-rt-19-dev-wasm32` for <math.h>), or zig (`pip install ziglang`)";

/// Vectors, and `memcpy` as an instruction: every engine that runs functions has them.
const FLAGS: [&str; 6] = [
    "-O3",
    "-msimd128",
    "-mbulk-memory",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
];

/// Further ones of C++, whose exceptions there is no runtime for.
const CPP_FLAGS: [&str; 3] = ["-std=c++17", "-fno-exceptions", "-fno-rtti"];

/// # Errors
/// `Io`; `InvalidArgument` if there is no compiler, or it fails.
pub(super) fn build(project: &Project, arguments: &[String]) -> crate::Result<Built> {
    let sources = sources(project)?;
    let cpp = sources
        .iter()
        .any(|s| s.extension().is_none_or(|e| e != "c"));
    let flags = flags_file(project)?;
    let out = std::env::temp_dir().join(format!("diagon-udf-{}.wasm", uuid::Uuid::new_v4()));
    let mut command = compiler(cpp)?;
    command.current_dir(&project.folder).args(FLAGS);
    if cpp {
        command.args(CPP_FLAGS);
    }
    let names = sources.iter().filter_map(|source| source.file_name());
    command.args(flags).args(names).args(arguments);
    let built = run(command.arg("-o").arg(&out));
    let module = built.and_then(|()| read_module(&out));
    // It is nobody's any more, whether it was read or not.
    let _ = std::fs::remove_file(&out);
    let name = match &sources[..] {
        [only] => only
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        _ => project.folder_name()?,
    };
    Ok(Built {
        name,
        module: module?,
        manifest: None,
    })
}

/// The sources of the module: those that are no tests.
fn sources(project: &Project) -> crate::Result<Vec<PathBuf>> {
    let mut sources = project.files(&C_SOURCES)?;
    sources.retain(|source| !is_test(source));
    if sources.is_empty() {
        let message = format!("{}: there are only tests", project.folder.display());
        return Err(Error::InvalidArgument(message));
    }
    Ok(sources)
}

/// The project's own flags: `compile_flags.txt`, a flag a line, which editors read, too.
fn flags_file(project: &Project) -> crate::Result<Vec<String>> {
    let path = project.join("compile_flags.txt");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = read_manifest(&path)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_string).collect())
}

/// A compiler, and how it is told to make a library for WebAssembly.
struct Candidate {
    program: Vec<String>,
    arguments: Vec<&'static str>,
    /// A header that tells whether its libraries are there.
    header: Option<&'static str>,
}

/// Without a C library. The stack lies below the data, so that one that overflows can't overwrite them; it has 256 KiB.
#[rustfmt::skip]
const CLANG: &[&str] = &[
    "--target=wasm32", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--stack-first", "-Wl,--strip-all", "-Wl,-z,stack-size=262144",
];
#[rustfmt::skip]
const ZIG: &[&str] = &["-target", "wasm32-freestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=262144", "-s"];
/// With one, which asks the host for nothing as long as no files or clocks are used.
#[rustfmt::skip]
const CLANG_WASI: &[&str] = &[
    "--target=wasm32-wasi", "-mexec-model=reactor", "-Wl,--stack-first", "-Wl,--strip-all", "-Wl,-z,stack-size=262144",
];
const ZIG_WASI: &[&str] = &[
    "-target",
    "wasm32-wasi",
    "-mexec-model=reactor",
    "-Wl,-z,stack-size=262144",
    "-s",
];

/// The first compiler that can do it; those with a C library come first.
fn compiler(cpp: bool) -> crate::Result<Command> {
    let found = candidates(cpp).into_iter().find(Candidate::works);
    let found = found.ok_or_else(|| {
        if candidates(cpp).is_empty() {
            return missing("clang", INSTALL);
        }
        Error::InvalidArgument(format!(
            "the C compilers that are installed make no WebAssembly; the linker may be missing: {INSTALL}"
        ))
    })?;
    Ok(found.command())
}

/// Best first: with the standard library of C++ if that is the language, with that of C, with none.
fn candidates(cpp: bool) -> Vec<Candidate> {
    let versions = ["", "-22", "-21", "-20", "-19", "-18", "-17", "-16"];
    let suffix = if cpp { "++" } else { "" };
    let names = versions.map(|version| format!("clang{suffix}{version}"));
    let clangs = names.iter().filter_map(|name| find(&[name]));
    let clangs: Vec<_> = clangs
        .map(|path| vec![path.display().to_string()])
        .collect();
    let zigs = zigs(if cpp { "c++" } else { "cc" });
    let mut all = Vec::new();
    let mut add = |programs: &[Vec<String>], arguments: &[&'static str], header| {
        all.extend(programs.iter().map(|program| Candidate {
            program: program.clone(),
            arguments: arguments.to_vec(),
            header,
        }));
    };
    if cpp {
        add(&clangs, CLANG_WASI, Some("vector"));
        add(&zigs, ZIG_WASI, Some("vector"));
    }
    // Debian's clang has no library of C++ unless that is installed, too.
    let own = if cpp { &["-nostdlib++"][..] } else { &[] };
    add(&clangs, &[CLANG_WASI, own].concat(), Some("math.h"));
    add(&zigs, ZIG_WASI, Some("math.h"));
    add(&clangs, CLANG, None);
    add(&zigs, ZIG, None);
    all
}

/// Zig by itself, and as pip installs it.
fn zigs(driver: &str) -> Vec<Vec<String>> {
    let mut zigs = Vec::new();
    if let Some(zig) = find(&["zig"]) {
        zigs.push(vec![zig.display().to_string(), driver.into()]);
    }
    if let Some(python) = find(&["python3", "python"]) {
        let python = python.display().to_string();
        if succeeds(Command::new(&python).args(["-m", "ziglang", "version"])) {
            zigs.push(vec![python, "-m".into(), "ziglang".into(), driver.into()]);
        }
    }
    zigs
}

impl Candidate {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]).args(&self.arguments);
        command
    }

    /// Whether it makes a module of a small program with its header.
    fn works(&self) -> bool {
        let name = format!("diagon-udf-{}", uuid::Uuid::new_v4());
        let folder = std::env::temp_dir().join(name);
        let works = self.probe(&folder).unwrap_or(false);
        // Nothing of it is needed, whatever came of it.
        let _ = std::fs::remove_dir_all(&folder);
        works
    }

    fn probe(&self, folder: &Path) -> std::io::Result<bool> {
        std::fs::create_dir_all(folder)?;
        let include = self.header.map(|header| format!("#include <{header}>\n"));
        let include = include.unwrap_or_default();
        let language = if self.header == Some("vector") {
            "c++"
        } else {
            "c"
        };
        let source = folder.join("probe");
        std::fs::write(
            &source,
            format!("{include}double f(double x) {{ return x; }}\n"),
        )?;
        let mut command = self.command();
        command
            .args(["-fno-exceptions", "-x", language])
            .arg(&source);
        Ok(succeeds(command.arg("-o").arg(folder.join("probe.wasm"))))
    }
}
