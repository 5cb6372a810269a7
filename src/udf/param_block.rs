//! The parameters of a query as a batch guest sees them, written once: a block of bytes that is copied into each batch,
//! and the places in it that hold addresses.

use super::params::Params;
use super::values::{ParamType, ParamValue};

/// `Param` and everything it points to, with addresses counted from the start of the block.
#[derive(Debug, Default)]
pub(crate) struct ParamBlock {
    bytes: Vec<u8>,
    /// Places of `u32` addresses.
    addresses: Vec<usize>,
    pub(crate) count: u32,
}

/// Parameters of more bytes stay in the guest's memory from batch to batch.
const LARGE: usize = 4 << 10;
/// The size of a `Param`.
const PARAM: usize = 16;
/// The size of a `Column`.
pub(crate) const COLUMN: usize = 32;
/// What every buffer is aligned to.
pub(crate) const ALIGN: usize = 64;

/// The numbers of types in the batch ABI.
pub(crate) mod types {
    pub(crate) const BOOL: u32 = 1;
    pub(crate) const I64: u32 = 2;
    pub(crate) const F64: u32 = 3;
    pub(crate) const STR: u32 = 4;
    pub(crate) const LIST: u32 = 16;
    /// The flag of a column in which nothing is missing.
    pub(crate) const NONE_MISSING: u32 = 1;
    /// The flag of a column in which everything is missing.
    pub(crate) const ALL_MISSING: u32 = 2;
}

impl ParamBlock {
    /// Lays the parameters out. [`super::params::check`] has bounded their size.
    pub(crate) fn new(specs: &[ParamType], params: &Params) -> Self {
        let mut block = Self {
            count: u32_of(params.len()),
            ..Self::default()
        };
        block
            .bytes
            .resize((params.len() * PARAM).next_multiple_of(ALIGN), 0);
        for (i, (value, param_type)) in params.iter().zip(specs).enumerate() {
            if let Some(value) = value {
                block.param(i * PARAM, *param_type, value);
            }
        }
        block
    }

