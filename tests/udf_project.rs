//! `diagon udf` about a project, as its author uses it: in a function written as text, which needs no compiler.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Keeps documents whose `price` is at most the parameter `budget`. Of a negative price it says that the document is in error, and logs
/// why; at 13 it traps. It counts how many documents it has seen, and forgets to keep those after the third of a call if the parameter
/// `forgetful` is true.
const SOURCE: &str = r#"(module
  (import "diagon" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  (data (i32.const 8) "a negative price")
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param i32) (result i32) (i32.const 1024))
  (func (export "affordable") (param $batch i32) (result i32)
    (local $place i32) (local $prices i32) (local $out i32) (local $budget f64) (local $price f64) (local $forgetful i32)
    (local.set $prices (i32.load offset=12 (i32.load offset=8 (local.get $batch))))
    (local.set $out (i32.load offset=36 (local.get $batch)))
    (local.set $budget (f64.load offset=8 (i32.load offset=16 (local.get $batch))))
    (local.set $forgetful (i32.load offset=24 (i32.load offset=16 (local.get $batch))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $place) (i32.load offset=4 (local.get $batch))))
        (local.set $price (f64.load (i32.add (local.get $prices) (i32.shl (local.get $place) (i32.const 3)))))
        (if (f64.eq (local.get $price) (f64.const 13)) (then (unreachable)))
        (i32.store8 (i32.add (local.get $out) (local.get $place)) (f64.le (local.get $price) (local.get $budget)))
        (if (f64.lt (local.get $price) (f64.const 0)) (then
          (call $log (i32.const 4) (i32.const 8) (i32.const 16))
          (i32.store8 (i32.add (local.get $out) (local.get $place)) (i32.const 2))))
        (if (i32.and (local.get $forgetful) (i32.gt_u (local.get $place) (i32.const 2))) (then
          (i32.store8 (i32.add (local.get $out) (local.get $place)) (i32.const 0))))
        (local.set $place (i32.add (local.get $place) (i32.const 1)))
        (br $next)))
    (i32.const 0)))"#;

fn manifest() -> Value {
    json!({"abi": 1, "name": "affordable", "version": "1.0.0", "kind": "filter", "export": "affordable", "description": "within budget",
        "fields": [{"name": "price", "type": "f64", "default": 1e9}],
        "params": [{"name": "budget", "type": "f64", "required": true}, {"name": "forgetful", "type": "bool", "default": false}]})
}

struct Project(TempDir);

