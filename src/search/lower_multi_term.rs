//! Lowering of the clauses that stand for many terms: patterns become automata, words become the terms near to them.

use cxx::SharedPtr;

use super::batch_loop::nanoseconds_left;
use super::lower::{Lowering, Node, Occur};
use super::lower_leaf::Words;
use crate::automaton::{self, Dfa, PatternError};
use crate::bridge;
use crate::query::{
    Expansion, FieldName, Fuzzy, MAX_CLAUSES, MatchBoolPrefix, MatchPhrase, MatchPhrasePrefix,
    Place, Prefix, Regexp, Wildcard,
};
use crate::schema::{Field, FieldId, PostingsKind};
use crate::{Error, ErrorCode};

/// What the terms near to a word may be.
#[derive(Clone, Copy)]
pub(super) struct Near {
    pub(super) edits: u8,
    pub(super) expansion: Expansion,
}

/// A term that something stands for.
struct Expanded {
    term: Vec<u8>,
    /// Documents with it, over all segments.
    doc_freq: u64,
    /// 1 for the word itself.
    similarity: f32,
}

impl<'a> Lowering<'a> {
    pub(super) fn prefix(&mut self, clause: &'a Prefix, boost: f32) -> crate::Result<Node> {
        let id = self.field_of_terms(&clause.field, "prefix")?;
        let dfa = automaton::prefix(clause.value.text(), clause.case_insensitive);
        self.multi_term(id, dfa, clause.field.place, boost)
    }

    pub(super) fn wildcard(&mut self, clause: &'a Wildcard, boost: f32) -> crate::Result<Node> {
        let id = self.field_of_terms(&clause.field, "wildcard")?;
        let dfa = automaton::wildcard(clause.value.text(), clause.case_insensitive);
        self.multi_term(id, dfa, clause.field.place, boost)
    }

    pub(super) fn regexp(&mut self, clause: &'a Regexp, boost: f32) -> crate::Result<Node> {
        let id = self.field_of_terms(&clause.field, "regexp")?;
        let syntax = automaton::Syntax {
            intersection: clause.flags.intersection,
            complement: clause.flags.complement,
            empty: clause.flags.empty,
            any_string: clause.flags.any_string,
            interval: clause.flags.interval,
            any_case: clause.case_insensitive,
        };
        let most = usize::try_from(clause.max_determinized_states).unwrap_or(usize::MAX);
        let dfa = automaton::regexp(clause.value.text(), syntax, most);
        self.multi_term(id, dfa, clause.field.place, boost)
    }

    pub(super) fn fuzzy(&mut self, clause: &'a Fuzzy, boost: f32) -> crate::Result<Node> {
        let id = self.field_of_terms(&clause.field, "fuzzy")?;
        let word = clause.value.text();
        let near = Near {
            edits: clause.fuzziness.edits(word),
            expansion: clause.expansion,
        };
        self.near_word(id, word, near, clause.field.place, boost)
    }

