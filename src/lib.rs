#![doc = include_str!("../README.md")]

pub mod analysis;
pub mod batch;
mod bridge;
pub mod error;
pub mod index;
pub mod query;
pub mod schema;
pub mod search;
pub mod udf;

pub use error::{Error, ErrorCode, Result};
