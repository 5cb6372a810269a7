//! What is said of mistakes, and where it points.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{File, Item, LitStr, Macro};

use crate::function;
use crate::types::Kind;

/// What the attribute becomes.
fn expanded(kind: Kind, options: &str, item: &str) -> File {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    syn::parse2(function::expand(kind, parse(options), parse(item))).expect("items")
}

/// The messages, each with the text that it points at.
fn mistakes(kind: Kind, options: &str, item: &str) -> Vec<(String, String)> {
    let is_error = |mac: &Macro| {
        mac.path
            .segments
            .last()
            .is_some_and(|last| last.ident == "compile_error")
    };
    let mut found = Vec::new();
    for item in expanded(kind, options, item).items {
        if let Item::Macro(item) = item {
            if is_error(&item.mac) {
                let message: LitStr = item.mac.parse_body().expect("a message");
                let place = item.mac.path.span().source_text().unwrap_or_default();
                found.push((message.value(), place));
            }
        }
    }
    found
}

#[track_caller]
fn refused(kind: Kind, options: &str, item: &str, place: &str, expected: &str) {
    match &mistakes(kind, options, item)[..] {
        [(message, at)] => {
            assert!(message.contains(expected), "{message}");
            assert_eq!(at, place, "{message}");
        }
        other => panic!("{item}: one mistake, not {other:?}"),
    }
}

mod arguments;
mod functions;
