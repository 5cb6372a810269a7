//! Porter's stemmer (M. F. Porter, "An algorithm for suffix stripping", 1980) as Lucene's `PorterStemFilter` has it.
//!
//! That differs from Snowball's `porter` in three ways, which its author published later as departures: words of one or
//! two letters stay, `-bli` becomes `-ble` (not only `-abli`), `-logi` becomes `-log`. Stemmer crates offer Snowball's;
//! with it, *possibly* would not find what Lucene finds. It is short enough to write down.
//!
//! A word is a sequence of consonants and vowels, `[C](VC)^m[V]`; most rules look at the *measure* m of what stands before
//! the suffix. `y` is a vowel behind a consonant, and else a consonant.

/// Stems a lowercased word. The result is a slice of `word` or of `scratch`.
///
/// Letters beyond ASCII count as consonants and are never touched.
pub(super) fn stem<'a>(word: &'a str, scratch: &'a mut Vec<u8>) -> &'a str {
    if word.is_ascii() {
        if word.len() <= 2 {
            return word;
        }
        scratch.clear();
        scratch.extend_from_slice(word.as_bytes());
        steps(scratch);
        return std::str::from_utf8(scratch).unwrap_or(word);
    }
    // One byte stands for each character, so that the rules count letters. Suffixes are ASCII and stand at the end, so
    // that what remains of the others is at its old place.
    scratch.clear();
    scratch.extend(
        word.chars()
            .map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(0xff)),
    );
    if scratch.len() <= 2 {
        return word;
    }
    steps(scratch);
    let letters = scratch.len();
    // Rebuilt behind the placeholders, which are then cut off.
    for (at, c) in word.chars().take(letters).enumerate() {
        let byte = scratch[at];
        if byte == 0xff {
            scratch.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            scratch.push(byte);
        }
    }
    std::str::from_utf8(scratch.get(letters..).unwrap_or_default()).unwrap_or(word)
}

fn steps(word: &mut Vec<u8>) {
    plurals_and_participles(word);
    if let Some(stem) = word.strip_suffix(b"y")
        && has_vowel(stem)
    {
        replace(word, 1, b"i");
    }
    replace_first(word, &DOUBLE_SUFFIXES);
    replace_first(word, &LONG_SUFFIXES);
    drop_suffix(word);
    final_letters(word);
}

/// Step 1a and 1b: *caresses* → *caress*, *ponies* → *poni*, *hopping* → *hop*, *filing* → *file*.
fn plurals_and_participles(word: &mut Vec<u8>) {
    if word.ends_with(b"sses") || word.ends_with(b"ies") {
        word.truncate(word.len() - 2);
    } else if word.ends_with(b"s") && !word.ends_with(b"ss") {
        word.pop();
    }
    if let Some(stem) = word.strip_suffix(b"eed") {
        if measure(stem) > 0 {
            word.pop();
        }
        return;
    }
    let stem = word
        .strip_suffix(b"ed")
        .or_else(|| word.strip_suffix(b"ing"));
    let Some(length) = stem.filter(|stem| has_vowel(stem)).map(<[u8]>::len) else {
        return;
    };
    word.truncate(length);
    if [b"at", b"bl", b"iz"].iter().any(|end| word.ends_with(*end)) {
        word.push(b'e');
    } else if ends_double(word) {
        if !matches!(word.last(), Some(b'l' | b's' | b'z')) {
            word.pop();
        }
    } else if measure(word) == 1 && ends_cvc(word) {
        word.push(b'e');
    }
}

type Rule = (&'static [u8], &'static [u8]);

/// Step 2. Of suffixes that end alike the longer stands first.
const DOUBLE_SUFFIXES: [Rule; 21] = [
    (b"ational", b"ate"),
    (b"tional", b"tion"),
    (b"enci", b"ence"),
    (b"anci", b"ance"),
    (b"izer", b"ize"),
    (b"bli", b"ble"),
    (b"alli", b"al"),
    (b"entli", b"ent"),
    (b"eli", b"e"),
    (b"ousli", b"ous"),
    (b"ization", b"ize"),
    (b"ation", b"ate"),
    (b"ator", b"ate"),
    (b"alism", b"al"),
    (b"iveness", b"ive"),
    (b"fulness", b"ful"),
    (b"ousness", b"ous"),
    (b"aliti", b"al"),
    (b"iviti", b"ive"),
    (b"biliti", b"ble"),
    (b"logi", b"log"),
];

/// Step 3.
const LONG_SUFFIXES: [Rule; 7] = [
    (b"icate", b"ic"),
    (b"ative", b""),
    (b"alize", b"al"),
    (b"iciti", b"ic"),
    (b"ical", b"ic"),
    (b"ful", b""),
    (b"ness", b""),
];

/// Whether the suffix, which has two letters at least, can be the word's. The last letter but one tells nearly all suffixes
/// apart; comparing only that first makes stemming several times as fast.
fn may_end(word: &[u8], suffix: &[u8]) -> bool {
    matches!((word, suffix), ([.., a, _], [.., b, _]) if a == b)
}

