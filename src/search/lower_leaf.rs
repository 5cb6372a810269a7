//! Lowering of the clauses that ask a field something.

use super::lower::{Lowering, Node, Occur};
use super::lower_multi_term::Near;
use crate::Error;
use crate::bridge;
use crate::query::{
    Bound, Exists, FieldName, Match, MinimumShouldMatch, Operator, Place, Range, Scalar, Term,
    Terms,
};
use crate::schema::{ColumnKind, DateRange, Field, FieldId, FieldType, PostingsKind};

/// Closed bounds of a range of numbers.
enum Numbers {
    I64(i64, i64),
    F64(f64, f64),
    /// No number is in it.
    Empty,
}

/// An analyzed text.
#[derive(Default)]
pub(super) struct Words {
    /// Its terms and their positions.
    pub(super) terms: Vec<(String, u32)>,
    /// The byte of the text at which the last one ends.
    pub(super) end: usize,
}

impl<'a> Lowering<'a> {
    pub(super) fn error(&self, place: Place, message: impl Into<String>) -> Error {
        self.request.error(place, message)
    }

    pub(super) fn field(&self, name: &FieldName) -> crate::Result<&Field> {
        self.schema.field(&name.name).ok_or_else(|| {
            let message = if self.schema.is_object(&name.name) {
                format!("`{}` is an object; name one of its fields", name.name)
            } else {
                format!("there is no field `{}`", name.name)
            };
            self.error(name.place, message)
        })
    }

    pub(super) fn not_searchable(&self, name: &FieldName, field: &Field) -> Error {
        let kind = field.declared.name();
        let message = match field.field_type() {
            FieldType::GeoPoint => {
                format!(
                    "`{}` is a {kind}; ask for its `.lat` and `.lon`",
                    field.name
                )
            }
            _ => format!(
                "`{}` is not searchable: its mapping says `\"index\": false`",
                field.name
            ),
        };
        self.error(name.place, message)
    }

    pub(super) fn term(&mut self, term: &'a Term, boost: f32) -> crate::Result<Node> {
        let field = self.field(&term.field)?;
        self.exact(&term.field, field, &term.value, boost)
    }

    /// Documents whose field has exactly this value.
    pub(super) fn exact(
        &self,
        name: &FieldName,
        field: &Field,
        value: &Scalar,
        boost: f32,
    ) -> crate::Result<Node> {
        let id = u32::from(field.id.0);
        if field.postings() != PostingsKind::None {
            return Ok(bridge::query_term(id, value.text().as_bytes(), boost)?);
        }
        let bound = |value: &Scalar| Bound {
            value: value.clone(),
            inclusive: true,
        };
        match field.column() {
            ColumnKind::I64 | ColumnKind::F64 | ColumnKind::Bool if field.index => {
                let (lower, upper) = (bound(value), bound(value));
                self.numbers(name, field, Some(&lower), Some(&upper), boost)
            }
            _ => Err(self.not_searchable(name, field)),
        }
    }

    pub(super) fn terms(&mut self, terms: &'a Terms, boost: f32) -> crate::Result<Node> {
        let field = self.field(&terms.field)?;
        let id = u32::from(field.id.0);
        if field.postings() != PostingsKind::None {
            let mut node = bridge::query_term_set(id, boost)?;
            for value in &terms.values {
                bridge::query_push_term(node.pin_mut(), value.text().as_bytes(), 0)?;
            }
            return Ok(node);
        }
        if !(field.index
            && matches!(
                field.column(),
                ColumnKind::I64 | ColumnKind::F64 | ColumnKind::Bool
            ))
        {
            return Err(self.not_searchable(&terms.field, field));
        }
        // One clause for all of them, which the engine sorts and merges.
        let mut node: Option<Node> = None;
        for value in &terms.values {
            let bound = Bound {
                value: value.clone(),
                inclusive: true,
            };
            let range = self.bounds(&terms.field, field, Some(&bound), Some(&bound))?;
            match (&mut node, range) {
                (_, Numbers::Empty) => {}
                (Some(node), Numbers::I64(lo, hi)) => {
                    bridge::query_push_range_i64(node.pin_mut(), lo, hi)?;
                }
                (Some(node), Numbers::F64(lo, hi)) => {
                    bridge::query_push_range_f64(node.pin_mut(), lo, hi)?;
                }
                (None, Numbers::I64(lo, hi)) => {
                    node = Some(bridge::query_range_i64(id, lo, hi, boost)?);
                }
                (None, Numbers::F64(lo, hi)) => {
                    node = Some(bridge::query_range_f64(id, lo, hi, boost)?);
                }
            }
        }
        node.map_or_else(|| Ok(bridge::query_match_none()?), Ok)
    }

