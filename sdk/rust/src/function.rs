//! What a module exports.

use crate::batch::Batch;
use crate::out::Out;

/// A function as the engine calls it: about a batch of documents.
///
/// The attributes [`filter`](macro@crate::filter), [`score`](macro@crate::score) and [`value`](macro@crate::value) implement
/// it for a type of the function's name. By hand, for a loop of one's own:
///
/// ```
/// use diagon_udf::{Batch, Function, Out};
///
/// struct Affordable;
///
/// impl Function for Affordable {
///     const MANIFEST: &'static str = r#"{"abi": 1, "name": "affordable", "version": "1.0.0", "kind": "filter",
///         "export": "affordable", "pure": true,
///         "fields": [{"name": "price", "type": "f64"}],
///         "params": [{"name": "budget", "type": "f64", "required": true}]}"#;
///
///     fn answer(batch: &Batch<'_>, out: Out<'_>) {
///         // Columns and parameters by their place in the manifest.
///         let price = batch.f64_column(0);
///         let budget = batch.f64_param(0).unwrap_or(0.0);
///         for (document, verdict) in out.verdicts().iter_mut().enumerate() {
///             *verdict = u8::from(price.get(document).is_some_and(|price| price <= budget));
///         }
///     }
/// }
///
/// diagon_udf::export!(Affordable, "affordable");
///
/// # fn main() {
/// let mut batch = diagon_udf::testing::BatchBuilder::new(2);
/// batch.f64_column(&[Some(1.5), None]).f64_param(2.0);
/// assert_eq!(batch.filter::<Affordable>(), [Some(true), Some(false)]);
/// # }
/// ```
pub trait Function {
    /// The manifest, as JSON.
    const MANIFEST: &'static str;

    /// Answers a batch.
    fn answer(batch: &Batch<'_>, out: Out<'_>);
}

/// Exports a type that implements [`Function`] under the name that its manifest gives as `export`, and puts the manifest
/// into the module, as the custom section that the engine reads. The attributes do it for you.
#[macro_export]
macro_rules! export {
    ($function:ty, $export:literal) => {
        const _: () = {
            const MANIFEST: &str = <$function as $crate::Function>::MANIFEST;

            #[cfg(target_arch = "wasm32")]
            #[allow(unsafe_code)]
            #[used]
            #[link_section = "diagon.udf"]
            static SECTION: [u8; MANIFEST.len()] = $crate::__private::custom_section(MANIFEST);

            #[cfg(target_arch = "wasm32")]
            #[allow(unsafe_code)]
            #[export_name = $export]
            unsafe extern "C" fn call(batch: u32) -> i32 {
                // SAFETY: the engine calls it with the address of a batch that it has written.
                unsafe { $crate::__private::call::<$function>(batch) }
            }

            // Natively nothing is exported; tests call the function.
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn(&$crate::Batch<'_>, $crate::Out<'_>) =
                <$function as $crate::Function>::answer;
        };
    };
}

/// Answers the batch at an address of the module's memory.
///
/// # Safety
/// The engine wrote a batch there, and touches nothing until this function returns.
#[cfg(target_arch = "wasm32")]
pub unsafe fn call<F: Function>(batch: u32) -> i32 {
    crate::guest::install_panic_hook();
    // SAFETY: promised by the caller; addresses count from 0.
    let (batch, out) = unsafe { Batch::at(core::ptr::null_mut(), batch) };
    F::answer(&batch, out);
    0
}

/// A text as the bytes of a custom section.
pub const fn custom_section<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let mut i = 0;
    while i < N {
        bytes[i] = text.as_bytes()[i];
        i += 1;
    }
    bytes
}
