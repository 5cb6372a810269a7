//! Lucene's regular expressions. A term matches as a whole; there are no anchors.
//!
//! ```text
//! union    = inter ("|" inter)*             any of them
//! inter    = concat ("&" concat)*           all of them          (INTERSECTION)
//! concat   = repeat repeat*
//! repeat   = complement ("?" | "*" | "+" | "{n}" | "{n,}" | "{n,m}")*
//! complement = "~" complement | atom        every other string   (COMPLEMENT)
//! atom     = "." | "#" | "@" | "<n-m>" | "(" union ")" | "()" | "[" "^"? class+ "]" | "\"" text "\"" | char
//! class    = char ("-" char)?
//! char     = "\\" any | "\\d" and the like | any
//! ```
//!
//! `#` is no string (EMPTY), `@` any string (ANYSTRING), `<n-m>` a decimal number (INTERVAL). A character with a meaning stands
//! for itself where that meaning makes no sense, as in Lucene: `*a` is a star and an `a`.

use super::ast::Ast;
use super::chars::CharSet;
use super::compile::compile;
use super::interval::interval;
use super::{Dfa, PatternError, Result};

/// Groups and complements in each other at most: parsing is recursive.
const MAX_NESTING: u32 = 100;

/// Repetitions of a repetition at most, such as `a?*+`.
const MAX_REPEATED: usize = 16;

/// Which optional parts of the language are understood. What isn't is ordinary characters.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the language"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// `a&b`
    pub(crate) intersection: bool,
    /// `~a`
    pub(crate) complement: bool,
    /// `#`
    pub(crate) empty: bool,
    /// `@`
    pub(crate) any_string: bool,
    /// `<1-10>`
    pub(crate) interval: bool,
    /// Whether letters of ASCII, other than in `[...]` ranges, are taken in either case.
    pub(crate) any_case: bool,
}

/// Strings that match a regular expression. `most_states` bounds the deterministic automaton, and those it is made from.
pub(crate) fn regexp(pattern: &str, syntax: Syntax, most_states: usize) -> Result<Dfa> {
    Dfa::new(&compile(&parse(pattern, syntax)?, most_states)?)
}

pub(super) fn parse(pattern: &str, syntax: Syntax) -> Result<Ast> {
    let mut parser = Parser {
        pattern,
        at: 0,
        syntax,
        nesting: 0,
    };
    if pattern.is_empty() {
        return Ok(Ast::empty_string());
    }
    let ast = parser.union()?;
    if parser.peek().is_some() {
        return Err(parser.error("a `)` without its `(`"));
    }
    Ok(ast)
}

struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    syntax: Syntax,
    nesting: u32,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> PatternError {
        PatternError::Syntax {
            at: self.at,
            message: message.into(),
        }
    }

    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Result<char> {
        let next = self.peek();
        let c = next.ok_or_else(|| self.error("the pattern ends where more is expected"))?;
        self.at += c.len_utf8();
        Ok(c)
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<()> {
        if self.eat(c) {
            return Ok(());
        }
        Err(self.error(format!("expected `{c}`")))
    }

    fn union(&mut self) -> Result<Ast> {
        let mut parts = vec![self.inter()?];
        while self.eat('|') {
            parts.push(self.inter()?);
        }
        Ok(one_or(parts, Ast::Union))
    }

    fn inter(&mut self) -> Result<Ast> {
        let mut parts = vec![self.concat()?];
        while self.syntax.intersection && self.eat('&') {
            parts.push(self.concat()?);
        }
        Ok(one_or(parts, Ast::Intersection))
    }

    fn concat(&mut self) -> Result<Ast> {
        let mut parts = vec![self.repeat()?];
        while let Some(c) = self.peek() {
            if matches!(c, ')' | '|') || (c == '&' && self.syntax.intersection) {
                break;
            }
            parts.push(self.repeat()?);
        }
        Ok(one_or(parts, Ast::Concat))
    }

    fn repeat(&mut self) -> Result<Ast> {
        let mut ast = self.complement()?;
        for _ in 0..=MAX_REPEATED {
            let (least, most) = if self.eat('?') {
                (0, Some(1))
            } else if self.eat('*') {
                (0, None)
            } else if self.eat('+') {
                (1, None)
            } else if self.eat('{') {
                self.times()?
            } else {
                return Ok(ast);
            };
            ast = Ast::Repeat(Box::new(ast), least, most);
        }
        Err(self.error(format!(
            "more than {MAX_REPEATED} repetitions of each other"
        )))
    }

    /// `n}`, `n,}` or `n,m}`
    fn times(&mut self) -> Result<(u32, Option<u32>)> {
        let least = self.integer()?;
        let most = if self.eat(',') {
            match self.peek() {
                Some('0'..='9') => Some(self.integer()?),
                _ => None,
            }
        } else {
            Some(least)
        };
        self.expect('}')?;
        Ok((least, most))
    }

    fn integer(&mut self) -> Result<u32> {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        let digits = &self.pattern[start..self.at];
        let number = digits
            .parse::<i32>()
            .ok()
            .and_then(|n| u32::try_from(n).ok());
        number.ok_or_else(|| {
            self.error(if digits.is_empty() {
                "expected an integer"
            } else {
                "an integer over 2147483647"
            })
        })
    }

    /// Parses what stands in a group or under a complement.
    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Result<Ast>) -> Result<Ast> {
        if self.nesting == MAX_NESTING {
            return Err(self.error(format!("nested deeper than {MAX_NESTING}")));
        }
        self.nesting += 1;
        let ast = inner(self)?;
        self.nesting -= 1;
        Ok(ast)
    }

    fn complement(&mut self) -> Result<Ast> {
        if self.syntax.complement && self.eat('~') {
            let inner = self.deeper(Self::complement)?;
            return Ok(Ast::Complement(Box::new(inner)));
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Ast> {
        if self.eat('[') {
            return self.class();
        }
        if self.eat('.') {
            return Ok(Ast::One(CharSet::all()));
        }
        if self.syntax.empty && self.eat('#') {
            return Ok(Ast::Nothing);
        }
        if self.syntax.any_string && self.eat('@') {
            return Ok(Ast::any_string());
        }
        if self.eat('"') {
            let start = self.at;
            while self.peek().is_some_and(|c| c != '"') {
                self.next()?;
            }
            let text = &self.pattern[start..self.at];
            let literal = Ast::literal(text, self.syntax.any_case);
            self.expect('"')?;
            return Ok(literal);
        }
        if self.eat('(') {
            if self.eat(')') {
                return Ok(Ast::empty_string());
            }
            let inner = self.deeper(Self::union)?;
            self.expect(')')?;
            return Ok(inner);
        }
        if self.syntax.interval && self.eat('<') {
            return self.interval();
        }
        let any_case = self.syntax.any_case;
        match self.escaped()? {
            Some(set) => Ok(Ast::One(set)),
            None => Ok(Ast::char(self.char()?, any_case)),
        }
    }

    /// Behind `[`.
    fn class(&mut self) -> Result<Ast> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            match self.escaped()? {
                Some(set) => ranges.extend_from_slice(set.ranges()),
                None => {
                    let first = self.char()?;
                    if self.eat('-') {
                        let last = self.char()?;
                        if last < first {
                            return Err(self.error(format!("the range `{first}-{last}` is empty")));
                        }
                        ranges.push((first.into(), last.into()));
                    } else {
                        let set = if self.syntax.any_case {
                            CharSet::any_case(first)
                        } else {
                            CharSet::one(first)
                        };
                        ranges.extend_from_slice(set.ranges());
                    }
                }
            }
            match self.peek() {
                None => return Err(self.error("expected `]`")),
                Some(']') => break,
                Some(_) => {}
            }
        }
        self.at += 1;
        let set = CharSet::union(&ranges);
        Ok(Ast::One(if negated { set.complement() } else { set }))
    }

    /// A class such as `\d`, if there is one here.
    fn escaped(&mut self) -> Result<Option<CharSet>> {
        if self.peek() != Some('\\') {
            return Ok(None);
        }
        let Some(name) = self.pattern[self.at + 1..].chars().next() else {
            return Ok(None);
        };
        let range = |lo: char, hi: char| (u32::from(lo), u32::from(hi));
        let set = match name.to_ascii_lowercase() {
            'd' => CharSet::union(&[range('0', '9')]),
            's' => CharSet::union(&[range(' ', ' '), range('\t', '\n'), range('\r', '\r')]),
            'w' => CharSet::union(&[
                range('0', '9'),
                range('A', 'Z'),
                range('_', '_'),
                range('a', 'z'),
            ]),
            'a'..='z' => return Err(self.error(format!("there is no class `\\{name}`"))),
            _ => return Ok(None),
        };
        self.at += 1 + name.len_utf8();
        Ok(Some(if name.is_ascii_uppercase() {
            set.complement()
        } else {
            set
        }))
    }

    /// A character, which may have a backslash before it.
    fn char(&mut self) -> Result<char> {
        self.eat('\\');
        self.next()
    }

    /// Behind `<`: `n-m>`.
    fn interval(&mut self) -> Result<Ast> {
        const WHAT: &str = "expected an interval of integers such as `<1-10>`";
        let rest = &self.pattern[self.at..];
        let inside = rest.split_once('>').map(|(inside, _)| inside);
        let numbers = inside.and_then(|inside| inside.split_once('-'));
        let number = |digits: &str| -> Option<u32> {
            let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
            let number: i32 = digits.parse().ok().filter(|_| all_digits)?;
            u32::try_from(number).ok()
        };
        let parsed = numbers.and_then(|(a, b)| Some((number(a)?, number(b)?, a.len(), b.len())));
        let Some((a, b, a_digits, b_digits)) = parsed else {
            return Err(self.error(WHAT));
        };
        self.at += a_digits + b_digits + 2;
        let width = (a_digits == b_digits).then_some(a_digits);
        Ok(interval(a.min(b), a.max(b), width))
    }
}

fn one_or(mut parts: Vec<Ast>, many: impl Fn(Vec<Ast>) -> Ast) -> Ast {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        many(parts)
    }
}
