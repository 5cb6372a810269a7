#![doc = include_str!("../README.md")]

pub mod analysis;
mod automaton;
pub mod batch;
mod bridge;
#[cfg(feature = "cli")]
pub mod cli;
pub mod error;
pub mod index;
pub mod query;
pub mod schema;
pub mod search;
pub mod shard;
mod strict_json;
mod threads;
#[cfg(feature = "udf")]
pub mod udf;

pub use error::{Error, ErrorCode, Result};
