//! The command line as a user sees it: what it prints, and what it says about bad input.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn diagon(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn ok(arguments: &[&str]) -> String {
    let output = diagon(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// Fails with one line on standard error that has each of `needles`, nothing on standard output, and exit code 1 or 2.
fn fails(arguments: &[&str], needles: &[&str]) {
    let output = diagon(arguments);
    let message = text(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(1 | 2)),
        "{arguments:?}: {:?}",
        output.status
    );
    assert_eq!(
        message.trim_end().lines().count(),
        1,
        "{arguments:?}: {message}"
    );
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    for needle in needles {
        assert!(message.contains(needle), "{arguments:?}: {message}");
    }
}

/// As [`fails`], with its standard output going into a file of the system.
fn fails_into(out: &str, arguments: &[&str], needle: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
    let out = std::fs::File::options().write(true).open(out).unwrap();
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(out)
        .output()
        .unwrap();
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains(needle), "{message}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn path(at: &Path) -> &str {
    at.to_str().unwrap()
}

/// An index of three documents in `folder`.
fn small(folder: &Path) -> String {
    let docs = folder.join("docs.jsonl");
    let lines = [
        json!({"_id": "a", "title": "search engine", "price": 3, "tags": ["x", "y"]}),
        json!({"id": "b", "title": "xapian engine", "price": 5}),
        json!({"title": "no id at all", "price": 7}),
    ];
    std::fs::write(&docs, lines.map(|line| line.to_string() + "\n").concat()).unwrap();
    let schema = folder.join("schema.json");
    let mapping = json!({"mappings": {"properties": {
        "title": {"type": "text", "doc_values": true}, "price": {"type": "long"}, "tags": {"type": "keyword"}}}});
    std::fs::write(&schema, mapping.to_string()).unwrap();
    let dir = path(&folder.join("index")).to_string();
    ok(&[
        "index",
        "--dir",
        &dir,
        "--schema",
        path(&schema),
        path(&docs),
    ]);
    dir
}

fn search(dir: &str, query: &Value) -> Value {
    serde_json::from_str(&ok(&["search", "--dir", dir, &query.to_string()])).unwrap()
}

#[test]
fn documents_are_indexed_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let response = search(&dir, &json!({"query": {"match": {"title": "engine"}}}));
    assert_eq!(
        response["hits"]["total"],
        json!({"value": 2, "relation": "eq"})
    );
    assert_eq!(response["hits"]["hits"][0]["_index"], "index");
    assert_eq!(response["hits"]["hits"][0]["_id"], "a");
    assert_eq!(
        response["hits"]["hits"][0]["_source"]["tags"],
        json!(["x", "y"])
    );
    assert_eq!(response["timed_out"], false);
    // The best score is the query's, whichever page is shown.
    for from in [1, 5] {
        let page = search(
            &dir,
            &json!({"query": {"match": {"title": "engine"}}, "from": from}),
        );
        assert_eq!(page["hits"]["max_score"], response["hits"]["max_score"]);
        assert!(response["hits"]["max_score"].is_f64());
    }
    // A document without an id got one.
    let all = search(&dir, &json!({"query": {"term": {"price": 7}}}));
    assert_eq!(
        all["hits"]["hits"][0]["_id"].as_str().map(str::len),
        Some(32)
    );
    // From a file, and from standard input.
    let file = folder.path().join("query.json");
    std::fs::write(&file, r#"{"query":{"match_all":{}},"size":0}"#).unwrap();
    let from_file: Value =
        serde_json::from_str(&ok(&["search", "--dir", &dir, path(&file)])).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_diagon"));
    child
        .args(["search", "--dir", &dir, "-"])
        .stdin(std::fs::File::open(&file).unwrap());
    let from_stdin: Value = serde_json::from_slice(&child.output().unwrap().stdout).unwrap();
    assert_eq!(from_file["hits"], from_stdin["hits"]);
    assert_eq!(from_file["hits"]["total"]["value"], 3);
}

