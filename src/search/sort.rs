//! Sorted searches: from a request's keys to the engine's, and from its hits to their sort values.

use cxx::UniquePtr;

use crate::batch::{FunctionSource, Returns, ValueType};
use crate::bridge::{self, Sorter};
use crate::index::{DocAddress, Snapshot};
use crate::query::geo::unit_in_metres;
use crate::query::{
    FieldName, FieldSort, GeoDistanceSort, Missing, MultiValueMode, Order, Scalar, ScriptSort,
    ScriptType, SearchRequest, SortBy, SortKey,
};
use crate::schema::{ColumnKind, DateFormats, DeclaredType, Field, FieldType, Schema};

use super::collector::{Scored, count_up_to};
use super::functions::{At, Function, Role, state};

/// A sort key's value of a hit.
#[derive(Clone, Debug, PartialEq)]
pub enum SortValue {
    /// A string that is missing.
    Null,
    /// An integer, the milliseconds of a date, a boolean (0 or 1), or a document's place.
    I64(i64),
    /// A double or a distance.
    F64(f64),
    /// A score.
    Score(f32),
    /// A keyword.
    Str(String),
}

/// What a key's values are; the numbers are those of `SortKind` in `cpp/diagon/search/sort.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Score = 0,
    Doc = 1,
    I64 = 2,
    F64 = 3,
    Str = 4,
    Distance = 5,
    GivenI64 = 6,
    GivenF64 = 7,
    GivenStr = 8,
}

/// A key with what is needed to read values of it.
struct Key<'a> {
    kind: Kind,
    /// Of the field, if it is mapped.
    field_type: Option<FieldType>,
    formats: Option<&'a DateFormats>,
    name: &'a str,
}

/// The best hits of a search in the order of its keys.
pub(super) struct Sorted {
    sorter: UniquePtr<Sorter>,
    kinds: Vec<Kind>,
    /// Whose values are keys, by place.
    functions: Vec<(u32, Function)>,
    scores: bool,
    track_scores: bool,
    min_score: Option<f32>,
    /// Documents, and their scores, that a function did not fail on.
    kept: (Vec<u32>, Vec<f32>),
}

/// What a sorted search found.
pub(super) struct SortedHits {
    pub(super) hits: Vec<Scored>,
    /// One for each hit, with a value for each key.
    pub(super) values: Vec<Vec<SortValue>>,
    pub(super) max_score: Option<f32>,
    pub(super) count: u64,
    pub(super) functions: Vec<Function>,
}

/// Whether a request asks for another order than the usual one.
pub(super) fn is_sorted(request: &SearchRequest) -> bool {
    let best_first = |key: &SortKey| key.by == SortBy::Score && key.order == Order::Desc;
    request.search_after.is_some()
        || !matches!(request.sort.as_slice(), [] | [_] if request.sort.iter().all(best_first))
}

impl Sorted {
    /// Checks the keys against the mapping. `k` is above 0. `with_scores`: hits keep their scores, though the request doesn't ask for
    /// them.
    pub(super) fn new(
        request: &SearchRequest,
        snapshot: &Snapshot,
        source: Option<&dyn FunctionSource>,
        k: usize,
        with_scores: bool,
    ) -> crate::Result<Self> {
        let mut sorter = bridge::sorter_new(
            u32::try_from(k).unwrap_or(u32::MAX),
            count_up_to(request.track_total_hits),
            request.min_score.is_some(),
            request.min_score.unwrap_or(0.0),
            request.track_scores,
            with_scores,
        )?;
        let after = request.search_after.as_deref().unwrap_or_default();
        let (mut kinds, mut functions) = (Vec::new(), Vec::new());
        for (at, key) in request.sort.iter().enumerate() {
            let lowering = Lowering {
                request,
                schema: snapshot.schema(),
                key,
            };
            let mut given = None;
            if let SortBy::Script(script) = &key.by {
                given = Some(lowering.function(script, source)?);
            }
            let kind = lowering.push(&mut sorter, after.get(at), given.as_ref())?;
            kinds.push(kind);
            let place = u32::try_from(at).unwrap_or(u32::MAX);
            functions.extend(given.map(|function| (place, function)));
        }
        bridge::sorter_open(sorter.pin_mut(), snapshot.native())?;
        Ok(Self {
            sorter,
            scores: request.track_scores || kinds.contains(&Kind::Score),
            track_scores: request.track_scores,
            min_score: request.min_score,
            kinds,
            functions,
            kept: Default::default(),
        })
    }

