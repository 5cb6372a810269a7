//! What one version of a function has done since the registry was opened: counted always, read at any time.
//!
//! A batch costs three additions to atomics (its time); everything else is added once a query, when it ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::histogram::{Histogram, Quantiles};
use crate::batch::FunctionCounts;

/// The statistics of one version of a function, since the registry was opened or the version was added.
#[derive(Clone, Debug, Serialize)]
pub struct UdfStats {
    /// The function.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Queries that were let through; a query that names the function in two clauses counts twice.
    pub queries: u64,
    /// Those that are running now.
    pub running_queries: u32,
    /// Calls of the guest, by queries that have ended; as the following ones.
    pub calls: u64,
    /// Documents it was asked about.
    pub documents: u64,
    /// Answers that came from the result cache.
    pub cache_hits: u64,
    /// Documents it failed on, by kind.
    pub failures: FailureStats,
    /// Queries that ended because it exceeded a time limit.
    pub timeouts: u64,
    /// Queries that ended because no instance of it could be started.
    pub start_failures: u64,
    /// Queries that were refused, by reason.
    pub rejected: RejectedStats,
    /// Instances made.
    pub instances: u64,
    /// Instances that there are now.
    pub live_instances: u32,
    /// The most linear memory that an instance had, in bytes.
    pub peak_memory_bytes: u64,
    /// The time of each batch so far.
    pub batch_time: TimeStats,
    /// The circuit breaker.
    pub breaker: BreakerStats,
}

/// Documents that a function failed on, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailureStats {
    /// The function said so.
    pub guest: u64,
    /// It trapped.
    pub trap: u64,
    /// It returned what its ABI doesn't allow.
    pub protocol: u64,
    /// It asked for more than it may have.
    pub limit: u64,
}

/// Queries that were refused, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RejectedStats {
    /// The circuit breaker was open.
    pub breaker: u64,
    /// As many queries as may be were running.
    pub concurrent_queries: u64,
    /// More came in a second than may.
    pub queries_per_second: u64,
    /// As many instances as may be were there; these queries had begun.
    pub instances: u64,
}

/// Times of batches, in nanoseconds. Quantiles are at most 1/32 too long, never too short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimeStats {
    /// Batches.
    pub count: u64,
    /// Their times together.
    pub total_nanos: u64,
    /// Half of them took no longer.
    pub p50_nanos: u64,
    /// 95 of 100 took no longer.
    pub p95_nanos: u64,
    /// 99 of 100 took no longer.
    pub p99_nanos: u64,
    /// The longest.
    pub max_nanos: u64,
}

impl From<Quantiles> for TimeStats {
    fn from(q: Quantiles) -> Self {
        Self {
            count: q.count,
            total_nanos: q.total,
            p50_nanos: q.p50,
            p95_nanos: q.p95,
            p99_nanos: q.p99,
            max_nanos: q.longest,
        }
    }
}

/// The state of a circuit breaker.
#[derive(Clone, Debug, Serialize)]
pub struct BreakerStats {
    /// `closed` (queries pass), `open` (they are refused) or `half_open` (one passes as a trial).
    pub state: &'static str,
    /// How often it opened.
    pub opened: u64,
    /// Why it is not closed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When a query is let through again, in milliseconds, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

/// The counters behind [`UdfStats`].
pub(crate) struct Statistics {
    pub(crate) queries: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) start_failures: AtomicU64,
    pub(crate) refused_by_breaker: AtomicU64,
    pub(crate) refused_as_concurrent: AtomicU64,
    pub(crate) refused_by_rate: AtomicU64,
    pub(crate) refused_instances: AtomicU64,
    calls: AtomicU64,
    documents: AtomicU64,
    cache_hits: AtomicU64,
    instances: AtomicU64,
    failures: [AtomicU64; 4],
    peak_memory: AtomicU64,
    time: Histogram,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Self {
            queries: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            start_failures: AtomicU64::new(0),
            refused_by_breaker: AtomicU64::new(0),
            refused_as_concurrent: AtomicU64::new(0),
            refused_by_rate: AtomicU64::new(0),
            refused_instances: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            documents: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            instances: AtomicU64::new(0),
            failures: Default::default(),
            peak_memory: AtomicU64::new(0),
            time: Histogram::new(),
        }
    }

    /// Counts a batch. `memory`: what its instance has, in bytes.
    pub(crate) fn batch(&self, time: Duration, memory: usize) {
        self.time
            .record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let memory = memory as u64;
        if memory > self.peak_memory.load(Ordering::Relaxed) {
            self.peak_memory.fetch_max(memory, Ordering::Relaxed);
        }
    }

    /// Counts what a query did, when it ends.
    pub(crate) fn query(&self, counts: &FunctionCounts, cache_hits: u64) {
        let add = |counter: &AtomicU64, n: u64| {
            if n > 0 {
                counter.fetch_add(n, Ordering::Relaxed);
            }
        };
        add(&self.calls, counts.calls);
        add(&self.documents, counts.documents);
        add(&self.cache_hits, cache_hits);
        add(&self.instances, counts.instances);
        let failures = [
            counts.guest_failures,
            counts.traps,
            counts.protocol_failures,
            counts.limit_failures,
        ];
        for (counter, n) in self.failures.iter().zip(failures) {
            add(counter, n);
        }
    }

    /// Reads the counters; the rest is the caller's.
    pub(crate) fn read(&self, name: &str, version: String, breaker: BreakerStats) -> UdfStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let [guest, trap, protocol, limit] = self.failures.each_ref().map(get);
        UdfStats {
            name: name.to_string(),
            version,
            queries: get(&self.queries),
            running_queries: 0,
            calls: get(&self.calls),
            documents: get(&self.documents),
            cache_hits: get(&self.cache_hits),
            failures: FailureStats {
                guest,
                trap,
                protocol,
                limit,
            },
            timeouts: get(&self.timeouts),
            start_failures: get(&self.start_failures),
            rejected: RejectedStats {
                breaker: get(&self.refused_by_breaker),
                concurrent_queries: get(&self.refused_as_concurrent),
                queries_per_second: get(&self.refused_by_rate),
                instances: get(&self.refused_instances),
            },
            instances: get(&self.instances),
            live_instances: 0,
            peak_memory_bytes: get(&self.peak_memory),
            batch_time: self.time.read().into(),
            breaker,
        }
    }
}
