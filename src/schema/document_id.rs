//! A document's id: where it may stand in its JSON, and what it may be.

use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ID_FIELD, MAX_ID_BYTES};
use crate::Error;

pub(super) fn check_id(id: &str) -> crate::Result<()> {
    if (1..=MAX_ID_BYTES).contains(&id.len()) {
        return Ok(());
    }
    let message = format!("an id of {} bytes; possible: 1 to {MAX_ID_BYTES}", id.len());
    Err(Error::Document {
        path: ID_FIELD.to_string(),
        message,
    })
}

/// Where the text stops being JSON, as a byte offset.
pub(super) fn syntax_error(json: &[u8], error: &serde_json::Error) -> Error {
    let line = error.line().saturating_sub(1);
    let before: usize = json
        .split_inclusive(|byte| *byte == b'\n')
        .take(line)
        .map(<[u8]>::len)
        .sum();
    let offset = (before + error.column().saturating_sub(1)).min(json.len());
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(head, _)| head);
    let message = format!("not valid JSON: {text} (byte {offset})");
    Error::Document {
        path: "$".to_string(),
        message,
    }
}

/// The id in a document: its `_id`, else its `id`, if that is a string or integer. For routing a document before it is added.
///
/// # Errors
/// [`Error::Document`] if it isn't an object in JSON, or if the id's length is not possible.
pub fn document_id(json: &[u8]) -> crate::Result<Option<String>> {
    struct Ids(Option<String>, Option<String>);
    impl<'de> Visitor<'de> for &mut Ids {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a document, an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                let slot = match &*key {
                    ID_FIELD => &mut self.0,
                    "id" => &mut self.1,
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                };
                let raw: &RawValue = map.next_value()?;
                *slot = id_text(raw.get());
                if key == ID_FIELD && slot.is_none() {
                    return Err(A::Error::custom(ID_TYPE));
                }
            }
            Ok(())
        }
    }
    let json = json.trim_ascii();
    let mut ids = Ids(None, None);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let read = deserializer
        .deserialize_map(&mut ids)
        .and_then(|()| deserializer.end());
    read.map_err(|error| syntax_error(json, &error))?;
    let id = ids.0.or(ids.1);
    id.as_deref().map_or(Ok(()), check_id)?;
    Ok(id)
}

pub(super) const ID_TYPE: &str = "`_id` must be a string or an integer";

/// An id from a JSON value; `None` if it is neither a string nor an integer.
pub(super) fn id_text(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'-' | b'0'..=b'9' if !raw.contains(['.', 'e', 'E']) => Some(raw.to_string()),
        _ => None,
    }
}
