use super::*;

#[test]
fn every_type_comes_back() {
    let mut batch = BatchBuilder::new(3);
    batch
        .str_column(&[Some("a"), None, Some("日本")])
        .f64_column(&[Some(1.5), None, Some(-0.0)])
        .i64_column(&[Some(i64::MIN), Some(2), None])
        .bool_column(&[Some(true), Some(false), None])
        .str_list_column(&[&["x", "yz"], &[], &["w"]])
        .f64_list_column(&[&[], &[0.5, 2.0], &[]])
        .i64_list_column(&[&[1], &[2], &[3, 4]])
        .bool_list_column(&[&[true, false], &[], &[true]])
        .f64_param(2.5)
        .bool_param(true)
        .absent_param()
        .str_param("naïve")
        .i64_param(-7)
        .str_list_param(&["p", "", "q"])
        .i64_list_param(&[i64::MAX])
        .f64_list_param(&[])
        .bool_list_param(&[false, true])
        .ids(&["one", "two", "three"])
        .doc_ids(&[7, 8, 9])
        .scores(&[0.5, 1.0, 2.0]);
    batch.with(|batch, _| {
        assert_eq!(batch.len(), 3);
        let strings = batch.str_column(0);
        assert_eq!(
            [0, 1, 2].map(|i| strings.get(i)),
            [Some("a"), None, Some("日本")]
        );
        assert_eq!(strings.iter().count(), 2);
        let numbers = batch.f64_column(1);
        assert_eq!(
            [0, 1, 2].map(|i| numbers.get(i)),
            [Some(1.5), None, Some(-0.0)]
        );
        assert_eq!(batch.i64_column(2).values(), [i64::MIN, 2, 0]);
        let booleans = batch.bool_column(3);
        assert_eq!(
            [0, 1, 2].map(|i| booleans.get(i)),
            [Some(true), Some(false), None]
        );
        let lists = batch.list_column(4);
        assert_eq!([0, 1, 2].map(|i| lists.range(i)), [0..2, 2..2, 2..3]);
        assert_eq!(
            lists.items().strs().iter().collect::<Vec<_>>(),
            ["x", "yz", "w"]
        );
        assert_eq!(batch.list_column(5).items().f64s(), [0.5, 2.0]);
        assert_eq!(batch.list_column(6).items().i64s(), [1, 2, 3, 4]);
        assert_eq!(batch.list_column(7).items().bools(), [true, false, true]);
        assert_eq!(
            (batch.f64_param(0), batch.f32_param(0)),
            (Some(2.5), Some(2.5))
        );
        assert_eq!(
            (batch.bool_param(1), batch.str_param(2)),
            (Some(true), None)
        );
        assert_eq!(batch.str_param(3), Some("naïve"));
        assert_eq!(
            (batch.i64_param(4), batch.i32_param(4)),
            (Some(-7), Some(-7))
        );
        let list = |index| batch.list_param(index).unwrap();
        assert_eq!(
            list(5).strs().iter().rev().collect::<Vec<_>>(),
            ["q", "", "p"]
        );
        assert_eq!(list(6).i64s(), [i64::MAX]);
        assert!(list(7).f64s().is_empty() && batch.list_param(2).is_none());
        assert_eq!(list(8).bools(), [false, true]);
        assert_eq!(batch.ids().unwrap().value(2), "three");
        assert_eq!(batch.doc_ids().unwrap(), [7, 8, 9]);
        assert_eq!(batch.scores().unwrap(), [0.5, 1.0, 2.0]);
    });
}

#[test]
fn what_a_batch_does_not_have_is_none() {
    BatchBuilder::new(2).with(|batch, _| {
        assert!(batch.scores().is_none() && batch.doc_ids().is_none() && batch.ids().is_none());
    });
    BatchBuilder::new(0).with(|batch, _| assert!(batch.is_empty()));
}

#[test]
#[should_panic(expected = "the type of a column")]
fn a_column_of_another_type_is_told() {
    let mut batch = BatchBuilder::new(1);
    batch.i64_column(&[Some(1)]);
    batch.with(|batch, _| batch.f64_column(0).len());
}

#[test]
#[should_panic(expected = "parameter 1 of 1")]
fn a_parameter_too_many_is_told() {
    let mut batch = BatchBuilder::new(1);
    batch.i64_param(1);
    batch.with(|batch, _| batch.i64_param(1));
}

#[test]
fn strings_of_a_test() {
    let strs = OwnedStrs::from(["a", "", "ß"]);
    assert_eq!(strs.strs().iter().collect::<Vec<_>>(), ["a", "", "ß"]);
    assert_eq!(
        (strs.strs().len(), strs.strs().get(2), strs.strs().get(3)),
        (3, Some("ß"), None)
    );
    assert!(strs.strs().contains("") && !strs.strs().contains("b"));
    let none = OwnedStrs::from_iter([""; 0]);
    assert!(none.strs().is_empty() && none.strs().iter().next().is_none());
}
