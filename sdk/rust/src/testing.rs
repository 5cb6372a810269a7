//! Asks functions about batches natively, without an engine: the loop, missing values, parameters.
//!
//! A function's rule is tested by calling it: it stays a function. What is tested here is what becomes of a batch.
//!
//! ```
//! use diagon_udf::testing::BatchBuilder;
//! use diagon_udf::Param;
//!
//! #[diagon_udf::filter]
//! fn affordable(price: f64, tags: &[&str], budget: Param<f64>) -> bool {
//!     price <= *budget && !tags.contains(&"sold-out")
//! }
//!
//! # fn main() {
//! let mut batch = BatchBuilder::new(3);
//! batch
//!     .f64_column(&[Some(9.0), Some(9.0), None])
//!     .str_list_column(&[&[], &["new", "sold-out"], &[]])
//!     .f64_param(10.0);
//! assert_eq!(batch.filter::<affordable>(), [Some(true), Some(false), Some(false)]);
//! # }
//! ```
//!
//! Columns and parameters are added in the manifest's order: that of the arguments, where a field with `from_param` adds a
//! parameter at its place. A default is the engine's work: where a test leaves a value out, it has to be put in.

mod builder;
mod strings;

pub use builder::BatchBuilder;
pub use strings::OwnedStrs;

#[cfg(test)]
mod tests;
