//! What `dis_max`, `boosting` and `function_score` make of a document's scores.

use diagon::query::{
    BoostMode, Boosting, Decay, DisMax, FieldValueFactor, FunctionKind, FunctionScore, Modifier,
    MultiValueMode, Origin, Query, RandomScore, Scalar, ScoreMode, ScriptScore, Shape, WasmUdf,
};
use diagon::schema::FieldType;

use super::Said;
use super::document::Document;
use super::query::{Closure, View};

/// How a clause is asked: the boosts around it, whether it is negated, and the functions.
#[derive(Clone, Copy)]
pub(super) struct Asked<'f> {
    pub(super) boost: f32,
    pub(super) negated: bool,
    pub(super) functions: &'f Closure<'f>,
}

impl View<'_> {
    fn ask(&self, document: &Document, query: &Query, asked: Asked<'_>) -> Option<f64> {
        self.query(document, query, asked.boost, asked.negated, asked.functions)
    }

    pub(super) fn dis_max(
        &self,
        document: &Document,
        clause: &DisMax,
        asked: Asked<'_>,
    ) -> Option<f64> {
        let queries = clause.queries.iter();
        let scores: Vec<f64> = queries
            .filter_map(|query| self.ask(document, query, asked))
            .collect();
        if scores.is_empty() {
            return None;
        }
        // The others are added up in the engine's order: whatever isn't the best at its turn.
        let (mut best, mut others) = (0.0, 0.0);
        for score in scores {
            if score < best {
                others += score;
            } else {
                others += best;
                best = score;
            }
        }
        Some(best + others * f64::from(clause.tie_breaker))
    }

    pub(super) fn boosting(
        &self,
        document: &Document,
        clause: &Boosting,
        asked: Asked<'_>,
    ) -> Option<f64> {
        let score = self.ask(document, &clause.positive, asked)?;
        match self.ask(document, &clause.negative, asked) {
            Some(_) => Some(score * f64::from(clause.negative_boost)),
            None => Some(score),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a minimum is compared with a float"
    )]
    pub(super) fn function_score(
        &self,
        document: &Document,
        clause: &FunctionScore,
        asked: Asked<'_>,
    ) -> Option<f64> {
        let query_score = self.ask(document, &clause.query, asked)?;
        let mut values = Vec::new();
        for function in &clause.functions {
            let applies = function
                .filter
                .as_ref()
                .is_none_or(|filter| self.ask(document, filter, asked).is_some());
            if applies {
                let value = match &function.kind {
                    FunctionKind::Weight => 1.0,
                    FunctionKind::FieldValueFactor(value) => field_value(document, value),
                    FunctionKind::RandomScore(random) => random_score(document, random),
                    FunctionKind::Decay(decay) => self.decay(document, decay),
                    FunctionKind::Udf(udf) => scored(document, udf, query_score, asked),
                };
                let weight = f64::from(function.weight.unwrap_or(1.0));
                values.push((value * weight, weight));
            }
        }
        let score = if clause.functions.is_empty() {
            query_score
        } else {
            combine(clause, query_score, &values)
        };
        let passes = |least: f32| score.is_nan() || score as f32 >= least;
        clause.min_score.is_none_or(passes).then_some(score)
    }

    /// The function's score, times the boost, which is no factor of the query's score.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a minimum is compared with a float"
    )]
    pub(super) fn script_score(
        &self,
        document: &Document,
        clause: &ScriptScore,
        asked: Asked<'_>,
    ) -> Option<f64> {
        let inside = Asked {
            boost: 1.0,
            ..asked
        };
        let query_score = self.ask(document, &clause.query, inside)?;
        let score = scored(document, &clause.function, query_score, asked);
        let score = (score * f64::from(asked.boost)).min(f64::from(f32::MAX));
        let passes = |least: f32| score as f32 >= least;
        clause.min_score.is_none_or(passes).then_some(score)
    }

    fn decay(&self, document: &Document, decay: &Decay) -> f64 {
        let field = self.schema.field(&decay.field.name).expect("a field");
        let (read, origin): (fn(&str) -> f64, f64) = match (field.field_type(), &decay.origin) {
            (FieldType::GeoPoint, _) => (metres, 0.0),
            (FieldType::Date, Some(Origin::Value(value))) => {
                let date = field.date_formats.parse(value.text()).expect("a date");
                (milliseconds, precise(date.first_ms))
            }
            (_, Some(Origin::Value(value))) => (plain, plain(value.text())),
            other => panic!("{other:?}"),
        };
        let scale = read(decay.scale.text());
        let offset = decay
            .offset
            .as_ref()
            .map_or(0.0, |offset| read(offset.text()));
        let mut distances: Vec<f64> = if field.field_type() == FieldType::GeoPoint {
            let Some(Origin::Value(Scalar::Str(text))) = &decay.origin else {
                panic!("the tests write points as strings")
            };
            let origin = super::document::point(text);
            let points = document.values(&field.name).map_or(&[][..], |v| &v.points);
            points
                .iter()
                .map(|point| haversine(origin, *point))
                .collect()
        } else {
            let numbers = numbers(document, &field.name);
            numbers
                .iter()
                .map(|number| (number - origin).abs())
                .collect()
        };
        for distance in &mut distances {
            *distance = (*distance - offset).max(0.0);
        }
        let distance = select(decay.mode, distances).unwrap_or(0.0);
        match decay.shape {
            Shape::Gauss => {
                let scale = 0.5 * (scale * scale) / decay.decay.ln();
                (0.5 * (distance * distance) / scale).exp()
            }
            Shape::Exp => (decay.decay.ln() / scale * distance).exp(),
            Shape::Linear => {
                let scale = scale / (1.0 - decay.decay);
                ((scale - distance) / scale).max(0.0)
            }
        }
    }
}

