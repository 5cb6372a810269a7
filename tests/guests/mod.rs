//! Small functions for tests, each twice: as a WebAssembly module, and as a native closure over the twin's documents.
//!
//! | name | keeps documents |
//! |---|---|
//! | `picky` | whose `field` % `m` == `r`; fails where `field` % `fm` == `fr`, in the way that `how` says |
//! | `picky_row` | the same over the field `n`, on the row ABI |
//! | `above` | whose number in `field` (0 without) is above `least` |
//! | `flag` | whose smallest `ok` is `want` |
//! | `starts` | whose smallest string in `field` begins with `prefix` |
//! | `item` | whose list in `field` has `text` at place `at` |
//! | `scored` | whose score by the rest of the query is at least `least` |
//!
//! | name | scores or computes |
//! |---|---|
//! | `graded` | the number in `field` without its sign, times `scale`, at most 100; 1 without a number, or with `strict` an error |
//! | `lifted` | twice the query's score and a half |
//! | `doubled` | twice the number in `field`; none without one, or with `strict` an error |
//! | `whole` | the integer in `field` |
//! | `name` | the string in `field` |
//! | `rank` | the hit's score |
#![allow(
    dead_code,
    reason = "each of the tests that share the guests uses a part of them"
)]

mod wat;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use diagon::batch::{FunctionSource, ValueType};
use diagon::query::{ParamValue, WasmUdf};
use diagon::search::SortValue;
use diagon::udf::{BreakerOptions, EngineOptions, UdfEngine, UdfLimits, UdfRegistry};

use crate::naive::Said;
use crate::naive::document::Document;

/// The ways in which `picky` can fail.
pub(crate) mod how {
    /// It traps.
    pub(crate) const TRAP: i64 = 1;
    /// It says "error in this document".
    pub(crate) const SAYS_SO: i64 = 2;
    /// It calls the host's `fail`.
    pub(crate) const CALLS_FAIL: i64 = 3;
    /// It answers with what is no verdict.
    pub(crate) const NO_VERDICT: i64 = 4;
    /// The whole call returns an error.
    pub(crate) const BAD_RESULT: i64 = 5;
    /// It reads outside of its memory.
    pub(crate) const OUTSIDE: i64 = 6;
}

/// The functions, compiled once for all tests of a program.
pub(crate) fn registry() -> Arc<UdfRegistry> {
    static REGISTRY: OnceLock<Arc<UdfRegistry>> = OnceLock::new();
    Arc::clone(REGISTRY.get_or_init(registry_of_its_own))
}

/// The functions, for a test that changes how they are used.
pub(crate) fn registry_of_its_own() -> Arc<UdfRegistry> {
    let engine = UdfEngine::new(&EngineOptions::default()).expect("an engine");
    // More time than a busy machine, or a sanitizer, takes a function.
    let limits = UdfLimits {
        batch_base: Duration::from_secs(20),
        // Many fail, and are to.
        breaker: BreakerOptions {
            failures: 0,
            ..BreakerOptions::default()
        },
        ..UdfLimits::default()
    };
    let registry = UdfRegistry::in_memory_with(engine, limits);
    for (module, manifest) in wat::all() {
        let module = ::wat::parse_str(&module).expect("valid text");
        let manifest = manifest.to_string();
        let added = registry.add(&module, Some(&manifest));
        added.unwrap_or_else(|e| panic!("{manifest}: {e}"));
    }
    Arc::new(registry)
}

/// A module of these, and its manifest, for a test that registers it under another name or version.
pub(crate) fn module(name: &str) -> (Vec<u8>, serde_json::Value) {
    let named = |(_, manifest): &(String, serde_json::Value)| manifest["name"] == name;
    let (module, manifest) = wat::all().into_iter().find(named).expect("a guest");
    (::wat::parse_str(&module).expect("valid text"), manifest)
}

