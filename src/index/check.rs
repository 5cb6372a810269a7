//! Whether an index is whole, and dropping what is not.

use std::path::{Path, PathBuf};

use super::writer::path_str;
use crate::bridge;

/// What a check has found about one segment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SegmentCheck {
    /// The start of its files' names.
    pub name: String,
    /// Documents, deleted ones included.
    pub documents: u32,
    /// Documents that are not deleted.
    pub live_docs: u32,
    /// Bytes that were read. With [`SegmentCheck::damage`], this and the counts below are 0.
    pub bytes: u64,
    /// Different terms, over all fields.
    pub terms: u64,
    /// Pairs of a term and a document that has it.
    pub postings: u64,
    /// Values in columns.
    pub values: u64,
    /// Live documents whose `_id` a later live document has, too.
    pub duplicates: u64,
    /// What is wrong, with the file.
    pub damage: Option<String>,
}

impl SegmentCheck {
    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damage.is_none() && self.duplicates == 0
    }
}

/// What [`check`] or [`repair`] has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// The number of the commit that was read.
    pub generation: u64,
    /// Its segments, in the order of their documents.
    pub segments: Vec<SegmentCheck>,
}

impl CheckReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.segments.iter().all(SegmentCheck::is_sound)
    }
}

/// What [`repair`] has found and done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RepairReport {
    /// What it found.
    pub found: CheckReport,
    /// Live documents that are gone. Duplicates don't count: the latest document of each `_id` is still there.
    pub lost_docs: u64,
    /// The folder that keeps the files that were dropped, and the manifest that named them. Without one, nothing was damaged and
    /// nothing was done.
    pub aside: Option<PathBuf>,
}

/// Reads all of an index's latest commit, also while a writer is at work: the checksum of every block of every file, then every
/// term, posting, value and stored document; and compares what is said twice. Damage of a segment is in the report.
///
/// # Errors
/// `Native` with `NotFound` if the folder isn't an index, `Corrupt` if its manifest is damaged, `Io`, `UnsupportedFormat`.
pub fn check(folder: impl AsRef<Path>) -> crate::Result<CheckReport> {
    Ok(report(bridge::check_index(path_str(folder.as_ref())?)?))
}

/// As [`check`]; then drops damaged segments, and all but the latest of live documents with one `_id`, by a new commit. What
/// is dropped is kept in a folder `damaged-…` in the index's own. A crash leaves the index as it was, or repaired.
///
/// A segment whose list of live documents is damaged is dropped as a whole: nothing says which of its documents were deleted. A
/// damaged manifest can't be repaired: nothing says what the index has.
///
/// # Errors
/// As [`check`]; `Native` with `Locked` while a writer is open.
pub fn repair(folder: impl AsRef<Path>) -> crate::Result<RepairReport> {
    let mut native = bridge::repair_index(path_str(folder.as_ref())?)?;
    let aside = std::mem::take(&mut native.aside);
    Ok(RepairReport {
        lost_docs: native.lost_docs,
        aside: (!aside.is_empty()).then(|| PathBuf::from(aside)),
        found: report(native),
    })
}

fn report(native: bridge::IndexCheck) -> CheckReport {
    let segments = native.segments.into_iter().map(|segment| SegmentCheck {
        name: format!("seg-{:08x}", segment.number),
        documents: segment.max_doc,
        live_docs: segment.live_docs,
        bytes: segment.bytes,
        terms: segment.terms,
        postings: segment.postings,
        values: segment.values,
        duplicates: segment.duplicates,
        damage: (!segment.damage.is_empty()).then_some(segment.damage),
    });
    CheckReport {
        generation: native.generation,
        segments: segments.collect(),
    }
}
