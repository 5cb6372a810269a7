//! The safe owner of the native writer: documents go in as JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bulk::{Bulk, WriterCore};
use super::snapshot::stored_schema;
use super::{ForceMerge, MergeMonitor, MergeOptions, Snapshot};
use crate::bridge;
use crate::schema::Schema;

/// Documents collected before they go to the engine in one call: so many,
const BATCH_DOCS: usize = 256;
/// or so many bytes of them.
const BATCH_BYTES: usize = 1 << 20;

/// How an index is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriterOptions {
    /// RAM for documents that are not in a segment yet, in bytes; 64 MiB by default, 2 GiB at most. A segment is written when
    /// it is full; threads that add meanwhile may fill as much again, and wait then.
    pub ram_buffer_bytes: u64,
    /// How many threads add documents at once, each through a [`Bulk`] of its own: 1 by default, 64 at most. The RAM is divided into as
    /// many buffers, by the documents' ids, and each of them becomes a segment of its own: no more than there are threads.
    pub indexing_threads: u32,
    /// How segments are merged in the background.
    pub merges: MergeOptions,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            ram_buffer_bytes: 64 << 20,
            indexing_threads: 1,
            merges: MergeOptions::default(),
        }
    }
}

/// How long a wait for merges lasts before it looks around again.
const MERGE_WAIT: Duration = Duration::from_secs(1);

/// Adds, replaces and deletes documents. One per folder, by a lock; dropped without a [`IndexWriter::commit`], what came after
/// the last one is gone.
///
/// `Send`, but used by one thread at a time; other threads add through a [`Bulk`] each.
pub struct IndexWriter {
    core: Arc<WriterCore>,
    folder: PathBuf,
    /// What was added here and is not in the native writer yet.
    own: Bulk,
}

