//! One document's JSON → flat buffers, as a stream: no tree is built, and nothing is allocated per value.
//!
//! A visitor walks the JSON with the dotted path of where it is. A value is coerced by its field, then goes to the buffers of
//! the field's postings and column, and the same for its multi-fields.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize as _;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::buffers::{DocSpan, DocumentBatch, FieldLength, NumericValue, StringValue, Token};
use super::field::{ColumnKind, Field, FieldId, FieldType, PostingsKind, Role};
use super::geo::GeoSeed;
use super::value::{Scalar, to_bool, to_double, to_long};
use super::{Dynamic, ID_FIELD, MAX_ID_BYTES, MAX_TERM_BYTES, POSITION_GAP, Schema};
use crate::Error;
use crate::analysis::Scratch;

/// Whether a document was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Appended {
    /// It was.
    Done,
    /// It has no id: neither given, nor `_id`, nor a string or integer `id`. Nothing was added. The caller makes an id and adds
    /// the document again with it.
    NeedsId,
}

/// Turns documents into a [`DocumentBatch`].
#[derive(Debug, Default)]
pub struct DocumentWriter {
    batch: DocumentBatch,
    scratch: Scratch,
    /// By field id; what it says counts for the document of its stamp only.
    states: Vec<FieldState>,
    /// Text fields of the current document whose lengths are kept, in order of appearance.
    touched: Vec<FieldId>,
    stamp: u64,
    path: String,
    /// For each array around the current value: the length of `path` there, and the item's index.
    indices: Vec<(usize, usize)>,
    number: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct FieldState {
    stamp: u64,
    /// Values so far.
    values: u32,
    next_position: u32,
    tokens: u32,
}

impl DocumentWriter {
    /// The documents so far.
    #[must_use]
    pub fn batch(&self) -> &DocumentBatch {
        &self.batch
    }

    /// Removes all documents and keeps the memory.
    pub fn clear(&mut self) {
        self.batch.clear();
    }

    /// Adds a document: all of it, or nothing.
    ///
    /// Its id is `id`, else the document's `_id`, else its `id`. `_id` is not indexed as a field of the document; `id` is.
    /// Unknown fields are added to `schema`, which is cloned first if others hold it, so that they keep what they have.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of a value that doesn't fit its field, of a term above [`MAX_TERM_BYTES`], or of an
    /// unknown field in a strict mapping; the byte offset where it isn't JSON. The batch and the schema are as they were.
    pub fn append(
        &mut self,
        schema: &mut Arc<Schema>,
        id: Option<&str>,
        json: &[u8],
    ) -> crate::Result<Appended> {
        let mark = self.batch.mark();
        let before = Arc::clone(schema);
        let mut result = self.try_append(schema, id, json, false);
        if matches!(result, Ok(None)) {
            // A fraction stood in a field that keeps text: read once more, with numbers as they were written.
            self.batch.rewind(mark);
            *schema = Arc::clone(&before);
            result = self.try_append(schema, id, json, true);
        }
        match result {
            Ok(Some(Appended::Done)) => Ok(Appended::Done),
            Ok(_) => {
                self.batch.rewind(mark);
                *schema = before;
                Ok(Appended::NeedsId)
            }
            Err(error) => {
                self.batch.rewind(mark);
                *schema = before;
                Err(error)
            }
        }
    }

