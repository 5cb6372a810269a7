//! Reads the JSON of manifests strictly.

use serde_json::Value;

use crate::strict_json::Strict;

/// Reads the objects of a text that holds one or more, one behind the other.
///
/// # Errors
/// `UdfRejected` with line and column.
pub(crate) fn parse_objects(text: &[u8]) -> crate::Result<Vec<Value>> {
    let text = std::str::from_utf8(text).map_err(|e| crate::Error::UdfRejected {
        message: format!("the manifest is not UTF-8: {e}"),
    })?;
    // A section made of several parts may carry the NULs that assemblers pad with.
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Strict>() {
        let Strict(value) = value.map_err(|e| crate::Error::UdfRejected {
            message: format!("manifest: {e}"),
        })?;
        if !value.is_object() {
            return Err(crate::Error::UdfRejected {
                message: "manifest: expected a JSON object".to_string(),
            });
        }
        values.push(value);
    }
    Ok(values)
}

/// Drops the keys that begin with `x-`, which are anybody's own, from an object and the objects inside.
pub(crate) fn without_extensions(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, _)| !key.starts_with("x-"))
                .map(|(key, value)| (key.clone(), without_extensions(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_extensions).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_concatenated_objects() {
        let values = parse_objects(b"{\"a\":1}\n{\"b\":[null,true,2.5]}\0").unwrap();
        assert_eq!(values.len(), 2);
        assert_eq!(values[1]["b"][2], 2.5);
    }

    #[test]
    fn refuses_duplicates_and_others() {
        let message = |text: &[u8]| parse_objects(text).unwrap_err().to_string();
        assert!(message(b"{\"a\":{\"k\":1,\"k\":2}}").contains("key `k` twice"));
        assert!(message(b"[1]").contains("expected a JSON object"));
        assert!(message(b"{\"a\":").contains("EOF"));
        assert!(message(b"\xff").contains("not UTF-8"));
    }

    #[test]
    fn drops_extensions_at_any_depth() {
        let value: Value = serde_json::json!({"x-a": 1, "b": [{"x-c": 2, "d": 3}]});
        assert_eq!(
            without_extensions(&value),
            serde_json::json!({"b": [{"d": 3}]})
        );
    }
}
