//! The one door to the native engine: the only `#[cxx::bridge]` of the crate, and what makes it safe.
//!
//! *Useful for*: `index` and `search`, which own native handles and drive them. *Not useful for*: anything with meaning; the
//! functions here take numbers and bytes.
#![expect(unsafe_code, reason = "the bridge, and the marker traits of its types")]

#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::too_many_arguments,
    clippy::multiple_unsafe_ops_per_block,
    clippy::module_inception,
    reason = "generated code; one function is for tests only; plain values are what crosses"
)]
mod ffi;

pub(crate) use ffi::ffi::*;

use crate::{Error, ErrorCode};
// Only the engine calls it; without a mention here it would not be linked.
use zstd_sys as _;

/// Says that a struct of Rust has the layout of one of C++, so that slices of it cross as they are.
macro_rules! same_layout {
    ($($rust:ty = $name:literal, $size:literal;)*) => {$(
        const _: () = assert!(size_of::<$rust>() == $size && align_of::<$rust>() <= 8);
        // SAFETY: the C++ struct of that name has the same fields in the same order with the same sizes; it asserts its
        // size in cpp/diagon/index/document.h, as does the line above. Both are plain integers.
        unsafe impl cxx::ExternType for $rust {
            type Id = cxx::type_id!($name);
            type Kind = cxx::kind::Trivial;
        }
    )*};
}

same_layout! {
    crate::schema::Token = "diagon::index::Token", 16;
    crate::schema::FieldLength = "diagon::index::FieldLength", 8;
    crate::schema::NumericValue = "diagon::index::NumericValue", 16;
    crate::schema::StringValue = "diagon::index::StringValue", 12;
    crate::schema::DocSpan = "diagon::index::DocSpan", 32;
}

// SAFETY: a writer is not bound to the thread that made it (cpp/diagon/index/index_writer.h).
unsafe impl Send for IndexWriter {}
// SAFETY: as above: any number of threads may use it at once, but for `writer_user_data`, which is called before a writer is shared.
unsafe impl Sync for IndexWriter {}
// SAFETY: a snapshot is immutable and may move between threads (cpp/diagon/index/snapshot.h).
unsafe impl Send for Snapshot {}
// SAFETY: as above: any number of threads may use it at once.
unsafe impl Sync for Snapshot {}
// SAFETY: all that a monitor does is behind its own mutex (cpp/diagon/index/merge_monitor.h).
unsafe impl Send for MergeMonitor {}
// SAFETY: as above: any number of threads may use it at once.
unsafe impl Sync for MergeMonitor {}
// SAFETY: a prepared query is immutable and may move between threads (cpp/diagon/search/weight.h).
unsafe impl Send for Prepared {}
// SAFETY: as above: any number of threads may use it at once.
unsafe impl Sync for Prepared {}
// SAFETY: a cancel flag is an atomic (cpp/diagon/util/interrupt.h).
unsafe impl Send for Cancel {}
// SAFETY: as above.
unsafe impl Sync for Cancel {}
// SAFETY: a search is used by one thread at a time and is not bound to the one that made it (cpp/diagon/search/filtered_search.h).
unsafe impl Send for FilteredSearch {}
// SAFETY: a stream is used by one thread at a time and is not bound to the one that made it (cpp/diagon/search/hit_stream.h).
unsafe impl Send for HitStream {}
// SAFETY: a sorter is used by one thread at a time and is not bound to the one that made it (cpp/diagon/search/sort_collector.h).
unsafe impl Send for Sorter {}
// SAFETY: a gatherer is used by one thread at a time and is not bound to the one that made it (cpp/diagon/search/gather.h).
unsafe impl Send for Gatherer {}

impl From<cxx::Exception> for Error {
    fn from(exception: cxx::Exception) -> Self {
        native_error(exception.what())
    }
}

/// Takes "code:message" apart, as `cpp/diagon/bridge/error.h` put it together.
pub(crate) fn native_error(text: &str) -> Error {
    let (code, message) = text.split_once(':').unwrap_or(("1", text));
    let code = match code {
        "2" => ErrorCode::InvalidArgument,
        "3" => ErrorCode::Io,
        "4" => ErrorCode::Corrupt,
        "5" => ErrorCode::NotFound,
        "6" => ErrorCode::Locked,
        "7" => ErrorCode::OutOfMemory,
        "8" => return Error::Cancelled,
        "9" => ErrorCode::Timeout,
        "10" => ErrorCode::TooLarge,
        "11" => ErrorCode::UnsupportedFormat,
        "40" => return Error::Panicked(message.to_string()),
        _ => ErrorCode::Internal,
    };
    Error::Native {
        code,
        message: message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_exception_arrives_with_its_code() {
        let code = |which| Error::from(throw_for_test(which).unwrap_err()).code();
        let expected = [
            ErrorCode::Internal,
            ErrorCode::InvalidArgument,
            ErrorCode::Io,
            ErrorCode::Corrupt,
            ErrorCode::NotFound,
            ErrorCode::Locked,
            ErrorCode::OutOfMemory,
            ErrorCode::Cancelled,
            ErrorCode::Timeout,
            ErrorCode::TooLarge,
            ErrorCode::UnsupportedFormat,
        ];
        for (i, want) in expected.into_iter().enumerate() {
            let which = u32::try_from(i + 1).unwrap();
            assert_eq!((code(which), want as u32), (want, which));
        }
        assert_eq!(code(12), ErrorCode::OutOfMemory); // std::bad_alloc
        assert_eq!(code(13), ErrorCode::Internal); // std::runtime_error
        assert_eq!(code(14), ErrorCode::Internal); // throw 42
        assert!(matches!(
            Error::from(throw_for_test(8).unwrap_err()),
            Error::Cancelled
        ));
    }

    #[test]
    fn a_callback_s_panic_crosses_the_engine_as_an_error() {
        let error = Error::from(throw_for_test(15).unwrap_err());
        assert_eq!(error.code(), ErrorCode::Panicked);
        assert_eq!(error.to_string(), "panic: for a test");
    }
}
