//! Documents as flat buffers of plain integers, the form in which the engine takes many in one call.
//!
//! The structs have the layout of their twins in `cpp/diagon/index/document.h`.

/// A term of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Token {
    /// The field's id.
    pub field: u32,
    /// The term's position in the field; of a keyword, the number of the value.
    pub position: u32,
    /// Where the term begins in [`DocumentBatch::bytes`].
    pub offset: u32,
    /// Its length in bytes.
    pub len: u32,
}

/// How many tokens a text field has in a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct FieldLength {
    /// The field's id.
    pub field: u32,
    /// The number of tokens, gaps not counted; may be 0.
    pub tokens: u32,
}

/// A value of a column of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct NumericValue {
    /// The field's id.
    pub field: u32,
    /// An `i64` as two's complement, an `f64`'s bits, or a boolean's 0 or 1.
    pub bits: u64,
}

/// A value of a column of strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct StringValue {
    /// The field's id.
    pub field: u32,
    /// Where it begins in [`DocumentBatch::bytes`].
    pub offset: u32,
    /// Its length in bytes.
    pub len: u32,
}

/// A document: where its runs in the buffers end (they begin where the document's before end), its id and its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct DocSpan {
    /// The end of its tokens.
    pub tokens_end: u32,
    /// The end of its lengths.
    pub lengths_end: u32,
    /// The end of its numbers.
    pub numerics_end: u32,
    /// The end of its strings.
    pub strings_end: u32,
    /// Where its id begins in [`DocumentBatch::bytes`].
    pub id_offset: u32,
    /// The id's length in bytes, 1 to 512.
    pub id_len: u32,
    /// Where its source begins in [`DocumentBatch::bytes`].
    pub source_offset: u32,
    /// The source's length in bytes.
    pub source_len: u32,
}

/// Documents for the engine.
///
/// The `_id` (field 0) is in [`DocSpan`] only: it has no token and no string value here, and the engine makes its posting and
/// column value from the span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentBatch {
    /// Sources, ids, terms and strings.
    pub bytes: Vec<u8>,
    /// Each document's terms, by field, positions ascending. A keyword's term may stand there more than once.
    pub tokens: Vec<Token>,
    /// One for each indexed text field that a document has, in order of appearance.
    pub lengths: Vec<FieldLength>,
    /// Each document's numbers, in the order of the document.
    pub numerics: Vec<NumericValue>,
    /// Each document's strings, in the order of the document.
    pub strings: Vec<StringValue>,
    /// The documents.
    pub docs: Vec<DocSpan>,
}

/// How long the buffers were, to go back there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    bytes: usize,
    pub(super) tokens: usize,
    lengths: usize,
    numerics: usize,
    strings: usize,
}

impl DocumentBatch {
    /// Whether there are no documents.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.docs.is_empty()
    }

    /// How many documents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.docs.len()
    }

    /// A document's id; empty if there is no such document.
    #[must_use]
    pub fn id(&self, doc: usize) -> &str {
        let span = self.docs.get(doc).copied().unwrap_or_default();
        std::str::from_utf8(self.slice(span.id_offset, span.id_len)).unwrap_or_default()
    }

    /// A document's source; empty if there is no such document.
    #[must_use]
    pub fn source(&self, doc: usize) -> &[u8] {
        let span = self.docs.get(doc).copied().unwrap_or_default();
        self.slice(span.source_offset, span.source_len)
    }

    /// The bytes at `offset`; empty where there are none.
    #[must_use]
    pub fn slice(&self, offset: u32, len: u32) -> &[u8] {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.bytes
            .get(start..start.saturating_add(len))
            .unwrap_or_default()
    }

    /// Removes all documents and keeps the memory.
    pub fn clear(&mut self) {
        self.rewind(Mark {
            bytes: 0,
            tokens: 0,
            lengths: 0,
            numerics: 0,
            strings: 0,
        });
        self.docs.clear();
    }

    /// Removes the last document, if there is one.
    pub(super) fn pop(&mut self) {
        let Some(last) = self.docs.pop() else { return };
        let before = self.docs.last().copied().unwrap_or_default();
        self.rewind(Mark {
            // A document's source is the first of its bytes.
            bytes: last.source_offset as usize,
            tokens: before.tokens_end as usize,
            lengths: before.lengths_end as usize,
            numerics: before.numerics_end as usize,
            strings: before.strings_end as usize,
        });
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            tokens: self.tokens.len(),
            lengths: self.lengths.len(),
            numerics: self.numerics.len(),
            strings: self.strings.len(),
        }
    }

    pub(super) fn rewind(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.tokens.truncate(mark.tokens);
        self.lengths.truncate(mark.lengths);
        self.numerics.truncate(mark.numerics);
        self.strings.truncate(mark.strings);
    }

    /// Appends bytes; returns where, or `None` if the batch can't hold them.
    pub(super) fn push_bytes(&mut self, bytes: &[u8]) -> Option<(u32, u32)> {
        let offset = u32::try_from(self.bytes.len()).ok()?;
        let len = u32::try_from(bytes.len()).ok()?;
        offset.checked_add(len)?;
        self.bytes.extend_from_slice(bytes);
        Some((offset, len))
    }
}
