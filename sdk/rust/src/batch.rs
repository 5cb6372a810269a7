//! A batch of documents, as functions read it.

use crate::column::{BoolColumn, F64Column, I64Column, ListColumn, StrColumn};
use crate::list::List;
use crate::out::Out;
use crate::raw::{types, Memory, RawBatch, RawColumn, RawParam};

/// A batch of documents: columns and parameters by their place in the manifest.
///
/// The methods panic where the manifest has no such column or parameter, or one of another type: that is a mistake in the
/// function, and the panic tells where.
pub struct Batch<'a> {
    raw: &'a RawBatch,
    memory: Memory,
}

impl<'a> Batch<'a> {
    /// The batch at `address` of the memory that begins at `memory`, and where its answers go.
    ///
    /// # Safety
    /// A batch that the engine wrote lies there, whole, with all it points to; nobody else touches it for `'a`.
    #[doc(hidden)]
    pub unsafe fn at(memory: *mut u8, address: u32) -> (Self, Out<'a>) {
        let memory = Memory(memory);
        // SAFETY: promised by the caller.
        let raw: &RawBatch = unsafe { memory.read(address) };
        // SAFETY: the same; nothing else in the batch overlaps the answers.
        let out = unsafe { Out::new(memory, raw) };
        (Self { raw, memory }, out)
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.raw.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.raw.len == 0
    }

    /// The documents' numbers in their segment, if the manifest asks for `doc_id`.
    pub fn doc_ids(&self) -> Option<&'a [u32]> {
        // SAFETY: the engine wrote `len` numbers there if the address isn't 0.
        (self.raw.doc_ids != 0).then(|| unsafe { self.memory.slice(self.raw.doc_ids, self.len()) })
    }

    /// The scores of the rest of the query, if the manifest asks for `score` and the query gives it.
    pub fn scores(&self) -> Option<&'a [f32]> {
        // SAFETY: the engine wrote `len` numbers there if the address isn't 0.
        (self.raw.scores != 0).then(|| unsafe { self.memory.slice(self.raw.scores, self.len()) })
    }

    /// The documents' `_id`s, if the manifest asks for `id`.
    pub fn ids(&self) -> Option<StrColumn<'a>> {
        if self.raw.ids == 0 {
            return None;
        }
        // SAFETY: the engine wrote a column there, since the address isn't 0.
        let column = self.checked(unsafe { self.memory.read(self.raw.ids) }, types::STR);
        // SAFETY: the type is checked, and the engine wrote the column.
        Some(unsafe { StrColumn::new(self.memory, column) })
    }

    /// A column of strings.
    pub fn str_column(&self, index: usize) -> StrColumn<'a> {
        // SAFETY: the type is checked, and the engine wrote the column.
        unsafe { StrColumn::new(self.memory, self.column(index, types::STR)) }
    }

    /// A column of floating point numbers.
    pub fn f64_column(&self, index: usize) -> F64Column<'a> {
        // SAFETY: as above.
        unsafe { F64Column::new(self.memory, self.column(index, types::F64)) }
    }

    /// A column of integers.
    pub fn i64_column(&self, index: usize) -> I64Column<'a> {
        // SAFETY: as above.
        unsafe { I64Column::new(self.memory, self.column(index, types::I64)) }
    }

    /// A column of booleans.
    pub fn bool_column(&self, index: usize) -> BoolColumn<'a> {
        // SAFETY: as above.
        unsafe { BoolColumn::new(self.memory, self.column(index, types::BOOL)) }
    }

    /// A column of lists.
    pub fn list_column(&self, index: usize) -> ListColumn<'a> {
        // SAFETY: as above.
        unsafe { ListColumn::new(self.memory, self.column(index, types::LIST)) }
    }

    fn column(&self, index: usize, type_: u32) -> &'a RawColumn {
        let count = self.raw.column_count as usize;
        // SAFETY: the engine wrote that many columns there.
        let columns: &[RawColumn] = unsafe { self.memory.slice(self.raw.columns, count) };
        assert!(index < count, "column {index} of {count}");
        self.checked(&columns[index], type_)
    }

    /// A column of the right type, with a value for each document.
    fn checked(&self, column: &'a RawColumn, type_: u32) -> &'a RawColumn {
        assert_eq!(column.type_, type_, "the type of a column");
        assert_eq!(column.len, self.raw.len, "the length of a column");
        column
    }

    fn param(&self, index: usize) -> &'a RawParam {
        let count = self.raw.param_count as usize;
        // SAFETY: the engine wrote that many parameters there.
        let params: &[RawParam] = unsafe { self.memory.slice(self.raw.params, count) };
        assert!(index < count, "parameter {index} of {count}");
        &params[index]
    }

    /// A parameter that is a string; `None` if it is absent.
    pub fn str_param(&self, index: usize) -> Option<&'a str> {
        let param = self.param(index).expect(types::STR)?;
        // SAFETY: the engine wrote a string of that many bytes there.
        Some(unsafe { self.memory.str(param.address(), param.len as usize) })
    }

    /// A parameter that is an `f64`; `None` if it is absent.
    pub fn f64_param(&self, index: usize) -> Option<f64> {
        let param = self.param(index).expect(types::F64)?;
        Some(f64::from_bits(param.value))
    }

    /// A parameter that is an `f32`; `None` if it is absent.
    pub fn f32_param(&self, index: usize) -> Option<f32> {
        // The engine has checked that it is one.
        self.f64_param(index).map(|value| value as f32)
    }

    /// A parameter that is an `i64`; `None` if it is absent.
    pub fn i64_param(&self, index: usize) -> Option<i64> {
        let param = self.param(index).expect(types::I64)?;
        Some(param.value as i64)
    }

    /// A parameter that is an `i32`; `None` if it is absent.
    pub fn i32_param(&self, index: usize) -> Option<i32> {
        // The engine has checked that it is one.
        self.i64_param(index).map(|value| value as i32)
    }

    /// A parameter that is a boolean; `None` if it is absent.
    pub fn bool_param(&self, index: usize) -> Option<bool> {
        let param = self.param(index).expect(types::BOOL)?;
        Some(param.value != 0)
    }

    /// A parameter that is a list; `None` if it is absent.
    pub fn list_param(&self, index: usize) -> Option<List<'a>> {
        let param = self.param(index);
        if param.type_ == 0 {
            return None;
        }
        assert!(param.type_ > types::LIST, "parameter {index} is a list");
        // SAFETY: the engine wrote a column there.
        Some(unsafe { List::new(self.memory, self.memory.read(param.address())) })
    }
}
