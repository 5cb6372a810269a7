//! What crosses between the search and a user-defined function: batches of documents and columns of their values.
//!
//! The search drives. It hands a [`BatchUdf`] the candidates that the function can still decide, as parallel arrays, and
//! the function answers with one [`Verdict`] a document. The function reads fields through [`Columns`], which copy the
//! values of many documents straight into memory that the function owns: nothing is allocated or called per document.
//!
//! *Useful for*: whatever evaluates or feeds functions. *Not useful for*: anything that knows how a function is run
//! (`udf`) or where values come from (`index`); both are implementations of the traits here.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Candidates in one batch at most. One constant for the native engine, the buffers and the guests.
pub const BATCH_CAPACITY: usize = 1024;

/// Bytes of values beyond which [`Columns::measure`] may stop. A document alone is always measured.
pub const MAX_VALUES_BYTES: usize = 16 << 20;

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One byte, 0 or 1.
    Bool,
    /// A 64-bit integer; a date's milliseconds since 1970.
    I64,
    /// A 64-bit floating point number.
    F64,
    /// A UTF-8 string.
    Str,
}

impl ValueType {
    /// The size of one value in bytes; of a string, the size of its offset.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::I64 | Self::F64 => 8,
            Self::Str => 4,
        }
    }

    /// The name that manifests and error messages use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I64 => "i64",
            Self::F64 => "f64",
            Self::Str => "str",
        }
    }
}

/// One value, as a default for documents that miss a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A floating point number.
    F64(f64),
    /// A string.
    Str(String),
}

/// A column that a function asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnRequest {
    /// The field's name in the schema.
    pub field: String,
    /// The type the function wants.
    pub value_type: ValueType,
    /// All values in document order (true), or the smallest of several (false).
    pub list: bool,
    /// What a document without the field gets. `None`: the document is marked missing.
    pub default: Option<Value>,
    /// A field that the schema lacks is missing everywhere (true), or an error (false).
    pub optional: bool,
}

/// A column opened in [`Columns`], by its place in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnId(pub usize);

/// How much room the values of some documents take, see [`Columns::measure`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Items over all documents, where the column is a list; else 0.
    pub items: usize,
    /// Bytes of all strings, where the values are strings; else 0.
    pub bytes: usize,
}

/// Where [`Columns::write`] puts the values of `n` documents. Everything is little-endian and in Arrow's layout; a slice
/// that the column's shape doesn't need is empty. No alignment is asked for.
///
/// | column | `offsets` | `child_offsets` | `values` |
/// |---|---|---|---|
/// | fixed width | empty | empty | `n * width` |
/// | string | `4 * (n + 1)` | empty | `extent.bytes` |
/// | list, fixed width | `4 * (n + 1)` | empty | `extent.items * width` |
/// | list of strings | `4 * (n + 1)` | `4 * (extent.items + 1)` | `extent.bytes` |
#[derive(Debug, Default)]
pub struct ColumnOut<'a> {
    /// `i32` offsets of each document's string, or of its first item.
    pub offsets: &'a mut [u8],
    /// `i32` offsets of each item's string.
    pub child_offsets: &'a mut [u8],
    /// The values, or the bytes of all strings.
    pub values: &'a mut [u8],
    /// `(n + 7) / 8` bytes, least significant bit first, 1 = present; padding bits are 0. Empty where the request has a
    /// default.
    pub validity: &'a mut [u8],
}

/// Which segment columns are of, for those who keep what was found out about it: equal ones give equal values for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SegmentIdentity {
    /// The segment's random number.
    pub id: [u8; 16],
    /// Its documents, deleted ones included: their numbers are below.
    pub docs: u32,
    /// Fields in the mapping through which it is read. Mappings only grow.
    pub fields: u32,
}

/// The distinct strings of a column, see [`Columns::dictionary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dictionary {
    /// A column whose "documents" are the places of the strings in the dictionary, 0 to `len - 1`; `len` stands for a document
    /// without a value.
    pub values: ColumnId,
    /// How many there are; not 0.
    pub len: u32,
}

/// The columns of one segment, as one function reads them in one query.
///
/// An implementation owns what it reads from (a snapshot's segment), so that it can live inside a guest's store.
pub trait Columns: Send {
    /// Opens a column. A column may be opened any number of times.
    ///
    /// Fails if the field's type doesn't convert: `I64` is read from `long` and `date`, `F64` from `double`, `long` and `date`, `Bool`
    /// from `boolean`, `Str` from `keyword` and `text`. Where a field has no column, its values are read from the documents'
    /// sources. A field unknown to the schema is an error unless the request says `optional`; `_source.a.b` is what stands at
    /// that path of the source, mapped or not, and `_source` (a `Str`) the source itself.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field, its type and the wanted one.
    fn open(&mut self, request: &ColumnRequest) -> crate::Result<ColumnId>;

