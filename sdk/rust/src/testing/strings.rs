use crate::Strs;

/// Strings that a test makes, for a function that takes [`Strs`].
///
/// ```
/// let groups = diagon_udf::testing::OwnedStrs::from(["staff", "press"]);
/// assert!(groups.strs().contains("press"));
/// ```
#[derive(Clone, Debug)]
pub struct OwnedStrs {
    offsets: Vec<i32>,
    bytes: String,
}

impl OwnedStrs {
    /// As an argument.
    pub fn strs(&self) -> Strs<'_> {
        // SAFETY: the offsets are the ends of strings that were put one behind the other, and nobody writes to the bytes.
        unsafe { Strs::from_parts(&self.offsets, self.bytes.as_ptr().cast_mut()) }
    }
}

impl<T: AsRef<str>, const N: usize> From<[T; N]> for OwnedStrs {
    fn from(strings: [T; N]) -> Self {
        strings.into_iter().collect()
    }
}

impl<T: AsRef<str>> FromIterator<T> for OwnedStrs {
    fn from_iter<I: IntoIterator<Item = T>>(strings: I) -> Self {
        let (mut offsets, mut bytes) = (vec![0], String::new());
        for string in strings {
            bytes.push_str(string.as_ref());
            offsets.push(i32::try_from(bytes.len()).expect("strings of 2 GiB at most"));
        }
        Self { offsets, bytes }
    }
}
