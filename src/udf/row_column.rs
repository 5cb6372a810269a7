//! One column as a row guest reads it: loaded for a window of documents, then looked at value by value.

use std::ops::Range;

use super::host::Stop;
use super::limits::{MAX_BATCH_BYTES, MAX_DOCUMENT_BYTES};
use crate::batch::{ColumnId, ColumnOut, ColumnRequest, Columns, ValueType};

/// A value of the current document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FieldValue<'a> {
    Bool(bool),
    I64(i64),
    F64(f64),
    Str(&'a [u8]),
}

/// Why a field could not be looked up.
pub(crate) enum FieldError {
    /// The guest's fault.
    Stop(Stop),
    /// Not the guest's.
    Host(crate::Error),
}

impl From<crate::Error> for FieldError {
    fn from(error: crate::Error) -> Self {
        Self::Host(error)
    }
}

/// A column that a row guest reads, with the values of some documents.
pub(crate) struct Column {
    /// `None` for the column of `_id`.
    pub(crate) request: Option<ColumnRequest>,
    pub(crate) state: State,
    /// The batch and the documents in it whose values are loaded.
    pub(crate) batch: u64,
    pub(crate) window: Range<usize>,
    missing: usize,
    offsets: Vec<u8>,
    child_offsets: Vec<u8>,
    values: Vec<u8>,
    validity: Vec<u8>,
}

/// Whether a column can be read.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum State {
    /// Not opened in this segment.
    Closed,
    /// The field is of another type.
    Refused,
    Open(ColumnId),
}

/// A field of another type is not an error to a row guest.
pub(crate) fn open(columns: &mut dyn Columns, request: &ColumnRequest) -> crate::Result<State> {
    match columns.open(request) {
        Ok(id) => Ok(State::Open(id)),
        Err(crate::Error::InvalidArgument(_)) => Ok(State::Refused),
        Err(error) => Err(error),
    }
}

impl Column {
    pub(crate) fn new(request: Option<ColumnRequest>) -> Self {
        Self {
            request,
            state: State::Closed,
            batch: 0,
            window: 0..0,
            missing: 0,
            offsets: Vec::new(),
            child_offsets: Vec::new(),
            values: Vec::new(),
            validity: Vec::new(),
        }
    }

    fn value_type(&self) -> ValueType {
        self.request
            .as_ref()
            .map_or(ValueType::Str, |r| r.value_type)
    }

    fn is_list(&self) -> bool {
        self.request.as_ref().is_some_and(|r| r.list)
    }

    /// Loads the documents from `current` on, as many as fit.
    pub(crate) fn load(
        &mut self,
        columns: &mut dyn Columns,
        id: ColumnId,
        docs: &[u32],
        current: usize,
    ) -> Result<(), FieldError> {
        self.window = 0..0;
        let mut len = docs.len() - current;
        let width = self.value_type().width();
        let extent = loop {
            let extent = columns.measure(id, &docs[current..current + len])?;
            let size = extent
                .bytes
                .saturating_add(extent.items.saturating_mul(width));
            if size <= MAX_BATCH_BYTES || (len == 1 && size <= MAX_DOCUMENT_BYTES) {
                break extent;
            }
            if len == 1 {
                let message = format!(
                    "a field of the document has {size} bytes, the limit is {MAX_DOCUMENT_BYTES}"
                );
                return Err(FieldError::Stop(Stop::Limit(message)));
            }
            len /= 2;
        };
        let (list, strings) = (self.is_list(), self.value_type() == ValueType::Str);
        let defaulted = self.request.as_ref().is_none_or(|r| r.default.is_some());
        self.offsets
            .resize(if list || strings { 4 * (len + 1) } else { 0 }, 0);
        self.child_offsets.resize(
            if list && strings {
                4 * (extent.items + 1)
            } else {
                0
            },
            0,
        );
        let count = if list { extent.items } else { len };
        self.values
            .resize(if strings { extent.bytes } else { count * width }, 0);
        self.validity
            .resize(if defaulted { 0 } else { len.div_ceil(8) }, 0);
        let out = ColumnOut {
            offsets: &mut self.offsets,
            child_offsets: &mut self.child_offsets,
            values: &mut self.values,
            validity: &mut self.validity,
        };
        self.missing = columns.write(id, &docs[current..current + len], out)?;
        self.window = current..current + len;
        Ok(())
    }

    /// The memory that its values take.
    pub(crate) fn held_bytes(&self) -> usize {
        let buffers = [
            &self.offsets,
            &self.child_offsets,
            &self.values,
            &self.validity,
        ];
        buffers.iter().map(|buffer| buffer.capacity()).sum()
    }

    /// Gives its values' memory back.
    pub(crate) fn release(&mut self) {
        self.window = 0..0;
        for buffer in [
            &mut self.offsets,
            &mut self.child_offsets,
            &mut self.values,
            &mut self.validity,
        ] {
            *buffer = Vec::new();
        }
    }

    /// The value of a document in the window: all of it, or an item of a list.
    pub(crate) fn value(&self, current: usize, item: Option<usize>) -> Option<FieldValue<'_>> {
        let row = current.checked_sub(self.window.start)?;
        if self.missing > 0
            && self
                .validity
                .get(row / 8)
                .is_some_and(|b| b >> (row % 8) & 1 == 0)
        {
            return None;
        }
        let (index, offsets) = if self.is_list() {
            let (from, to) = (offset(&self.offsets, row)?, offset(&self.offsets, row + 1)?);
            let index = from.checked_add(item.unwrap_or(0)).filter(|i| *i < to)?;
            (index, &self.child_offsets)
        } else if item.is_some_and(|i| i > 0) {
            return None;
        } else {
            (row, &self.offsets)
        };
        let eight = || self.values.get(index * 8..)?.first_chunk::<8>().copied();
        Some(match self.value_type() {
            ValueType::Bool => FieldValue::Bool(*self.values.get(index)? != 0),
            ValueType::I64 => FieldValue::I64(i64::from_le_bytes(eight()?)),
            ValueType::F64 => FieldValue::F64(f64::from_le_bytes(eight()?)),
            ValueType::Str => {
                let (from, to) = (offset(offsets, index)?, offset(offsets, index + 1)?);
                FieldValue::Str(self.values.get(from..to)?)
            }
        })
    }
}

fn offset(offsets: &[u8], index: usize) -> Option<usize> {
    let bytes = offsets.get(index * 4..)?.first_chunk::<4>()?;
    usize::try_from(i32::from_le_bytes(*bytes)).ok()
}
