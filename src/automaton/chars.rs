//! Sets of code points.

/// The greatest code point. Surrogates are code points too; no term has one, so that it doesn't matter what becomes of them.
pub(super) const MAX_CHAR: u32 = 0x10_FFFF;

/// Ascending closed ranges of code points with gaps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CharSet(Vec<(u32, u32)>);

impl CharSet {
    /// Every code point.
    pub(super) fn all() -> Self {
        Self(vec![(0, MAX_CHAR)])
    }

    /// One code point.
    pub(super) fn one(c: char) -> Self {
        Self(vec![(c.into(), c.into())])
    }

    /// The code point and, if it is a letter of ASCII, the same letter in the other case. Lucene leaves other letters alone.
    pub(super) fn any_case(c: char) -> Self {
        let other = if c.is_ascii_lowercase() {
            c.to_ascii_uppercase()
        } else {
            c.to_ascii_lowercase()
        };
        Self::union(&[(c.into(), c.into()), (other.into(), other.into())])
    }

    /// All code points in any of the closed ranges.
    pub(super) fn union(ranges: &[(u32, u32)]) -> Self {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(sorted.len());
        for (lo, hi) in sorted {
            match merged.last_mut() {
                Some(last) if lo <= last.1.saturating_add(1) => last.1 = last.1.max(hi),
                _ => merged.push((lo, hi)),
            }
        }
        Self(merged)
    }

    /// All others.
    pub(super) fn complement(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = 0;
        for &(lo, hi) in &self.0 {
            if next < lo {
                gaps.push((next, lo - 1));
            }
            next = hi + 1;
        }
        if next <= MAX_CHAR {
            gaps.push((next, MAX_CHAR));
        }
        Self(gaps)
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn contains(&self, c: char) -> bool {
        let c = u32::from(c);
        self.0.iter().any(|&(lo, hi)| lo <= c && c <= hi)
    }
}
