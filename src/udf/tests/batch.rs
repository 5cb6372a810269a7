//! What a batch guest sees of every type of column, parameter and input.

use serde_json::json;

use super::support::*;
use crate::batch::{BatchUdf, Interrupt, Outcome, UdfBatch, Value, ValueType};

#[test]
fn numbers_with_and_without_values() {
    let docs = Docs::new([
        ("price", floats(&[Some(1.0), None, Some(5.0), Some(-0.5)])),
        ("stock", integers(&[Some(3), Some(0), None, Some(-9)])),
        ("open", bools(&[Some(true), Some(false), Some(true), None])),
    ]);
    let fields = |default: bool| {
        let mut field = json!({"name": "price", "type": "f64"});
        if default {
            field["default"] = json!(2);
        }
        json!({"fields": [field, {"name": "stock", "type": "i64"}, {"name": "open", "type": "bool"}]})
    };
    let has = |column: u32| {
        guest(&format!(
            "(call $has (call $column (local.get $b) (i32.const {column})) (local.get $i))"
        ))
    };
    assert_eq!(
        run(&has(0), &fields(false), &json!({}), &docs, 4),
        [1, 0, 1, 1]
    );
    assert_eq!(
        run(&has(0), &fields(true), &json!({}), &docs, 4),
        [1, 1, 1, 1]
    );
    assert_eq!(
        run(&has(1), &fields(false), &json!({}), &docs, 4),
        [1, 1, 0, 1]
    );
    assert_eq!(
        run(&has(2), &fields(false), &json!({}), &docs, 4),
        [1, 1, 1, 0]
    );
    let cheap = guest(
        "(f64.ge (f64.const 2) (call $f64 (call $column (local.get $b) (i32.const 0)) (local.get $i)))",
    );
    assert_eq!(
        run(&cheap, &fields(true), &json!({}), &docs, 4),
        [1, 1, 0, 1]
    );
    let negative = guest(
        "(i64.lt_s (call $i64 (call $column (local.get $b) (i32.const 1)) (local.get $i)) (i64.const 0))",
    );
    assert_eq!(
        run(&negative, &fields(false), &json!({}), &docs, 4),
        [0, 0, 0, 1]
    );
    let open = guest("(call $bool (call $column (local.get $b) (i32.const 2)) (local.get $i))");
    assert_eq!(
        run(&open, &fields(false), &json!({}), &docs, 4),
        [1, 0, 1, 0]
    );
}

#[test]
fn flags_of_columns() {
    let docs = Docs::new([("a", floats(&[Some(1.0), Some(2.0), None, None]))]);
    let fields = json!({"fields": [{"name": "a", "type": "f64"}]});
    let flags = guest("(i32.load offset=4 (call $column (local.get $b) (i32.const 0)))");
    let registry = registry();
    let mut bound = bind(&registry, &flags, &manifest(&fields), &json!({}), &docs).unwrap();
    let mut outcome = Outcome::default();
    let mut ask = |docs: &[u32]| {
        let batch = UdfBatch { docs, scores: None };
        bound
            .evaluate(batch, &Interrupt::default(), &mut outcome)
            .unwrap();
        numbers(&outcome)
    };
    assert_eq!(ask(&[0, 1]), [1, 1], "none missing");
    assert_eq!(
        ask(&[2, 3]),
        [2, 2],
        "all missing, which this guest takes for an error"
    );
    assert_eq!(ask(&[1, 2]), [0, 0], "some missing");
}

#[test]
fn strings_and_lists() {
    let docs = Docs::new([
        ("title", strings(&[&["abc"], &[], &["zz", "Straße"], &[""]])),
        (
            "tags",
            strings(&[&["x", "yy"], &["y"], &[], &["x", "x", "x"]]),
        ),
        (
            "years",
            (
                ValueType::I64,
                vec![
                    vec![Value::I64(5), Value::I64(3)],
                    vec![],
                    vec![],
                    vec![Value::I64(1)],
                ],
            ),
        ),
    ]);
    let fields = json!({"fields": [
        {"name": "title", "type": "str"},
        {"name": "tags", "type": "str", "list": true},
        {"name": "years", "type": "i64", "list": true},
        {"name": "title2", "type": "str", "from_param": "field", "default": "none"}],
        "params": [{"name": "field", "type": "str", "default": "title"}]});
    let is = |expression: &str, number: i32| {
        guest(&format!("(i32.eq (i32.const {number}) {expression})"))
    };
    let length = |column: u32| {
        format!("(call $length (call $column (local.get $b) (i32.const {column})) (local.get $i))")
    };
    let ask = |module: &[u8]| run(module, &fields, &json!({}), &docs, 4);
    assert_eq!(ask(&is(&length(0), 3)), [1, 0, 0, 0]);
    assert_eq!(
        ask(&is(&length(0), 7)),
        [0, 0, 1, 0],
        "the smallest of several, seven bytes"
    );
    assert_eq!(ask(&is(&length(0), 0)), [0, 1, 0, 1]);
    assert_eq!(ask(&is(&length(3), 4)), [0, 1, 0, 0], "the default");
    assert_eq!(ask(&is(&length(1), 3)), [0, 0, 0, 1]);
    assert_eq!(ask(&is(&length(1), 0)), [0, 0, 1, 0]);
    // The first tag is one byte: the items are in the child.
    let first_tag = "(i32.and (i32.ne (i32.const 0) (call $length (call $column (local.get $b) (i32.const 1)) (local.get $i)))
        (i32.eq (i32.const 1) (call $length (i32.load offset=24 (call $column (local.get $b) (i32.const 1)))
            (call $offset (call $column (local.get $b) (i32.const 1)) (local.get $i)))))";
    assert_eq!(ask(&guest(first_tag)), [1, 1, 0, 1]);
    // The second year is 3: document order, not sorted.
    let second_year = "(if (result i32) (i32.lt_u (call $length (call $column (local.get $b) (i32.const 2)) (local.get $i)) (i32.const 2))
        (then (i32.const 0))
        (else (i64.eq (i64.const 3) (call $i64 (i32.load offset=24 (call $column (local.get $b) (i32.const 2)))
            (i32.add (i32.const 1) (call $offset (call $column (local.get $b) (i32.const 2)) (local.get $i)))))))";
    assert_eq!(ask(&guest(second_year)), [1, 0, 0, 0]);
}

