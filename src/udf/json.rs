//! Reads the JSON of manifests strictly: an object that has a key twice is an error, not a surprise.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

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

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Strict(value) = map.next_value()?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("key `{key}` twice in one object")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
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
