//! The clauses that stand for many terms of a field, as plain data.

use super::ast::{FieldName, Operator, Scalar};
use super::minimum::MinimumShouldMatch;

/// Characters of a regular expression at most; OpenSearch's `index.max_regex_length`.
pub const MAX_REGEXP_CHARS: usize = 1000;

/// `{"prefix": {"field": {"value": "ab"}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Prefix {
    /// The field.
    pub field: FieldName,
    /// What terms begin with.
    pub value: Scalar,
    /// Whether letters of ASCII are taken in either case.
    pub case_insensitive: bool,
}

/// `{"wildcard": {"field": {"value": "a*b?"}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Wildcard {
    /// The field.
    pub field: FieldName,
    /// What terms look like: `*` is any string, `?` any character, `\` takes away the meaning of the next one.
    pub value: Scalar,
    /// Whether letters of ASCII are taken in either case.
    pub case_insensitive: bool,
}

/// `{"regexp": {"field": {"value": "a.*b"}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Regexp {
    /// The field.
    pub field: FieldName,
    /// The expression, in Lucene's syntax; at most [`MAX_REGEXP_CHARS`].
    pub value: Scalar,
    /// Which optional parts of the syntax are on.
    pub flags: RegexpFlags,
    /// Whether letters of ASCII, other than in `[...]` ranges, are taken in either case.
    pub case_insensitive: bool,
    /// States of the expression's automaton at most.
    pub max_determinized_states: u32,
}

/// Optional parts of the syntax of regular expressions; all by default.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the language"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegexpFlags {
    /// `a&b`: both.
    pub intersection: bool,
    /// `~a`: everything else.
    pub complement: bool,
    /// `#`: no string.
    pub empty: bool,
    /// `@`: any string.
    pub any_string: bool,
    /// `<1-10>`: a decimal number.
    pub interval: bool,
}

impl Default for RegexpFlags {
    fn default() -> Self {
        Self {
            intersection: true,
            complement: true,
            empty: true,
            any_string: true,
            interval: true,
        }
    }
}

impl RegexpFlags {
    /// None of them.
    pub const NONE: Self = Self {
        intersection: false,
        complement: false,
        empty: false,
        any_string: false,
        interval: false,
    };

    /// By their names in requests.
    pub(super) fn named(&mut self) -> [(&'static str, &mut bool); 5] {
        [
            ("INTERSECTION", &mut self.intersection),
            ("COMPLEMENT", &mut self.complement),
            ("EMPTY", &mut self.empty),
            ("ANYSTRING", &mut self.any_string),
            ("INTERVAL", &mut self.interval),
        ]
    }
}

/// How many edits a term may be away from a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fuzziness {
    /// So many: 0, 1 or 2.
    Edits(u8),
    /// 0 for words of fewer than `low` characters, 1 for those of fewer than `high`, else 2.
    Auto {
        /// 3 by default.
        low: u32,
        /// 6 by default.
        high: u32,
    },
}

impl Default for Fuzziness {
    fn default() -> Self {
        Self::Auto { low: 3, high: 6 }
    }
}

impl Fuzziness {
    /// The edits for a word.
    #[must_use]
    pub fn edits(self, word: &str) -> u8 {
        match self {
            Self::Edits(edits) => edits,
            Self::Auto { low, high } => {
                let chars = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
                u8::from(chars >= low) + u8::from(chars >= high.max(low))
            }
        }
    }
}

/// How a word becomes the terms that are near to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// So many characters at the beginning must be the word's.
    pub prefix_length: u32,
    /// Terms at most: the nearest. At least 1; more than [`super::MAX_CLAUSES`] are as many as that.
    pub max_expansions: u32,
    /// Whether exchanging two neighbours is one edit rather than two.
    pub transpositions: bool,
}

impl Default for Expansion {
    fn default() -> Self {
        Self {
            prefix_length: 0,
            max_expansions: 50,
            transpositions: true,
        }
    }
}

/// `{"fuzzy": {"field": {"value": "word"}}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Fuzzy {
    /// The field.
    pub field: FieldName,
    /// The word, not analyzed.
    pub value: Scalar,
    /// How far terms may be away.
    pub fuzziness: Fuzziness,
    /// Which of them are taken.
    pub expansion: Expansion,
}

/// `{"match_phrase_prefix": {"field": "some wor"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchPhrasePrefix {
    /// The field.
    pub field: FieldName,
    /// The text to analyze; its last word is a prefix.
    pub query: Scalar,
    /// How far words may be from their places; see [`super::MatchPhrase::slop`].
    pub slop: u32,
    /// Terms that the last word stands for at most: the first in order. At least 1.
    pub max_expansions: u32,
    /// The analyzer's name, else the field's.
    pub analyzer: Option<String>,
}

/// `{"match_bool_prefix": {"field": "some wor"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct MatchBoolPrefix {
    /// The field.
    pub field: FieldName,
    /// The text to analyze; its last word is a prefix, if the text ends with it.
    pub query: Scalar,
    /// How the words are combined.
    pub operator: Operator,
    /// How many words must match, with [`Operator::Or`].
    pub minimum_should_match: Option<MinimumShouldMatch>,
    /// The analyzer's name, else the field's.
    pub analyzer: Option<String>,
    /// How far terms may be from the words other than the last.
    pub fuzziness: Option<Fuzziness>,
    /// Which terms those are.
    pub expansion: Expansion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_words_may_have_more_mistakes() {
        let auto = Fuzziness::default();
        for (word, edits) in [
            ("", 0),
            ("ab", 0),
            ("éé", 0),
            ("abc", 1),
            ("ééééé", 1),
            ("abcdef", 2),
        ] {
            assert_eq!(auto.edits(word), edits, "{word}");
        }
        assert_eq!(Fuzziness::Auto { low: 0, high: 0 }.edits(""), 2);
        assert_eq!(Fuzziness::Auto { low: 2, high: 2 }.edits("a"), 0);
        assert_eq!(Fuzziness::Edits(1).edits("a"), 1);
    }
}
