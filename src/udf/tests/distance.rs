//! The example guests, the one in Rust and the one in text, against the textbook's dynamic program.

use proptest::prelude::*;
use serde_json::json;

use super::support::*;
use crate::batch::{Value, ValueType};
use crate::udf::UdfRegistry;

const RUST: &[u8] =
    include_bytes!("../../../examples/udfs/rust/string_distance/string_distance.wasm");
const TEXT: &[u8] =
    include_bytes!("../../../examples/udfs/wat/string_distance/string_distance.wasm");
const TEXT_SOURCE: &str =
    include_str!("../../../examples/udfs/wat/string_distance/string_distance.wat");
const TEXT_MANIFEST: &str =
    include_str!("../../../examples/udfs/wat/string_distance/manifest.json");

fn naive(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

fn with_both() -> &'static UdfRegistry {
    static REGISTRY: std::sync::OnceLock<UdfRegistry> = std::sync::OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = registry();
        // CI sets this to the module that it built from source; then the text is assembled, too.
        let built =
            std::env::var_os("DIAGON_STRING_DISTANCE").map(|path| std::fs::read(path).unwrap());
        let rust = registry
            .add(built.as_deref().unwrap_or(RUST), None)
            .unwrap();
        assert_eq!(rust[0].udf.manifest().label(), "string_distance@1.0.0");
        let assembled = built.map(|_| wat::parse_str(TEXT_SOURCE).unwrap());
        let text = registry
            .add(assembled.as_deref().unwrap_or(TEXT), Some(TEXT_MANIFEST))
            .unwrap();
        for registration in rust.iter().chain(&text) {
            assert!(
                registration.warnings.is_empty(),
                "{:?}",
                registration.warnings
            );
        }
        registry
    })
}

fn answers(name: &str, docs: &Docs, target: &str, max: i64, len: u32) -> Vec<u8> {
    let udf = with_both().resolve(name, None).unwrap();
    let parameters = json!({"field": "t", "target": target, "max_distance": max});
    let mut bound = udf.prepare(parameters.as_object().unwrap()).unwrap().bind();
    crate::batch::BatchUdf::enter_segment(&mut bound, Box::new(docs.clone())).unwrap();
    numbers(&ask(&mut bound, len).unwrap())
}

fn check(texts: &[Option<String>], target: &str, max: i64) {
    let values = texts
        .iter()
        .map(|t| t.iter().map(|t| Value::Str(t.clone())).collect())
        .collect();
    let docs = Docs::new([("t", (ValueType::Str, values))]);
    let within = |t: &String| i64::try_from(naive(t, target)).unwrap() <= max;
    let expected: Vec<u8> = texts
        .iter()
        .map(|t| u8::from(t.as_ref().is_some_and(within)))
        .collect();
    let len = u32::try_from(texts.len()).unwrap();
    for name in ["string_distance", "string_distance_row"] {
        assert_eq!(
            answers(name, &docs, target, max, len),
            expected,
            "{name} {texts:?} {target:?} {max}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn equal_the_textbook(
        texts in prop::collection::vec(prop::option::weighted(0.9, "[abä日🦀]{0,9}"), 1..30),
        target in "[abä日🦀]{0,9}",
        max in -1..6_i64,
    ) {
        check(&texts, &target, max);
    }

    #[test]
    fn equal_the_textbook_on_long_ones(
        texts in prop::collection::vec(prop::option::weighted(0.9, "[ab日]{50,150}"), 1..8),
        target in "[ab日]{60,140}",
        max in 0..90_i64,
    ) {
        check(&texts, &target, max);
    }

    #[test]
    fn equal_the_textbook_on_any_string(texts in prop::collection::vec(prop::option::of(".{0,12}"), 1..8), target in ".{0,12}", max in 0..13_i64) {
        check(&texts, &target, max);
    }
}

#[test]
fn options_of_the_rust_one() {
    let docs = Docs::new([("title", strings(&[&["XAPIAN"], &["Xapien"], &["lucene"]]))]);
    let udf = with_both().resolve("string_distance", Some("^1")).unwrap();
    let parameters = json!({"target": "xapian", "ignore_case": true});
    let mut bound = udf.prepare(parameters.as_object().unwrap()).unwrap().bind();
    crate::batch::BatchUdf::enter_segment(&mut bound, Box::new(docs)).unwrap();
    assert_eq!(numbers(&ask(&mut bound, 3).unwrap()), [1, 1, 0]);
    assert!(
        message(udf.prepare(json!({}).as_object().unwrap()))
            .contains("parameter `target`: required, str")
    );
}

#[test]
fn a_text_too_long_for_the_text_guest_is_its_document_s_error() {
    let long = "x".repeat(70_000);
    let docs = Docs::new([(
        "t",
        (
            ValueType::Str,
            vec![vec![Value::Str(long)], vec![Value::Str("ab".into())]],
        ),
    )]);
    assert_eq!(answers("string_distance_row", &docs, "ab", 0, 2), [2, 1]);
    assert_eq!(answers("string_distance", &docs, "ab", 0, 2), [0, 1]);
}
