//! What a batch guest wrote into `out` and `out_validity`: checked value by value, and taken over.

use wasmtime::Store;

use super::guest::Fault;
use super::host::HostState;
use super::limits::MAX_OUTPUT_BYTES;
use super::outcome::{Answers, SAID_ERROR};
use crate::batch::{FailureKind, Returns, ValueType, Verdict};

/// Bytes of a Column, which is what a function that returns strings fills in.
const COLUMN: usize = 32;
/// Where in a Column the address of its values is.
const VALUES_AT: usize = 12;
/// Where in a Column the address of its offsets is.
const OFFSETS_AT: usize = 20;

/// What a function's manifest says about its answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) returns: Returns,
    pub(crate) max_score: Option<f64>,
}

/// Where in the guest's memory the answers about some documents are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) out: usize,
    pub(crate) validity: usize,
    pub(crate) len: usize,
}

impl Output {
    /// Bytes of `out` for `len` documents.
    pub(crate) fn bytes(self, len: usize) -> usize {
        match self.returns {
            Returns::Filter | Returns::Value(ValueType::Bool) => len,
            Returns::Score | Returns::Value(ValueType::I64 | ValueType::F64) => len * 8,
            Returns::Value(ValueType::Str) => COLUMN,
        }
    }

    /// Takes the answers over, from document `at` of the batch on.
    ///
    /// # Errors
    /// Where what the guest returned can't be read at all.
    pub(crate) fn read(
        self,
        store: &Store<HostState>,
        place: Place,
        at: usize,
        answers: &mut Answers<'_>,
    ) -> Result<(), Fault> {
        if place.len == 0 {
            return Ok(());
        }
        let memory = store.data().memory.ok_or_else(gone)?.data(store);
        let slice = |from: usize, bytes: usize| memory.get(from..from + bytes).ok_or_else(gone);
        let out = slice(place.out, self.bytes(place.len))?;
        let validity = slice(place.validity, place.len.div_ceil(8))?;
        match self.returns {
            Returns::Filter => filters(out, at, answers),
            Returns::Score => self.scores(out, validity, at, answers),
            Returns::Value(ValueType::Str) => {
                return strings(memory, out, validity, place.len, at, answers);
            }
            Returns::Value(value_type) => numbers(value_type, out, validity, at, answers),
        }
        Ok(())
    }

    fn scores(self, out: &[u8], validity: &[u8], at: usize, answers: &mut Answers<'_>) {
        let limit = self
            .max_score
            .unwrap_or(f64::INFINITY)
            .min(f64::from(f32::MAX));
        for (i, score) in out.chunks_exact(8).map(f64_of).enumerate() {
            let index = at + i;
            if score >= 0.0 && score <= limit && is_set(validity, i) {
                answers.outcome.verdicts[index] = Verdict::Yes;
                // No negative zero.
                answers.outcome.scores[index] = score + 0.0;
            } else if score.is_nan() || !is_set(validity, i) {
                said_error(index, answers);
            } else {
                let why = match self.max_score {
                    Some(max) if score > max => format!("above the manifest's `max_score`, {max}"),
                    _ => format!("expected a number from 0 to {:e}", f32::MAX),
                };
                answers.fail(index, FailureKind::Protocol, || {
                    format!("the score is {score}, {why}")
                });
            }
        }
    }
}

fn filters(out: &[u8], at: usize, answers: &mut Answers<'_>) {
    let mut highest = 0;
    let verdicts = &mut answers.outcome.verdicts[at..at + out.len()];
    for (verdict, byte) in verdicts.iter_mut().zip(out) {
        *verdict = if *byte == 1 {
            Verdict::Yes
        } else {
            Verdict::No
        };
        highest = highest.max(*byte);
    }
    if highest < 2 {
        return;
    }
    for (i, byte) in out.iter().enumerate() {
        match byte {
            0 | 1 => {}
            2 => said_error(at + i, answers),
            other => answers.fail(at + i, FailureKind::Protocol, || {
                format!("the verdict is {other}, expected 0, 1 or 2")
            }),
        }
    }
}

fn numbers(
    value_type: ValueType,
    out: &[u8],
    validity: &[u8],
    at: usize,
    answers: &mut Answers<'_>,
) {
    for (i, bytes) in out.chunks_exact(value_type.width()).enumerate() {
        if !is_set(validity, i) {
            continue;
        }
        let index = at + i;
        let bits = bytes
            .iter()
            .rev()
            .fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        let double = f64::from_bits(bits);
        match value_type {
            ValueType::Bool if bits > 1 => answers.fail(index, FailureKind::Protocol, || {
                format!("the boolean is {bits}, expected 0 or 1")
            }),
            ValueType::F64 if double.is_nan() => said_error(index, answers),
            ValueType::F64 if double.is_infinite() => {
                answers.fail(index, FailureKind::Protocol, || {
                    format!("the value is {double}")
                });
            }
            _ => {
                answers.outcome.verdicts[index] = Verdict::Yes;
                answers.outcome.values.bits[index] = bits;
            }
        }
    }
}

/// Strings are where the Column says, anywhere in the guest's memory.
fn strings(
    memory: &[u8],
    column: &[u8],
    validity: &[u8],
    len: usize,
    at: usize,
    answers: &mut Answers<'_>,
) -> Result<(), Fault> {
    let word = |from: usize| u32_of(&column[from..from + 4]) as usize;
    let outside = |what: &str| {
        let message = format!("the {what} of the returned strings are outside the memory");
        Fault::Documents(FailureKind::Protocol, message)
    };
    let values = word(VALUES_AT);
    let starts = word(OFFSETS_AT);
    let offsets = memory
        .get(starts..starts + (len + 1) * 4)
        .ok_or_else(|| outside("offsets"))?;
    let offset = |i: usize| u32_of(&offsets[i * 4..i * 4 + 4]) as usize;
    let mut total = 0;
    for i in 0..len {
        let (from, to) = (offset(i), offset(i + 1));
        if from > to {
            let message = format!("the offsets of the returned strings fall from {from} to {to}");
            return Err(Fault::Documents(FailureKind::Protocol, message));
        }
        total += to - from;
        if total > MAX_OUTPUT_BYTES {
            let message = format!("the returned strings have more than {MAX_OUTPUT_BYTES} bytes");
            return Err(Fault::Documents(FailureKind::Limit, message));
        }
        if memory.len() < values + to {
            return Err(outside("bytes"));
        }
    }
    for i in (0..len).filter(|i| is_set(validity, *i)) {
        match std::str::from_utf8(&memory[values + offset(i)..values + offset(i + 1)]) {
            Ok(text) => answers.push_string(at + i, text),
            Err(error) => answers.fail(at + i, FailureKind::Protocol, || {
                format!("the returned string is not UTF-8: {error}")
            }),
        }
    }
    Ok(())
}

fn said_error(index: usize, answers: &mut Answers<'_>) {
    answers.said_errors += 1;
    answers.fail(index, FailureKind::Guest, || SAID_ERROR.to_string());
}

fn is_set(bits: &[u8], i: usize) -> bool {
    bits[i / 8] >> (i % 8) & 1 != 0
}

fn f64_of(bytes: &[u8]) -> f64 {
    bytes.try_into().map_or(f64::NAN, f64::from_le_bytes)
}

fn u32_of(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(u32::MAX, u32::from_le_bytes)
}

fn gone() -> Fault {
    let message = "the guest's memory is gone".to_string();
    Fault::Documents(FailureKind::Protocol, message)
}