#[test]
fn documents_are_replaced_by_id() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let more = folder.path().join("more.jsonl");
    std::fs::write(
        &more,
        "{\"_id\":\"a\",\"title\":\"replaced\"}\n\n{\"_id\":\"c\",\"title\":\"new\"}",
    )
    .unwrap();
    ok(&["index", "--dir", &dir, path(&more)]);
    assert_eq!(search(&dir, &json!({}))["hits"]["total"]["value"], 4);
    assert_eq!(
        search(&dir, &json!({"query": {"match": {"title": "search"}}}))["hits"]["total"]["value"],
        0
    );
    assert_eq!(
        search(&dir, &json!({"query": {"match": {"title": "replaced"}}}))["hits"]["hits"][0]["_id"],
        "a"
    );
}

#[test]
fn a_bad_line_names_its_place_and_the_rest_goes_on_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let bad = folder.path().join("bad.jsonl");
    std::fs::write(&bad, "{\"_id\":\"n1\",\"price\":1}\n{\"_id\":\"n2\",\"price\":\"dear\"}\n{nonsense\n{\"_id\":\"n4\",\"price\":4}\n").unwrap();
    fails(
        &["index", "--dir", &dir, path(&bad)],
        &[
            "bad.jsonl:2",
            "price",
            "dear",
            "nothing of this run was kept",
        ],
    );
    assert_eq!(search(&dir, &json!({}))["hits"]["total"]["value"], 3);
    let skipped = diagon(&["index", "--dir", &dir, "--bad-lines", "skip", path(&bad)]);
    let message = text(&skipped.stderr);
    assert!(skipped.status.success(), "{message}");
    for needle in ["bad.jsonl:2", "bad.jsonl:3", "2 bad lines skipped"] {
        assert!(message.contains(needle), "{message}");
    }
    assert_eq!(search(&dir, &json!({}))["hits"]["total"]["value"], 5);
}