    /// `None`: to be read again with raw numbers.
    fn try_append(
        &mut self,
        schema: &mut Arc<Schema>,
        id: Option<&str>,
        json: &[u8],
        raw: bool,
    ) -> crate::Result<Option<Appended>> {
        let first_token = self.batch.tokens.len();
        self.stamp += 1;
        self.touched.clear();
        self.path.clear();
        self.indices.clear();
        let json = json.trim_ascii();
        let source = self.batch.push_bytes(json).ok_or_else(batch_full)?;
        let mut walk = Walk {
            writer: self,
            schema,
            raw,
            needs_raw: false,
            failure: None,
            meta_id: None,
            field_id: None,
        };
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let read = deserializer
            .deserialize_any(Root(&mut walk))
            .and_then(|()| deserializer.end());
        if walk.needs_raw {
            return Ok(None);
        }
        if let Some(failure) = walk.failure {
            return Err(failure);
        }
        let own_id = walk.meta_id.or(walk.field_id);
        read.map_err(|error| syntax_error(json, &error))?;
        let Some(id) = id.or(own_id.as_deref()) else {
            return Ok(Some(Appended::NeedsId));
        };
        check_id(id)?;
        let (id_offset, id_len) = self
            .batch
            .push_bytes(id.as_bytes())
            .ok_or_else(batch_full)?;
        for field in &self.touched {
            let tokens = self.states[usize::from(field.0)].tokens;
            self.batch.lengths.push(FieldLength {
                field: u32::from(field.0),
                tokens,
            });
        }
        // Values of several fields may come by turns; within a field the sort keeps their order.
        let tokens = &mut self.batch.tokens[first_token..];
        if !tokens.is_sorted_by_key(|token| token.field) {
            tokens.sort_by_key(|token| token.field);
        }
        let end = |len: usize| u32::try_from(len).map_err(|_| batch_full());
        let span = DocSpan {
            tokens_end: end(self.batch.tokens.len())?,
            lengths_end: end(self.batch.lengths.len())?,
            numerics_end: end(self.batch.numerics.len())?,
            strings_end: end(self.batch.strings.len())?,
            id_offset,
            id_len,
            source_offset: source.0,
            source_len: source.1,
        };
        self.batch.docs.push(span);
        Ok(Some(Appended::Done))
    }

    /// The current path with the indices of arrays: `authors[2].name`.
    fn place(&self) -> String {
        let mut place = String::new();
        let mut from = 0;
        for &(at, index) in &self.indices {
            place.push_str(self.path.get(from..at).unwrap_or_default());
            let _ = write!(place, "[{index}]"); // into a string, which can't fail
            from = at;
        }
        place.push_str(self.path.get(from..).unwrap_or_default());
        if place.is_empty() {
            "$".to_string()
        } else {
            place
        }
    }

    fn index_value(&mut self, field: &Field, value: &Scalar<'_>) -> Result<(), String> {
        let bits = match field.field_type() {
            FieldType::Text | FieldType::Keyword => return self.index_string(field, value),
            FieldType::Long => to_long(value, field.declared)?.map(i64::cast_unsigned),
            FieldType::Double => to_double(value, field.declared)?.map(f64::to_bits),
            FieldType::Date => Some(field.date_formats.value(value)?.cast_unsigned()),
            FieldType::Boolean => Some(u64::from(to_bool(value)?)),
            FieldType::GeoPoint => return Err(format!("expected a point, found {value}")),
        };
        if let Some(bits) = bits.filter(|_| field.column() != ColumnKind::None) {
            self.batch.numerics.push(NumericValue {
                field: u32::from(field.id.0),
                bits,
            });
        }
        Ok(())
    }

    fn index_string(&mut self, field: &Field, value: &Scalar<'_>) -> Result<(), String> {
        let mut number = std::mem::take(&mut self.number);
        number.clear();
        let text = match *value {
            Scalar::Str(text) | Scalar::Raw(text) => text,
            ref other => {
                let _ = write!(number, "{other}"); // into a string, which can't fail
                &number
            }
        };
        let done = self.index_text(field, text);
        self.number = number;
        done
    }

