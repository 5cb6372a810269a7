//! Pattern → automaton: Thompson's construction, with complements and intersections by way of deterministic automata.

use super::Result;
use super::ast::Ast;
use super::nfa::Nfa;
use super::subset::{CharDfa, determinize};

/// The deterministic automaton of a pattern, without states that lead nowhere. `most_states` bounds it and each one that it is
/// made of.
pub(super) fn compile(ast: &Ast, most_states: usize) -> Result<CharDfa> {
    let mut nfa = Nfa::default();
    let start = nfa.add_state()?;
    let end = add(&mut nfa, ast, start, most_states)?;
    Ok(determinize(&nfa, &[(end, 1)], most_states)?.trimmed())
}

/// Adds the pattern behind `from`; returns the state behind the pattern.
fn add(nfa: &mut Nfa, ast: &Ast, from: u32, most_states: usize) -> Result<u32> {
    match ast {
        Ast::Nothing => nfa.add_state(),
        Ast::One(set) => {
            let end = nfa.add_state()?;
            nfa.add_edges(from, set, end);
            Ok(end)
        }
        Ast::Concat(parts) => {
            let mut end = from;
            for part in parts {
                end = add(nfa, part, end, most_states)?;
            }
            Ok(end)
        }
        Ast::Union(parts) => {
            let end = nfa.add_state()?;
            for part in parts {
                // A state of its own, since a repetition leads back to where it began.
                let begin = nfa.add_state()?;
                nfa.add_free(from, begin);
                let part_end = add(nfa, part, begin, most_states)?;
                nfa.add_free(part_end, end);
            }
            Ok(end)
        }
        Ast::Repeat(inner, least, most) => repeat(nfa, inner, *least, *most, from, most_states),
        Ast::Complement(inner) => {
            let inner = compile(inner, most_states)?;
            add_dfa(nfa, &inner.complement(most_states)?, from)
        }
        Ast::Intersection(parts) => {
            let mut all: Option<CharDfa> = None;
            for part in parts {
                let part = compile(part, most_states)?;
                all = Some(match all {
                    None => part,
                    Some(all) => all.intersection(&part, most_states)?.trimmed(),
                });
            }
            match all {
                None => add(nfa, &Ast::any_string(), from, most_states),
                Some(all) => add_dfa(nfa, &all, from),
            }
        }
    }
}

fn repeat(
    nfa: &mut Nfa,
    inner: &Ast,
    least: u32,
    most: Option<u32>,
    from: u32,
    most_states: usize,
) -> Result<u32> {
    if most.is_some_and(|most| most < least) {
        return nfa.add_state(); // no number of times is enough and not too many
    }
    let mut end = from;
    for _ in 0..least {
        // A state each time, so that repeating what is empty comes to an end as well.
        let begin = nfa.add_state()?;
        nfa.add_free(end, begin);
        end = add(nfa, inner, begin, most_states)?;
    }
    let Some(most) = most else {
        let hub = nfa.add_state()?;
        nfa.add_free(end, hub);
        let back = add(nfa, inner, hub, most_states)?;
        nfa.add_free(back, hub);
        return Ok(hub);
    };
    let exit = nfa.add_state()?;
    nfa.add_free(end, exit);
    for _ in least..most {
        let begin = nfa.add_state()?;
        nfa.add_free(end, begin);
        end = add(nfa, inner, begin, most_states)?;
        nfa.add_free(end, exit);
    }
    Ok(exit)
}

fn add_dfa(nfa: &mut Nfa, dfa: &CharDfa, from: u32) -> Result<u32> {
    let end = nfa.add_state()?;
    let mut numbers = Vec::with_capacity(dfa.states.len());
    for _ in &dfa.states {
        numbers.push(nfa.add_state()?);
    }
    for (state, &number) in dfa.states.iter().zip(&numbers) {
        for &(lo, hi, to) in &state.edges {
            let to = numbers[to as usize];
            nfa.states[number as usize].edges.push((lo, hi, to));
        }
        if state.accepts != 0 {
            nfa.add_free(number, end);
        }
    }
    if let Some(&first) = numbers.first() {
        nfa.add_free(from, first);
    }
    Ok(end)
}
