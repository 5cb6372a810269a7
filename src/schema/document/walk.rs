//! The walk through a document's JSON: visitors that know the dotted path of where they are.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize as _;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::super::buffers::NumericValue;
use super::super::document_id::{ID_TYPE, id_text};
use super::super::field::{Field, FieldId, FieldType, Role};
use super::super::geo::GeoSeed;
use super::super::value::Scalar;
use super::super::{Dynamic, ID_FIELD, Schema};
use super::DocumentWriter;
use crate::Error;

/// A document on its way into the buffers.
pub(super) struct Walk<'w> {
    pub(super) writer: &'w mut DocumentWriter,
    pub(super) schema: &'w mut Arc<Schema>,
    /// Numbers of fields that keep text are read as they are written.
    pub(super) raw: bool,
    /// A fraction stood in such a field while `raw` was off.
    pub(super) needs_raw: bool,
    /// Why the walk was stopped; serde's own error then says nothing.
    pub(super) failure: Option<Error>,
    pub(super) meta_id: Option<String>,
    pub(super) field_id: Option<String>,
}

impl Walk<'_> {
    fn fail<E: serde::de::Error>(&mut self, message: impl Into<String>) -> E {
        let path = self.writer.place();
        self.failure = Some(Error::Document {
            path,
            message: message.into(),
        });
        E::custom("stopped")
    }

    /// Whether a field, or one filled from it, keeps the text of a number.
    fn keeps_text(&self, field: &Field) -> bool {
        field.is_string()
            || field
                .subfields
                .iter()
                .any(|id| self.schema.get(*id).is_some_and(Field::is_string))
    }

    /// A value at the current path.
    fn scalar<E: serde::de::Error>(&mut self, value: Scalar<'_>) -> Result<(), E> {
        let known = self.schema.field(&self.writer.path).map(|field| field.id);
        let id = match known {
            Some(id) => id,
            None if self.schema.is_object(&self.writer.path) => {
                return Err(self.fail(format!("expected an object, found {value}")));
            }
            None => match Arc::make_mut(self.schema).add_dynamic(&self.writer.path, &value) {
                Ok(id) => id,
                Err(message) => return Err(self.fail(message)),
            },
        };
        let Some(field) = self.schema.get(id) else {
            return Ok(());
        };
        if !self.raw && matches!(value, Scalar::F64(_) | Scalar::U64(_)) && self.keeps_text(field) {
            self.needs_raw = true;
            return Err(E::custom("to be read again"));
        }
        let mut indexed = self.writer.index_value(field, &value);
        for id in &field.subfields {
            if let Some(multi) = self.schema.get(*id)
                && indexed.is_ok()
            {
                indexed = self.writer.index_value(multi, &value);
            }
        }
        indexed.map_err(|message| self.fail(message))
    }

    /// The members of an object at the current path, which is empty at the root.
    fn object<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let length = self.writer.path.len();
        let (keys, keys_end) = (self.writer.key_ends.len(), self.writer.keys.len());
        while map.next_key_seed(KeySeed(&mut self.writer.path))?.is_some() {
            let key = self.writer.path.get(length..).unwrap_or_default();
            self.writer.keys.push_str(key);
            self.writer.key_ends.push(self.writer.keys.len());
            if length == 0 && key == ID_FIELD {
                let raw: &RawValue = map.next_value()?;
                self.meta_id = id_text(raw.get());
                if self.meta_id.is_none() {
                    return Err(self.fail(ID_TYPE));
                }
            } else {
                if key.trim_matches('.').trim().is_empty() {
                    return Err(self.fail("a field's name can't be empty"));
                }
                let is_id = length == 0 && key == "id";
                map.next_value_seed(Value { walk: self, is_id })?;
            }
            self.writer.path.truncate(length);
        }
        match self.writer.forget_keys(keys, keys_end) {
            None => Ok(()),
            Some(key) => {
                let key = key.trim_start_matches('.');
                Err(self.fail(format!("the key `{key}` stands there twice")))
            }
        }
    }
}

/// Appends a key to the dotted path.
struct KeySeed<'p>(&'p mut String);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<(), E> {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(key);
        Ok(())
    }
}

