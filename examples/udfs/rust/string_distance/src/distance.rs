//! Levenshtein distance over Unicode characters, bit-parallel: one word of 64 bits holds a column of 64 cells of the
//! dynamic program as differences, so a character of the text costs a dozen operations (Myers 1999, in the form of Hyyrö
//! 2003). Patterns of more than 64 characters take one word for each 64, with a carry between them.

/// A pattern prepared for many texts.
pub struct Pattern {
    /// Characters.
    len: usize,
    /// Words of 64 characters; at least 1.
    words: usize,
    /// For each ASCII character, in which places of the pattern it stands: `words` words each.
    ascii: Vec<u64>,
    /// The same for the other characters of the pattern, sorted.
    others: Vec<(char, Vec<u64>)>,
    nowhere: Vec<u64>,
    ignore_case: bool,
    /// The vertical differences +1 and -1 of each word, between two characters of a text.
    state: Vec<(u64, u64)>,
}

impl Pattern {
    /// Prepares a pattern. With `ignore_case` it and the texts are compared in lower case.
    pub fn new(pattern: &str, ignore_case: bool) -> Self {
        let chars: Vec<char> = if ignore_case {
            pattern.chars().flat_map(char::to_lowercase).collect()
        } else {
            pattern.chars().collect()
        };
        let words = chars.len().div_ceil(64).max(1);
        let mut ascii = vec![0; 128 * words];
        let mut others: Vec<(char, Vec<u64>)> = Vec::new();
        for (place, c) in chars.iter().enumerate() {
            let bits = if c.is_ascii() {
                &mut ascii[*c as usize * words..][..words]
            } else {
                let found = others.binary_search_by_key(c, |entry| entry.0);
                let at = found.unwrap_or_else(|at| {
                    others.insert(at, (*c, vec![0; words]));
                    at
                });
                &mut others[at].1[..]
            };
            bits[place / 64] |= 1 << (place % 64);
        }
        let (nowhere, state) = (vec![0; words], vec![(0, 0); words]);
        Self {
            len: chars.len(),
            words,
            ascii,
            others,
            nowhere,
            ignore_case,
            state,
        }
    }

    /// Whether `text` can be made of the pattern by inserting, deleting and replacing at most `max` characters.
    pub fn within(&mut self, text: &str, max: usize) -> bool {
        if text.is_ascii() {
            if text.len().abs_diff(self.len) > max {
                return false;
            }
            let lower = self.ignore_case;
            let bytes = text.bytes();
            let chars =
                bytes.map(move |b| char::from(if lower { b.to_ascii_lowercase() } else { b }));
            return self.run(chars, text.len(), max);
        }
        if self.ignore_case {
            let chars = text.chars().flat_map(char::to_lowercase);
            let len = chars.clone().count();
            return self.run(chars, len, max);
        }
        let len = text.chars().count();
        self.run(text.chars(), len, max)
    }

    fn run(&mut self, text: impl Iterator<Item = char>, len: usize, max: usize) -> bool {
        if len.abs_diff(self.len) > max {
            return false;
        }
        if self.len == 0 {
            return true;
        }
        if self.words == 1 {
            self.one_word(text, len, max)
        } else {
            self.many_words(text, len, max)
        }
    }

    /// In which places of the pattern `c` stands.
    fn places(&self, c: char) -> &[u64] {
        if c.is_ascii() {
            return &self.ascii[c as usize * self.words..][..self.words];
        }
        match self.others.binary_search_by_key(&c, |entry| entry.0) {
            Ok(at) => &self.others[at].1,
            Err(_) => &self.nowhere,
        }
    }

    fn one_word(&self, text: impl Iterator<Item = char>, len: usize, max: usize) -> bool {
        let last = self.len - 1;
        let (mut plus, mut minus) = (u64::MAX, 0);
        // The distance of the whole pattern to what has been read of the text.
        let mut distance = self.len;
        for (read, c) in text.enumerate() {
            let places = self.places(c)[0];
            let diagonal = (((places & plus).wrapping_add(plus)) ^ plus) | places | minus;
            let right_plus = minus | !(diagonal | plus);
            let right_minus = plus & diagonal;
            distance += (right_plus >> last & 1) as usize;
            distance -= (right_minus >> last & 1) as usize;
            // Each character to come can take away one at most.
            if distance > max + (len - read - 1) {
                return false;
            }
            let shifted = right_plus << 1 | 1;
            plus = right_minus << 1 | !(diagonal | shifted);
            minus = shifted & diagonal;
        }
        distance <= max
    }

