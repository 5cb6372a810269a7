//! Which languages functions can be built in here.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Whether there is what `diagon udf build` needs for a language, or a compiler of that very name. Where `DIAGON_ALL_TOOLCHAINS` is set there must be.
pub(crate) fn has(language: &str) -> bool {
    static FOUND: OnceLock<Vec<(&str, bool)>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let all = [
            ("rust", rust()),
            ("go", runs("go version")),
            ("assemblyscript", runs("npm --version")),
            ("c", c()),
            ("clang-19", clang_19()),
        ];
        if std::env::var_os("DIAGON_ALL_TOOLCHAINS").is_some() {
            assert!(all.iter().all(|(_, there)| *there), "{all:?}");
        }
        all.to_vec()
    });
    let known = found.iter().find(|(name, _)| *name == language);
    known
        .unwrap_or_else(|| panic!("no such toolchain: {language}"))
        .1
}

fn runs(command: &str) -> bool {
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", command]).stdin(Stdio::null());
    let status = shell.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn rust() -> bool {
    let installed = "test -d \"$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown\"";
    let from_source =
        "test -d \"$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std\"";
    runs(installed) || (Path::new("/usr/bin/rustc").exists() && runs(from_source))
}

/// With a C library.
fn clang_19() -> bool {
    let program = "printf '#include <math.h>\n' | clang-19 --target=wasm32-wasi -mexec-model=reactor -x c - -o /dev/null";
    runs(program)
}

fn c() -> bool {
    let versions = ["", "-22", "-21", "-20", "-19", "-18", "-17", "-16"];
    let clang = |version: &&str| {
        runs(&format!(
            "echo 'int f;' | clang{version} --target=wasm32 -nostdlib -Wl,--no-entry -x c - -o /dev/null"
        ))
    };
    versions.iter().any(clang) || runs("zig version") || runs("python3 -m ziglang version")
}
