//! Write functions for the Diagon search engine in Rust: a plain function about one document, everything else is here.
//!
//! ```
//! use diagon_udf::Param;
//!
//! /// Price is within budget, and there are some left.
//! #[diagon_udf::filter]
//! fn affordable(price: f64, tags: &[&str], budget: Param<f64>) -> bool {
//!     price <= *budget && !tags.contains(&"sold-out")
//! }
//!
//! # fn main() {
//! // A function like any other, for tests:
//! assert!(affordable(9.0, &["new"], Param(10.0)));
//! # }
//! ```
//!
//! Built as a `cdylib` for `wasm32-unknown-unknown` that is a whole module: manifest, exports, memory for batches, the loop over
//! the documents, panics that tell their text and place. The attributes are [`filter`](macro@filter), [`score`](macro@score) and
//! [`value`](macro@value); README.md tells all they take. [`testing`] asks a function about whole batches, natively. [`Function`]
//! is the layer below, for a loop of one's own.

#![warn(missing_docs)]

extern crate self as diagon_udf; // what the attributes write names the crate so, also in here

/// The examples of README.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod answer;
mod batch;
mod column;
mod function;
mod guest;
mod list;
mod out;
mod param;
mod raw;
#[doc(hidden)]
pub mod run;
mod set;
pub mod testing;
mod validity;

pub use answer::{Answer, Score, Value, Verdict};
pub use batch::Batch;
pub use column::{BoolColumn, F64Column, I64Column, ListColumn, StrColumn};
pub use diagon_udf_macros::{filter, score, value};
pub use function::Function;
pub use guest::{fail, log, Level};
pub use list::{List, Strs, StrsIter};
pub use out::{Missing, Out, Strings};
pub use param::Param;
pub use set::StrSet;
pub use validity::{Present, Runs, Validity};

/// What the attributes write calls these. They are no interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::answer::{Answer, Score, Value, Verdict};
    #[cfg(target_arch = "wasm32")]
    pub use crate::function::call;
    pub use crate::function::custom_section;
    pub use crate::run;

    /// A parameter that the engine always gives: required, or with a default.
    #[inline]
    #[track_caller]
    pub fn given<T>(param: Option<T>, name: &str) -> T {
        match param {
            Some(value) => value,
            None => panic!("`{name}` is not given"),
        }
    }

    /// What is made once a batch and handed over by value: to each document a copy.
    #[inline(always)]
    pub fn copied<T: Copy>(once: &T) -> T {
        *once
    }

    /// An input that the engine gives with each batch, but for the empty one that it tries at registration.
    #[inline]
    #[track_caller]
    pub fn input<'a, T>(values: Option<&'a [T]>, documents: usize, name: &str) -> &'a [T] {
        match values {
            None if documents == 0 => &[],
            values => given(values, name),
        }
    }
}
