//! What the clauses about fields say of one document.

use std::cmp::Ordering;

use diagon::analysis::{Analyzer, Scratch};
use diagon::query::{Bound, Clause, FieldName, Match, Operator, Range, Scalar};
use diagon::schema::{DateRange, Field, FieldType, PostingsKind};

use super::document::{Document, Values};
use super::multi_term::{at_least, fits_wildcard};
use super::query::View;
use super::regexp;

impl View<'_> {
    pub(super) fn leaf(&self, document: &Document, clause: &Clause, boost: f32) -> Option<f64> {
        let constant = |matches: bool| matches.then_some(f64::from(boost));
        match clause {
            Clause::MatchAll => constant(true),
            Clause::MatchNone => None,
            Clause::Term(term) => self.exact(document, self.field(&term.field), &term.value, boost),
            Clause::Terms(terms) => {
                let field = self.field(&terms.field);
                let mut values = terms.values.iter();
                constant(values.any(|value| has_value(document, field, value)))
            }
            Clause::Match(clause) => self.match_text(document, clause, boost),
            Clause::MatchPhrase(clause) => self.match_phrase(document, clause, boost),
            Clause::MatchBoolPrefix(clause) => self.match_bool_prefix(document, clause, boost),
            Clause::MatchPhrasePrefix(clause) => self.match_phrase_prefix(document, clause, boost),
            Clause::Prefix(clause) => {
                let start = clause.value.text();
                let lower = start.to_ascii_lowercase();
                let begins = |term: &str| match clause.case_insensitive {
                    true => term.to_ascii_lowercase().starts_with(&lower),
                    false => term.starts_with(start),
                };
                let field = self.field(&clause.field);
                constant(self.any_term(document, field, &format!("{clause:?}"), &begins))
            }
            Clause::Wildcard(clause) => {
                let pattern: Vec<char> = clause.value.text().chars().collect();
                let fits = |term: &str| {
                    let term: Vec<char> = term.chars().collect();
                    fits_wildcard(&pattern, &term, clause.case_insensitive)
                };
                let field = self.field(&clause.field);
                constant(self.any_term(document, field, &format!("{clause:?}"), &fits))
            }
            Clause::Regexp(clause) => {
                let pattern = clause.value.text();
                let fits = |term: &str| regexp::matches(pattern, term, clause.case_insensitive);
                let field = self.field(&clause.field);
                constant(self.any_term(document, field, &format!("{clause:?}"), &fits))
            }
            Clause::Fuzzy(clause) => self.fuzzy(document, clause, boost),
            Clause::Range(range) => constant(self.range(document, range)),
            Clause::Exists(exists) => constant(self.exists(document, &exists.field.name)),
            Clause::Ids(ids) => constant(ids.values.contains(&document.id)),
            other => panic!("not a leaf: {}", other.kind()),
        }
    }

    pub(super) fn field(&self, name: &FieldName) -> &Field {
        self.schema.field(&name.name).expect("a field")
    }

    pub(super) fn exact(
        &self,
        document: &Document,
        field: &Field,
        value: &Scalar,
        boost: f32,
    ) -> Option<f64> {
        if field.postings() == PostingsKind::None {
            return has_value(document, field, value).then_some(f64::from(boost));
        }
        self.words(document, field, &[(value.text().to_string(), 0)], boost)
    }

    /// A phrase of one word or more: the words with their places in it.
    pub(super) fn words(
        &self,
        document: &Document,
        field: &Field,
        words: &[(String, u32)],
        boost: f32,
    ) -> Option<f64> {
        let values = document.values(&field.name)?;
        let positions = |word: &str| values.terms.get(word).map_or(&[][..], Vec::as_slice);
        let (first, start) = words.first()?;
        let is_here = |at: &&u32| {
            let mut others = words.iter();
            others.all(|(word, place)| positions(word).contains(&(*at + place - start)))
        };
        let freq = positions(first).iter().filter(is_here).count();
        let all = &self.documents;
        let doc_freqs = words
            .iter()
            .map(|(word, _)| self.statistics.term(all, &field.name, word));
        let doc_freqs: Vec<u64> = doc_freqs.collect();
        (freq > 0).then(|| {
            let freq = f32::from(u16::try_from(freq).expect("short documents"));
            self.statistics
                .score(all, field, &doc_freqs, document, freq, boost)
        })
    }

    pub(super) fn analyzed(
        &self,
        field: &Field,
        text: &str,
        analyzer: Option<&str>,
    ) -> Vec<(String, u32)> {
        let mut words = Vec::new();
        analyze(field, text, analyzer, &mut |word, position, _| {
            words.push((word.to_string(), position));
        });
        words
    }

    /// Where the last word of a text ends.
    pub(super) fn last_end(&self, field: &Field, text: &str, analyzer: Option<&str>) -> usize {
        let mut last = 0;
        analyze(field, text, analyzer, &mut |_, _, end| last = end);
        last
    }

    fn match_text(&self, document: &Document, clause: &Match, boost: f32) -> Option<f64> {
        let field = self.field(&clause.field);
        if field.field_type() != FieldType::Text {
            let word = clause.query.text();
            return match clause.fuzziness.map(|fuzziness| fuzziness.edits(word)) {
                None => self.exact(document, field, &clause.query, boost),
                Some(edits) => {
                    self.near_word(document, field, word, edits, clause.expansion, boost)
                }
            };
        }
        let words = self.analyzed(field, clause.query.text(), clause.analyzer.as_deref());
        let demanded = match (clause.operator, &clause.minimum_should_match) {
            (Operator::And, _) => words.len(),
            (Operator::Or, None) => 1,
            (Operator::Or, Some(minimum)) => minimum.resolve(words.len()),
        };
        let scores = words.iter().map(|(word, _)| {
            let edits = clause
                .fuzziness
                .map_or(0, |fuzziness| fuzziness.edits(word));
            self.near_word(document, field, word, edits, clause.expansion, boost)
        });
        at_least(demanded, &scores.collect::<Vec<_>>())
    }

    fn exists(&self, document: &Document, name: &str) -> bool {
        if self.schema.is_object(name) {
            let prefix = format!("{name}.");
            let mut fields = self.schema.fields().iter();
            return fields.any(|f| f.name.starts_with(&prefix) && self.exists(document, &f.name));
        }
        let field = self.schema.field(name).expect("a field");
        let Some(values) = document.values(name) else {
            return false;
        };
        // A text that is kept neither as a column nor by its length is known by its words only.
        if field.field_type() == FieldType::Text && !field.doc_values && !field.has_norms() {
            values.tokens > 0
        } else {
            values.count > 0
        }
    }

    fn range(&self, document: &Document, range: &Range) -> bool {
        let field = self.field(&range.field);
        document.values(&range.field.name).is_some_and(|values| {
            in_range(field, values, range.lower.as_ref(), range.upper.as_ref())
        })
    }
}

