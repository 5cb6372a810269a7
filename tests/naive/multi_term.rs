//! What the clauses that stand for many terms say of one document: every term of every document is looked at.

use std::collections::BTreeSet;
use std::rc::Rc;

use diagon::query::{Expansion, Fuzzy, MatchBoolPrefix, MatchPhrase, MatchPhrasePrefix, Operator};
use diagon::schema::{Field, FieldType, PostingsKind};

use super::document::Document;
use super::phrase::{Slot, frequency};
use super::query::View;
use super::score::Similar;

/// `*` and `?`.
pub(super) fn fits_wildcard(pattern: &[char], text: &[char], any_case: bool) -> bool {
    let same = |a: &char, b: &char| a == b || (any_case && a.eq_ignore_ascii_case(b));
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|n| fits_wildcard(rest, &text[n..], any_case)),
        ['?', rest @ ..] => !text.is_empty() && fits_wildcard(rest, &text[1..], any_case),
        ['\\', c, rest @ ..] | [c, rest @ ..] => {
            text.first().is_some_and(|first| same(first, c))
                && fits_wildcard(rest, &text[1..], any_case)
        }
    }
}

/// Edits between two words by the textbook's table; with `transpositions`, two neighbours may be exchanged.
fn distance(a: &[char], b: &[char], transpositions: bool) -> usize {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let swapped = transpositions
                    && i > 1
                    && j > 1
                    && a[i - 1] == b[j - 2]
                    && a[i - 2] == b[j - 1];
                let all = [
                    table[i - 1][j] + 1,
                    table[i][j - 1] + 1,
                    table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]),
                    if swapped {
                        table[i - 2][j - 2] + 1
                    } else {
                        usize::MAX
                    },
                ];
                all.into_iter().min().expect("four ways")
            };
        }
    }
    table[a.len()][b.len()]
}

fn small(n: usize) -> f32 {
    f32::from(u16::try_from(n).expect("short words"))
}

