//! The words of a text by UAX #29, with a fast path that gives the same.
//!
//! A word never reaches across ASCII white space, and none of the rules looks across it for what it joins. So the text is cut
//! there, and each piece goes its own way: pieces of ASCII through a small table, others through the crate that knows
//! Unicode. That keeps texts fast that are mostly ASCII, and a test compares both ways.
//!
//! One difference is wanted: the plain rules attach a combining mark to white space before it, so that a mark which counts as
//! alphabetic would make a word that begins with a space. Here, as in Lucene, no word holds white space.

use unicode_segmentation::UnicodeSegmentation;

use super::MAX_TOKEN_CHARS;

/// Calls `word(slice, start)` for each word: a piece between boundaries that has an alphanumeric character or an emoji.
pub(super) fn for_each<'a>(text: &'a str, word: &mut impl FnMut(&'a str, usize)) {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let mut end = start;
        let mut seen = 0;
        while end < bytes.len() && !bytes[end].is_ascii_whitespace() {
            seen |= bytes[end];
            end += 1;
        }
        let piece = &text[start..end];
        if seen.is_ascii() {
            ascii(piece, start, word);
        } else {
            unicode(piece, start, word);
        }
        end += usize::from(end < bytes.len()); // the white space itself
        start = end;
    }
}

/// What a byte is to the word boundary rules.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    /// No word holds it.
    Other,
    /// ALetter
    Letter,
    /// Numeric
    Digit,
    /// ExtendNumLet, `_`: joins anything, but is no word alone.
    Extend,
    /// MidLetter, `:`: joins two letters.
    MidLetter,
    /// MidNumLet and the single quote, `.` and `'`: join two letters or two digits.
    MidBoth,
    /// MidNum, `,` and `;`: join two digits.
    MidDigit,
}

const CLASSES: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128_u8 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Extend,
            b':' => Class::MidLetter,
            b'.' | b'\'' => Class::MidBoth,
            b',' | b';' => Class::MidDigit,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn ascii<'a>(piece: &'a str, base: usize, word: &mut impl FnMut(&'a str, usize)) {
    let bytes = piece.as_bytes();
    let class = |at: usize| match bytes.get(at) {
        Some(&byte) => CLASSES[usize::from(byte & 0x7f)],
        None => Class::Other,
    };
    let mut at = 0;
    while at < bytes.len() {
        let mut last = class(at);
        if !matches!(last, Class::Letter | Class::Digit | Class::Extend) {
            at += 1;
            continue;
        }
        let start = at;
        let mut alphanumeric = last != Class::Extend;
        at += 1;
        loop {
            let next = class(at);
            match next {
                Class::Letter | Class::Digit | Class::Extend => {
                    alphanumeric |= next != Class::Extend;
                    last = next;
                    at += 1;
                }
                Class::MidLetter | Class::MidBoth
                    if last == Class::Letter && class(at + 1) == Class::Letter =>
                {
                    at += 2;
                }
                Class::MidDigit | Class::MidBoth
                    if last == Class::Digit && class(at + 1) == Class::Digit =>
                {
                    at += 2;
                }
                _ => break,
            }
        }
        if alphanumeric {
            cut(&piece[start..at], base + start, word);
        }
    }
}

fn unicode<'a>(piece: &'a str, base: usize, word: &mut impl FnMut(&'a str, usize)) {
    for (start, segment) in piece.split_word_bound_indices() {
        if segment.chars().any(|c| c.is_alphanumeric() || is_emoji(c)) {
            cut(segment, base + start, word);
        }
    }
}

/// Whether the character lies in the blocks of pictographs and flags. A coarse test is enough: what else is in these
/// blocks (dingbats, card suits) is as findable as an emoji then.
fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

/// Hands a word on, in pieces of [`MAX_TOKEN_CHARS`] if it is longer.
pub(super) fn cut<'a>(mut text: &'a str, mut start: usize, word: &mut impl FnMut(&'a str, usize)) {
    while text.len() > MAX_TOKEN_CHARS {
        let Some((end, _)) = text.char_indices().nth(MAX_TOKEN_CHARS) else {
            break;
        };
        let (head, tail) = text.split_at(end);
        word(head, start);
        start += end;
        text = tail;
    }
    word(text, start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collect(text: &str) -> Vec<(&str, usize)> {
        let mut out = Vec::new();
        for_each(text, &mut |word, start| out.push((word, start)));
        out
    }

    /// The crate's rules over the whole text.
    fn slow(text: &str) -> Vec<(&str, usize)> {
        let mut out = Vec::new();
        unicode(text, 0, &mut |word, start| {
            let bare = word.trim_start_matches(|c: char| c.is_ascii_whitespace());
            out.push((bare, start + word.len() - bare.len()));
        });
        out
    }

    #[test]
    fn the_rules_by_example() {
        let words = |text| collect(text).into_iter().map(|w| w.0).collect::<Vec<_>>();
        assert_eq!(
            words("can't 3.14, 1,000;5 a.b.c. x_1 _ -- a1b2"),
            ["can't", "3.14", "1,000;5", "a.b.c", "x_1", "a1b2"]
        );
        assert_eq!(
            words("日本 ひら カタカナ 한국어"),
            ["日", "本", "ひ", "ら", "カタカナ", "한국어"]
        );
        assert_eq!(words("go 👍🏽! 🇨🇭 ❤"), ["go", "👍🏽", "🇨🇭", "❤"]);
        // The rules stay the same behind the first character that isn't ASCII.
        assert_eq!(words("wi-fi é wi-fi"), ["wi", "fi", "é", "wi", "fi"]);
    }

    #[test]
    fn long_words_are_cut() {
        let long = "é".repeat(300);
        let found = collect(&long);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].0.chars().count(), found[1].0.chars().count()),
            (255, 45)
        );
        assert_eq!(found[1].1, 510);
        assert_eq!(
            collect(&"a".repeat(511))
                .iter()
                .map(|w| w.0.len())
                .collect::<Vec<_>>(),
            [255, 255, 1]
        );
        assert_eq!(collect(&"é".repeat(200)).len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn ascii_path_equals_unicode_path(text in "[\t\n\r -~]{0,30}") {
            prop_assert_eq!(collect(&text), slow(&text));
        }

        #[test]
        fn mixed_path_equals_unicode_path(
            text in "[a-c0-2 _.,:;'\"\t\n\u{b}é\u{301}\u{200d}\u{ad}漢ア👍🇨\u{5d0}’-]{0,16}"
        ) {
            prop_assert_eq!(collect(&text), slow(&text));
        }

        #[test]
        fn any_text(text in any::<String>()) {
            prop_assert_eq!(collect(&text), slow(&text));
        }
    }
}
