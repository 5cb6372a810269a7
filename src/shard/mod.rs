//! An index as a host holds it: a folder with shards and a registry of functions.
//!
//! *Useful for*: opening a folder, writing to it from several threads, searching what is visible. *Not useful for*: how a search
//! runs (`search`) or what a segment is (`index`).
//!
//! ```text
//! DIR/shard-0/   the documents: one index of the engine
//! DIR/udf/       the registry of user-defined functions
//! ```
//!
//! An index has one shard so far. The folder's layout, and the order (score, shard, segment, document) in which ties are broken,
//! are made for more.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::Error;
use crate::batch::FunctionSource;
use crate::index::{
    self, Bulk, CheckReport, ForceMerge, IndexWriter, MergeMonitor, MergeStats, RepairReport,
    Snapshot, WriterCore, WriterOptions,
};
use crate::search::Searcher;
#[cfg(feature = "udf")]
use crate::udf::UdfRegistry;

/// Where the documents of the first shard are.
fn shard_folder(folder: &Path) -> PathBuf {
    folder.join("shard-0")
}

/// Opens the registry of an index's functions, without the index itself.
///
/// # Errors
/// `Native` with `NotFound` if the folder isn't an index; as [`UdfRegistry::open`].
#[cfg(feature = "udf")]
pub fn open_registry(folder: impl AsRef<Path>) -> crate::Result<UdfRegistry> {
    let folder = folder.as_ref();
    if !shard_folder(folder).is_dir() {
        return Err(no_index(folder, "not an index"));
    }
    registry_of(folder)
}

#[cfg(feature = "udf")]
fn registry_of(folder: &Path) -> crate::Result<UdfRegistry> {
    UdfRegistry::open(folder.join("udf"))
}

fn no_index(folder: &Path, what: &str) -> Error {
    Error::Native {
        code: crate::ErrorCode::NotFound,
        message: format!("{}: {what}", folder.display()),
    }
}

/// The name that hits carry: the folder's.
fn index_name(folder: &Path) -> String {
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    full.file_name().map_or_else(
        || "index".to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Opens the latest commit of an index for searching, also while another process writes to it.
///
/// # Errors
/// `Native` with `NotFound` if the folder isn't an index, or `Corrupt`; what opening the registry says.
pub fn open_searcher(folder: impl AsRef<Path>) -> crate::Result<Searcher> {
    let folder = folder.as_ref();
    let snapshot =
        Snapshot::open(shard_folder(folder)).map_err(|error| not_an_index(folder, error))?;
    Ok(Searcher::new(
        snapshot,
        functions(folder)?,
        &index_name(folder),
    ))
}

/// As [`open_searcher`], with the registry that its functions come from.
///
/// # Errors
/// As there.
#[cfg(feature = "udf")]
pub fn open_searcher_and_registry(
    folder: impl AsRef<Path>,
) -> crate::Result<(Searcher, Arc<UdfRegistry>)> {
    let folder = folder.as_ref();
    let snapshot =
        Snapshot::open(shard_folder(folder)).map_err(|error| not_an_index(folder, error))?;
    let registry = Arc::new(registry_of(folder)?);
    let functions: Arc<dyn FunctionSource> = Arc::clone(&registry) as _;
    let searcher = Searcher::new(snapshot, Some(functions), &index_name(folder));
    Ok((searcher, registry))
}

/// Checks the documents of an index; see [`index::check()`].
///
/// # Errors
/// As there.
pub fn check(folder: impl AsRef<Path>) -> crate::Result<CheckReport> {
    let folder = folder.as_ref();
    index::check(shard_folder(folder)).map_err(|error| not_an_index(folder, error))
}

/// Drops what is damaged of an index's documents; see [`index::repair`].
///
/// # Errors
/// As there.
pub fn repair(folder: impl AsRef<Path>) -> crate::Result<RepairReport> {
    let folder = folder.as_ref();
    index::repair(shard_folder(folder)).map_err(|error| not_an_index(folder, error))
}

/// The functions that queries may name.
#[cfg(feature = "udf")]
fn functions(folder: &Path) -> crate::Result<Option<Arc<dyn FunctionSource>>> {
    Ok(Some(Arc::new(registry_of(folder)?)))
}

/// The crate was built without functions.
#[cfg(not(feature = "udf"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature as with functions"
)]
fn functions(_: &Path) -> crate::Result<Option<Arc<dyn FunctionSource>>> {
    Ok(None)
}

