//! The loop over the documents of a batch.
//!
//! It goes by blocks of documents that have values. What answers a block is a function of its own that the attributes write: it
//! takes each column as an array of a block's length, of which the compiler knows that all of it may be read. Without that it
//! could not read a value before a branch says that it is needed, and would make no vector code of `price <= max && ts >= since`.

use core::mem::MaybeUninit;

use crate::answer::Answer;
use crate::out::{Missing, Out, Strings};
use crate::validity::Present;

/// Documents in a block; as many bits as in a word.
pub const BLOCK: usize = 64;

/// The values of a block. Those behind the last document may be anything.
pub type Block<T> = [MaybeUninit<T>; BLOCK];

/// The block of a column from `from` on.
///
/// # Safety
/// `from` is below the length of `values`, and behind them lie as many bytes as a block has.
#[inline(always)]
pub unsafe fn block<T>(values: &[T], from: usize) -> &Block<T> {
    debug_assert!(from < values.len());
    // SAFETY: promised by the caller.
    unsafe { &*values.as_ptr().add(from).cast() }
}

/// A filter. `each` takes the first document of a block and the answers of the block to write.
#[inline(always)]
pub fn filter(out: Out<'_>, present: &Present<'_>, mut each: impl FnMut(usize, &mut [u8]) -> u64) {
    let verdicts = out.verdicts();
    blocks(verdicts, present, |from, block| {
        each(from, block);
    });
}

/// A score function. `each`: as above.
#[inline(always)]
pub fn score(out: Out<'_>, present: &Present<'_>, mut each: impl FnMut(usize, &mut [f64]) -> u64) {
    let scores = out.scores();
    blocks(scores, present, |from, block| {
        each(from, block);
    });
}

/// A value function that returns `f64`. `each` also returns a bit for each document that has no value.
#[inline(always)]
pub fn f64s(out: Out<'_>, present: &Present<'_>, each: impl FnMut(usize, &mut [f64]) -> u64) {
    values(out.f64s(), present, each);
}

/// A value function that returns `i64`. `each`: as above.
#[inline(always)]
pub fn i64s(out: Out<'_>, present: &Present<'_>, each: impl FnMut(usize, &mut [i64]) -> u64) {
    values(out.i64s(), present, each);
}

/// A value function that returns `bool`. `each`: as above.
#[inline(always)]
pub fn bools(out: Out<'_>, present: &Present<'_>, each: impl FnMut(usize, &mut [bool]) -> u64) {
    values(out.bools(), present, each);
}

#[inline(always)]
fn values<T>(
    (values, mut missing): (&mut [T], Missing<'_>),
    present: &Present<'_>,
    mut each: impl FnMut(usize, &mut [T]) -> u64,
) {
    missing.all_but(present);
    blocks(values, present, |from, block| {
        missing.set_all(from, each(from, block));
    });
}

#[inline(always)]
fn blocks<T>(answers: &mut [T], present: &Present<'_>, mut each: impl FnMut(usize, &mut [T])) {
    for run in present.runs() {
        let starts = run.clone().step_by(BLOCK);
        for (from, block) in starts.zip(answers[run].chunks_mut(BLOCK)) {
            each(from, block);
        }
    }
}

/// Writes an answer into its place. Returns 1 if there is none.
#[inline(always)]
pub fn put<T: Default>(place: &mut T, answer: Answer<T>) -> u64 {
    let (value, missing) = match answer {
        Answer::Value(value) => (value, 0),
        Answer::Missing | Answer::Error => (T::default(), 1),
    };
    *place = value;
    missing
}

/// A value function that returns strings. `each` hands its answer over, which may be borrowed from what it has at hand.
#[inline(always)]
pub fn strs(out: Out<'_>, present: &Present<'_>, mut each: impl FnMut(usize, &mut StrAnswer<'_>)) {
    let (strings, mut missing) = out.strs();
    missing.all_but(present);
    let mut answer = StrAnswer {
        strings,
        missing,
        document: 0,
    };
    for document in present.runs().flatten() {
        answer.document = document;
        answer.strings.skip_to(document);
        each(document, &mut answer);
    }
    answer.strings.finish();
}

/// Takes the answer about one document.
pub struct StrAnswer<'a> {
    strings: Strings<'a>,
    missing: Missing<'a>,
    document: usize,
}

impl StrAnswer<'_> {
    /// Takes it.
    #[inline(always)]
    pub fn put(&mut self, answer: Answer<impl AsRef<str>>) {
        match answer {
            Answer::Value(text) => self.strings.push(text.as_ref()),
            Answer::Missing | Answer::Error => self.missing.set(self.document),
        }
    }
}