    /// Making an automaton takes a while if it is a large one, and a query may have many.
    fn check_time(&self) -> crate::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if nanoseconds_left(self.deadline) == 0 {
            return Err(Error::Native {
                code: ErrorCode::Timeout,
                message: "the search's deadline passed".to_string(),
            });
        }
        Ok(())
    }

    /// A field whose terms can be walked over.
    fn field_of_terms(&self, name: &FieldName, kind: &str) -> crate::Result<FieldId> {
        self.check_time()?;
        let field = self.field(name)?;
        self.check_has_terms(name, field, kind)?;
        Ok(field.id)
    }

    pub(super) fn check_has_terms(
        &self,
        name: &FieldName,
        field: &Field,
        kind: &str,
    ) -> crate::Result<()> {
        if field.id == FieldId(0) {
            let message = format!("`{kind}` can't be asked of `_id`");
            return Err(self.request.error(name.place, message));
        }
        if !field.is_string() {
            let declared = field.declared.name();
            let message = format!(
                "`{kind}` needs a keyword or text field; `{}` is a {declared}",
                field.name
            );
            return Err(self.request.error(name.place, message));
        }
        if field.postings() == PostingsKind::None {
            return Err(self.not_searchable(name, field));
        }
        Ok(())
    }

    fn automaton(
        &self,
        dfa: Result<Dfa, PatternError>,
        place: Place,
    ) -> crate::Result<SharedPtr<bridge::Automaton>> {
        let dfa = dfa.map_err(|error| self.request.error(place, error.to_string()))?;
        Ok(bridge::automaton_new(
            &dfa.classes,
            dfa.class_count,
            &dfa.transitions,
            &dfa.accepts,
            dfa.start,
        )?)
    }

    /// All documents with an accepted term, with a constant score.
    fn multi_term(
        &self,
        field: FieldId,
        dfa: Result<Dfa, PatternError>,
        place: Place,
        boost: f32,
    ) -> crate::Result<Node> {
        let automaton = self.automaton(dfa, place)?;
        Ok(bridge::query_multi_term(
            u32::from(field.0),
            &automaton,
            boost,
        )?)
    }

    /// The accepted terms: the first ones, or with `word_chars` those that are most similar to a word of so many characters.
    fn expand(
        &self,
        field: FieldId,
        automaton: &bridge::Automaton,
        most: u32,
        word_chars: u32,
    ) -> crate::Result<Vec<Expanded>> {
        let (mut terms, mut ends) = (Vec::new(), Vec::new());
        let (mut doc_freqs, mut similarities) = (Vec::new(), Vec::new());
        bridge::expand_terms(
            self.snapshot.native(),
            u32::from(field.0),
            automaton,
            most,
            word_chars,
            self.cancel.native(),
            nanoseconds_left(self.deadline),
            &mut terms,
            &mut ends,
            &mut doc_freqs,
            &mut similarities,
        )?;
        let mut from = 0;
        let numbers = doc_freqs.into_iter().zip(similarities);
        let expanded = ends
            .into_iter()
            .zip(numbers)
            .map(|(end, (doc_freq, similarity))| {
                let end = end as usize;
                let term = terms[from..end].to_vec();
                from = end;
                Expanded {
                    term,
                    doc_freq,
                    similarity,
                }
            });
        Ok(expanded.collect())
    }

    /// Documents with a term near to the word. As in Lucene, all terms are scored as if each were in as many documents as the
    /// most frequent one, times how similar they are to the word.
    pub(super) fn near_word(
        &mut self,
        field: FieldId,
        word: &str,
        near: Near,
        place: Place,
        boost: f32,
    ) -> crate::Result<Node> {
        let id = u32::from(field.0);
        if near.edits == 0 {
            return Ok(bridge::query_term(id, word.as_bytes(), boost)?);
        }
        self.check_time()?;
        let Expansion {
            prefix_length,
            max_expansions,
            transpositions,
        } = near.expansion;
        let prefix = usize::try_from(prefix_length).unwrap_or(usize::MAX);
        let dfa = automaton::levenshtein(word, near.edits, prefix, transpositions);
        let automaton = self.automaton(dfa, place)?;
        let chars = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
        let most = max_expansions.min(u32::try_from(MAX_CLAUSES).unwrap_or(u32::MAX));
        let terms = self.expand(field, &automaton, most, chars.max(1))?;
        self.count_clauses(terms.len().saturating_sub(1), place)?;
        let doc_freq = terms.iter().map(|term| term.doc_freq).max().unwrap_or(0);
        let mut any = bridge::query_bool(1, boost)?;
        for Expanded {
            term, similarity, ..
        } in terms
        {
            // Of a word that is as short as its edits are many, every term is near, and counts nothing.
            let mut term = bridge::query_term(id, &term, similarity.max(0.0))?;
            bridge::query_set_doc_freq(term.pin_mut(), doc_freq);
            bridge::query_push_clause(any.pin_mut(), Occur::Should as u8, term)?;
        }
        Ok(any)
    }

    /// Words within some distance of their places.
    pub(super) fn sloppy_phrase(
        &mut self,
        field: FieldId,
        words: &[(String, u32)],
        slop: u32,
        boost: f32,
    ) -> crate::Result<Node> {
        let mut node = bridge::query_sloppy_phrase(u32::from(field.0), slop, boost)?;
        let first = words.first().map_or(0, |(_, position)| *position);
        for (word, position) in words {
            bridge::query_push_term(node.pin_mut(), word.as_bytes(), position - first)?;
        }
        Ok(node)
    }

    pub(super) fn match_phrase(
        &mut self,
        clause: &'a MatchPhrase,
        boost: f32,
    ) -> crate::Result<Node> {
        let field = self.field(&clause.field)?;
        let id = field.id;
        if field.postings() != PostingsKind::FreqsPositions {
            self.no_analyzer(&clause.field, field, clause.analyzer.as_deref())?;
            return self.exact(&clause.field, field, &clause.query, boost);
        }
        let text = clause.query.text();
        let words = self
            .analyzed(&clause.field, text, clause.analyzer.as_deref())?
            .terms;
        self.count_clauses(words.len(), clause.field.place)?;
        match words.as_slice() {
            [] => Ok(bridge::query_match_none()?),
            [(word, _)] => Ok(bridge::query_term(u32::from(id.0), word.as_bytes(), boost)?),
            _ if clause.slop != 0 => self.sloppy_phrase(id, &words, clause.slop, boost),
            [(_, first), ..] => {
                let mut node = bridge::query_phrase(u32::from(id.0), boost)?;
                for (word, position) in &words {
                    bridge::query_push_term(node.pin_mut(), word.as_bytes(), position - first)?;
                }
                Ok(node)
            }
        }
    }

    pub(super) fn match_phrase_prefix(
        &mut self,
        clause: &'a MatchPhrasePrefix,
        boost: f32,
    ) -> crate::Result<Node> {
        let (name, place) = (&clause.field, clause.field.place);
        let field = self.field(name)?;
        let field_id = field.id;
        if field.postings() != PostingsKind::FreqsPositions {
            let kind = field.declared.name();
            let message = format!(
                "`match_phrase_prefix` needs a text field; `{}` is a {kind}",
                field.name
            );
            return Err(self.request.error(place, message));
        }
        let id = u32::from(field_id.0);
        let text = clause.query.text();
        let words = self.analyzed(name, text, clause.analyzer.as_deref())?.terms;
        self.count_clauses(words.len(), place)?;
        let Some(((last, last_position), before)) = words.split_last() else {
            return Ok(bridge::query_match_none()?);
        };
        let automaton = self.automaton(automaton::prefix(last, false), place)?;
        // One more than there may be clauses is enough to see that there are too many.
        let most = u32::try_from(MAX_CLAUSES + 1).unwrap_or(u32::MAX);
        let most = clause.max_expansions.min(most);
        let terms = self.expand(field_id, &automaton, most, 0)?;
        self.count_clauses(terms.len().saturating_sub(1), place)?;
        let Some((first, others)) = terms.split_first() else {
            return Ok(bridge::query_match_none()?);
        };
        if before.is_empty() {
            let mut any = bridge::query_bool(1, boost)?;
            for expanded in &terms {
                let term = bridge::query_term(id, &expanded.term, 1.0)?;
                bridge::query_push_clause(any.pin_mut(), Occur::Should as u8, term)?;
            }
            return Ok(any);
        }
        let mut node = if clause.slop == 0 && others.is_empty() {
            let mut node = bridge::query_phrase(id, boost)?;
            for (word, position) in before {
                bridge::query_push_term(node.pin_mut(), word.as_bytes(), position - words[0].1)?;
            }
            node
        } else {
            self.sloppy_phrase(field_id, before, clause.slop, boost)?
        };
        bridge::query_push_term(node.pin_mut(), &first.term, last_position - words[0].1)?;
        for expanded in others {
            bridge::query_push_alternative(node.pin_mut(), &expanded.term)?;
        }
        Ok(node)
    }

    pub(super) fn match_bool_prefix(
        &mut self,
        clause: &'a MatchBoolPrefix,
        boost: f32,
    ) -> crate::Result<Node> {
        let (name, place) = (&clause.field, clause.field.place);
        let field = self.field(name)?;
        let id = field.id;
        let text = clause.query.text();
        if field.postings() != PostingsKind::FreqsPositions {
            self.no_analyzer(name, field, clause.analyzer.as_deref())?;
            if field.postings() == PostingsKind::None || id == FieldId(0) {
                return self.exact(name, field, &clause.query, boost);
            }
            return self.multi_term(id, automaton::prefix(text, false), place, boost);
        }
        let Words { terms, end } = self.analyzed(name, text, clause.analyzer.as_deref())?;
        self.count_clauses(terms.len(), place)?;
        // Something behind the last word, if only a space, ends it.
        let unfinished = end == text.len();
        let last = terms.len().saturating_sub(1);
        let inner_boost = if terms.len() == 1 { boost } else { 1.0 };
        let mut nodes = Vec::with_capacity(terms.len());
        for (at, (word, _)) in terms.iter().enumerate() {
            nodes.push(if at == last && unfinished {
                self.multi_term(id, automaton::prefix(word, false), place, inner_boost)?
            } else {
                let edits = clause
                    .fuzziness
                    .map_or(0, |fuzziness| fuzziness.edits(word));
                let near = Near {
                    edits,
                    expansion: clause.expansion,
                };
                self.near_word(id, word, near, place, inner_boost)?
            });
        }
        let minimum = clause.minimum_should_match.as_ref();
        self.combined(nodes, clause.operator, minimum, boost)
    }
}