    /// Whether hits have scores.
    pub(super) fn has_scores(&self) -> bool {
        self.scores
    }

    /// Whether a function wants the hits' scores.
    pub(super) fn wants_scores(&self) -> bool {
        self.functions.iter().any(|(_, f)| f.wants_score())
    }

    /// Whether keys are values of functions, which the engine alone can't compute.
    pub(super) fn has_functions(&self) -> bool {
        !self.functions.is_empty()
    }

    /// Takes hits of the segment that was entered.
    pub(super) fn add(&mut self, at: At<'_>, docs: &[u32], scores: &[f32]) -> crate::Result<()> {
        if self.functions.is_empty() {
            return Ok(bridge::sorter_collect(self.sorter.pin_mut(), docs, scores)?);
        }
        let (kept_docs, kept_scores) = &mut self.kept;
        kept_docs.clear();
        kept_scores.clear();
        // What is no hit is not asked about.
        for (doc, score) in docs.iter().zip(scores) {
            if self.min_score.is_none_or(|min| *score >= min) {
                kept_docs.push(*doc);
                kept_scores.push(*score);
            }
        }
        for (key, function) in &mut self.functions {
            if kept_docs.is_empty() {
                return Ok(());
            }
            function.ask(at, kept_docs, kept_scores)?;
            let (states, values) = (function.states(), function.values());
            bridge::sorter_give(
                self.sorter.pin_mut(),
                *key,
                kept_docs,
                states,
                &values.bits,
                &values.text,
                &values.ends,
            )?;
            let mut failed = states.iter().map(|s| *s == state::FAILED);
            kept_docs.retain(|_| !failed.next().unwrap_or(false));
            let mut failed = states.iter().map(|s| *s == state::FAILED);
            kept_scores.retain(|_| !failed.next().unwrap_or(false));
        }
        let (docs, scores) = &self.kept;
        Ok(bridge::sorter_collect(self.sorter.pin_mut(), docs, scores)?)
    }

    /// Goes on with another segment.
    pub(super) fn enter(&mut self, at: At<'_>) -> crate::Result<()> {
        bridge::sorter_enter(self.sorter.pin_mut(), at.segment)?;
        for (_, function) in &mut self.functions {
            function.enter_segment(at)?;
        }
        Ok(())
    }

    /// The engine's side.
    pub(super) fn native(&mut self) -> std::pin::Pin<&mut Sorter> {
        self.sorter.pin_mut()
    }

    /// The hits, and the functions that were asked for keys.
    pub(super) fn finish(mut self) -> crate::Result<SortedHits> {
        let n = bridge::sorter_finish(self.sorter.pin_mut())? as usize;
        let (mut segments, mut docs, mut scores) = (vec![0; n], vec![0; n], vec![0.0; n]);
        bridge::sorter_hits(&self.sorter, &mut segments, &mut docs, &mut scores)?;
        let hits = (0..n).map(|i| Scored {
            score: scores[i],
            at: DocAddress {
                segment: segments[i],
                doc: docs[i],
            },
        });
        let mut values = vec![Vec::with_capacity(self.kinds.len()); n];
        for (key, kind) in self.kinds.iter().enumerate() {
            self.values(key, *kind, &mut values)?;
        }
        let count = bridge::sorter_count(&self.sorter);
        let max_score = bridge::sorter_max_score(&self.sorter);
        Ok(SortedHits {
            hits: hits.collect(),
            values,
            max_score: Some(max_score).filter(|_| self.track_scores && count > 0),
            count,
            functions: self.functions.into_iter().map(|(_, f)| f).collect(),
        })
    }

