//! Mistakes in arguments.

use super::{mistakes, refused};
use crate::types::Kind;

fn filter(arguments: &str, place: &str, expected: &str) {
    let item = format!("fn f({arguments}) -> bool {{ true }}");
    refused(Kind::Filter, "", &item, place, expected);
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
