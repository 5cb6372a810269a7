//! Lowering of the clauses that combine or change scores.

use std::time::SystemTime;

use cxx::UniquePtr;

use super::functions::{Function, Role};
use super::lower::{Lowering, Node, Occur, Position};
use crate::bridge::{self, ScoringFunction};
use crate::query::geo::{metres, milliseconds};
use crate::query::{
    BoostMode, Boosting, Decay, DisMax, FieldName, FieldValueFactor, FunctionKind, FunctionScore,
    Origin, Place, Point, Query, RandomScore, Scalar, ScoreMode, ScriptScore, WasmUdf,
};
use crate::schema::{ColumnKind, Field, FieldType, ID_FIELD};

/// No field, as the engine has it.
const NO_FIELD: u32 = u32::MAX;

/// A function that does nothing.
const NEUTRAL: ScoringFunction = ScoringFunction {
    kind: 0,
    modifier: 0,
    shape: 0,
    mode: 0,
    has_missing: false,
    is_geo: false,
    field: NO_FIELD,
    lon_field: NO_FIELD,
    weight: 1.0,
    factor: 1.0,
    missing: 0.0,
    origin: 0.0,
    origin_lon: 0.0,
    scale: 1.0,
    offset: 0.0,
    decay: 0.5,
    seed: 0,
    leaf: 0,
    bound: f64::INFINITY,
    wants_score: false,
    may_fail_open: false,
};

impl<'s> Lowering<'s> {
    pub(super) fn dis_max(
        &mut self,
        clause: &'s DisMax,
        boost: f32,
        at: Position,
    ) -> crate::Result<Node> {
        let mut node = bridge::query_dis_max(clause.tie_breaker, boost)?;
        for query in &clause.queries {
            let child = self.query(query, at.inside())?;
            bridge::query_push_clause(node.pin_mut(), Occur::Should as u8, child)?;
        }
        Ok(node)
    }

    pub(super) fn boosting(
        &mut self,
        clause: &'s Boosting,
        boost: f32,
        at: Position,
    ) -> crate::Result<Node> {
        let positive = self.query(&clause.positive, at.inside())?;
        let negative = self.query(&clause.negative, at.inside())?;
        let factor = clause.negative_boost;
        Ok(bridge::query_boosting(positive, negative, factor, boost)?)
    }

    pub(super) fn function_score(
        &mut self,
        clause: &'s FunctionScore,
        boost: f32,
        at: Position,
    ) -> crate::Result<Node> {
        // Its functions get the lower numbers: they are asked before those that are given its score.
        let inner = self.query(&clause.query, at.inside())?;
        let mut node = bridge::query_function_score(
            inner,
            clause.score_mode as u8,
            clause.boost_mode as u8,
            f64::from(clause.max_boost.unwrap_or(f32::MAX)),
            boost,
        )?;
        if let Some(least) = clause.min_score {
            bridge::query_set_min_score(node.pin_mut(), least)?;
        }
        for function in &clause.functions {
            let filter = match &function.filter {
                Some(filter) => self.query(filter, at.inside())?,
                None => UniquePtr::null(),
            };
            let (mut lowered, name) = match &function.kind {
                FunctionKind::Weight => (NEUTRAL, ""),
                FunctionKind::FieldValueFactor(value) => {
                    (self.field_value(value)?, value.field.name.as_str())
                }
                FunctionKind::RandomScore(random) => (self.random(random)?, ""),
                FunctionKind::Decay(decay) => (self.decay(decay)?, decay.field.name.as_str()),
                FunctionKind::Udf(udf) => (self.udf(udf, function.place, at)?, ""),
            };
            lowered.weight = f64::from(function.weight.unwrap_or(1.0));
            bridge::query_push_function(node.pin_mut(), &lowered, name, filter)?;
        }
        Ok(node)
    }

