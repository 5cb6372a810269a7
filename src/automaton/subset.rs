//! Automata over code points that are in one state at a time, and how an [`Nfa`] becomes one.

use std::collections::HashMap;

use super::chars::MAX_CHAR;
use super::nfa::Nfa;
use super::{PatternError, Result};

/// Steps of making an automaton deterministic at most: a second or so.
const MOST_STEPS: usize = 20_000_000;

/// A state: where it leads, by ascending ranges of code points, and what its being the last one means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CharState {
    /// `(lo, hi, to)`: closed ranges that don't overlap. What is in none leads nowhere.
    pub(super) edges: Vec<(u32, u32, u32)>,
    /// 0: the string isn't accepted; else it is, and of several such numbers the least counts.
    pub(super) accepts: u8,
}

/// States, of which 0 is where it begins; there is always that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharDfa {
    pub(super) states: Vec<CharState>,
}

/// Makes an automaton deterministic. `ends`: its accepting states with what they mean.
pub(super) fn determinize(nfa: &Nfa, ends: &[(u32, u8)], most_states: usize) -> Result<CharDfa> {
    let mut subsets = Subsets {
        nfa,
        meaning: HashMap::from_iter(ends.iter().copied()),
        numbers: HashMap::new(),
        sets: Vec::new(),
        seen: vec![0; nfa.states.len()],
        round: 0,
        steps: 0,
        most_states,
    };
    subsets.number(&[0])?;
    let mut states = Vec::new();
    while states.len() < subsets.sets.len() {
        states.push(subsets.state(states.len())?);
    }
    Ok(CharDfa { states })
}

struct Subsets<'n> {
    nfa: &'n Nfa,
    meaning: HashMap<u32, u8>,
    numbers: HashMap<Box<[u32]>, u32>,
    /// By number; only states that have edges or accept.
    sets: Vec<Box<[u32]>>,
    /// By state of the NFA: the latest round that came by.
    seen: Vec<u32>,
    round: u32,
    steps: usize,
    most_states: usize,
}

impl Subsets<'_> {
    fn step(&mut self, steps: usize) -> Result<()> {
        self.steps += steps;
        if self.steps > MOST_STEPS {
            return Err(PatternError::TooMuchWork);
        }
        Ok(())
    }

    /// The number of the set of states that can be reached from these for free.
    fn number(&mut self, from: &[u32]) -> Result<u32> {
        self.round += 1;
        let mut open = from.to_vec();
        let mut set = Vec::new();
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut self.seen[state as usize], self.round) == self.round {
                continue;
            }
            let node = &self.nfa.states[state as usize];
            open.extend(&node.free);
            if !node.edges.is_empty() || self.meaning.contains_key(&state) {
                set.push(state);
            }
            self.step(1 + node.free.len())?;
        }
        set.sort_unstable();
        let set = set.into_boxed_slice();
        if let Some(&number) = self.numbers.get(&set) {
            return Ok(number);
        }
        if self.sets.len() >= self.most_states {
            return Err(PatternError::TooManyStates(self.most_states));
        }
        let number = u32::try_from(self.sets.len()).map_err(|_| PatternError::TooMuchWork)?;
        self.sets.push(set.clone());
        self.numbers.insert(set, number);
        Ok(number)
    }

    /// The state of a set: all its edges, cut where any of them begins or ends.
    fn state(&mut self, number: usize) -> Result<CharState> {
        let set = self.sets[number].clone();
        let mut accepts = 0;
        let mut edges = Vec::new();
        for state in &set {
            edges.extend_from_slice(&self.nfa.states[*state as usize].edges);
            match self.meaning.get(state) {
                Some(&meaning) if accepts == 0 || meaning < accepts => accepts = meaning,
                _ => {}
            }
        }
        edges.sort_unstable();
        let mut cuts: Vec<u32> = edges.iter().flat_map(|&(lo, hi, _)| [lo, hi + 1]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut out: Vec<(u32, u32, u32)> = Vec::new();
        let mut active: Vec<(u32, u32)> = Vec::new(); // (hi, to)
        let mut next = 0;
        for cut in cuts.windows(2) {
            active.retain(|&(hi, _)| hi >= cut[0]);
            while next < edges.len() && edges[next].0 == cut[0] {
                active.push((edges[next].1, edges[next].2));
                next += 1;
            }
            self.step(1 + active.len())?;
            if active.is_empty() {
                continue;
            }
            let mut targets: Vec<u32> = active.iter().map(|&(_, to)| to).collect();
            targets.sort_unstable();
            targets.dedup();
            let to = self.number(&targets)?;
            push_edge(&mut out, cut[0], cut[1] - 1, to);
        }
        Ok(CharState {
            edges: out,
            accepts,
        })
    }
}

