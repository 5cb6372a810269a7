//! Which documents have values, 64 to a word.

use core::ops::Range;
use std::borrow::Cow;

use crate::raw::{Memory, RawColumn, NONE_MISSING};

/// Which documents have a value in a column.
#[derive(Clone, Copy, Debug)]
pub struct Validity<'a>(Option<&'a [u64]>);

impl<'a> Validity<'a> {
    /// # Safety
    /// `raw` was written by the engine into `memory`: buffers are padded to 64 bytes, so whole words can be read.
    pub(crate) unsafe fn new(memory: Memory, raw: &RawColumn) -> Self {
        if raw.validity == 0 || raw.flags & NONE_MISSING != 0 {
            return Self(None);
        }
        let words = (raw.len as usize).div_ceil(64);
        // SAFETY: promised by the caller.
        Self(Some(unsafe { memory.slice(raw.validity, words) }))
    }

    /// Whether the document has a value.
    #[inline]
    pub fn has(&self, index: usize) -> bool {
        self.0
            .map_or(true, |words| words[index / 64] >> (index % 64) & 1 == 1)
    }

    /// As [`has`](Self::has), in a loop that knows the length.
    ///
    /// # Safety
    /// `index` is below the column's length.
    #[inline(always)]
    pub unsafe fn has_unchecked(&self, index: usize) -> bool {
        match self.0 {
            None => true,
            // SAFETY: promised by the caller; there is a bit for each value.
            Some(words) => unsafe { words.get_unchecked(index / 64) >> (index % 64) & 1 == 1 },
        }
    }

    /// The bits, least significant first, those behind the last document undefined; `None` if no value is missing.
    pub fn words(&self) -> Option<&'a [u64]> {
        self.0
    }
}

/// The documents that have a value in each of some columns: those that a function is asked about.
#[derive(Clone, Debug)]
pub struct Present<'a> {
    len: usize,
    words: Option<Cow<'a, [u64]>>,
}

impl<'a> Present<'a> {
    /// All of `len` documents.
    pub fn all(len: usize) -> Self {
        Self { len, words: None }
    }

    /// Of these documents those that have a value in one more column, which has as many documents.
    #[must_use]
    pub fn and(mut self, column: Validity<'a>) -> Self {
        let Some(more) = column.0 else {
            return self;
        };
        self.words = Some(match self.words.take() {
            None => Cow::Borrowed(more),
            Some(mut words) => {
                for (word, more) in words.to_mut().iter_mut().zip(more) {
                    *word &= more;
                }
                words
            }
        });
        self
    }

    pub(crate) fn words(&self) -> Option<&[u64]> {
        self.words.as_deref()
    }

    /// The documents as ranges, in order, as long as they get: one of all documents where no value is missing.
    pub fn runs(&self) -> Runs<'_> {
        Runs {
            words: self.words(),
            len: self.len,
            at: 0,
        }
    }
}

/// Ranges of documents that all have values. See [`Present::runs`].
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    words: Option<&'a [u64]>,
    len: usize,
    at: usize,
}

impl Runs<'_> {
    /// The first document from `from` on that has a value (or, with `invert`, has none), or the end.
    #[inline]
    fn seek(&self, words: &[u64], from: usize, invert: u64) -> usize {
        let (mut index, mut skip) = (from / 64, from % 64);
        while let Some(word) = words.get(index) {
            let bits = (word ^ invert) >> skip << skip;
            if bits != 0 {
                return (index * 64 + bits.trailing_zeros() as usize).min(self.len);
            }
            (index, skip) = (index + 1, 0);
        }
        self.len
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    #[inline]
    fn next(&mut self) -> Option<Range<usize>> {
        let (from, to) = match self.words {
            None => (self.at, self.len),
            Some(words) => {
                let from = self.seek(words, self.at, 0);
                (from, self.seek(words, from, u64::MAX))
            }
        };
        self.at = to;
        (from < to).then_some(from..to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(present: &[bool]) -> Vec<u64> {
        // What lies behind the last document is set, to see that nobody looks at it.
        let mut words = vec![u64::MAX; present.len().div_ceil(64)];
        for (i, present) in present.iter().enumerate() {
            words[i / 64] &= !(u64::from(!present) << (i % 64));
        }
        words
    }

    fn documents(present: &Present<'_>) -> Vec<usize> {
        present.runs().flatten().collect()
    }

    #[test]
    fn runs_are_the_documents_with_values() {
        type Rule = fn(usize) -> bool;
        let rules: [Rule; 7] = [
            |_| true,
            |_| false,
            |i| i % 2 == 0,
            |i| i % 64 != 63,
            |i| i / 64 % 2 == 1,
            |i| i % 100 < 90,
            |i| i % 130 == 129,
        ];
        for len in [0, 1, 2, 63, 64, 65, 127, 128, 129, 200, 1024] {
            for a in rules {
                let column: Vec<bool> = (0..len).map(a).collect();
                let words = bits(&column);
                let one = Present::all(len).and(Validity(Some(&words)));
                let expected: Vec<usize> = (0..len).filter(|i| a(*i)).collect();
                assert_eq!(documents(&one), expected);
                for b in rules {
                    let other: Vec<bool> = (0..len).map(b).collect();
                    let more = bits(&other);
                    let both = one.clone().and(Validity(None)).and(Validity(Some(&more)));
                    let expected: Vec<usize> = (0..len).filter(|i| a(*i) && b(*i)).collect();
                    assert_eq!(documents(&both), expected);
                }
            }
        }
    }

    #[test]
    fn runs_are_as_long_as_they_get() {
        let all = Present::all(1000);
        assert!(all.runs().eq(std::iter::once(0..1000)));
        let words = bits(&(0..300).map(|i| i != 200).collect::<Vec<_>>());
        let present = Present::all(300).and(Validity(Some(&words)));
        assert!(present.runs().eq([0..200, 201..300]));
    }
}
