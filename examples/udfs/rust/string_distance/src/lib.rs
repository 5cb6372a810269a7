//! Keeps documents whose field is within `max_distance` edits (insert, delete, replace a character) of `target`.

mod distance;

use diagon_udf::Param;

pub use distance::Pattern;

/// the field is within max_distance edits of target (Levenshtein, Unicode characters)
#[diagon_udf::filter(export = "filter")]
pub fn string_distance(
    #[field(from_param = "field", param_default = "title")] text: &str,
    target: Param<&str>,
    #[param(default = 2)] max_distance: Param<i64>,
    #[param(default = false)] ignore_case: Param<bool>,
    #[once(Pattern::new(&target, *ignore_case))] pattern: &mut Pattern,
) -> bool {
    // No text is as long as the highest `i32`; a negative distance keeps nothing.
    let max = usize::try_from((*max_distance).min(i32::MAX.into()));
    max.is_ok_and(|max| pattern.within(text, max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use diagon_udf::testing::BatchBuilder;

    fn keeps(text: &str, target: &str, max: i64, ignore_case: bool) -> bool {
        let mut pattern = Pattern::new(target, ignore_case);
        string_distance(
            text,
            Param(target),
            Param(max),
            Param(ignore_case),
            &mut pattern,
        )
    }

    #[test]
    fn the_distance_is_a_limit() {
        assert!(keeps("xapien", "xapian", 1, false) && !keeps("xapien", "xapian", 0, false));
        assert!(!keeps("XAPIAN", "xapian", 5, false) && keeps("XAPIAN", "xapian", 0, true));
    }

    #[test]
    fn distances_out_of_bounds() {
        assert!(!keeps("a", "a", -1, false) && !keeps("a", "a", i64::MIN, false));
        assert!(keeps("abc", "", i64::MAX, false));
    }

    #[test]
    fn a_document_without_the_field_is_not_kept() {
        let mut batch = BatchBuilder::new(3);
        batch
            .str_column(&[Some("日本"), None, Some("")])
            .str_param("title")
            .str_param("日本語")
            .i64_param(3)
            .bool_param(false);
        assert_eq!(
            batch.filter::<string_distance>(),
            [true, false, true].map(Some)
        );
    }
}
