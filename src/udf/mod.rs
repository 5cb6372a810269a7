//! User-defined functions: WebAssembly modules that filter documents inside a search.
//!
//! A module is registered under a name and a version ([`UdfRegistry`]), which reads its [`Manifest`], validates it and tries
//! it out. A search resolves the name once, checks the query's parameters ([`RegisteredUdf::prepare`]) and takes a binding
//! for each of its threads ([`PreparedUdf::bind`]), which answers batches of documents through the trait
//! [`BatchUdf`](crate::batch::BatchUdf). What a guest sees is in `docs/udf-reference.md`.
//!
//! *Useful for*: asking code that nobody vouches for about many documents, fast. A guest has no files, network, time or
//! random numbers; its time, memory and stack are bounded; it can fail, but only for the documents it fails on.
//!
//! *Not useful for*: knowing where values come from (the caller gives [`Columns`](crate::batch::Columns)), or what a
//! document in error means for the query (the caller's `on_error`).
//!
//! ```
//! # fn main() -> diagon::Result<()> {
//! # const MODULE: &[u8] = br#"(module)"#;
//! use diagon::udf::UdfRegistry;
//!
//! let registry = UdfRegistry::in_memory()?;
//! let refused = registry.add(MODULE, None).unwrap_err();
//! assert!(refused.to_string().contains("this is WebAssembly text"));
//! # Ok(())
//! # }
//! ```

mod advice;
mod batch_abi;
mod bind;
mod breaker;
mod cached;
mod code;
mod compiled;
mod complexity;
mod dictionary;
mod dry_run;
mod engine;
mod folder;
mod folder_aliases;
mod folder_lock;
mod guest;
mod histogram;
mod holder;
mod host;
mod hostfns;
mod imports;
mod json;
mod layout;
pub mod limits;
mod loading;
mod manifest;
mod manifest_limits;
mod manifest_parse;
mod module_info;
mod outcome;
mod outputs;
mod pack;
mod param_block;
mod params;
mod preinit;
mod prepared;
mod rate;
mod registered;
mod registry;
mod registry_aliases;
mod result_cache;
mod row_abi;
mod row_column;
mod row_fields;
mod row_host;
mod stats;
mod synthetic;
mod table;
mod ticker;
mod usage;
pub mod validate;
mod values;

#[cfg(test)]
mod tests;

pub use advice::advice;
pub use bind::BoundUdf;
pub use breaker::BreakerOptions;
pub use engine::{EngineOptions, UdfEngine};
pub use host::LogLine;
pub use limits::{MAX_MANIFEST_BYTES, MAX_MODULE_BYTES, UdfLimits};
pub use manifest::{Abi, FieldSpec, Input, Kind, Manifest, ParamSpec, RowConvention};
pub use manifest_limits::ManifestLimits;
pub use outcome::UdfCounters;
pub use pack::{MANIFEST_SECTION, pack};
pub use params::Params;
pub use prepared::PreparedUdf;
pub use registered::RegisteredUdf;
pub use registry::{Damaged, Registration, UdfRegistry};
pub use registry_aliases::Alias;
pub use result_cache::ResultCacheStats;
pub use semver::Version;
pub use stats::{BreakerStats, FailureStats, RejectedStats, TimeStats, UdfStats};
pub use values::{ParamType, ParamValue};