/// The same, as a searcher takes them.
pub(crate) fn functions() -> Option<Arc<dyn FunctionSource>> {
    Some(registry())
}

/// What the functions say, natively.
pub(crate) fn native(udf: &WasmUdf, document: &Document, score: &dyn Fn() -> f32) -> Said {
    match udf.name.as_str() {
        "picky" => picky(udf, document.long(&text(udf, "field", "n"))),
        "picky_row" => picky(udf, document.long("n")),
        "above" => {
            let number = document.double(&text(udf, "field", "x")).unwrap_or(0.0);
            Said::from(number > double(udf, "least"))
        }
        "flag" => {
            let want = matches!(
                find(udf, "want"),
                Some(ParamValue::Bool(true)) | Option::None
            );
            Said::from(document.long("ok") == Some(i64::from(want)))
        }
        "starts" => {
            let string = document.string(&text(udf, "field", "kw"));
            Said::from(string.is_some_and(|s| s.starts_with(&text(udf, "prefix", ""))))
        }
        "item" => {
            let values = document.values(&text(udf, "field", "kw"));
            let at = usize::try_from(integer(udf, "at", 0)).expect("a place");
            let item = values.and_then(|v| v.strings.get(at));
            Said::from(item.is_some_and(|item| *item == text(udf, "text", "")))
        }
        "scored" => Said::from(f64::from(score()) >= double(udf, "least")),
        "graded" => match document.double(&text(udf, "field", "x")) {
            Some(number) => Said::Score((number.abs() * double(udf, "scale")).min(100.0)),
            None if integer(udf, "strict", 0) != 0 => Said::Error,
            None => Said::Score(1.0),
        },
        "lifted" => Said::Score(f64::from(score()) * 2.0 + 0.5),
        "doubled" => match document.double(&text(udf, "field", "x")) {
            Some(number) => Said::Value(SortValue::F64(number * 2.0)),
            None if integer(udf, "strict", 0) != 0 => Said::Error,
            None => Said::Missing(ValueType::F64),
        },
        "whole" => match document.long(&text(udf, "field", "n")) {
            Some(number) => Said::Value(SortValue::I64(number)),
            None => Said::Missing(ValueType::I64),
        },
        "name" => match document.string(&text(udf, "field", "kw")) {
            Some(text) => Said::Value(SortValue::Str(text.to_string())),
            None => Said::Missing(ValueType::Str),
        },
        "rank" => Said::Value(SortValue::F64(f64::from(score()))),
        other => panic!("no native `{other}`"),
    }
}

fn picky(udf: &WasmUdf, value: Option<i64>) -> Said {
    let number = |name, default| integer(udf, name, default);
    let Some(value) = value else {
        return Said::No;
    };
    if number("how", 0) != 0 && value.rem_euclid(number("fm", 1)) == number("fr", 0) {
        return Said::Error;
    }
    if value.rem_euclid(number("m", 1)) == number("r", 0) {
        Said::Yes
    } else {
        Said::No
    }
}

fn find<'u>(udf: &'u WasmUdf, name: &str) -> Option<&'u ParamValue> {
    let parameter = udf.parameters.iter().find(|p| p.name == name);
    parameter.map(|p| &p.value)
}

/// A string parameter.
pub(crate) fn text(udf: &WasmUdf, name: &str, default: &str) -> String {
    match find(udf, name) {
        Some(ParamValue::Str(text)) => text.clone(),
        _ => default.to_string(),
    }
}

/// An integer parameter.
pub(crate) fn integer(udf: &WasmUdf, name: &str, default: i64) -> i64 {
    match find(udf, name) {
        Some(ParamValue::Number(number)) => number.as_i64().expect("an integer"),
        _ => default,
    }
}

fn double(udf: &WasmUdf, name: &str) -> f64 {
    match find(udf, name) {
        Some(ParamValue::Number(number)) => number.as_f64(),
        _ => f64::from(u8::from(name == "scale")),
    }
}
