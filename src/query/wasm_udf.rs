//! The clause that names a user's function.

use super::ast::{Clause, OnError, ParamValue, Parameter, Query, WasmUdf};
use super::clause::Common;
use super::json::Node;
use super::leaf::number;

pub(super) fn parse(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 4] = ["name", "version", "parameters", "on_error"];
    let mut common = Common::default();
    let mut name = None;
    let mut udf = WasmUdf {
        name: String::new(),
        version: None,
        parameters: Vec::new(),
        on_error: OnError::default(),
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
            key => common.take(key, &value, "wasm_udf", &KEYS)?,
        }
    }
    udf.name = name
        .filter(|name| !name.is_empty())
        .ok_or_else(|| body.error("`wasm_udf` needs `name`, a function's name"))?;
    Ok(common.query(Clause::WasmUdf(udf), body.place()))
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