/// What a function that does not fail says.
#[expect(
    clippy::cast_possible_truncation,
    reason = "functions are given a float"
)]
fn scored(document: &Document, udf: &WasmUdf, query_score: f64, asked: Asked<'_>) -> f64 {
    match (asked.functions)(udf, document, &|| query_score as f32) {
        Said::Score(score) => score,
        said => panic!("{}: {said:?}", udf.name),
    }
}

/// Of all functions that apply, in their order.
fn combine(clause: &FunctionScore, query_score: f64, values: &[(f64, f64)]) -> f64 {
    let all = || values.iter().map(|(value, _)| *value);
    let weights: f64 = values.iter().map(|(_, weight)| weight).sum();
    let any_nan = all().any(f64::is_nan);
    let factor = match clause.score_mode {
        ScoreMode::First => all().next().unwrap_or(1.0),
        _ if any_nan => f64::NAN,
        ScoreMode::Multiply => all().product(),
        ScoreMode::Sum | ScoreMode::Avg if weights == 0.0 => 1.0,
        ScoreMode::Sum => all().sum(),
        ScoreMode::Avg => all().sum::<f64>() / weights,
        ScoreMode::Max => all().reduce(f64::max).unwrap_or(1.0),
        ScoreMode::Min => all().reduce(f64::min).unwrap_or(1.0),
    };
    if factor.is_nan() {
        return factor;
    }
    let factor = factor.min(f64::from(clause.max_boost.unwrap_or(f32::MAX)));
    if clause.boost_mode == BoostMode::Replace {
        return factor.min(f64::from(f32::MAX)) + 0.0;
    }
    if query_score.is_nan() {
        return query_score;
    }
    let score = match clause.boost_mode {
        BoostMode::Multiply => query_score * factor,
        BoostMode::Replace => factor,
        BoostMode::Sum => query_score + factor,
        BoostMode::Avg => (query_score + factor) / 2.0,
        BoostMode::Max => query_score.max(factor),
        BoostMode::Min => query_score.min(factor),
    };
    // Never -0.
    score.min(f64::from(f32::MAX)) + 0.0
}

#[expect(clippy::cast_precision_loss, reason = "as the engine does")]
fn precise(value: i64) -> f64 {
    value as f64
}

