//! The words within an edit distance of a word (Schulz and Mihov, "Fast string correction with Levenshtein automata", 2002),
//! by making the plain automaton of positions and edits deterministic.

use std::collections::HashMap;

use super::chars::MAX_CHAR;
use super::subset::{CharDfa, CharState};
use super::{Dfa, PatternError, Result};

/// States at most: words of some 1,000 characters.
const MAX_STATES: usize = 50_000;

/// How far the word has been read, with how many edits; and whether the two characters there are about to be seen swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Position {
    at: u32,
    edits: u8,
    swapping: bool,
}

/// Strings that begin with the first `prefix` characters of the word and are at most `edits` insertions, deletions and
/// substitutions of characters away from it; with `transpositions` also exchanges of two neighbours, each pair of which is then
/// left alone. Of an accepted string the automaton says 1 more than the least number of edits.
pub(crate) fn levenshtein(
    word: &str,
    edits: u8,
    prefix: usize,
    transpositions: bool,
) -> Result<Dfa> {
    let chars: Vec<char> = word.chars().collect();
    let (fixed, word) = chars.split_at(prefix.min(chars.len()));
    let rules = Rules {
        word,
        edits,
        transpositions,
    };
    let offset = fixed.len();
    let mut states: Vec<CharState> = Vec::with_capacity(offset);
    for (at, &c) in fixed.iter().enumerate() {
        let edges = vec![(c.into(), c.into(), number(at + 1)?)];
        states.push(CharState { edges, accepts: 0 });
    }
    let first = vec![Position {
        at: 0,
        edits: 0,
        swapping: false,
    }];
    let mut numbers = HashMap::from([(first.clone(), number(offset)?)]);
    let mut sets = vec![first];
    while let Some(set) = sets.get(states.len() - offset) {
        let set = rules.with_deletions(set);
        let accepts = rules.accepts(&set);
        let mut edges = Vec::new();
        let mut next = 0;
        let others = rules.step(&set, None);
        let mut to = |positions: Vec<Position>| -> Result<Option<u32>> {
            if positions.is_empty() {
                return Ok(None);
            }
            if let Some(&to) = numbers.get(&positions) {
                return Ok(Some(to));
            }
            if sets.len() >= MAX_STATES {
                return Err(PatternError::TooManyStates(MAX_STATES));
            }
            let to = number(offset + sets.len())?;
            sets.push(positions.clone());
            numbers.insert(positions, to);
            Ok(Some(to))
        };
        let others = to(others)?;
        for c in rules.characters(&set) {
            let code = u32::from(c);
            if let Some(others) = others.filter(|_| next < code) {
                edges.push((next, code - 1, others));
            }
            if let Some(to) = to(rules.step(&set, Some(c)))? {
                edges.push((code, code, to));
            }
            next = code + 1;
        }
        if let Some(others) = others.filter(|_| next <= MAX_CHAR) {
            edges.push((next, MAX_CHAR, others));
        }
        states.push(CharState { edges, accepts });
    }
    Dfa::new(&CharDfa { states })
}

fn number(index: usize) -> Result<u32> {
    u32::try_from(index).map_err(|_| PatternError::TooMuchWork)
}

struct Rules<'w> {
    word: &'w [char],
    edits: u8,
    transpositions: bool,
}

impl Rules<'_> {
    fn char_at(&self, at: u32) -> Option<char> {
        self.word.get(at as usize).copied()
    }

    /// The characters that lead elsewhere than all others, in order.
    fn characters(&self, set: &[Position]) -> Vec<char> {
        let mut chars: Vec<char> = set
            .iter()
            .flat_map(|p| [self.char_at(p.at), self.char_at(p.at + 1)])
            .flatten()
            .collect();
        chars.sort_unstable();
        chars.dedup();
        chars
    }

    /// With the positions that deletions lead to.
    fn with_deletions(&self, set: &[Position]) -> Vec<Position> {
        let mut set = set.to_vec();
        let mut next = 0;
        while let Some(&p) = set.get(next) {
            next += 1;
            if !p.swapping && p.edits < self.edits && self.char_at(p.at).is_some() {
                set.push(Position {
                    at: p.at + 1,
                    edits: p.edits + 1,
                    swapping: false,
                });
            }
        }
        set
    }

    /// Where one character leads; `None` is one that the word doesn't have here.
    fn step(&self, set: &[Position], c: Option<char>) -> Vec<Position> {
        let mut out = Vec::new();
        for p in set {
            let mut add = |at, edits, swapping| {
                if edits <= self.edits {
                    out.push(Position {
                        at,
                        edits,
                        swapping,
                    });
                }
            };
            let (here, behind) = (self.char_at(p.at), self.char_at(p.at + 1));
            let is = |other: Option<char>| other.is_some() && other == c;
            if p.swapping {
                if is(here) {
                    add(p.at + 2, p.edits, false);
                }
                continue;
            }
            if is(here) {
                add(p.at + 1, p.edits, false);
            }
            add(p.at, p.edits + 1, false);
            if here.is_some() {
                add(p.at + 1, p.edits + 1, false);
            }
            if self.transpositions && is(behind) {
                add(p.at, p.edits + 1, true);
            }
        }
        pruned(out)
    }

    /// 1 more than the edits of the best position at the word's end; 0 without one.
    fn accepts(&self, set: &[Position]) -> u8 {
        let at_end = |p: &&Position| !p.swapping && p.at as usize == self.word.len();
        let least = set.iter().filter(at_end).map(|p| p.edits).min();
        least.map_or(0, |edits| edits + 1)
    }
}

/// Without the positions that another one makes superfluous: whatever is accepted from them is from that one as well, with no
/// more edits.
fn pruned(mut set: Vec<Position>) -> Vec<Position> {
    set.sort_unstable();
    set.dedup();
    let covers = |a: &Position, b: &Position| {
        !a.swapping
            && !b.swapping
            && a.edits < b.edits
            && u32::from(b.edits - a.edits) >= a.at.abs_diff(b.at)
    };
    let all = set.clone();
    set.retain(|b| !all.iter().any(|a| covers(a, b)));
    set
}
