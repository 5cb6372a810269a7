//! Mistakes in what a function is and returns, and in what it says about itself.

use quote::ToTokens;
use syn::{Expr, Item};

use super::{expanded, mistakes, refused};
use crate::types::Kind;

fn options(kind: Kind, options: &str, place: &str, expected: &str) {
    let returns = if kind == Kind::Filter { "bool" } else { "f64" };
    refused(
        kind,
        options,
        &format!("fn f(x: f64) -> {returns} {{ x }}"),
        place,
        expected,
    );
}

#[test]
fn answers_of_another_type() {
    let of = |kind, returns: &str, place: &str, expected: &str| {
        refused(
            kind,
            "",
            &format!("fn f(x: f64) {returns} {{ x }}"),
            place,
            expected,
        );
    };
    of(Kind::Filter, "-> f64", "f64", "a filter returns `bool` or `Result<bool, E>`, not `f64`; `#[score]` and `#[value]` are for numbers");
    of(
        Kind::Filter,
        "-> Option<bool>",
        "Option",
        "not `Option<bool>`; `#[value]` is for values",
    );
    of(Kind::Filter, "", "fn", "a filter returns `bool`");
    of(
        Kind::Score,
        "-> bool",
        "bool",
        "`#[filter]` is for yes and no",
    );
    of(
        Kind::Score,
        "-> f32",
        "f32",
        "a score function returns `f64`",
    );
    of(
        Kind::Score,
        "-> Result<i64, E>",
        "Result",
        "a score function returns `f64` or `Result<f64, E>`, not `Result<i64, E>`",
    );
    of(
        Kind::Value,
        "-> u64",
        "u64",
        "a value function returns `f64`, `i64`, `bool`,",
    );
    of(
        Kind::Value,
        "-> Option<Option<f64>>",
        "Option",
        "a value function returns",
    );
    of(
        Kind::Value,
        "-> Vec<f64>",
        "Vec",
        "a value function returns",
    );
}

#[test]
fn functions_that_cannot_be_asked() {
    let of =
        |item: &str, place: &str, expected: &str| refused(Kind::Filter, "", item, place, expected);
    of(
        "async fn f(x: f64) -> bool { true }",
        "async",
        "can't be async",
    );
    of(
        "unsafe fn f(x: f64) -> bool { true }",
        "unsafe",
        "can't be unsafe",
    );
    of(
        "extern \"C\" fn f(x: f64) -> bool { true }",
        "extern \"C\"",
        "can\'t be extern",
    );
    of("fn f<T>(x: f64) -> bool { true }", "T", "can't be generic");
    of("fn f(&self, x: f64) -> bool { true }", "&", "has no `self`");
    of(
        "struct F;",
        "struct",
        "`#[filter]` stands before a function",
    );
    assert_eq!(
        mistakes(Kind::Filter, "", "fn f<'a>(x: &'a str) -> bool { true }"),
        []
    );
}

#[test]
fn options_of_functions() {
    let of = |text: &str, place: &str, expected: &str| options(Kind::Filter, text, place, expected);
    of(
        "nmae = \"x\"",
        "nmae",
        "`#[filter]` doesn't know this key; it knows `name`, `version`,",
    );
    of(
        "name = \"Two Words\"",
        "\"Two Words\"",
        "`Two Words` can't be the name of a function: names are of a-z",
    );
    of("name = \"-x\"", "\"-x\"", "begin with a letter or digit");
    for version in [
        "1.0",
        "1.0.0.0",
        "01.0.0",
        "1.0.x",
        "v1.0.0",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0+",
        "99999999999999999999.0.0",
    ] {
        let text = format!("version = \"{version}\"");
        of(
            &text,
            &format!("\"{version}\""),
            "is no version; write it as \"1.2.3\"",
        );
    }
    of(
        "export = \"memory\"",
        "\"memory\"",
        "`memory` can't be exported",
    );
    of("pure = \"no\"", "\"no\"", "`pure` is `true` or `false`");
    of("max_score = 1.0", "1.0", "`max_score` is for `#[score]`");
    of(
        "limits(memory = 1)",
        "memory",
        "`limits` doesn't know this key; it knows `memory_bytes`,",
    );
    of(
        "limits(query_ms = 0)",
        "0",
        "`query_ms` is a whole number from 1",
    );
    of(
        "limits(instances = 5000000000)",
        "5000000000",
        "from 1 to 4294967295",
    );
    of("limits = 1", "limits", "write `limits(…)`");
    options(
        Kind::Score,
        "max_score = -1.0",
        "-1.0",
        "`max_score` is a number from 0 to",
    );
    options(
        Kind::Score,
        "max_score = 1e39",
        "1e39",
        "`max_score` is a number from 0 to",
    );
    refused(
        Kind::Filter,
        "",
        "fn Upper(x: f64) -> bool { true }",
        "Upper",
        "give another: `name = \"…\"`",
    );
}

#[test]
fn all_arguments_are_told_and_the_function_stays() {
    let file = expanded(
        Kind::Filter,
        "",
        "fn f(#[field(x = 1)] a: f64, b: u32) -> bool { true }",
    );
    assert!(
        matches!(&file.items[0], Item::Fn(f) if f.to_token_stream().to_string() == "fn f (a : f64 , b : u32) -> bool { true }")
    );
    assert_eq!(file.items.len(), 3, "the function and two messages");
}

#[test]
fn versions_names_and_exports() {
    let manifest = |options: &str, name: &str| {
        let item = format!("fn {name}(x: f64) -> f64 {{ x }}");
        let file = expanded(Kind::Score, options, &item);
        let manifest = file.items.iter().find_map(|item| match item {
            Item::Impl(item) => match &item.items[0] {
                syn::ImplItem::Const(manifest) => Some(manifest.expr.clone()),
                _ => None,
            },
            _ => None,
        });
        match manifest {
            Some(Expr::Lit(literal)) => literal.to_token_stream().to_string(),
            _ => panic!("a manifest"),
        }
    };
    for version in ["0.0.0", "10.20.30", "1.0.0-rc.1", "1.0.0-0a.b-c+build.01"] {
        assert!(manifest(&format!("version = \"{version}\""), "f").contains(version));
    }
    assert!(manifest("", "f").contains(env!("CARGO_PKG_VERSION")));
    // What the compiler's library has is left alone.
    assert!(manifest("", "log").contains(r#"\"name\": \"log\", "#));
    for (name, export) in [
        ("log", "log_udf"),
        ("powf", "powf_udf"),
        ("memory", "memory_udf"),
        ("elf", "elf"),
        ("r#in", "in"),
    ] {
        assert!(
            manifest("", name).contains(&format!(r#"\"export\": \"{export}\""#)),
            "{name}"
        );
    }
    assert!(manifest("max_score = 2", "f").contains(r#"\"max_score\": 2.0"#));
}

#[test]
fn text_in_manifests_is_escaped() {
    let json = crate::literals::quoted("a \"quoted\" \\ line\n\tand \u{1} 日本");
    assert_eq!(json, r#""a \"quoted\" \\ line\n\u0009and \u0001 日本""#);
}

#[test]
fn a_manifest_that_is_too_long_is_refused() {
    let item = format!(
        "#[doc = \"{}\"] fn f(x: f64) -> bool {{ true }}",
        "x".repeat(66_000)
    );
    refused(
        Kind::Filter,
        "",
        &item,
        "f",
        "bytes, the engine reads 65536",
    );
}
