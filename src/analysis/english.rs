//! What the `english` analyzer drops: possessives and stop words.

/// Lucene's English stop words, sorted.
const STOP_WORDS: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it",
    "no", "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these",
    "they", "this", "to", "was", "will", "with",
];

/// Whether the lowercased word is a stop word.
pub(super) fn is_stop_word(word: &str) -> bool {
    // The longest has five letters, which spares most words the search.
    word.len() <= 5 && STOP_WORDS.binary_search(&word).is_ok()
}

/// The word without a final `'s`, with any of the three apostrophes and either case.
pub(super) fn without_possessive(word: &str) -> &str {
    match word.strip_suffix(['s', 'S']) {
        Some(head) => head
            .strip_suffix(['\'', '\u{2019}', '\u{ff07}'])
            .unwrap_or(word),
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
        assert!(STOP_WORDS.iter().all(|word| is_stop_word(word)));
        assert!(!is_stop_word("engine"));
    }

    #[test]
    fn possessives() {
        assert_eq!(without_possessive("dog's"), "dog");
        assert_eq!(without_possessive("DOG’S"), "DOG");
        assert_eq!(without_possessive("dog＇s"), "dog");
        assert_eq!(without_possessive("dogs"), "dogs");
        assert_eq!(without_possessive("dog't"), "dog't");
    }
}
