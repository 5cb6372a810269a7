//! The crate's one error type and its stable codes.
//!
//! Every fallible function of the crate returns [`crate::Result`]. An [`Error`] says what went wrong *and where*: the JSON
//! path and byte offset in a query, the file in an index, the function in a search. [`Error::code`] is a number that never
//! changes its meaning, for hosts in other languages and for scripts.

use std::path::PathBuf;

/// The numbers of [`Error::code`]. They are never renumbered or reused.
///
/// Codes below 20 are shared with the native engine (`cpp/diagon/util/error.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u16)]
pub enum ErrorCode {
    /// A fault of ours.
    Internal = 1,
    /// An argument is out of its range.
    InvalidArgument = 2,
    /// The operating system refused a read, a write or a lock.
    Io = 3,
    /// A file of an index is damaged.
    Corrupt = 4,
    /// What was named does not exist.
    NotFound = 5,
    /// Another writer has the folder.
    Locked = 6,
    /// Memory ran out.
    OutOfMemory = 7,
    /// The caller cancelled the search.
    Cancelled = 8,
    /// The search's deadline passed.
    Timeout = 9,
    /// A document, term or value exceeds a limit.
    TooLarge = 10,
    /// The index was written by a version that this one can't read.
    UnsupportedFormat = 11,
    /// A query is not valid.
    Query = 20,
    /// A mapping is not valid, or a change of it is not possible.
    Schema = 21,
    /// A document is not valid.
    Document = 22,
    /// A user-defined function failed and its clause says `"on_error": "fail"`.
    UdfFailed = 30,
    /// A module or manifest was refused at registration.
    UdfRejected = 31,
    /// No function is registered under the name and version.
    UdfNotFound = 32,
    /// That version of the function exists already; versions are immutable.
    UdfExists = 33,
    /// The parameters of a function are not valid.
    UdfParameter = 34,
    /// Functions are switched off.
    UdfDisabled = 35,
    /// The circuit breaker of the function is open: it went wrong in too many queries. HTTP would say 503.
    UdfUnavailable = 36,
    /// Too many queries use the function. HTTP would say 429.
    UdfBusy = 37,
    /// An alias stands for that version of the function.
    UdfAliased = 38,
    /// A panic was caught at the edge of the library.
    Panicked = 40,
}

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A query or search request is not valid.
    #[error("query: {message} (at {path}, byte {offset})")]
    Query {
        /// Where, as a path of keys and indices: `query.bool.must[0].term`. The request itself is `$`.
        path: String,
        /// Where, as a byte offset into the request's text.
        offset: usize,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A mapping is not valid.
    #[error("mapping: {message} (at {path})")]
    Schema {
        /// The path in the mapping's JSON, or the field's name.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A document is not valid.
    #[error("document: {message} (at {path})")]
    Document {
        /// The field, with indices: `authors[2].name`.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A user-defined function failed, and its clause asked that the query then fails.
    #[error("function `{name}` failed{}: {message}", on_document(document))]
    UdfFailed {
        /// Name and version.
        name: String,
        /// The `_id` of the document, empty where the failure is not one document's.
        document: String,
        /// Why: the trap, the message given by the guest.
        message: String,
    },
    /// A module or manifest was refused.
    #[error("module refused: {message}")]
    UdfRejected {
        /// The reason, with the place in the module or manifest.
        message: String,
    },
    /// No such function.
    #[error("no function `{name}`: {message}")]
    UdfNotFound {
        /// What was asked for: name and version or range.
        name: String,
        /// What there is.
        message: String,
    },
    /// That name and version is taken by another module.
    #[error(
        "function `{name}` is registered already, with other content; versions are immutable: give it a new one, or remove the old one"
    )]
    UdfExists {
        /// Name and version.
        name: String,
    },
    /// A parameter of a function is not valid.
    #[error("function `{name}`: parameter `{parameter}`: {message}")]
    UdfParameter {
        /// Name and version.
        name: String,
        /// The parameter.
        parameter: String,
        /// What is wrong and what is expected.
        message: String,
    },
    /// Functions are switched off, all of them; see `UdfRegistry::set_enabled`.
    #[error("function `{name}`: functions are switched off on this server")]
    UdfDisabled {
        /// What was asked for: name and version or range.
        name: String,
    },
    /// A function is left alone for a while, because it went wrong in too many queries.
    #[error("function `{name}` is unavailable: {message}; it is tried again in {retry_ms} ms")]
    UdfUnavailable {
        /// Name and version.
        name: String,
        /// Why.
        message: String,
        /// How long queries will be refused, in milliseconds; 0: until a query that is running now has ended.
        retry_ms: u64,
    },
    /// A function is in use as much as it may be.
    #[error("function `{name}` is busy: {message}")]
    UdfBusy {
        /// Name and version.
        name: String,
        /// Which limit, and how much it is.
        message: String,
    },
    /// A version can't be removed as long as an alias stands for it.
    #[error(
        "function `{name}`: the alias `{alias}` stands for it; point it at another version, or remove it first"
    )]
    UdfAliased {
        /// Name and version.
        name: String,
        /// The alias.
        alias: String,
    },
    /// A clause of a query names a function that there isn't, or that can't be used as the clause says. [`Error::code`] is the
    /// inner error's.
    #[error("{error} (at {path}, byte {offset})")]
    Clause {
        /// Where, as in [`Error::Query`].
        path: String,
        /// Where, as in [`Error::Query`].
        offset: usize,
        /// What is wrong: `UdfNotFound`, `UdfParameter`, `UdfRejected`, `UdfDisabled`, `UdfUnavailable`, `UdfBusy` or `InvalidArgument`.
        error: Box<Error>,
    },
    /// The operating system refused something.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The native engine refused or failed.
    #[error("{message}")]
    Native {
        /// Which kind.
        code: ErrorCode,
        /// The message, which names file and offset where there is one.
        message: String,
    },
    /// An argument of an API call is out of its range.
    #[error("{0}")]
    InvalidArgument(String),
    /// The caller cancelled the search.
    #[error("the search was cancelled")]
    Cancelled,
    /// The search's deadline passed, and the caller did not want what had been found until then.
    #[error("the search's deadline of {0} ms passed")]
    Timeout(u64),
    /// A panic was caught.
    #[error("panic: {0}")]
    Panicked(String),
    /// A fault of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// The stable number of the kind of error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Query { .. } => ErrorCode::Query,
            Self::Schema { .. } => ErrorCode::Schema,
            Self::Document { .. } => ErrorCode::Document,
            Self::UdfFailed { .. } => ErrorCode::UdfFailed,
            Self::UdfRejected { .. } => ErrorCode::UdfRejected,
            Self::UdfNotFound { .. } => ErrorCode::UdfNotFound,
            Self::UdfExists { .. } => ErrorCode::UdfExists,
            Self::UdfParameter { .. } => ErrorCode::UdfParameter,
            Self::UdfDisabled { .. } => ErrorCode::UdfDisabled,
            Self::UdfUnavailable { .. } => ErrorCode::UdfUnavailable,
            Self::UdfBusy { .. } => ErrorCode::UdfBusy,
            Self::UdfAliased { .. } => ErrorCode::UdfAliased,
            Self::Clause { error, .. } => error.code(),
            Self::Io { .. } => ErrorCode::Io,
            Self::Native { code, .. } => *code,
            Self::InvalidArgument(_) => ErrorCode::InvalidArgument,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Timeout(_) => ErrorCode::Timeout,
            Self::Panicked(_) => ErrorCode::Panicked,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// An [`Error::Io`] about `path`.
    #[cfg(any(feature = "udf", feature = "cli"))]
    pub(crate) fn io(path: impl AsRef<std::path::Path>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// There is no thread for a function to run on.
    pub(crate) fn no_thread(error: std::io::Error) -> Self {
        Self::Native {
            code: ErrorCode::OutOfMemory,
            message: format!("the system has no more threads: {error}"),
        }
    }

    /// An [`Error::Query`] at a place of the request.
    pub(crate) fn query(
        path: impl Into<String>,
        offset: usize,
        message: impl Into<String>,
    ) -> Self {
        Self::Query {
            path: path.into(),
            offset,
            message: message.into(),
        }
    }
}

fn on_document(id: &str) -> String {
    if id.is_empty() {
        String::new()
    } else {
        format!(" on document {id:?}")
    }
}

/// `std::result::Result` with the crate's [`Error`]. Write it in full, `crate::Result`, so that it isn't taken for the other.
pub type Result<T> = std::result::Result<T, Error>;
