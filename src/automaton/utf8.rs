//! Automaton over code points → flat automaton over the bytes of UTF-8.

use std::collections::HashMap;

use super::subset::CharDfa;
use super::{PatternError, Result};

/// Entries of the table of transitions at most: 32 MiB.
const MAX_TABLE: usize = 1 << 23;

/// The state from which nothing is accepted.
const DEAD: u32 = 0;

/// An automaton over bytes as flat tables. It is exact for UTF-8; what it says about other bytes doesn't matter.
///
/// State 0 is dead: it leads only to itself. From every other state something is accepted (but from the first, if the automaton
/// accepts nothing at all).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dfa {
    /// Of each byte, the class of bytes that lead the same way everywhere.
    pub(crate) classes: Vec<u8>,
    /// How many classes there are.
    pub(crate) class_count: u32,
    /// `transitions[state * class_count + class]`.
    pub(crate) transitions: Vec<u32>,
    /// By state: 0 if it doesn't accept, else the pattern's own number: 1, or 1 more than the edits.
    pub(crate) accepts: Vec<u8>,
    /// Where it begins.
    pub(crate) start: u32,
}

/// Where a state leads: ascending closed ranges of bytes.
type Row = Vec<(u8, u8, u32)>;

impl Dfa {
    pub(super) fn new(chars: &CharDfa) -> Result<Self> {
        let mut builder = Builder {
            rows: vec![Row::new(); chars.states.len() + 1],
            shared: HashMap::new(),
        };
        for (number, state) in chars.states.iter().enumerate() {
            // Code point states are numbered from 1, in their order.
            let edges: Vec<(u32, u32, u32)> = state
                .edges
                .iter()
                .map(|&(lo, hi, to)| (lo, hi, to + 1))
                .collect();
            builder.rows[number + 1] = builder.first_bytes(&edges)?;
        }
        let mut accepts = vec![0; builder.rows.len()];
        for (accept, state) in accepts[1..].iter_mut().zip(&chars.states) {
            *accept = state.accepts;
        }
        flat(&builder.rows, accepts)
    }

    /// What the automaton says about a string: 0 or the number of its last state.
    #[cfg(test)]
    pub(super) fn run(&self, text: &str) -> u8 {
        let state = text.bytes().fold(self.start, |state, byte| {
            let class = u32::from(self.classes[byte as usize]);
            self.transitions[(state * self.class_count + class) as usize]
        });
        self.accepts[state as usize]
    }
}

struct Builder {
    /// By state; the code points' come first.
    rows: Vec<Row>,
    /// States between the bytes of a code point, by their rows.
    shared: HashMap<Row, u32>,
}

impl Builder {
    /// The row of a state between code points.
    fn first_bytes(&mut self, edges: &[(u32, u32, u32)]) -> Result<Row> {
        let mut row = Row::new();
        for &(lo, hi, to) in edges {
            if lo < 0x80 {
                push(&mut row, low_byte(lo), low_byte(hi.min(0x7f)), to);
            }
        }
        for (bytes, mask, more) in [
            (0xc2..=0xdf, 0x1f, 1),
            (0xe0..=0xef, 0x0f, 2),
            (0xf0..=0xf4, 0x07, 3),
        ] {
            for byte in bytes {
                let base = (u32::from(byte) & mask) << (6 * more);
                let to = self.continued(edges, base, more)?;
                push(&mut row, byte, byte, to);
            }
        }
        Ok(row)
    }

    /// The state before the last `more` bytes of the code points from `base` on.
    fn continued(&mut self, edges: &[(u32, u32, u32)], base: u32, more: u32) -> Result<u32> {
        let last = base + (1 << (6 * more)) - 1;
        let first = edges.partition_point(|&(_, hi, _)| hi < base);
        let end = edges.partition_point(|&(lo, _, _)| lo <= last);
        let inside = &edges[first..end.max(first)];
        if more == 0 || inside.is_empty() {
            return Ok(inside.first().map_or(DEAD, |edge| edge.2));
        }
        let mut row = Row::new();
        if let [(lo, hi, _)] = *inside
            && lo <= base
            && last <= hi
        {
            let to = self.continued(inside, base, more - 1)?;
            push(&mut row, 0x80, 0xbf, to);
        } else {
            for byte in 0x80..=0xbf_u8 {
                let from = base + ((u32::from(byte) & 0x3f) << (6 * (more - 1)));
                let to = self.continued(inside, from, more - 1)?;
                push(&mut row, byte, byte, to);
            }
        }
        if row.is_empty() {
            return Ok(DEAD);
        }
        if let Some(&number) = self.shared.get(&row) {
            return Ok(number);
        }
        let number = number_of(self.rows.len())?;
        self.rows.push(row.clone());
        self.shared.insert(row, number);
        Ok(number)
    }
}

/// Adds bytes behind all others, as a part of the last range if they go on there.
fn push(row: &mut Row, lo: u8, hi: u8, to: u32) {
    match row.last_mut() {
        _ if to == DEAD => {}
        Some(last) if last.2 == to && last.1 + 1 == lo => last.1 = hi,
        _ => row.push((lo, hi, to)),
    }
}

fn number_of(index: usize) -> Result<u32> {
    u32::try_from(index).map_err(|_| PatternError::TooMuchWork)
}

fn low_byte(c: u32) -> u8 {
    c.to_le_bytes()[0]
}

/// Rows → tables. Bytes between which no row changes are one class.
fn flat(rows: &[Row], accepts: Vec<u8>) -> Result<Dfa> {
    let mut begins = [false; 257];
    for &(lo, hi, _) in rows.iter().flatten() {
        begins[usize::from(lo)] = true;
        begins[usize::from(hi) + 1] = true;
    }
    let mut class = 0_u8;
    let classes: Vec<u8> = (0..256)
        .map(|byte| {
            class += u8::from(byte > 0 && begins[byte]);
            class
        })
        .collect();
    let class_count = usize::from(class) + 1;
    let table = rows.len().saturating_mul(class_count);
    if table > MAX_TABLE {
        return Err(PatternError::TooMuchWork);
    }
    let mut transitions = vec![DEAD; table];
    for (row, out) in rows.iter().zip(transitions.chunks_exact_mut(class_count)) {
        for &(lo, hi, to) in row {
            let (from, last) = (classes[usize::from(lo)], classes[usize::from(hi)]);
            out[usize::from(from)..=usize::from(last)].fill(to);
        }
    }
    Ok(Dfa {
        classes,
        class_count: number_of(class_count)?,
        transitions,
        accepts,
        start: 1,
    })
}
