//! `<n-m>`: decimal numbers between two.

use super::ast::Ast;
use super::chars::CharSet;

/// The numbers from `least` to `most`. With `width`, they have exactly so many digits; without, any number of leading zeros.
///
/// REQUIRES: `least <= most`; with `width`, neither has more digits.
pub(super) fn interval(least: u32, most: u32, width: Option<usize>) -> Ast {
    let digits = |number: u32, width: usize| format!("{number:0width$}").into_bytes();
    if let Some(width) = width {
        return between(&digits(least, width), &digits(most, width));
    }
    let (shortest, longest) = (digits(least, 1).len(), digits(most, 1).len());
    let lengths = (shortest..=longest).map(|length| {
        let first = if length == shortest {
            digits(least, length)
        } else {
            // The least number of that many digits.
            let mut first = vec![b'0'; length];
            first[0] = b'1';
            first
        };
        let last = if length == longest {
            digits(most, length)
        } else {
            vec![b'9'; length]
        };
        between(&first, &last)
    });
    let zeros = Ast::Repeat(Box::new(digit(b'0', b'0')), 0, None);
    Ast::Concat(vec![zeros, Ast::Union(lengths.collect())])
}

fn digit(least: u8, most: u8) -> Ast {
    Ast::One(CharSet::union(&[(least.into(), most.into())]))
}

/// Digits between those of two numbers of one length.
fn between(least: &[u8], most: &[u8]) -> Ast {
    let (Some((&lo, lo_rest)), Some((&hi, hi_rest))) = (least.split_first(), most.split_first())
    else {
        return Ast::empty_string();
    };
    if lo == hi {
        return Ast::Concat(vec![digit(lo, lo), between(lo_rest, hi_rest)]);
    }
    let nines = vec![b'9'; lo_rest.len()];
    let zeros = vec![b'0'; hi_rest.len()];
    let mut ways = vec![
        Ast::Concat(vec![digit(lo, lo), between(lo_rest, &nines)]),
        Ast::Concat(vec![digit(hi, hi), between(&zeros, hi_rest)]),
    ];
    if lo + 1 < hi {
        let rest = Ast::Concat(vec![digit(b'0', b'9'); lo_rest.len()]);
        ways.push(Ast::Concat(vec![digit(lo + 1, hi - 1), rest]));
    }
    Ast::Union(ways)
}
