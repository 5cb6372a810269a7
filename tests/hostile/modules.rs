//! Modules that lie about what they are, want what there is not, or would keep the compiler busy.

use crate::guest::{Case, End, Guest, manifest, name, parse};
use crate::stage::honest;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = files();
    cases.extend(features());
    cases.extend(imports());
    cases.extend(exports());
    cases.extend(bombs());
    cases.extend(names());
    cases
}

const EXPORTS: &str = r#"(func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
  (func (export "filter") (param i32) (result i32) i32.const 0)"#;

/// A module with this before its memory, and this behind its exports.
fn module(before: &str, after: &str) -> Vec<u8> {
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

/// What would keep the compiler busy, or take its memory.
fn bombs() -> Vec<Case> {
    let with = |what: &str, function: &str, words| Case::refused(what, module("", function), words);
    let targets = format!(
        "(func (block (br_table {} (i32.const 0))))",
        "0 ".repeat(2 << 20)
    );
    let nested = format!("(func {}{})", "block ".repeat(5_000), "end ".repeat(5_000));
    let data: String = "(data \"\") ".repeat(50_001);
    let globals: String = "(global i32 (i32.const 0)) ".repeat(50_001);
    let types: String = (0..50_001).map(|_| "(type (func)) ").collect();
    vec![
        with(
            "has 60000 functions",
            &"(func) ".repeat(60_000),
            "functions, the limit is 50000",
        ),
        with(
            "has 10001 locals",
            &format!("(func (local {}))", "i32 ".repeat(10_001)),
            "10001 locals, the limit is 10000",
        ),
        Case::refused("has 4 billion locals", locals(u32::MAX), "locals"),
        with(
            "has 5000 blocks in each other",
            &nested,
            "nested deeper than 4096",
        ),
        with(
            "has a table of 2 million jumps",
            &targets,
            "bytes of code, the limit is",
        ),
        with(
            "has 33 loops in each other",
            &format!("(func {}{})", "loop ".repeat(33), "end ".repeat(33)),
            "loops nested deeper than 32",
        ),
        with(
            "has 3000 values on its stack",
            &format!(
                "(func {}{})",
                "i32.const 1 ".repeat(3_000),
                "drop ".repeat(3_000)
            ),
            "more than 2048 values on its stack",
        ),
        with(
            "has 1000 locals over 20000 branches",
            &format!(
                "(func (local {}) {})",
                "i32 ".repeat(1_000),
                branches(20_000)
            ),
            "too many branches for its number of locals",
        ),
        with(
            "has functions that are all just below the limit",
            &format!(
                "(func (local {}) {}) ",
                "i32 ".repeat(1_000),
                branches(2_000)
            )
            .repeat(20),
            "with the functions before it more than",
        ),
        with(
            "has 50001 data segments",
            &data,
            "data segments, the limit is 50000",
        ),
        with("has 50001 globals", &globals, "globals, the limit is 50000"),
        with("has 50001 types", &types, "types, the limit is 50000"),
        with(
            "has a function of 1001 parameters",
            &format!("(func (param {}))", "i32 ".repeat(1_001)),
            "param",
        ),
        with(
            "has a function of 5 results",
            "(func (result i32 i32 i32 i32 i32) (unreachable))",
            "a type has 0 parameters and 5 results, the limits are 255 and 4",
        ),
        with(
            "jumps back with 250 values again and again",
            &jumps(),
            "too many branches for its number of locals",
        ),
        with(
            "has a constant without an end",
            &format!(
                "(global i32 (i32.const 0) {})",
                "(i32.const 1) (i32.add) ".repeat(300_000)
            ),
            "",
        ),
    ]
}

/// A loop that takes 250 values from its stack, and many jumps back to it.
fn jumps() -> String {
    let values = "(i32.const 0) ".repeat(250);
    let jump = "(br_if 0 (i32.const 1)) ".repeat(20_000);
    let parameters = "i32 ".repeat(250);
    format!(
        "(func {values} (loop (param {parameters}) {jump} {}))",
        "drop ".repeat(250)
    )
}

/// So many branches that change a local each.
fn branches(number: usize) -> String {
    let one = |n: usize| {
        let local = n % 1_000;
        format!("(if (local.get 0) (then (local.set {local} (i32.const {n})))) ")
    };
    (0..number).map(one).collect()
}

/// A function with that many locals, which no text can write down.
fn locals(count: u32) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
    let mut number = Vec::new();
    let mut rest = count;
    while rest > 0x7f {
        number.push(u8::try_from(rest & 0x7f | 0x80).expect("a byte"));
        rest >>= 7;
    }
    number.push(u8::try_from(rest).expect("a byte"));
    // One group of i32s, and the end.
    let body: Vec<u8> = [&[1], &number[..], &[0x7f, 0x0b]].concat();
    let length = |bytes: usize| u8::try_from(bytes).expect("a byte");
    module.extend([10, length(body.len() + 2), 1, length(body.len())]);
    module.extend(body);
    module
}

