//! From a request to a response: lowering, the batch loop, the collector, the page.
//!
//! *Useful for*: running a search over a snapshot, with user-defined functions in it. *Not useful for*: reading JSON requests
//! (`query`), several shards (`shard`).
//!
//! A request is *lowered* to the engine's query with a number for each UDF leaf. Without leaves the engine finds the best hits
//! by itself; with leaves it hands out batches of candidates, each leaf is asked about those that it can still change, and
//! what is accepted is collected here. Either way every function is asked before hits are counted, ranked or cut into pages, so
//! totals and pages are exact.

mod batch_loop;
mod cancel;
mod collector;
mod filtered_loop;
mod functions;
mod lower;
mod lower_compound;
mod lower_leaf;
mod lower_multi_term;
mod response;
mod script_fields;
mod searcher;
mod sort;

pub use cancel::CancelToken;
pub use functions::FunctionReport;
pub use response::{Hit, Profile, Relation, SearchResponse, TopDocs, TotalHits};
pub use script_fields::{ComputedField, FieldValue};
pub use searcher::{SearchOptions, Searcher};
pub use sort::SortValue;