/// The document itself, which must be an object.
pub(super) struct Root<'r, 'w>(pub(super) &'r mut Walk<'w>);

impl<'de> Visitor<'de> for Root<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document, an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.object(map)
    }
}

/// A value at the current path. `is_id`: it is the document's `id`.
struct Value<'r, 'w> {
    walk: &'r mut Walk<'w>,
    is_id: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let walk = self.walk;
        let path = &walk.writer.path;
        if let Some(field) = walk.schema.field(path) {
            if field.role != Role::Own {
                return Err(walk.fail("the field takes its values from another one"));
            }
            if let (FieldType::GeoPoint, &[lat, lon]) = (field.field_type(), &*field.subfields) {
                return geo(walk, [lat, lon], deserializer);
            }
            if walk.raw && walk.keeps_text(field) {
                let raw = <&RawValue>::deserialize(deserializer)?;
                return raw_value(walk, raw.get(), self.is_id).map_err(D::Error::custom);
            }
        } else if !walk.schema.is_object(path) {
            match walk.schema.dynamic_for(path) {
                Dynamic::True => {}
                Dynamic::False if !self.is_id => {
                    return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
                }
                Dynamic::False => {
                    let raw = <&RawValue>::deserialize(deserializer)?;
                    walk.field_id = id_text(raw.get());
                    return Ok(());
                }
                Dynamic::Strict => {
                    return Err(walk.fail("the mapping is strict and has no such field"));
                }
            }
        }
        deserializer.deserialize_any(Value {
            walk,
            is_id: self.is_id,
        })
    }
}

/// A value of a field that keeps text, where a number is taken as it is written.
fn raw_value(walk: &mut Walk<'_>, raw: &str, is_id: bool) -> Result<(), serde_json::Error> {
    if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        if is_id {
            walk.field_id = id_text(raw);
        }
        return walk.scalar(Scalar::Raw(raw));
    }
    serde_json::Deserializer::from_str(raw).deserialize_any(Value { walk, is_id })
}

fn geo<'de, D: Deserializer<'de>>(
    walk: &mut Walk<'_>,
    parts: [FieldId; 2],
    deserializer: D,
) -> Result<(), D::Error> {
    let numerics = &mut walk.writer.batch.numerics;
    let mut point = |lat: f64, lon: f64| {
        for (id, degrees) in parts.iter().zip([lat, lon]) {
            numerics.push(NumericValue {
                field: u32::from(id.0),
                bits: degrees.to_bits(),
            });
        }
    };
    match (GeoSeed { point: &mut point }).deserialize(deserializer) {
        Ok(None) => Ok(()),
        Ok(Some(number)) => Err(walk.fail(format!("expected a point, found {number}"))),
        Err(error) => {
            // A syntax error ends here too, as a failure of this field; its message says so.
            let text = error.to_string();
            let text = text
                .rsplit_once(" at line ")
                .map_or(text.as_str(), |(head, _)| head);
            Err(walk.fail(text))
        }
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.walk.scalar(Scalar::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        if self.is_id {
            self.walk.field_id = Some(value.to_string());
        }
        self.walk.scalar(Scalar::I64(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        if self.is_id {
            self.walk.field_id = Some(value.to_string());
        }
        let value = i64::try_from(value).map_or(Scalar::U64(value), Scalar::I64);
        self.walk.scalar(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.walk.scalar(Scalar::F64(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if self.is_id {
            self.walk.field_id = Some(text.to_string());
        }
        self.walk.scalar(Scalar::Str(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        if let Some(field) = self.walk.schema.field(&self.walk.writer.path) {
            let message = format!(
                "expected a value of type {}, found an object",
                field.declared.name()
            );
            return Err(self.walk.fail(message));
        }
        self.walk.object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let at = self.walk.writer.path.len();
        self.walk.writer.indices.push((at, 0));
        while seq
            .next_element_seed(Value {
                walk: &mut *self.walk,
                is_id: false,
            })?
            .is_some()
        {
            if let Some((_, index)) = self.walk.writer.indices.last_mut() {
                *index += 1;
            }
        }
        self.walk.writer.indices.pop();
        Ok(())
    }
}
