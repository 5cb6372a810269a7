//! Printing of the clauses that combine or change scores.

use super::ast::Clause;
use super::decay::{Decay, MultiValueMode, Origin};
use super::function_score::{
    BoostMode, FunctionKind, FunctionScore, Modifier, ScoreFunction, ScoreMode,
};
use super::print::{Object, array, field, object, query, scalar};
use super::print_script;

/// Writes a body's members, other than those that every clause may have.
pub(super) fn compound(o: &mut Object<'_>, clause: &Clause) {
    match clause {
        Clause::DisMax(clause) => {
            o.member("queries", |out| array(out, &clause.queries, query));
            if clause.tie_breaker != 0.0 {
                o.plain("tie_breaker", clause.tie_breaker);
            }
        }
        Clause::Boosting(clause) => {
            o.member("positive", |out| query(out, &clause.positive));
            o.member("negative", |out| query(out, &clause.negative));
            o.plain("negative_boost", clause.negative_boost);
        }
        Clause::FunctionScore(clause) => function_score(o, clause),
        _ => {}
    }
}

fn function_score(o: &mut Object<'_>, clause: &FunctionScore) {
    o.member("query", |out| query(out, &clause.query));
    if !clause.functions.is_empty() {
        o.member("functions", |out| array(out, &clause.functions, function));
    }
    if clause.score_mode != ScoreMode::default() {
        o.string("score_mode", clause.score_mode.name());
    }
    if clause.boost_mode != BoostMode::default() {
        o.string("boost_mode", clause.boost_mode.name());
    }
    if let Some(max_boost) = clause.max_boost {
        o.plain("max_boost", max_boost);
    }
    if let Some(min_score) = clause.min_score {
        o.plain("min_score", min_score);
    }
}

fn function(out: &mut String, function: &ScoreFunction) {
    object(out, |o| {
        if let Some(filter) = &function.filter {
            o.member("filter", |out| query(out, filter));
        }
        if let Some(weight) = function.weight {
            o.plain("weight", weight);
        }
        match &function.kind {
            FunctionKind::Weight => {}
            FunctionKind::FieldValueFactor(value) => field(o, "field_value_factor", |o| {
                o.string("field", &value.field.name);
                if value.factor != 1.0 {
                    o.plain("factor", value.factor);
                }
                if value.modifier != Modifier::None {
                    o.string("modifier", value.modifier.name());
                }
                if let Some(missing) = value.missing {
                    o.plain("missing", missing);
                }
            }),
            FunctionKind::RandomScore(random) => field(o, "random_score", |o| {
                if let Some(seed) = &random.seed {
                    o.member("seed", |out| scalar(out, seed));
                }
                if let Some(field) = &random.field {
                    o.string("field", &field.name);
                }
            }),
            FunctionKind::Udf(udf) => field(o, "wasm_udf", |o| print_script::udf(o, udf)),
            FunctionKind::Decay(decay) => field(o, decay.shape.name(), |o| self::decay(o, decay)),
        }
    });
}

fn decay(o: &mut Object<'_>, decay: &Decay) {
    field(o, &decay.field.name, |o| {
        match &decay.origin {
            None => {}
            Some(Origin::Value(value)) => o.member("origin", |out| scalar(out, value)),
            Some(Origin::Point(point)) => o.member("origin", |out| {
                object(out, |o| {
                    o.plain("lat", point.lat);
                    o.plain("lon", point.lon);
                });
            }),
        }
        o.member("scale", |out| scalar(out, &decay.scale));
        if let Some(offset) = &decay.offset {
            o.member("offset", |out| scalar(out, offset));
        }
        o.plain("decay", decay.decay);
    });
    if decay.mode != MultiValueMode::default() {
        o.string("multi_value_mode", decay.mode.name());
    }
}