    /// Appends a key's value to those of each hit.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a score was a float before"
    )]
    fn values(&self, key: usize, kind: Kind, out: &mut [Vec<SortValue>]) -> crate::Result<()> {
        let n = out.len();
        let (mut present, mut integers, mut doubles) = (vec![0; n], vec![0; n], vec![0.0; n]);
        let (mut text, mut ends) = (Vec::new(), Vec::with_capacity(n));
        bridge::sorter_values(
            &self.sorter,
            u32::try_from(key).unwrap_or(u32::MAX),
            &mut present,
            &mut integers,
            &mut doubles,
            &mut text,
            &mut ends,
        )?;
        let mut from = 0;
        for (i, values) in out.iter_mut().enumerate() {
            let bytes = &text[from..ends[i] as usize];
            from = ends[i] as usize;
            values.push(match kind {
                Kind::Score => SortValue::Score(doubles[i] as f32),
                Kind::Doc | Kind::I64 | Kind::GivenI64 => SortValue::I64(integers[i]),
                Kind::F64 | Kind::Distance | Kind::GivenF64 => SortValue::F64(doubles[i]),
                Kind::Str | Kind::GivenStr if present[i] == 0 => SortValue::Null,
                Kind::Str | Kind::GivenStr => {
                    SortValue::Str(String::from_utf8_lossy(bytes).into_owned())
                }
            });
        }
        Ok(())
    }
}

/// No field, as the engine has it.
const NO_FIELD: u32 = u32::MAX;

/// Lowers one key.
struct Lowering<'a> {
    request: &'a SearchRequest,
    schema: &'a Schema,
    key: &'a SortKey,
}

impl<'a> Lowering<'a> {
    fn error(&self, message: impl Into<String>) -> crate::Error {
        self.request.error(self.key.place, message)
    }

    fn push(
        &self,
        sorter: &mut UniquePtr<Sorter>,
        after: Option<&Option<Scalar>>,
        given: Option<&Function>,
    ) -> crate::Result<Kind> {
        let mut lowered = bridge::SortKey {
            kind: Kind::Doc as u8,
            mode: MultiValueMode::Min as u8,
            descending: self.key.order == Order::Desc,
            missing_first: false,
            has_missing: false,
            field: NO_FIELD,
            lon_field: NO_FIELD,
            missing_i64: 0,
            missing_f64: 0.0,
            lat: 0.0,
            lon: 0.0,
            unit: 1.0,
        };
        let mut missing_text = String::new();
        let key = match &self.key.by {
            SortBy::Score => Key::plain(Kind::Score, "_score"),
            SortBy::Doc => Key::plain(Kind::Doc, "_doc"),
            SortBy::Field(sort) => self.field(sort, &mut lowered, &mut missing_text)?,
            SortBy::GeoDistance(sort) => self.distance(sort, &mut lowered)?,
            SortBy::Script(sort) => {
                lowered.missing_first = sort.missing_first;
                Key::plain(given_kind(given), "_script")
            }
        };
        lowered.kind = key.kind as u8;
        bridge::sorter_push_key(sorter.pin_mut(), &lowered, missing_text.as_bytes())?;
        if let Some(value) = after {
            let value = match value {
                Some(value) => self.value(&key, value, "search_after")?,
                None if matches!(key.kind, Kind::Score | Kind::Doc) => {
                    return Err(self.wrong(&key, "null", "search_after"));
                }
                None => SortValue::Null,
            };
            let (mut integer, mut double, mut text) = (0, 0.0, "");
            match &value {
                SortValue::Null => {}
                SortValue::I64(value) => integer = *value,
                SortValue::F64(value) => double = *value,
                SortValue::Score(value) => double = f64::from(*value),
                SortValue::Str(value) => text = value,
            }
            let present = value != SortValue::Null;
            bridge::sorter_push_after(sorter.pin_mut(), present, integer, double, text.as_bytes())?;
        }
        Ok(key.kind)
    }

