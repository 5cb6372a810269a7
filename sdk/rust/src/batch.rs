//! The batch as the engine wrote it.

use crate::column::{BoolColumn, F64Column, I64Column, ListColumn, StrColumn};
use crate::param::{List, RawParam};

/// The numbers of types.
pub(crate) mod types {
    pub(crate) const BOOL: u32 = 1;
    pub(crate) const I64: u32 = 2;
    pub(crate) const F64: u32 = 3;
    pub(crate) const STR: u32 = 4;
    pub(crate) const LIST: u32 = 16;
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawBatch {
    pub(crate) abi: u32,
    pub(crate) len: u32,
    pub(crate) columns: u32,
    pub(crate) column_count: u32,
    pub(crate) params: u32,
    pub(crate) param_count: u32,
    pub(crate) scores: u32,
    pub(crate) doc_ids: u32,
    pub(crate) ids: u32,
    pub(crate) out: u32,
    pub(crate) out_validity: u32,
    reserved: [u32; 5],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RawColumn {
    pub(crate) type_: u32,
    pub(crate) flags: u32,
    pub(crate) len: u32,
    pub(crate) values: u32,
    pub(crate) validity: u32,
    pub(crate) offsets: u32,
    pub(crate) child: u32,
    reserved: u32,
}

/// The memory that addresses of a batch point into.
///
/// In a module that is the module's own memory, from 0. In a native test it is a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Memory(pub(crate) *mut u8);

impl Memory {
    fn at(self, address: u32) -> *mut u8 {
        self.0.wrapping_add(address as usize)
    }

    /// # Safety
    /// A valid `T` lies at `address`, for as long as `'a`.
    pub(crate) unsafe fn read<'a, T>(self, address: u32) -> &'a T {
        // SAFETY: promised by the caller; the engine aligns structs to 64 bytes, and `T` asks for 8 at most.
        unsafe { &*self.at(address).cast::<T>() }
    }

    /// # Safety
    /// `len` valid `T` lie at `address`, for as long as `'a`.
    pub(crate) unsafe fn slice<'a, T>(self, address: u32, len: usize) -> &'a [T] {
        if len == 0 {
            return &[];
        }
        // SAFETY: promised by the caller; buffers are aligned to 64 bytes.
        unsafe { core::slice::from_raw_parts(self.at(address).cast::<T>(), len) }
    }

    /// # Safety
    /// `len` bytes lie at `address`, for as long as `'a`, and nobody else looks at them.
    unsafe fn slice_mut<'a>(self, address: u32, len: usize) -> &'a mut [u8] {
        if len == 0 {
            return &mut [];
        }
        // SAFETY: promised by the caller.
        unsafe { core::slice::from_raw_parts_mut(self.at(address), len) }
    }
}

/// A batch of documents: columns and parameters by their place in the manifest.
///
/// The methods panic where the manifest has no such column or parameter, or one of another type: that is a mistake in the
/// function, and the panic tells where.
pub struct Batch<'a> {
    raw: &'a RawBatch,
    memory: Memory,
    verdicts: Option<&'a mut [u8]>,
}

impl<'a> Batch<'a> {
    /// The batch at `address` of the memory that begins at `memory`.
    ///
    /// # Safety
    /// A batch that the engine wrote lies there, whole, with all it points to, and stays unchanged for `'a`.
    #[doc(hidden)]
    pub unsafe fn at(memory: *mut u8, address: u32) -> Self {
        let memory = Memory(memory);
        // SAFETY: promised by the caller.
        let raw: &RawBatch = unsafe { memory.read(address) };
        // SAFETY: the same; nothing else in the batch overlaps `out`.
        let verdicts = unsafe { memory.slice_mut(raw.out, raw.len as usize) };
        Self {
            raw,
            memory,
            verdicts: Some(verdicts),
        }
    }

    /// Where the answers go. Empty the second time.
    #[doc(hidden)]
    pub fn take_verdicts(&mut self) -> &'a mut [u8] {
        self.verdicts.take().unwrap_or_default()
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
        // SAFETY: the engine wrote a column of strings there if the address isn't 0.
        (self.raw.ids != 0)
            .then(|| unsafe { StrColumn::new(self.memory, self.memory.read(self.raw.ids)) })
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
        // SAFETY: the engine wrote that many columns there.
        let columns = unsafe {
            self.memory
                .slice(self.raw.columns, self.raw.column_count as usize)
        };
        let column: &RawColumn = &columns[index];
        assert_eq!(column.type_, type_, "the type of column {index}");
        column
    }

    fn param(&self, index: usize) -> &'a RawParam {
        // SAFETY: the engine wrote that many parameters there.
        let params = unsafe {
            self.memory
                .slice(self.raw.params, self.raw.param_count as usize)
        };
        &params[index]
    }

    /// A parameter that is a string; `None` if it is absent.
    pub fn str_param(&self, index: usize) -> Option<&'a str> {
        let param = self.param(index).expect(types::STR)?;
        // SAFETY: the engine wrote a string of that many bytes there.
        Some(unsafe {
            core::str::from_utf8_unchecked(self.memory.slice(param.address(), param.len as usize))
        })
    }

    /// A parameter that is an `f32` or `f64`; `None` if it is absent.
    pub fn f64_param(&self, index: usize) -> Option<f64> {
        self.param(index)
            .expect(types::F64)
            .map(|param| f64::from_bits(param.value))
    }

    /// A parameter that is an `i32` or `i64`; `None` if it is absent.
    pub fn i64_param(&self, index: usize) -> Option<i64> {
        self.param(index)
            .expect(types::I64)
            .map(|param| param.value as i64)
    }

    /// A parameter that is a boolean; `None` if it is absent.
    pub fn bool_param(&self, index: usize) -> Option<bool> {
        self.param(index)
            .expect(types::BOOL)
            .map(|param| param.value != 0)
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
