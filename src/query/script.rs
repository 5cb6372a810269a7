//! OpenSearch's other places for scripts, which here are registered functions: `script_score`, `script_fields`, and `_script` in
//! `sort`. In each, `wasm_udf` may stand in place of `script`.

use super::ast::{Clause, OnError, Place, Query, WasmUdf};
use super::clause::{Clauses, Common};
use super::decay::MultiValueMode;
use super::function_score::named;
use super::json::Node;
use super::request::{finite, unknown_key};
use super::wasm_udf;

/// `{"script_score": {"query": {}, "script": {"lang": "wasm", "id": "f"}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptScore {
    /// The documents that are found.
    pub query: Box<Query>,
    /// A score function; what it returns is the score.
    pub function: WasmUdf,
    /// Documents with a lower score don't match.
    pub min_score: Option<f32>,
}

/// A member of `script_fields`: `{"name": {"script": {"lang": "wasm", "id": "f"}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptField {
    /// The name that the value has in each hit.
    pub name: String,
    /// A value function.
    pub function: WasmUdf,
    /// Where it stands.
    pub place: Place,
}

/// `{"_script": {"type": "number", "script": {"lang": "wasm", "id": "f"}, "order": "desc"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptSort {
    /// A value function.
    pub function: WasmUdf,
    /// What it returns.
    pub script_type: ScriptType,
    /// Whether documents without a value come before all others, in place of behind them.
    pub missing_first: bool,
}

named! {
    /// What a function that hits are sorted by returns.
    ScriptType {
        /// A number or a boolean.
        #[default]
        Number = 0, "number";
        /// A string.
        String = 1, "string";
    }
}

/// Takes `script` or `wasm_udf`, if the member is one of them.
pub(super) fn take_function(
    key: &str,
    value: &Node<'_, '_>,
    found: &mut Option<WasmUdf>,
) -> crate::Result<bool> {
    let function = match key {
        "script" => wasm_udf::script(value)?,
        "wasm_udf" => wasm_udf::named(value)?,
        _ => return Ok(false),
    };
    match found.replace(function) {
        None => Ok(true),
        Some(_) => Err(value.error("`script` and `wasm_udf` exclude each other")),
    }
}

/// `{"script": {}}`, what OpenSearch has around a script of a `function_score`.
pub(super) fn only_function(body: &Node<'_, '_>, what: &str) -> crate::Result<WasmUdf> {
    let mut function = None;
    for entry in &body.object("an object with `script`")? {
        let value = body.member(entry);
        if !take_function(&entry.key, &value, &mut function)? {
            return Err(unknown_key(
                &value,
                &entry.key,
                what,
                &["script", "wasm_udf"],
            ));
        }
    }
    function.ok_or_else(|| body.error(format!("{what} needs `script`, the function to call")))
}

impl Clauses {
    pub(super) fn script_score(&mut self, body: &Node<'_, '_>) -> crate::Result<Query> {
        const KEYS: [&str; 4] = ["query", "script", "wasm_udf", "min_score"];
        let mut common = Common::default();
        let (mut query, mut function, mut min_score) = (None, None, None);
        for entry in &body.object("an object with `query` and `script`")? {
            let value = body.member(entry);
            match &*entry.key {
                "query" => query = Some(self.query(&value)?),
                "min_score" => min_score = Some(finite(&value)?),
                key if take_function(key, &value, &mut function)? => {}
                key => common.take(key, &value, "script_score", &KEYS)?,
            }
        }
        let needs = |what: &str| body.error(format!("`script_score` needs {what}"));
        let clause = ScriptScore {
            query: Box::new(query.ok_or_else(|| needs("`query`"))?),
            function: function.ok_or_else(|| needs("`script`, the function to call"))?,
            min_score,
        };
        Ok(common.query(Clause::ScriptScore(clause), body.place()))
    }
}

/// Reads `script_fields`.
pub(super) fn fields(node: &Node<'_, '_>) -> crate::Result<Vec<ScriptField>> {
    let entries = node.object("an object with a member for each field")?;
    entries
        .iter()
        .map(|entry| field(&entry.key, &node.member(entry)))
        .collect()
}

fn field(name: &str, body: &Node<'_, '_>) -> crate::Result<ScriptField> {
    const KEYS: [&str; 3] = ["script", "wasm_udf", "ignore_failure"];
    let (mut function, mut ignore_failure) = (None, None);
    for entry in &body.object("an object with `script`")? {
        let value = body.member(entry);
        match &*entry.key {
            "ignore_failure" => ignore_failure = Some(value.boolean()?),
            key if take_function(key, &value, &mut function)? => {}
            key => return Err(unknown_key(&value, key, "a script field", &KEYS)),
        }
    }
    let needed = || body.error("a script field needs `script`, the function to call");
    let mut function: WasmUdf = function.ok_or_else(needed)?;
    match ignore_failure {
        Some(true) => function.on_error = OnError::Exclude,
        Some(false) => function.on_error = OnError::Fail,
        None => {}
    }
    Ok(ScriptField {
        name: name.to_string(),
        function,
        place: body.place(),
    })
}

/// Reads a member of `_script` in `sort`, other than `order`.
#[derive(Default)]
pub(super) struct SortBody {
    function: Option<WasmUdf>,
    script_type: Option<ScriptType>,
    missing_first: bool,
}

impl SortBody {
    pub(super) fn take(&mut self, key: &str, value: &Node<'_, '_>) -> crate::Result<()> {
        const KEYS: [&str; 6] = ["type", "script", "wasm_udf", "order", "missing", "mode"];
        match key {
            "type" => self.script_type = Some(ScriptType::parse(value)?),
            // Of one value all are the same.
            "mode" => drop(MultiValueMode::parse(value)?),
            "missing" => {
                self.missing_first = match value.raw() {
                    "\"_first\"" => true,
                    "\"_last\"" => false,
                    _ => return Err(value.expected("\"_first\" or \"_last\"")),
                };
            }
            key if take_function(key, value, &mut self.function)? => {}
            key => return Err(unknown_key(value, key, "`_script`", &KEYS)),
        }
        Ok(())
    }

    pub(super) fn finish(self, body: &Node<'_, '_>) -> crate::Result<ScriptSort> {
        let needs = |what: &str| body.error(format!("`_script` needs {what}"));
        Ok(ScriptSort {
            function: self
                .function
                .ok_or_else(|| needs("`script`, the function to call"))?,
            script_type: self
                .script_type
                .ok_or_else(|| needs("`type`, \"number\" or \"string\""))?,
            missing_first: self.missing_first,
        })
    }
}
