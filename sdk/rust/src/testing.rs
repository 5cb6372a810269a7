//! Batches for native tests, built value by value.
//!
//! ```
//! use diagon_udf::testing::BatchBuilder;
//!
//! let mut batch = BatchBuilder::new(3);
//! batch.str_column(&[Some("one"), None, Some("three")]);
//! batch.i64_param(7);
//! batch.with(|batch| {
//!     assert_eq!(batch.str_column(0).get(1), None);
//!     assert_eq!(batch.str_column(0).value(2), "three");
//!     assert_eq!(batch.i64_param(0), Some(7));
//! });
//! ```

use crate::batch::types;
use crate::Batch;

/// Lays a batch out as the engine does.
pub struct BatchBuilder {
    len: usize,
    columns: Vec<[u32; 8]>,
    params: Vec<(u32, u32, u64)>,
    /// Eight bytes each, so that everything is aligned.
    memory: Vec<u64>,
}

impl BatchBuilder {
    /// A batch of `len` documents.
    pub fn new(len: usize) -> Self {
        // Address 0 means "none", so the first bytes are never used.
        Self {
            len,
            columns: Vec::new(),
            params: Vec::new(),
            memory: vec![0; 8],
        }
    }

    fn put(&mut self, bytes: &[u8]) -> u32 {
        let address = self.memory.len() * 8;
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.memory.push(u64::from_le_bytes(word));
        }
        self.memory.push(0);
        address as u32
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.put(&bytes)
    }

    fn validity(&mut self, present: impl Iterator<Item = bool>) -> u32 {
        let mut bits = vec![0; self.len.div_ceil(8)];
        for (i, present) in present.enumerate() {
            bits[i / 8] |= u8::from(present) << (i % 8);
        }
        self.put(&bits)
    }

    fn strings<'s>(&mut self, strings: impl Iterator<Item = &'s str>) -> (u32, u32, u32) {
        let (mut offsets, mut bytes) = (vec![0], Vec::new());
        for string in strings {
            bytes.extend_from_slice(string.as_bytes());
            offsets.push(bytes.len() as u32);
        }
        (
            offsets.len() as u32 - 1,
            self.put(&bytes),
            self.words(&offsets),
        )
    }

    /// Adds a column of strings.
    pub fn str_column(&mut self, values: &[Option<&str>]) -> &mut Self {
        let (len, bytes, offsets) = self.strings(values.iter().map(|v| v.unwrap_or_default()));
        let validity = self.validity(values.iter().map(Option::is_some));
        self.columns
            .push([types::STR, 0, len, bytes, validity, offsets, 0, 0]);
        self
    }

    /// Adds a column of floating point numbers.
    pub fn f64_column(&mut self, values: &[Option<f64>]) -> &mut Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|v| v.unwrap_or_default().to_le_bytes())
            .collect();
        self.fixed(types::F64, &bytes, values.iter().map(Option::is_some))
    }

    /// Adds a column of integers.
    pub fn i64_column(&mut self, values: &[Option<i64>]) -> &mut Self {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|v| v.unwrap_or_default().to_le_bytes())
            .collect();
        self.fixed(types::I64, &bytes, values.iter().map(Option::is_some))
    }

    /// Adds a column of booleans.
    pub fn bool_column(&mut self, values: &[Option<bool>]) -> &mut Self {
        let bytes: Vec<u8> = values
            .iter()
            .map(|v| u8::from(v.unwrap_or_default()))
            .collect();
        self.fixed(types::BOOL, &bytes, values.iter().map(Option::is_some))
    }

    fn fixed(
        &mut self,
        type_: u32,
        bytes: &[u8],
        present: impl Iterator<Item = bool>,
    ) -> &mut Self {
        let (values, validity) = (self.put(bytes), self.validity(present));
        self.columns
            .push([type_, 0, self.len as u32, values, validity, 0, 0, 0]);
        self
    }

    /// Adds a column of lists of strings.
    pub fn str_list_column(&mut self, values: &[&[&str]]) -> &mut Self {
        let mut ends = vec![0];
        ends.extend(values.iter().scan(0, |end, list| {
            *end += list.len() as u32;
            Some(*end)
        }));
        let offsets = self.words(&ends);
        let (len, bytes, child_offsets) =
            self.strings(values.iter().flat_map(|list| list.iter().copied()));
        let child = self.words(&[types::STR, 1, len, bytes, 0, child_offsets, 0, 0]);
        self.columns
            .push([types::LIST, 0, self.len as u32, 0, 0, offsets, child, 0]);
        self
    }

    /// Adds a parameter that is a string.
    pub fn str_param(&mut self, value: &str) -> &mut Self {
        let address = self.put(value.as_bytes());
        self.params
            .push((types::STR, value.len() as u32, u64::from(address)));
        self
    }

    /// Adds a parameter that is an integer.
    pub fn i64_param(&mut self, value: i64) -> &mut Self {
        self.params.push((types::I64, 8, value as u64));
        self
    }

    /// Adds a parameter that is a floating point number.
    pub fn f64_param(&mut self, value: f64) -> &mut Self {
        self.params.push((types::F64, 8, value.to_bits()));
        self
    }

    /// Adds a parameter that is a boolean.
    pub fn bool_param(&mut self, value: bool) -> &mut Self {
        self.params.push((types::BOOL, 1, u64::from(value)));
        self
    }

    /// Adds a parameter that is absent.
    pub fn absent_param(&mut self) -> &mut Self {
        self.params.push((0, 0, 0));
        self
    }

    /// Gives the batch to `then`.
    pub fn with<R>(&mut self, then: impl FnOnce(&Batch<'_>) -> R) -> R {
        let columns: Vec<u32> = self.columns.iter().flatten().copied().collect();
        let params: Vec<u32> = self
            .params
            .iter()
            .flat_map(|(type_, len, value)| [*type_, *len, *value as u32, (*value >> 32) as u32])
            .collect();
        let (columns, params) = (self.words(&columns), self.words(&params));
        let out = self.put(&vec![0; self.len]);
        let (count, param_count) = (self.columns.len() as u32, self.params.len() as u32);
        let mut batch = vec![
            1,
            self.len as u32,
            columns,
            count,
            params,
            param_count,
            0,
            0,
            0,
            out,
        ];
        batch.resize(16, 0);
        let address = self.words(&batch);
        // SAFETY: the batch has just been laid out, and `self` is borrowed until `then` returns.
        let batch = unsafe { Batch::at(self.memory.as_mut_ptr().cast(), address) };
        then(&batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back() {
        let mut batch = BatchBuilder::new(3);
        batch
            .str_column(&[Some("a"), None, Some("日本")])
            .f64_column(&[Some(1.5), None, Some(-0.0)])
            .i64_column(&[Some(i64::MIN), Some(2), None])
            .bool_column(&[Some(true), Some(false), None])
            .str_list_column(&[&["x", "yz"], &[], &["w"]])
            .f64_param(2.5)
            .bool_param(true)
            .absent_param()
            .str_param("naïve");
        batch.with(|batch| {
            assert_eq!(batch.len(), 3);
            let strings = batch.str_column(0);
            assert_eq!(
                [0, 1, 2].map(|i| strings.get(i)),
                [Some("a"), None, Some("日本")]
            );
            assert_eq!(strings.iter().count(), 2);
            assert_eq!(
                [0, 1, 2].map(|i| batch.f64_column(1).get(i)),
                [Some(1.5), None, Some(-0.0)]
            );
            assert_eq!(batch.i64_column(2).values(), [i64::MIN, 2, 0]);
            assert_eq!(
                [0, 1, 2].map(|i| batch.bool_column(3).get(i)),
                [Some(true), Some(false), None]
            );
            let lists = batch.list_column(4);
            let items: Vec<&str> = lists.range(0).map(|i| lists.strs().value(i)).collect();
            assert_eq!((items, lists.range(1).len()), (vec!["x", "yz"], 0));
            assert_eq!(
                (batch.f64_param(0), batch.bool_param(1)),
                (Some(2.5), Some(true))
            );
            assert_eq!(
                (batch.str_param(2), batch.str_param(3)),
                (None, Some("naïve"))
            );
            assert!(batch.scores().is_none() && batch.doc_ids().is_none() && batch.ids().is_none());
        });
    }
}
