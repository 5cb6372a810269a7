//! What a function may answer about one document.

use core::fmt::Display;
use std::borrow::Cow;

use crate::guest::log_reason;

/// The engine knows which documents are in error; what is logged about them so, in their order, it tells with them.
#[cold]
fn tell(error: &impl Display) {
    log_reason(&error.to_string());
}

/// The answer of a filter.
pub trait Verdict {
    /// 0 no, 1 yes, 2 error.
    fn verdict(self) -> u8;
}

impl Verdict for bool {
    #[inline(always)]
    fn verdict(self) -> u8 {
        u8::from(self)
    }
}

impl<E: Display> Verdict for Result<bool, E> {
    #[inline(always)]
    fn verdict(self) -> u8 {
        match self {
            Ok(yes) => u8::from(yes),
            Err(error) => {
                tell(&error);
                2
            }
        }
    }
}

/// The answer of a score function.
pub trait Score {
    /// The score; NaN is an error.
    fn score(self) -> f64;
}

impl Score for f64 {
    #[inline(always)]
    fn score(self) -> f64 {
        self
    }
}

impl<E: Display> Score for Result<f64, E> {
    #[inline(always)]
    fn score(self) -> f64 {
        self.unwrap_or_else(|error| {
            tell(&error);
            f64::NAN
        })
    }
}

/// What a value function has to say about a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<T> {
    /// The value.
    Value(T),
    /// There is none.
    Missing,
    /// It can't be told.
    Error,
}

impl Answer<f64> {
    /// NaN is how the engine tells an error from a missing value.
    #[doc(hidden)]
    #[inline(always)]
    pub fn or_nan(self) -> Self {
        match self {
            Self::Error => Self::Value(f64::NAN),
            answer => answer,
        }
    }
}

/// The answer of a value function.
pub trait Value {
    /// Of what type the values are.
    type Item;
    /// The value.
    fn value(self) -> Answer<Self::Item>;
}

/// The types that values have.
pub trait Item {}

impl Item for f64 {}
impl Item for i64 {}
impl Item for bool {}
impl Item for String {}
impl Item for &str {}
impl Item for Cow<'_, str> {}

impl<T: Item> Value for T {
    type Item = T;

    #[inline(always)]
    fn value(self) -> Answer<T> {
        Answer::Value(self)
    }
}

impl<T: Item> Value for Option<T> {
    type Item = T;

    #[inline(always)]
    fn value(self) -> Answer<T> {
        self.map_or(Answer::Missing, Answer::Value)
    }
}

impl<T: Value, E: Display> Value for Result<T, E> {
    type Item = T::Item;

    #[inline(always)]
    fn value(self) -> Answer<T::Item> {
        match self {
            Ok(value) => value.value(),
            Err(error) => {
                tell(&error);
                Answer::Error
            }
        }
    }
}
