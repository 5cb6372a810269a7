//! Random compound clauses and sorts, for the test that printing and reading is the identity.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::ast::{Clause, Place, Query, Scalar};
use super::compound::{Boosting, DisMax};
use super::decay::{Decay, MultiValueMode, Origin, Shape};
use super::function_score::{
    BoostMode, FieldValueFactor, FunctionKind, FunctionScore, Modifier, RandomScore, ScoreFunction,
    ScoreMode,
};
use super::geo::Point;
use super::print::tests::{field, name, number, scalar, udf};
use super::script::{ScriptField, ScriptScore, ScriptSort, ScriptType};
use super::sort::{FieldSort, GeoDistanceSort, Missing, Order, SortBy, SortKey};

/// Clauses that combine or change the scores of others.
pub(super) fn compound(
    inner: impl Strategy<Value = Query> + Clone + 'static,
) -> impl Strategy<Value = Clause> {
    let dis_max = (vec(inner.clone(), 1..3), 0.0..=1.0_f32).prop_map(|(queries, tie_breaker)| {
        Clause::DisMax(DisMax {
            queries,
            tie_breaker,
        })
    });
    let boosting = (inner.clone(), inner.clone(), 0.0..9.0_f32).prop_map(
        |(positive, negative, negative_boost)| {
            Clause::Boosting(Boosting {
                positive: Box::new(positive),
                negative: Box::new(negative),
                negative_boost,
            })
        },
    );
    let modes = (
        proptest::sample::select(ScoreMode::ALL),
        proptest::sample::select(BoostMode::ALL),
        option::of(0.0..1e30_f32),
        option::of(-1.0..1e30_f32),
    );
    let scored = (
        inner.clone(),
        vec(function(inner.clone()).boxed(), 0..3),
        modes,
    )
        .prop_map(
            |(query, functions, (score_mode, boost_mode, max_boost, min_score))| {
                Clause::FunctionScore(FunctionScore {
                    query: Box::new(query),
                    functions,
                    score_mode,
                    boost_mode,
                    max_boost,
                    min_score,
                })
            },
        );
    let by_script = (inner.clone(), udf(), option::of(-1.0..1e30_f32)).prop_map(
        |(query, function, min_score)| {
            Clause::ScriptScore(ScriptScore {
                query: Box::new(query),
                function,
                min_score,
            })
        },
    );
    prop_oneof![
        dis_max.boxed(),
        boosting.boxed(),
        scored.boxed(),
        by_script.boxed()
    ]
}

fn function(
    inner: impl Strategy<Value = Query> + Clone + 'static,
) -> impl Strategy<Value = ScoreFunction> {
    let value = (
        field(),
        0.0..9.0_f32,
        proptest::sample::select(Modifier::ALL),
        option::of(-9.0..9.0_f64),
    )
        .prop_map(|(field, factor, modifier, missing)| {
            FunctionKind::FieldValueFactor(FieldValueFactor {
                field,
                factor,
                modifier,
                missing,
            })
        });
    let seed = prop_oneof![
        any::<i64>().prop_map(|seed| Scalar::Number(seed.into())),
        any::<String>().prop_map(Scalar::Str),
    ];
    let random = (option::of(seed), option::of(field()))
        .prop_map(|(seed, field)| FunctionKind::RandomScore(RandomScore { seed, field }));
    let shape = prop_oneof![Just(Shape::Gauss), Just(Shape::Exp), Just(Shape::Linear)];
    let origin = prop_oneof![
        scalar().prop_map(Origin::Value),
        (-90.0..90.0_f64, -180.0..180.0_f64)
            .prop_map(|(lat, lon)| Origin::Point(Point { lat, lon })),
    ];
    let lengths = (
        option::of(origin),
        scalar(),
        option::of(scalar()),
        0.01..0.99_f64,
    );
    let decay = (
        shape,
        field(),
        lengths,
        proptest::sample::select(MultiValueMode::ALL),
    )
        .prop_map(|(shape, field, (origin, scale, offset, decay), mode)| {
            FunctionKind::Decay(Decay {
                shape,
                field,
                origin,
                scale,
                offset,
                decay,
                mode,
            })
        });
    let kind = prop_oneof![
        Just(FunctionKind::Weight),
        value.boxed(),
        random.boxed(),
        decay.boxed(),
        udf().prop_map(FunctionKind::Udf).boxed()
    ];
    (option::of(inner.clone()), option::of(0.0..9.0_f32), kind).prop_map(
        |(filter, weight, kind)| {
            let needed = weight.or((kind == FunctionKind::Weight).then_some(2.0));
            ScoreFunction {
                filter,
                weight: needed,
                kind,
                place: Place::NONE,
            }
        },
    )
}

pub(super) fn script_fields() -> impl Strategy<Value = Vec<ScriptField>> {
    vec(udf(), 0..3).prop_map(|functions| {
        let named = functions.into_iter().enumerate();
        named
            .map(|(at, function)| ScriptField {
                name: format!("f{at}"),
                function,
                place: Place::NONE,
            })
            .collect()
    })
}

/// Keys, and a hit to begin after.
pub(super) fn sort() -> impl Strategy<Value = (Vec<SortKey>, Option<Vec<Option<Scalar>>>)> {
    let missing = prop_oneof![
        Just(Missing::Last),
        Just(Missing::First),
        number().prop_map(|number| Missing::Value(Scalar::Number(number))),
    ];
    let mode = || option::of(proptest::sample::select(MultiValueMode::ALL));
    let sorted = (field(), missing, mode(), option::of(name())).prop_map(
        |(field, missing, mode, unmapped_type)| {
            SortBy::Field(FieldSort {
                field,
                missing,
                mode,
                unmapped_type,
            })
        },
    );
    let distance = (field(), -90.0..90.0_f64, mode()).prop_map(|(field, lat, mode)| {
        SortBy::GeoDistance(GeoDistanceSort {
            field,
            origin: Point { lat, lon: 0.5 },
            unit: "km".to_string(),
            mode: mode.filter(|mode| *mode != MultiValueMode::Sum),
        })
    });
    let script = (
        udf(),
        proptest::sample::select(ScriptType::ALL),
        any::<bool>(),
    )
        .prop_map(|(function, script_type, missing_first)| {
            SortBy::Script(ScriptSort {
                function,
                script_type,
                missing_first,
            })
        });
    let by = prop_oneof![
        Just(SortBy::Score),
        Just(SortBy::Doc),
        sorted,
        distance,
        script.boxed()
    ];
    let key = (by, proptest::sample::select(Order::ALL)).prop_map(|(by, order)| SortKey {
        by,
        order,
        place: Place::NONE,
    });
    vec((key, option::of(scalar())), 0..4).prop_flat_map(|pairs| {
        let (keys, after): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let some = !keys.is_empty();
        any::<bool>()
            .prop_map(move |begins| (keys.clone(), (begins && some).then(|| after.clone())))
    })
}
