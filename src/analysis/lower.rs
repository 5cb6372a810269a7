//! Lowercasing of one word, without copying a word that is lower case already.

/// Lowercases each character to one character, as Lucene's `LowerCaseFilter` does: `İ` becomes `i`, and a final sigma is
/// like any other.
pub(super) fn simple<'a>(word: &'a str, scratch: &'a mut String) -> &'a str {
    lowercase(word, scratch, |c, out| out.extend(c.to_lowercase().next()))
}

/// Lowercases each character to all characters that Unicode gives for it, as Tantivy's `LowerCaser` does: `İ` becomes `i`
/// and a combining dot.
pub(super) fn full<'a>(word: &'a str, scratch: &'a mut String) -> &'a str {
    lowercase(word, scratch, |c, out| out.extend(c.to_lowercase()))
}

fn lowercase<'a>(
    word: &'a str,
    scratch: &'a mut String,
    push: impl Fn(char, &mut String),
) -> &'a str {
    if word
        .bytes()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase())
    {
        return word;
    }
    scratch.clear();
    if word.is_ascii() {
        scratch.push_str(word);
        scratch.make_ascii_lowercase();
    } else {
        for c in word.chars() {
            push(c, scratch);
        }
    }
    scratch
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_two_ways_differ_in_one_letter() {
        let scratch = &mut String::new();
        assert_eq!(simple("İSTANBUL", scratch), "istanbul");
        assert_eq!(full("İSTANBUL", scratch), "i\u{307}stanbul");
        assert_eq!(simple("ΟΔΟΣ", scratch), "οδοσ");
    }

    proptest! {
        #[test]
        fn ascii_is_no_other_rule(word in "[ -~]{0,20}") {
            let each: String = word.chars().flat_map(char::to_lowercase).collect();
            let scratch = &mut String::new();
            prop_assert_eq!(simple(&word, scratch), &each);
            prop_assert_eq!(full(&word, scratch), &each);
        }
    }
}