    /// What a clause's text becomes in a text field.
    pub(super) fn analyzed(
        &mut self,
        field: &FieldName,
        text: &str,
        analyzer: Option<&str>,
    ) -> crate::Result<Words> {
        let analyzer = match analyzer {
            Some(name) => self.analyzer(name, field.place)?,
            None => self.field(field)?.search_analyzer,
        };
        let mut words = Words::default();
        analyzer.analyze(text, &mut self.scratch, &mut |term, position, _, end| {
            words.terms.push((term.to_string(), position));
            words.end = end;
        });
        Ok(words)
    }

    /// Refuses an analyzer where none is used.
    pub(super) fn no_analyzer(
        &self,
        name: &FieldName,
        field: &Field,
        analyzer: Option<&str>,
    ) -> crate::Result<()> {
        match analyzer {
            None | Some("keyword") => Ok(()),
            Some(analyzer) => {
                let kind = field.declared.name();
                let message = format!(
                    "`{}` is a {kind}, which keeps exact values: `\"analyzer\": \"{analyzer}\"` would find nothing",
                    field.name
                );
                Err(self.error(name.place, message))
            }
        }
    }

    pub(super) fn match_text(&mut self, clause: &'a Match, boost: f32) -> crate::Result<Node> {
        let field = self.field(&clause.field)?;
        let id = field.id;
        if field.postings() != PostingsKind::FreqsPositions {
            self.no_analyzer(&clause.field, field, clause.analyzer.as_deref())?;
            let Some(fuzziness) = clause.fuzziness else {
                return self.exact(&clause.field, field, &clause.query, boost);
            };
            self.check_has_terms(&clause.field, field, "fuzziness")?;
            let word = clause.query.text();
            let near = Near {
                edits: fuzziness.edits(word),
                expansion: clause.expansion,
            };
            return self.near_word(id, word, near, clause.field.place, boost);
        }
        let place = clause.field.place;
        let text = clause.query.text();
        let terms = self
            .analyzed(&clause.field, text, clause.analyzer.as_deref())?
            .terms;
        self.count_clauses(terms.len(), place)?;
        let inner_boost = if terms.len() == 1 { boost } else { 1.0 };
        let mut nodes = Vec::with_capacity(terms.len());
        for (word, _) in &terms {
            let edits = clause
                .fuzziness
                .map_or(0, |fuzziness| fuzziness.edits(word));
            let near = Near {
                edits,
                expansion: clause.expansion,
            };
            nodes.push(self.near_word(id, word, near, place, inner_boost)?);
        }
        let minimum = clause.minimum_should_match.as_ref();
        self.combined(nodes, clause.operator, minimum, boost)
    }

    /// Some or all of a text's words. A single one stands for itself, and has the boost already.
    pub(super) fn combined(
        &self,
        mut words: Vec<Node>,
        operator: Operator,
        minimum: Option<&MinimumShouldMatch>,
        boost: f32,
    ) -> crate::Result<Node> {
        if words.len() <= 1 {
            return words
                .pop()
                .map_or_else(|| Ok(bridge::query_match_none()?), Ok);
        }
        let (occur, minimum) = match (operator, minimum) {
            (Operator::And, _) => (Occur::Must, 0),
            (Operator::Or, None) => (Occur::Should, 1),
            // At least one word: a match that demands none still is about its words.
            (Operator::Or, Some(m)) => (Occur::Should, m.resolve(words.len()).max(1)),
        };
        let minimum = u32::try_from(minimum).unwrap_or(u32::MAX);
        let mut node = bridge::query_bool(minimum, boost)?;
        for word in words {
            bridge::query_push_clause(node.pin_mut(), occur as u8, word)?;
        }
        Ok(node)
    }

