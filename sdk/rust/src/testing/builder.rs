use crate::out::answered;
use crate::raw::{types, NONE_MISSING};
use crate::run::BLOCK;
use crate::{Batch, Function, Out};

/// Which documents have a value: a bit each, all until it is said otherwise.
const ALL: u8 = u8::MAX;

/// Lays a batch out as the engine does.
pub struct BatchBuilder {
    len: usize,
    columns: Vec<[u32; 8]>,
    params: Vec<(u32, u32, u64)>,
    scores: u32,
    doc_ids: u32,
    ids: u32,
    /// Eight bytes each, so that everything is aligned.
    memory: Vec<u64>,
}

impl BatchBuilder {
    /// A batch of `len` documents.
    pub fn new(len: usize) -> Self {
        Self {
            len,
            columns: Vec::new(),
            params: Vec::new(),
            scores: 0,
            doc_ids: 0,
            ids: 0,
            // Address 0 means "none", so the first bytes are never used.
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

    /// Flags, and the address of a bit for each document, if one has no value.
    fn validity<T>(&mut self, values: &[Option<T>]) -> (u32, u32) {
        assert_eq!(
            values.len(),
            self.len,
            "a value, or none, for each document"
        );
        if values.iter().all(Option::is_some) {
            return (NONE_MISSING, 0);
        }
        let mut bits = vec![0; self.len.div_ceil(8)];
        for (i, value) in values.iter().enumerate() {
            bits[i / 8] |= u8::from(value.is_some()) << (i % 8);
        }
        (0, self.put(&bits))
    }

    fn strings<'s>(&mut self, strings: impl Iterator<Item = &'s str>) -> (u32, u32, u32) {
        let (mut offsets, mut bytes) = (vec![0], Vec::new());
        for string in strings {
            bytes.extend_from_slice(string.as_bytes());
            offsets.push(bytes.len() as u32);
        }
        let len = offsets.len() as u32 - 1;
        (len, self.put(&bytes), self.words(&offsets))
    }

    /// Adds a column of strings.
    pub fn str_column(&mut self, values: &[Option<&str>]) -> &mut Self {
        let (len, bytes, offsets) = self.strings(values.iter().map(|v| v.unwrap_or_default()));
        let (flags, validity) = self.validity(values);
        self.columns
            .push([types::STR, flags, len, bytes, validity, offsets, 0, 0]);
        self
    }

    /// Adds a column of floating point numbers.
    pub fn f64_column(&mut self, values: &[Option<f64>]) -> &mut Self {
        self.fixed(types::F64, values, |v| {
            v.unwrap_or_default().to_le_bytes().to_vec()
        })
    }

    /// Adds a column of integers.
    pub fn i64_column(&mut self, values: &[Option<i64>]) -> &mut Self {
        self.fixed(types::I64, values, |v| {
            v.unwrap_or_default().to_le_bytes().to_vec()
        })
    }

    /// Adds a column of booleans.
    pub fn bool_column(&mut self, values: &[Option<bool>]) -> &mut Self {
        self.fixed(types::BOOL, values, |v| {
            vec![u8::from(v.unwrap_or_default())]
        })
    }

    fn fixed<T>(
        &mut self,
        type_: u32,
        values: &[Option<T>],
        bytes: impl Fn(&Option<T>) -> Vec<u8>,
    ) -> &mut Self {
        let bytes: Vec<u8> = values.iter().flat_map(bytes).collect();
        let (address, (flags, validity)) = (self.put(&bytes), self.validity(values));
        let len = self.len as u32;
        self.columns
            .push([type_, flags, len, address, validity, 0, 0, 0]);
        self
    }

    /// Adds a column of lists of strings.
    pub fn str_list_column(&mut self, lists: &[&[&str]]) -> &mut Self {
        let child = self.str_items(lists.iter().flat_map(|list| list.iter().copied()));
        self.lists(lists, child)
    }

    /// Adds a column of lists of floating point numbers.
    pub fn f64_list_column(&mut self, lists: &[&[f64]]) -> &mut Self {
        let child = self.fixed_items(types::F64, &lists.concat(), |v| v.to_le_bytes().to_vec());
        self.lists(lists, child)
    }

    /// Adds a column of lists of integers.
    pub fn i64_list_column(&mut self, lists: &[&[i64]]) -> &mut Self {
        let child = self.fixed_items(types::I64, &lists.concat(), |v| v.to_le_bytes().to_vec());
        self.lists(lists, child)
    }

    /// Adds a column of lists of booleans.
    pub fn bool_list_column(&mut self, lists: &[&[bool]]) -> &mut Self {
        let child = self.fixed_items(types::BOOL, &lists.concat(), |v| vec![u8::from(*v)]);
        self.lists(lists, child)
    }

    fn lists<T>(&mut self, lists: &[&[T]], child: u32) -> &mut Self {
        assert_eq!(lists.len(), self.len, "a list for each document");
        let mut ends = vec![0];
        ends.extend(lists.iter().scan(0, |end, list| {
            *end += list.len() as u32;
            Some(*end)
        }));
        let (len, offsets) = (self.len as u32, self.words(&ends));
        self.columns
            .push([types::LIST, 0, len, 0, 0, offsets, child, 0]);
        self
    }

    fn str_items<'s>(&mut self, items: impl Iterator<Item = &'s str>) -> u32 {
        let (len, bytes, offsets) = self.strings(items);
        self.words(&[types::STR, NONE_MISSING, len, bytes, 0, offsets, 0, 0])
    }