impl std::fmt::Debug for IndexWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexWriter")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl IndexWriter {
    /// Opens the index in `folder`, or makes an empty one in a folder that is missing or empty. `mapping` is merged into the
    /// index's own.
    ///
    /// # Errors
    /// `Schema` if the mapping contradicts the index's own; `Native` with `Locked` if another writer has the folder, `NotFound`
    /// if it holds other files, `Corrupt`, `Io`, `InvalidArgument` for options out of their range.
    pub fn open(
        folder: impl AsRef<Path>,
        mapping: Option<&str>,
        options: WriterOptions,
    ) -> crate::Result<Self> {
        let folder = folder.as_ref();
        let path = path_str(folder)?;
        let core = WriterCore::open(path, &options, |stored| {
            let mut schema = stored_schema(path, stored)?;
            if let Some(mapping) = mapping {
                schema.update(mapping)?;
            }
            Ok(schema)
        })?;
        let core = Arc::new(core);
        Ok(Self {
            own: Bulk::new(Arc::clone(&core)),
            core,
            folder: folder.to_path_buf(),
        })
    }

    /// The mapping as it is now, with the fields that documents have added.
    #[must_use]
    pub fn schema(&self) -> Arc<Schema> {
        self.core.schema()
    }

    /// A bulk for another thread.
    #[must_use]
    pub fn bulk(&self) -> Bulk {
        Bulk::new(Arc::clone(&self.core))
    }

    pub(crate) fn core(&self) -> Arc<WriterCore> {
        Arc::clone(&self.core)
    }

    /// Adds a document, in place of the one with the same `_id` if there is one. The id is `id`, or else the document's own
    /// `_id` or `id`, or else a random one. The document is visible after [`IndexWriter::refresh`] and durable after [`IndexWriter::commit`].
    ///
    /// # Errors
    /// `Document` that names the place; the document is then not added, and nothing else has changed. `Native` as
    /// [`IndexWriter::refresh`], if a full buffer couldn't be written; documents that were accepted stay in it.
    pub fn add(&mut self, id: Option<&str>, json: &[u8]) -> crate::Result<()> {
        self.own.add(id, json)?;
        if self.own.len() >= BATCH_DOCS || self.own.bytes() >= BATCH_BYTES {
            self.own.apply()?;
        }
        Ok(())
    }

    /// Deletes the document of that `_id`, if there is one.
    ///
    /// # Errors
    /// As [`IndexWriter::refresh`].
    pub fn delete(&mut self, id: &str) -> crate::Result<()> {
        // Documents that came before must be there to be deleted.
        self.own.apply()?;
        Ok(bridge::writer_delete(&self.core.native, id.as_bytes())?)
    }

    /// Makes all changes up to now visible in the snapshot that is returned. They are not durable.
    ///
    /// # Errors
    /// `Native` with `Io`; the changes stay in the writer, and can be tried again.
    pub fn refresh(&mut self) -> crate::Result<Snapshot> {
        self.own.apply()?;
        let native = bridge::writer_refresh(&self.core.native)?;
        Ok(Snapshot::new(native, self.schema()))
    }

    /// Makes all changes up to now durable: when it returns, they survive a power cut.
    ///
    /// # Errors
    /// `Native` with `Io`: the commit before is then in force, and the changes are still in the writer.
    pub fn commit(&mut self) -> crate::Result<Snapshot> {
        self.own.apply()?;
        let _fields = self.core.hold_fields();
        let schema = self.schema();
        let mapping = schema.to_mapping_json();
        let native = bridge::writer_commit(&self.core.native, mapping.as_bytes())?;
        Ok(Snapshot::new(native, schema))
    }

    /// Merges segments, and returns when it is done. What it made is visible after a refresh, and durable after a commit. A failure
    /// loses nothing: the segments that were to be merged stay.
    ///
    /// # Errors
    /// `Native` with the code of the merge that failed (`Io`, `Corrupt`, `TooLarge`), with `InvalidArgument` for no segment;
    /// as [`IndexWriter::refresh`].
    pub fn force_merge(&mut self, merge: &ForceMerge) -> crate::Result<()> {
        self.begin_force_merge(merge)?;
        let monitor = self.merges()?;
        let mut seen = 0;
        while !self.advance_force_merge()? {
            seen = monitor.wait(seen, MERGE_WAIT)?;
        }
        Ok(())
    }

    /// Waits until no merge in the background is running or due, at most that long; returns whether none is. Merges that are put
    /// off after a failure are not waited for.
    ///
    /// # Errors
    /// `Native` with `OutOfMemory`.
    pub fn wait_for_merges(&mut self, most: Duration) -> crate::Result<bool> {
        let monitor = self.merges()?;
        let end = Instant::now().checked_add(most); // none: waits for ever
        let mut seen = 0;
        while !self.advance_merges()? {
            let left = end.map_or(MERGE_WAIT, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Ok(false);
            }
            seen = monitor.wait(seen, left.min(MERGE_WAIT))?;
        }
        Ok(true)
    }

    /// Tells what merges are doing; works from any thread, also while the writer is busy.
    ///
    /// # Errors
    /// `Native` with `OutOfMemory`.
    pub fn merges(&self) -> crate::Result<MergeMonitor> {
        let native = bridge::writer_merge_monitor(&self.core.native)?;
        Ok(MergeMonitor::new(native))
    }

    /// [`IndexWriter::force_merge`] in steps, for hosts that write meanwhile: begins, in place of what was asked for before.
    ///
    /// # Errors
    /// As there.
    pub fn begin_force_merge(&mut self, merge: &ForceMerge) -> crate::Result<()> {
        self.own.apply()?;
        bridge::writer_begin_forced_merge(
            &self.core.native,
            merge.max_segments,
            merge.reorder,
            merge.expunge_percent,
        )?;
        Ok(())
    }

    /// The next step, which doesn't wait. True once all is done; else to be called again after a change that
    /// [`MergeMonitor::wait`] tells.
    ///
    /// # Errors
    /// As [`IndexWriter::force_merge`], which then is over.
    pub fn advance_force_merge(&mut self) -> crate::Result<bool> {
        Ok(bridge::writer_advance_forced_merge(&self.core.native)?)
    }

    /// Takes up merges of the background that are finished, and begins those that are due, as every refresh does. True if there
    /// is none to wait for.
    ///
    /// # Errors
    /// `Native` with `OutOfMemory`.
    pub fn advance_merges(&mut self) -> crate::Result<bool> {
        Ok(bridge::writer_advance_merges(&self.core.native)?)
    }

    /// Removes files that only snapshots needed which are dropped by now. Refreshes and commits do so, too.
    pub fn remove_unused_files(&mut self) {
        bridge::writer_collect_files(&self.core.native);
    }

    /// Documents that are not in a segment yet; not those of bulks.
    #[must_use]
    pub fn buffered_docs(&self) -> u64 {
        bridge::writer_buffered_docs(&self.core.native) + self.own.len() as u64
    }
}

/// The native engine takes paths as UTF-8.
pub(super) fn path_str(path: &Path) -> crate::Result<&str> {
    path.to_str().ok_or_else(|| {
        crate::Error::InvalidArgument(format!("{}: the path is not UTF-8", path.display()))
    })
}
