//! Text → tokens. One analyzer serves indexing and queries, so that both sides agree on what a term is.
//!
//! *Useful for*: turning a text field's value, or a query's text, into terms with positions and byte offsets. *Not useful
//! for*: values that aren't text; deciding which analyzer a field has (`schema`).
//!
//! Nothing is allocated per token: a token is a slice of the text where that is already the term, and lives in the
//! [`Scratch`] otherwise, until the next token.
//!
//! ```
//! use diagon::analysis::{Analyzer, Scratch};
//!
//! let mut terms = Vec::new();
//! let mut scratch = Scratch::default();
//! Analyzer::English.analyze("The foxes' dens", &mut scratch, &mut |term, position, start, end| {
//!     terms.push((term.to_string(), position, start..end));
//! });
//! assert_eq!(terms, [("fox".to_string(), 1, 4..9), ("den".to_string(), 2, 11..15)]);
//! ```
#![forbid(unsafe_code)]

mod english;
mod lower;
mod porter;
mod runs;
mod words;

/// Characters of a token at most; what is longer is cut into tokens of this length, as Lucene does, so that its start
/// can still be found. `keyword` has no such limit.
pub const MAX_TOKEN_CHARS: usize = 255;

/// How a text becomes terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Analyzer {
    /// Words by the Unicode rules (UAX #29), lowercased. Emoji are words; punctuation is not.
    #[default]
    Standard,
    /// Maximal runs of alphanumeric characters, lowercased. This is Tantivy's default tokenizer without its length limit;
    /// Lucene's analyzer of this name takes letters only.
    Simple,
    /// Maximal runs of what isn't white space, unchanged.
    Whitespace,
    /// The whole text as one term, unchanged, also if it is empty.
    Keyword,
    /// Lucene's `english`: the words of `standard` without possessive `'s` and stop words, stemmed by Porter's algorithm. A
    /// stop word leaves a gap in the positions.
    English,
}

/// Memory that [`Analyzer::analyze`] works in. Keep one for many texts.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// The lowercased term.
    term: String,
    /// The bytes the stemmer works on.
    stem: Vec<u8>,
}

impl Analyzer {
    /// All analyzers.
    pub const ALL: [Self; 5] = [
        Self::Standard,
        Self::Simple,
        Self::Whitespace,
        Self::Keyword,
        Self::English,
    ];

    /// The analyzer of a mapping's or query's `analyzer` name; `None` if there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|analyzer| analyzer.name() == name)
    }

    /// The name in mappings and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Simple => "simple",
            Self::Whitespace => "whitespace",
            Self::Keyword => "keyword",
            Self::English => "english",
        }
    }

    /// Calls `sink(term, position, start, end)` for each token in the order of the text. `start..end` are the bytes of
    /// `text` that the term came from. Positions start at 0 and increase strictly.
    ///
    /// Returns how many positions the text takes: the last token's and one, and those of stop words behind it. A further
    /// value of the same field starts there (plus its gap).
    pub fn analyze(
        self,
        text: &str,
        scratch: &mut Scratch,
        sink: &mut impl FnMut(&str, u32, usize, usize),
    ) -> u32 {
        let mut position = 0;
        let term = &mut scratch.term;
        match self {
            Self::Standard => words::for_each(text, &mut |word, start| {
                sink(
                    lower::simple(word, term),
                    position,
                    start,
                    start + word.len(),
                );
                position += 1;
            }),
            Self::Simple => runs::for_each_alphanumeric(text, &mut |word, start| {
                sink(lower::full(word, term), position, start, start + word.len());
                position += 1;
            }),
            Self::Whitespace => runs::for_each_non_space(text, &mut |word, start| {
                sink(word, position, start, start + word.len());
                position += 1;
            }),
            Self::Keyword => {
                sink(text, 0, 0, text.len());
                position = 1;
            }
            Self::English => words::for_each(text, &mut |word, start| {
                let bare = english::without_possessive(word);
                let lowered = lower::simple(bare, term);
                if !english::is_stop_word(lowered) {
                    let stem = porter::stem(lowered, &mut scratch.stem);
                    sink(stem, position, start, start + word.len());
                }
                position += 1;
            }),
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(analyzer: Analyzer, text: &str) -> Vec<(String, u32, usize, usize)> {
        let mut out = Vec::new();
        let mut scratch = Scratch::default();
        analyzer.analyze(text, &mut scratch, &mut |t, p, s, e| {
            out.push((t.to_string(), p, s, e));
        });
        out
    }

    fn words(analyzer: Analyzer, text: &str) -> Vec<String> {
        terms(analyzer, text).into_iter().map(|t| t.0).collect()
    }

    #[test]
    fn names_round_trip() {
        for analyzer in Analyzer::ALL {
            assert_eq!(Analyzer::from_name(analyzer.name()), Some(analyzer));
        }
        assert_eq!(Analyzer::from_name("klingon"), None);
    }

    #[test]
    fn each_analyzer_in_its_way() {
        let text = "Wi-Fi isn't THE Größe_2";
        assert_eq!(
            words(Analyzer::Standard, text),
            ["wi", "fi", "isn't", "the", "größe_2"]
        );
        assert_eq!(
            words(Analyzer::Simple, text),
            ["wi", "fi", "isn", "t", "the", "größe", "2"]
        );
        assert_eq!(
            words(Analyzer::Whitespace, text),
            ["Wi-Fi", "isn't", "THE", "Größe_2"]
        );
        assert_eq!(words(Analyzer::Keyword, text), [text]);
        assert_eq!(words(Analyzer::Keyword, ""), [""]);
        assert_eq!(words(Analyzer::Standard, " ,; "), Vec::<String>::new());
    }

    #[test]
    fn english_leaves_gaps_and_counts_them() {
        let mut scratch = Scratch::default();
        let mut out = Vec::new();
        let text = "The dog’s of the houses are";
        let taken = Analyzer::English.analyze(text, &mut scratch, &mut |t, p, s, e| {
            out.push((t.to_string(), p, text[s..e].to_string()));
        });
        assert_eq!(taken, 6);
        assert_eq!(
            out,
            [
                ("dog".to_string(), 1, "dog’s".to_string()),
                ("hous".to_string(), 4, "houses".to_string())
            ]
        );
        assert_eq!(words(Analyzer::English, "cafés running"), ["café", "run"]);
    }

    /// What Tantivy's `SimpleTokenizer` and `LowerCaser` do, in the plainest way.
    fn naive_simple(text: &str) -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| word.chars().flat_map(char::to_lowercase).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn simple_is_runs_of_alphanumerics(text in "[a-zA-Z0-9 _.\u{130}é漢ß\u{301}٣-]{0,40}") {
            prop_assert_eq!(words(Analyzer::Simple, &text), naive_simple(&text));
        }

        #[test]
        fn tokens_lie_in_the_text_and_positions_grow(text in any::<String>()) {
            for analyzer in Analyzer::ALL {
                let mut last: Option<(u32, usize)> = None;
                for (_, position, start, end) in terms(analyzer, &text) {
                    prop_assert!(text.get(start..end).is_some());
                    if let Some((p, e)) = last {
                        prop_assert!(position > p && start >= e);
                    }
                    last = Some((position, end));
                }
            }
        }
    }
}
