//! A function that is asked once for each distinct value gives what it gives when it is asked about each document.

use proptest::prelude::*;
use serde_json::json;

use super::support::*;
use crate::batch::{BatchUdf, FunctionCounts, Interrupt, Outcome, UdfBatch, Value, ValueType};

/// By the length of the string: no, yes, or one of the ways to fail.
const FILTER: &str = "
    (local.set $c (i32.rem_u (call $length (call $column (local.get $b) (i32.const 0)) (local.get $i)) (i32.const 7)))
    (if (i32.eq (local.get $c) (i32.const 6)) (then unreachable))
    (if (i32.eq (local.get $c) (i32.const 5)) (then (call $fail (i32.const 0) (i32.const 0))))
    (if (i32.eq (local.get $c) (i32.const 4)) (then (return (i32.const 2))))
    (if (i32.eq (local.get $c) (i32.const 3)) (then (return (i32.const 77))))
    (i32.and (local.get $c) (i32.const 1))";

fn documents(lengths: &[Option<u8>], with_dictionary: bool) -> Docs {
    let value = |length: &Option<u8>| -> Vec<Value> {
        let text = length.map(|length| Value::Str("x".repeat(usize::from(length))));
        text.into_iter().collect()
    };
    let values = lengths.iter().map(value).collect();
    let mut docs = Docs::new([("kw", (ValueType::Str, values))]);
    docs.with_dictionary = with_dictionary;
    docs
}

/// Verdicts of a batch, and the failures that were told.
type Answer = (Vec<u8>, Vec<(usize, String)>);

/// What all batches gave, and what was counted.
fn ask_all(
    lengths: &[Option<u8>],
    batches: &[Vec<u32>],
    default: bool,
    with_dictionary: bool,
) -> (Vec<Answer>, FunctionCounts) {
    let mut field = json!({"name": "kw", "type": "str"});
    if default {
        field["default"] = "xx".into();
    }
    let spec = manifest(&json!({"pure": true, "fields": [field]}));
    let (registry, docs) = (registry(), documents(lengths, with_dictionary));
    let mut bound = bind(&registry, &guest(FILTER), &spec, &json!({}), &docs).unwrap();
    let mut outcome = Outcome::default();
    let answers = batches.iter().map(|docs| {
        let batch = UdfBatch { docs, scores: None };
        let done = bound.evaluate(batch, &Interrupt::default(), &mut outcome);
        done.unwrap();
        let failures = outcome.failures.iter();
        let told = failures.map(|f| (f.index, format!("{:?} {}", f.kind, f.message)));
        (numbers(&outcome), told.collect())
    });
    (answers.collect(), bound.counts())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn by_dictionary_is_by_document(
        lengths in prop::collection::vec(prop::option::weighted(0.9, 0..30_u8), 1..300),
        picks in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..60), 1..6),
        default in any::<bool>(),
    ) {
        let batches: Vec<Vec<u32>> = picks
            .iter()
            .map(|picks| {
                let mut docs: Vec<u32> = picks
                    .iter()
                    .map(|pick| u32::try_from(pick.index(lengths.len())).unwrap())
                    .collect();
                docs.sort_unstable();
                docs.dedup();
                docs
            })
            .collect();
        let (by_document, counts) = ask_all(&lengths, &batches, default, false);
        let (by_dictionary, other) = ask_all(&lengths, &batches, default, true);
        prop_assert_eq!(by_document, by_dictionary);
        let errors = |c: FunctionCounts| (c.documents, c.guest_failures, c.traps, c.protocol_failures, c.limit_failures);
        prop_assert_eq!(errors(counts), errors(other));
        prop_assert_eq!((counts.by_dictionary, other.by_dictionary), (0, other.documents));
    }
}
