//! Patterns over terms → deterministic automata over their bytes: prefixes, wildcards, Lucene's regular expressions, and the
//! words within an edit distance.
//!
//! *Useful for*: a [`Dfa`], flat tables that the engine runs against its sorted term dictionary. *Not useful for*: which terms
//! there are, or what a pattern's documents score.
//!
//! A pattern becomes an [`Ast`](ast::Ast), that an automaton over code points ([`nfa`], made deterministic by [`subset`]), and
//! that one over the bytes of UTF-8 ([`utf8`]). The Levenshtein automaton is deterministic from the start. Every step is
//! limited, since patterns are anybody's: what needs more is an error, not a long wait.
#![forbid(unsafe_code)]

mod ast;
mod chars;
mod compile;
mod interval;
mod levenshtein;
mod nfa;
mod regexp;
mod subset;
mod utf8;
mod wildcard;

#[cfg(test)]
mod naive;

pub(crate) use levenshtein::levenshtein;
pub(crate) use regexp::{Syntax, regexp};
pub(crate) use utf8::Dfa;
pub(crate) use wildcard::{prefix, wildcard};

/// States of a deterministic automaton at most, if the query doesn't say; OpenSearch's `max_determinized_states`.
pub(crate) const DEFAULT_STATES: usize = 10_000;

/// Why a pattern has no automaton.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    /// It isn't one of the language.
    #[error("{message}, at byte {at} of the pattern")]
    Syntax {
        /// The byte of the pattern.
        at: usize,
        /// What is wrong.
        message: String,
    },
    /// Its automaton is too large.
    #[error("the pattern is too complex: its automaton needs more than {0} states")]
    TooManyStates(usize),
    /// Its automaton takes too long to make, or too much memory.
    #[error("the pattern is too complex: its automaton takes too much time or memory")]
    TooMuchWork,
}

type Result<T> = std::result::Result<T, PatternError>;
