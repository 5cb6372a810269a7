//! Values that no column has, read from the documents as they were added: a slow path, since each document is decompressed and
//! parsed.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{DocAddress, Snapshot};
use crate::batch::{
    ColumnOut, ColumnRequest, Extent, Interrupt, MAX_VALUES_BYTES, Value, ValueType,
};
use crate::schema::{
    DateFormats, DeclaredType, Field, FieldType, Role, Scalar, to_bool, to_double, to_long,
};

/// What a request's field begins with if it is a path in the documents' source. Alone: the source itself.
const SOURCE: &str = "_source";

/// One column, read from the source.
#[derive(Debug)]
pub(super) struct SourceColumn {
    /// `None`: the whole source.
    path: Option<String>,
    /// The type of a mapped field.
    declared: Option<DeclaredType>,
    formats: DateFormats,
    request: ColumnRequest,
    /// Of the documents that were measured: their values, one at most unless it is a list.
    rows: Vec<Vec<Value>>,
}

/// The path that a request names, if it is one in the source: `_source.a.b`, or the empty one for `_source`.
pub(super) fn source_path(field: &str) -> Option<&str> {
    match field.strip_prefix(SOURCE)? {
        "" => Some(""),
        rest => rest.strip_prefix('.').filter(|path| !path.is_empty()),
    }
}

impl SourceColumn {
    /// `field`: the mapped one, unless the request names a path.
    pub(super) fn new(request: &ColumnRequest, field: Option<&Field>, snapshot: &Snapshot) -> Self {
        let path = match (source_path(&request.field), field) {
            (Some(path), _) => path.to_string(),
            // A multi-field has the values of the field that it belongs to.
            (None, Some(field)) => match field.role {
                Role::Multi(parent) => {
                    let fields = snapshot.schema().fields().get(usize::from(parent.0));
                    fields.map_or(&field.name, |parent| &parent.name).clone()
                }
                _ => field.name.clone(),
            },
            (None, None) => request.field.clone(),
        };
        let mapped = field.filter(|_| source_path(&request.field).is_none());
        Self {
            path: Some(path).filter(|path| !path.is_empty()),
            declared: mapped.map(|field| field.declared),
            formats: mapped.map_or_else(DateFormats::default, |field| field.date_formats.clone()),
            request: request.clone(),
            rows: Vec::new(),
        }
    }

    /// Reads the values of documents. What it says is over [`MAX_VALUES_BYTES`] as soon as they are.
    pub(super) fn measure(
        &mut self,
        snapshot: &Snapshot,
        segment: u32,
        docs: &[u32],
        interrupt: &Interrupt,
    ) -> crate::Result<Extent> {
        self.rows.clear();
        let (mut extent, mut source) = (Extent::default(), Vec::new());
        for &doc in docs {
            // A batch of large documents takes much longer than a deadline may be overrun by.
            interrupt.check()?;
            source.clear();
            let at = DocAddress { segment, doc };
            snapshot.source(at, &mut source)?;
            let row = self
                .read(&source)
                .map_err(|error| snapshot.damaged_source(at, &error))?;
            extent.items += if self.request.list { row.len() } else { 0 };
            extent.bytes += row
                .iter()
                .map(|value| bytes(value, &self.request))
                .sum::<usize>();
            if row.is_empty() && !self.request.list {
                extent.bytes += self
                    .request
                    .default
                    .as_ref()
                    .map_or(0, |v| bytes(v, &self.request));
            }
            self.rows.push(row);
            let items = extent.items.saturating_mul(self.request.value_type.width());
            if extent.bytes.saturating_add(items) > MAX_VALUES_BYTES {
                break;
            }
        }
        Ok(extent)
    }

    fn read(&self, source: &[u8]) -> Result<Vec<Value>, String> {
        let text = std::str::from_utf8(source).map_err(|e| e.to_string())?;
        let Some(path) = &self.path else {
            return Ok(vec![Value::Str(text.to_string())]);
        };
        let mut values = Vec::new();
        self.collect(text, path, &mut values)
            .map_err(|e| e.to_string())?;
        if !self.request.list {
            values.sort_by(order);
            values.truncate(1);
        }
        Ok(values)
    }

    /// Collects what stands at a path, in the order of the document. Names may be written with dots or as objects inside each other;
    /// arrays are as good as what is in them. What stands elsewhere is skipped.
    fn collect(&self, json: &str, path: &str, out: &mut Vec<Value>) -> serde_json::Result<()> {
        match json.trim_start().as_bytes().first() {
            Some(b'[') => {
                for item in serde_json::from_str::<Vec<&RawValue>>(json)? {
                    self.collect(item.get(), path, out)?;
                }
            }
            Some(b'{') if !path.is_empty() => {
                let Members(members) = serde_json::from_str(json)?;
                for (name, value) in members {
                    match path.strip_prefix(&*name) {
                        Some("") => self.collect(value.get(), "", out)?,
                        Some(rest) if rest.starts_with('.') => {
                            self.collect(value.get(), &rest[1..], out)?;
                        }
                        _ => {}
                    }
                }
            }
            _ if path.is_empty() => out.extend(self.convert(json.trim())?),
            _ => {}
        }
        Ok(())
    }

