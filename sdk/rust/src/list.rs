//! Lists: of a parameter, or of one document.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;
use core::ptr::NonNull;

use crate::column::{BoolColumn, F64Column, I64Column, StrColumn};
use crate::raw::{types, Memory, RawColumn};

/// The items of a list: of a parameter, or of all documents in a [`ListColumn`](crate::ListColumn).
///
/// The methods panic where the items are of another type.
#[derive(Clone, Copy)]
pub struct List<'a> {
    memory: Memory,
    column: &'a RawColumn,
}

impl<'a> List<'a> {
    /// # Safety
    /// `column` was written by the engine into `memory`.
    pub(crate) unsafe fn new(memory: Memory, column: &'a RawColumn) -> Self {
        Self { memory, column }
    }

    fn check(&self, type_: u32) -> &'a RawColumn {
        assert_eq!(self.column.type_, type_, "the type of a list's items");
        self.column
    }

    /// The items, where they are strings.
    pub fn strs(&self) -> Strs<'a> {
        // SAFETY: the type is checked, and the engine wrote the column.
        unsafe { StrColumn::new(self.memory, self.check(types::STR)) }.strs()
    }

    /// The items, where they are floating point numbers.
    pub fn f64s(&self) -> &'a [f64] {
        // SAFETY: as above.
        unsafe { F64Column::new(self.memory, self.check(types::F64)) }.values()
    }

    /// The items, where they are integers.
    pub fn i64s(&self) -> &'a [i64] {
        // SAFETY: as above.
        unsafe { I64Column::new(self.memory, self.check(types::I64)) }.values()
    }

    /// The items, where they are booleans.
    pub fn bools(&self) -> &'a [bool] {
        // SAFETY: as above.
        unsafe { BoolColumn::new(self.memory, self.check(types::BOOL)) }.values()
    }
}

/// Strings one behind the other, as they lie in memory: a list of which no slice has to be made.
///
/// As an argument it costs nothing, where a `&[&str]` costs a pass over the list for each document.
#[derive(Clone, Copy)]
pub struct Strs<'a> {
    /// Where each begins, and where the last ends. Never empty.
    offsets: &'a [i32],
    bytes: NonNull<u8>,
    strings: PhantomData<&'a str>,
}

impl<'a> Strs<'a> {
    /// # Safety
    /// `raw` is a column of strings, written by the engine into `memory`.
    pub(crate) unsafe fn new(memory: Memory, raw: &'a RawColumn) -> Self {
        // SAFETY: promised by the caller.
        let offsets = unsafe { memory.slice(raw.offsets, raw.len as usize + 1) };
        // SAFETY: the same.
        unsafe { Self::from_parts(offsets, memory.at(raw.values)) }
    }

    /// # Safety
    /// `offsets` has a first one, never falls, and cuts the bytes at `bytes` into valid strings, for `'a`.
    pub(crate) unsafe fn from_parts(offsets: &'a [i32], bytes: *mut u8) -> Self {
        Self {
            offsets,
            // Strings without a byte need none.
            bytes: NonNull::new(bytes).unwrap_or(NonNull::dangling()),
            strings: PhantomData,
        }
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        // SAFETY: just checked.
        (index < self.len()).then(|| unsafe { self.get_unchecked(index) })
    }

    /// One of them, in a loop that knows the length.
    ///
    /// # Safety
    /// `index` is below [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn get_unchecked(&self, index: usize) -> &'a str {
        // SAFETY: promised by the caller; there is one offset more than strings.
        let (from, to) = unsafe {
            (
                *self.offsets.get_unchecked(index),
                *self.offsets.get_unchecked(index + 1),
            )
        };
        // SAFETY: offsets never fall, and cut valid strings.
        unsafe {
            let start = self.bytes.as_ptr().add(from as usize);
            let bytes = core::slice::from_raw_parts(start, (to - from) as usize);
            core::str::from_utf8_unchecked(bytes)
        }
    }

    /// All of them, in order.
    #[inline]
    pub fn iter(&self) -> StrsIter<'a> {
        StrsIter {
            strs: *self,
            places: 0..self.len(),
        }
    }

    /// Whether one of them equals `text`.
    pub fn contains(&self, text: &str) -> bool {
        self.iter().any(|one| one == text)
    }

    /// A part of them.
    ///
    /// # Safety
    /// `range` lies within them.
    #[doc(hidden)]
    #[inline(always)]
    pub unsafe fn part_unchecked(&self, range: Range<usize>) -> Self {
        Self {
            // SAFETY: promised by the caller; there is one offset more than strings.
            offsets: unsafe { self.offsets.get_unchecked(range.start..range.end + 1) },
            ..*self
        }
    }
}

impl fmt::Debug for Strs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for Strs<'a> {
    type Item = &'a str;
    type IntoIter = StrsIter<'a>;

    fn into_iter(self) -> StrsIter<'a> {
        self.iter()
    }
}

/// What [`Strs::iter`] returns.
#[derive(Clone, Debug)]
pub struct StrsIter<'a> {
    strs: Strs<'a>,
    places: Range<usize>,
}

impl<'a> Iterator for StrsIter<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let place = self.places.next()?;
        // SAFETY: places are below the length.
        Some(unsafe { self.strs.get_unchecked(place) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl DoubleEndedIterator for StrsIter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let place = self.places.next_back()?;
        // SAFETY: places are below the length.
        Some(unsafe { self.strs.get_unchecked(place) })
    }
}

impl ExactSizeIterator for StrsIter<'_> {}