    /// As a function score that replaces the score.
    pub(super) fn script_score(
        &mut self,
        clause: &'s ScriptScore,
        query: &'s Query,
        at: Position,
    ) -> crate::Result<Node> {
        let inner = self.query(&clause.query, at.inside())?;
        let (score_mode, boost_mode) = (ScoreMode::Multiply as u8, BoostMode::Replace as u8);
        let mut node = bridge::query_function_score(
            inner,
            score_mode,
            boost_mode,
            f64::from(f32::MAX),
            query.boost,
        )?;
        if let Some(least) = clause.min_score {
            bridge::query_set_min_score(node.pin_mut(), least)?;
        }
        let lowered = self.udf(&clause.function, query.place, at)?;
        let keeps_score = self.functions.last().is_some_and(Function::may_not_apply);
        // The function is given the score without the boost, which is a factor of what it returns.
        bridge::query_boost_functions(node.pin_mut(), keeps_score)?;
        bridge::query_push_function(node.pin_mut(), &lowered, "", UniquePtr::null())?;
        Ok(node)
    }

    fn udf(&mut self, udf: &WasmUdf, place: Place, at: Position) -> crate::Result<ScoringFunction> {
        let negated = at.negated;
        let leaf = self.function(udf, place, Role::Score { negated })?;
        let function = self.functions.last();
        Ok(ScoringFunction {
            kind: 4,
            leaf,
            bound: function
                .and_then(Function::max_score)
                .unwrap_or(f64::INFINITY),
            wants_score: function.is_some_and(Function::wants_score),
            may_fail_open: function.is_some_and(Function::may_not_apply),
            ..NEUTRAL
        })
    }

    fn field_value(&self, value: &FieldValueFactor) -> crate::Result<ScoringFunction> {
        let mut lowered = ScoringFunction {
            kind: 1,
            factor: f64::from(value.factor),
            modifier: value.modifier as u8,
            has_missing: value.missing.is_some(),
            missing: value.missing.unwrap_or(0.0),
            ..NEUTRAL
        };
        // As in OpenSearch: with `missing` it may be a field that isn't mapped.
        if value.missing.is_none() || self.schema.field(&value.field.name).is_some() {
            let field = self.field(&value.field)?;
            match field.column() {
                ColumnKind::I64 | ColumnKind::F64 | ColumnKind::Bool => {}
                _ => return Err(self.not_numeric(&value.field, field, "field_value_factor")),
            }
            lowered.field = u32::from(field.id.0);
        }
        Ok(lowered)
    }

    fn not_numeric(&self, name: &FieldName, field: &Field, function: &str) -> crate::Error {
        let kind = field.declared.name();
        let message = format!(
            "`{function}` needs a field with numbers, dates or booleans; `{}` is a {kind}",
            field.name
        );
        self.error(name.place, message)
    }

    fn random(&self, random: &RandomScore) -> crate::Result<ScoringFunction> {
        let mut lowered = ScoringFunction {
            kind: 2,
            seed: random.seed.as_ref().map_or_else(now_nanos, seed_of),
            ..NEUTRAL
        };
        if let Some(name) = &random.field {
            // A sequence number is there to tell documents from each other, and so does an id.
            let field = if name.name == "_seq_no" {
                self.schema.field(ID_FIELD)
            } else {
                Some(self.field(name)?)
            };
            if let Some(field) = field {
                if field.column() == ColumnKind::None {
                    let message = format!(
                        "`random_score` needs a field with doc values; `{}` has none",
                        field.name
                    );
                    return Err(self.error(name.place, message));
                }
                lowered.field = u32::from(field.id.0);
            }
        } else if random.seed.is_some() {
            lowered.field = 0; // `_id`
        }
        Ok(lowered)
    }