    fn fixed_items<T>(&mut self, type_: u32, items: &[T], bytes: impl Fn(&T) -> Vec<u8>) -> u32 {
        let values: Vec<u8> = items.iter().flat_map(bytes).collect();
        let address = self.put(&values);
        self.words(&[type_, NONE_MISSING, items.len() as u32, address, 0, 0, 0, 0])
    }

    /// Adds a parameter that is a string.
    pub fn str_param(&mut self, value: &str) -> &mut Self {
        let address = u64::from(self.put(value.as_bytes()));
        self.param(types::STR, value.len(), address)
    }

    /// Adds a parameter that is an `i64` or `i32`.
    pub fn i64_param(&mut self, value: i64) -> &mut Self {
        self.param(types::I64, 8, value as u64)
    }

    /// Adds a parameter that is an `f64` or `f32`.
    pub fn f64_param(&mut self, value: f64) -> &mut Self {
        self.param(types::F64, 8, value.to_bits())
    }

    /// Adds a parameter that is a boolean.
    pub fn bool_param(&mut self, value: bool) -> &mut Self {
        self.param(types::BOOL, 1, u64::from(value))
    }

    /// Adds a parameter that is a list of strings.
    pub fn str_list_param(&mut self, items: &[&str]) -> &mut Self {
        let column = self.str_items(items.iter().copied());
        self.param(types::LIST + types::STR, items.len(), u64::from(column))
    }

    /// Adds a parameter that is a list of `i64` or `i32`.
    pub fn i64_list_param(&mut self, items: &[i64]) -> &mut Self {
        let column = self.fixed_items(types::I64, items, |v| v.to_le_bytes().to_vec());
        self.param(types::LIST + types::I64, items.len(), u64::from(column))
    }

    /// Adds a parameter that is a list of `f64` or `f32`.
    pub fn f64_list_param(&mut self, items: &[f64]) -> &mut Self {
        let column = self.fixed_items(types::F64, items, |v| v.to_le_bytes().to_vec());
        self.param(types::LIST + types::F64, items.len(), u64::from(column))
    }

    /// Adds a parameter that is a list of booleans.
    pub fn bool_list_param(&mut self, items: &[bool]) -> &mut Self {
        let column = self.fixed_items(types::BOOL, items, |v| vec![u8::from(*v)]);
        self.param(types::LIST + types::BOOL, items.len(), u64::from(column))
    }

    /// Adds a parameter that the query doesn't give.
    pub fn absent_param(&mut self) -> &mut Self {
        self.param(0, 0, 0)
    }

    fn param(&mut self, type_: u32, len: usize, value: u64) -> &mut Self {
        self.params.push((type_, len as u32, value));
        self
    }

    /// The documents' `_id`s.
    pub fn ids(&mut self, ids: &[&str]) -> &mut Self {
        assert_eq!(ids.len(), self.len, "an id for each document");
        self.ids = self.str_items(ids.iter().copied());
        self
    }

    /// The documents' numbers.
    pub fn doc_ids(&mut self, numbers: &[u32]) -> &mut Self {
        assert_eq!(numbers.len(), self.len, "a number for each document");
        self.doc_ids = self.words(numbers);
        self
    }

    /// The scores of the rest of the query.
    pub fn scores(&mut self, scores: &[f32]) -> &mut Self {
        assert_eq!(scores.len(), self.len, "a score for each document");
        let bits: Vec<u32> = scores.iter().map(|score| score.to_bits()).collect();
        self.scores = self.words(&bits);
        self
    }

