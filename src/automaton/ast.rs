//! A pattern as a tree.

use super::chars::CharSet;

/// The operations that all patterns are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ast {
    /// No string.
    Nothing,
    /// A character of the set.
    One(CharSet),
    /// One behind the other; the empty string if there are none.
    Concat(Vec<Ast>),
    /// Any of them.
    Union(Vec<Ast>),
    /// All of them.
    Intersection(Vec<Ast>),
    /// Every other string.
    Complement(Box<Ast>),
    /// So many times at least, and at most if there is a limit.
    Repeat(Box<Ast>, u32, Option<u32>),
}

impl Ast {
    /// The empty string.
    pub(super) fn empty_string() -> Self {
        Self::Concat(Vec::new())
    }

    /// Any string.
    pub(super) fn any_string() -> Self {
        Self::Repeat(Box::new(Self::One(CharSet::all())), 0, None)
    }

    /// One character; with `any_case` in either case.
    pub(super) fn char(c: char, any_case: bool) -> Self {
        Self::One(if any_case {
            CharSet::any_case(c)
        } else {
            CharSet::one(c)
        })
    }

    /// A string, character by character.
    pub(super) fn literal(text: &str, any_case: bool) -> Self {
        Self::Concat(text.chars().map(|c| Self::char(c, any_case)).collect())
    }
}