    /// Finds the function of a key.
    fn function(
        &self,
        sort: &ScriptSort,
        source: Option<&dyn FunctionSource>,
    ) -> crate::Result<Function> {
        let place = self.key.place;
        let function = Function::prepare(
            &sort.function,
            place,
            Role::SortKey,
            self.request,
            source,
            self.schema,
        )?;
        let text = function.returns() == Returns::Value(ValueType::Str);
        if text == (sort.script_type == ScriptType::String) {
            return Ok(function);
        }
        let (label, returned) = (function.label(), if text { "strings" } else { "numbers" });
        Err(self.error(format!(
            "`type` is \"{}\", but `{label}` returns {returned}",
            sort.script_type.name()
        )))
    }

    fn mode(&self, mode: Option<MultiValueMode>) -> u8 {
        let first = match self.key.order {
            Order::Asc => MultiValueMode::Min,
            Order::Desc => MultiValueMode::Max,
        };
        mode.unwrap_or(first) as u8
    }

    fn find(&self, name: &FieldName) -> crate::Result<&'a Field> {
        self.schema.field(&name.name).ok_or_else(|| {
            self.error(format!(
                "there is no field `{}` to sort by; `unmapped_type` says what to do without it",
                name.name
            ))
        })
    }

    fn field(
        &self,
        sort: &'a FieldSort,
        lowered: &mut bridge::SortKey,
        missing_text: &mut String,
    ) -> crate::Result<Key<'a>> {
        let name = sort.field.name.as_str();
        let key = match (self.schema.field(name), &sort.unmapped_type) {
            (None, Some(unmapped)) => {
                let known = DeclaredType::ALL
                    .iter()
                    .find(|kind| kind.name() == unmapped);
                let kind = known.and_then(|kind| kind_of(kind.field_type()));
                Key::plain(
                    kind.ok_or_else(|| {
                        self.error(format!(
                            "`unmapped_type`: hits can't be sorted by `{unmapped}`"
                        ))
                    })?,
                    name,
                )
            }
            _ => {
                let field = self.find(&sort.field)?;
                lowered.field = u32::from(field.id.0);
                self.mapped(field)?
            }
        };
        lowered.mode = self.mode(sort.mode);
        if key.kind == Kind::Str
            && !matches!(
                sort.mode,
                None | Some(MultiValueMode::Min | MultiValueMode::Max)
            )
        {
            return Err(self.error("`mode` of strings is `min` or `max`; others need numbers"));
        }
        match &sort.missing {
            Missing::Last => {}
            Missing::First => lowered.missing_first = true,
            Missing::Value(value) => {
                lowered.has_missing = true;
                match self.value(&key, value, "missing")? {
                    SortValue::I64(value) => lowered.missing_i64 = value,
                    SortValue::F64(value) => lowered.missing_f64 = value,
                    SortValue::Str(value) => *missing_text = value,
                    SortValue::Null | SortValue::Score(_) => {}
                }
            }
        }
        Ok(key)
    }

    fn mapped(&self, field: &'a Field) -> crate::Result<Key<'a>> {
        let kind = match field.column() {
            ColumnKind::I64 | ColumnKind::Bool => Kind::I64,
            ColumnKind::F64 => Kind::F64,
            // Text is not sorted by, as in OpenSearch.
            ColumnKind::Ordinals | ColumnKind::Terms => Kind::Str,
            _ => {
                let hint = match field.field_type() {
                    FieldType::Text => "a keyword beside it can be sorted by",
                    FieldType::GeoPoint => "use `_geo_distance`",
                    _ => "its mapping needs `\"doc_values\": true`",
                };
                return Err(self.error(format!(
                    "hits can't be sorted by `{}`, a {}; {hint}",
                    field.name,
                    field.declared.name()
                )));
            }
        };
        Ok(Key {
            kind,
            field_type: Some(field.field_type()),
            formats: Some(&field.date_formats),
            name: &field.name,
        })
    }

    fn distance(
        &self,
        sort: &'a GeoDistanceSort,
        lowered: &mut bridge::SortKey,
    ) -> crate::Result<Key<'a>> {
        let field = self.find(&sort.field)?;
        let (FieldType::GeoPoint, &[lat, lon]) = (field.field_type(), field.subfields.as_slice())
        else {
            return Err(self.error(format!(
                "`_geo_distance` needs a geo_point; `{}` is a {}",
                field.name,
                field.declared.name()
            )));
        };
        lowered.field = u32::from(lat.0);
        lowered.lon_field = u32::from(lon.0);
        lowered.lat = sort.origin.lat;
        lowered.lon = sort.origin.lon;
        lowered.unit = unit_in_metres(&sort.unit)
            .ok_or_else(|| self.error(format!("`{}` is no unit of length", sort.unit)))?;
        lowered.mode = self.mode(sort.mode);
        Ok(Key::plain(Kind::Distance, "_geo_distance"))
    }

    fn wrong(&self, key: &Key<'_>, text: &str, option: &str) -> crate::Error {
        self.error(format!(
            "`{option}`: `{text}` is no value of the sort key `{}`",
            key.name
        ))
    }

    /// A value of the key as a request writes it, as a response does.
    fn value(&self, key: &Key<'_>, value: &Scalar, option: &str) -> crate::Result<SortValue> {
        let text = value.text();
        let read = match (key.kind, key.field_type) {
            (Kind::Str | Kind::GivenStr, _) => Some(SortValue::Str(text.to_string())),
            (Kind::F64 | Kind::Distance | Kind::GivenF64, _) => double(value).map(SortValue::F64),
            (Kind::Score, _) => text.parse().ok().map(SortValue::Score),
            (Kind::I64, Some(FieldType::Boolean)) => match text {
                "true" | "1" => Some(SortValue::I64(1)),
                "false" | "0" => Some(SortValue::I64(0)),
                // Of a document without the field.
                _ => integer(value),
            },
            (Kind::I64, Some(FieldType::Date)) => integer(value).or_else(|| {
                let date = key.formats.and_then(|formats| formats.parse(text));
                date.map(|date| SortValue::I64(date.first_ms))
            }),
            (Kind::I64 | Kind::Doc | Kind::GivenI64, _) => integer(value),
        };
        read.ok_or_else(|| self.wrong(key, text, option))
    }
}

