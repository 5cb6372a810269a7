//! The decay functions of `function_score`: `gauss`, `exp` and `linear`.

use super::ast::{FieldName, Scalar};
use super::function_score::{FunctionKind, named};
use super::geo::{Point, point};
use super::json::Node;
use super::leaf::{number, scalar};
use super::request::unknown_key;

/// `{"gauss": {"day": {"origin": "now", "scale": "10d", "offset": "1d", "decay": 0.5}, "multi_value_mode": "min"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Decay {
    /// The curve.
    pub shape: Shape,
    /// A number, a date or a point.
    pub field: FieldName,
    /// Where the function is 1; for dates, now by default.
    pub origin: Option<Origin>,
    /// How far from the origin, and the offset, it is [`Decay::decay`]: a number, a time or a length.
    pub scale: Scalar,
    /// How far around the origin it stays 1; nothing by default.
    pub offset: Option<Scalar>,
    /// From 0 to 1, both exclusive; 0.5 by default.
    pub decay: f64,
    /// Which of the distances of several values counts, or what is made of them.
    pub mode: MultiValueMode,
}

/// Where a decay function is 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A number or date, or a point as a string.
    Value(Scalar),
    /// A point, as an object or array.
    Point(Point),
}

/// The curve of a decay function; the numbers are the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Shape {
    /// A bell.
    Gauss = 0,
    /// An exponential decay.
    Exp = 1,
    /// A straight line, down to 0.
    Linear = 2,
}

impl Shape {
    /// The name in requests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gauss => "gauss",
            Self::Exp => "exp",
            Self::Linear => "linear",
        }
    }
}

named! {
    /// Which of several values counts, or what is made of them.
    MultiValueMode {
        /// The smallest.
        #[default]
        Min = 0, "min";
        /// The largest.
        Max = 1, "max";
        /// Their sum.
        Sum = 2, "sum";
        /// Their mean.
        Avg = 3, "avg";
        /// The one in the middle, or the mean of the two in the middle.
        Median = 4, "median";
    }
}

pub(super) fn decay(body: &Node<'_, '_>, shape: Shape) -> crate::Result<FunctionKind> {
    const KEYS: [&str; 4] = ["origin", "scale", "offset", "decay"];
    let (mut found, mut mode) = (None, MultiValueMode::Min);
    for entry in &body.object("an object such as {\"field\": {\"origin\": 1, \"scale\": 2}}")? {
        let value = body.member(entry);
        if entry.key == "multi_value_mode" {
            mode = MultiValueMode::parse(&value)?;
            continue;
        }
        if found.is_some() {
            let message = format!(
                "`{}` takes one field, `{}` is a second one",
                shape.name(),
                entry.key
            );
            return Err(value.error(message));
        }
        let (mut origin, mut scale, mut offset, mut decay) = (None, None, None, 0.5);
        for entry in &value.object("an object with `origin` and `scale`")? {
            let member = value.member(entry);
            match &*entry.key {
                "origin" if matches!(member.kind(), b'{' | b'[') => {
                    origin = Some(Origin::Point(point(&member)?));
                }
                "origin" => origin = Some(Origin::Value(scalar(&member)?)),
                "scale" => scale = Some(scalar(&member)?),
                "offset" => offset = Some(scalar(&member)?),
                "decay" => {
                    decay = number(&member)?.as_f64();
                    if decay <= 0.0 || decay >= 1.0 {
                        return Err(member.expected("a number between 0 and 1"));
                    }
                }
                key => return Err(unknown_key(&member, key, "a decay function", &KEYS)),
            }
        }
        let field = FieldName {
            name: entry.key.to_string(),
            place: value.place(),
        };
        let scale =
            scale.ok_or_else(|| value.error(format!("`{}` needs `scale`", shape.name())))?;
        found = Some((field, origin, scale, offset, decay));
    }
    let missing = || body.error(format!("`{}` needs a field", shape.name()));
    let (field, origin, scale, offset, decay) = found.ok_or_else(missing)?;
    Ok(FunctionKind::Decay(Decay {
        shape,
        field,
        origin,
        scale,
        offset,
        decay,
        mode,
    }))
}