impl Project {
    /// With the function as it is.
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("affordable.wat", SOURCE);
        project.write("manifest.json", &manifest().to_string());
        project
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
        let command = command.arg("udf").args(arguments).stdin(Stdio::null());
        command.current_dir(self.0.path()).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, told) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{told}");
        out
    }

    /// What a failure prints on both streams, one behind the other.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        text(&output.stdout) + &text(&output.stderr)
    }

    fn cases(&self, cases: &[Value]) {
        let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
        self.write("tests.jsonl", &lines.join("\n"));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn case(price: Value, budget: f64, expected: Value) -> Value {
    json!({"document": {"price": price}, "parameters": {"budget": budget}, "expected": expected})
}

#[test]
fn from_source_to_a_hit() {
    let project = Project::new();
    assert!(project.fails(&["check"]).contains("diagon udf build"));
    let built = project.ok(&["build"]);
    assert!(
        built.contains("affordable.wasm: ")
            && built.contains("affordable@1.0.0: filter, within budget"),
        "{built}"
    );
    assert_eq!(
        project.ok(&["check"]),
        "affordable@1.0.0 would be registered\n"
    );
    project.cases(&[
        case(json!(3.5), 5.0, json!(true)),
        case(json!(5), 5.0, json!(true)),
        case(json!(5.01), 5.0, json!(false)),
        case(Value::Null, 5.0, json!(false)),
        case(json!(-1), 5.0, json!({"error": "a negative price"})),
        case(json!(13), 5.0, json!({"error": "unreachable"})),
        json!({"document": {}, "expected": {"error": "parameter `budget`"}}),
    ]);
    assert_eq!(project.ok(&["test"]), "7 passed, 0 failed\n");
    let measured = project.ok(&["bench", "--count", "2000"]);
    for needle in [
        "affordable@1.0.0 with {\"budget\":5.0}, 2000 documents (7 different)",
        "gathered, 100 %",
        "gathered, 1 %",
        " kept",
    ] {
        assert!(measured.contains(needle), "{measured}");
    }
    // Into an index, and a query.
    project.write(
        "documents",
        "{\"id\": \"a\", \"price\": 3}\n{\"id\": \"b\", \"price\": 7}\n",
    );
    let diagon = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
        let output = command
            .args(arguments)
            .current_dir(project.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    diagon(&["index", "--dir", "index", "documents"]);
    assert_eq!(
        project.ok(&["add", "--dir", "index"]),
        "affordable@1.0.0 registered\n"
    );
    project.ok(&["alias", "--dir", "index", "affordable@1.0.0", "stable"]);
    let query = r#"{"query": {"wasm_udf": {"name": "affordable", "version": "stable", "parameters": {"budget": 5}}}}"#;
    let found: Value = serde_json::from_str(&diagon(&["search", "--dir", "index", query])).unwrap();
    assert_eq!(found["hits"]["hits"][0]["_id"], "a");
    assert_eq!(found["hits"]["total"]["value"], 1);
    let table = project.ok(&["stats", "--dir", "index", "--repeat", "3", query]);
    let line = table.lines().nth(1).unwrap();
    assert!(
        line.starts_with("affordable@1.0.0") && line.contains(" 3 "),
        "{table}"
    );
    let json: Value =
        serde_json::from_str(&project.ok(&["stats", "--dir", "index", "--json", query])).unwrap();
    assert_eq!(json[0]["queries"], 1);
    assert!(
        project
            .ok(&["stats", "--dir", "index", r#"{"query": {"match_all": {}}}"#])
            .contains("no function")
    );
}

#[test]
fn a_failure_shows_what_there_is_to_know() {
    let project = Project::new();
    project.ok(&["build"]);
    project.cases(&[
        case(json!(3), 5.0, json!(true)),
        case(json!(4), 3.0, json!(true)),
        case(json!(-4), 3.0, json!(false)),
    ]);
    let told = project.fails(&["test"]);
    for needle in [
        "tests.jsonl:2: affordable@1.0.0: expected true, got false",
        "document:   {\"price\":4}",
        "parameters: {\"budget\":3.0}",
        "tests.jsonl:3: affordable@1.0.0: expected false, got {\"error\":",
        "log:        reason: a negative price",
        "1 passed, 2 failed",
        "error: 2 of 3 cases failed",
    ] {
        assert!(told.contains(needle), "{needle}: {told}");
    }
}

#[test]
fn a_function_that_looks_at_its_neighbours_is_caught() {
    let project = Project::new();
    project.ok(&["build"]);
    let forgetful = |price: f64| json!({"document": {"price": price}, "parameters": {"budget": 5, "forgetful": true}, "expected": true});
    project.cases(&[1.0, 2.0, 3.0, 4.0].map(forgetful));
    let told = project.fails(&["test"]);
    assert!(told.contains("tests.jsonl:4: affordable@1.0.0: true of the document alone, but false among 4 documents"), "{told}");
    assert!(told.contains("3 passed, 1 failed"), "{told}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let project = Project::new();
    project.ok(&["build"]);
    let cases = |lines: &str, needles: &[&str]| {
        project.write("tests.jsonl", lines);
        let told = project.fails(&["test"]);
        for needle in needles {
            assert!(told.contains(needle), "{needle}: {told}");
        }
    };
    cases(
        "{\"document\": {}}",
        &["tests.jsonl:1:", "missing field `expected`"],
    );
    cases(
        "{\"function\": \"other\", \"document\": {}, \"expected\": true}",
        &["tests.jsonl:1: there is no function `other`: the module has affordable@1.0.0"],
    );
    cases(
        "\n{\"document\": {\"price\": \"x\"}, \"parameters\": {\"budget\": 1}, \"expected\": true}",
        &["tests.jsonl:2: document:", "price"],
    );
    project.write(
        "schema.json",
        "{\"properties\": {\"price\": {\"type\": \"keyword\"}}}",
    );
    cases(
        "{\"document\": {\"price\": \"1\"}, \"parameters\": {\"budget\": 1}, \"expected\": true}",
        &["field `price`"],
    );
    std::fs::remove_file(project.path("schema.json")).unwrap();
    std::fs::remove_file(project.path("tests.jsonl")).unwrap();
    assert!(project.fails(&["test"]).contains("tests.jsonl: "));
    assert!(project.fails(&["bench"]).contains("--documents"));
    project.write("documents", "{}");
    let arguments = ["bench", "--documents", "documents", "--parameters", "{"];
    assert!(project.fails(&arguments).contains("--parameters: "));
    // A source with a mistake, a module without a manifest, a folder without a project.
    project.write("affordable.wat", "(module\n  (func (local.got 0)))");
    let told = project.fails(&["build"]);
    assert!(told.contains("affordable.wat:2:"), "{told}");
    project.write("affordable.wat", SOURCE);
    std::fs::remove_file(project.path("manifest.json")).unwrap();
    let told = project.fails(&["build"]);
    assert!(
        told.contains("fix: use an SDK") && told.contains("no manifest"),
        "{told}"
    );
    project.write("m.json", &manifest().to_string());
    project.ok(&[
        "pack",
        "--manifest",
        "m.json",
        "affordable.wasm",
        "--output",
        "packed.wasm",
    ]);
    assert!(
        project
            .fails(&["check"])
            .contains("there are several modules")
    );
    project.ok(&["check", "packed.wasm"]);
    let told = project.fails(&["check", "affordable.wasm"]);
    assert!(
        told.contains("fix: ") && told.contains("affordable.wasm: the module has no manifest"),
        "{told}"
    );
    let told = project.fails(&["build", "--project", "/dev"]);
    assert!(told.contains("diagon udf new"), "{told}");
}

#[test]
fn an_old_module_is_noticed() {
    let project = Project::new();
    project.ok(&["build"]);
    project.cases(&[case(json!(3), 5.0, json!(true))]);
    let source = std::fs::File::options()
        .append(true)
        .open(project.path("affordable.wat"))
        .unwrap();
    source
        .set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60))
        .unwrap();
    let output = project.run(&["test"]);
    let told = text(&output.stderr);
    assert!(
        told.contains("affordable.wat is newer than affordable.wasm"),
        "{told}"
    );
    assert!(output.status.success() && Path::new(&project.path("affordable.wasm")).exists());
}

/// A pure filter of one keyword: asked by dictionary, and, to compare, about each document.
#[test]
fn a_measurement_has_a_line_for_each_way() {
    let project = Project::new();
    let source = r#"(module
      (memory (export "memory") 4)
      (func (export "diagon_abi_v1"))
      (func (export "diagon_reserve") (param i32) (result i32) (i32.const 1024))
      (func (export "affordable") (param $batch i32) (result i32)
        (memory.fill (i32.load offset=36 (local.get $batch)) (i32.const 1) (i32.load offset=4 (local.get $batch)))
        (i32.const 0)))"#;
    project.write("affordable.wat", source);
    let mut keyword = manifest();
    keyword["pure"] = json!(true);
    keyword["fields"] = json!([{"name": "category", "type": "str", "default": ""}]);
    project.write("manifest.json", &keyword.to_string());
    project.ok(&["build"]);
    let documents: Vec<String> = (0..50)
        .map(|n| json!({"category": format!("c{}", n % 5)}).to_string())
        .collect();
    project.write("documents", &documents.join("\n"));
    let measured = project.ok(&[
        "bench",
        "--documents",
        "documents",
        "--parameters",
        "{\"budget\": 1}",
        "--count",
        "20000",
    ]);
    for needle in [
        "20000 documents (50 different)",
        "gathered, 10 %",
        "by dictionary, 100 %",
        "20000 of 20000 documents kept",
    ] {
        assert!(measured.contains(needle), "{measured}");
    }
}

/// Limits of how often a function may be used are for servers; a batch that fails as a whole is a failure.
#[test]
fn many_cases_of_a_slow_function() {
    let project = Project::new();
    let mut limited = manifest();
    limited["limits"] = json!({"concurrent_queries": 1, "queries_per_second": 1, "instances": 1, "batch_base_ms": 200, "per_document_us": 1});
    project.write("manifest.json", &limited.to_string());
    // At 77 it takes some milliseconds.
    let spin = "(if (f64.eq (local.get $price) (f64.const 77)) (then
        (local.set $turns (i32.const 20000000))
        (loop $spin (br_if $spin (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))))";
    let source = SOURCE
        .replace(
            "(local $forgetful i32)",
            "(local $forgetful i32) (local $turns i32)",
        )
        .replace(
            "(if (f64.eq (local.get $price) (f64.const 13)) (then (unreachable)))",
            spin,
        );
    project.write("affordable.wat", &source);
    project.ok(&["build"]);
    let many: Vec<Value> = (0..1_100)
        .map(|n| case(json!(n % 7), 3.0, json!(n % 7 <= 3)))
        .collect();
    project.cases(&many);
    assert_eq!(project.ok(&["test"]), "1100 passed, 0 failed\n");
    project.cases(&vec![case(json!(77), 100.0, json!(true)); 40]);
    let told = project.fails(&["test"]);
    assert!(told.contains("among 40 documents: function `affordable@1.0.0` failed: the function exceeded its time limit"), "{told}");
    project.ok(&["bench", "--count", "3"]);
}

#[test]
fn nothing_is_lost_by_building_and_packing() {
    let project = Project::new();
    project.ok(&["build"]);
    let module = std::fs::read(project.path("affordable.wasm")).unwrap();
    let mut other = manifest();
    other["export"] = json!("nothing");
    project.write("other.json", &other.to_string());
    let told = project.fails(&["pack", "--manifest", "other.json", "affordable.wasm"]);
    assert!(
        told.contains("fix: export it under that name") && told.contains("`nothing`"),
        "{told}"
    );
    assert_eq!(
        std::fs::read(project.path("affordable.wasm")).unwrap(),
        module
    );
    let told = project.fails(&["build", "--", "-o", "elsewhere.wasm"]);
    assert!(told.contains("`-o`: where the module goes"), "{told}");
    let told = project.fails(&["build", "--output", "no/such/folder.wasm"]);
    assert!(told.contains("no/such/folder.wasm"), "{told}");
    let left = std::fs::read_dir(project.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<String> = left.collect();
    left.sort();
    assert_eq!(
        left,
        [
            "affordable.wasm",
            "affordable.wat",
            "manifest.json",
            "other.json"
        ]
    );
}
