//! Parameters as arguments.

use core::ops::Deref;

/// A parameter of the query, as an argument of a function: `budget: Param<f64>`. It dereferences to the value.
///
/// `T` is `bool`, `i32`, `i64`, `f32`, `f64`, `&str`, a list of them (`&[f64]`, `&[&str]`, [`Strs`](crate::Strs)), or an
/// `Option` of any, which is `None` where the query doesn't give it. A test makes one as `Param(2.5)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Param<T>(pub T);

impl<T> Deref for Param<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Param<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
