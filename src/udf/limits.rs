//! How much of everything a function gets. Fixed limits are constants, the rest is [`UdfLimits`].

use std::num::NonZeroU64;
use std::time::Duration;

use super::breaker::BreakerOptions;
use crate::batch::QueryLimits;

/// The largest module, in bytes.
pub const MAX_MODULE_BYTES: usize = 16 << 20;
/// The largest manifest section of a module, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 64 << 10;
/// Column data of one batch, in bytes: a batch with more is cut.
pub const MAX_BATCH_BYTES: usize = 4 << 20;
/// Column data of one document, in bytes: a document with more is that document's error.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;
/// The parameters of one query for one function, in bytes as the guest sees them.
///
/// Room for a list of a million integers, in the 16 MiB of memory that an instance has by default.
pub const MAX_PARAMETER_BYTES: usize = 9 << 20;
/// Strings that a guest returns about one batch, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 4 << 20;
/// A message of a guest (a failure, a line of its log), in bytes: the rest is dropped.
pub const MAX_MESSAGE_BYTES: usize = 1 << 10;
/// Failures kept of one batch; more are counted only.
pub const MAX_KEPT_FAILURES: usize = 16;
/// Values that the host holds for a row guest of one query, in bytes, over all fields.
pub const MAX_ROW_BYTES: usize = 64 << 20;
/// Different fields that a row guest may ask for in one query.
pub const MAX_ROW_FIELDS: usize = 256;
/// The stack of a guest, in bytes. The thread that runs it needs 1 MiB more.
pub const MAX_STACK_BYTES: usize = 512 << 10;
/// Entries of a guest's table of functions.
pub const MAX_TABLE_ENTRIES: usize = 1 << 16;

/// What a time without an end is taken for.
pub(crate) const LONG_TIME: Duration = Duration::from_secs(1 << 30);

/// The limits that a host may choose for a registry.
#[derive(Clone, Debug)]
pub struct UdfLimits {
    /// Linear memory of one instance, in bytes. 16 MiB; the engine's pool must have been made for as much.
    pub memory_bytes: usize,
    /// Time that a guest may spend on a batch, whatever its size. 100 ms. It covers the start function and `_initialize`
    /// of instances made for the batch, too.
    pub batch_base: Duration,
    /// Time on top of that for each document. 1 ms.
    pub per_document: Duration,
    /// Time that a function may take in one query, all its batches together: reading columns, calls, and all. 60 s.
    pub query: Duration,
    /// Instances of one version that may live at the same time, over all queries. 1,000. A query that would need one more fails.
    pub instances: u32,
    /// Queries that may use one version at the same time. 1,000. One more is refused before anything of it runs.
    pub concurrent_queries: u32,
    /// Queries that may begin to use one version in a second; as many may come at once after a quiet second. `None`, no limit, is the default.
    pub queries_per_second: Option<u32>,
    /// When a function that goes wrong again and again is left alone.
    pub breaker: BreakerOptions,
    /// What is kept of a guest's log in one query, in bytes. 8 KiB.
    pub log_bytes: usize,
    /// Room for what pure filters have answered, over all functions of the registry, in bytes. 32 MiB; 0 keeps nothing.
    pub result_cache_bytes: usize,
}

impl Default for UdfLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 16 << 20,
            batch_base: Duration::from_millis(100),
            per_document: Duration::from_millis(1),
            query: Duration::from_secs(60),
            instances: 1_000,
            concurrent_queries: 1_000,
            queries_per_second: None,
            breaker: BreakerOptions::default(),
            log_bytes: 8 << 10,
            result_cache_bytes: 32 << 20,
        }
    }
}

impl UdfLimits {
    /// The lower of these and a query's own, for each.
    pub(crate) fn within(&self, query: &QueryLimits) -> Self {
        let millis = |n: NonZeroU64| Duration::from_millis(n.get());
        let lower = |time: Duration, own: Option<Duration>| own.map_or(time, |own| own.min(time));
        let mut limits = self.clone();
        if let Some(bytes) = query.memory_bytes {
            let bytes = usize::try_from(bytes.get()).unwrap_or(usize::MAX);
            limits.memory_bytes = limits.memory_bytes.min(bytes);
        }
        let micros = |n: NonZeroU64| Duration::from_micros(n.get());
        limits.batch_base = lower(limits.batch_base, query.batch_base_ms.map(millis));
        limits.per_document = lower(limits.per_document, query.per_document_us.map(micros));
        limits.query = lower(limits.query, query.query_ms.map(millis));
        limits
    }

    /// The time that a guest may spend on a batch of `documents`.
    #[must_use]
    pub fn batch(&self, documents: usize) -> Duration {
        let documents = u32::try_from(documents).unwrap_or(u32::MAX);
        self.batch_base
            .saturating_add(self.per_document.saturating_mul(documents))
    }
}

/// Makes a message fit to be shown: cut at [`MAX_MESSAGE_BYTES`], between characters, and without control characters, which a
/// guest could write on somebody's terminal with.
pub(crate) fn clip(mut message: String) -> String {
    if message.len() > MAX_MESSAGE_BYTES {
        let mut end = MAX_MESSAGE_BYTES;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
    }
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    if message.contains(control) {
        message = message.replace(control, "\u{fffd}");
        return clip(message);
    }
    message
}
