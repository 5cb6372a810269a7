//! A batch as the engine wrote it: version 1 of the batch ABI, struct by struct.

/// The numbers of types.
pub(crate) mod types {
    pub(crate) const BOOL: u32 = 1;
    pub(crate) const I64: u32 = 2;
    pub(crate) const F64: u32 = 3;
    pub(crate) const STR: u32 = 4;
    pub(crate) const LIST: u32 = 16;
}

/// The flag of a column without missing values.
pub(crate) const NONE_MISSING: u32 = 1;

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

    /// Of a string its bytes, of a list its column.
    pub(crate) fn address(&self) -> u32 {
        self.value as u32
    }
}

/// The memory that addresses of a batch point into.
///
/// In a module that is the module's own memory, from 0. In a native test it is a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Memory(pub(crate) *mut u8);

impl Memory {
    pub(crate) fn at(self, address: u32) -> *mut u8 {
        // By way of a number: the compiler holds that nothing lies behind a null pointer, however much is added to it.
        (self.0 as usize).wrapping_add(address as usize) as *mut u8
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
    /// `len` valid `T` lie at `address`, for as long as `'a`, and nobody else looks at them.
    pub(crate) unsafe fn slice_mut<'a, T>(self, address: u32, len: usize) -> &'a mut [T] {
        if len == 0 {
            return &mut [];
        }
        // SAFETY: promised by the caller; buffers are aligned to 64 bytes.
        unsafe { core::slice::from_raw_parts_mut(self.at(address).cast::<T>(), len) }
    }

    /// # Safety
    /// `len` bytes of valid strings lie at `address`, for as long as `'a`.
    pub(crate) unsafe fn str<'a>(self, address: u32, len: usize) -> &'a str {
        // SAFETY: promised by the caller.
        unsafe { core::str::from_utf8_unchecked(self.slice(address, len)) }
    }
}
