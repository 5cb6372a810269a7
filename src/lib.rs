#![doc = include_str!("../README.md")]

pub mod analysis;
pub mod batch;
pub mod error;
pub mod query;
pub mod schema;
#[cfg(feature = "udf")]
pub mod udf;

pub use error::{Error, ErrorCode, Result};
