//! Each kind of function, over batches with and without missing values, shorter and longer than a block.

use std::borrow::Cow;

use diagon_udf::testing::BatchBuilder;
use diagon_udf::{Function, Param};

#[diagon_udf::filter]
fn affordable(price: f64, sold: i64, new: bool, budget: Param<f64>) -> bool {
    price <= *budget && sold >= 10 && new
}

#[diagon_udf::filter]
fn checked(price: f64) -> Result<bool, String> {
    if price < 0.0 {
        return Err(format!("a price of {price}"));
    }
    Ok(price > 1.0)
}

#[diagon_udf::score(max_score = 100)]
fn fame(sold: i64) -> f64 {
    (sold as f64).ln_1p()
}

#[diagon_udf::score]
fn inverse(price: f64) -> Result<f64, &'static str> {
    if price == 0.0 {
        return Err("a price of 0");
    }
    Ok(1.0 / price)
}

#[diagon_udf::value]
fn gross(net: f64, rate: Param<f64>) -> f64 {
    net * (1.0 + *rate)
}

#[diagon_udf::value]
fn root(x: f64) -> Result<Option<f64>, String> {
    match x {
        x if x < 0.0 => Err(format!("the root of {x}")),
        x if x.fract() == 0.0 => Ok(Some(x.sqrt())),
        _ => Ok(None),
    }
}

#[diagon_udf::value]
fn next(n: Option<i64>) -> Option<i64> {
    n?.checked_add(1)
}

#[diagon_udf::value]
fn even(n: i64) -> Result<bool, String> {
    if n < 0 {
        return Err("negative".into());
    }
    Ok(n % 2 == 0)
}

#[diagon_udf::value]
fn upper(text: &str) -> String {
    text.to_uppercase()
}

#[diagon_udf::value]
fn first_word(text: &str) -> Option<&str> {
    text.split(' ').find(|word| !word.is_empty())
}

#[diagon_udf::value]
fn trimmed(text: &str) -> Cow<'_, str> {
    if text.contains('-') {
        Cow::Owned(text.replace('-', ""))
    } else {
        Cow::Borrowed(text)
    }
}

#[diagon_udf::value]
fn longest<'a>(tags: &[&'a str], stock: i64) -> Result<&'a str, &'static str> {
    if stock < 0 {
        return Err("negative stock");
    }
    Ok(tags.iter().max_by_key(|tag| tag.len()).unwrap_or(&"none"))
}

/// Lengths around those of blocks and words.
const LENGTHS: [usize; 9] = [0, 1, 2, 63, 64, 65, 128, 200, 1024];

/// Which documents have values; each is a rule of its own.
const RULES: [fn(usize) -> bool; 6] = [
    |_| true,
    |_| false,
    |i| i % 3 != 0,
    |i| i / 64 % 2 == 0,
    |i| i % 64 != 63,
    |i| i > 100,
];

fn values<T>(len: usize, has: fn(usize) -> bool, value: impl Fn(usize) -> T) -> Vec<Option<T>> {
    (0..len).map(|i| has(i).then(|| value(i))).collect()
}

#[test]
fn a_filter_is_asked_where_all_its_fields_have_values() {
    for len in LENGTHS {
        for (a, b) in RULES
            .iter()
            .flat_map(|a| RULES.iter().map(move |b| (*a, *b)))
        {
            let price = values(len, a, |i| i as f64);
            let sold = values(len, b, |i| i as i64 % 50);
            let new = values(len, |_| true, |i| i % 7 != 0);
            let mut batch = BatchBuilder::new(len);
            batch
                .f64_column(&price)
                .i64_column(&sold)
                .bool_column(&new)
                .f64_param(150.0);
            let expected: Vec<_> = (0..len)
                .map(|i| Some(price[i]? <= 150.0 && sold[i]? >= 10 && new[i]?))
                .map(|kept| Some(kept.unwrap_or(false)))
                .collect();
            assert_eq!(batch.filter::<affordable>(), expected);
        }
    }
}

#[test]
fn an_error_is_one_document_s() {
    let mut batch = BatchBuilder::new(4);
    batch.f64_column(&[Some(2.0), Some(-1.0), None, Some(0.5)]);
    assert_eq!(
        batch.filter::<checked>(),
        [Some(true), None, Some(false), Some(false)]
    );
    let mut batch = BatchBuilder::new(3);
    batch.f64_column(&[Some(4.0), Some(0.0), None]);
    let scores = batch.score::<inverse>();
    assert!(scores[0] == 0.25 && scores[1].is_nan() && scores[2] == 0.0);
}

