//! A JSON value as a field sees it, with OpenSearch's coercions.

use super::field::DeclaredType;

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'v> {
    Bool(bool),
    I64(i64),
    /// An integer beyond `i64`.
    U64(u64),
    F64(f64),
    Str(&'v str),
    /// A number as it was written, for fields that keep its text.
    Raw(&'v str),
}

impl std::fmt::Display for Scalar<'_> {
    /// The value in a message, cut where it is long.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::U64(value) => value.fmt(f),
            Self::F64(value) => write!(f, "{value:?}"),
            Self::Raw(text) => f.write_str(text),
            Self::Str(text) => match text.char_indices().nth(60) {
                Some((end, _)) => write!(f, "\"{}…\"", &text[..end]),
                None => write!(f, "\"{text}\""),
            },
        }
    }
}

/// An integer of the declared type. A fraction is cut off, a string is read, an empty one is no value (`None`).
pub(crate) fn to_long(value: &Scalar<'_>, declared: DeclaredType) -> Result<Option<i64>, String> {
    let number = match *value {
        Scalar::I64(value) => Some(value),
        Scalar::F64(value) => truncate(value),
        Scalar::Str("") => return Ok(None),
        Scalar::Str(text) | Scalar::Raw(text) => text
            .parse()
            .ok()
            .or_else(|| fraction(text).and_then(truncate)),
        Scalar::Bool(_) | Scalar::U64(_) => None,
    };
    let (least, greatest) = declared.integer_range();
    match number.filter(|number| (least..=greatest).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(format!(
            "{value} is no {} from {least} to {greatest}",
            declared.name()
        )),
    }
}

/// A string that has a point or exponent, as a number. Digits alone are an integer: a double would round it.
fn fraction(text: &str) -> Option<f64> {
    text.contains(['.', 'e', 'E']).then(|| text.parse().ok())?
}

/// Cuts off the fraction; `None` if what remains doesn't fit.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn truncate(value: f64) -> Option<i64> {
    // -2^63 is a double, and 2^63 the first beyond the range.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
        .contains(&value)
        .then_some(value as i64)
}

/// A finite double; a `float` must fit 32 bits. A string is read, an empty one is no value (`None`).
#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest double is what the field holds"
)]
pub(crate) fn to_double(value: &Scalar<'_>, declared: DeclaredType) -> Result<Option<f64>, String> {
    let number = match *value {
        Scalar::I64(value) => Some(value as f64),
        Scalar::U64(value) => Some(value as f64),
        Scalar::F64(value) => Some(value),
        Scalar::Str("") => return Ok(None),
        Scalar::Str(text) | Scalar::Raw(text) => text.parse().ok(),
        Scalar::Bool(_) => None,
    };
    let greatest = match declared {
        DeclaredType::Float => f64::from(f32::MAX),
        _ => f64::MAX,
    };
    match number.filter(|number| number.abs() <= greatest) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("{value} is no {}", declared.name())),
    }
}

/// A boolean; the strings `"true"`, `"false"` and `""` (false) are taken too.
pub(crate) fn to_bool(value: &Scalar<'_>) -> Result<bool, String> {
    match value {
        Scalar::Bool(value) => Ok(*value),
        Scalar::Str("true") => Ok(true),
        Scalar::Str("false" | "") => Ok(false),
        _ => Err(format!("{value} is no boolean")),
    }
}
