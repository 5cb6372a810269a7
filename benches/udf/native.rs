//! Columns as native code reads them: by the same calls, into buffers that are used again.

use diagon::batch::{
    BATCH_CAPACITY, ColumnId, ColumnOut, ColumnRequest, Columns, Value, ValueType,
};
use diagon::index::{SegmentColumns, Snapshot};

/// One column, one value a document.
pub(crate) fn request(field: &str, default: Value) -> ColumnRequest {
    let value_type = match &default {
        Value::Bool(_) => ValueType::Bool,
        Value::I64(_) => ValueType::I64,
        Value::F64(_) => ValueType::F64,
        Value::Str(_) => ValueType::Str,
    };
    ColumnRequest {
        field: field.into(),
        value_type,
        list: false,
        default: Some(default),
        optional: false,
    }
}

/// The keyword `name`.
pub(crate) struct Strings {
    columns: SegmentColumns,
    column: ColumnId,
    offsets: Vec<u8>,
    bytes: Vec<u8>,
}

impl Strings {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut columns = snapshot.columns(0).unwrap();
        let column = columns.open(&request("name", Value::Str(String::new())));
        Self {
            columns,
            column: column.unwrap(),
            offsets: vec![0; 4 * (BATCH_CAPACITY + 1)],
            bytes: Vec::new(),
        }
    }

    /// How many documents' strings `keep` keeps.
    pub(crate) fn count(
        &mut self,
        batches: &[Vec<u32>],
        mut keep: impl FnMut(&[u8]) -> bool,
    ) -> usize {
        let mut found = 0;
        for docs in batches {
            let extent = self.columns.measure(self.column, docs).unwrap();
            self.bytes.resize(extent.bytes, 0);
            let offsets = &mut self.offsets[..4 * (docs.len() + 1)];
            let out = ColumnOut {
                offsets,
                child_offsets: &mut [],
                values: &mut self.bytes,
                validity: &mut [],
            };
            self.columns.write(self.column, docs, out).unwrap();
            let (ends, _) = self.offsets.as_chunks::<4>();
            let mut from = 0;
            for end in &ends[1..=docs.len()] {
                let to = u32::from_le_bytes(*end) as usize;
                found += usize::from(keep(&self.bytes[from..to]));
                from = to;
            }
        }
        found
    }
}

/// Columns of 8 bytes a value.
pub(crate) struct Numbers<const N: usize> {
    columns: SegmentColumns,
    ids: [ColumnId; N],
    buffers: [Vec<u8>; N],
}

impl<const N: usize> Numbers<N> {
    pub(crate) fn new(snapshot: &Snapshot, requests: [ColumnRequest; N]) -> Self {
        let mut columns = snapshot.columns(0).unwrap();
        Self {
            ids: requests.map(|request| columns.open(&request).unwrap()),
            columns,
            buffers: std::array::from_fn(|_| vec![0; 8 * BATCH_CAPACITY]),
        }
    }

    /// The values of some documents.
    pub(crate) fn read(&mut self, docs: &[u32]) -> [&[[u8; 8]]; N] {
        for (id, buffer) in self.ids.iter().zip(&mut self.buffers) {
            self.columns.measure(*id, docs).unwrap();
            let out = ColumnOut {
                offsets: &mut [],
                child_offsets: &mut [],
                values: &mut buffer[..8 * docs.len()],
                validity: &mut [],
            };
            self.columns.write(*id, docs, out).unwrap();
        }
        self.buffers
            .each_ref()
            .map(|buffer| &buffer.as_chunks::<8>().0[..docs.len()])
    }
}