/// Calls `sink(word, position, end)`.
fn analyze(
    field: &Field,
    text: &str,
    analyzer: Option<&str>,
    sink: &mut dyn FnMut(&str, u32, usize),
) {
    let named = analyzer.map(|name| Analyzer::from_name(name).expect("an analyzer"));
    let analyzer = named.unwrap_or(field.search_analyzer);
    let mut scratch = Scratch::default();
    analyzer.analyze(text, &mut scratch, &mut |word, position, _, end| {
        sink(word, position, end);
    });
}

fn has_value(document: &Document, field: &Field, value: &Scalar) -> bool {
    let Some(values) = document.values(&field.name) else {
        return false;
    };
    if field.postings() != PostingsKind::None {
        return values.terms.contains_key(value.text());
    }
    let bound = Bound {
        value: value.clone(),
        inclusive: true,
    };
    in_range(field, values, Some(&bound), Some(&bound))
}

/// Whether one of the values lies between the bounds.
fn in_range(field: &Field, values: &Values, lower: Option<&Bound>, upper: Option<&Bound>) -> bool {
    let all = |inside: &dyn Fn(&Bound, bool) -> bool| {
        lower.is_none_or(|b| inside(b, true)) && upper.is_none_or(|b| inside(b, false))
    };
    match field.field_type() {
        FieldType::Text | FieldType::Keyword => values
            .terms
            .keys()
            .any(|v| all(&|b, is_lower| within(v.as_str().cmp(b.value.text()), b, is_lower))),
        FieldType::Date => values
            .longs
            .iter()
            .any(|v| all(&|b, is_lower| within(compare_date(field, *v, b), b, is_lower))),
        FieldType::Boolean => values.longs.iter().any(|v| {
            all(&|b, is_lower| {
                let bound = i64::from(b.value.text() == "true");
                within(v.cmp(&bound), b, is_lower)
            })
        }),
        FieldType::Double => values.doubles.iter().any(|v| {
            all(&|b, is_lower| {
                let bound: f64 = b.value.text().parse().expect("a number");
                within(v.partial_cmp(&bound).expect("no NaN"), b, is_lower)
            })
        }),
        _ => values
            .longs
            .iter()
            .any(|v| all(&|b, is_lower| within(compare_long(*v, b.value.text()), b, is_lower))),
    }
}

/// `order` is the value's to the bound.
fn within(order: Ordering, bound: &Bound, is_lower: bool) -> bool {
    match order {
        Ordering::Equal => bound.inclusive,
        Ordering::Greater => is_lower,
        Ordering::Less => !is_lower,
    }
}

/// A bound names a whole day, month or year: a value inside of it is neither above nor below.
fn compare_date(field: &Field, value: i64, bound: &Bound) -> Ordering {
    // Nothing here is about today.
    let parsed = field.date_formats.parse_math(bound.value.text(), 0);
    let DateRange { first_ms, last_ms } = parsed.expect("a date");
    if value < first_ms {
        Ordering::Less
    } else if value > last_ms {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// Exact, also where the bound has a fraction or is beyond all integers.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an i128 holds the tests' bounds"
)]
fn compare_long(value: i64, bound: &str) -> Ordering {
    if let Ok(bound) = bound.parse::<i128>() {
        return i128::from(value).cmp(&bound);
    }
    let bound: f64 = bound.parse().expect("a number");
    let fraction = if bound.fract() == 0.0 {
        Ordering::Equal
    } else {
        Ordering::Less
    };
    i128::from(value)
        .cmp(&(bound.floor() as i128))
        .then(fraction)
}
