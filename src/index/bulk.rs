//! Documents on their way to the writer, read by the thread that adds them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use cxx::UniquePtr;

use super::writer::WriterOptions;
use crate::bridge;
use crate::schema::{Appended, DocumentWriter, Schema};

/// What a writer and its bulks share. Any number of threads may use it.
pub(crate) struct WriterCore {
    pub(super) native: UniquePtr<bridge::IndexWriter>,
    /// The mapping with the fields of all documents that were read.
    schema: RwLock<Arc<Schema>>,
    /// How many of its fields the native writer knows.
    defined: AtomicUsize,
    /// Held for writing while this changes; by a commit for reading, so that no document can bring a field that the mapping which is
    /// committed with it lacks.
    defining: RwLock<()>,
}

impl WriterCore {
    /// `path`: the folder. The mapping is the last commit's, read by `schema`.
    pub(super) fn open(
        path: &str,
        options: &WriterOptions,
        schema: impl FnOnce(&[u8]) -> crate::Result<Schema>,
    ) -> crate::Result<Self> {
        let native = bridge::writer_open(
            path,
            options.ram_buffer_bytes,
            options.indexing_threads,
            &options.merges.settings(),
        )?;
        let schema = Arc::new(schema(bridge::writer_user_data(&native))?);
        let core = Self {
            native,
            schema: RwLock::new(Arc::clone(&schema)),
            defined: AtomicUsize::new(0),
            defining: RwLock::new(()),
        };
        core.define_fields(&schema)?;
        Ok(core)
    }

    /// The mapping as it is now.
    pub(crate) fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// While it is held, documents can't bring new fields to the engine.
    pub(super) fn hold_fields(&self) -> RwLockReadGuard<'_, ()> {
        self.defining.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn define_fields(&self, schema: &Schema) -> crate::Result<()> {
        if self.defined.load(Ordering::Acquire) >= schema.fields().len() {
            return Ok(());
        }
        let _defining = self
            .defining
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let defined = self.defined.load(Ordering::Acquire);
        for field in schema.fields().iter().skip(defined) {
            bridge::writer_define_field(
                &self.native,
                u32::from(field.id.0),
                &field.name,
                field.postings() as u8,
                field.has_norms(),
                field.column() as u8,
            )?;
            self.defined.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }
}

/// Documents that a thread reads and analyses by itself, and hands to the writer in one call. A refresh or commit of another thread
/// meanwhile may have some of them, each as a whole.
///
/// Every thread that adds documents has one of its own; see [`WriterOptions::indexing_threads`]. Nothing of a bulk is in the writer
/// before [`Bulk::apply`]: what is dropped before was never added. Of two documents with the same `_id` the one that was applied
/// later stays; within a bulk, the later one.
///
/// A bulk keeps the folder locked, also after the writer is dropped.
pub struct Bulk {
    core: Arc<WriterCore>,
    /// As new as this bulk's documents need it.
    schema: Arc<Schema>,
    documents: DocumentWriter,
}

impl std::fmt::Debug for Bulk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bulk")
            .field("documents", &self.len())
            .finish_non_exhaustive()
    }
}

impl Bulk {
    pub(crate) fn new(core: Arc<WriterCore>) -> Self {
        Self {
            schema: core.schema(),
            core,
            documents: DocumentWriter::default(),
        }
    }

    /// Reads and analyses a document. Its id is `id`, or else the document's own `_id` or `id`, or else a random one. Fields that
    /// the mapping lacks are in it from now on, if it takes such.
    ///
    /// # Errors
    /// `Document` that names the place; the document is then not in the bulk, and nothing else has changed. A bulk holds at most
    /// 4 GiB.
    pub fn add(&mut self, id: Option<&str>, json: &[u8]) -> crate::Result<()> {
        let before = Arc::clone(&self.schema);
        let added = append(&mut self.documents, &mut self.schema, id, json);
        if added.is_ok() && Arc::ptr_eq(&before, &self.schema) {
            return Ok(());
        }
        // It has brought fields, or doesn't fit those that are known here. Another thread's documents may have brought others since:
        // theirs have the next numbers, and count.
        let core = Arc::clone(&self.core);
        let mut shared = core.schema.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&before, &shared) {
            added?;
        } else {
            if added.is_ok() {
                self.documents.remove_last();
            }
            self.schema = Arc::clone(&shared);
            append(&mut self.documents, &mut self.schema, id, json)?;
        }
        *shared = Arc::clone(&self.schema);
        Ok(())
    }

    /// Hands the documents to the writer, and is empty then. They are visible after a refresh and durable after a commit. Writes
    /// a segment if the writer's RAM buffer is full, while other threads go on.
    ///
    /// # Errors
    /// `Native` with what stopped a full buffer from being written (`Io`; `Corrupt` for an older segment from which documents had to be
    /// deleted): the documents are in the writer all the same, which tries again later, and the bulk is empty. If it is not, memory ran
    /// out while they were added, and the writer can't be gone on with.
    pub fn apply(&mut self) -> crate::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        self.core.define_fields(&self.schema)?;
        let batch = self.documents.batch();
        bridge::writer_add(
            &self.core.native,
            &batch.bytes,
            &batch.tokens,
            &batch.lengths,
            &batch.numerics,
            &batch.strings,
            &batch.docs,
        )?;
        self.documents.clear();
        Ok(bridge::writer_flush_if_full(&self.core.native)?)
    }

    /// Documents that are not applied yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents.batch().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.batch().is_empty()
    }

    /// Bytes of their sources, ids, terms and strings. A MiB is enough for a step to cost next to nothing.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.documents.batch().bytes.len()
    }
}

fn append(
    documents: &mut DocumentWriter,
    schema: &mut Arc<Schema>,
    id: Option<&str>,
    json: &[u8],
) -> crate::Result<()> {
    if documents.append(schema, id, json)? == Appended::NeedsId {
        let made = uuid::Uuid::new_v4().simple().to_string();
        // It has an id now.
        let _ = documents.append(schema, Some(&made), json)?;
    }
    Ok(())
}