    pub(super) fn exists(&mut self, exists: &'a Exists, boost: f32) -> crate::Result<Node> {
        let name = &exists.field.name;
        let prefix = format!("{name}.");
        let mut ids: Vec<u32> = Vec::new();
        if self.schema.is_object(name) {
            // An object exists where any of its fields does.
            let inside = self
                .schema
                .fields()
                .iter()
                .filter(|f| f.name.starts_with(&prefix));
            ids.extend(inside.filter(|f| f.is_kept()).map(|f| u32::from(f.id.0)));
        } else {
            let field = self.field(&exists.field)?;
            if field.field_type() == FieldType::GeoPoint {
                ids.extend(field.subfields.first().map(|part| u32::from(part.0)));
            } else if field.is_kept() {
                ids.push(u32::from(field.id.0));
            } else {
                let message =
                    format!("`{name}` has neither an index nor doc values; nothing is known of it");
                return Err(self.error(exists.field.place, message));
            }
        }
        if let [id] = ids.as_slice() {
            return Ok(bridge::query_exists(*id, boost)?);
        }
        let mut any = bridge::query_bool(1, 1.0)?;
        for id in ids {
            let child = bridge::query_exists(id, 1.0)?;
            bridge::query_push_clause(any.pin_mut(), Occur::Should as u8, child)?;
        }
        Ok(bridge::query_constant(any, boost)?)
    }

    pub(super) fn range(&mut self, range: &'a Range, boost: f32) -> crate::Result<Node> {
        let field = self.field(&range.field)?;
        let (lower, upper) = (range.lower.as_ref(), range.upper.as_ref());
        match field.column() {
            ColumnKind::I64 | ColumnKind::F64 | ColumnKind::Bool if field.index => {
                self.numbers(&range.field, field, lower, upper, boost)
            }
            _ if field.postings() != PostingsKind::None && field.id != FieldId(0) => {
                let mut node = bridge::query_range_str(u32::from(field.id.0), boost)?;
                if let Some(bound) = lower {
                    let text = bound.value.text().as_bytes();
                    bridge::query_set_lower(node.pin_mut(), text, bound.inclusive)?;
                }
                if let Some(bound) = upper {
                    let text = bound.value.text().as_bytes();
                    bridge::query_set_upper(node.pin_mut(), text, bound.inclusive)?;
                }
                Ok(node)
            }
            _ => {
                if field.id == FieldId(0) {
                    let message = "`range` can't be asked of `_id`";
                    return Err(self.error(range.field.place, message));
                }
                Err(self.not_searchable(&range.field, field))
            }
        }
    }

    /// Documents with a number between two bounds.
    fn numbers(
        &self,
        name: &FieldName,
        field: &Field,
        lower: Option<&Bound>,
        upper: Option<&Bound>,
        boost: f32,
    ) -> crate::Result<Node> {
        let id = u32::from(field.id.0);
        match self.bounds(name, field, lower, upper)? {
            Numbers::I64(lo, hi) if lo <= hi => Ok(bridge::query_range_i64(id, lo, hi, boost)?),
            Numbers::F64(lo, hi) if lo <= hi => Ok(bridge::query_range_f64(id, lo, hi, boost)?),
            _ => Ok(bridge::query_match_none()?),
        }
    }

    fn bounds(
        &self,
        name: &FieldName,
        field: &Field,
        lower: Option<&Bound>,
        upper: Option<&Bound>,
    ) -> crate::Result<Numbers> {
        match field.field_type() {
            FieldType::Double => self.doubles(name, field, lower, upper),
            FieldType::Date => self.dates(name, field, lower, upper),
            FieldType::Boolean => self.booleans(name, field, lower, upper),
            _ => self.integers(name, field, lower, upper),
        }
    }

    fn wrong_value(&self, name: &FieldName, field: &Field, value: &Scalar) -> Error {
        const LONGEST: usize = 100;
        let (text, mut end) = (value.text(), value.text().len().min(LONGEST));
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let more = if end < text.len() { "…" } else { "" };
        let message = format!(
            "`{}{more}` is no {} (field `{}`)",
            &text[..end],
            field.declared.name(),
            field.name
        );
        self.error(name.place, message)
    }

    fn doubles(
        &self,
        name: &FieldName,
        field: &Field,
        lower: Option<&Bound>,
        upper: Option<&Bound>,
    ) -> crate::Result<Numbers> {
        let number = |bound: &Bound| match &bound.value {
            Scalar::Bool(_) => Err(self.wrong_value(name, field, &bound.value)),
            value => match value.text().trim().parse::<f64>() {
                Ok(number) if !number.is_nan() => Ok(number),
                _ => Err(self.wrong_value(name, field, value)),
            },
        };
        let (mut lo, mut hi) = (f64::NEG_INFINITY, f64::INFINITY);
        if let Some(bound) = lower {
            lo = number(bound)?;
            lo = if bound.inclusive { lo } else { above(lo) };
        }
        if let Some(bound) = upper {
            hi = number(bound)?;
            hi = if bound.inclusive { hi } else { -above(-hi) };
        }
        Ok(Numbers::F64(lo, hi))
    }

