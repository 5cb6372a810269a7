//! The safe owner of a native snapshot: what a search reads.

use std::path::Path;
use std::sync::Arc;

use cxx::SharedPtr;

use super::SegmentColumns;
use super::writer::path_str;
use crate::schema::Schema;
use crate::{Error, ErrorCode, bridge};

/// A document in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocAddress {
    /// The segment's place in the snapshot.
    pub segment: u32,
    /// The document's number in the segment.
    pub doc: u32,
}

/// An index at one moment. Immutable, cheap to clone, `Send + Sync`; later changes don't show, and its files stay readable
/// until the last clone is dropped.
#[derive(Clone)]
pub struct Snapshot {
    native: SharedPtr<bridge::Snapshot>,
    schema: Arc<Schema>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("generation", &self.generation())
            .field("documents", &self.live_docs())
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(super) fn new(native: SharedPtr<bridge::Snapshot>, schema: Arc<Schema>) -> Self {
        Self { native, schema }
    }

    /// Opens the latest commit of an index, also while a writer is at work on it.
    ///
    /// # Errors
    /// `Native` with `NotFound` if the folder isn't an index, `Corrupt` with the file that is damaged, `UnsupportedFormat`, `Io`.
    pub fn open(folder: impl AsRef<Path>) -> crate::Result<Self> {
        let folder = path_str(folder.as_ref())?;
        let native = bridge::snapshot_open(folder)?;
        let schema = stored_schema(folder, bridge::snapshot_user_data(&native))?;
        Ok(Self::new(native, Arc::new(schema)))
    }

    /// The mapping at that moment.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Documents, without those that are deleted.
    #[must_use]
    pub fn live_docs(&self) -> u64 {
        bridge::snapshot_live_docs(&self.native)
    }

    /// Segments.
    #[must_use]
    pub fn segments(&self) -> u32 {
        bridge::snapshot_segments(&self.native)
    }

    /// Documents of a segment, deleted ones included: their numbers are below.
    ///
    /// # Errors
    /// `Native` with `InvalidArgument` for a segment that it doesn't have.
    pub fn docs_in(&self, segment: u32) -> crate::Result<u32> {
        Ok(bridge::snapshot_max_doc(&self.native, segment)?)
    }

    /// The number of the commit that it is of, or that came before it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        bridge::snapshot_generation(&self.native)
    }

    /// Where the document of an `_id` is.
    ///
    /// # Errors
    /// `Native` with `Corrupt`.
    pub fn find(&self, id: &str) -> crate::Result<Option<DocAddress>> {
        let mut address = DocAddress { segment: 0, doc: 0 };
        let found = bridge::snapshot_find_id(
            &self.native,
            id.as_bytes(),
            &mut address.segment,
            &mut address.doc,
        )?;
        Ok(found.then_some(address))
    }

    /// Appends a document's source, the JSON as it was added, to `out`.
    ///
    /// # Errors
    /// `Native` with `Corrupt`; `InvalidArgument` for an address of another snapshot.
    pub fn source(&self, at: DocAddress, out: &mut Vec<u8>) -> crate::Result<()> {
        Ok(bridge::snapshot_source(
            &self.native,
            at.segment,
            at.doc,
            out,
        )?)
    }

    /// A document's `_id`.
    ///
    /// # Errors
    /// As [`Snapshot::source`].
    pub fn id(&self, at: DocAddress) -> crate::Result<String> {
        Ok(self.ids(&[at])?.pop().unwrap_or_default())
    }

    /// The `_id`s of documents, in their order: less work than one at a time.
    ///
    /// # Errors
    /// As [`Snapshot::source`].
    pub fn ids(&self, at: &[DocAddress]) -> crate::Result<Vec<String>> {
        let segments: Vec<u32> = at.iter().map(|at| at.segment).collect();
        let docs: Vec<u32> = at.iter().map(|at| at.doc).collect();
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(at.len()));
        bridge::snapshot_doc_ids(&self.native, &segments, &docs, &mut bytes, &mut ends)?;
        let mut from = 0;
        let ids = ends.iter().map(|&end| {
            let id = &bytes[from..end as usize];
            from = end as usize;
            String::from_utf8_lossy(id).into_owned()
        });
        Ok(ids.collect())
    }

    /// The columns of a segment, to gather values from.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no such segment.
    pub fn columns(&self, segment: u32) -> crate::Result<SegmentColumns> {
        if segment >= self.segments() {
            return Err(crate::Error::InvalidArgument(format!(
                "there is no segment {segment}"
            )));
        }
        Ok(SegmentColumns::new(self.clone(), segment))
    }

    /// Reads every byte of every file and compares checksums.
    ///
    /// # Errors
    /// `Native` with `Corrupt` that names the first damaged file.
    pub fn verify(&self) -> crate::Result<()> {
        Ok(bridge::snapshot_verify(&self.native)?)
    }

    /// An error about a document's source that isn't what was added.
    pub(crate) fn damaged_source(&self, at: DocAddress, what: &str) -> Error {
        let file = bridge::snapshot_stored_file(&self.native, at.segment).unwrap_or_default();
        Error::Native {
            code: ErrorCode::Corrupt,
            message: format!(
                "{file}: damaged: the source of document {} is {what}",
                at.doc
            ),
        }
    }

    pub(crate) fn native(&self) -> &bridge::Snapshot {
        &self.native
    }
}

/// The mapping that a commit carried: what was written there is a mapping, or nothing.
pub(super) fn stored_schema(folder: &str, stored: &[u8]) -> crate::Result<Schema> {
    if stored.is_empty() {
        return Ok(Schema::default());
    }
    Schema::from_mapping_json(stored).map_err(|error| Error::Native {
        code: ErrorCode::Corrupt,
        message: format!("{folder}/manifest: the mapping in it can't be read: {error}"),
    })
}
