//! Modules that would keep the compiler busy, take its memory, or have names that are too long for anybody.

use crate::guest::{Case, End, Guest, manifest, name};
use crate::modules::module;
use crate::stage::honest;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = bombs();
    cases.extend(names());
    cases
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