    fn many_words(&mut self, text: impl Iterator<Item = char>, len: usize, max: usize) -> bool {
        let mut state = std::mem::take(&mut self.state);
        state.fill((u64::MAX, 0));
        let last = (self.len - 1) % 64;
        let mut distance = self.len;
        let mut within = true;
        for (read, c) in text.enumerate() {
            // What a word hands to the next: the difference to the right in its last row, +1, 0 or -1.
            let mut carry = (1, 0);
            for (word, (places, (plus, minus))) in self.places(c).iter().zip(&mut state).enumerate()
            {
                let bits = *places | carry.1;
                let diagonal = (((bits & *plus).wrapping_add(*plus)) ^ *plus) | bits | *minus;
                let right_plus = *minus | !(diagonal | *plus);
                let right_minus = *plus & diagonal;
                let row = if word + 1 == self.words { last } else { 63 };
                let out = (right_plus >> row & 1, right_minus >> row & 1);
                let (shifted_plus, shifted_minus) =
                    (right_plus << 1 | carry.0, right_minus << 1 | carry.1);
                *plus = shifted_minus | !(diagonal | shifted_plus);
                *minus = shifted_plus & diagonal;
                carry = out;
            }
            distance = distance + carry.0 as usize - carry.1 as usize;
            if distance > max + (len - read - 1) {
                within = false;
                break;
            }
        }
        self.state = state;
        within && distance <= max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The textbook's dynamic program.
    fn naive(a: &str, b: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut before = row[0];
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let replaced = before + usize::from(x != y);
                before = row[j + 1];
                row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
            }
        }
        row[b.len()]
    }

    #[test]
    fn equals_the_naive_twin() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |n: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % n as u64) as usize
        };
        let alphabets: [Vec<char>; 3] = [
            "ab".chars().collect(),
            "abcß日🦀".chars().collect(),
            "aé".chars().collect(),
        ];
        for round in 0..4_000 {
            let alphabet = &alphabets[round % 3];
            let longest = [8, 70, 200][round % 3];
            let text = |random: &mut dyn FnMut(usize) -> usize| -> String {
                (0..random(longest))
                    .map(|_| alphabet[random(alphabet.len())])
                    .collect()
            };
            let a = text(&mut random);
            // Half of the texts are close to the pattern.
            let b = if random(2) == 0 {
                text(&mut random)
            } else {
                let mut chars: Vec<char> = a.chars().collect();
                for _ in 0..random(4) {
                    let at = random(chars.len() + 1);
                    match random(3) {
                        0 => chars.insert(at, alphabet[0]),
                        1 if at < chars.len() => drop(chars.remove(at)),
                        _ if at < chars.len() => chars[at] = alphabet[random(alphabet.len())],
                        _ => {}
                    }
                }
                chars.into_iter().collect()
            };
            let expected = naive(&a, &b);
            let mut pattern = Pattern::new(&a, false);
            for max in [0, 1, 2, expected.saturating_sub(1), expected, expected + 1] {
                assert_eq!(
                    pattern.within(&b, max),
                    expected <= max,
                    "{a:?} {b:?} {max}, is {expected}"
                );
            }
        }
    }

    #[test]
    fn ignores_case() {
        assert!(Pattern::new("ÄPFEL", true).within("äpfel", 0));
        assert!(Pattern::new("xapian", true).within("XAPIAN", 0));
        assert!(!Pattern::new("xapian", false).within("XAPIAN", 5));
    }

    #[test]
    fn empty_ones() {
        assert!(Pattern::new("", false).within("", 0));
        assert!(
            Pattern::new("", false).within("ab", 2) && !Pattern::new("", false).within("ab", 1)
        );
        assert!(
            Pattern::new("ab", false).within("", 2) && !Pattern::new("ab", false).within("", 1)
        );
    }
}
