//! Writes a batch into the memory that a guest reserved: version 1 of the batch ABI, struct by struct.
//!
//! ```text
//! Batch │ Column… │ child Columns │ Column of ids │ parameters │ out │ out_validity │ scores │ doc_ids │ buffers…
//! ```
//!
//! The part up to `out` has the same size in every batch of a query.

use super::outputs::Output;
use super::param_block::{ALIGN, COLUMN, ParamBlock, types, u32_of};
use crate::batch::{ColumnId, ColumnOut, Columns, Extent, ValueType};

/// The size of a `Batch`.
const BATCH: usize = 64;
/// The version of the ABI.
const ABI: u32 = 1;

/// A column of a batch: what it is, and how much the documents at hand have in it.
#[derive(Clone, Debug)]
pub(crate) struct PlannedColumn {
    pub(crate) id: ColumnId,
    pub(crate) value_type: ValueType,
    pub(crate) list: bool,
    /// Missing values are possible.
    pub(crate) validity: bool,
    pub(crate) extent: Extent,
}

/// What goes into a batch beside the columns.
#[derive(Clone, Copy)]
pub(crate) struct BatchInput<'a> {
    pub(crate) docs: &'a [u32],
    pub(crate) scores: Option<&'a [f32]>,
    pub(crate) doc_ids: bool,
}

/// Sizes of a column's buffers: offsets, child offsets, values, validity.
fn sizes(column: &PlannedColumn, len: usize) -> [usize; 4] {
    let strings = column.value_type == ValueType::Str;
    let count = if column.list {
        column.extent.items
    } else {
        len
    };
    [
        if column.list || strings {
            4 * (len + 1)
        } else {
            0
        },
        if column.list && strings {
            4 * (column.extent.items + 1)
        } else {
            0
        },
        if strings {
            column.extent.bytes
        } else {
            count.saturating_mul(column.value_type.width())
        },
        if column.validity { len.div_ceil(8) } else { 0 },
    ]
}

/// Bytes of column data of the documents, without padding.
pub(crate) fn data_bytes(columns: &[PlannedColumn], len: usize) -> usize {
    let one = |c| {
        sizes(c, len)
            .iter()
            .fold(0_usize, |sum, s| sum.saturating_add(*s))
    };
    columns.iter().map(one).fold(0, usize::saturating_add)
}

/// Where things are in the part that is the same in every batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    columns: usize,
    children: usize,
    ids: usize,
    params: usize,
    end: usize,
    count: usize,
    param_count: u32,
    with_ids: bool,
    pub(crate) output: Output,
}

/// Where in a written batch its answers go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) out: usize,
    pub(crate) validity: usize,
}

impl Head {
    /// For a function with `count` fields; `with_ids` adds the column of ids, the last of the columns.
    pub(crate) fn new(count: usize, with_ids: bool, params: &ParamBlock, output: Output) -> Self {
        let columns = BATCH;
        let children = columns + (count * COLUMN).next_multiple_of(ALIGN);
        let ids = children + count * ALIGN;
        let params_at = ids + if with_ids { ALIGN } else { 0 };
        Self {
            columns,
            children,
            ids,
            params: params_at,
            end: params_at + params.len(),
            count,
            param_count: params.count,
            with_ids,
            output,
        }
    }

    /// Bytes of the part that is the same in every batch.
    pub(crate) fn bytes(&self) -> usize {
        self.end
    }

    /// Bytes of a whole batch, a multiple of 64.
    pub(crate) fn batch_bytes(&self, columns: &[PlannedColumn], input: &BatchInput<'_>) -> usize {
        let len = input.docs.len();
        let mut total = self.end + padded(self.output.bytes(len)) + padded(len.div_ceil(8));
        total += if input.scores.is_some() {
            padded(len * 4)
        } else {
            0
        };
        total += if input.doc_ids { padded(len * 4) } else { 0 };
        for column in columns {
            total += sizes(column, len).iter().map(|s| padded(*s)).sum::<usize>();
        }
        total
    }

