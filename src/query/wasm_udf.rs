//! The clauses that name a user's function: our own, and OpenSearch's `script` with the language `wasm`.

use super::ast::{Clause, OnError, ParamValue, Parameter, Query, WasmUdf};
use super::clause::Common;
use super::json::Node;
use super::leaf::number;
use super::request::unknown_key;
use crate::batch::QueryLimits;

pub(super) fn parse(body: &Node<'_, '_>) -> crate::Result<Query> {
    let mut common = Common::default();
    let udf = function(body, |key, value, possible| {
        common.take(key, value, "wasm_udf", possible)
    })?;
    Ok(common.query(Clause::WasmUdf(udf), body.place()))
}

/// A function where no clause stands: nothing but its name and what belongs to it.
pub(super) fn named(body: &Node<'_, '_>) -> crate::Result<WasmUdf> {
    function(body, |key, value, possible| {
        Err(unknown_key(value, key, "`wasm_udf`", possible))
    })
}

/// `other` takes the members that don't belong to the function, with the names of those that do.
fn function(
    body: &Node<'_, '_>,
    mut other: impl FnMut(&str, &Node<'_, '_>, &[&str]) -> crate::Result<()>,
) -> crate::Result<WasmUdf> {
    const KEYS: [&str; 5] = ["name", "version", "parameters", "on_error", "limits"];
    let mut name = None;
    let mut udf = WasmUdf {
        name: String::new(),
        version: None,
        parameters: Vec::new(),
        on_error: OnError::default(),
        limits: QueryLimits::default(),
    };
    for entry in &body.object("an object with `name`")? {
        let value = body.member(entry);
        match &*entry.key {
            "name" => name = Some(value.string("a function's name")?.into_owned()),
            "version" => {
                let version = value.string("a version, a string such as \"1.0.0\" or \"^1.2\"")?;
                udf.version = Some(version.into_owned());
            }
            "parameters" => udf.parameters = parameters(&value)?,
            "on_error" => udf.on_error = on_error(&value)?,
            "limits" => udf.limits = limits(&value)?,
            key => other(key, &value, &KEYS)?,
        }
    }
    udf.name = name
        .filter(|name| !name.is_empty())
        .ok_or_else(|| body.error("`wasm_udf` needs `name`, a function's name"))?;
    Ok(udf)
}

/// `{"script": {"script": {"lang": "wasm", "id": "name@version", "params": {}}}}`, as clients of OpenSearch write it: the same as a
/// `wasm_udf`.
pub(super) fn parse_script(body: &Node<'_, '_>) -> crate::Result<Query> {
    let mut common = Common::default();
    let mut udf = None;
    for entry in &body.object("an object with `script`")? {
        let value = body.member(entry);
        match &*entry.key {
            "script" => udf = Some(script(&value)?),
            key => common.take(key, &value, "script", &["script"])?,
        }
    }
    let udf = udf.ok_or_else(|| body.error("`script` needs `script`, the function to call"))?;
    Ok(common.query(Clause::WasmUdf(udf), body.place()))
}