    fn index_text(&mut self, field: &Field, text: &str) -> Result<(), String> {
        let id = u32::from(field.id.0);
        let keyword = field.field_type() == FieldType::Keyword;
        if keyword {
            // Bytes are never fewer than UTF-16 units, so that most texts need no counting.
            if field
                .ignore_above
                .is_some_and(|limit| text.len() > limit && text.encode_utf16().count() > limit)
            {
                return Ok(());
            }
            if text.len() > MAX_TERM_BYTES && (field.index || field.doc_values) {
                return Err(too_long(text.len()));
            }
        }
        let slot = usize::from(field.id.0);
        if self.states.len() <= slot {
            self.states.resize(slot + 1, FieldState::default());
        }
        let mut state = self.states[slot];
        if state.stamp != self.stamp {
            state = FieldState {
                stamp: self.stamp,
                ..FieldState::default()
            };
        }
        let batch = &mut self.batch;
        if field.column() != ColumnKind::None || (keyword && field.index) {
            let (offset, len) = batch.push_bytes(text.as_bytes()).ok_or_else(full)?;
            if field.column() != ColumnKind::None {
                batch.strings.push(StringValue {
                    field: id,
                    offset,
                    len,
                });
            }
            if field.postings() == PostingsKind::Docs {
                batch.tokens.push(Token {
                    field: id,
                    position: state.values,
                    offset,
                    len,
                });
            }
        }
        if field.postings() == PostingsKind::FreqsPositions {
            if state.values == 0 {
                if field.has_norms() {
                    self.touched.push(field.id);
                }
            } else {
                state.next_position = state.next_position.saturating_add(POSITION_GAP);
            }
            let base = state.next_position;
            let mut problem = None;
            let taken =
                field
                    .analyzer
                    .analyze(text, &mut self.scratch, &mut |term, position, _, _| {
                        if term.len() > MAX_TERM_BYTES {
                            problem.get_or_insert_with(|| too_long(term.len()));
                            return;
                        }
                        match (
                            batch.push_bytes(term.as_bytes()),
                            base.checked_add(position),
                        ) {
                            (Some((offset, len)), Some(position)) => {
                                batch.tokens.push(Token {
                                    field: id,
                                    position,
                                    offset,
                                    len,
                                });
                                state.tokens += 1;
                            }
                            _ => problem = Some(full()),
                        }
                    });
            if let Some(problem) = problem {
                return Err(problem);
            }
            state.next_position = base.saturating_add(taken);
        }
        state.values += 1;
        self.states[slot] = state;
        Ok(())
    }
}

fn too_long(bytes: usize) -> String {
    format!("a term of {bytes} bytes; at most {MAX_TERM_BYTES}")
}

fn full() -> String {
    "the batch of documents is full".to_string()
}

fn batch_full() -> Error {
    Error::Document {
        path: "$".to_string(),
        message: full(),
    }
}

fn check_id(id: &str) -> crate::Result<()> {
    if (1..=MAX_ID_BYTES).contains(&id.len()) {
        return Ok(());
    }
    let message = format!("an id of {} bytes; possible: 1 to {MAX_ID_BYTES}", id.len());
    Err(Error::Document {
        path: ID_FIELD.to_string(),
        message,
    })
}

fn syntax_error(json: &[u8], error: &serde_json::Error) -> Error {
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

const ID_TYPE: &str = "`_id` must be a string or an integer";

/// An id from a JSON value; `None` if it is neither a string nor an integer.
fn id_text(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'-' | b'0'..=b'9' if !raw.contains(['.', 'e', 'E']) => Some(raw.to_string()),
        _ => None,
    }
}

/// A document on its way into the buffers.
struct Walk<'w> {
    writer: &'w mut DocumentWriter,
    schema: &'w mut Arc<Schema>,
    /// Numbers of fields that keep text are read as they are written.
    raw: bool,
    /// A fraction stood in such a field while `raw` was off.
    needs_raw: bool,
    /// Why the walk was stopped; serde's own error then says nothing.
    failure: Option<Error>,
    meta_id: Option<String>,
    field_id: Option<String>,
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
        while map.next_key_seed(KeySeed(&mut self.writer.path))?.is_some() {
            let key = self.writer.path.get(length..).unwrap_or_default();
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
        Ok(())
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
struct Root<'r, 'w>(&'r mut Walk<'w>);

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