#[test]
fn parameters() {
    let docs = Docs::new([]);
    let spec = json!({"params": [
        {"name": "s", "type": "str", "required": true}, {"name": "n", "type": "i32", "default": 7},
        {"name": "x", "type": "f32"}, {"name": "list", "type": "str", "list": true, "default": ["a", "bcd"]}]});
    let checks = [
        "(i32.eq (i32.const 4) (i32.load (call $param (local.get $b) (i32.const 0))))",
        "(i32.eq (i32.const 6) (i32.load offset=4 (call $param (local.get $b) (i32.const 0))))",
        "(i32.eq (i32.const 0x68) (i32.load8_u (i32.load offset=8 (call $param (local.get $b) (i32.const 0)))))",
        "(i64.eq (i64.const 7) (i64.load offset=8 (call $param (local.get $b) (i32.const 1))))",
        "(i64.eq (i64.const 0) (i64.load (call $param (local.get $b) (i32.const 2))))",
        "(i32.eq (i32.const 20) (i32.load (call $param (local.get $b) (i32.const 3))))",
        "(i32.eq (i32.const 3) (call $length (i32.load offset=8 (call $param (local.get $b) (i32.const 3))) (i32.const 1)))",
        "(i32.eq (i32.const 4) (i32.load offset=20 (local.get $b)))",
        // Everything is aligned to 64 bytes, the batch itself, too.
        "(i32.eqz (i32.and (i32.const 63) (i32.or (local.get $b) (i32.or (i32.load offset=36 (local.get $b)) (i32.load offset=16 (local.get $b))))))",
    ];
    for check in checks {
        assert_eq!(
            run(&guest(check), &spec, &json!({"s": "héllo"}), &docs, 2),
            [1, 1],
            "{check}"
        );
    }
}

#[test]
fn inputs_beside_fields() {
    let docs = Docs::new([]);
    let more = json!({"inputs": ["id", "doc_id", "score"]});
    let module = guest(
        "(i32.and (i32.eq (i32.const 13) (i32.load (i32.add (i32.load offset=28 (local.get $b)) (i32.shl (local.get $i) (i32.const 2)))))
          (i32.and (i32.eq (i32.const 4) (call $length (i32.load offset=32 (local.get $b)) (local.get $i)))
            (f32.eq (f32.const 2.5) (f32.load (i32.add (i32.load offset=24 (local.get $b)) (i32.shl (local.get $i) (i32.const 2)))))))",
    );
    let registry = registry();
    let mut bound = bind(&registry, &module, &manifest(&more), &json!({}), &docs).unwrap();
    assert!(bound.wants_score());
    let mut outcome = Outcome::default();
    let batch = UdfBatch {
        docs: &[7, 13, 99],
        scores: Some(&[1.0, 2.5, 0.0]),
    };
    bound
        .evaluate(batch, &Interrupt::default(), &mut outcome)
        .unwrap();
    assert_eq!(numbers(&outcome), [0, 1, 0]);
}

#[test]
fn large_documents_cut_the_batch() {
    let long = "x".repeat(1 << 20);
    let long = [long.as_str()];
    let list = [&long[..]; 10];
    let docs = Docs::new([("t", strings(&list))]);
    let fields = json!({"fields": [{"name": "t", "type": "str"}]});
    // Says how many documents came with this one.
    let module = guest("(i32.le_u (i32.load offset=4 (local.get $b)) (i32.const 3))");
    let registry = registry();
    let mut bound = bind(&registry, &module, &manifest(&fields), &json!({}), &docs).unwrap();
    let outcome = ask(&mut bound, 10).unwrap();
    assert_eq!(numbers(&outcome), [1; 10]);
    assert!(outcome.calls >= 4, "{} calls", outcome.calls);
}

