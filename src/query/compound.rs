//! Clauses that combine or change the scores of others: `dis_max` and `boosting`. `function_score` has a file of its own.

use super::ast::{Clause, Query};
use super::clause::{Clauses, Common};
use super::json::Node;
use super::request::finite;

/// `{"dis_max": {"queries": [], "tie_breaker": 0.3}}`
#[derive(Clone, Debug, PartialEq)]
pub struct DisMax {
    /// Any of these must match; at least one clause.
    pub queries: Vec<Query>,
    /// What the scores of the others count beside the best one, from 0 to 1; 0 by default.
    pub tie_breaker: f32,
}

/// `{"boosting": {"positive": {}, "negative": {}, "negative_boost": 0.5}}`
#[derive(Clone, Debug, PartialEq)]
pub struct Boosting {
    /// The documents that are found.
    pub positive: Box<Query>,
    /// Those whose score is multiplied with [`Boosting::negative_boost`].
    pub negative: Box<Query>,
    /// The factor; finite, not negative.
    pub negative_boost: f32,
}

/// Reads a finite number that isn't negative.
pub(super) fn not_negative(node: &Node<'_, '_>, what: &str) -> crate::Result<f32> {
    let value = finite(node)?;
    if value < 0.0 {
        return Err(node.expected(what));
    }
    Ok(value)
}

impl Clauses {
    pub(super) fn dis_max(&mut self, body: &Node<'_, '_>) -> crate::Result<Query> {
        let mut common = Common::default();
        let (mut queries, mut tie_breaker) = (Vec::new(), 0.0);
        for entry in &body.object("an object with `queries`")? {
            let value = body.member(entry);
            match &*entry.key {
                "queries" => queries = self.queries(&value)?,
                "tie_breaker" => {
                    tie_breaker = finite(&value)?;
                    if !(0.0..=1.0).contains(&tie_breaker) {
                        return Err(value.expected("a number from 0 to 1"));
                    }
                }
                key => common.take(key, &value, "dis_max", &["queries", "tie_breaker"])?,
            }
        }
        if queries.is_empty() {
            return Err(body.error("`dis_max` needs `queries` with at least one clause"));
        }
        let clause = DisMax {
            queries,
            tie_breaker,
        };
        Ok(common.query(Clause::DisMax(clause), body.place()))
    }

    pub(super) fn boosting(&mut self, body: &Node<'_, '_>) -> crate::Result<Query> {
        const KEYS: [&str; 3] = ["positive", "negative", "negative_boost"];
        let mut common = Common::default();
        let (mut positive, mut negative, mut negative_boost) = (None, None, None);
        for entry in &body.object("an object with `positive`, `negative` and `negative_boost`")? {
            let value = body.member(entry);
            match &*entry.key {
                "positive" => positive = Some(Box::new(self.query(&value)?)),
                "negative" => negative = Some(Box::new(self.query(&value)?)),
                "negative_boost" => {
                    negative_boost = Some(not_negative(&value, "a number that isn't negative")?);
                }
                key => common.take(key, &value, "boosting", &KEYS)?,
            }
        }
        let missing = |name: &str| body.error(format!("`boosting` needs `{name}`"));
        let clause = Boosting {
            positive: positive.ok_or_else(|| missing("positive"))?,
            negative: negative.ok_or_else(|| missing("negative"))?,
            negative_boost: negative_boost.ok_or_else(|| missing("negative_boost"))?,
        };
        Ok(common.query(Clause::Boosting(clause), body.place()))
    }
}
