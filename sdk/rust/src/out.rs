//! Where the answers of a batch go.

use std::cell::RefCell;

use crate::raw::{Memory, RawBatch, RawColumn};
use crate::validity::Present;

/// Where the answers of a batch go: a function takes the one way that its manifest's `kind` and `returns` promise.
///
/// The engine has set it up so that whoever writes nothing has said: no, 0; of a value function 0, `false` or an empty string.
pub struct Out<'a> {
    memory: Memory,
    raw: &'a RawBatch,
}

impl<'a> Out<'a> {
    /// # Safety
    /// `raw` was written by the engine into `memory`, and nobody else touches its answers for `'a`.
    pub(crate) unsafe fn new(memory: Memory, raw: &'a RawBatch) -> Self {
        Self { memory, raw }
    }

    fn len(&self) -> usize {
        self.raw.len as usize
    }

    /// Of a filter: 0 no, 1 yes, 2 error in this document.
    pub fn verdicts(self) -> &'a mut [u8] {
        // SAFETY: the engine made room for a byte a document, and `self` is the only one that knows it.
        unsafe { self.memory.slice_mut(self.raw.out, self.len()) }
    }

    /// Of a score function: the scores, NaN for an error in this document.
    pub fn scores(self) -> &'a mut [f64] {
        // SAFETY: as above, 8 bytes a document.
        unsafe { self.memory.slice_mut(self.raw.out, self.len()) }
    }

    /// Of a value function that returns `f64`, and which documents have a value. NaN is an error in this document.
    pub fn f64s(self) -> (&'a mut [f64], Missing<'a>) {
        let missing = self.missing();
        (self.scores(), missing)
    }

    /// Of a value function that returns `i64`, and which documents have a value.
    pub fn i64s(self) -> (&'a mut [i64], Missing<'a>) {
        // SAFETY: as above, 8 bytes a document.
        let values = unsafe { self.memory.slice_mut(self.raw.out, self.len()) };
        (values, self.missing())
    }

    /// Of a value function that returns `bool`, and which documents have a value.
    pub fn bools(self) -> (&'a mut [bool], Missing<'a>) {
        // SAFETY: as above, a byte a document, and all of them are 0 yet.
        let values = unsafe { self.memory.slice_mut(self.raw.out, self.len()) };
        (values, self.missing())
    }

    /// Of a value function that returns strings: they are added in the documents' order.
    pub fn strs(self) -> (Strings<'a>, Missing<'a>) {
        let missing = self.missing();
        (Strings::begin(self), missing)
    }

    fn missing(&self) -> Missing<'a> {
        let words = self.len().div_ceil(64);
        // SAFETY: the engine made room for a bit a document, padded to 64 bytes, and only this value is made of it.
        let words = unsafe { self.memory.slice_mut(self.raw.out_validity, words) };
        Missing { words }
    }
}

/// Which documents have a value: all, until they are said to be missing.
pub struct Missing<'a> {
    words: &'a mut [u64],
}

impl Missing<'_> {
    /// This document has no value.
    #[inline]
    pub fn set(&mut self, document: usize) {
        self.words[document / 64] &= !(1 << (document % 64));
    }

    /// Of the documents from `from` on those whose bit is set have no value.
    #[inline]
    pub(crate) fn set_all(&mut self, from: usize, mut bits: u64) {
        while bits != 0 {
            self.set(from + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }

    /// Documents that the function isn't asked about have no value.
    pub fn all_but(&mut self, present: &Present<'_>) {
        for (word, present) in self
            .words
            .iter_mut()
            .zip(present.words().unwrap_or_default())
        {
            *word &= present;
        }
    }
}

/// Strings that were answered, one behind the other.
#[derive(Default)]
struct Buffers {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

thread_local! {
    /// The engine reads the strings after the function has returned; the next batch writes over them.
    static ANSWERED: RefCell<Buffers> = const { RefCell::new(Buffers { offsets: Vec::new(), bytes: Vec::new() }) };
}

/// The strings that a value function answers.
pub struct Strings<'a> {
    out: Out<'a>,
    buffers: Buffers,
}

impl<'a> Strings<'a> {
    fn begin(out: Out<'a>) -> Self {
        let mut buffers = ANSWERED.with(RefCell::take);
        buffers.offsets.clear();
        buffers.bytes.clear();
        buffers.offsets.push(0);
        Self { out, buffers }
    }

    /// Adds the string of the next document; an empty one for a document without a value.
    #[inline]
    pub fn push(&mut self, text: &str) {
        self.buffers.bytes.extend_from_slice(text.as_bytes());
        self.buffers.offsets.push(self.buffers.bytes.len() as i32);
    }

    /// Adds empty strings up to this document.
    #[inline]
    pub fn skip_to(&mut self, document: usize) {
        let end = self.buffers.bytes.len() as i32;
        self.buffers.offsets.resize(document + 1, end);
    }

    /// Hands the strings to the engine; documents that none was added for get empty ones.
    pub fn finish(mut self) {
        self.skip_to(self.out.len());
        // SAFETY: `out` of a function that returns strings is a column, and nobody else touches it.
        let column: &mut RawColumn = unsafe { &mut *self.out.memory.at(self.out.raw.out).cast() };
        column.values = self.buffers.bytes.as_ptr() as usize as u32;
        column.offsets = self.buffers.offsets.as_ptr() as usize as u32;
        ANSWERED.with(|answered| answered.replace(self.buffers));
    }
}

/// What the last function of this thread has answered in strings.
pub(crate) fn answered() -> Vec<String> {
    ANSWERED.with(|answered| {
        let answered = answered.borrow();
        let text = |ends: &[i32]| {
            let bytes = &answered.bytes[ends[0] as usize..ends[1] as usize];
            String::from_utf8_lossy(bytes).into_owned()
        };
        answered.offsets.windows(2).map(text).collect()
    })
}
