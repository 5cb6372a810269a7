//! All that an argument can be.

use std::collections::HashSet;

use diagon_udf::testing::{BatchBuilder, OwnedStrs};
use diagon_udf::{Function, Param, Strs};

/// Tells what it was given:
/// each thing once.
///
/// Not in the description.
#[diagon_udf::value]
fn told(
    number: Option<f64>,
    whole: Option<i64>,
    yes: Option<bool>,
    text: Option<&str>,
    numbers: &[f64],
    wholes: &[i64],
    bools: &[bool],
    texts: &[&str],
    more: Strs<'_>,
    #[id] id: &str,
    #[doc_id] doc: u32,
    #[score] score: f32,
) -> String {
    format!("{number:?} {whole:?} {yes:?} {text:?} {numbers:?} {wholes:?} {bools:?} {texts:?} {more:?} {id} {doc} {score}")
}

#[test]
fn fields_and_inputs() {
    let mut batch = BatchBuilder::new(3);
    batch
        .f64_column(&[Some(0.5), None, Some(0.0)])
        .i64_column(&[Some(1), None, Some(0)])
        .bool_column(&[Some(true), None, Some(false)])
        .str_column(&[Some("a"), None, Some("")])
        .f64_list_column(&[&[1.5, 2.5], &[], &[0.0]])
        .i64_list_column(&[&[1, 2], &[], &[0]])
        .bool_list_column(&[&[true, false], &[], &[false]])
        .str_list_column(&[&["x", "y"], &[], &[""]])
        .str_list_column(&[&["p"], &[], &["q", "r"]])
        .ids(&["one", "two", "three"])
        .doc_ids(&[7, 8, 9])
        .scores(&[0.25, 1.0, 2.0]);
    let told = batch
        .str_value::<told>()
        .into_iter()
        .map(Option::unwrap_or_default);
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            r#"Some(0.5) Some(1) Some(true) Some("a") [1.5, 2.5] [1, 2] [true, false] ["x", "y"] ["p"] one 7 0.25"#,
            r#"None None None None [] [] [] [] [] two 8 1"#,
            r#"Some(0.0) Some(0) Some(false) Some("") [0.0] [0] [false] [""] ["q", "r"] three 9 2"#,
        ]
    );
    let manifest = told::MANIFEST;
    assert!(manifest.contains(r#""description": "Tells what it was given: each thing once.""#));
    assert!(
        manifest.contains(r#""inputs": ["id", "doc_id", "score"]"#),
        "{manifest}"
    );
    assert!(manifest.contains(r#"{"name": "more", "type": "str", "list": true}"#));
}

#[diagon_udf::filter]
fn given(
    text: &str,
    a: Param<bool>,
    b: Param<i32>,
    c: Param<f32>,
    d: Param<&str>,
    e: Param<Option<i64>>,
    #[param(default = -5)] f: Param<f64>,
    g: Param<&[i32]>,
    h: Param<&[f32]>,
    i: Param<&[&str]>,
    #[param(default = ["x"])] j: Param<Strs<'_>>,
    k: Param<Option<&[bool]>>,
    l: Param<Option<Strs<'_>>>,
) -> bool {
    let all = format!(
        "{} {} {} {} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
        *a, *b, *c, *d, *e, *f, *g, *h, *i, *j, *k, *l
    );
    all == text
}

#[test]
fn an_empty_batch_has_no_inputs() {
    #[diagon_udf::score]
    fn twice(#[doc_id] _doc: u32, #[score] score: f32) -> f64 {
        f64::from(score) * 2.0
    }
    assert!(BatchBuilder::new(0).score::<twice>().is_empty());
    let mut batch = BatchBuilder::new(1);
    assert_eq!(batch.doc_ids(&[0]).scores(&[1.5]).score::<twice>(), [3.0]);
}

#[test]
#[should_panic(expected = "`score` is not given")]
fn an_input_that_a_test_forgets_is_told() {
    #[diagon_udf::score]
    fn same(#[score] score: f32) -> f64 {
        score.into()
    }
    BatchBuilder::new(1).score::<same>();
}

#[test]
fn parameters() {
    let mut batch = BatchBuilder::new(2);
    batch
        .str_column(&[
            Some(r#"true -3 0.25 dé Some(5) 1.5 [1, -2] [0.5] ["", "i"] ["j"] Some([true]) Some(["l"])"#),
            Some("something else"),
        ])
        .bool_param(true)
        .i64_param(-3)
        .f64_param(0.25)
        .str_param("dé")
        .i64_param(5)
        .f64_param(1.5)
        .i64_list_param(&[1, -2])
        .f64_list_param(&[0.5])
        .str_list_param(&["", "i"])
        .str_list_param(&["j"])
        .bool_list_param(&[true])
        .str_list_param(&["l"]);
    assert_eq!(batch.filter::<given>(), [Some(true), Some(false)]);
    let mut batch = BatchBuilder::new(1);
    batch
        .str_column(&[Some(r#"false 0 0  None 0 [] [] [] [] None None"#)])
        .bool_param(false)
        .i64_param(0)
        .f64_param(0.0)
        .str_param("")
        .absent_param()
        .f64_param(0.0)
        .i64_list_param(&[])
        .f64_list_param(&[])
        .str_list_param(&[])
        .str_list_param(&[])
        .absent_param()
        .absent_param();
    assert_eq!(batch.filter::<given>(), [Some(true)]);
    let params = given::MANIFEST
        .split_once(r#""params": "#)
        .map_or("", |(_, params)| params);
    assert_eq!(
        params.trim_end(),
        r#"[{"name": "a", "type": "bool", "required": true}, {"name": "b", "type": "i32", "required": true}, "#.to_string()
            + r#"{"name": "c", "type": "f32", "required": true}, {"name": "d", "type": "str", "required": true}, "#
            + r#"{"name": "e", "type": "i64"}, {"name": "f", "type": "f64", "default": -5.0}, "#
            + r#"{"name": "g", "type": "i32", "list": true, "required": true}, "#
            + r#"{"name": "h", "type": "f32", "list": true, "required": true}, "#
            + r#"{"name": "i", "type": "str", "list": true, "required": true}, "#
            + r#"{"name": "j", "type": "str", "list": true, "default": ["x"]}, "#
            + r#"{"name": "k", "type": "bool", "list": true}, {"name": "l", "type": "str", "list": true}]}"#
    );
}

#[test]
#[should_panic(expected = "`limit` is not given")]
fn a_parameter_that_a_test_forgets_is_told() {
    #[diagon_udf::filter]
    fn below(x: i64, limit: Param<i64>) -> bool {
        x < *limit
    }
    BatchBuilder::new(1)
        .i64_column(&[Some(1)])
        .absent_param()
        .filter::<below>();
}

/// What is prepared once a batch, in all three ways, each seeing the parameters and what stands before it.
#[diagon_udf::filter(
    name = "in-order",
    version = "2.0.0-rc.1",
    export = "f",
    pure = false,
    limits(query_ms = 5, instances = 2)
)]
fn in_order(
    word: &str,
    words: Param<&[&str]>,
    #[once(words.iter().copied().collect())] set: &HashSet<&str>,
    #[once(set.len())] size: usize,
    #[once(Vec::new())] seen: &mut Vec<usize>,
    #[once(vec![size; 2])] sizes: &[usize],
) -> bool {
    seen.push(word.len());
    set.contains(word) && size == 2 && sizes == [2, 2] && seen.len() <= 3
}

#[test]
fn once_a_batch() {
    let mut batch = BatchBuilder::new(5);
    batch
        .str_column(&[Some("a"), None, Some("c"), Some("b"), Some("a")])
        .str_list_param(&["a", "b"]);
    // The fourth that it is asked about is one too many; a batch later it begins anew.
    for _ in 0..2 {
        assert_eq!(
            batch.filter::<in_order>(),
            [true, false, false, true, false].map(Some)
        );
    }
    let set = HashSet::from(["a", "b"]);
    assert!(in_order(
        "a",
        Param(&["a", "b"]),
        &set,
        2,
        &mut vec![],
        &[2, 2]
    ));
    assert!(in_order::MANIFEST.starts_with(
        r#"{"abi": 1, "name": "in-order", "version": "2.0.0-rc.1", "kind": "filter", "export": "f", "pure": false, "#
    ));
    assert!(in_order::MANIFEST.ends_with("\"limits\": {\"query_ms\": 5, \"instances\": 2}}\n"));
}

/// Fields whose names aren't the arguments', or come from the query.
#[diagon_udf::filter]
fn elsewhere(
    #[field(name = "_source.a \"b\"\\", optional)] path: &str,
    #[field(from_param = "place", part = "lat")] lat: f64,
    limit: Param<f64>,
    #[field(from_param = "place", param_default = "location", part = "lon")] lon: f64,
    #[field(from_param = "other")] text: &str,
    #[param(default = "title")] other: Param<&str>,
    #[param(name = "the rest")] rest: Param<Option<bool>>,
    #[field(default = true)] r#in: bool,
) -> bool {
    path.len() + text.len() + other.len() == 9 && lat + lon < *limit && rest.is_none() && r#in
}

#[test]
fn names_of_fields() {
    let mut batch = BatchBuilder::new(2);
    batch
        .str_column(&[Some("ab"), Some("ab")])
        .f64_column(&[Some(1.0), Some(9.0)])
        .f64_column(&[Some(1.0), Some(9.0)])
        .str_column(&[Some("cd"), Some("cd")])
        .bool_column(&[Some(true), Some(true)])
        .str_param("location")
        .f64_param(3.0)
        .str_param("title")
        .absent_param();
    assert_eq!(batch.filter::<elsewhere>(), [Some(true), Some(false)]);
    let fields = elsewhere::MANIFEST
        .split_once(r#""fields": "#)
        .map_or("", |(_, fields)| fields);
    assert_eq!(
        fields.trim_end(),
        r#"[{"name": "_source.a \"b\"\\", "type": "str", "optional": true}, "#.to_string()
            + r#"{"name": "lat", "type": "f64", "from_param": "place", "part": "lat"}, "#
            + r#"{"name": "lon", "type": "f64", "from_param": "place", "part": "lon"}, "#
            + r#"{"name": "text", "type": "str", "from_param": "other"}, {"name": "in", "type": "bool", "default": true}], "#
            + r#""params": [{"name": "place", "type": "str", "default": "location"}, "#
            + r#"{"name": "limit", "type": "f64", "required": true}, {"name": "other", "type": "str", "default": "title"}, "#
            + r#"{"name": "the rest", "type": "bool"}]}"#
    );
}

/// Names that the attribute uses itself, and the function's own.
mod names {
    use super::*;

    #[diagon_udf::filter]
    pub(super) fn batch(
        out: f64,
        function: i64,
        document: &[&str],
        batch: Param<f64>,
        block: Param<i64>,
        #[once(*batch + 1.0)] answer: f64,
        #[once(present())] present: &str,
    ) -> bool {
        out < *batch && function < *block && document.is_empty() && answer > 1.0 && present == "yes"
    }

    fn present() -> String {
        "yes".into()
    }
}

#[test]
fn names_are_the_author_s() {
    let mut batch = BatchBuilder::new(2);
    batch
        .f64_column(&[Some(1.0), Some(1.0)])
        .i64_column(&[Some(1), Some(1)])
        .str_list_column(&[&[], &["x"]])
        .f64_param(2.0)
        .i64_param(2);
    assert_eq!(batch.filter::<names::batch>(), [Some(true), Some(false)]);
    assert!(names::batch(1.0, 1, &[], Param(2.0), Param(2), 3.0, "yes"));
}

#[test]
fn strs_without_a_slice() {
    #[diagon_udf::filter]
    fn shared(groups: Strs<'_>, of: Param<Strs<'_>>) -> bool {
        groups.iter().any(|group| of.contains(group))
    }
    let mut batch = BatchBuilder::new(3);
    batch
        .str_list_column(&[&["a", "b"], &[], &["c"]])
        .str_list_param(&["b", "d"]);
    assert_eq!(
        batch.filter::<shared>(),
        [Some(true), Some(false), Some(false)]
    );
    let (groups, of) = (OwnedStrs::from(["x"]), OwnedStrs::from(["y", "x"]));
    assert!(shared(groups.strs(), Param(of.strs())));
}
