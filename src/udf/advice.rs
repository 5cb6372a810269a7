//! What the author of a module can do about a refusal.

/// Part of a refusal's message, and what helps. The first that is found counts.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["this is WebAssembly text"],
        "assemble it first: `diagon udf build` in its folder, or `wat2wasm`",
    ),
    (
        &["this is a component"],
        "build for wasm32-unknown-unknown (Rust), GOOS=wasip1 with -buildmode=c-shared (Go), or as a reactor (C), without a component adapter",
    ),
    (
        &["the module has no manifest"],
        "use an SDK, which writes it (Rust: `#[diagon_udf::filter]` above the function); or give a file with --manifest, or put it in with `diagon udf pack`",
    ),
    (
        &["is a program; build a reactor"],
        "Rust: a library with crate-type cdylib; Go: -buildmode=c-shared; C: -mexec-model=reactor, or -nostdlib -Wl,--no-entry",
    ),
    (
        &["does not export its memory", "no memory of its own"],
        "C: don't pass --import-memory; text: (memory (export \"memory\") 1); other compilers export it by default",
    ),
    (
        &[
            "export a function `diagon_abi_v1`",
            "export a function `diagon_reserve`",
        ],
        "an SDK exports it; is the SDK linked into the module? A module of the row ABI says \"abi\": \"row\" in its manifest",
    ),
    (
        &["this host knows `diagon_abi_v1`"],
        "build with the SDK of this version of diagon, or use a newer diagon",
    ),
    (
        &["does not export a function"],
        "export it under that name, or name another with `export` in the manifest (without it the kind is the name: filter, score or value)",
    ),
    (
        &[
            "export `diagon_reserve` has type",
            "export `_initialize` has type",
            "export `diagon_abi_v1` has type",
        ],
        "leave it to the SDK; by hand: diagon_abi_v1: () -> (), diagon_reserve: (i32) -> i32, _initialize: () -> ()",
    ),
    (
        &["` has type"],
        "a function of the batch ABI is (i32) -> i32; one of the row ABI (i64) -> i32, with its positional parameters behind; host functions are listed in docs/udf-reference.md",
    ),
    (
        &["is not one of the host's functions", "is not a function"],
        "a function can't use files, network, clocks or the host's own imports: remove what needs it; what may be imported is listed in docs/udf-reference.md",
    ),
    (
        &["imports functions of the row ABI"],
        "say \"abi\": \"row\" in the manifest, or don't import from `env`",
    ),
    (
        &[
            "two conventions",
            "row convention",
            "contradicts the import",
        ],
        "say which one the module was built for; docs/udf-row-modules.md tells them apart",
    ),
    (
        &["the memory starts with"],
        "less static data, a smaller stack (C: -Wl,-z,stack-size=…), AssemblyScript: --initialMemory; or raise the host's UdfLimits::memory_bytes",
    ),
    (
        &["is shared or 64-bit", "more than one memory"],
        "build for wasm32 without threads: no -pthread, no +atomics, no memory64",
    ),
    (
        &["the answers depend on how the documents are split"],
        "keep nothing from one document or call to the next (globals, caches that change answers); or say `pure` is false",
    ),
    (
        &["the trial on no documents failed"],
        "the function has to return 0 for a batch without documents; a trap out of bounds may be a stack that is too small (C: -Wl,-z,stack-size=… in compile_flags.txt, Rust: .cargo/config.toml)",
    ),
    (
        &[
            "nested deeper",
            "values on its stack",
            "branches",
            "the limit is",
            "the limits are",
            "tables or",
        ],
        "simplify the code (smaller functions, less inlining, smaller tables); the bounds keep compiling short, see docs/udf-reference.md",
    ),
    (
        &["the module has it twice"],
        "two functions have one name: rename one of them, or say another name for queries",
    ),
    (
        &["manifest: ", "manifest of", "manifest is"],
        "mend the manifest at the place named; docs/udf-reference.md has every key",
    ),
    (
        &[
            "the file is empty",
            "this is a text file",
            "not a WebAssembly module",
            "(at offset",
            "is missing",
        ],
        "the file is damaged, or no module that this engine can run: build it again, for wasm32 without threads, exceptions, garbage collection or memory64",
    ),
];

/// What helps against a refusal of [`UdfRegistry::check`](super::UdfRegistry::check), from the message of its `UdfRejected`; for people, not
/// for programs. `None` where the message says it all.
#[must_use]
pub fn advice(message: &str) -> Option<&'static str> {
    ADVICE
        .iter()
        .find(|(parts, _)| parts.iter().any(|part| message.contains(part)))
        .map(|(_, fix)| *fix)
}