/// Names of a megabyte, wherever there are names.
fn names() -> Vec<Case> {
    let long = "n".repeat(1 << 20);
    let longest = "n".repeat(100_000);
    let with = |what: &str, before: &str, after: &str, words| {
        Case::refused(what, module(before, after), words)
    };
    let answers = |what: &str, mut module: Vec<u8>, sections: &[(&str, Vec<u8>)]| {
        for (name, data) in sections {
            custom(&mut module, name, data);
        }
        Case {
            manifest: Some(manifest(&name(what), &serde_json::json!({}))),
            ..Case::new(what, module, End::Answers(honest))
        }
    };
    let good = || Guest::default().module();
    // The name of function 5, as the section of names has it, 90,000 bytes long; and one that is cut.
    let mut function = vec![1, 0x97, 0xbf, 5, 1, 5, 0x90, 0xbf, 5];
    function.extend(vec![b'f'; 90_000]);
    vec![
        with(
            "exports a name of 1 MB",
            "",
            &format!("(func (export \"{long}\"))"),
            "offset 0x",
        ),
        with(
            "imports a name of 1 MB",
            &format!("(import \"env\" \"{long}\" (func))"),
            "",
            "offset 0x",
        ),
        with(
            "imports a name of 100 KB",
            &format!("(import \"env\" \"{longest}\" (func))"),
            "",
            "import `env.nnn",
        ),
        with(
            "imports from a module with a name of 100 KB",
            &format!("(import \"{longest}\" \"{longest}\" (func))"),
            "",
            "import `nnn",
        ),
        answers(
            "has 3 MB in a section of its own",
            good(),
            &[("anything", vec![0xff; 3 << 20])],
        ),
        answers(
            "has a section with a name of 50 KB",
            good(),
            &[(&longest[..50_000], vec![1])],
        ),
        answers(
            "has a section of names that is nonsense",
            good(),
            &[("name", vec![0xff; 1_000])],
        ),
        answers(
            "has a function with a name of 90 KB",
            good(),
            &[("name", function)],
        ),
        answers(
            "has debug information that is nonsense",
            good(),
            &[
                (".debug_info", vec![0xff; 1_000]),
                (".debug_line", vec![0x80; 99]),
            ],
        ),
    ]
}

/// Adds a custom section.
pub(crate) fn custom(module: &mut Vec<u8>, name: &str, data: &[u8]) {
    let leb = |mut number: usize| {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(number & 0x7f).expect("a byte");
            number >>= 7;
            bytes.push(low | if number > 0 { 0x80 } else { 0 });
            if number == 0 {
                return bytes;
            }
        }
    };
    let content = [&leb(name.len()), name.as_bytes(), data].concat();
    module.push(0);
    module.extend(leb(content.len()));
    module.extend(content);
}