/// A field's numbers, in document order.
pub(super) fn numbers(document: &Document, field: &str) -> Vec<f64> {
    document.values(field).map_or_else(Vec::new, |values| {
        let longs = values.longs.iter().map(|v| precise(*v));
        longs.chain(values.doubles.iter().copied()).collect()
    })
}

/// What counts of several numbers.
#[expect(clippy::cast_precision_loss, reason = "few values")]
pub(super) fn select(mode: MultiValueMode, mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (n, half) = (values.len(), values.len() / 2);
    let (first, last) = (*values.first()?, *values.last()?);
    Some(match mode {
        _ if n == 1 => first,
        MultiValueMode::Min => first,
        MultiValueMode::Max => last,
        MultiValueMode::Sum => values.iter().sum(),
        MultiValueMode::Avg => values.iter().sum::<f64>() / n as f64,
        MultiValueMode::Median if n % 2 == 1 => values[half],
        MultiValueMode::Median => f64::midpoint(values[half - 1], values[half]),
    })
}

fn field_value(document: &Document, clause: &FieldValueFactor) -> f64 {
    let values = numbers(document, &clause.field.name);
    let value = values.into_iter().min_by(f64::total_cmp).or(clause.missing);
    let Some(value) = value.map(|value| value * f64::from(clause.factor)) else {
        return f64::NAN;
    };
    let result = match clause.modifier {
        Modifier::None => value,
        Modifier::Log => value.log10(),
        Modifier::Log1p => (value + 1.0).log10(),
        Modifier::Log2p => (value + 2.0).log10(),
        Modifier::Ln => value.ln(),
        Modifier::Ln1p => value.ln_1p(),
        Modifier::Ln2p => (value + 1.0).ln_1p(),
        Modifier::Square => value * value,
        Modifier::Sqrt => value.sqrt(),
        Modifier::Reciprocal => 1.0 / value,
    };
    if result < 0.0 { f64::NAN } else { result }
}

#[expect(clippy::cast_precision_loss, reason = "24 bits")]
fn random_score(document: &Document, clause: &RandomScore) -> f64 {
    let mix = |mut hash: u64| {
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    };
    let hash_of = |text: &str| {
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let seed = match clause.seed.as_ref().expect("the tests give a seed") {
        Scalar::Number(number) => number.as_i64().expect("an integer").cast_unsigned(),
        other => hash_of(other.text()),
    };
    let field = clause
        .field
        .as_ref()
        .map_or("_id", |field| field.name.as_str());
    let field = if field == "_seq_no" { "_id" } else { field };
    let value = document.values(field).and_then(|values| {
        let string = values.strings.iter().min().map(|text| hash_of(text));
        let long = values.longs.iter().min().map(|v| v.cast_unsigned());
        let double = values.doubles.iter().copied().min_by(f64::total_cmp);
        string.or(long).or(double.map(f64::to_bits))
    });
    (mix(mix(seed) ^ value.unwrap_or(0)) >> 40) as f64 / f64::from(1 << 24)
}

fn plain(text: &str) -> f64 {
    text.parse().expect("a number")
}

fn metres(text: &str) -> f64 {
    text.strip_suffix("km")
        .map_or_else(|| plain(text), |km| plain(km) * 1000.0)
}

fn milliseconds(text: &str) -> f64 {
    plain(text.strip_suffix('d').expect("days")) * 86_400_000.0
}

/// On a sphere of the earth's mean radius, in metres.
pub(super) fn haversine(a: (f64, f64), b: (f64, f64)) -> f64 {
    let radians = std::f64::consts::PI / 180.0;
    let sine = |from: f64, to: f64| ((to - from) * radians / 2.0).sin();
    let (lat, lon) = (sine(a.0, b.0), sine(a.1, b.1));
    let h = lat * lat + (a.0 * radians).cos() * (b.0 * radians).cos() * lon * lon;
    2.0 * 6_371_008.771_4 * h.sqrt().min(1.0).asin()
}