#[test]
fn several_threads_index_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = path(&folder.path().join("index")).to_string();
    let docs = folder.path().join("docs.jsonl");
    let filler = "word ".repeat(100);
    let mut lines: Vec<String> = (0..9_000)
        .map(|n| json!({"_id": n.to_string(), "n": n, "text": filler}).to_string())
        .collect();
    lines.insert(5_000, "{nonsense".to_string());
    std::fs::write(&docs, lines.join("\n")).unwrap();
    let run = ["index", "--dir", &dir, "--threads", "3", path(&docs)];
    fails(&run, &["docs.jsonl:5001: ", "nothing of this run was kept"]);
    let run = [&run[..], &["--bad-lines", "skip", "--ram-buffer", "1"]].concat();
    let output = diagon(&run);
    let message = text(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert!(
        message.contains("9000 documents in") && message.contains("1 bad line skipped"),
        "{message}"
    );
    let found = search(&dir, &json!({"size": 1, "query": {"term": {"n": 8_999}}}));
    assert_eq!(found["hits"]["hits"][0]["_id"], "8999");
    let found = search(&dir, &json!({"track_total_hits": true}));
    assert_eq!(found["hits"]["total"]["value"], 9_000);
    let output = diagon(&["index", "--dir", &dir, "--threads", "0", path(&docs)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--threads"));
}

#[test]
fn documents_come_from_standard_input_too() {
    let folder = tempfile::tempdir().unwrap();
    let dir = path(&folder.path().join("index")).to_string();
    let docs = folder.path().join("docs.jsonl");
    std::fs::write(&docs, "{\"_id\":\"a\"}\n{\"_id\":\"b\"}\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
        command
            .args(arguments)
            .stdin(std::fs::File::open(&docs).unwrap());
        command.output().unwrap()
    };
    let output = run(&["index", "--dir", &dir, "-"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("2 documents in"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(search(&dir, &json!({}))["hits"]["total"]["value"], 2);
    std::fs::write(&docs, "{\"_id\":\"c\"}\n[]\n").unwrap();
    let output = run(&["index", "--dir", &dir, "--bad-lines", "skip", "-"]);
    let message = text(&output.stderr);
    assert!(
        message.contains("standard input:2: ") && message.contains("1 bad line skipped"),
        "{message}"
    );
}

#[test]
fn a_reader_that_goes_is_no_error_and_a_full_disk_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    for arguments in [
        &["search", "--dir", &dir, "{}"][..],
        &["udf", "list", "--dir", &dir],
        &["quickstart", "--dir", &dir.replace("index", "quick")],
    ] {
        // The pipe's other end is closed before anything is written.
        let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.args(arguments).stdout(writer).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        assert_eq!(text(&output.stderr), "");
        if arguments[1] != "list" {
            fails_into("/dev/full", arguments, "standard output: No space left");
        }
    }
    // Nobody hears the remarks: the work is done all the same.
    let mut command = Command::new(env!("CARGO_BIN_EXE_diagon"));
    command.args(["index", "--dir", &dir]);
    command.arg(folder.path().join("docs.jsonl"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert!(command.stderr(writer).status().unwrap().success());
}

/// The most that a `terms` clause may have, all the same, all different, on all types.
#[test]
fn many_terms_find_what_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let same = vec![3; 65_536];
    let different: Vec<i64> = (3..65_539).collect();
    let file = folder.path().join("query.json");
    for (values, found) in [(same, 1), (different, 3), ((0..3).collect(), 0)] {
        let query = json!({"query": {"terms": {"price": values}}, "size": 0});
        std::fs::write(&file, query.to_string()).unwrap();
        let answer: Value =
            serde_json::from_str(&ok(&["search", "--dir", &dir, path(&file)])).unwrap();
        assert_eq!(answer["hits"]["total"]["value"], found);
    }
}

#[test]
fn a_lost_manifest_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let (manifest, aside) = (
        Path::new(&dir).join("shard-0/manifest"),
        folder.path().join("aside"),
    );
    std::fs::rename(&manifest, &aside).unwrap();
    let docs = folder.path().join("docs.jsonl");
    fails(
        &["index", "--dir", &dir, path(&docs)],
        &["shard-0", "the manifest is missing"],
    );
    fails(
        &["search", "--dir", &dir, "{}"],
        &["not an index: the manifest is missing"],
    );
    std::fs::rename(&aside, &manifest).unwrap();
    assert_eq!(search(&dir, &json!({}))["hits"]["total"]["value"], 3);
}

#[test]
fn functions_are_managed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let guests = root().join("examples/udfs");
    let batch = guests.join("rust/string_distance/string_distance.wasm");
    let row = guests.join("wat/string_distance/string_distance.wasm");
    let manifest = guests.join("wat/string_distance/manifest.json");
    assert!(
        ok(&["udf", "check", path(&batch)]).contains("string_distance@1.0.0 would be registered")
    );
    assert!(
        ok(&["udf", "add", "--dir", &dir, path(&batch)])
            .contains("string_distance@1.0.0 registered")
    );
    assert!(ok(&["udf", "add", "--dir", &dir, path(&batch)]).contains("was registered already"));
    ok(&[
        "udf",
        "add",
        "--dir",
        &dir,
        "--manifest",
        path(&manifest),
        path(&row),
    ]);
    let list = ok(&["udf", "list", "--dir", &dir]);
    assert!(
        list.contains("string_distance@1.0.0\tfilter")
            && list.contains("string_distance_row@1.0.0")
    );
    let shown: Value =
        serde_json::from_str(&ok(&["udf", "show", "--dir", &dir, "string_distance"])).unwrap();
    assert_eq!(shown["kind"], "filter");
    for name in ["string_distance", "string_distance_row"] {
        let query = json!({"query": {"wasm_udf": {"name": name, "parameters": {"target": "xapian engines"}}}});
        let response = search(&dir, &query);
        assert_eq!(response["hits"]["hits"][0]["_id"], "b", "{response}");
        assert_eq!(response["hits"]["total"]["value"], 1);
    }
    let alias = |version: &str| {
        ok(&[
            "udf",
            "alias",
            "--dir",
            &dir,
            &format!("string_distance@{version}"),
            "stable",
        ])
    };
    assert!(alias("1.0.0").contains("string_distance@stable is string_distance@1.0.0 now"));
    let list = ok(&["udf", "list", "--dir", &dir]);
    assert!(
        list.contains("string_distance@stable\talias\t1.0.0"),
        "{list}"
    );
    let query = json!({"query": {"script": {"script": {"lang": "wasm", "id": "string_distance@stable", "params": {"target": "xapian engines"}}}}});
    let printed = ok(&["search", "--dir", &dir, "--udf-stats", &query.to_string()]);
    let mut documents = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
    assert_eq!(
        documents.next().unwrap().unwrap()["hits"]["total"]["value"],
        1
    );
    let stats = documents.next().unwrap().unwrap();
    assert_eq!(stats[0]["name"], "string_distance");
    assert_eq!(
        (&stats[0]["queries"], &stats[1]),
        (&json!(1), &Value::Null),
        "{stats}"
    );
    assert!(
        stats[0]["documents"].as_u64().unwrap() > 0
            && stats[0]["batch_time"]["p99_nanos"].as_u64().unwrap() > 0
    );
    fails(
        &["udf", "remove", "--dir", &dir, "string_distance@1.0.0"],
        &["string_distance@1.0.0", "alias `stable`"],
    );
    fails(
        &[
            "udf",
            "alias",
            "--dir",
            &dir,
            "string_distance@1.0.0",
            "latest",
        ],
        &["\"latest\" can't be an alias"],
    );
    ok(&["udf", "unalias", "--dir", &dir, "string_distance@stable"]);
    ok(&["udf", "remove", "--dir", &dir, "string_distance@1.0.0"]);
    fails(
        &["udf", "show", "--dir", &dir, "string_distance"],
        &["string_distance"],
    );
    fails(
        &["udf", "remove", "--dir", &dir, "string_distance_row"],
        &["NAME@VERSION"],
    );
}

#[test]
fn bad_input_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let dir = small(folder.path());
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let batch = root().join("examples/udfs/rust/string_distance/string_distance.wasm");
    ok(&["udf", "add", "--dir", &dir, path(&batch)]);
    let query = |json: &str, needles: &[&str]| fails(&["search", "--dir", &dir, json], needles);

    query(r#"{"query": {"match": {"title": "x"}"#, &["query:", "byte"]);
    query(
        r#"{"query": {"match": {"titel": "x"}}}"#,
        &["titel", "query.match", "byte"],
    );
    query(
        r#"{"query": {"mach": {"title": "x"}}}"#,
        &["mach", "query", "byte"],
    );
    query(
        r#"{"query": {"range": {"price": {"gte": "cheap"}}}}"#,
        &["cheap", "price", "byte"],
    );
    query(
        r#"{"query": {"wasm_udf": {"name": "nope"}}}"#,
        &["nope", "string_distance", "query.wasm_udf", "byte 23"],
    );
    query(
        r#"{"query": {"wasm_udf": {"name": "string_distance", "version": "9.0.0"}}}"#,
        &["9.0.0", "1.0.0"],
    );
    let udf = |parameters: &str| {
        format!(
            r#"{{"query": {{"wasm_udf": {{"name": "string_distance", "parameters": {parameters}}}}}}}"#
        )
    };
    query(
        &udf(r#"{"target": 5}"#),
        &[
            "target",
            "str",
            "query.wasm_udf.parameters.target",
            "byte 76",
        ],
    );
    query(
        &udf("{}"),
        &["target", "required", "query.wasm_udf", "byte"],
    );
    query(&udf(r#"{"target": "x", "taget": "y"}"#), &["taget"]);
    query(
        &udf(r#"{"target": "x", "field": "price"}"#),
        &["price", "long", "str"],
    );
    query(&udf(r#"{"target": "x", "field": "missing"}"#), &["missing"]);

    query("nonsense", &["nonsense", "no such file", "begins with `{`"]);
    query(
        r#"{"query": {"match": {"a\nb\u001b[31m": 1}}}"#,
        &["there is no field `a\\nb\\u{1b}[31m`"],
    );
    query(
        r#"{"query": {"match": {"tags": {"query": "X", "analyzer": "simple"}}}}"#,
        &["tags", "keyword", "analyzer"],
    );
    for arguments in [
        &["search", "--dir", path(&empty), "{}"][..],
        &["udf", "list", "--dir", path(&empty)],
        &["udf", "add", "--dir", path(&empty), path(&batch)],
        &["udf", "show", "--dir", path(&empty), "f"],
        &["udf", "remove", "--dir", path(&empty), "f@1.0.0"],
    ] {
        fails(arguments, &["not an index", path(&empty)]);
        assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
    }
    let schema = folder.path().join("bad.json");
    std::fs::write(&schema, r#"{"properties": {"a": {"type": "txt"}}}"#).unwrap();
    let new = path(&folder.path().join("new")).to_string();
    let docs = folder.path().join("docs.jsonl");
    fails(
        &[
            "index",
            "--dir",
            &new,
            "--schema",
            path(&schema),
            path(&docs),
        ],
        &["bad.json", "txt", "possible"],
    );
    assert!(!Path::new(&new).exists(), "nothing was made");
    fails(
        &["index", "--dir", &new, path(folder.path())],
        &["directory"],
    );
    fails(
        &["search", "--dir", "/nonexistent/index", "{}"],
        &["/nonexistent/index"],
    );
    fails(
        &["search", "--dir", &dir, "/nonexistent.json"],
        &["/nonexistent.json"],
    );
    fails(
        &["index", "--dir", &dir, "/nonexistent.jsonl"],
        &["/nonexistent.jsonl"],
    );
    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("letter.txt"), "dear").unwrap();
    let docs = folder.path().join("docs.jsonl");
    fails(
        &["index", "--dir", path(&foreign), path(&docs)],
        &["not an index"],
    );
    assert_eq!(
        std::fs::read_dir(&foreign).unwrap().count(),
        1,
        "nothing was made there"
    );

    let module = |bytes: &[u8], needles: &[&str]| {
        let file = folder.path().join("module.wasm");
        std::fs::write(&file, bytes).unwrap();
        fails(&["udf", "add", "--dir", &dir, path(&file)], needles);
    };
    module(b"this is no module", &["module.wasm"]);
    module(b"", &["module.wasm", "empty"]);
    module(&wat::parse_str("(module)").unwrap(), &["memory"]);
    let memory = wat::parse_str(r#"(module (memory (export "memory") 1))"#).unwrap();
    module(&memory, &["manifest"]);
    let manifest = folder.path().join("manifest.json");
    std::fs::write(
        &manifest,
        r#"{"abi": 1, "name": "f", "version": "1.0.0", "kind": "filter", "export": "filter"}"#,
    )
    .unwrap();
    let file = folder.path().join("module.wasm");
    std::fs::write(&file, &memory).unwrap();
    fails(
        &[
            "udf",
            "add",
            "--dir",
            &dir,
            "--manifest",
            path(&manifest),
            path(&file),
        ],
        &["export"],
    );

    // A damaged segment.
    let shard = Path::new(&dir).join("shard-0");
    let postings = std::fs::read_dir(&shard)
        .unwrap()
        .map(|e| e.unwrap().path());
    let postings = postings
        .into_iter()
        .find(|p| p.extension().is_some_and(|e| e == "stored"))
        .unwrap();
    let mut bytes = std::fs::read(&postings).unwrap();
    bytes[70] ^= 0x55;
    std::fs::write(&postings, bytes).unwrap();
    query("{}", &["damaged", ".stored"]);
}

/// What the README shows is what comes, but for the milliseconds.
#[test]
fn the_readme_shows_the_answer() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let between = |text: &str, from: &str, to: &str| -> String {
        let (_, rest) = text.split_once(from).unwrap();
        rest.split_once(to).unwrap().0.to_string()
    };
    let query = between(&readme, "diagon search --dir diagon-data '", "'\n```");
    let (_, rest) = readme.split_once(&query).unwrap();
    let mut shown: Value = serde_json::from_str(&between(rest, "```json\n", "\n```")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dir = path(&folder.path().join("diagon-data")).to_string();
    ok(&["quickstart", "--dir", &dir]);
    let mut answer: Value = serde_json::from_str(&ok(&["search", "--dir", &dir, &query])).unwrap();
    for response in [&mut shown, &mut answer] {
        assert!(response["took"].take().is_u64());
    }
    assert_eq!(answer, shown);
}

#[test]
fn the_quickstart_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let dir = path(&folder.path().join("data")).to_string();
    let figures = |text: &str| -> Vec<String> {
        let shown = text
            .lines()
            .filter(|line| line.starts_with("   ") && !line.contains(" ms"));
        shown.map(str::to_string).collect()
    };
    let first = ok(&["quickstart", "--dir", &dir]);
    let second = ok(&["quickstart", "--dir", &dir]);
    assert!(first.contains("5000 documents (5000 added now)"), "{first}");
    assert!(second.contains("5000 documents (0 added now)"), "{second}");
    assert_eq!(figures(&first), figures(&second));
    assert_eq!(first.matches("total ").count(), 5);
    assert!(first.contains("UDF calls") && first.contains("ns a document"));
}

#[test]
fn merges_what_was_indexed_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("i");
    let (dir, file) = (path(&dir), folder.path().join("docs.jsonl"));
    let remark = |arguments: &[&str]| {
        let output = diagon(arguments);
        let told = text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        told
    };
    for run in 0..4 {
        let line = |n: i32| json!({"id": n, "words": format!("run {run} of {n}")}).to_string();
        let lines: Vec<String> = (run..run + 3).map(line).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
        ok(&["index", "--dir", dir, "--merge", "none", path(&file)]);
    }
    let all = r#"{"query": {"match_all": {}}, "track_total_hits": true}"#;
    let ids = || {
        let found: Value = serde_json::from_str(&ok(&["search", "--dir", dir, all])).unwrap();
        let hits = found["hits"]["hits"].as_array().unwrap().clone();
        let mut ids: Vec<Value> = hits.iter().map(|hit| hit["_id"].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        ids
    };
    let before = ids();
    assert_eq!(before.len(), 6);
    let told = remark(&["merge", "--dir", dir, "--expunge-deletes", "50"]);
    assert!(
        told.contains("4 segments before, 2 now, 6 documents"),
        "{told}"
    );
    let told = remark(&["merge", "--dir", dir, "--max-segments", "2", "--reorder"]);
    assert!(
        told.contains("2 segments before, 2 now, 6 documents"),
        "{told}"
    );
    assert_eq!(ids(), before);
    let told = remark(&["merge", "--dir", dir]);
    assert!(
        told.contains("2 segments before, 1 now, 6 documents"),
        "{told}"
    );
    assert_eq!(ids(), before);
    // Nothing but the one segment is left.
    assert_eq!(
        std::fs::read_dir(format!("{dir}/shard-0")).unwrap().count(),
        8
    );
    ok(&[
        "index",
        "--dir",
        dir,
        "--merge",
        "1",
        "--reorder",
        path(&file),
    ]);
    let told = remark(&["merge", "--dir", dir]);
    assert!(told.contains("1 segments before, 1 now"), "{told}");
    fails(&["merge", "--dir", path(&file)], &["not an index"]);
    fails(&["merge", "--dir", path(folder.path())], &["not an index"]);
    for bad in [
        &["index", "--dir", dir, "--merge", "0", path(&file)][..],
        &["merge", "--dir", dir, "--max-segments", "0"],
        &["merge", "--dir", dir, "--expunge-deletes", "101"],
        &[
            "merge",
            "--dir",
            dir,
            "--expunge-deletes",
            "10",
            "--reorder",
        ],
    ] {
        assert_eq!(diagon(bad).status.code(), Some(2), "{bad:?}");
    }
}
