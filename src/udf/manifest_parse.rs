//! Manifests from JSON: shapes by serde, everything that serde can't say by hand.

use serde::Deserialize;
use serde_json::Value as Json;

use super::json::without_extensions;
use super::manifest::{Abi, FieldSpec, Input, Kind, Manifest, ParamSpec, RowConvention, is_name};
use super::manifest_limits::ManifestLimits;
use super::values::{ParamType, ParamValue, convert};
use crate::batch::{ColumnRequest, Value, ValueType};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    abi: Json,
    name: String,
    version: String,
    #[serde(default)]
    description: String,
    kind: Kind,
    returns: Option<RawType>,
    max_score: Option<f64>,
    export: Option<String>,
    #[serde(default)]
    fields: Vec<Json>,
    #[serde(default)]
    params: Vec<Json>,
    #[serde(default)]
    pure: bool,
    #[serde(default)]
    inputs: Vec<Input>,
    #[serde(default)]
    limits: Json,
    row: Option<RowConvention>,
    positional: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: String,
    #[serde(rename = "type")]
    value_type: RawType,
    #[serde(default)]
    list: bool,
    default: Option<Json>,
    #[serde(default)]
    optional: bool,
    from_param: Option<String>,
    part: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParam {
    name: String,
    #[serde(rename = "type")]
    param_type: ParamType,
    #[serde(default)]
    list: bool,
    #[serde(default)]
    required: bool,
    default: Option<Json>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawType {
    Bool,
    I64,
    F64,
    Str,
}

impl From<RawType> for ValueType {
    fn from(raw: RawType) -> Self {
        match raw {
            RawType::Bool => Self::Bool,
            RawType::I64 => Self::I64,
            RawType::F64 => Self::F64,
            RawType::Str => Self::Str,
        }
    }
}

/// Names that no function may be exported under.
const RESERVED_EXPORTS: [&str; 5] = [
    "memory",
    "diagon_reserve",
    "diagon_abi_v1",
    "_initialize",
    "_start",
];

/// Reads one manifest. The error says where.
pub(crate) fn one(json: &Json) -> Result<Manifest, String> {
    let raw: RawManifest =
        serde_json::from_value(without_extensions(json)).map_err(|e| e.to_string())?;
    if !is_name(&raw.name) {
        return Err("`name` must match [a-z0-9][a-z0-9_.-]{0,127}".to_string());
    }
    let version = semver::Version::parse(&raw.version).map_err(|e| {
        format!(
            "`version`: \"{}\" is not a semantic version: {e}",
            raw.version
        )
    })?;
    let params = parse_params(&raw.params)?;
    let fields = parse_fields(&raw.fields, &params)?;
    let abi = parse_abi(&raw, &params)?;
    match (raw.kind, raw.returns) {
        (Kind::Value, None) => return Err("a value function needs `returns`".to_string()),
        (Kind::Filter | Kind::Score, Some(_)) => {
            return Err("`returns` is for value functions".to_string());
        }
        _ => {}
    }
    if raw.max_score.is_some() && raw.kind != Kind::Score {
        return Err("`max_score` is for score functions".to_string());
    }
    // Scores are single precision floats in the end.
    if raw
        .max_score
        .is_some_and(|max| !(0.0..=f64::from(f32::MAX)).contains(&max))
    {
        return Err(format!(
            "`max_score`: expected a number from 0 to {:e}",
            f32::MAX
        ));
    }
    if abi != Abi::Batch && raw.kind != Kind::Filter {
        return Err("the row ABI has filters only".to_string());
    }
    for (i, input) in raw.inputs.iter().enumerate() {
        if raw.inputs[..i].contains(input) {
            return Err("`inputs` has one twice".to_string());
        }
    }
    let limits = match raw.limits {
        Json::Null => ManifestLimits::default(),
        limits => serde_json::from_value(limits).map_err(|e| format!("`limits`: {e}"))?,
    };
    let export = raw.export.unwrap_or_else(|| raw.kind.name().to_string());
    if RESERVED_EXPORTS.contains(&export.as_str()) {
        return Err(format!(
            "`export`: `{export}` is not a function of the author's"
        ));
    }
    Ok(Manifest {
        name: raw.name,
        version,
        description: raw.description,
        kind: raw.kind,
        returns: raw.returns.map(ValueType::from),
        max_score: raw.max_score,
        abi,
        export,
        fields,
        params,
        pure: raw.pure,
        inputs: raw.inputs,
        limits,
        json: json.clone(),
    })
}

fn parse_abi(raw: &RawManifest, params: &[ParamSpec]) -> Result<Abi, String> {
    if raw.abi == 1 {
        if raw.row.is_some() || raw.positional.is_some() {
            return Err("`row` and `positional` are for `\"abi\": \"row\"`".to_string());
        }
        return Ok(Abi::Batch);
    }
    if raw.abi != "row" {
        return Err(format!("`abi`: expected 1 or \"row\", got {}", raw.abi));
    }
    let mut positional = Vec::new();
    for name in raw.positional.iter().flatten() {
        let place = params.iter().position(|p| p.name == *name);
        let place = place.ok_or_else(|| format!("`positional`: no parameter `{name}`"))?;
        let spec = &params[place];
        if spec.list || spec.param_type == ParamType::Str {
            return Err(format!("`positional`: `{name}` must be a number or bool"));
        }
        if !spec.required && spec.default.is_none() {
            return Err(format!(
                "`positional`: `{name}` must be required or have a default"
            ));
        }
        positional.push(place);
    }
    Ok(Abi::Row {
        convention: raw.row,
        positional,
    })
}

fn parse_params(raw: &[Json]) -> Result<Vec<ParamSpec>, String> {
    let mut params: Vec<ParamSpec> = Vec::with_capacity(raw.len());
    for (i, json) in raw.iter().enumerate() {
        let p: RawParam =
            serde_json::from_value(json.clone()).map_err(|e| format!("params[{i}]: {e}"))?;
        let at = format!("params[{i}] `{}`", p.name);
        if p.name.is_empty() || params.iter().any(|other| other.name == p.name) {
            return Err(format!("{at}: the name is empty or taken"));
        }
        let default = p
            .default
            .as_ref()
            .map(|json| convert(p.param_type, p.list, json));
        let default = default
            .transpose()
            .map_err(|e| format!("{at}: default: {e}"))?;
        if p.required && default.is_some() {
            return Err(format!("{at}: `required` and `default` exclude each other"));
        }
        params.push(ParamSpec {
            name: p.name,
            param_type: p.param_type,
            list: p.list,
            required: p.required,
            default,
        });
    }
    Ok(params)
}

fn parse_fields(raw: &[Json], params: &[ParamSpec]) -> Result<Vec<FieldSpec>, String> {
    let mut fields: Vec<FieldSpec> = Vec::with_capacity(raw.len());
    for (i, json) in raw.iter().enumerate() {
        let f: RawField =
            serde_json::from_value(json.clone()).map_err(|e| format!("fields[{i}]: {e}"))?;
        let at = format!("fields[{i}] `{}`", f.name);
        if f.name.is_empty() || fields.iter().any(|other| other.name == f.name) {
            return Err(format!("{at}: the name is empty or taken"));
        }
        let default = field_default(&f).map_err(|e| format!("{at}: default: {e}"))?;
        let from_param = f.from_param.as_ref().map(|name| naming_param(name, params));
        let from_param = from_param
            .transpose()
            .map_err(|e| format!("{at}: from_param: {e}"))?;
        if let Some(part) = &f.part {
            let point = matches!(f.value_type, RawType::F64) && from_param.is_some();
            if !point || !matches!(part.as_str(), "lat" | "lon") {
                return Err(format!(
                    "{at}: `part` is `lat` or `lon` of an f64 with `from_param`"
                ));
            }
        }
        fields.push(FieldSpec {
            name: f.name.clone(),
            from_param,
            part: f.part,
            request: ColumnRequest {
                field: f.name,
                value_type: f.value_type.into(),
                list: f.list,
                default,
                optional: f.optional,
            },
        });
    }
    Ok(fields)
}

fn field_default(field: &RawField) -> Result<Option<Value>, String> {
    let Some(json) = &field.default else {
        return Ok(None);
    };
    if field.list {
        return Err("a list has none; it is empty where a document has no value".to_string());
    }
    let param_type = match field.value_type {
        RawType::Bool => ParamType::Bool,
        RawType::I64 => ParamType::I64,
        RawType::F64 => ParamType::F64,
        RawType::Str => ParamType::Str,
    };
    Ok(match convert(param_type, false, json)? {
        ParamValue::Bool(v) => Some(Value::Bool(v)),
        ParamValue::I64(v) => Some(Value::I64(v)),
        ParamValue::F64(v) => Some(Value::F64(v)),
        ParamValue::Str(v) => Some(Value::Str(v)),
        _ => None,
    })
}

/// The place of a parameter that names a field: it must be a string that is always there.
fn naming_param(name: &str, params: &[ParamSpec]) -> Result<usize, String> {
    let place = params.iter().position(|p| p.name == name);
    let place = place.ok_or_else(|| format!("no parameter `{name}`"))?;
    let spec = &params[place];
    if spec.list || spec.param_type != ParamType::Str {
        return Err(format!("parameter `{name}` must be a str"));
    }
    if !spec.required && spec.default.is_none() {
        return Err(format!(
            "parameter `{name}` must be required or have a default"
        ));
    }
    Ok(place)
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
