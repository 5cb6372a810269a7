//! `minimum_should_match`: how many of several optional clauses must match, in OpenSearch's little language.

use std::fmt;

/// How many optional clauses must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MinimumShouldMatch {
    /// One rule for any number of clauses.
    Simple(Amount),
    /// `2<75% 9<-3`: each rule counts if there are more clauses than its number, the last such rule wins; with fewer clauses
    /// than any number all must match. Never empty; the numbers increase.
    Conditional(Vec<(u32, Amount)>),
}

/// A part of a number of clauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many; if negative, all but so many.
    Count(i32),
    /// So many in a hundred, rounded towards zero; if negative, all but so many.
    Percent(i32),
}

impl Amount {
    fn of(self, clauses: usize) -> usize {
        let all = i64::try_from(clauses).unwrap_or(i64::MAX);
        let amount = match self {
            Self::Count(count) => i64::from(count),
            Self::Percent(percent) => all.saturating_mul(i64::from(percent)) / 100,
        };
        let needed = if amount < 0 {
            all.saturating_add(amount)
        } else {
            amount
        };
        usize::try_from(needed).unwrap_or(0)
    }

    fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        }
    }
}

impl MinimumShouldMatch {
    /// Exactly this many clauses.
    #[must_use]
    pub fn count(count: i32) -> Self {
        Self::Simple(Amount::Count(count))
    }

    /// How many of `clauses` must match. More than `clauses` means that nothing can match.
    #[must_use]
    pub fn resolve(&self, clauses: usize) -> usize {
        match self {
            Self::Simple(amount) => amount.of(clauses),
            Self::Conditional(rules) => rules
                .iter()
                .take_while(|(above, _)| usize::try_from(*above).is_ok_and(|above| clauses > above))
                .last()
                .map_or(clauses, |(_, amount)| amount.of(clauses)),
        }
    }

    /// Reads `2`, `-1`, `75%`, `-25%`, `2<75%` or `2<-25% 9<-3`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !text.contains('<') {
            return Amount::parse(text.trim()).map(Self::Simple);
        }
        let mut rules: Vec<(u32, Amount)> = Vec::new();
        // White space around `<` is nothing, elsewhere it parts the rules.
        let joined = text.split('<').map(str::trim).collect::<Vec<_>>().join("<");
        for rule in joined.split_whitespace() {
            let (above, amount) = rule.split_once('<')?;
            let above = above.parse().ok()?;
            if rules.last().is_some_and(|(last, _)| *last >= above) {
                return None;
            }
            rules.push((above, Amount::parse(amount)?));
        }
        (!rules.is_empty()).then_some(Self::Conditional(rules))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl fmt::Display for MinimumShouldMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(amount) => amount.fmt(f),
            Self::Conditional(rules) => {
                for (at, (above, amount)) in rules.iter().enumerate() {
                    let gap = if at == 0 { "" } else { " " };
                    write!(f, "{gap}{above}<{amount}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_as_opensearch() {
        for (text, clauses, needed) in [
            ("2", 5, 2),
            ("-1", 5, 4),
            ("75%", 4, 3),
            ("75%", 5, 3),
            ("-25%", 4, 3),
            ("-25%", 5, 4),
            ("-9", 5, 0),
            ("7", 5, 7),
            ("2<75%", 2, 2),
            ("2<75%", 4, 3),
            ("2<-25% 9<-3", 9, 7),
            ("2<-25% 9<-3", 10, 7),
            (" 2 < 50%  4<1 ", 8, 1),
            ("0%", 3, 0),
            ("+2", 3, 2),
        ] {
            let minimum = MinimumShouldMatch::parse(text).unwrap();
            assert_eq!(minimum.resolve(clauses), needed, "{text} of {clauses}");
            assert_eq!(
                MinimumShouldMatch::parse(&minimum.to_string()),
                Some(minimum)
            );
        }
    }

    #[test]
    fn refuses_nonsense() {
        for text in [
            "",
            "x",
            "%",
            "2<",
            "<2",
            "2<3<4",
            "5<1 2<1",
            "1.5",
            "99999999999",
            "<",
        ] {
            assert_eq!(MinimumShouldMatch::parse(text), None, "{text}");
        }
    }
}
