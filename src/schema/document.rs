//! One document's JSON → flat buffers, as a stream: no tree is built, and nothing is allocated per value.
//!
//! [`walk`] goes through the JSON with the dotted path of where it is. A value is coerced by its field, then goes to the buffers of
//! the field's postings and column, and the same for its multi-fields.

mod walk;

use std::fmt::Write as _;
use std::sync::Arc;

use serde::de::Deserializer;

use self::walk::{Root, Walk};
use super::buffers::{DocSpan, DocumentBatch, FieldLength, NumericValue, StringValue, Token};
use super::document_id::{check_id, syntax_error};
use super::field::{ColumnKind, Field, FieldId, FieldType, PostingsKind};
use super::value::{Scalar, to_bool, to_double, to_long};
use super::{MAX_TERM_BYTES, POSITION_GAP, Schema};
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
    /// The keys of the objects around the current value, one behind the other, and where each ends.
    keys: String,
    key_ends: Vec<usize>,
    key_ranges: Vec<(usize, usize)>,
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

    /// Removes the document that was added last, if there is one.
    pub fn remove_last(&mut self) {
        self.batch.pop();
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
        self.keys.clear();
        self.key_ends.clear();
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

    /// Forgets the keys after the first `count`, which end at `at`. Returns one that stood there twice.
    fn forget_keys(&mut self, count: usize, at: usize) -> Option<String> {
        let twice = if self.key_ends.len() > count + 1 {
            self.repeated_key(count, at)
        } else {
            None
        };
        self.key_ends.truncate(count);
        self.keys.truncate(at);
        twice
    }

    fn repeated_key(&mut self, count: usize, at: usize) -> Option<String> {
        // Where each begins and ends, sorted by what it is.
        let (keys, ranges) = (&self.keys, &mut self.key_ranges);
        ranges.clear();
        let mut from = at;
        for &end in &self.key_ends[count..] {
            ranges.push((from, end));
            from = end;
        }
        ranges.sort_unstable_by(|a, b| keys[a.0..a.1].cmp(&keys[b.0..b.1]));
        let mut pairs = ranges.windows(2);
        let twice = pairs.find(|pair| keys[pair[0].0..pair[0].1] == keys[pair[1].0..pair[1].1]);
        twice.map(|pair| keys[pair[0].0..pair[0].1].to_string())
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
