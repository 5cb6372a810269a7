//! Checks the parameters of a query against a manifest.

use serde_json::{Map, Value as Json};

use super::limits::MAX_PARAMETER_BYTES;
use super::manifest::Manifest;
use super::values::{ParamValue, convert};

/// The parameters of one query for one function, in the manifest's order; `None` where one is absent.
pub type Params = Vec<Option<ParamValue>>;

/// Checks what a query gives for the parameters of a function, and fills defaults in.
///
/// `null` is absent. A JSON integer is taken for an `f64` that can hold it exactly, and `3.0` for an integer.
///
/// # Errors
/// `UdfParameter`, which names the parameter: unknown, required and absent, of another type, or too large.
pub(crate) fn check(manifest: &Manifest, given: &Map<String, Json>) -> crate::Result<Params> {
    let error = |parameter: &str, message: String| crate::Error::UdfParameter {
        name: manifest.label(),
        parameter: parameter.to_string(),
        message,
    };
    if let Some(unknown) = given
        .keys()
        .find(|key| !manifest.params.iter().any(|p| p.name == **key))
    {
        let known: Vec<&str> = manifest.params.iter().map(|p| p.name.as_str()).collect();
        let known = if known.is_empty() {
            "none".to_string()
        } else {
            known.join(", ")
        };
        return Err(error(
            unknown,
            format!("unknown; the function's parameters: {known}"),
        ));
    }
    let mut params = Vec::with_capacity(manifest.params.len());
    let mut bytes = 0;
    for spec in &manifest.params {
        let value = match given.get(&spec.name).filter(|value| !value.is_null()) {
            Some(json) => {
                Some(convert(spec.param_type, spec.list, json).map_err(|e| error(&spec.name, e))?)
            }
            None if spec.required => {
                let list = if spec.list { "a list of " } else { "" };
                let expected = format!("required, {list}{}", spec.param_type.name());
                return Err(error(&spec.name, expected));
            }
            None => spec.default.clone(),
        };
        bytes += value.as_ref().map_or(0, size);
        if bytes > MAX_PARAMETER_BYTES {
            let message = format!("the parameters take more than {MAX_PARAMETER_BYTES} bytes");
            return Err(error(&spec.name, message));
        }
        params.push(value);
    }
    Ok(params)
}

fn size(value: &ParamValue) -> usize {
    match value {
        ParamValue::Bool(_) | ParamValue::I64(_) | ParamValue::F64(_) => 8,
        ParamValue::Str(s) => s.len(),
        ParamValue::BoolList(v) => v.len(),
        ParamValue::I64List(v) => v.len() * 8,
        ParamValue::F64List(v) => v.len() * 8,
        ParamValue::StrList(v) => v.iter().map(|s| s.len() + 4).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let text = json!({"abi": 1, "name": "f", "version": "1.0.0", "kind": "filter", "params": [
            {"name": "budget", "type": "f64", "required": true},
            {"name": "field", "type": "str", "default": "title"},
            {"name": "ids", "type": "i64", "list": true},
        ]});
        Manifest::parse_all(text.to_string().as_bytes())
            .unwrap()
            .remove(0)
    }

    fn run(given: Json) -> Result<Params, String> {
        let Json::Object(given) = given else {
            panic!("an object")
        };
        check(&manifest(), &given).map_err(|e| e.to_string())
    }

    #[test]
    fn defaults_and_null() {
        let params = run(json!({"budget": 3, "ids": null})).unwrap();
        let title = ParamValue::Str("title".into());
        assert_eq!(params, vec![Some(ParamValue::F64(3.0)), Some(title), None]);
    }

    #[test]
    fn errors_name_function_and_parameter() {
        for (given, expected) in [
            (
                json!({}),
                "function `f@1.0.0`: parameter `budget`: required, f64",
            ),
            (json!({"budget": null}), "parameter `budget`: required"),
            (
                json!({"budget": 1, "colour": 2}),
                "parameter `colour`: unknown; the function's parameters: budget, field, ids",
            ),
            (
                json!({"budget": "1"}),
                "parameter `budget`: expected f64, got \"1\"",
            ),
            (
                json!({"budget": 1, "ids": ["x"]}),
                "parameter `ids`: item 0: expected i64",
            ),
            (
                json!({"budget": 1, "field": "x".repeat(10 << 20)}),
                "parameter `field`: the parameters take more",
            ),
        ] {
            let message = run(given).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