/// A script that is a registered function.
pub(super) fn script(node: &Node<'_, '_>) -> crate::Result<WasmUdf> {
    const KEYS: [&str; 4] = ["lang", "id", "params", "options"];
    let (mut lang, mut id) = (None, None);
    let mut udf = WasmUdf {
        name: String::new(),
        version: None,
        parameters: Vec::new(),
        on_error: OnError::default(),
        limits: QueryLimits::default(),
    };
    let entries = node.object("an object with `lang` and `id`")?;
    for entry in &entries {
        let value = node.member(entry);
        match &*entry.key {
            "lang" => lang = Some(value.string("a language, \"wasm\"")?),
            "id" => id = Some((value.string("a function, \"name@version\"")?, value)),
            "params" => udf.parameters = parameters(&value)?,
            "options" => options(&value, &mut udf)?,
            "source" | "inline" => {
                return Err(value.error(
                    "code can't stand in a query; register a function, and name it with \"lang\": \"wasm\", \"id\": \"name@version\"",
                ));
            }
            key => return Err(unknown_key(&value, key, "a script", &KEYS)),
        }
    }
    match lang.as_deref() {
        Some("wasm") => {}
        Some(other) => {
            let message = format!("no scripts in the language `{other}`; there is `wasm`");
            return Err(node.error(message));
        }
        None => return Err(node.error("a script needs `lang`, \"wasm\"")),
    }
    let Some((id, place)) = id else {
        return Err(node.error("a script needs `id`, a function: \"name@version\""));
    };
    // A version has no `@`.
    let (name, version) = match id.rsplit_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (&*id, None),
    };
    if name.is_empty() || version.is_some_and(str::is_empty) {
        return Err(place.expected("a function, \"name@version\" or \"name\""));
    }
    udf.name = name.to_string();
    udf.version = version.map(str::to_string);
    Ok(udf)
}

fn options(node: &Node<'_, '_>, udf: &mut WasmUdf) -> crate::Result<()> {
    for entry in &node.object("an object of options")? {
        let value = node.member(entry);
        match &*entry.key {
            "on_error" => udf.on_error = on_error(&value)?,
            "limits" => udf.limits = limits(&value)?,
            key => {
                return Err(unknown_key(
                    &value,
                    key,
                    "`options`",
                    &["on_error", "limits"],
                ));
            }
        }
    }
    Ok(())
}

fn limits(node: &Node<'_, '_>) -> crate::Result<QueryLimits> {
    const KEYS: [&str; 4] = [
        "memory_bytes",
        "batch_base_ms",
        "per_document_us",
        "query_ms",
    ];
    let mut limits = QueryLimits::default();
    for entry in &node.object("an object of limits")? {
        let value = node.member(entry);
        let limit = match &*entry.key {
            "memory_bytes" => &mut limits.memory_bytes,
            "batch_base_ms" => &mut limits.batch_base_ms,
            "per_document_us" => &mut limits.per_document_us,
            "query_ms" => &mut limits.query_ms,
            key => return Err(unknown_key(&value, key, "`limits`", &KEYS)),
        };
        let number = value.raw().parse();
        *limit = Some(number.map_err(|_| value.expected("an integer from 1"))?);
    }
    Ok(limits)
}

fn on_error(node: &Node<'_, '_>) -> crate::Result<OnError> {
    match node.raw() {
        "\"exclude\"" => Ok(OnError::Exclude),
        "\"fail\"" => Ok(OnError::Fail),
        "\"include\"" => Ok(OnError::Include),
        _ => Err(node.expected("\"exclude\", \"fail\" or \"include\"")),
    }
}

fn parameters(node: &Node<'_, '_>) -> crate::Result<Vec<Parameter>> {
    let entries = node.object("an object of parameters")?;
    let read = |entry| -> crate::Result<Parameter> {
        let member = node.member(entry);
        let value = value(&member)?;
        Ok(Parameter {
            name: entry.key.to_string(),
            value,
            place: member.place(),
        })
    };
    entries.iter().map(read).collect()
}

fn value(node: &Node<'_, '_>) -> crate::Result<ParamValue> {
    match node.kind() {
        b'n' => Ok(ParamValue::Null),
        b't' => Ok(ParamValue::Bool(true)),
        b'f' => Ok(ParamValue::Bool(false)),
        b'"' => Ok(ParamValue::Str(node.string("a string")?.into_owned())),
        b'[' => {
            let items = node.array("an array")?;
            let values = node
                .items(&items)
                .map(|item| value(&item))
                .collect::<Result<_, _>>()?;
            Ok(ParamValue::List(values))
        }
        b'{' => Err(node.expected("a string, number, boolean, null or an array of them")),
        _ => Ok(ParamValue::Number(number(node)?)),
    }
}