    /// Writes a batch into `region`, which has [`Head::batch_bytes`] and lies at the guest's address `at`, a multiple of
    /// 64. `params`: what they are, unless they are there from an earlier batch. Returns where in the region the answers will be.
    ///
    /// # Errors
    /// As [`Columns::write`].
    pub(crate) fn write(
        &self,
        region: &mut [u8],
        at: u32,
        columns: &[PlannedColumn],
        input: &BatchInput<'_>,
        params: Option<&ParamBlock>,
        source: &mut dyn Columns,
    ) -> crate::Result<Written> {
        let len = input.docs.len();
        let (head, rest) = region.split_at_mut(self.end);
        let (structs, param_bytes) = head.split_at_mut(self.params);
        structs.fill(0);
        if let Some(params) = params {
            params.write(param_bytes, at + u32_of(self.params));
        }
        let mut taker = Taker {
            rest,
            at: at + u32_of(self.end),
        };
        let out = taker.at;
        taker.take(self.output.bytes(len)).0.fill(0);
        let (ones, out_validity) = taker.take(len.div_ceil(8));
        fill_ones(ones, len);
        let scores = input
            .scores
            .map(|scores| taker.words(scores.iter().map(|s| s.to_le_bytes())));
        let doc_ids = input
            .doc_ids
            .then(|| taker.words(input.docs.iter().map(|d| d.to_le_bytes())));
        for (i, column) in columns.iter().enumerate() {
            let ids = i == self.count;
            let place = if ids {
                self.ids
            } else {
                self.columns + i * COLUMN
            };
            let child = self.children + i * ALIGN;
            write_column(
                structs, place, child, at, column, input.docs, &mut taker, source,
            )?;
        }
        let address = |offset: usize| at + u32_of(offset);
        let batch = [
            ABI,
            u32_of(len),
            address(self.columns),
            u32_of(self.count),
            address(self.params),
            self.param_count,
            scores.unwrap_or(0),
            doc_ids.unwrap_or(0),
            if self.with_ids { address(self.ids) } else { 0 },
            out,
            out_validity,
        ];
        put(structs, 0, &batch);
        Ok(Written {
            out: self.end,
            validity: (out_validity - at) as usize,
        })
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call a column, all borrowed from one place"
)]
fn write_column(
    structs: &mut [u8],
    place: usize,
    child: usize,
    at: u32,
    column: &PlannedColumn,
    docs: &[u32],
    taker: &mut Taker<'_>,
    source: &mut dyn Columns,
) -> crate::Result<()> {
    let len = docs.len();
    let [offsets, child_offsets, values, validity] =
        sizes(column, len).map(|size| taker.take(size));
    let addresses = [offsets.1, child_offsets.1, values.1, validity.1];
    let has_validity = !validity.0.is_empty();
    let out = ColumnOut {
        offsets: offsets.0,
        child_offsets: child_offsets.0,
        values: values.0,
        validity: validity.0,
    };
    let missing = source.write(column.id, docs, out)?;
    let [offsets, child_offsets, values, validity] = addresses;
    let number = match column.value_type {
        ValueType::Bool => types::BOOL,
        ValueType::I64 => types::I64,
        ValueType::F64 => types::F64,
        ValueType::Str => types::STR,
    };
    let strings = column.value_type == ValueType::Str;
    let mut flags = 0;
    flags |= if missing == 0 { types::NONE_MISSING } else { 0 };
    flags |= if missing == len && len > 0 {
        types::ALL_MISSING
    } else {
        0
    };
    let validity = if has_validity && missing > 0 {
        validity
    } else {
        0
    };
    if column.list {
        let child_at = at + u32_of(child);
        put(
            structs,
            place,
            &[
                types::LIST,
                flags,
                u32_of(len),
                0,
                validity,
                offsets,
                child_at,
            ],
        );
        let items = u32_of(column.extent.items);
        let child_offsets = if strings { child_offsets } else { 0 };
        put(
            structs,
            child,
            &[
                number,
                types::NONE_MISSING,
                items,
                values,
                0,
                child_offsets,
                0,
            ],
        );
    } else {
        let offsets = if strings { offsets } else { 0 };
        put(
            structs,
            place,
            &[number, flags, u32_of(len), values, validity, offsets, 0],
        );
    }
    Ok(())
}

/// Hands out a region front to back, aligned, and clears what lies between.
struct Taker<'a> {
    rest: &'a mut [u8],
    at: u32,
}

impl<'a> Taker<'a> {
    fn take(&mut self, len: usize) -> (&'a mut [u8], u32) {
        let rest = std::mem::take(&mut self.rest);
        // `batch_bytes` counted the same buffers; were it wrong, `Columns::write` would refuse the short slice.
        let (buffer, rest) = rest.split_at_mut(padded(len).min(rest.len()));
        let at = self.at;
        self.rest = rest;
        self.at += u32_of(buffer.len());
        let (buffer, padding) = buffer.split_at_mut(len.min(buffer.len()));
        padding.fill(0);
        (buffer, at)
    }

    fn words(&mut self, words: impl ExactSizeIterator<Item = [u8; 4]>) -> u32 {
        let (buffer, at) = self.take(words.len() * 4);
        for (slot, word) in buffer.chunks_exact_mut(4).zip(words) {
            slot.copy_from_slice(&word);
        }
        at
    }
}

fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

fn fill_ones(bits: &mut [u8], len: usize) {
    bits.fill(0xFF);
    if let (Some(last), rest @ 1..) = (bits.last_mut(), len % 8) {
        *last = (1 << rest) - 1;
    }
}

fn put(bytes: &mut [u8], at: usize, words: &[u32]) {
    for (slot, word) in bytes[at..].chunks_exact_mut(4).zip(words) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
}
