//! Modules that lie about what they are, or want what there is not.

use crate::guest::{Case, End, Guest, parse};
use crate::stage::honest;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = files();
    cases.extend(features());
    cases.extend(imports());
    cases.extend(exports());
    cases
}

const EXPORTS: &str = r#"(func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
  (func (export "filter") (param i32) (result i32) i32.const 0)"#;

/// A module with this before its memory, and this behind its exports.
pub(crate) fn module(before: &str, after: &str) -> Vec<u8> {
    parse(&format!(
        "(module {before} (memory (export \"memory\") 1) {EXPORTS} {after})"
    ))
}

fn files() -> Vec<Case> {
    let good = Guest::default().module();
    let cut = good[..good.len() / 2].to_vec();
    let mut large = Guest::default().module();
    large.resize((16 << 20) + 1, 0);
    let mut behind = good.clone();
    behind.extend_from_slice(b"\x0b\xff\xff\xff\xff\x0f");
    vec![
        Case::refused("is empty", Vec::new(), "the file is empty"),
        Case::refused("is text", b"(module)".to_vec(), "this is WebAssembly text"),
        Case::refused(
            "is a program of another kind",
            b"\x7fELF\x02\x01\x01\0".to_vec(),
            "not a WebAssembly module",
        ),
        Case::refused(
            "is a component",
            b"\0asm\x0d\0\x01\0".to_vec(),
            "this is a component",
        ),
        Case::refused("is cut in the middle", cut, "offset 0x"),
        Case::refused("has a section of 4 GiB", behind, "offset 0x"),
        Case::refused("is a byte too large", large, "the limit is 16777216"),
    ]
}

/// Proposals that are not allowed.
fn features() -> Vec<Case> {
    let with = |what: &str, after: &str, words| Case::refused(what, module("", after), words);
    let memory = |what: &str, memory: &str, words| {
        Case::refused(what, parse(&format!("(module {memory} {EXPORTS})")), words)
    };
    vec![
        memory(
            "has a memory of 64 bits",
            "(memory (export \"memory\") i64 1)",
            "memory64",
        ),
        memory(
            "has a shared memory",
            "(memory (export \"memory\") 1 1 shared)",
            "threads",
        ),
        memory(
            "has two memories",
            "(memory (export \"memory\") 1) (memory 1)",
            "multiple memories",
        ),
        memory("has no memory", "", "no memory of its own"),
        memory(
            "hides its memory",
            "(memory 1)",
            "does not export its memory",
        ),
        memory(
            "starts with 17 MiB",
            "(memory (export \"memory\") 272)",
            "the memory starts with 17825792 bytes",
        ),
        with(
            "has atomic instructions",
            "(func (drop (i32.atomic.load (i32.const 0))))",
            "threads",
        ),
        with("has tail calls", "(func $f (return_call $f))", "tail calls"),
        with(
            "throws exceptions",
            "(tag $t) (func (throw $t))",
            "exceptions",
        ),
        with("has structs", "(type $s (struct (field i32)))", "gc"),
        with(
            "has references to anything",
            "(func (param externref))",
            "gc",
        ),
        with(
            "has typed references to functions",
            "(type $f (func)) (func (param (ref null $f)))",
            "function references",
        ),
        with(
            "has relaxed SIMD",
            "(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
            "relaxed",
        ),
        with(
            "has data behind its memory",
            "(data (i32.const 65536) \"x\")",
            "out of bounds",
        ),
        with(
            "has elements behind its table",
            "(table 1 funcref) (elem (i32.const 1) func 0)",
            "out of bounds",
        ),
        with(
            "has five tables",
            "(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)",
            "tables",
        ),
        with(
            "has a table of a billion",
            "(table 1000000000 funcref)",
            "65536 entries",
        ),
        with(
            "does not type check",
            "(func (result i32) (i64.const 0))",
            "type mismatch",
        ),
    ]
}

