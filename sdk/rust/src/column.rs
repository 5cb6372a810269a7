//! Columns: the values of one field in all documents of a batch.

use core::ops::Range;

use crate::batch::{types, Memory, RawColumn};

/// Which documents have a value.
#[derive(Clone, Copy)]
pub struct Validity<'a>(Option<&'a [u8]>);

impl Validity<'_> {
    unsafe fn new(memory: Memory, raw: &RawColumn) -> Self {
        // SAFETY: the caller's column has a bit for each value there, if the address isn't 0.
        Self(
            (raw.validity != 0)
                .then(|| unsafe { memory.slice(raw.validity, (raw.len as usize).div_ceil(8)) }),
        )
    }

    /// Whether the document has a value.
    pub fn has(&self, index: usize) -> bool {
        self.0
            .map_or(true, |bits| bits[index / 8] >> (index % 8) & 1 == 1)
    }
}

macro_rules! fixed_width {
    ($(#[$doc:meta])* $name:ident, $stored:ty, $value:ty, |$raw:ident| $convert:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a> {
            values: &'a [$stored],
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
            pub fn get(&self, index: usize) -> Option<$value> {
                self.validity.has(index).then(|| self.value(index))
            }

            /// The value; zero where it is missing.
            pub fn value(&self, index: usize) -> $value {
                let $raw = self.values[index];
                $convert
            }

            /// All values as they are stored; zero where they are missing.
            pub fn values(&self) -> &'a [$stored] {
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
    F64Column, f64, f64, |raw| raw
);
fixed_width!(
    /// Integers; dates in milliseconds since 1970.
    I64Column, i64, i64, |raw| raw
);
fixed_width!(
    /// Booleans, stored as a byte each.
    BoolColumn, u8, bool, |raw| raw != 0
);

/// Strings.
#[derive(Clone, Copy)]
pub struct StrColumn<'a> {
    offsets: &'a [i32],
    memory: Memory,
    values: u32,
    validity: Validity<'a>,
}

impl<'a> StrColumn<'a> {
    /// # Safety
    /// `raw` is a column of strings, written by the engine into `memory`.
    pub(crate) unsafe fn new(memory: Memory, raw: &'a RawColumn) -> Self {
        // SAFETY: promised by the caller.
        let offsets = unsafe { memory.slice(raw.offsets, raw.len as usize + 1) };
        // SAFETY: the same.
        let validity = unsafe { Validity::new(memory, raw) };
        Self {
            offsets,
            memory,
            values: raw.values,
            validity,
        }
    }

    /// How many values there are, missing ones included.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string, if there is one.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        self.validity.has(index).then(|| self.value(index))
    }

    /// The string; empty where it is missing.
    pub fn value(&self, index: usize) -> &'a str {
        let (from, to) = (self.offsets[index], self.offsets[index + 1]);
        // SAFETY: the engine wrote increasing offsets into the bytes of valid strings.
        unsafe {
            let bytes = self
                .memory
                .slice(self.values.wrapping_add(from as u32), (to - from) as usize);
            core::str::from_utf8_unchecked(bytes)
        }
    }

    /// Which are there.
    pub fn validity(&self) -> Validity<'a> {
        self.validity
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
    memory: Memory,
    child: &'a RawColumn,
}

impl<'a> ListColumn<'a> {
    /// # Safety
    /// `raw` is a column of lists, written by the engine into `memory`.
    pub(crate) unsafe fn new(memory: Memory, raw: &'a RawColumn) -> Self {
        // SAFETY: promised by the caller.
        let offsets = unsafe { memory.slice(raw.offsets, raw.len as usize + 1) };
        // SAFETY: the same.
        let child = unsafe { memory.read(raw.child) };
        Self {
            offsets,
            memory,
            child,
        }
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
    pub fn range(&self, index: usize) -> Range<usize> {
        self.offsets[index] as usize..self.offsets[index + 1] as usize
    }

    /// The items of all lists, where they are strings.
    pub fn strs(&self) -> StrColumn<'a> {
        assert_eq!(self.child.type_, types::STR, "the type of a list's items");
        // SAFETY: the type is checked, and the engine wrote the column.
        unsafe { StrColumn::new(self.memory, self.child) }
    }

    /// The items of all lists, where they are floating point numbers.
    pub fn f64s(&self) -> F64Column<'a> {
        assert_eq!(self.child.type_, types::F64, "the type of a list's items");
        // SAFETY: as above.
        unsafe { F64Column::new(self.memory, self.child) }
    }

    /// The items of all lists, where they are integers.
    pub fn i64s(&self) -> I64Column<'a> {
        assert_eq!(self.child.type_, types::I64, "the type of a list's items");
        // SAFETY: as above.
        unsafe { I64Column::new(self.memory, self.child) }
    }

    /// The items of all lists, where they are booleans.
    pub fn bools(&self) -> BoolColumn<'a> {
        assert_eq!(self.child.type_, types::BOOL, "the type of a list's items");
        // SAFETY: as above.
        unsafe { BoolColumn::new(self.memory, self.child) }
    }
}
