//! A batch guest gives the answer of a native closure, for any columns.

use proptest::prelude::*;
use serde_json::json;

use super::support::*;
use crate::batch::{Value, ValueType};

fn one<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<Option<T>>> {
    prop::collection::vec(prop::option::of(value), 40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn equals_a_closure(
        prices in one(-10.0..10.0_f64),
        stocks in one(-5..5_i64),
        tags in prop::collection::vec(prop::collection::vec("[a-zß日]{0,6}", 0..4), 40),
        budget in -10.0..10.0_f64,
        len in 1..41_u32,
    ) {
        let lists = tags.iter().map(|list| list.iter().map(|t| Value::Str(t.clone())).collect()).collect();
        let docs = Docs::new([("price", floats(&prices)), ("stock", integers(&stocks)), ("tags", (ValueType::Str, lists))]);
        // Affordable, in stock or unknown, and some tag is longer than three bytes.
        let module = guest(
            "(if (i32.eqz (f64.le (call $f64 (call $column (local.get $b) (i32.const 0)) (local.get $i))
                  (f64.load offset=8 (call $param (local.get $b) (i32.const 0))))) (then (return (i32.const 0))))
             (if (i32.and (call $has (call $column (local.get $b) (i32.const 1)) (local.get $i))
                  (i64.le_s (call $i64 (call $column (local.get $b) (i32.const 1)) (local.get $i)) (i64.const 0))) (then (return (i32.const 0))))
             (local.set $c (call $column (local.get $b) (i32.const 2)))
             (local.set $d (call $offset (local.get $c) (local.get $i)))
             (local.set $e (call $offset (local.get $c) (i32.add (local.get $i) (i32.const 1))))
             (block $none (loop $next
               (br_if $none (i32.ge_u (local.get $d) (local.get $e)))
               (if (i32.gt_u (call $length (i32.load offset=24 (local.get $c)) (local.get $d)) (i32.const 3)) (then (return (i32.const 1))))
               (local.set $d (i32.add (local.get $d) (i32.const 1)))
               (br $next)))
             i32.const 0",
        );
        let spec = json!({"pure": true, "fields": [{"name": "price", "type": "f64", "default": 1.0}, {"name": "stock", "type": "i64"},
            {"name": "tags", "type": "str", "list": true}], "params": [{"name": "budget", "type": "f64", "required": true}]});
        let expected: Vec<u8> = (0..len as usize).map(|i| {
            let affordable = prices[i].unwrap_or(1.0) <= budget;
            let in_stock = stocks[i].is_none_or(|s| s > 0);
            u8::from(affordable && in_stock && tags[i].iter().any(|t| t.len() > 3))
        }).collect();
        prop_assert_eq!(run(&module, &spec, &json!({"budget": budget}), &docs, len), expected);
    }
}
