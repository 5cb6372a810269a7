//! Compound queries, evaluated for one document after the other.

use std::cell::Cell;

use diagon::query::{Bool, Clause, OnError, Query, WasmUdf};
use diagon::schema::Schema;

use super::Said;
use super::compound::Asked;
use super::document::Document;
use super::score::Statistics;

/// A function's closure: the clause, the document, and for those that ask a score: a filter's of the rest of the query, a score
/// function's of the query that it scores, a value function's of the hit.
pub(crate) type Closure<'f> = dyn Fn(&WasmUdf, &Document, &dyn Fn() -> f32) -> Said + 'f;

/// What a search sees.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(super) schema: &'a Schema,
    /// All that are there, dead ones included, in the order of (segment, document).
    pub(super) documents: Vec<&'a Document>,
    pub(super) statistics: Statistics,
}

/// A hit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) score: f32,
}

impl<'a> View<'a> {
    pub(super) fn new(schema: &'a Schema, documents: Vec<&'a Document>) -> Self {
        Self {
            schema,
            documents,
            statistics: Statistics::default(),
        }
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &'a Document> + '_ {
        self.documents.iter().copied().filter(|d| d.live)
    }

    /// All hits, best first; among equals the earlier one.
    pub(crate) fn search(&self, query: &Query, functions: &Closure<'_>) -> Vec<Found> {
        let hits = self.scored(query, functions).into_iter();
        let mut found: Vec<Found> = hits
            .map(|(place, score)| Found {
                id: self.documents[place].id.clone(),
                score,
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found
    }

    /// All live documents that match, by their place in `documents`, with their scores.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a score is a float in the end"
    )]
    pub(super) fn scored(&self, query: &Query, functions: &Closure<'_>) -> Vec<(usize, f32)> {
        let rest = without_score_functions(query);
        let mut found = Vec::new();
        for (place, document) in self.documents.iter().enumerate() {
            if !document.live {
                continue;
            }
            let score_of_rest = || {
                let score = rest
                    .as_ref()
                    .and_then(|rest| self.query(document, rest, 1.0, false, functions));
                score.unwrap_or(0.0) as f32
            };
            let known = Cell::new(None);
            let once = || {
                let score = known.get().unwrap_or_else(score_of_rest);
                known.set(Some(score));
                score
            };
            let ask = |udf: &WasmUdf, document: &Document, score: &dyn Fn() -> f32| {
                let filter = udf.name == SCORE_FUNCTION;
                functions(udf, document, if filter { &once } else { score })
            };
            if let Some(score) = self.query(document, query, 1.0, false, &ask) {
                found.push((place, score as f32));
            }
        }
        found
    }

    /// The score of a document that matches. `boost` is the product of the boosts around the clause.
    pub(super) fn query(
        &self,
        document: &Document,
        query: &Query,
        boost: f32,
        negated: bool,
        functions: &Closure<'_>,
    ) -> Option<f64> {
        let boost = boost * query.boost;
        let asked = Asked {
            boost,
            negated,
            functions,
        };
        match &query.clause {
            Clause::DisMax(clause) => self.dis_max(document, clause, asked),
            Clause::Boosting(clause) => self.boosting(document, clause, asked),
            Clause::FunctionScore(clause) => self.function_score(document, clause, asked),
            Clause::ScriptScore(clause) => self.script_score(document, clause, asked),
            Clause::Bool(clause) => self.bool(document, clause, boost, negated, functions),
            Clause::ConstantScore(inner) => self
                .query(document, inner, boost, negated, functions)
                .map(|_| f64::from(boost)),
            Clause::WasmUdf(udf) => {
                let value = match (functions(udf, document, &|| 0.0), udf.on_error) {
                    (Said::Yes, _) => true,
                    (Said::No, _) => false,
                    (Said::Error, OnError::Exclude) => negated,
                    (Said::Error, OnError::Include) => !negated,
                    (said, _) => panic!("{}: {said:?}", udf.name),
                };
                value.then_some(f64::from(boost))
            }
            leaf => self.leaf(document, leaf, boost),
        }
    }

    fn bool(
        &self,
        document: &Document,
        clause: &Bool,
        boost: f32,
        negated: bool,
        functions: &Closure<'_>,
    ) -> Option<f64> {
        let groups = [
            &clause.must,
            &clause.filter,
            &clause.should,
            &clause.must_not,
        ];
        if groups.iter().all(|group| group.is_empty()) {
            return Some(f64::from(boost));
        }
        let (mut matches, mut sum, mut optional) = (true, 0.0, 0);
        for query in &clause.must {
            match self.query(document, query, boost, negated, functions) {
                Some(score) => sum += score,
                None => matches = false,
            }
        }
        for query in &clause.filter {
            matches &= self
                .query(document, query, boost, negated, functions)
                .is_some();
        }
        for query in &clause.should {
            if let Some(score) = self.query(document, query, boost, negated, functions) {
                sum += score;
                optional += 1;
            }
        }
        for query in &clause.must_not {
            matches &= self
                .query(document, query, boost, !negated, functions)
                .is_none();
        }
        let demanded = match &clause.minimum_should_match {
            Some(minimum) => minimum.resolve(clause.should.len()),
            None => usize::from(
                clause.must.is_empty() && clause.filter.is_empty() && !clause.should.is_empty(),
            ),
        };
        (matches && optional >= demanded).then_some(sum)
    }
}

/// The name of the functions that ask for the score; a query has one of them at most.
pub(crate) const SCORE_FUNCTION: &str = "scored";

/// The query with such a function replaced by what matches everything and scores nothing; `None` if it is the whole query.
fn without_score_functions(query: &Query) -> Option<Query> {
    let asks =
        |query: &Query| matches!(&query.clause, Clause::WasmUdf(udf) if udf.name == SCORE_FUNCTION);
    if asks(query) {
        return None;
    }
    let mut rest = query.clone();
    if let Clause::Bool(clause) = &mut rest.clause {
        for inner in clause.must.iter_mut().chain(&mut clause.filter) {
            if asks(inner) {
                inner.clause = Clause::MatchAll;
                inner.boost = 0.0;
            }
        }
    }
    Some(rest)
}
