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

/// A filter that reads numbers. `each`: as above, but it writes what is nearly as wide as what it compares, since that is
/// what vector code wants; all together is made narrow.
#[inline(always)]
pub fn wide_filter(
    out: Out<'_>,
    present: &Present<'_>,
    mut each: impl FnMut(usize, &mut [u32]) -> u64,
) {
    let verdicts = out.verdicts();
    let mut wide = [0; BLOCK];
    blocks(verdicts, present, |from, block| {
        each(from, &mut wide[..block.len()]);
        narrow(&wide, block);
    });
}

/// The numbers of a block as bytes, as many as there is room for; none is above 255.
#[inline(always)]
fn narrow(wide: &[u32; BLOCK], block: &mut [u8]) {
    let done = sixteens(wide, block);
    for (byte, number) in block[done..].iter_mut().zip(&wide[done..]) {
        *byte = *number as u8;
    }
}

/// Does so for as many as vectors can. Returns how many.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)]
fn sixteens(wide: &[u32; BLOCK], block: &mut [u8]) -> usize {
    use core::arch::wasm32::{u16x8_narrow_i32x4, u8x16_narrow_i16x8, v128_load, v128_store};
    let mut done = 0;
    for (bytes, wide) in block.chunks_exact_mut(16).zip(wide.chunks_exact(16)) {
        // SAFETY: both have sixteen.
        unsafe {
            let four = |at: usize| v128_load(wide.as_ptr().add(at).cast());
            let eight = |at| u16x8_narrow_i32x4(four(at), four(at + 4));
            v128_store(
                bytes.as_mut_ptr().cast(),
                u8x16_narrow_i16x8(eight(0), eight(8)),
            );
        }
        done += 16;
    }
    done
}

/// There are no vectors.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline(always)]
fn sixteens(_: &[u32; BLOCK], _: &mut [u8]) -> usize {
    0
}

/// A score function. `each`: as for a filter.
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

/// Asks for the answers of a block, eight at a time: so many in a row the compiler can put side by side.
#[inline(always)]
pub fn by_eight<T>(block: &mut [T], mut ask: impl FnMut(usize, &mut T)) {
    let whole = block.len() / 8 * 8;
    let (eights, rest) = block.split_at_mut(whole);
    for (eight, first) in eights.chunks_exact_mut(8).zip((0..).step_by(8)) {
        for (i, place) in eight.iter_mut().enumerate() {
            ask(first + i, place);
        }
    }
    for (place, document) in rest.iter_mut().zip(whole..) {
        ask(document, place);
    }
}

/// Asks for the answers of a block.
#[inline(always)]
pub fn one_by_one<T>(block: &mut [T], mut ask: impl FnMut(usize, &mut T)) {
    for (document, place) in block.iter_mut().enumerate() {
        ask(document, place);
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
