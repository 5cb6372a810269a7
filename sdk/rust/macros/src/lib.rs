//! The attributes of `diagon-udf`, which re-exports and documents them.

mod arguments;
mod emit;
mod function;
mod keys;
mod literals;
mod manifest;
mod options;
mod types;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use types::Kind;

/// Makes a filter of a function: it says of one document whether it matches.
///
/// It returns `bool`, or `Result<bool, E>` whose error is an error in that document, with a message for the log.
///
/// In parentheses: `name` (the function's name), `version` (the crate's), `export`, `pure = false`,
/// `limits(memory_bytes = …)`. What arguments can be is in the crate's README.md.
#[proc_macro_attribute]
pub fn filter(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Filter, options, item)
}

/// Makes a score function of a function: it says how well one document matches.
///
/// It returns `f64`, finite and not negative, or `Result<f64, E>`. In parentheses: as for [`macro@filter`], and `max_score`, which it
/// never passes; a search for the best hits can then skip documents.
#[proc_macro_attribute]
pub fn score(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Score, options, item)
}

/// Makes a value function of a function: it computes something of one document.
///
/// It returns `f64`, `i64`, `bool`, `&str`, `String` or `Cow<str>`; an `Option` of one, where `None` is a missing value; or a
/// `Result` of either. In parentheses: as for [`macro@filter`].
#[proc_macro_attribute]
pub fn value(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Value, options, item)
}

fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(kind, options.into(), item.into()).into()
}
