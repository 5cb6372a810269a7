//! The types and values of parameters, and how JSON becomes one.

use serde::Deserialize;
use serde_json::Value as Json;

/// The type of a parameter, or of the items of a parameter that is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// true or false.
    Bool,
    /// An integer from -2³¹ to 2³¹ - 1.
    I32,
    /// An integer from -2⁶³ to 2⁶³ - 1.
    I64,
    /// A number that a 32-bit float can hold the magnitude of.
    F32,
    /// A finite number.
    F64,
    /// A string.
    Str,
}

impl ParamType {
    /// The name that manifests and messages use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Str => "str",
        }
    }
}

/// The checked value of a parameter. 32-bit types have been checked for their range and are stored in 64 bits.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// A `bool`.
    Bool(bool),
    /// An `i32` or `i64`.
    I64(i64),
    /// An `f32` or `f64`.
    F64(f64),
    /// A `str`.
    Str(String),
    /// A list of `bool`.
    BoolList(Vec<bool>),
    /// A list of `i32` or `i64`.
    I64List(Vec<i64>),
    /// A list of `f32` or `f64`.
    F64List(Vec<f64>),
    /// A list of `str`.
    StrList(Vec<String>),
}

/// Converts JSON to a parameter's type. The error says what was expected and what came.
pub(crate) fn convert(
    param_type: ParamType,
    list: bool,
    json: &Json,
) -> Result<ParamValue, String> {
    if !list {
        return Ok(match param_type {
            ParamType::Bool => ParamValue::Bool(to_bool(json)?),
            ParamType::I32 | ParamType::I64 => ParamValue::I64(to_i64(param_type, json)?),
            ParamType::F32 | ParamType::F64 => ParamValue::F64(to_f64(param_type, json)?),
            ParamType::Str => ParamValue::Str(to_str(json)?),
        });
    }
    let Json::Array(items) = json else {
        return Err(format!(
            "expected a list of {}, got {}",
            param_type.name(),
            describe(json)
        ));
    };
    Ok(match param_type {
        ParamType::Bool => ParamValue::BoolList(each(items, to_bool)?),
        ParamType::I32 | ParamType::I64 => {
            ParamValue::I64List(each(items, |v| to_i64(param_type, v))?)
        }
        ParamType::F32 | ParamType::F64 => {
            ParamValue::F64List(each(items, |v| to_f64(param_type, v))?)
        }
        ParamType::Str => ParamValue::StrList(each(items, to_str)?),
    })
}

fn each<T>(items: &[Json], one: impl Fn(&Json) -> Result<T, String>) -> Result<Vec<T>, String> {
    items
        .iter()
        .enumerate()
        .map(|(i, item)| one(item).map_err(|e| format!("item {i}: {e}")))
        .collect()
}

fn to_bool(json: &Json) -> Result<bool, String> {
    json.as_bool()
        .ok_or_else(|| format!("expected bool, got {}", describe(json)))
}

fn to_str(json: &Json) -> Result<String, String> {
    json.as_str()
        .map(str::to_string)
        .ok_or_else(|| format!("expected str, got {}", describe(json)))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the float is an integer inside the range of i64"
)]
fn to_i64(param_type: ParamType, json: &Json) -> Result<i64, String> {
    let wrong = || format!("expected {}, got {}", param_type.name(), describe(json));
    let value = match (json.as_i64(), json.as_f64()) {
        (Some(value), _) => value,
        // 2⁶³ itself is out of range, and so is every u64 that is not an i64.
        (None, Some(f)) if f.fract() == 0.0 && (-TWO_63..TWO_63).contains(&f) && json.is_f64() => {
            f as i64
        }
        _ => return Err(wrong()),
    };
    if param_type == ParamType::I32 && i32::try_from(value).is_err() {
        return Err(format!("{value} does not fit into i32"));
    }
    Ok(value)
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

fn to_f64(param_type: ParamType, json: &Json) -> Result<f64, String> {
    let Json::Number(number) = json else {
        return Err(format!(
            "expected {}, got {}",
            param_type.name(),
            describe(json)
        ));
    };
    let exact = match (number.as_i64(), number.as_u64()) {
        (Some(i), _) => i128::from(i),
        (None, Some(u)) => i128::from(u),
        (None, None) => return in_range(param_type, number.as_f64().unwrap_or(f64::NAN)),
    };
    let value = number.as_f64().unwrap_or(f64::NAN);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and is compared with the exact value"
    )]
    if value as i128 != exact {
        return Err(format!(
            "{exact} can't be held exactly by {}",
            param_type.name()
        ));
    }
    in_range(param_type, value)
}

fn in_range(param_type: ParamType, value: f64) -> Result<f64, String> {
    let fits = match param_type {
        ParamType::F32 => value.is_finite() && value.abs() <= f64::from(f32::MAX),
        _ => value.is_finite(),
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("{value} does not fit into {}", param_type.name()))
    }
}

fn describe(json: &Json) -> String {
    match json {
        Json::Null => "null".to_string(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => n.to_string(),
        Json::String(s) if s.len() <= 40 => format!("\"{s}\""),
        Json::String(_) => "a string".to_string(),
        Json::Array(_) => "a list".to_string(),
        Json::Object(_) => "an object".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_convert_where_nothing_is_lost() {
        assert_eq!(
            convert(ParamType::F64, false, &json!(3)),
            Ok(ParamValue::F64(3.0))
        );
        assert_eq!(
            convert(ParamType::I64, false, &json!(3.0)),
            Ok(ParamValue::I64(3))
        );
        assert_eq!(
            convert(ParamType::I64, false, &json!(-7)),
            Ok(ParamValue::I64(-7))
        );
        let edge = convert(ParamType::F64, false, &json!(i64::MIN));
        assert_eq!(edge, Ok(ParamValue::F64(-TWO_63)));
        for (t, v) in [
            (ParamType::F64, json!(9_007_199_254_740_993_i64)),
            (ParamType::F64, json!(u64::MAX)),
            (ParamType::I64, json!(3.5)),
            (ParamType::I64, json!(u64::MAX)),
            (ParamType::I64, json!(1e300)),
            (ParamType::I64, json!(TWO_63)),
            (ParamType::I32, json!(2_147_483_648_i64)),
            (ParamType::F32, json!(1e39)),
            (ParamType::Bool, json!(1)),
            (ParamType::Str, json!(1)),
            (ParamType::I64, json!("1")),
        ] {
            assert!(convert(t, false, &v).is_err(), "{t:?} {v}");
        }
    }

    #[test]
    fn lists_name_the_item() {
        let ok = convert(ParamType::I32, true, &json!([1, 2.0]));
        assert_eq!(ok, Ok(ParamValue::I64List(vec![1, 2])));
        let err = convert(ParamType::Str, true, &json!(["a", 2])).unwrap_err();
        assert_eq!(err, "item 1: expected str, got 2");
        assert!(
            convert(ParamType::Str, true, &json!("a"))
                .unwrap_err()
                .contains("list of str")
        );
    }
}