    fn decay(&self, decay: &Decay) -> crate::Result<ScoringFunction> {
        let field = self.field(&decay.field)?;
        let mut lowered = ScoringFunction {
            kind: 3,
            shape: decay.shape as u8,
            mode: decay.mode as u8,
            decay: decay.decay,
            field: u32::from(field.id.0),
            ..NEUTRAL
        };
        let length: fn(&str) -> Option<f64> = match (field.field_type(), field.column()) {
            (FieldType::GeoPoint, _) => {
                let &[lat, lon] = field.subfields.as_slice() else {
                    return Err(crate::Error::Internal("a point without parts".to_string()));
                };
                lowered.is_geo = true;
                lowered.field = u32::from(lat.0);
                lowered.lon_field = u32::from(lon.0);
                let point = self.point(decay)?;
                (lowered.origin, lowered.origin_lon) = (point.lat, point.lon);
                metres
            }
            (FieldType::Date, ColumnKind::I64) => {
                lowered.origin = self.date_origin(decay, field)?;
                milliseconds
            }
            (_, ColumnKind::I64 | ColumnKind::F64) => {
                let Some(Origin::Value(value)) = &decay.origin else {
                    let message = "a decay over numbers needs `origin`, a number";
                    return Err(self.error(decay.field.place, message));
                };
                lowered.origin = plain(value.text())
                    .ok_or_else(|| self.wrong_decay(decay, "origin", value, "number"))?;
                plain
            }
            _ => {
                let kind = field.declared.name();
                let message = format!(
                    "a decay needs a field with numbers, dates or points; `{}` is a {kind}",
                    field.name
                );
                return Err(self.error(decay.field.place, message));
            }
        };
        let kind = match field.field_type() {
            FieldType::GeoPoint => "length, such as \"2km\"",
            FieldType::Date => "time, such as \"10d\"",
            _ => "number",
        };
        lowered.scale = length(decay.scale.text())
            .ok_or_else(|| self.wrong_decay(decay, "scale", &decay.scale, kind))?;
        if lowered.scale <= 0.0 {
            return Err(self.error(decay.field.place, "`scale` must be above 0"));
        }
        if let Some(offset) = &decay.offset {
            lowered.offset = length(offset.text())
                .ok_or_else(|| self.wrong_decay(decay, "offset", offset, kind))?;
            if lowered.offset < 0.0 {
                return Err(self.error(decay.field.place, "`offset` can't be negative"));
            }
        }
        Ok(lowered)
    }

    fn wrong_decay(&self, decay: &Decay, key: &str, value: &Scalar, kind: &str) -> crate::Error {
        let message = format!("`{}` as `{key}` is no {kind}", value.text());
        self.error(decay.field.place, message)
    }

    fn point(&self, decay: &Decay) -> crate::Result<Point> {
        match &decay.origin {
            Some(Origin::Point(point)) => Ok(*point),
            Some(Origin::Value(value)) => {
                Point::parse(value.text()).map_err(|message| self.error(decay.field.place, message))
            }
            None => {
                let message = "a decay over points needs `origin`, a point";
                Err(self.error(decay.field.place, message))
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of our time are below 2^53"
    )]
    fn date_origin(&self, decay: &Decay, field: &Field) -> crate::Result<f64> {
        let formats = &field.date_formats;
        let date = match &decay.origin {
            None => return Ok((now_nanos() / 1_000_000) as f64),
            Some(Origin::Value(Scalar::Str(text))) if text == "now" => {
                return Ok((now_nanos() / 1_000_000) as f64);
            }
            Some(Origin::Value(Scalar::Number(number))) => formats.parse_number(number.text()),
            Some(Origin::Value(value)) => formats.parse(value.text()),
            Some(Origin::Point(_)) => None,
        };
        let date = date.ok_or_else(|| {
            let message = format!("`origin` is no date (field `{}`)", field.name);
            self.error(decay.field.place, message)
        })?;
        Ok(date.first_ms as f64)
    }
}

fn plain(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok();
    number.filter(|number| number.is_finite())
}

/// Since 1970.
fn now_nanos() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

fn seed_of(seed: &Scalar) -> u64 {
    match seed {
        Scalar::Number(number) => number.as_i64().unwrap_or_default().cast_unsigned(),
        // FNV-1a.
        other => other
            .text()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            }),
    }
}
