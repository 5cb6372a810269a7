//! Prefixes, and `*` and `?`.

use super::ast::Ast;
use super::chars::CharSet;
use super::compile::compile;
use super::{DEFAULT_STATES, Dfa, Result};

/// A keyword may have 32,766 bytes, and so may a prefix: a state for each character.
const LONGEST: usize = 1 << 16;

/// Strings that begin with `text`; with `any_case`, ASCII letters in either case.
pub(crate) fn prefix(text: &str, any_case: bool) -> Result<Dfa> {
    let pattern = Ast::Concat(vec![Ast::literal(text, any_case), Ast::any_string()]);
    Dfa::new(&compile(&pattern, LONGEST)?)
}

/// Strings of a pattern, in which `*` is any string, `?` any character, and `\` takes away the next character's meaning.
pub(crate) fn wildcard(pattern: &str, any_case: bool) -> Result<Dfa> {
    let ast = parse(pattern, any_case);
    // Only stars make more states than there are characters.
    let most = if pattern.contains('*') {
        DEFAULT_STATES
    } else {
        LONGEST
    };
    Dfa::new(&compile(&ast, most)?)
}

pub(super) fn parse(pattern: &str, any_case: bool) -> Ast {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' => Ast::any_string(),
            '?' => Ast::One(CharSet::all()),
            // A backslash at the end is itself.
            '\\' => Ast::char(chars.next().unwrap_or('\\'), any_case),
            c => Ast::char(c, any_case),
        });
    }
    // Several stars are one.
    parts.dedup_by(|b, a| matches!((a, b), (Ast::Repeat(..), Ast::Repeat(..))));
    Ast::Concat(parts)
}