    /// A value as the wanted type, as indexing reads it for the field; `None` for null and what is of no use as that type.
    #[expect(
        clippy::cast_precision_loss,
        reason = "as columns of integers are read as doubles"
    )]
    fn convert(&self, leaf: &str) -> serde_json::Result<Option<Value>> {
        let text: Cow<'_, str>;
        let scalar = match leaf.as_bytes().first() {
            Some(b'"') => {
                text = serde_json::from_str::<Text<'_>>(leaf)?.0;
                Scalar::Str(&text)
            }
            Some(b't') => Scalar::Bool(true),
            Some(b'f') => Scalar::Bool(false),
            Some(b'n') => return Ok(None),
            // A number; or an object, which is of use as a string only.
            _ => Scalar::Raw(leaf),
        };
        let double = self.request.value_type == ValueType::F64;
        let whole = |number: i64| {
            if double {
                Value::F64(number as f64)
            } else {
                Value::I64(number)
            }
        };
        let wanted = match (self.request.value_type, self.declared) {
            (ValueType::Str, _) => match scalar {
                Scalar::Str(text) => Some(Value::Str(text.to_string())),
                _ => Some(Value::Str(leaf.to_string())),
            },
            (ValueType::Bool, _) => to_bool(&scalar).ok().map(Value::Bool),
            (_, Some(DeclaredType::Date)) => {
                let date = match scalar {
                    Scalar::Str(text) => self.formats.parse(text),
                    Scalar::Raw(number) => self.formats.parse_number(number),
                    _ => None,
                };
                date.map(|date| whole(date.first_ms))
            }
            (ValueType::F64, None) => {
                let number = to_double(&scalar, DeclaredType::Double);
                number.ok().flatten().map(Value::F64)
            }
            (_, Some(declared)) if declared.field_type() == FieldType::Double => {
                let number = to_double(&scalar, declared);
                number.ok().flatten().map(Value::F64)
            }
            (_, declared) => {
                let number = to_long(&scalar, declared.unwrap_or(DeclaredType::Long));
                number.ok().flatten().map(whole)
            }
        };
        Ok(wanted)
    }

    /// Writes the documents of the latest [`SourceColumn::measure`]. Returns how many have no value.
    pub(super) fn write(&self, docs: &[u32], out: ColumnOut<'_>) -> crate::Result<usize> {
        if docs.len() != self.rows.len() {
            return Err(wrong_size("documents"));
        }
        let list = self.request.list;
        let strings = self.request.value_type == ValueType::Str;
        let mut offsets = Offsets::new(out.offsets, list || strings);
        let mut child_offsets = Offsets::new(out.child_offsets, list && strings);
        let mut values = Bytes {
            rest: out.values,
            at: 0,
        };
        let (validity, mut missing, mut items) = (out.validity, 0, 0);
        validity.fill(0);
        for (row, found) in self.rows.iter().enumerate() {
            let fallback = self.request.default.as_ref().filter(|_| !list);
            for value in found {
                values.put(value)?;
                items += 1;
                if list && strings {
                    child_offsets.push(values.at)?;
                }
            }
            if found.is_empty() && !list {
                match (fallback, self.request.value_type) {
                    (Some(value), _) => values.put(value)?,
                    (None, ValueType::Str) => {}
                    (None, ValueType::Bool) => values.put(&Value::Bool(false))?,
                    (None, _) => values.put(&Value::I64(0))?,
                }
            }
            if list {
                offsets.push(items)?;
            } else if strings {
                offsets.push(values.at)?;
            }
            let present = !found.is_empty() || fallback.is_some();
            missing += usize::from(!present);
            if present && let Some(byte) = validity.get_mut(row / 8) {
                *byte |= 1 << (row % 8);
            }
        }
        if values.rest.is_empty() && offsets.rest.is_empty() && child_offsets.rest.is_empty() {
            return Ok(missing);
        }
        Err(wrong_size("values"))
    }
}

/// The members of an object, in their order, not looked into.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A string, borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Bytes of a string; nothing of a value of fixed size.
fn bytes(value: &Value, request: &ColumnRequest) -> usize {
    match value {
        Value::Str(text) if request.value_type == ValueType::Str => text.len(),
        _ => 0,
    }
}

/// The smallest one counts, as in columns.
fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::I64(a), Value::I64(b)) => a.cmp(b),
        (Value::F64(a), Value::F64(b)) => a.total_cmp(b),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    }
}

/// Fills a buffer front to back.
struct Bytes<'a> {
    rest: &'a mut [u8],
    at: usize,
}

impl Bytes<'_> {
    fn put(&mut self, value: &Value) -> crate::Result<()> {
        match value {
            Value::Bool(v) => self.copy(&[u8::from(*v)]),
            Value::I64(v) => self.copy(&v.to_le_bytes()),
            Value::F64(v) => self.copy(&v.to_le_bytes()),
            Value::Str(v) => self.copy(v.as_bytes()),
        }
    }

    fn copy(&mut self, bytes: &[u8]) -> crate::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        let (place, rest) = rest
            .split_at_mut_checked(bytes.len())
            .ok_or_else(|| wrong_size("values"))?;
        place.copy_from_slice(bytes);
        (self.rest, self.at) = (rest, self.at + bytes.len());
        Ok(())
    }
}

/// `i32` offsets, which begin with 0.
struct Offsets<'a> {
    rest: &'a mut [u8],
}

impl<'a> Offsets<'a> {
    fn new(buffer: &'a mut [u8], wanted: bool) -> Self {
        let mut offsets = Self { rest: buffer };
        if wanted {
            // An empty buffer is found out at the first document.
            let _ = offsets.push(0);
        }
        offsets
    }

    fn push(&mut self, offset: usize) -> crate::Result<()> {
        let offset = i32::try_from(offset).map_err(|_| wrong_size("offsets"))?;
        let rest = std::mem::take(&mut self.rest);
        let (place, rest) = rest
            .split_at_mut_checked(4)
            .ok_or_else(|| wrong_size("offsets"))?;
        place.copy_from_slice(&offset.to_le_bytes());
        self.rest = rest;
        Ok(())
    }
}

fn wrong_size(what: &str) -> crate::Error {
    crate::Error::InvalidArgument(format!("a gather buffer has the wrong size: {what}"))
}
