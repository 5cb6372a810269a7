//! Made-up documents, for the dry run at registration: every field exists, some values are missing, empty, negative or
//! not ASCII, and the same document always has the same ones.

use crate::batch::{ColumnId, ColumnOut, ColumnRequest, Columns, Extent, Value, ValueType};

/// Columns without an index behind them.
#[derive(Default)]
pub(crate) struct SyntheticColumns {
    open: Vec<ColumnRequest>,
}

const STRINGS: [&str; 6] = [
    "",
    "a",
    "search engine",
    "Straße",
    "日本語",
    "needle in a haystack, somewhat longer",
];
const NUMBERS: [f64; 6] = [0.0, 1.0, -1.5, 1e18, 0.25, 42.0];
const INTEGERS: [i64; 6] = [0, 1, -1, i64::MAX, i64::MIN, 1_700_000_000_000];

/// How many values a document has in a column.
fn count(request: &ColumnRequest, doc: u32) -> usize {
    let turn = doc as usize + request.field.len();
    match (request.list, turn % 5) {
        (true, n) => n,
        (false, 0) => 0,
        (false, _) => 1,
    }
}

fn pick<T: Copy>(from: [T; 6], doc: u32, item: usize) -> T {
    from[(doc as usize).wrapping_mul(7).wrapping_add(item) % 6]
}

fn push(request: &ColumnRequest, doc: u32, item: usize, values: &mut Vec<u8>) {
    match request.value_type {
        ValueType::Bool => values.push(u8::from((doc as usize + item).is_multiple_of(2))),
        ValueType::I64 => values.extend_from_slice(&pick(INTEGERS, doc, item).to_le_bytes()),
        ValueType::F64 => values.extend_from_slice(&pick(NUMBERS, doc, item).to_le_bytes()),
        ValueType::Str => values.extend_from_slice(pick(STRINGS, doc, item).as_bytes()),
    }
}

fn push_missing(request: &ColumnRequest, values: &mut Vec<u8>) {
    match (&request.default, request.value_type) {
        (Some(Value::Bool(v)), _) => values.push(u8::from(*v)),
        (Some(Value::I64(v)), _) => values.extend_from_slice(&v.to_le_bytes()),
        (Some(Value::F64(v)), _) => values.extend_from_slice(&v.to_le_bytes()),
        (Some(Value::Str(v)), _) => values.extend_from_slice(v.as_bytes()),
        (None, ValueType::Str) => {}
        (None, ValueType::Bool) => values.push(0),
        (None, _) => values.extend_from_slice(&[0; 8]),
    }
}

#[derive(Default)]
struct Made {
    offsets: Vec<u8>,
    child_offsets: Vec<u8>,
    values: Vec<u8>,
    validity: Vec<u8>,
    items: usize,
    missing: usize,
}

fn make(request: &ColumnRequest, docs: &[u32]) -> Made {
    let mut made = Made::default();
    let end = |n: usize| i32::try_from(n).unwrap_or(i32::MAX).to_le_bytes();
    let strings = request.value_type == ValueType::Str;
    if request.list || strings {
        made.offsets.extend_from_slice(&[0; 4]);
    }
    if request.list && strings {
        made.child_offsets.extend_from_slice(&[0; 4]);
    }
    if request.default.is_none() {
        made.validity.resize(docs.len().div_ceil(8), 0);
    }
    for (row, doc) in docs.iter().enumerate() {
        let present = count(request, *doc);
        for item in 0..present {
            push(request, *doc, item, &mut made.values);
            made.items += 1;
            if request.list && strings {
                made.child_offsets
                    .extend_from_slice(&end(made.values.len()));
            }
        }
        if present == 0 && !request.list {
            push_missing(request, &mut made.values);
        }
        if request.list {
            made.offsets.extend_from_slice(&end(made.items));
        } else if strings {
            made.offsets.extend_from_slice(&end(made.values.len()));
        }
        if request.default.is_none() {
            made.validity[row / 8] |= u8::from(present > 0) << (row % 8);
            made.missing += usize::from(present == 0);
        }
    }
    made
}

impl Columns for SyntheticColumns {
    fn open(&mut self, request: &ColumnRequest) -> crate::Result<ColumnId> {
        self.open.push(request.clone());
        Ok(ColumnId(self.open.len() - 1))
    }

    fn measure(&mut self, column: ColumnId, docs: &[u32]) -> crate::Result<Extent> {
        let request = &self.open[column.0];
        let made = make(request, docs);
        Ok(Extent {
            items: if request.list { made.items } else { 0 },
            bytes: if request.value_type == ValueType::Str {
                made.values.len()
            } else {
                0
            },
        })
    }

    fn write(
        &mut self,
        column: ColumnId,
        docs: &[u32],
        out: ColumnOut<'_>,
    ) -> crate::Result<usize> {
        let made = make(&self.open[column.0], docs);
        for (to, from) in [
            (out.offsets, &made.offsets),
            (out.child_offsets, &made.child_offsets),
            (out.values, &made.values),
            (out.validity, &made.validity),
        ] {
            if to.len() != from.len() {
                let message = format!("a buffer has {} bytes, expected {}", to.len(), from.len());
                return Err(crate::Error::InvalidArgument(message));
            }
            to.copy_from_slice(from);
        }
        Ok(made.missing)
    }

    fn open_id(&mut self) -> crate::Result<ColumnId> {
        self.open(&ColumnRequest {
            field: "_id".to_string(),
            value_type: ValueType::Str,
            list: false,
            default: Some(Value::Str("id".to_string())),
            optional: false,
        })
    }

    fn id(&mut self, doc: u32) -> crate::Result<String> {
        Ok(format!("made-up {doc}"))
    }
}
