//! One index in one folder: its writer, and snapshots of it.
//!
//! *Useful for*: adding and deleting documents, making them visible (`refresh`) and durable (`commit`), merging segments, reading
//! stored documents and columns, checking that all of it is whole. *Not useful for*: finding anything by a query (`search`), or more
//! than one index at a time (`shard`).

mod bulk;
mod check;
mod columns;
mod merges;
mod snapshot;
mod source_columns;
mod writer;

pub use bulk::Bulk;
pub(crate) use bulk::WriterCore;
pub use check::{CheckReport, RepairReport, SegmentCheck, check, repair};
pub use columns::SegmentColumns;
pub use merges::{ForceMerge, MergeMonitor, MergeOptions, MergeStats};
pub use snapshot::{DocAddress, Snapshot};
pub use writer::{IndexWriter, WriterOptions};