#[test]
fn scores() {
    for len in LENGTHS {
        for has in RULES {
            let sold = values(len, has, |i| i as i64);
            let expected: Vec<f64> = sold.iter().map(|sold| sold.map_or(0.0, fame)).collect();
            assert_eq!(
                BatchBuilder::new(len).i64_column(&sold).score::<fame>(),
                expected
            );
        }
    }
}

#[test]
fn numbers_as_values() {
    for len in LENGTHS {
        for has in RULES {
            let net = values(len, has, |i| i as f64);
            let expected: Vec<_> = net
                .iter()
                .map(|net| Some(gross((*net)?, Param(0.25))))
                .collect();
            assert_eq!(
                BatchBuilder::new(len)
                    .f64_column(&net)
                    .f64_param(0.25)
                    .f64_value::<gross>(),
                expected
            );
            let n = values(len, has, |i| if i % 5 == 0 { i64::MAX } else { i as i64 });
            let expected: Vec<_> = n.iter().map(|n| next(*n)).collect();
            assert_eq!(
                BatchBuilder::new(len).i64_column(&n).i64_value::<next>(),
                expected
            );
            let n = values(len, has, |i| i as i64 - 3);
            let expected: Vec<_> = n.iter().map(|n| even((*n)?).ok()).collect();
            assert_eq!(
                BatchBuilder::new(len).i64_column(&n).bool_value::<even>(),
                expected
            );
        }
    }
}

#[test]
fn an_error_is_not_a_missing_value() {
    let mut batch = BatchBuilder::new(4);
    batch.f64_column(&[Some(9.0), Some(-1.0), Some(0.5), None]);
    let roots = batch.f64_value::<root>();
    assert!(roots[0] == Some(3.0) && roots[1].is_some_and(f64::is_nan));
    assert_eq!(roots[2..], [None, None]);
}

#[test]
fn strings_as_values() {
    for len in LENGTHS {
        for has in RULES {
            let texts = values(len, has, |i| format!(" {}ß-{}", "x".repeat(i % 4), i % 3));
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let mut batch = BatchBuilder::new(len);
            batch.str_column(&texts);
            let expected = |answer: fn(&str) -> Option<String>| -> Vec<Option<String>> {
                texts.iter().map(|text| answer((*text)?)).collect()
            };
            assert_eq!(
                batch.str_value::<upper>(),
                expected(|text| Some(upper(text)))
            );
            assert_eq!(
                batch.str_value::<first_word>(),
                expected(|text| first_word(text).map(String::from))
            );
            assert_eq!(
                batch.str_value::<trimmed>(),
                expected(|text| Some(trimmed(text).into_owned()))
            );
        }
    }
}

#[test]
fn a_string_of_a_list() {
    let mut batch = BatchBuilder::new(4);
    batch
        .str_list_column(&[&["a", "bcd", "ef"], &[], &["x"], &["y"]])
        .i64_column(&[Some(1), Some(0), Some(-1), None]);
    let expected = [Some("bcd"), Some("none"), None, None].map(|text| text.map(String::from));
    assert_eq!(batch.str_value::<longest>(), expected);
}

#[test]
fn each_is_in_the_manifest() {
    assert_eq!(
        fame::MANIFEST,
        concat!(
            r#"{"abi": 1, "name": "fame", "version": "0.1.0", "kind": "score", "export": "fame", "pure": true, "#,
            r#""fields": [{"name": "sold", "type": "i64"}], "params": [], "max_score": 100.0}"#,
            "\n"
        )
    );
    assert!(gross::MANIFEST.contains(r#""kind": "value", "returns": "f64""#));
    assert!(
        even::MANIFEST.contains(r#""returns": "bool""#)
            && next::MANIFEST.contains(r#""returns": "i64""#)
    );
    for manifest in [
        upper::MANIFEST,
        first_word::MANIFEST,
        trimmed::MANIFEST,
        longest::MANIFEST,
    ] {
        assert!(manifest.contains(r#""returns": "str""#), "{manifest}");
    }
}