    /// Whether it is so large that it is written once an instance, not once a batch.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes.len() > LARGE
    }

    /// Bytes that [`ParamBlock::write`] needs, a multiple of 64.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Copies the block to `out`, which lies at the guest's address `at`.
    pub(crate) fn write(&self, out: &mut [u8], at: u32) {
        out.copy_from_slice(&self.bytes);
        for place in &self.addresses {
            if let Some(slot) = out.get_mut(*place..).and_then(<[u8]>::first_chunk_mut::<4>) {
                *slot = u32::from_le_bytes(*slot).wrapping_add(at).to_le_bytes();
            }
        }
    }

    fn param(&mut self, at: usize, param_type: ParamType, value: &ParamValue) {
        let number = match param_type {
            ParamType::Bool => types::BOOL,
            ParamType::I32 | ParamType::I64 => types::I64,
            ParamType::F32 | ParamType::F64 => types::F64,
            ParamType::Str => types::STR,
        };
        let list = |items: usize| (types::LIST + number, u32_of(items));
        let (tag, len) = match value {
            ParamValue::Bool(v) => {
                self.put_u64(at + 8, u64::from(*v));
                (number, 1)
            }
            ParamValue::I64(v) => {
                self.bytes[at + 8..at + 16].copy_from_slice(&v.to_le_bytes());
                (number, 8)
            }
            ParamValue::F64(v) => {
                self.put_u64(at + 8, v.to_bits());
                (number, 8)
            }
            ParamValue::Str(v) => {
                self.buffer(at + 8, v.as_bytes());
                (number, u32_of(v.len()))
            }
            ParamValue::BoolList(v) => {
                let values: Vec<u8> = v.iter().map(|b| u8::from(*b)).collect();
                self.list(at + 8, number, v.len(), &values, None);
                list(v.len())
            }
            ParamValue::I64List(v) => {
                let values: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
                self.list(at + 8, number, v.len(), &values, None);
                list(v.len())
            }
            ParamValue::F64List(v) => {
                let values: Vec<u8> = v.iter().flat_map(|x| x.to_le_bytes()).collect();
                self.list(at + 8, number, v.len(), &values, None);
                list(v.len())
            }
            ParamValue::StrList(v) => {
                let mut offsets = vec![0; 4];
                let mut end = 0;
                for s in v {
                    end += u32_of(s.len());
                    offsets.extend_from_slice(&end.to_le_bytes());
                }
                self.list(
                    at + 8,
                    number,
                    v.len(),
                    v.concat().as_bytes(),
                    Some(&offsets),
                );
                list(v.len())
            }
        };
        self.put_u32(at, tag);
        self.put_u32(at + 4, len);
    }

    /// Appends a `Column` with its buffers, and puts its address at `place`.
    fn list(&mut self, place: usize, item: u32, len: usize, values: &[u8], offsets: Option<&[u8]>) {
        let column = self.bytes.len();
        self.buffer(place, &[0; COLUMN]);
        self.put_u32(column, item);
        self.put_u32(column + 4, types::NONE_MISSING);
        self.put_u32(column + 8, u32_of(len));
        self.buffer(column + 12, values);
        if let Some(offsets) = offsets {
            self.buffer(column + 20, offsets);
        }
    }

    /// Appends a buffer, and puts its address at `place`.
    fn buffer(&mut self, place: usize, content: &[u8]) {
        let at = self.bytes.len();
        self.put_u32(place, u32_of(at));
        self.addresses.push(place);
        self.bytes.extend_from_slice(content);
        // An empty buffer gets bytes of its own, too, so that its address lies inside the block.
        self.bytes
            .resize((at + content.len().max(1)).next_multiple_of(ALIGN), 0);
    }

    fn put_u32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, at: usize, value: u64) {
        self.bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
}

/// For sizes that have been bounded far below 4 GiB.
pub(crate) fn u32_of(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u32_at(bytes: &[u8], at: usize) -> usize {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    #[test]
    fn addresses_are_moved_with_the_block() {
        let params = vec![
            Some(ParamValue::Str("héllo".into())),
            None,
            Some(ParamValue::StrList(vec![
                "a".into(),
                String::new(),
                "bc".into(),
            ])),
            Some(ParamValue::F64(1.5)),
        ];
        let specs = [
            ParamType::Str,
            ParamType::I64,
            ParamType::Str,
            ParamType::F32,
        ];
        let block = ParamBlock::new(&specs, &params);
        let base = 4096;
        let mut memory = vec![0xAA; base + block.len()];
        block.write(&mut memory[base..], u32_of(base));
        let param = |i: usize, at: usize| u32_at(&memory, base + i * PARAM + at);
        assert_eq!((param(0, 0), param(0, 4)), (4, 6));
        assert_eq!(&memory[param(0, 8)..][..6], "héllo".as_bytes());
        assert_eq!((param(1, 0), param(1, 4), param(1, 8)), (0, 0, 0));
        assert_eq!((param(2, 0), param(2, 4)), (20, 3));
        let column = param(2, 8);
        assert_eq!(
            (u32_at(&memory, column), u32_at(&memory, column + 8)),
            (4, 3)
        );
        let (values, offsets) = (u32_at(&memory, column + 12), u32_at(&memory, column + 20));
        assert_eq!(&memory[values..][..3], b"abc");
        assert_eq!(
            [4, 8, 12].map(|at| u32_at(&memory, offsets + at)),
            [1, 1, 3]
        );
        let bits = u64::from_le_bytes(memory[base + 3 * PARAM + 8..][..8].try_into().unwrap());
        assert_eq!(f64::from_bits(bits), 1.5);
        for address in [param(0, 8), column, values, offsets] {
            assert_eq!(address % ALIGN, 0);
        }
    }
}