impl View<'_> {
    /// The terms of a field that fit, dead documents' included; `key` says which are asked for.
    fn fitting(
        &self,
        field: &Field,
        key: &str,
        fits: &dyn Fn(&str) -> bool,
    ) -> Rc<BTreeSet<String>> {
        let key = format!("{} {key}", field.name);
        let mut kept = self.statistics.fitting.borrow_mut();
        let terms = kept.entry(key).or_insert_with(|| {
            let values = self.documents.iter().filter_map(|d| d.values(&field.name));
            let terms = values.flat_map(|v| v.terms.keys());
            Rc::new(terms.filter(|term| fits(term)).cloned().collect())
        });
        Rc::clone(terms)
    }

    /// Whether the document has such a term; `key` as in `fitting`.
    pub(super) fn any_term(
        &self,
        document: &Document,
        field: &Field,
        key: &str,
        fits: &dyn Fn(&str) -> bool,
    ) -> bool {
        let fitting = self.fitting(field, key, fits);
        document
            .values(&field.name)
            .is_some_and(|values| values.terms.keys().any(|term| fitting.contains(term)))
    }

    /// The terms that begin so.
    fn beginning(&self, field: &Field, start: &str) -> Rc<BTreeSet<String>> {
        let begins = |term: &str| term.starts_with(start);
        self.fitting(field, &format!("begins {start:?}"), &begins)
    }

    pub(super) fn fuzzy(&self, document: &Document, clause: &Fuzzy, boost: f32) -> Option<f64> {
        let (field, word) = (self.field(&clause.field), clause.value.text());
        self.near_word(
            document,
            field,
            word,
            clause.fuzziness.edits(word),
            clause.expansion,
            boost,
        )
    }

    pub(super) fn near_word(
        &self,
        document: &Document,
        field: &Field,
        word: &str,
        edits: u8,
        expansion: Expansion,
        boost: f32,
    ) -> Option<f64> {
        if edits == 0 {
            return self.words(document, field, &[(word.to_string(), 0)], boost);
        }
        let near = self.near(field, word, edits, expansion);
        let doc_freqs = near.iter().map(|(_, term)| self.doc_freq(field, term));
        let doc_freq = doc_freqs.max()?;
        let values = document.values(&field.name)?;
        let mut sum = None;
        for (similarity, term) in near.iter() {
            let Some(positions) = values.terms.get(term) else {
                continue;
            };
            let boost = boost * similarity.max(0.0);
            let freq = if field.postings() == PostingsKind::Docs {
                1
            } else {
                positions.len()
            };
            let score = self.score(document, field, &[doc_freq], small(freq), boost);
            sum = Some(sum.unwrap_or(0.0) + score);
        }
        sum
    }

    /// The terms near to a word, in order, with how similar they are to it.
    fn near(&self, field: &Field, word: &str, edits: u8, expansion: Expansion) -> Rc<Similar> {
        let key = format!("{} {word:?} {edits} {expansion:?}", field.name);
        if let Some(near) = self.statistics.near.borrow().get(&key) {
            return Rc::clone(near);
        }
        let chars: Vec<char> = word.chars().collect();
        let prefix = (expansion.prefix_length as usize).min(chars.len());
        let mut near: Similar = Vec::new();
        for term in self.fitting(field, "all", &|_| true).iter() {
            let other: Vec<char> = term.chars().collect();
            let Some(rest) = other.strip_prefix(&chars[..prefix]) else {
                continue;
            };
            let distance = distance(&chars[prefix..], rest, expansion.transpositions);
            if distance <= usize::from(edits) {
                let shorter = chars.len().max(1).min(other.len());
                let similarity = match distance {
                    0 => 1.0,
                    _ => 1.0 - small(distance) / small(shorter),
                };
                near.push((similarity, term.clone()));
            }
        }
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        near.truncate(expansion.max_expansions as usize);
        near.sort_by(|a, b| a.1.cmp(&b.1));
        let near = Rc::new(near);
        let mut kept = self.statistics.near.borrow_mut();
        kept.insert(key, Rc::clone(&near));
        near
    }

    /// The slot of a phrase in a document.
    fn slot(&self, document: &Document, field: &Field, offset: u32, terms: &[&str]) -> Slot {
        let values = document.values(&field.name);
        let positions = terms.iter().filter_map(|term| values?.terms.get(*term));
        Slot {
            offset,
            terms: terms.iter().map(ToString::to_string).collect(),
            positions: positions.flatten().copied().collect(),
        }
    }

    /// A phrase of places, each with the terms that may stand there.
    fn phrase(
        &self,
        document: &Document,
        field: &Field,
        places: &[(u32, Vec<&str>)],
        slop: u32,
        boost: f32,
    ) -> Option<f64> {
        let slots = places
            .iter()
            .map(|(at, terms)| self.slot(document, field, at - places[0].0, terms));
        let freq = frequency(slots.collect(), slop);
        let terms = places.iter().flat_map(|(_, terms)| terms);
        let doc_freqs: Vec<u64> = terms.map(|term| self.doc_freq(field, term)).collect();
        (freq > 0.0).then(|| self.score(document, field, &doc_freqs, freq, boost))
    }

    pub(super) fn match_phrase(
        &self,
        document: &Document,
        clause: &MatchPhrase,
        boost: f32,
    ) -> Option<f64> {
        let field = self.field(&clause.field);
        if field.field_type() != FieldType::Text {
            return self.exact(document, field, &clause.query, boost);
        }
        let words = self.analyzed(field, clause.query.text(), clause.analyzer.as_deref());
        if clause.slop == 0 || words.len() < 2 {
            return self.words(document, field, &words, boost);
        }
        let places: Vec<(u32, Vec<&str>)> = words
            .iter()
            .map(|(word, at)| (*at, vec![word.as_str()]))
            .collect();
        self.phrase(document, field, &places, clause.slop, boost)
    }

    pub(super) fn match_phrase_prefix(
        &self,
        document: &Document,
        clause: &MatchPhrasePrefix,
        boost: f32,
    ) -> Option<f64> {
        let field = self.field(&clause.field);
        let words = self.analyzed(field, clause.query.text(), clause.analyzer.as_deref());
        let (last, before) = words.split_last()?;
        let terms = self.beginning(field, &last.0);
        let begin_so = terms.iter().map(String::as_str);
        let expanded: Vec<&str> = begin_so.take(clause.max_expansions as usize).collect();
        if before.is_empty() {
            let mut sum = None;
            for term in expanded {
                let term = [(term.to_string(), 0)];
                if let Some(score) = self.words(document, field, &term, boost) {
                    sum = Some(sum.unwrap_or(0.0) + score);
                }
            }
            return sum;
        }
        let mut places: Vec<(u32, Vec<&str>)> = before
            .iter()
            .map(|(word, at)| (*at, vec![word.as_str()]))
            .collect();
        places.push((last.1, expanded));
        self.phrase(document, field, &places, clause.slop, boost)
    }

    pub(super) fn match_bool_prefix(
        &self,
        document: &Document,
        clause: &MatchBoolPrefix,
        boost: f32,
    ) -> Option<f64> {
        let field = self.field(&clause.field);
        let begins = |start: &str| {
            let terms = self.beginning(field, start);
            let values = document.values(&field.name)?;
            let found = values.terms.keys().any(|term| terms.contains(term));
            found.then_some(f64::from(boost))
        };
        let text = clause.query.text();
        if field.field_type() == FieldType::Keyword && field.name != "_id" {
            return begins(text);
        }
        if field.field_type() != FieldType::Text {
            return self.exact(document, field, &clause.query, boost);
        }
        let words = self.analyzed(field, text, clause.analyzer.as_deref());
        let ended = self.last_end(field, text, clause.analyzer.as_deref()) != text.len();
        let scores = words.iter().enumerate().map(|(at, (word, _))| {
            if at + 1 == words.len() && !ended {
                begins(word)
            } else {
                let edits = clause
                    .fuzziness
                    .map_or(0, |fuzziness| fuzziness.edits(word));
                self.near_word(document, field, word, edits, clause.expansion, boost)
            }
        });
        let minimum = clause.minimum_should_match.as_ref();
        let demanded = match (clause.operator, minimum) {
            (Operator::And, _) => words.len(),
            (Operator::Or, None) => 1,
            (Operator::Or, Some(minimum)) => minimum.resolve(words.len()),
        };
        at_least(demanded, &scores.collect::<Vec<_>>())
    }

    fn doc_freq(&self, field: &Field, term: &str) -> u64 {
        self.statistics.term(&self.documents, &field.name, term)
    }

    fn score(
        &self,
        document: &Document,
        field: &Field,
        doc_freqs: &[u64],
        freq: f32,
        boost: f32,
    ) -> f64 {
        self.statistics
            .score(&self.documents, field, doc_freqs, document, freq, boost)
    }
}

/// The sum of the scores of words, if enough of them are there. One word is what it is, whatever is demanded.
pub(super) fn at_least(demanded: usize, scores: &[Option<f64>]) -> Option<f64> {
    let demanded = if scores.len() == 1 {
        1
    } else {
        demanded.max(1)
    };
    let found = scores.iter().flatten();
    let sum = found.clone().fold(0.0, |sum, score| sum + score);
    (found.count() >= demanded).then_some(sum)
}
