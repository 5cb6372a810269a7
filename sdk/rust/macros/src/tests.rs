//! What is said of mistakes, and where it points.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, File, Item, LitStr, Macro};

use crate::function;
use crate::types::Kind;

/// What the attribute becomes.
fn expanded(kind: Kind, options: &str, item: &str) -> File {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    syn::parse2(function::expand(kind, parse(options), parse(item))).expect("items")
}

/// The messages, each with the text that it points at.
fn mistakes(kind: Kind, options: &str, item: &str) -> Vec<(String, String)> {
    let is_error = |mac: &Macro| {
        mac.path
            .segments
            .last()
            .is_some_and(|last| last.ident == "compile_error")
    };
    let mut found = Vec::new();
    for item in expanded(kind, options, item).items {
        if let Item::Macro(item) = item {
            if is_error(&item.mac) {
                let message: LitStr = item.mac.parse_body().expect("a message");
                let place = item.mac.path.span().source_text().unwrap_or_default();
                found.push((message.value(), place));
            }
        }
    }
    found
}

#[track_caller]
fn refused(kind: Kind, options: &str, item: &str, place: &str, expected: &str) {
    match &mistakes(kind, options, item)[..] {
        [(message, at)] => {
            assert!(message.contains(expected), "{message}");
            assert_eq!(at, place, "{message}");
        }
        other => panic!("{item}: one mistake, not {other:?}"),
    }
}

fn filter(arguments: &str, place: &str, expected: &str) {
    let item = format!("fn f({arguments}) -> bool {{ true }}");
    refused(Kind::Filter, "", &item, place, expected);
}

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
fn types_that_documents_have_not() {
    filter(
        "x: u32",
        "u32",
        "`u32` can't be read from a document: integers are `i64`. Fields are",
    );
    filter("x: f32", "f32", "numbers of documents are `f64`");
    filter(
        "x: Option<usize>",
        "Option",
        "`Option<usize>` can't be read from a document: integers are `i64`",
    );
    filter("x: String", "String", "strings are `&str`");
    filter(
        "x: &String",
        "&",
        "`&` is for `&str`, lists, and what `#[once(…)]` prepares",
    );
    filter("x: Vec<&str>", "Vec", "a list is a slice");
    filter(
        "x: &[u8]",
        "&",
        "`&[u8]` can't be read from a document: integers are `i64`",
    );
    filter(
        "x: &mut f64",
        "&",
        "`&mut` is for what `#[once(…)]` prepares",
    );
    filter(
        "x: Option<&[f64]>",
        "Option",
        "a list is empty where a document has no value",
    );
    filter(
        "x: Option<Option<f64>>",
        "Option",
        "can't be read from a document",
    );
    filter(
        "x: Url",
        "Url",
        "`Url` can't be read from a document. Fields are",
    );
    filter(
        "x: Param<u64>",
        "u64",
        "`u64` can't be a parameter: integers are `i64`",
    );
    filter("x: Param<Vec<f64>>", "Vec", "a list is a slice");
    filter(
        "#[id] x: String",
        "String",
        "`#[id]` is a `&str`, not a `String`",
    );
    filter(
        "#[doc_id] x: u64",
        "u64",
        "`#[doc_id]` is a `u32`, not a `u64`",
    );
    filter(
        "#[score] x: f64",
        "f64",
        "`#[score]` is a `f32`, not a `f64`",
    );
}

#[test]
fn attributes_of_arguments() {
    filter(
        "#[field] x: Param<f64>",
        "Param",
        "a `Param` is a parameter, not a field",
    );
    filter(
        "#[param] x: f64",
        "f64",
        "a parameter's type is `Param<…>`: `Param<f64>`",
    );
    filter(
        "#[field] #[id] x: &str",
        "#",
        "an argument stands for one thing",
    );
    filter(
        "#[field(nmae = \"y\")] x: f64",
        "nmae",
        "`#[field]` doesn't know this key; it knows `name`, `default`,",
    );
    filter(
        "#[param(required)] x: Param<f64>",
        "required",
        "`#[param]` doesn't know this key; it knows `name`, `default`",
    );
    filter(
        "#[field(name = \"y\", name = \"z\")] x: f64",
        "name",
        "`name` is there twice",
    );
    filter("#[field(name = y)] x: f64", "y", "`name` is a string");
    filter("#[field(name = \"\")] x: f64", "\"\"", "`name` is empty");
    filter("#[field(name)] x: f64", "name", "write `name = …`");
    filter(
        "#[field(optional = 1)] x: f64",
        "1",
        "`optional` is `true` or `false`",
    );
    filter("#[id(1)] x: &str", "(", "unexpected token");
    filter("#[once] x: &str", "once", "`#[once(…)]` has one expression");
    filter(
        "#[once(1, 2)] x: i64",
        ",",
        "`#[once(…)]` has one expression",
    );
    filter(
        "#[field(name = \"a\", from_param = \"b\")] x: f64",
        "\"a\"",
        "`from_param` names the field",
    );
}

