//! Modules that are refused, each with a reason that its author can act on.

use serde_json::json;

use super::support::*;
use crate::udf::limits::MAX_MODULE_BYTES;

fn refused(module: &[u8]) -> String {
    message(registry().check(module, Some(&manifest(&json!({})))))
}

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

const GOOD: &str = r#"(func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
  (func (export "filter") (param i32) (result i32) i32.const 0)"#;

#[test]
fn files_that_are_no_modules() {
    assert!(refused(b"").contains("the file is empty"));
    assert!(refused(b"(module)").contains("this is WebAssembly text"));
    assert!(refused(b"hello").contains("this is a text file"));
    assert!(refused(&[0x7f, 0x45, 0x4c, 0x46, 0xff]).contains("not a WebAssembly module"));
    assert!(refused(b"\0asm\x0d\0\x01\0").contains("this is a component"));
    assert!(refused(b"\0asm\x01\0\0\0\x01\x05").contains("offset 0x"));
    assert!(refused(&vec![0; MAX_MODULE_BYTES + 1]).contains("the limit is 16777216"));
    let good = text(&format!("(module (memory (export \"memory\") 1) {GOOD})"));
    assert!(registry().check(&good, Some(&manifest(&json!({})))).is_ok());
    for end in 0..good.len() {
        assert!(
            registry()
                .check(&good[..end], Some(&manifest(&json!({}))))
                .is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn imports_and_exports() {
    let module = |more: &str, exports: &str| {
        refused(&text(&format!(
            "(module {more} (memory (export \"memory\") 1) {exports})"
        )))
    };
    for (more, exports, expected) in [
        ("(import \"env\" \"open\" (func))", GOOD, "import `env.open` is not one of the host's functions"),
        ("(import \"wasi_snapshot_preview1\" \"path_open\" (func))", GOOD, "`wasi_snapshot_preview1.path_open`"),
        ("(import \"diagon\" \"fail\" (func (param i64)))", GOOD, "import `diagon.fail` has type (i64), the host's is (i32, i32)"),
        ("(import \"env\" \"g\" (global i32))", GOOD, "import `env.g` is not a function"),
        ("(import \"env\" \"has_field\" (func (param i64 i32 i32) (result i32)))", GOOD, "say `\"abi\": \"row\"`"),
        ("", "", "does not export a function `diagon_abi_v1`"),
        ("", "(func (export \"diagon_abi_v2\"))", "was built for `diagon_abi_v2`"),
        ("", "(func (export \"diagon_abi_v1\"))", "does not export a function `diagon_reserve`"),
        (
            "",
            "(func (export \"diagon_abi_v1\")) (func (export \"diagon_reserve\") (param i64) (result i32) i32.const 0)",
            "export `diagon_reserve` has type (i64) -> i32, expected (i32) -> i32",
        ),
        (
            "",
            "(func (export \"diagon_abi_v1\")) (func (export \"diagon_reserve\") (param i32) (result i32) i32.const 0)
             (func (export \"filter\") (param i32 i32) (result i32) i32.const 0)",
            "export `filter` has type (i32, i32) -> i32, expected (i32) -> i32",
        ),
        ("", "(func (export \"_start\"))", "the module exports `_start`"),
        ("", "(func (export \"_initialize\") (param i32))", "export `_initialize` has type (i32), expected ()"),
    ] {
        let message = module(more, exports);
        assert!(message.contains(expected), "{message} should contain {expected}");
    }
}

#[test]
fn memories_and_features() {
    let module =
        |memory: &str, more: &str| refused(&text(&format!("(module {memory} {GOOD} {more})")));
    assert!(module("", "").contains("no memory of its own"));
    assert!(module("(memory 1)", "").contains("does not export its memory"));
    assert!(
        module("(memory (export \"memory\") 300)", "")
            .contains("the memory starts with 19660800 bytes")
    );
    assert!(module("(memory (export \"memory\") i64 1)", "").contains("memory64"));
    assert!(module("(memory (export \"memory\") 1 1 shared)", "").contains("threads"));
    let memory = "(memory (export \"memory\") 1)";
    assert!(module(&format!("{memory} (memory 1)"), "").contains("multiple memories"));
    let relaxed = "(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))";
    assert!(module(memory, relaxed).contains("relaxed"));
    let external = module(memory, "(func (param externref))");
    assert!(external.contains("gc"), "{external}");
    let fine = "(func (param v128) (result i32 f32) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
        (i32.extend8_s (i32.trunc_sat_f32_s (f32.const 1))) (f32.const 0)) (global (mut i32) (i32.const 0)) (table 1 funcref)";
    let module = text(&format!("(module {memory} {GOOD} {fine})"));
    assert!(
        registry()
            .check(&module, Some(&manifest(&json!({}))))
            .is_ok()
    );
}

#[test]
fn what_would_keep_the_compiler_busy() {
    let memory = "(memory (export \"memory\") 1)";
    let module = |function: &str| refused(&text(&format!("(module {memory} {GOOD} {function})")));
    let locals = format!("(func (local {}))", "i32 ".repeat(10_001));
    assert!(module(&locals).contains("function 3 has 10001 locals, the limit is 10000"));
    let deep = format!("(func {}{})", "block ".repeat(4_200), "end ".repeat(4_200));
    assert!(module(&deep).contains("nested deeper than 4096"));
    assert!(module(&"(func) ".repeat(50_001)).contains("functions, the limit is 50000"));
    assert!(module("(table 100000 funcref)").contains("tables or 65536 entries"));
}

#[test]
fn manifests_in_modules() {
    let none = guest("i32.const 1");
    assert!(message(registry().check(&none, None)).contains("the module has no manifest"));
    let one = |name: &str| manifest(&json!({"name": name})).replace('"', "\\\"");
    let custom = |text: &str| format!("(@custom \"diagon.udf\" \"{text}\")");
    let two = guest_with(
        &format!("{} {}", custom(&one("a")), custom(&one("b"))),
        "i32.const 1",
    );
    let names: Vec<String> = registry()
        .add(&two, None)
        .unwrap()
        .iter()
        .map(|r| r.udf.manifest().label())
        .collect();
    assert_eq!(names, ["a@1.0.0", "b@1.0.0"]);
    let twice = guest_with(
        &format!("{} {}", custom(&one("a")), custom(&one("a"))),
        "i32.const 1",
    );
    assert!(message(registry().check(&twice, None)).contains("has it twice"));
    let bad = guest_with(&custom("{"), "i32.const 1");
    assert!(message(registry().check(&bad, None)).contains("manifest: EOF"));
    let wrong = manifest(&json!({"export": "nope"}));
    assert!(
        message(registry().check(&none, Some(&wrong)))
            .contains("`f@1.0.0`: the module does not export a function `nope`")
    );
}
