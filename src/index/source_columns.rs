//! Values that no column has, read from the documents as they were added: a slow path, since each document is decompressed and
//! parsed.

use serde_json::Value as Json;

use super::{DocAddress, Snapshot};
use crate::batch::{
    ColumnOut, ColumnRequest, Extent, Interrupt, MAX_VALUES_BYTES, Value, ValueType,
};
use crate::schema::{DateFormats, Field, FieldType, Role};

/// What a request's field begins with if it is a path in the documents' source. Alone: the source itself.
const SOURCE: &str = "_source";

/// One column, read from the source.
#[derive(Debug)]
pub(super) struct SourceColumn {
    /// `None`: the whole source.
    path: Option<String>,
    formats: Option<DateFormats>,
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
        let dated = field.filter(|field| field.field_type() == FieldType::Date);
        Self {
            path: Some(path).filter(|path| !path.is_empty()),
            formats: dated.map(|field| field.date_formats.clone()),
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
            if extent.bytes.saturating_add(extent.items.saturating_mul(8)) > MAX_VALUES_BYTES {
                break;
            }
        }
        Ok(extent)
    }

    fn read(&self, source: &[u8]) -> Result<Vec<Value>, String> {
        let Some(path) = &self.path else {
            let text = std::str::from_utf8(source).map_err(|e| e.to_string())?;
            return Ok(vec![Value::Str(text.to_string())]);
        };
        let json: Json = serde_json::from_slice(source).map_err(|e| e.to_string())?;
        let mut values = Vec::new();
        self.collect(&json, path, &mut values);
        if !self.request.list {
            values.sort_by(order);
            values.truncate(1);
        }
        Ok(values)
    }

    /// Collects what stands at a path, in the order of the document. Names may be written with dots or as objects inside each other;
    /// arrays are as good as what is in them.
    fn collect(&self, json: &Json, path: &str, out: &mut Vec<Value>) {
        match json {
            Json::Array(items) => {
                for item in items {
                    self.collect(item, path, out);
                }
            }
            Json::Object(members) if !path.is_empty() => {
                for (name, value) in members {
                    match path.strip_prefix(name.as_str()) {
                        Some("") => self.collect(value, "", out),
                        Some(rest) if rest.starts_with('.') => self.collect(value, &rest[1..], out),
                        _ => {}
                    }
                }
            }
            leaf if path.is_empty() => out.extend(self.convert(leaf)),
            _ => {}
        }
    }

    /// A value as the wanted type, as indexing would read it; `None` for null and what is of no use as that type.
    #[expect(
        clippy::cast_precision_loss,
        reason = "as columns of dates are read as doubles"
    )]
    fn convert(&self, leaf: &Json) -> Option<Value> {
        if let Some(formats) = &self.formats {
            let date = match leaf {
                Json::Number(number) => formats.parse_number(&number.to_string()),
                Json::String(text) => formats.parse(text),
                _ => None,
            };
            let ms = date?.first_ms;
            let double = self.request.value_type == ValueType::F64;
            return Some(if double {
                Value::F64(ms as f64)
            } else {
                Value::I64(ms)
            });
        }
        match self.request.value_type {
            ValueType::Bool => match leaf {
                Json::Bool(value) => Some(Value::Bool(*value)),
                Json::String(text) => text.parse().ok().map(Value::Bool),
                _ => None,
            },
            ValueType::I64 => match leaf {
                Json::Number(number) => number.as_i64().map(Value::I64),
                Json::String(text) => text.trim().parse().ok().map(Value::I64),
                _ => None,
            },
            ValueType::F64 => {
                let number = match leaf {
                    Json::Number(number) => number.as_f64(),
                    Json::String(text) => text.trim().parse().ok(),
                    _ => None,
                };
                number.filter(|n| n.is_finite()).map(Value::F64)
            }
            ValueType::Str => match leaf {
                Json::Null => None,
                Json::String(text) => Some(Value::Str(text.clone())),
                other => Some(Value::Str(other.to_string())),
            },
        }
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
