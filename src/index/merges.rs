//! Merging segments: what a writer does by itself in the background, what a host can ask for, and how it is going.

use std::time::Duration;

use cxx::SharedPtr;

use crate::bridge;

/// How a writer merges segments in the background: tiered, as Lucene's `TieredMergePolicy`.
///
/// Segments of about one size are merged together, without their deleted documents. Searches and writes go on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeOptions {
    /// Whether it does at all; `true` by default. Without, only merges that are asked for are made.
    pub background: bool,
    /// Segments of about one size that there may be, and segments merged at once: 2 to 1,000, 10 by default. Fewer make
    /// searches faster and writing slower.
    pub segments_per_tier: u32,
    /// Smaller segments count as being of this size, in bytes, so that they are merged soon; 16 MiB by default.
    pub floor_segment_bytes: u64,
    /// No merge in the background makes a larger segment, in bytes; 5 GiB by default.
    pub max_merged_bytes: u64,
    /// With a larger share of deleted documents, segments are merged to get rid of them: 5 to 100 percent, 20 by default.
    pub max_deleted_percent: u32,
    /// Merges of so many documents or more put documents that share terms beside each other, which makes the index smaller
    /// and searches faster and takes some ten seconds a million documents. 0, the default: none does.
    pub reorder_min_docs: u32,
    /// Merges at a time: 1 to 16, 1 by default.
    pub threads: u32,
    /// When so many merges are running or waiting and more are due, adding documents waits for one to finish; 6 by default.
    pub max_pending: u32,
    /// It waits no longer than this for each segment that is written; 10 s by default.
    pub max_stall: Duration,
    /// After a merge failed, none is begun for so long, and for twice as long after each further failure, up to a minute; 1 s by
    /// default.
    pub retry_after: Duration,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self {
            background: true,
            segments_per_tier: 10,
            floor_segment_bytes: 16 << 20,
            max_merged_bytes: 5 << 30,
            max_deleted_percent: 20,
            reorder_min_docs: 0,
            threads: 1,
            max_pending: 6,
            max_stall: Duration::from_secs(10),
            retry_after: Duration::from_secs(1),
        }
    }
}

impl MergeOptions {
    /// No merges in the background.
    #[must_use]
    pub fn none() -> Self {
        Self {
            background: false,
            ..Self::default()
        }
    }

    pub(super) fn settings(&self) -> bridge::MergeSettings {
        bridge::MergeSettings {
            background: self.background,
            segments_per_tier: self.segments_per_tier,
            floor_segment_bytes: self.floor_segment_bytes,
            max_merged_bytes: self.max_merged_bytes,
            max_deleted_percent: self.max_deleted_percent,
            reorder_min_docs: self.reorder_min_docs,
            threads: self.threads,
            max_pending: self.max_pending,
            max_stall_ms: millis(self.max_stall),
            retry_ms: millis(self.retry_after),
        }
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Merges that a host asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForceMerge {
    pub(super) max_segments: u32,
    pub(super) reorder: bool,
    /// Negative: by the number of segments.
    pub(super) expunge_percent: i32,
}

impl ForceMerge {
    /// Until at most so many segments are left of those that are there now; for 1, also without deleted documents. Not 0.
    #[must_use]
    pub fn to_segments(max_segments: u32) -> Self {
        Self {
            max_segments,
            reorder: false,
            expunge_percent: -1,
        }
    }

    /// Only segments in which more than so many percent of the documents are deleted, 0 to 100: they are written anew.
    #[must_use]
    pub fn expunge_deletes(percent: u8) -> Self {
        Self {
            expunge_percent: i32::from(percent),
            ..Self::to_segments(1)
        }
    }

    /// Also puts the documents of each of these segments into an order in which those that share terms stand together
    /// (recursive graph bisection). Hits of one score may then come in another order.
    #[must_use]
    pub fn reordered(self) -> Self {
        Self {
            reorder: true,
            ..self
        }
    }
}

/// What merging has done since the writer was opened, and is doing.
#[derive(Debug)]
#[non_exhaustive]
pub struct MergeStats {
    /// Merges at work.
    pub running: u64,
    /// Merges that wait for a thread.
    pub queued: u64,
    /// Merges that succeeded.
    pub merges: u64,
    /// Documents that they wrote.
    pub documents: u64,
    /// Bytes that they wrote.
    pub bytes: u64,
    /// Failures of merges, and of removing files that are not needed any more. What failed is tried again by itself.
    pub failures: u64,
    /// How often adding documents waited for merges,
    pub stalls: u64,
    /// and how long in all.
    pub stalled: Duration,
    /// The latest failure, until a merge succeeds.
    pub last_error: Option<crate::Error>,
}

/// Tells what a writer's merges are doing, also while the writer is at work. Cheap to clone, `Send + Sync`.
#[derive(Clone)]
pub struct MergeMonitor {
    native: SharedPtr<bridge::MergeMonitor>,
}

impl std::fmt::Debug for MergeMonitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MergeMonitor").finish_non_exhaustive()
    }
}

impl MergeMonitor {
    pub(super) fn new(native: SharedPtr<bridge::MergeMonitor>) -> Self {
        Self { native }
    }

    /// What they have done so far.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn stats(&self) -> crate::Result<MergeStats> {
        let mut error = Vec::new();
        let counts = bridge::merge_counts(&self.native, &mut error)?;
        Ok(MergeStats {
            running: counts.running,
            queued: counts.queued,
            merges: counts.merges,
            documents: counts.documents,
            bytes: counts.bytes,
            failures: counts.failures,
            stalls: counts.stalls,
            stalled: Duration::from_millis(counts.stalled_ms),
            last_error: counts
                .has_error
                .then(|| bridge::native_error(&String::from_utf8_lossy(&error))),
        })
    }

    /// Waits until something has changed since the call that returned `seen` (0: since ever), at most that long. Returns what
    /// to give as `seen` next time.
    ///
    /// # Errors
    /// `Native` with `Internal`, should the system refuse to wait.
    pub fn wait(&self, seen: u64, most: Duration) -> crate::Result<u64> {
        Ok(bridge::merge_wait(&self.native, seen, millis(most))?)
    }
}