    /// Asks a filter: `None` is an error in the document.
    pub fn filter<F: Function>(&mut self) -> Vec<Option<bool>> {
        let (verdicts, _) = self.ask::<F>(1);
        let verdict = |verdict: &u8| match verdict {
            0 => Some(false),
            1 => Some(true),
            2 => None,
            other => panic!("a verdict is 0, 1 or 2, not {other}"),
        };
        verdicts.iter().map(verdict).collect()
    }

    /// Asks a score function: NaN is an error in the document.
    pub fn score<F: Function>(&mut self) -> Vec<f64> {
        let (scores, _) = self.ask::<F>(8);
        scores
            .chunks_exact(8)
            .map(|bytes| f64::from_bits(word(bytes)))
            .collect()
    }

    /// Asks a value function that returns `f64`: NaN is an error in the document.
    pub fn f64_value<F: Function>(&mut self) -> Vec<Option<f64>> {
        self.value::<F, _>(8, |bytes| f64::from_bits(word(bytes)))
    }

    /// Asks a value function that returns `i64`.
    pub fn i64_value<F: Function>(&mut self) -> Vec<Option<i64>> {
        self.value::<F, _>(8, |bytes| word(bytes) as i64)
    }

    /// Asks a value function that returns `bool`.
    pub fn bool_value<F: Function>(&mut self) -> Vec<Option<bool>> {
        self.value::<F, _>(1, |bytes| bytes[0] != 0)
    }

    /// Asks a value function that returns strings.
    pub fn str_value<F: Function>(&mut self) -> Vec<Option<String>> {
        let validity = self.ask::<F>(32).1;
        let strings = answered();
        assert_eq!(strings.len(), self.len, "a string for each document");
        let values = strings.into_iter().enumerate();
        values
            .map(|(i, text)| is_set(&validity, i).then_some(text))
            .collect()
    }

    fn value<F: Function, T>(&mut self, width: usize, read: impl Fn(&[u8]) -> T) -> Vec<Option<T>> {
        let (out, validity) = self.ask::<F>(width);
        let values = out.chunks_exact(width).take(self.len).enumerate();
        values
            .map(|(i, bytes)| is_set(&validity, i).then(|| read(bytes)))
            .collect()
    }

    /// `out` after the call, `width` bytes a document (a column, for strings), and `out_validity`.
    fn ask<F: Function>(&mut self, width: usize) -> (Vec<u8>, Vec<u8>) {
        let (out, validity) = self.lay_out(width.max(1) * self.len.max(1));
        let address = self.batch(out, validity);
        // SAFETY: the batch has just been laid out, and nobody else has the memory.
        let (batch, answers) = unsafe { Batch::at(self.memory.as_mut_ptr().cast(), address) };
        F::answer(&batch, answers);
        let bytes: Vec<u8> = self
            .memory
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let part = |at: u32, len: usize| bytes[at as usize..at as usize + len].to_vec();
        (
            part(out, width * self.len),
            part(validity, self.len.div_ceil(8)),
        )
    }

    /// Room for answers.
    fn lay_out(&mut self, bytes: usize) -> (u32, u32) {
        let out = self.put(&vec![0; bytes]);
        (out, self.put(&vec![ALL; self.len.div_ceil(64) * 8]))
    }

    fn batch(&mut self, out: u32, validity: u32) -> u32 {
        let columns: Vec<u32> = self.columns.iter().flatten().copied().collect();
        let params = self.params.iter();
        let params: Vec<u32> = params
            .flat_map(|(type_, len, value)| [*type_, *len, *value as u32, (*value >> 32) as u32])
            .collect();
        let (column_count, param_count) = (self.columns.len() as u32, self.params.len() as u32);
        let (columns, params) = (self.words(&columns), self.words(&params));
        let len = self.len as u32;
        let mut batch = vec![1, len, columns, column_count, params, param_count];
        batch.extend([self.scores, self.doc_ids, self.ids, out, validity]);
        batch.resize(16, 0);
        let address = self.words(&batch);
        // As much room as the engine leaves behind the last column.
        self.memory.extend([0; BLOCK]);
        address
    }

    /// Gives the batch to `then`, to look at columns and parameters.
    pub fn with<R>(&mut self, then: impl FnOnce(&Batch<'_>, Out<'_>) -> R) -> R {
        let (out, validity) = self.lay_out(32 * self.len.max(1));
        let address = self.batch(out, validity);
        // SAFETY: the batch has just been laid out, and `self` is borrowed until `then` returns.
        let (batch, out) = unsafe { Batch::at(self.memory.as_mut_ptr().cast(), address) };
        then(&batch, out)
    }
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

fn is_set(bits: &[u8], i: usize) -> bool {
    bits[i / 8] >> (i % 8) & 1 == 1
}
