//! Maximal runs of characters of a kind: what the `simple` and `whitespace` analyzers see as words.

use super::words::cut;

/// Calls `word(slice, start)` for each maximal run of alphanumeric characters, of any length.
pub(super) fn for_each_alphanumeric<'a>(text: &'a str, word: &mut impl FnMut(&'a str, usize)) {
    for_each_run(
        text,
        |c| c.is_alphanumeric(),
        |byte| byte.is_ascii_alphanumeric(),
        word,
    );
}

/// Calls `word(slice, start)` for each maximal run of what isn't white space, in pieces of 255 characters.
///
/// White space is what Java's `Character.isWhitespace` says, as in Lucene: not the no-break spaces, but the separators
/// U+001C to U+001F.
pub(super) fn for_each_non_space<'a>(text: &'a str, word: &mut impl FnMut(&'a str, usize)) {
    let space = |byte: u8| matches!(byte, b' ' | 0x09..=0x0d | 0x1c..=0x1f);
    for_each_run(
        text,
        |c| match u8::try_from(c) {
            Ok(byte) => !space(byte),
            Err(_) => !c.is_whitespace() || matches!(c, '\u{2007}' | '\u{202f}'),
        },
        |byte| !space(byte),
        &mut |run, start| cut(run, start, word),
    );
}

/// `inside` and `inside_ascii` must agree on ASCII; the second saves decoding.
fn for_each_run<'a>(
    text: &'a str,
    inside: impl Fn(char) -> bool,
    inside_ascii: impl Fn(u8) -> bool,
    run: &mut impl FnMut(&'a str, usize),
) {
    let bytes = text.as_bytes();
    let mut start = None;
    let mut at = 0;
    while at < bytes.len() {
        let (is_inside, width) = if bytes[at].is_ascii() {
            (inside_ascii(bytes[at]), 1)
        } else {
            match text[at..].chars().next() {
                Some(c) => (inside(c), c.len_utf8()),
                None => break,
            }
        };
        match (is_inside, start) {
            (true, None) => start = Some(at),
            (false, Some(first)) => {
                run(&text[first..at], first);
                start = None;
            }
            _ => {}
        }
        at += width;
    }
    if let Some(first) = start {
        run(&text[first..], first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn non_space(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        for_each_non_space(text, &mut |word, start| {
            assert!(text[start..].starts_with(word));
            out.push(word);
        });
        out
    }

    #[test]
    fn java_white_space() {
        assert_eq!(
            non_space("a\u{a0}b c\u{3000}d\u{1c}e\u{85}f\u{202f}g"),
            ["a\u{a0}b", "c", "d", "e\u{85}f\u{202f}g"]
        );
        assert_eq!(non_space("  "), Vec::<&str>::new());
        assert_eq!(non_space(&"x".repeat(256)).len(), 2);
    }

    #[test]
    fn ascii_and_unicode_tests_agree() {
        for byte in 0..128_u8 {
            assert_eq!(
                char::from(byte).is_alphanumeric(),
                byte.is_ascii_alphanumeric()
            );
        }
    }
}