/// Imports that there are not, or that are something else.
fn imports() -> Vec<Case> {
    let with = |what: &str, import: &str, words| Case::refused(what, module(import, ""), words);
    let mut twice = Case::new(
        "imports the log twice",
        Guest {
            imports: "(import \"diagon\" \"log\" (func $log2 (param i32 i32 i32))) (import \"diagon\" \"fail\" (func $fail2 (param i32 i32)))",
            ..Guest::default()
        }
        .module(),
        End::Answers(honest),
    );
    twice.armed = (1, 0);
    vec![
        twice,
        with(
            "imports a function that there is not",
            "(import \"env\" \"system\" (func (param i32) (result i32)))",
            "import `env.system` is not one of",
        ),
        with(
            "imports from a module that there is not",
            "(import \"kernel\" \"log\" (func (param i32 i32 i32)))",
            "import `kernel.log` is not one of",
        ),
        with(
            "imports a file system",
            "(import \"wasi_snapshot_preview1\" \"path_open\" (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))",
            "path_open",
        ),
        with(
            "imports a socket",
            "(import \"wasi_snapshot_preview1\" \"sock_accept\" (func (param i32 i32 i32) (result i32)))",
            "sock_accept",
        ),
        with(
            "imports fail with another type",
            "(import \"diagon\" \"fail\" (func (param i64)))",
            "has type (i64), the host's is (i32, i32)",
        ),
        with(
            "imports a log that answers",
            "(import \"diagon\" \"log\" (func (param i32 i32 i32) (result i32)))",
            "has type (i32, i32, i32) -> i32",
        ),
        with(
            "imports a global",
            "(import \"diagon\" \"log\" (global i32))",
            "is not a function",
        ),
        with(
            "imports a table",
            "(import \"env\" \"table\" (table 1 funcref))",
            "is not a function",
        ),
        with(
            "imports its memory",
            "(import \"env\" \"memory\" (memory 1))",
            "is not a function",
        ),
        with(
            "imports functions of the row ABI",
            "(import \"env\" \"has_field\" (func (param i64 i32 i32) (result i32)))",
            "say `\"abi\": \"row\"`",
        ),
        with(
            "imports both types of one log",
            "(import \"env\" \"log\" (func (param i32 i32))) (import \"env\" \"log\" (func (param i32 i32 i32)))",
            "row ABI",
        ),
        with(
            "imports with an empty name",
            "(import \"\" \"\" (func))",
            "import `.` is not one of",
        ),
        with(
            "imports a name with control characters",
            "(import \"env\" \"\\1b[2J\\0a\\00\" (func))",
            "is not one of the host's functions",
        ),
    ]
}

/// Exports that are missing, of another type, or of another kind.
fn exports() -> Vec<Case> {
    let with = |what: &str, exports: &str, words| {
        let text = format!(
            "(module (memory (export \"memory\") 1) (global $g i32 (i32.const 0)) {exports})"
        );
        Case::refused(what, parse(&text), words)
    };
    let abi = "(func (export \"diagon_abi_v1\"))";
    let reserve = "(func (export \"diagon_reserve\") (param i32) (result i32) i32.const 1024)";
    let both = |filter: &str| format!("{abi} {reserve} {filter}");
    vec![
        with(
            "exports nothing",
            "",
            "does not export a function `diagon_abi_v1`",
        ),
        with(
            "is of another ABI",
            "(func (export \"diagon_abi_v7\"))",
            "was built for `diagon_abi_v7`",
        ),
        with(
            "has no reserve",
            abi,
            "does not export a function `diagon_reserve`",
        ),
        with(
            "has no filter",
            &both(""),
            "does not export a function `filter`",
        ),
        with(
            "has a filter that is a global",
            &both("(export \"filter\" (global $g))"),
            "does not export a function `filter`",
        ),
        with(
            "has a reserve that is its memory",
            &format!("{abi} (export \"diagon_reserve\" (memory 0))"),
            "does not export a function `diagon_reserve`",
        ),
        with(
            "has a filter of two parameters",
            &both("(func (export \"filter\") (param i32 i32) (result i32) i32.const 0)"),
            "has type (i32, i32) -> i32, expected (i32) -> i32",
        ),
        with(
            "has a filter of no parameters",
            &both("(func (export \"filter\") (result i32) i32.const 0)"),
            "has type () -> i32, expected (i32) -> i32",
        ),
        with(
            "has a filter of another result",
            &both("(func (export \"filter\") (param i32) (result i64) i64.const 0)"),
            "has type (i32) -> i64",
        ),
        with(
            "has a filter of two results",
            &both(
                "(func (export \"filter\") (param i32) (result i32 i32) i32.const 0 i32.const 0)",
            ),
            "has type (i32) -> (i32, i32)",
        ),
        with(
            "has a filter of vectors",
            &both("(func (export \"filter\") (param v128) (result v128) local.get 0)"),
            "has type (v128) -> v128",
        ),
        with(
            "has a reserve of 64 bits",
            &format!(
                "{abi} (func (export \"diagon_reserve\") (param i64) (result i32) i32.const 0)"
            ),
            "expected (i32) -> i32",
        ),
        with(
            "has a reserve without a result",
            &format!("{abi} (func (export \"diagon_reserve\") (param i32))"),
            "has type (i32), expected (i32) -> i32",
        ),
        with(
            "exports two of one name",
            &both(
                "(func (export \"filter\") (param i32) (result i32) i32.const 0) (export \"filter\" (func 0))",
            ),
            "duplicate export",
        ),
        with(
            "is a program",
            "(func (export \"_start\"))",
            "the module exports `_start`",
        ),
        with(
            "has parameters in initialize",
            "(func (export \"_initialize\") (param i32))",
            "export `_initialize` has type (i32), expected ()",
        ),
        with(
            "has parameters in its start function",
            "(func $s (param i32)) (start $s)",
            "start function",
        ),
        with(
            "traps in its start function",
            &both(
                "(func (export \"filter\") (param i32) (result i32) i32.const 0) (func $s unreachable) (start $s)",
            ),
            "unreachable",
        ),
        with(
            "traps in initialize",
            &both(
                "(func (export \"filter\") (param i32) (result i32) i32.const 0) (func (export \"_initialize\") unreachable)",
            ),
            "unreachable",
        ),
    ]
}
