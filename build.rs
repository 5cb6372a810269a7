//! Compiles the native engine and the bridge into the crate.

use std::path::Path;

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let root = Path::new(&root);
    let cpp = root.join("cpp");
    let list = std::fs::read_to_string(cpp.join("sources.list")).expect("cpp/sources.list");

    cxx_build::CFG.include_prefix = "";
    let mut build = cxx_build::bridge("src/bridge/ffi.rs");
    build
        .std("c++20")
        .include(&cpp)
        .warnings(true)
        .extra_warnings(true)
        // All versions of a loop must give the same bits: no fused multiplication and addition.
        .flag("-ffp-contract=off");
    build.include(std::env::var("DEP_ZSTD_INCLUDE").expect("zstd-sys tells where its header is"));
    for source in list.lines().map(str::trim) {
        if !source.is_empty() && !source.starts_with('#') {
            build.file(cpp.join(source));
        }
    }
    let debug = std::env::var("DEBUG_ASSERTIONS").is_ok()
        || std::env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    if debug {
        build.define("_GLIBCXX_ASSERTIONS", None);
        // Unoptimised loops over bits would make every test slow.
        build.opt_level(1);
    } else {
        build.define("NDEBUG", None);
    }
    if std::env::var("CARGO_FEATURE_ASAN").is_ok() {
        build
            .flag("-fsanitize=address,undefined")
            .flag("-fno-omit-frame-pointer")
            .flag("-fno-sanitize-recover=all");
        println!("cargo::rustc-link-lib=asan");
        println!("cargo::rustc-link-lib=ubsan");
    }
    if std::env::var("DIAGON_CPP_COVERAGE").is_ok() {
        build.flag("--coverage").opt_level(0);
        println!("cargo::rustc-link-lib=gcov");
    }
    build.warnings_into_errors(std::env::var("DIAGON_DENY_WARNINGS").is_ok());
    build.compile("diagon_engine");

    for path in ["cpp", "src/bridge/ffi.rs", "build.rs"] {
        // A path that doesn't exist would make Cargo compile the engine again on every build.
        assert!(root.join(path).exists(), "{path} is missing");
        println!("cargo::rerun-if-changed={path}");
    }
    for name in ["DIAGON_DENY_WARNINGS", "DIAGON_CPP_COVERAGE"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::metadata=include={}", cpp.display());
}
