//! The order of hits: every value compared as it is, by nothing but a sort.

use std::cmp::Ordering;

use diagon::batch::ValueType;
use diagon::query::{
    FieldSort, Missing, MultiValueMode, Order, Scalar, SearchRequest, SortBy, SortKey,
};
use diagon::schema::FieldType;
use diagon::search::SortValue;

use super::Said;
use super::compound::{haversine, select};
use super::document::Document;
use super::query::{Closure, View};

/// A hit and what it is sorted by.
#[derive(Clone, Debug)]
pub(crate) struct Ranked {
    pub(crate) id: String,
    pub(crate) score: f32,
    pub(crate) values: Vec<SortValue>,
}

impl View<'_> {
    /// All hits in the request's order.
    pub(crate) fn sorted(&self, request: &SearchRequest, functions: &Closure<'_>) -> Vec<Ranked> {
        let mut hits: Vec<Ranked> = self
            .scored(&request.query, functions)
            .into_iter()
            .map(|(place, score)| {
                let document = self.documents[place];
                let keys = request.sort.iter();
                Ranked {
                    id: document.id.clone(),
                    score,
                    values: keys
                        .map(|key| self.sort_value(key, document, place, score, functions))
                        .collect(),
                }
            })
            .collect();
        hits.sort_by(|a, b| compare(&request.sort, &a.values, &b.values));
        hits
    }

    #[expect(clippy::cast_possible_wrap, reason = "few documents")]
    fn sort_value(
        &self,
        key: &SortKey,
        document: &Document,
        place: usize,
        score: f32,
        functions: &Closure<'_>,
    ) -> SortValue {
        let default = match key.order {
            Order::Asc => MultiValueMode::Min,
            Order::Desc => MultiValueMode::Max,
        };
        match &key.by {
            SortBy::Score => SortValue::Score(score),
            SortBy::Doc => SortValue::I64(place as i64),
            SortBy::GeoDistance(sort) => {
                let origin = (sort.origin.lat, sort.origin.lon);
                let points = document
                    .values(&sort.field.name)
                    .map_or(&[][..], |v| &v.points);
                let unit = if sort.unit == "km" { 1000.0 } else { 1.0 };
                let distances = points.iter().map(|point| haversine(origin, *point) / unit);
                let distance = select(sort.mode.unwrap_or(default), distances.collect());
                SortValue::F64(distance.unwrap_or(f64::INFINITY))
            }
            SortBy::Script(sort) => {
                let first = sort.missing_first == (key.order == Order::Asc);
                match functions(&sort.function, document, &|| score) {
                    Said::Value(value) => value,
                    Said::Missing(ValueType::Str) => SortValue::Null,
                    Said::Missing(ValueType::F64) => SortValue::F64(if first {
                        f64::NEG_INFINITY
                    } else {
                        f64::INFINITY
                    }),
                    Said::Missing(_) => SortValue::I64(if first { i64::MIN } else { i64::MAX }),
                    said => panic!("{}: {said:?}", sort.function.name),
                }
            }
            SortBy::Field(sort) => self.field_value(sort, key.order, default, document),
        }
    }

    fn field_value(
        &self,
        sort: &FieldSort,
        order: Order,
        default: MultiValueMode,
        document: &Document,
    ) -> SortValue {
        let mode = sort.mode.unwrap_or(default);
        let first = (sort.missing == Missing::First) == (order == Order::Asc);
        let field_type = match self.schema.field(&sort.field.name) {
            Some(field) => field.field_type(),
            None if sort.unmapped_type.as_deref() == Some("keyword") => FieldType::Keyword,
            None => FieldType::Long,
        };
        let values = document.values(&sort.field.name);
        match field_type {
            FieldType::Keyword => {
                let strings = values.map_or(&[][..], |v| &v.strings).iter();
                let chosen = if mode == MultiValueMode::Max {
                    strings.max()
                } else {
                    strings.min()
                };
                match (chosen, &sort.missing) {
                    (Some(text), _) => SortValue::Str(text.clone()),
                    (None, Missing::Value(value)) => SortValue::Str(value.text().to_string()),
                    (None, _) => SortValue::Null,
                }
            }
            FieldType::Double => {
                let chosen = select(mode, values.map_or_else(Vec::new, |v| v.doubles.clone()));
                SortValue::F64(chosen.unwrap_or_else(|| match &sort.missing {
                    Missing::Value(value) => value.text().parse().expect("a number"),
                    _ if first => f64::NEG_INFINITY,
                    _ => f64::INFINITY,
                }))
            }
            _ => {
                let chosen = integer(mode, values.map_or_else(Vec::new, |v| v.longs.clone()));
                SortValue::I64(chosen.unwrap_or_else(|| match &sort.missing {
                    Missing::Value(Scalar::Bool(value)) => i64::from(*value),
                    Missing::Value(value) => value.text().parse().expect("an integer"),
                    _ if first => i64::MIN,
                    _ => i64::MAX,
                }))
            }
        }
    }
}

/// What counts of several integers: sums wrap around, means are rounded, halves up.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "as the engine does"
)]
fn integer(mode: MultiValueMode, mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let (n, half) = (values.len(), values.len() / 2);
    let (first, last) = (*values.first()?, *values.last()?);
    let round = |value: f64| {
        let floor = value.floor();
        (if value - floor >= 0.5 {
            floor + 1.0
        } else {
            floor
        }) as i64
    };
    let sum = values
        .iter()
        .fold(0_i64, |sum, value| sum.wrapping_add(*value));
    Some(match mode {
        _ if n == 1 => first,
        MultiValueMode::Min => first,
        MultiValueMode::Max => last,
        MultiValueMode::Sum => sum,
        MultiValueMode::Avg => round(sum as f64 / n as f64),
        MultiValueMode::Median if n % 2 == 1 => values[half],
        MultiValueMode::Median => round((values[half - 1] as f64 + values[half] as f64) / 2.0),
    })
}

/// Of two hits, by all keys.
pub(crate) fn compare(keys: &[SortKey], a: &[SortValue], b: &[SortValue]) -> Ordering {
    let pairs = keys.iter().zip(a.iter().zip(b));
    pairs.fold(Ordering::Equal, |order, (key, (a, b))| {
        order.then_with(|| compare_values(key, a, b))
    })
}

fn compare_values(key: &SortKey, a: &SortValue, b: &SortValue) -> Ordering {
    let order = match (a, b) {
        (SortValue::I64(a), SortValue::I64(b)) => a.cmp(b),
        (SortValue::F64(a), SortValue::F64(b)) => a.total_cmp(b),
        (SortValue::Score(a), SortValue::Score(b)) => a.total_cmp(b),
        (SortValue::Str(a), SortValue::Str(b)) => a.cmp(b),
        (SortValue::Null, SortValue::Null) => return Ordering::Equal,
        // Missing strings stand where `missing` says, whatever the order is.
        (a, _) => {
            let first = match &key.by {
                SortBy::Field(sort) => sort.missing == Missing::First,
                SortBy::Script(sort) => sort.missing_first,
                _ => false,
            };
            let missing = *a == SortValue::Null;
            return if missing == first {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
    };
    if key.order == Order::Desc {
        order.reverse()
    } else {
        order
    }
}