    fn integers(
        &self,
        name: &FieldName,
        field: &Field,
        lower: Option<&Bound>,
        upper: Option<&Bound>,
    ) -> crate::Result<Numbers> {
        let (mut lo, mut hi) = (i64::MIN, i64::MAX);
        if let Some(bound) = lower {
            match self.integer_bound(name, field, bound, true)? {
                Some(n) => lo = n,
                None => return Ok(Numbers::Empty),
            }
        }
        if let Some(bound) = upper {
            match self.integer_bound(name, field, bound, false)? {
                Some(n) => hi = n,
                None => return Ok(Numbers::Empty),
            }
        }
        Ok(Numbers::I64(lo, hi))
    }

    /// The closed bound that an integer must keep; `None` if no integer can.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole, and inside of i64 as the comparison says"
    )]
    fn integer_bound(
        &self,
        name: &FieldName,
        field: &Field,
        bound: &Bound,
        lower: bool,
    ) -> crate::Result<Option<i64>> {
        let step = i64::from(!bound.inclusive);
        let text = match &bound.value {
            Scalar::Bool(_) => return Err(self.wrong_value(name, field, &bound.value)),
            value => value.text().trim(),
        };
        if let Ok(n) = text.parse::<i64>() {
            return Ok(if lower {
                n.checked_add(step)
            } else {
                n.checked_sub(step)
            });
        }
        let number = match text.parse::<f64>() {
            Ok(number) if !number.is_nan() => number,
            _ => return Err(self.wrong_value(name, field, &bound.value)),
        };
        // i64::MAX as a double is 2^63, one more than it.
        #[expect(clippy::cast_precision_loss, reason = "both are powers of two")]
        let (min, past) = (i64::MIN as f64, i64::MAX as f64);
        let whole = if lower { number.ceil() } else { number.floor() };
        if whole >= past {
            return Ok((!lower).then_some(i64::MAX));
        }
        if whole < min {
            return Ok(lower.then_some(i64::MIN));
        }
        let n = whole as i64;
        if whole != number {
            return Ok(Some(n)); // between two integers: open or closed is the same
        }
        Ok(if lower {
            n.checked_add(step)
        } else {
            n.checked_sub(step)
        })
    }

    fn dates(
        &self,
        name: &FieldName,
        field: &Field,
        lower: Option<&Bound>,
        upper: Option<&Bound>,
    ) -> crate::Result<Numbers> {
        let date = |bound: &Bound| -> crate::Result<DateRange> {
            let formats = &field.date_formats;
            formats
                .parse_math(bound.value.text(), self.now_ms())
                .ok_or_else(|| self.wrong_value(name, field, &bound.value))
        };
        // A date that names a day stands for its first millisecond in `gte` and `lt`, for its last in `gt` and `lte`.
        let (mut lo, mut hi) = (i64::MIN, i64::MAX);
        if let Some(bound) = lower {
            let range = date(bound)?;
            lo = if bound.inclusive {
                range.first_ms
            } else {
                range.last_ms.saturating_add(1)
            };
        }
        if let Some(bound) = upper {
            let range = date(bound)?;
            hi = if bound.inclusive {
                range.last_ms
            } else {
                range.first_ms.saturating_sub(1)
            };
        }
        Ok(Numbers::I64(lo, hi))
    }

    fn booleans(
        &self,
        name: &FieldName,
        field: &Field,
        lower: Option<&Bound>,
        upper: Option<&Bound>,
    ) -> crate::Result<Numbers> {
        let boolean = |bound: &Bound| match bound.value.text() {
            "true" => Ok(1),
            "false" | "" => Ok(0),
            _ => Err(self.wrong_value(name, field, &bound.value)),
        };
        let (mut lo, mut hi) = (0, 1);
        if let Some(bound) = lower {
            lo = boolean(bound)? + i64::from(!bound.inclusive);
        }
        if let Some(bound) = upper {
            hi = boolean(bound)? - i64::from(!bound.inclusive);
        }
        Ok(Numbers::I64(lo, hi))
    }
}

/// The next double above.
fn above(value: f64) -> f64 {
    // 0.0 and -0.0 are one number.
    if value == 0.0 {
        f64::from_bits(1)
    } else {
        value.next_up()
    }
}
