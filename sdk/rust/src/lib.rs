//! Write functions for the Diagon search engine in Rust: a filter is a closure over one document, everything else is here.
//!
//! ```
//! diagon_udf::filter! {
//!     manifest: r#"{"abi": 1, "name": "affordable", "version": "1.0.0", "kind": "filter", "pure": true,
//!         "fields": [{"name": "price", "type": "f64"}],
//!         "params": [{"name": "budget", "type": "f64", "required": true}]}"#,
//!     export: filter,
//!     // Once a batch: take the columns and parameters, by their place in the manifest.
//!     |batch| {
//!         let price = batch.f64_column(0);
//!         let budget = batch.f64_param(0).unwrap_or(0.0);
//!         // Once a document.
//!         move |document: usize| price.get(document).is_some_and(|price| price <= budget)
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Build with `cargo build --release --target wasm32-unknown-unknown`, as a `cdylib`. The closure answers a `bool`, or a
//! `Result<bool, E>` whose error is an error in that document. A panic ends the call, and its text and place are told to
//! whoever asked.
//!
//! The crate has no dependencies. Natively it builds, too, so that functions can be tested without an engine: see
//! [`testing`].

#![warn(missing_docs)]

mod batch;
mod column;
mod guest;
mod param;
pub mod testing;

pub use batch::Batch;
pub use column::{BoolColumn, F64Column, I64Column, ListColumn, StrColumn, Validity};
#[doc(hidden)]
pub use guest::{custom_section, install_panic_hook, reserve};
pub use guest::{fail, log, Level};
pub use param::List;

/// What a filter may answer about one document.
pub trait Answer {
    /// 0 no, 1 yes, 2 error.
    fn verdict(self) -> u8;
}

impl Answer for bool {
    fn verdict(self) -> u8 {
        u8::from(self)
    }
}

impl<E> Answer for Result<bool, E> {
    fn verdict(self) -> u8 {
        self.map_or(2, u8::from)
    }
}

/// Puts a manifest into the module, as the custom section that the engine reads. [`filter!`] does it for you.
#[macro_export]
macro_rules! manifest {
    ($json:expr) => {
        const _: () = {
            const TEXT: &str = $json;
            #[cfg(target_arch = "wasm32")]
            #[used]
            #[link_section = "diagon.udf"]
            static MANIFEST: [u8; TEXT.len()] = $crate::custom_section(TEXT);
            #[cfg(not(target_arch = "wasm32"))]
            static _MANIFEST: [u8; TEXT.len()] = $crate::custom_section(TEXT);
        };
    };
}

/// Exports what every module needs beside its functions. [`filter!`] does it; a module with several functions uses
/// `module!` once and [`filter_function!`] for each.
#[macro_export]
macro_rules! module {
    () => {
        /// Says which ABI the module was built for.
        #[no_mangle]
        pub extern "C" fn diagon_abi_v1() {}

        /// Makes room for a batch.
        #[no_mangle]
        pub extern "C" fn diagon_reserve(bytes: u32) -> u32 {
            $crate::reserve(bytes)
        }
    };
}

/// A filter in a module that has [`module!`].
#[macro_export]
macro_rules! filter_function {
    (manifest: $manifest:expr, export: $export:ident, |$batch:ident| $body:expr $(,)?) => {
        $crate::manifest!($manifest);

        /// Answers a batch.
        ///
        /// # Safety
        /// Called by the engine, with the address of a batch that it has written.
        #[no_mangle]
        pub unsafe extern "C" fn $export(batch: u32) -> i32 {
            $crate::install_panic_hook();
            // SAFETY: the engine wrote a batch there and touches nothing until this function returns.
            let mut out = unsafe { $crate::Batch::at(::core::ptr::null_mut(), batch) };
            let verdicts = out.take_verdicts();
            let $batch = &out;
            let mut each = $body;
            for (document, verdict) in verdicts.iter_mut().enumerate() {
                *verdict = $crate::Answer::verdict(each(document));
            }
            0
        }
    };
}

/// A module with one filter: manifest, exports and the loop over the documents. See the [crate's example](crate).
#[macro_export]
macro_rules! filter {
    ($($function:tt)*) => {
        $crate::module!();
        $crate::filter_function! { $($function)* }
    };
}