impl<'a> Key<'a> {
    fn plain(kind: Kind, name: &'a str) -> Self {
        Self {
            kind,
            field_type: None,
            formats: None,
            name,
        }
    }
}

/// How a function's values are sorted.
fn given_kind(function: Option<&Function>) -> Kind {
    match function.map(Function::returns) {
        Some(Returns::Value(ValueType::F64)) => Kind::GivenF64,
        Some(Returns::Value(ValueType::Str)) => Kind::GivenStr,
        _ => Kind::GivenI64,
    }
}

/// How values of a type are sorted.
fn kind_of(field_type: FieldType) -> Option<Kind> {
    match field_type {
        FieldType::Long | FieldType::Date | FieldType::Boolean => Some(Kind::I64),
        FieldType::Double => Some(Kind::F64),
        FieldType::Keyword => Some(Kind::Str),
        FieldType::Text | FieldType::GeoPoint => None,
    }
}

fn integer(value: &Scalar) -> Option<SortValue> {
    let number = match value {
        Scalar::Number(number) => number.as_i64(),
        Scalar::Str(text) => text.trim().parse().ok(),
        Scalar::Bool(_) => None,
    };
    number.map(SortValue::I64)
}

/// Also `Infinity` and `-Infinity`, which stand for missing values in responses.
fn double(value: &Scalar) -> Option<f64> {
    let number = match value {
        Scalar::Bool(_) => None,
        value => value.text().trim().parse::<f64>().ok(),
    };
    number.filter(|number| !number.is_nan())
}