    /// Says how much room [`Columns::write`] needs for these documents, which are strictly increasing. Of several documents whose
    /// values are over [`MAX_VALUES_BYTES`] it may say no more than that, and then they can't be written.
    ///
    /// # Errors
    /// `Native` with code `Corrupt` for a damaged file.
    fn measure(&mut self, column: ColumnId, docs: &[u32]) -> crate::Result<Extent>;

    /// Writes the values of the documents of the latest [`Columns::measure`] of this column.
    /// Returns how many of the documents have no value (0 with a default).
    /// Slots of missing values are zero or empty.
    ///
    /// # Errors
    /// `InvalidArgument` if a slice has not the size that `measure` said; `Native` as there.
    fn write(&mut self, column: ColumnId, docs: &[u32], out: ColumnOut<'_>)
    -> crate::Result<usize>;

    /// Measures and writes the `_id` of documents, as a column of strings that never misses.
    ///
    /// # Errors
    /// As [`Columns::open`].
    fn open_id(&mut self) -> crate::Result<ColumnId>;

    /// Which segment this is; `None` if nothing may be kept of it.
    fn segment(&self) -> Option<SegmentIdentity> {
        None
    }

    /// The distinct strings of a column that was opened for `request`, if its documents have one or none each, and far fewer different ones than there are documents.
    ///
    /// # Errors
    /// As [`Columns::open`].
    fn dictionary(
        &mut self,
        column: ColumnId,
        request: &ColumnRequest,
    ) -> crate::Result<Option<Dictionary>> {
        let _ = (column, request);
        Ok(None)
    }

    /// Fills in where each document's string is in the column's [`Dictionary`]: `len` for a document without one.
    ///
    /// # Errors
    /// `InvalidArgument` if the column has no dictionary, or `out` is not as long as `docs`; `Native` as [`Columns::measure`].
    fn ordinals(&mut self, column: ColumnId, docs: &[u32], out: &mut [u32]) -> crate::Result<()> {
        let _ = (column, docs, out);
        let message = "the column has no dictionary".to_string();
        Err(crate::Error::InvalidArgument(message))
    }

    /// Documents whose values were read from their source so far, which takes long; a document once for each column of this kind.
    fn source_reads(&self) -> u64 {
        0
    }

    /// The `_id` of one document, for error samples.
    ///
    /// # Errors
    /// `Native` with code `Corrupt` for a damaged file.
    fn id(&mut self, doc: u32) -> crate::Result<String>;
}

/// What a function computes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Whether it matches.
    Filter,
    /// A score: finite, not negative, at most the largest `f32`.
    Score,
    /// A value of that type, or none.
    Value(ValueType),
}

impl Returns {
    /// The name of the kind of function, as messages have it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Score => "score",
            Self::Value(_) => "value",
        }
    }
}

/// What a function says of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// A filter: it does not match. A value: there is none.
    No = 0,
    /// A filter: it matches. Score and value: here it is.
    Yes = 1,
    /// It could not be evaluated; the clause's error policy decides.
    Error = 2,
}

/// The kinds of failures of a function about one document, as they are counted and reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The guest itself said "error in this document" or called `fail`.
    Guest,
    /// The guest trapped: unreachable, division by zero, memory out of bounds, stack overflow.
    Trap,
    /// The guest returned something that its ABI does not allow.
    Protocol,
    /// The guest asked for more memory, table entries or input than its limit.
    Limit,
}

impl FailureKind {
    /// The name in responses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Trap => "trap",
            Self::Protocol => "protocol",
            Self::Limit => "limit",
        }
    }
}

/// One document that a function failed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its place in the batch.
    pub index: usize,
    /// Which kind.
    pub kind: FailureKind,
    /// What the guest or the runtime said; at most 1 KiB.
    pub message: String,
}

/// The documents given to a function at once. All slices have the same length, 1 to [`BATCH_CAPACITY`].
#[derive(Clone, Copy, Debug)]
pub struct UdfBatch<'a> {
    /// Strictly increasing numbers in the segment.
    pub docs: &'a [u32],
    /// The score of the rest of the query, if the function asked for it and stands where it may have it.
    pub scores: Option<&'a [f32]>,
}

/// The values that a function of kind [`Returns::Value`] computed, one a document. Where a verdict isn't `Yes` there is a zero or an
/// empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Booleans as 0 and 1, integers in two's complement, the bits of doubles, which are finite; empty for strings.
    pub bits: Vec<u64>,
    /// The strings, one behind the other; UTF-8.
    pub text: String,
    /// Where each document's string ends in `text`; empty for numbers.
    pub ends: Vec<usize>,
}

impl Values {
    /// The string of document `index`; empty if there is none.
    #[must_use]
    pub fn string(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }

    fn reset(&mut self) {
        self.bits.clear();
        self.text.clear();
        self.ends.clear();
    }
}

/// What a function answered about a batch. Reused from batch to batch.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// One [`Verdict`] a document.
    pub verdicts: Vec<Verdict>,
    /// Of a score function, one a document; 0 where the verdict isn't `Yes`.
    pub scores: Vec<f64>,
    /// Of a value function.
    pub values: Values,
    /// One entry for each [`Verdict::Error`] that has a message to tell, in the order of documents; at most 16 a batch are
    /// kept.
    pub failures: Vec<Failure>,
    /// How often the guest was called.
    pub calls: u64,
}

