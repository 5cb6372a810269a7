//! An automaton over code points that may be in several states at once.

use super::chars::CharSet;
use super::{PatternError, Result};

/// States at most; a pattern has 1,000 characters, so that only nested repetitions get there.
const MAX_STATES: usize = 400_000;

/// One state's ways on.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// By a code point of a closed range.
    pub(super) edges: Vec<(u32, u32, u32)>,
    /// By nothing.
    pub(super) free: Vec<u32>,
}

/// States, of which 0 is where it begins.
#[derive(Debug, Default)]
pub(super) struct Nfa {
    pub(super) states: Vec<State>,
}

impl Nfa {
    pub(super) fn add_state(&mut self) -> Result<u32> {
        if self.states.len() >= MAX_STATES {
            return Err(PatternError::TooMuchWork);
        }
        self.states.push(State::default());
        u32::try_from(self.states.len() - 1).map_err(|_| PatternError::TooMuchWork)
    }

    pub(super) fn add_edges(&mut self, from: u32, set: &CharSet, to: u32) {
        let edges = &mut self.states[from as usize].edges;
        edges.extend(set.ranges().iter().map(|&(lo, hi)| (lo, hi, to)));
    }

    pub(super) fn add_free(&mut self, from: u32, to: u32) {
        self.states[from as usize].free.push(to);
    }
}