/// Applies the first rule whose suffix the word has, if the measure before it is not 0.
fn replace_first(word: &mut Vec<u8>, rules: &[Rule]) {
    for (suffix, replacement) in rules {
        if may_end(word, suffix)
            && let Some(stem) = word.strip_suffix(*suffix)
        {
            if measure(stem) > 0 {
                replace(word, suffix.len(), replacement);
            }
            return;
        }
    }
}

/// Step 4: drops one suffix behind a measure above 1.
fn drop_suffix(word: &mut Vec<u8>) {
    const SUFFIXES: [&[u8]; 19] = [
        b"al", b"ance", b"ence", b"er", b"ic", b"able", b"ible", b"ant", b"ement", b"ment", b"ent",
        b"ion", b"ou", b"ism", b"ate", b"iti", b"ous", b"ive", b"ize",
    ];
    for suffix in &SUFFIXES {
        if may_end(word, suffix)
            && let Some(stem) = word.strip_suffix(*suffix)
        {
            if *suffix == b"ion" && !matches!(stem.last(), Some(b's' | b't')) {
                return;
            }
            if measure(stem) > 1 {
                word.truncate(word.len() - suffix.len());
            }
            return;
        }
    }
}

/// Step 5: a final `e`, and one of a final `ll`.
fn final_letters(word: &mut Vec<u8>) {
    let whole = measure(word);
    if let Some(stem) = word.strip_suffix(b"e")
        && (whole > 1 || (whole == 1 && !ends_cvc(stem)))
    {
        word.pop();
    }
    if whole > 1 && word.ends_with(b"ll") {
        word.pop();
    }
}

fn replace(word: &mut Vec<u8>, suffix: usize, replacement: &[u8]) {
    word.truncate(word.len() - suffix);
    word.extend_from_slice(replacement);
}

/// Whether each letter is a vowel.
fn vowels(word: &[u8]) -> impl Iterator<Item = bool> + '_ {
    let mut first = true;
    let mut before = false;
    word.iter().map(move |letter| {
        let vowel = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => true,
            b'y' => !first && !before,
            _ => false,
        };
        first = false;
        before = vowel;
        vowel
    })
}

/// m in `[C](VC)^m[V]`: how often a consonant follows a vowel.
fn measure(word: &[u8]) -> usize {
    let mut count = 0;
    let mut before = false;
    for vowel in vowels(word) {
        count += usize::from(before && !vowel);
        before = vowel;
    }
    count
}

fn has_vowel(word: &[u8]) -> bool {
    vowels(word).any(|vowel| vowel)
}

/// Whether the word ends with the same consonant twice. Placeholders of two other letters are not known to be the same.
fn ends_double(word: &[u8]) -> bool {
    match word {
        [.., a, b] => a == b && a.is_ascii() && vowels(word).last() == Some(false),
        _ => false,
    }
}

/// Whether the word ends consonant, vowel, consonant, the last not `w`, `x` or `y`: the short stems that get an `e`.
fn ends_cvc(word: &[u8]) -> bool {
    if word.len() < 3 || matches!(word.last(), Some(b'w' | b'x' | b'y')) {
        return false;
    }
    vowels(word).skip(word.len() - 3).eq([false, true, false])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_each_step() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("ties", "ti"),
            ("cats", "cat"),
            ("feed", "feed"),
            ("agreed", "agre"),
            ("plastered", "plaster"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("troubled", "troubl"),
            ("sized", "size"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("conditional", "condit"),
            ("rational", "ration"),
            ("digitizer", "digit"),
            ("radically", "radic"),
            ("vileli", "vile"),
            ("operator", "oper"),
            ("feudalism", "feudal"),
            ("hopefulness", "hope"),
            ("sensibiliti", "sensibl"),
            ("triplicate", "triplic"),
            ("electrical", "electr"),
            ("goodness", "good"),
            ("revival", "reviv"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("region", "region"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("cease", "ceas"),
            ("controll", "control"),
            ("roll", "roll"),
            ("engine", "engin"),
            ("generalizations", "gener"),
            ("oscillators", "oscil"),
            ("yes", "ye"),
            ("say", "sai"),
            // Lucene's departures.
            ("us", "us"),
            ("possibly", "possibl"),
            ("apology", "apolog"),
            ("ion", "ion"),
        ] {
            assert_eq!(stem(word, &mut Vec::new()), expected, "{word}");
        }
    }

    #[test]
    fn other_letters_are_consonants_and_stay() {
        let scratch = &mut Vec::new();
        assert_eq!(stem("élégances", scratch), "éléganc");
        assert_eq!(stem("größer", scratch), "größer");
        assert_eq!(stem("naïveness", scratch), "naïv");
        assert_eq!(stem("é", scratch), "é");
        assert_eq!(stem("ééing", scratch), "ééing");
        assert_eq!(stem("aßing", scratch), "aß");
    }

    proptest! {
        #[test]
        fn any_word(word in any::<String>()) {
            let mut scratch = Vec::new();
            let stem = stem(&word, &mut scratch);
            prop_assert!(stem.chars().count() <= word.chars().count() + 1);
        }
    }
}