/// Names the folder that the caller gave, not the one inside it.
fn not_an_index(folder: &Path, error: Error) -> Error {
    match error {
        Error::Native {
            code: crate::ErrorCode::NotFound,
            ..
        } if shard_folder(folder).is_dir() => {
            no_index(folder, "not an index: the manifest is missing")
        }
        Error::Native {
            code: crate::ErrorCode::NotFound,
            ..
        } => no_index(folder, "not an index"),
        other => other,
    }
}

/// An index that is open for writing and searching. `Send + Sync`; share it by `Arc`.
pub struct Index {
    name: String,
    #[cfg(feature = "udf")]
    registry: Arc<UdfRegistry>,
    writer: Mutex<IndexWriter>,
    /// Of the writer, for bulks, which don't wait for it.
    core: Arc<WriterCore>,
    /// Of the writer; asked without waiting for it.
    merges: MergeMonitor,
    /// One forced merge at a time.
    forced_merge: Mutex<()>,
    /// What searches see: replaced by a refresh.
    visible: RwLock<Snapshot>,
}

/// How long a wait for merges lasts before it looks around again.
const MERGE_WAIT: Duration = Duration::from_secs(1);

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index in `folder`, or makes one if the folder is missing or empty. `mapping` is merged into the index's own.
    ///
    /// # Errors
    /// As [`IndexWriter::open`] and [`UdfRegistry::open`].
    pub fn open(
        folder: impl AsRef<Path>,
        mapping: Option<&str>,
        options: WriterOptions,
    ) -> crate::Result<Self> {
        let folder = folder.as_ref();
        let shard = shard_folder(folder);
        if !shard.exists() && is_foreign(folder) {
            return Err(no_index(folder, "not an index, and not empty"));
        }
        let mut writer = IndexWriter::open(&shard, mapping, options)?;
        // The writer's, and not the last commit's: searches know the fields of `mapping` at once.
        let visible = RwLock::new(writer.refresh()?);
        Ok(Self {
            name: index_name(folder),
            #[cfg(feature = "udf")]
            registry: Arc::new(registry_of(folder)?),
            merges: writer.merges()?,
            core: writer.core(),
            writer: Mutex::new(writer),
            forced_merge: Mutex::new(()),
            visible,
        })
    }

    /// Adds a document, or replaces the one of the same id. See [`IndexWriter::add`]; without any id, one is made.
    ///
    /// # Errors
    /// As there.
    pub fn add(&self, id: Option<&str>, json: &[u8]) -> crate::Result<()> {
        self.writer().add(id, json)
    }

    /// Collects documents in a thread of the caller's and adds them in one call, while other threads do the same. See
    /// [`WriterOptions::indexing_threads`].
    #[must_use]
    pub fn bulk(&self) -> Bulk {
        Bulk::new(Arc::clone(&self.core))
    }

    /// Deletes the document of that `_id`, if there is one.
    ///
    /// # Errors
    /// As [`IndexWriter::delete`].
    pub fn delete(&self, id: &str) -> crate::Result<()> {
        self.writer().delete(id)
    }

    /// Makes changes visible to searches.
    ///
    /// # Errors
    /// As [`IndexWriter::refresh`].
    pub fn refresh(&self) -> crate::Result<()> {
        // The writer is held until the snapshot is shown: a later one must not be followed by an earlier one.
        let mut writer = self.writer();
        self.show(writer.refresh()?);
        writer.remove_unused_files(); // of the snapshot that is replaced
        Ok(())
    }

    /// Makes changes durable, and visible.
    ///
    /// # Errors
    /// As [`IndexWriter::commit`].
    pub fn commit(&self) -> crate::Result<()> {
        let mut writer = self.writer();
        self.show(writer.commit()?);
        writer.remove_unused_files();
        Ok(())
    }

    /// Merges segments, and returns when it is done; others can write and search meanwhile. What it made is visible after a
    /// refresh, and durable after a commit.
    ///
    /// # Errors
    /// As [`IndexWriter::force_merge`].
    pub fn force_merge(&self, merge: &ForceMerge) -> crate::Result<()> {
        let _one = self
            .forced_merge
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.writer().begin_force_merge(merge)?;
        let mut seen = 0;
        while !self.writer().advance_force_merge()? {
            seen = self.merges.wait(seen, MERGE_WAIT)?;
        }
        Ok(())
    }

    /// Waits until no merge in the background is running or due, at most that long; returns whether none is. See
    /// [`IndexWriter::wait_for_merges`]; others can write and search meanwhile.
    ///
    /// # Errors
    /// As there.
    pub fn wait_for_merges(&self, most: Duration) -> crate::Result<bool> {
        let end = Instant::now().checked_add(most); // none: waits for ever
        let mut seen = 0;
        while !self.writer().advance_merges()? {
            let left = end.map_or(MERGE_WAIT, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Ok(false);
            }
            seen = self.merges.wait(seen, left.min(MERGE_WAIT))?;
        }
        Ok(true)
    }

    /// What merges have done since the index was opened, and are doing. Doesn't wait for the writer.
    ///
    /// # Errors
    /// As [`MergeMonitor::stats`].
    pub fn merge_stats(&self) -> crate::Result<MergeStats> {
        self.merges.stats()
    }

    /// A searcher over what is visible now.
    #[must_use]
    pub fn searcher(&self) -> Searcher {
        let snapshot = self
            .visible
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        #[cfg(feature = "udf")]
        let functions: Option<Arc<dyn FunctionSource>> = Some(Arc::clone(&self.registry) as _);
        #[cfg(not(feature = "udf"))]
        let functions = None;
        Searcher::new(snapshot, functions, &self.name)
    }

    /// The functions that its queries can name.
    #[cfg(feature = "udf")]
    #[must_use]
    pub fn udfs(&self) -> &Arc<UdfRegistry> {
        &self.registry
    }

    /// The mapping as it is now, as JSON.
    #[must_use]
    pub fn mapping_json(&self) -> String {
        self.core.schema().to_mapping_json()
    }

    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        // A panic in a holder leaves the writer usable: each of its calls is all or nothing.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, snapshot: Snapshot) {
        *self.visible.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

/// Whether a folder has files that aren't ours.
fn is_foreign(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| entry.file_name() != "udf")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_mapping_is_known_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"query": {"term": {"n": 1}}}"#;
        let request = crate::query::parse(text).unwrap();
        for mapping in [r#"{"properties": {"n": {"type": "long"}}}"#, "{}"] {
            let options = WriterOptions::default();
            let index = Index::open(folder.path().join("i"), Some(mapping), options).unwrap();
            let response = index.searcher().search(&request, &Default::default());
            assert!(response.unwrap().hits.is_empty());
            index.commit().unwrap();
        }
    }

    #[test]
    fn handles_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        fn sent<T: Send>() {}
        shared::<Index>();
        shared::<Searcher>();
        shared::<Snapshot>();
        #[cfg(feature = "udf")]
        shared::<UdfRegistry>();
        shared::<crate::search::CancelToken>();
        shared::<MergeMonitor>();
        sent::<IndexWriter>();
        sent::<Bulk>();
        sent::<crate::index::SegmentColumns>();
    }
}