/// Adds a range behind all others, as a part of the last one if it goes on there.
fn push_edge(edges: &mut Vec<(u32, u32, u32)>, lo: u32, hi: u32, to: u32) {
    match edges.last_mut() {
        Some(last) if last.2 == to && last.1 + 1 == lo => last.1 = hi,
        _ => edges.push((lo, hi, to)),
    }
}

impl CharDfa {
    /// Accepts exactly the other strings.
    pub(super) fn complement(&self, most_states: usize) -> Result<Self> {
        let sink = u32::try_from(self.states.len()).map_err(|_| PatternError::TooMuchWork)?;
        if self.states.len() >= most_states {
            return Err(PatternError::TooManyStates(most_states));
        }
        let mut states: Vec<CharState> = Vec::with_capacity(self.states.len() + 1);
        for state in &self.states {
            let mut edges = Vec::with_capacity(2 * state.edges.len() + 1);
            let mut next = 0;
            for &(lo, hi, to) in &state.edges {
                if next < lo {
                    push_edge(&mut edges, next, lo - 1, sink);
                }
                push_edge(&mut edges, lo, hi, to);
                next = hi + 1;
            }
            if next <= MAX_CHAR {
                push_edge(&mut edges, next, MAX_CHAR, sink);
            }
            states.push(CharState {
                edges,
                accepts: u8::from(state.accepts == 0),
            });
        }
        states.push(CharState {
            edges: vec![(0, MAX_CHAR, sink)],
            accepts: 1,
        });
        Ok(Self { states }.trimmed())
    }

    /// Accepts what both accept.
    pub(super) fn intersection(&self, other: &Self, most_states: usize) -> Result<Self> {
        let mut numbers: HashMap<(u32, u32), u32> = HashMap::from([((0, 0), 0)]);
        let mut pairs = vec![(0, 0)];
        let mut states = Vec::new();
        let mut steps = 0;
        while let Some(&(a, b)) = pairs.get(states.len()) {
            let (a, b) = (&self.states[a as usize], &other.states[b as usize]);
            let mut edges = Vec::new();
            let (mut i, mut j) = (0, 0);
            while let (Some(x), Some(y)) = (a.edges.get(i), b.edges.get(j)) {
                let (lo, hi) = (x.0.max(y.0), x.1.min(y.1));
                if lo <= hi {
                    let to = match numbers.get(&(x.2, y.2)) {
                        Some(&to) => to,
                        None if pairs.len() >= most_states => {
                            return Err(PatternError::TooManyStates(most_states));
                        }
                        None => {
                            let to = u32::try_from(pairs.len())
                                .map_err(|_| PatternError::TooMuchWork)?;
                            numbers.insert((x.2, y.2), to);
                            pairs.push((x.2, y.2));
                            to
                        }
                    };
                    push_edge(&mut edges, lo, hi, to);
                }
                if x.1 <= y.1 {
                    i += 1;
                } else {
                    j += 1;
                }
            }
            steps += a.edges.len() + b.edges.len();
            if steps > MOST_STEPS {
                return Err(PatternError::TooMuchWork);
            }
            states.push(CharState {
                edges,
                accepts: a.accepts.min(b.accepts),
            });
        }
        Ok(Self { states })
    }

    /// Without the states from which no string is accepted, and without ways to them: whoever walks over sorted strings then
    /// knows that there is something to be found wherever there is a way.
    pub(super) fn trimmed(self) -> Self {
        let mut back: Vec<Vec<usize>> = vec![Vec::new(); self.states.len()];
        for (from, state) in self.states.iter().enumerate() {
            for edge in &state.edges {
                back[edge.2 as usize].push(from);
            }
        }
        let accepting = |&at: &usize| self.states[at].accepts != 0;
        let mut open: Vec<usize> = (0..self.states.len()).filter(accepting).collect();
        let mut useful = vec![false; self.states.len()];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut useful[at], true) {
                open.extend(&back[at]);
            }
        }
        // The first state stays in any case: it is where the automaton begins.
        useful[0] = true;
        let mut next = 0;
        let numbers: Vec<u32> = useful
            .iter()
            .map(|&kept| {
                next += u32::from(kept);
                next.saturating_sub(1)
            })
            .collect();
        let mut states = Vec::with_capacity(next as usize);
        for (mut state, _) in self
            .states
            .into_iter()
            .zip(&useful)
            .filter(|(_, kept)| **kept)
        {
            state.edges.retain(|edge| useful[edge.2 as usize]);
            for edge in &mut state.edges {
                edge.2 = numbers[edge.2 as usize];
            }
            states.push(state);
        }
        // A way back to a first state that accepts nothing is none.
        if states.len() == 1 && states[0].accepts == 0 {
            states[0].edges.clear();
        }
        Self { states }
    }
}
