//! What manifests may say, and what is said about those that say something else.

use super::super::limits::MAX_MANIFEST_BYTES;
use super::*;
use serde_json::json;

fn full() -> Json {
    json!({"abi": 1, "name": "affordable", "version": "1.2.0", "description": "within budget", "kind": "filter",
        "export": "run", "x-author": {"a": 1},
        "fields": [
            {"name": "price", "type": "f64", "default": 1, "x-unit": "EUR"},
            {"name": "tags", "type": "str", "list": true},
            {"name": "text", "type": "str", "from_param": "field"},
            {"name": "where", "type": "f64", "from_param": "field", "part": "lat", "optional": true}],
        "params": [
            {"name": "budget", "type": "f64", "required": true},
            {"name": "field", "type": "str", "default": "title"}],
        "pure": true, "inputs": ["doc_id", "id", "score"]})
}

fn parse(json: &Json) -> Result<Manifest, String> {
    Manifest::parse_all(json.to_string().as_bytes())
        .map(|mut all| all.remove(0))
        .map_err(|e| e.to_string())
}

/// `full` with one key of the manifest, or of its first field or parameter, replaced.
fn with(path: &str, value: Json) -> Json {
    let mut manifest = full();
    match path.split_once('.') {
        Some((list, key)) => manifest[list][0][key] = value,
        None => manifest[path] = value,
    }
    manifest
}

#[test]
fn reads_everything() {
    let manifest = parse(&full()).unwrap();
    assert_eq!(manifest.label(), "affordable@1.2.0");
    assert_eq!(manifest.export, "run");
    assert_eq!(manifest.fields[0].request.default, Some(Value::F64(1.0)));
    assert!(manifest.fields[1].request.list);
    assert_eq!(manifest.fields[2].from_param, Some(1));
    assert_eq!(manifest.fields[3].part.as_deref(), Some("lat"));
    assert!(manifest.wants(Input::Score) && manifest.pure);
    assert_eq!(manifest.json, full());
}

#[test]
fn reads_row_modules() {
    let row = json!({"abi": "row", "row": "old", "name": "f", "version": "1.0.0", "kind": "filter",
        "positional": ["n"], "params": [{"name": "n", "type": "i32", "default": 3}]});
    let abi = parse(&row).unwrap().abi;
    assert_eq!(
        abi,
        Abi::Row {
            convention: Some(RowConvention::Old),
            positional: vec![0]
        }
    );
}

#[test]
fn refuses_with_the_place() {
    for (manifest, expected) in [
        (with("abi", json!(2)), "`abi`: expected 1 or \"row\", got 2"),
        (with("name", json!("Upper")), "`name` must match"),
        (with("name", json!("")), "`name` must match"),
        (
            with("version", json!("1.0")),
            "\"1.0\" is not a semantic version",
        ),
        (with("kind", json!("sort")), "unknown variant `sort`"),
        (
            with("returns", json!("f64")),
            "`returns` is for value functions",
        ),
        (
            with("kind", json!("value")),
            "a value function needs `returns`",
        ),
        (with("colour", json!(1)), "unknown field `colour`"),
        (with("row", json!("new")), "are for `\"abi\": \"row\"`"),
        (with("export", json!("diagon_reserve")), "`export`"),
        (
            with("inputs", json!(["id", "id"])),
            "`inputs` has one twice",
        ),
        (with("inputs", json!(["ids"])), "unknown variant `ids`"),
        (
            with("fields.type", json!("date")),
            "fields[0]: unknown variant `date`",
        ),
        (
            with("fields.name", json!("tags")),
            "fields[1] `tags`: the name is empty or taken",
        ),
        (
            with("fields.default", json!("x")),
            "fields[0] `price`: default: expected f64",
        ),
        (with("fields.list", json!(true)), "default: a list has none"),
        (
            with("fields.from_param", json!("nope")),
            "from_param: no parameter `nope`",
        ),
        (with("fields.from_param", json!("budget")), "must be a str"),
        (
            with("fields.part", json!("lat")),
            "`part` is `lat` or `lon`",
        ),
        (with("params.default", json!(1)), "exclude each other"),
        (
            with("params.type", json!("u8")),
            "params[0]: unknown variant `u8`",
        ),
        (
            with("params.name", json!("field")),
            "params[1] `field`: the name is empty or taken",
        ),
    ] {
        let message = parse(&manifest).expect_err(expected);
        assert!(
            message.contains(expected),
            "{message} should contain {expected}"
        );
        assert!(
            message.starts_with("module refused: manifest of `"),
            "{message}"
        );
    }
}

#[test]
fn several_functions_and_the_size() {
    let (a, b) = (
        with("name", json!("a")).to_string(),
        with("name", json!("b")).to_string(),
    );
    assert_eq!(
        Manifest::parse_all(format!("{a}{b}").as_bytes())
            .unwrap()
            .len(),
        2
    );
    let twice = Manifest::parse_all(format!("{a}\n{a}").as_bytes())
        .unwrap_err()
        .to_string();
    assert!(twice.contains("has it twice"));
    assert!(
        Manifest::parse_all(b" ")
            .unwrap_err()
            .to_string()
            .contains("empty")
    );
    let large = format!("{a}{}", " ".repeat(MAX_MANIFEST_BYTES));
    assert!(
        Manifest::parse_all(large.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("the limit is")
    );
}