impl Outcome {
    /// Makes it ready for a batch of `len` documents, each `No`.
    pub fn reset(&mut self, len: usize) {
        self.verdicts.clear();
        self.verdicts.resize(len, Verdict::No);
        self.scores.clear();
        self.values.reset();
        self.failures.clear();
        self.calls = 0;
    }
}

/// When and why an evaluation has to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Set from any thread: stop at once.
    pub cancel: Option<Arc<AtomicBool>>,
    /// The query's deadline.
    pub deadline: Option<Instant>,
}

impl Interrupt {
    /// Whether to go on.
    ///
    /// # Errors
    /// `Cancelled`; `Timeout`, which does not know how long the query had.
    pub fn check(&self) -> crate::Result<()> {
        let cancelled = |flag: &Arc<AtomicBool>| flag.load(Ordering::Relaxed);
        if self.cancel.as_ref().is_some_and(cancelled) {
            return Err(crate::Error::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(crate::Error::Timeout(0)),
            _ => Ok(()),
        }
    }
}

/// What a function did in one search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionCounts {
    /// Calls of the function.
    pub calls: u64,
    /// Documents it was asked about.
    pub documents: u64,
    /// Time in `evaluate`, in nanoseconds: reading columns, calls, and all.
    pub nanoseconds: u64,
    /// Instances made.
    pub instances: u64,
    /// Documents it was not asked about, since their answers were in the result cache.
    pub cache_hits: u64,
    /// Documents whose values were read from their source, since a field has no column.
    pub source_reads: u64,
    /// Documents answered by what the function said about their value in the segment's dictionary.
    pub by_dictionary: u64,
    /// Documents with [`FailureKind::Guest`].
    pub guest_failures: u64,
    /// Documents with [`FailureKind::Trap`].
    pub traps: u64,
    /// Documents with [`FailureKind::Protocol`].
    pub protocol_failures: u64,
    /// Documents with [`FailureKind::Limit`].
    pub limit_failures: u64,
}

/// What a query limits a function to. Each that is there lowers what holds for the function; none can raise it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryLimits {
    /// Memory of an instance, in bytes.
    pub memory_bytes: Option<NonZeroU64>,
    /// Time for a batch, whatever its size, in milliseconds.
    pub batch_base_ms: Option<NonZeroU64>,
    /// Time on top of that for each document, in microseconds.
    pub per_document_us: Option<NonZeroU64>,
    /// Time in the whole query, in milliseconds.
    pub query_ms: Option<NonZeroU64>,
}

/// Where a search finds the functions that its query names: a registry. Used by any number of threads.
pub trait FunctionSource: Send + Sync {
    /// Finds a function, checks the parameters of a query, and binds it to them. `version` is as in a query: an exact version, a
    /// range, `latest` or nothing.
    ///
    /// # Errors
    /// `UdfNotFound`; `UdfParameter`, which names the parameter; `UdfRejected` if it does not compile.
    fn bind(
        &self,
        name: &str,
        version: Option<&str>,
        parameters: &serde_json::Map<String, serde_json::Value>,
        limits: &QueryLimits,
    ) -> crate::Result<Box<dyn BatchUdf>>;
}

/// One function bound to one query: its parameters are checked and its instance is its own.
///
/// An object is used by one thread at a time, and by one query only.
pub trait BatchUdf: Send {
    /// Name and version, as people see it: `string_distance@1.0.0`.
    fn label(&self) -> &str;

    /// What it computes.
    fn returns(&self) -> Returns;

    /// Of a score function: no score is above it. `None`: nothing is known.
    fn max_score(&self) -> Option<f64>;

    /// What it did so far.
    fn counts(&self) -> FunctionCounts;

    /// The columns it will ask for, so that the fields can be checked before the search starts. A function that names
    /// fields as it goes returns those it declared.
    fn requests(&self) -> &[ColumnRequest];

    /// Whether it wants a score: a filter that of the rest of the query, a score function that of the query it scores, a value
    /// function that of the hit.
    fn wants_score(&self) -> bool;

    /// Goes on with another segment. Called before the first batch of each segment.
    ///
    /// # Errors
    /// As [`Columns::open`]; what the guest runtime says about a fresh instance.
    fn enter_segment(&mut self, columns: Box<dyn Columns>) -> crate::Result<()>;

    /// Evaluates a batch. `outcome` is reset by the call.
    ///
    /// A failure of one document is in `outcome`, never an `Err`: neighbours are answered.
    ///
    /// # Errors
    /// `Timeout` or `Cancelled` when `interrupt` says so or the function's own time limit passes; `Native` for damaged
    /// columns; `UdfFailed` where the function can't go on at all.
    fn evaluate(
        &mut self,
        batch: UdfBatch<'_>,
        interrupt: &Interrupt,
        outcome: &mut Outcome,
    ) -> crate::Result<()>;
}