#[test]
fn defaults() {
    filter(
        "#[field(default = \"0\")] x: f64",
        "\"0\"",
        "the default of a `f64` is a finite number",
    );
    filter(
        "#[field(default = 1e999)] x: f64",
        "1e999",
        "a finite number",
    );
    filter(
        "#[field(default = 0.5)] x: i64",
        "0.5",
        "the default of a `i64` is a whole number",
    );
    filter(
        "#[field(default = 9223372036854775808)] x: i64",
        "9223372036854775808",
        "a whole number in its range",
    );
    filter("#[field(default = 1)] x: bool", "1", "`true` or `false`");
    filter(
        "#[field(default = NAME)] x: &str",
        "NAME",
        "a string, such as `\"title\"`, as a literal",
    );
    filter(
        "#[field(default = [1.0])] x: &[f64]",
        "[1.0]",
        "a list has no default",
    );
    filter(
        "#[field(default = 1.0)] x: Option<f64>",
        "1.0",
        "with a default no value is missing",
    );
    filter(
        "#[param(default = 3000000000)] x: Param<i32>",
        "3000000000",
        "`i32` is a whole number in its range",
    );
    filter(
        "#[param(default = 1e39)] x: Param<f32>",
        "1e39",
        "`f32` is a finite number",
    );
    filter(
        "#[param(default = 1)] x: Param<Option<i64>>",
        "1",
        "a parameter with a default is never absent",
    );
    filter(
        "#[param(default = 1)] x: Param<&[i64]>",
        "1",
        "the default of a list is written as `[…]`",
    );
    filter(
        "#[param(default = [1, true])] x: Param<&[i64]>",
        "true",
        "a whole number",
    );
}

#[test]
fn names() {
    filter(
        "x: f64, #[field(name = \"x\")] y: f64",
        "\"x\"",
        "there is a field `x` already",
    );
    filter(
        "x: Param<f64>, #[param(name = \"x\")] y: Param<f64>",
        "\"x\"",
        "there is a parameter `x` already",
    );
    filter(
        "#[id] x: &str, #[id] y: &str",
        "y",
        "`#[id]` is there already",
    );
    filter("_: f64", "_", "an argument needs a name");
    filter("(a, b): f64", "(a, b)", "an argument needs a name");
    // A field and a parameter may share a name.
    assert_eq!(
        mistakes(
            Kind::Filter,
            "",
            "fn f(x: f64, #[param(name = \"x\")] y: Param<f64>) -> bool { true }"
        ),
        []
    );
}

#[test]
fn fields_that_parameters_name() {
    let of = |rest: &str| format!("#[field(from_param = \"p\"{rest})] x: &str");
    filter(
        &(of("") + ", p: Param<i64>"),
        "\"p\"",
        "parameter `p` names a field: it is a `Param<&str>`, required or with a default",
    );
    filter(
        &(of("") + ", p: Param<Option<&str>>"),
        "\"p\"",
        "required or with a default",
    );
    filter(
        &(of("") + ", p: Param<&[&str]>"),
        "\"p\"",
        "required or with a default",
    );
    filter(
        &(of(", param_default = \"a\"") + ", p: Param<&str>"),
        "\"a\"",
        "its default stands there",
    );
    let twice = of(", param_default = \"a\"")
        + ", #[field(from_param = \"p\", param_default = \"b\")] y: &str";
    filter(&twice, "\"b\"", "parameter `p` has another default already");
    filter(
        "#[field(param_default = \"a\")] x: &str",
        "\"a\"",
        "`param_default` goes with `from_param`",
    );
    filter(
        "#[field(part = \"lat\")] x: f64",
        "\"lat\"",
        "`part` is \"lat\" or \"lon\" of an `f64` with `from_param`",
    );
    filter(
        "#[field(from_param = \"p\", part = \"x\")] x: f64",
        "\"x\"",
        "`part` is",
    );
    filter(
        "#[field(from_param = \"p\", part = \"lat\")] x: i64",
        "\"lat\"",
        "`part` is",
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