#[test]
fn an_unknown_field_is_an_error_unless_optional() {
    let docs = Docs::new([("a", floats(&[Some(1.0)]))]);
    let module = guest("(call $has (call $column (local.get $b) (i32.const 0)) (local.get $i))");
    let registry = registry();
    let spec = |name: &str, optional: bool| {
        manifest(
            &json!({"version": format!("1.0.{}", name.len() + usize::from(optional)),
        "fields": [{"name": name, "type": "f64", "optional": optional}]}),
        )
    };
    let unknown = bind(&registry, &module, &spec("bb", false), &json!({}), &docs);
    assert!(message(unknown).contains("no field `bb`"));
    let mut optional = bind(&registry, &module, &spec("ccc", true), &json!({}), &docs).unwrap();
    assert_eq!(numbers(&ask(&mut optional, 1).unwrap()), [0]);
}

#[test]
fn counters_count() {
    let docs = Docs::new([]);
    let registry = registry();
    let module = guest("(i32.shl (i32.const 1) (i32.and (local.get $i) (i32.const 1)))");
    let registered = registry.add(&module, Some(&manifest(&json!({})))).unwrap();
    let prepared = registered[0].udf.prepare(&serde_json::Map::new()).unwrap();
    let mut bound = prepared.bind();
    bound.enter_segment(Box::new(docs)).unwrap();
    let outcome = ask(&mut bound, 10).unwrap();
    assert_eq!(numbers(&outcome), [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    let counts = prepared.counters().read();
    assert_eq!(
        (counts.calls, counts.documents, counts.instances),
        (1, 10, 1)
    );
    assert_eq!((counts.guest_failures, counts.traps), (5, 0));
    assert!(counts.nanoseconds > 0);
}

/// Large parameters are written once for all batches, and room is asked for once, too.
/// Room for batches to come is asked for only as far as there can be such batches, and a document is not blamed for it.
#[test]
fn large_parameters_and_a_large_first_document() {
    let large: String = "x".repeat(5 << 20);
    let docs = Docs::new([("text", strings(&[&[&large[..20_000]], &[&large], &["a"]]))]);
    let spec = json!({"fields": [{"name": "text", "type": "str"}],
        "params": [{"name": "ids", "type": "i64", "list": true, "required": true}]});
    let module = guest(
        "(i32.gt_s (call $length (call $column (local.get $b) (i32.const 0)) (local.get $i)) (i32.const 1))",
    );
    let ids: Vec<i64> = (0..700).collect();
    for first in [0, 1] {
        let registry = registry();
        let mut bound = bind(
            &registry,
            &module,
            &manifest(&spec),
            &json!({"ids": ids}),
            &docs,
        )
        .unwrap();
        let (interrupt, mut outcome) = (Interrupt::default(), Outcome::default());
        for (documents, expected) in [(vec![first], vec![1]), (vec![0, 1, 2], vec![1, 1, 0])] {
            let batch = UdfBatch {
                docs: &documents,
                scores: None,
            };
            bound.evaluate(batch, &interrupt, &mut outcome).unwrap();
            assert_eq!(numbers(&outcome), expected, "{:?}", outcome.failures);
        }
    }
}

#[test]
fn a_million_parameters_are_bound_once() {
    let docs = Docs::new([]);
    // Whether the list's last item is the expected one, and there was one call of `diagon_reserve`.
    let filter = "(local.set $c (i32.load offset=8 (call $param (local.get $b) (i32.const 0))))
        (local.set $c (i32.add (i32.load offset=12 (local.get $c)) (i32.const 7999992)))
        (i64.eq (i64.load (local.get $c)) (i64.const 999999))
        (i32.eq (global.get $reserved) (i32.const 1))
        i32.and";
    let reserve =
        format!("{RESERVE} (global.set $reserved (i32.add (global.get $reserved) (i32.const 1)))");
    let more = "(global $reserved (mut i32) (i32.const 0))";
    let module = guest_reserving(more, &reserve, filter);
    let spec = json!({"params": [{"name": "ids", "type": "i64", "list": true, "required": true}]});
    let ids: Vec<i64> = (0..1_000_000).collect();
    let (registry, spec) = (registry(), manifest(&spec));
    let mut bound = bind(&registry, &module, &spec, &json!({"ids": ids}), &docs).unwrap();
    let (interrupt, mut outcome) = (Interrupt::default(), Outcome::default());
    for len in [1, 128, 5, 256, 1024] {
        let numbers_of: Vec<u32> = (0..len).collect();
        let batch = UdfBatch {
            docs: &numbers_of,
            scores: None,
        };
        bound.evaluate(batch, &interrupt, &mut outcome).unwrap();
        assert_eq!(numbers(&outcome), vec![1; len as usize], "{len} documents");
    }
    assert_eq!(bound.counts().instances, 1);
}
