//! Parameters.

use crate::batch::{types, Memory, RawColumn};
use crate::column::{BoolColumn, F64Column, I64Column, StrColumn};

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawParam {
    pub(crate) type_: u32,
    pub(crate) len: u32,
    pub(crate) value: u64,
}

impl RawParam {
    /// The parameter, if it is there.
    pub(crate) fn expect(&self, type_: u32) -> Option<&Self> {
        if self.type_ == 0 {
            return None;
        }
        assert_eq!(self.type_, type_, "the type of a parameter");
        Some(self)
    }

    pub(crate) fn address(&self) -> u32 {
        self.value as u32
    }
}

/// The items of a list: of a parameter, or of one document in a [`ListColumn`](crate::ListColumn).
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
    pub fn strs(&self) -> StrColumn<'a> {
        // SAFETY: the type is checked, and the engine wrote the column.
        unsafe { StrColumn::new(self.memory, self.check(types::STR)) }
    }

    /// The items, where they are floating point numbers.
    pub fn f64s(&self) -> F64Column<'a> {
        // SAFETY: as above.
        unsafe { F64Column::new(self.memory, self.check(types::F64)) }
    }

    /// The items, where they are integers.
    pub fn i64s(&self) -> I64Column<'a> {
        // SAFETY: as above.
        unsafe { I64Column::new(self.memory, self.check(types::I64)) }
    }

    /// The items, where they are booleans.
    pub fn bools(&self) -> BoolColumn<'a> {
        // SAFETY: as above.
        unsafe { BoolColumn::new(self.memory, self.check(types::BOOL)) }
    }
}
