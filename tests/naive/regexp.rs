//! Regular expressions by trying every way: a parser of the tests' small part of the language, and no automaton.

use std::collections::BTreeSet;

#[derive(Debug)]
enum Expression {
    Nothing,
    Char(char),
    AnyChar,
    AnyString,
    /// A character between two.
    Between(char, char),
    /// A decimal number of any length between two.
    Number(u32, u32),
    Concat(Vec<Expression>),
    Union(Vec<Expression>),
    Both(Vec<Expression>),
    Not(Box<Expression>),
    Repeat(Box<Expression>, usize, usize),
}

/// Whether the whole text matches; with `any_case`, characters (but not ranges of them) in either case.
pub(super) fn matches(pattern: &str, text: &str, any_case: bool) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let (expression, at) = union(&pattern, 0);
    assert_eq!(at, pattern.len(), "{pattern:?}");
    let text: Vec<char> = text.chars().collect();
    expression.ends(&text, 0, any_case).contains(&text.len())
}

fn union(pattern: &[char], at: usize) -> (Expression, usize) {
    let (first, mut at) = both(pattern, at);
    let mut parts = vec![first];
    while pattern.get(at) == Some(&'|') {
        let (part, next) = both(pattern, at + 1);
        parts.push(part);
        at = next;
    }
    (Expression::Union(parts), at)
}

fn both(pattern: &[char], at: usize) -> (Expression, usize) {
    let (first, mut at) = concat(pattern, at);
    let mut parts = vec![first];
    while pattern.get(at) == Some(&'&') {
        let (part, next) = concat(pattern, at + 1);
        parts.push(part);
        at = next;
    }
    (Expression::Both(parts), at)
}

fn concat(pattern: &[char], mut at: usize) -> (Expression, usize) {
    let mut parts = Vec::new();
    while !matches!(pattern.get(at), None | Some('|' | '&' | ')')) {
        let (mut part, next) = atom(pattern, at);
        at = next;
        while let Some(times) = pattern.get(at).and_then(|c| match c {
            '?' => Some((0, 1)),
            '*' => Some((0, usize::MAX)),
            '+' => Some((1, usize::MAX)),
            _ => None,
        }) {
            part = Expression::Repeat(Box::new(part), times.0, times.1);
            at += 1;
        }
        parts.push(part);
    }
    (Expression::Concat(parts), at)
}

fn atom(pattern: &[char], at: usize) -> (Expression, usize) {
    match pattern[at] {
        '(' => {
            let (inner, end) = union(pattern, at + 1);
            (inner, end + 1)
        }
        '~' => {
            let (inner, end) = atom(pattern, at + 1);
            (Expression::Not(Box::new(inner)), end)
        }
        '[' => (
            Expression::Between(pattern[at + 1], pattern[at + 3]),
            at + 5,
        ),
        '<' => {
            let digit = |at: usize| pattern[at].to_digit(10).expect("a digit");
            (
                Expression::Number(digit(at + 1), 10 * digit(at + 3) + digit(at + 4)),
                at + 6,
            )
        }
        '.' => (Expression::AnyChar, at + 1),
        '@' => (Expression::AnyString, at + 1),
        '#' => (Expression::Nothing, at + 1),
        c => (Expression::Char(c), at + 1),
    }
}

impl Expression {
    /// Where it can end if it begins at `at`.
    fn ends(&self, text: &[char], at: usize, any_case: bool) -> BTreeSet<usize> {
        let here = |fits: &dyn Fn(char) -> bool| -> BTreeSet<usize> {
            text.get(at)
                .filter(|c| fits(**c))
                .map(|_| at + 1)
                .into_iter()
                .collect()
        };
        let each = |from: &BTreeSet<usize>, part: &Self| -> BTreeSet<usize> {
            from.iter()
                .flat_map(|at| part.ends(text, *at, any_case))
                .collect()
        };
        match self {
            Self::Nothing => BTreeSet::new(),
            Self::Char(c) => {
                here(&|other| other == *c || (any_case && other.eq_ignore_ascii_case(c)))
            }
            Self::AnyChar => here(&|_| true),
            Self::Between(first, last) => here(&|c| (*first..=*last).contains(&c)),
            Self::AnyString => (at..=text.len()).collect(),
            Self::Number(least, most) => (at + 1..=text.len())
                .filter(|end| {
                    let digits: String = text[at..*end].iter().collect();
                    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
                    all_digits
                        && digits
                            .parse()
                            .is_ok_and(|n: u32| (*least..=*most).contains(&n))
                })
                .collect(),
            Self::Concat(parts) => parts
                .iter()
                .fold(BTreeSet::from([at]), |from, part| each(&from, part)),
            Self::Union(parts) => parts
                .iter()
                .flat_map(|part| part.ends(text, at, any_case))
                .collect(),
            Self::Both(parts) => {
                let all: Vec<_> = parts
                    .iter()
                    .map(|part| part.ends(text, at, any_case))
                    .collect();
                let in_all = |end: &usize| all.iter().all(|ends| ends.contains(end));
                (at..=text.len()).filter(in_all).collect()
            }
            Self::Not(inner) => {
                let not = inner.ends(text, at, any_case);
                (at..=text.len()).filter(|end| !not.contains(end)).collect()
            }
            Self::Repeat(inner, least, most) => {
                let (mut found, mut from) = (BTreeSet::new(), BTreeSet::from([at]));
                for times in 0..=(*most).min(least + text.len() + 1) {
                    if times >= *least {
                        found.extend(&from);
                    }
                    from = each(&from, inner);
                }
                found
            }
        }
    }
}
