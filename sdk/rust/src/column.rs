//! Columns: the values of one field in all documents of a batch.

use core::ops::Range;

use crate::list::{List, Strs};
use crate::raw::{types, Memory, RawColumn};
use crate::validity::Validity;

macro_rules! fixed_width {
    ($(#[$doc:meta])* $name:ident, $value:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a> {
            values: &'a [$value],
            validity: Validity<'a>,
        }

        impl<'a> $name<'a> {
            /// # Safety
            /// `raw` is a column of this type, written by the engine into `memory`.
            pub(crate) unsafe fn new(memory: Memory, raw: &'a RawColumn) -> Self {
                // SAFETY: promised by the caller.
                let values = unsafe { memory.slice(raw.values, raw.len as usize) };
                // SAFETY: the same.
                let validity = unsafe { Validity::new(memory, raw) };
                Self { values, validity }
            }

            /// How many values there are, missing ones included.
            pub fn len(&self) -> usize {
                self.values.len()
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.values.is_empty()
            }

            /// The value, if there is one.
            #[inline]
            pub fn get(&self, index: usize) -> Option<$value> {
                self.validity.has(index).then(|| self.value(index))
            }

            /// The value; zero where it is missing.
            #[inline]
            pub fn value(&self, index: usize) -> $value {
                self.values[index]
            }

            /// As [`get`](Self::get), in a loop that knows the length.
            ///
            /// # Safety
            /// `index` is below [`len`](Self::len).
            #[inline(always)]
            pub unsafe fn get_unchecked(&self, index: usize) -> Option<$value> {
                // SAFETY: promised by the caller.
                let (has, value) = unsafe { (self.validity.has_unchecked(index), self.value_unchecked(index)) };
                has.then_some(value)
            }

            /// As [`value`](Self::value), in a loop that knows the length.
            ///
            /// # Safety
            /// `index` is below [`len`](Self::len).
            #[inline(always)]
            pub unsafe fn value_unchecked(&self, index: usize) -> $value {
                // SAFETY: promised by the caller.
                unsafe { *self.values.get_unchecked(index) }
            }

            /// All values; zero where they are missing.
            pub fn values(&self) -> &'a [$value] {
                self.values
            }

            /// Which are there.
            pub fn validity(&self) -> Validity<'a> {
                self.validity
            }

            /// All values that are there.
            pub fn iter(&self) -> impl Iterator<Item = $value> + 'a {
                let this = *self;
                (0..this.len()).filter_map(move |index| this.get(index))
            }
        }
    };
}

fixed_width!(
    /// Floating point numbers.
    F64Column, f64
);
fixed_width!(
    /// Integers; dates in milliseconds since 1970.
    I64Column, i64
);
fixed_width!(
    /// Booleans: the engine writes 0 or 1 in a byte each.
    BoolColumn, bool
);

/// Strings.
#[derive(Clone, Copy)]
pub struct StrColumn<'a> {
    strs: Strs<'a>,
    validity: Validity<'a>,
}

impl<'a> StrColumn<'a> {
    /// # Safety
    /// `raw` is a column of strings, written by the engine into `memory`.
    pub(crate) unsafe fn new(memory: Memory, raw: &'a RawColumn) -> Self {
        // SAFETY: promised by the caller.
        let strs = unsafe { Strs::new(memory, raw) };
        // SAFETY: the same.
        let validity = unsafe { Validity::new(memory, raw) };
        Self { strs, validity }
    }

    /// How many values there are, missing ones included.
    pub fn len(&self) -> usize {
        self.strs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.strs.is_empty()
    }

    /// The string, if there is one.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        self.validity.has(index).then(|| self.value(index))
    }

    /// The string; empty where it is missing.
    #[inline]
    pub fn value(&self, index: usize) -> &'a str {
        assert!(index < self.len(), "string {index} of {}", self.len());
        // SAFETY: just checked.
        unsafe { self.value_unchecked(index) }
    }

    /// As [`get`](Self::get), in a loop that knows the length.
    ///
    /// # Safety
    /// `index` is below [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn get_unchecked(&self, index: usize) -> Option<&'a str> {
        // SAFETY: promised by the caller.
        unsafe {
            let has = self.validity.has_unchecked(index);
            has.then(|| self.value_unchecked(index))
        }
    }

    /// As [`value`](Self::value), in a loop that knows the length.
    ///
    /// # Safety
    /// `index` is below [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn value_unchecked(&self, index: usize) -> &'a str {
        // SAFETY: promised by the caller.
        unsafe { self.strs.get_unchecked(index) }
    }

    /// Which are there.
    pub fn validity(&self) -> Validity<'a> {
        self.validity
    }

    /// All strings; empty where they are missing.
    pub fn strs(&self) -> Strs<'a> {
        self.strs
    }

    /// All strings that are there.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + 'a {
        let this = *self;
        (0..this.len()).filter_map(move |index| this.get(index))
    }
}

/// Lists: for each document the range of its items in one column of all items.
#[derive(Clone, Copy)]
pub struct ListColumn<'a> {
    offsets: &'a [i32],
    items: List<'a>,
}

impl<'a> ListColumn<'a> {
    /// # Safety
    /// `raw` is a column of lists, written by the engine into `memory`.
    pub(crate) unsafe fn new(memory: Memory, raw: &'a RawColumn) -> Self {
        debug_assert_eq!(raw.type_, types::LIST);
        // SAFETY: promised by the caller.
        let offsets = unsafe { memory.slice(raw.offsets, raw.len as usize + 1) };
        // SAFETY: the same.
        let items = unsafe { List::new(memory, memory.read(raw.child)) };
        Self { offsets, items }
    }

    /// How many lists there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the document's items stand among all items; empty where it has none.
    #[inline]
    pub fn range(&self, index: usize) -> Range<usize> {
        self.offsets[index] as usize..self.offsets[index + 1] as usize
    }

    /// As [`range`](Self::range), in a loop that knows the length.
    ///
    /// # Safety
    /// `index` is below [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn range_unchecked(&self, index: usize) -> Range<usize> {
        // SAFETY: promised by the caller; there is one offset more than lists.
        let (from, to) = unsafe {
            (
                self.offsets.get_unchecked(index),
                self.offsets.get_unchecked(index + 1),
            )
        };
        *from as usize..*to as usize
    }

    /// The items of all lists.
    pub fn items(&self) -> List<'a> {
        self.items
    }
}
