//! Strings read by their place in the segment's dictionary are those read by document.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use diagon::batch::{ColumnId, ColumnOut, ColumnRequest, Columns, Value, ValueType};
use diagon::index::{IndexWriter, WriterOptions};
use proptest::prelude::*;

const MAPPING: &str =
    r#"{"properties": {"kw": {"type": "keyword"}, "n": {"type": "long"}, "t": {"type": "text"}}}"#;

fn request(field: &str, list: bool, default: Option<&str>) -> ColumnRequest {
    ColumnRequest {
        field: field.into(),
        value_type: ValueType::Str,
        list,
        default: default.map(|text| Value::Str(text.into())),
        optional: false,
    }
}

/// Each document's string; `None` where it is missing and there is no default.
fn read(columns: &mut dyn Columns, column: ColumnId, docs: &[u32]) -> Vec<Option<String>> {
    let extent = columns.measure(column, docs).unwrap();
    let (mut offsets, mut values) = (vec![0; 4 * (docs.len() + 1)], vec![0; extent.bytes]);
    let mut validity = vec![0; docs.len().div_ceil(8)];
    let out = ColumnOut {
        offsets: &mut offsets,
        child_offsets: &mut [],
        values: &mut values,
        validity: &mut validity,
    };
    let missing = columns.write(column, docs, out).unwrap();
    let at = |i: usize| u32::from_le_bytes(offsets.as_chunks::<4>().0[i]) as usize;
    let strings: Vec<_> = (0..docs.len())
        .map(|i| {
            let text = String::from_utf8(values[at(i)..at(i + 1)].to_vec()).unwrap();
            (validity[i / 8] >> (i % 8) & 1 == 1).then_some(text)
        })
        .collect();
    assert_eq!(missing, strings.iter().filter(|s| s.is_none()).count());
    strings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dictionary_stands_for_the_documents(
        texts in prop::collection::vec(prop::option::weighted(0.8, prop::sample::select(vec!["", "a", "ab", "é", "long, and not short at all"])), 1..200),
        every in 1..9_usize,
        with_default in any::<bool>(),
        twice in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default()).unwrap();
        let twice = twice.map(|at| at.index(texts.len()));
        for (number, text) in texts.iter().enumerate() {
            let values: Vec<&str> = text.iter().copied().chain((twice == Some(number)).then_some("z")).collect();
            let json = serde_json::json!({"kw": values, "n": number});
            writer.add(Some(&number.to_string()), json.to_string().as_bytes()).unwrap();
        }
        let snapshot = writer.refresh().unwrap();
        let mut columns = snapshot.columns(0).unwrap();
        let request = request("kw", false, with_default.then_some("none"));
        let column = columns.open(&request).unwrap();
        let docs: Vec<u32> = (0..u32::try_from(texts.len()).unwrap()).step_by(every).collect();
        let by_document = read(&mut columns, column, &docs);
        let multi = twice.is_some_and(|at| texts[at].is_some());
        let mut distinct: Vec<&str> = texts.iter().flatten().copied().collect();
        let with_value = distinct.len() + usize::from(twice.is_some() && !multi);
        distinct.extend(twice.map(|_| "z"));
        distinct.sort_unstable();
        distinct.dedup();
        let Some(dictionary) = columns.dictionary(column, &request).unwrap() else {
            prop_assert!(multi || distinct.is_empty() || distinct.len() > with_value / 2);
            let mut out = vec![0; docs.len()];
            prop_assert!(columns.ordinals(column, &docs, &mut out).is_err());
            return Ok(());
        };
        prop_assert!(!multi);
        prop_assert_eq!(dictionary.len as usize, distinct.len());
        let mut ordinals = vec![0; docs.len()];
        columns.ordinals(column, &docs, &mut ordinals).unwrap();
        prop_assert!(columns.ordinals(column, &docs, &mut [0; 1][..usize::from(docs.len() > 1)]).is_err());
        prop_assert!(columns.ordinals(column, &[1 << 20], &mut [0]).is_err());
        let all: Vec<u32> = (0..=dictionary.len).collect();
        let by_ordinal = read(&mut columns, dictionary.values, &all);
        for (ordinal, text) in ordinals.iter().zip(&by_document) {
            prop_assert_eq!(&by_ordinal[*ordinal as usize], text);
        }
        prop_assert!(columns.measure(dictionary.values, &[dictionary.len + 1]).is_err());
    }
}

#[test]
fn other_columns_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer =
        IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default()).unwrap();
    for id in ["1", "2", "3"] {
        writer
            .add(Some(id), br#"{"kw": "a", "n": 1, "t": "b"}"#)
            .unwrap();
    }
    let snapshot = writer.refresh().unwrap();
    let mut columns = snapshot.columns(0).unwrap();
    let number = ColumnRequest {
        value_type: ValueType::I64,
        ..request("n", false, None)
    };
    for request in [
        request("kw", true, None),
        request("t", false, None),
        request("_id", false, None),
        number,
    ] {
        let column = columns.open(&request).unwrap();
        assert_eq!(columns.dictionary(column, &request).unwrap(), None);
    }
}
