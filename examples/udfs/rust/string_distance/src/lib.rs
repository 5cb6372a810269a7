//! Keeps documents whose field is within `max_distance` edits (insert, delete, replace a character) of `target`.
//! Documents without the field are not kept.

mod distance;

pub use distance::Pattern;

diagon_udf::filter! {
    manifest: r#"{"abi": 1, "name": "string_distance", "version": "1.0.0", "kind": "filter", "pure": true,
"description": "the field is within max_distance edits of target (Levenshtein, Unicode characters)",
"fields": [{"name": "text", "type": "str", "from_param": "field"}],
"params": [{"name": "field", "type": "str", "default": "title"},
           {"name": "target", "type": "str", "required": true},
           {"name": "max_distance", "type": "i64", "default": 2},
           {"name": "ignore_case", "type": "bool", "default": false}]}"#,
    export: filter,
    |batch| {
        let text = batch.str_column(0);
        let target = batch.str_param(1).unwrap_or_default();
        // A negative distance keeps nothing.
        let max = usize::try_from(batch.i64_param(2).unwrap_or(2)).ok();
        let mut pattern = Pattern::new(target, batch.bool_param(3).unwrap_or(false));
        move |document: usize| match (text.get(document), max) {
            (Some(text), Some(max)) => pattern.within(text, max),
            _ => false,
        }
    }
}
