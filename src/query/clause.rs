//! A query's clauses: which kind, the compound ones, and what all have in common.

use super::ast::{Bool, Clause, Place, Query};
use super::json::Node;
use super::minimum::MinimumShouldMatch;
use super::request::{finite, unknown_key};
use super::{MAX_CLAUSES, leaf, multi_term_parse, wasm_udf};

const KINDS: [&str; 23] = [
    "bool",
    "boosting",
    "constant_score",
    "dis_max",
    "exists",
    "function_score",
    "fuzzy",
    "ids",
    "match",
    "match_all",
    "match_bool_prefix",
    "match_none",
    "match_phrase",
    "match_phrase_prefix",
    "prefix",
    "range",
    "regexp",
    "script",
    "script_score",
    "term",
    "terms",
    "wasm_udf",
    "wildcard",
];

/// Reads clauses, and counts them.
#[derive(Default)]
pub(super) struct Clauses {
    count: usize,
}

/// `boost` and `_name`.
pub(super) struct Common {
    boost: f32,
    name: Option<String>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            boost: 1.0,
            name: None,
        }
    }
}

impl Common {
    /// Takes the member if it is one that every clause may have; else it is unknown, and `possible` are those of this clause.
    pub(super) fn take(
        &mut self,
        key: &str,
        value: &Node<'_, '_>,
        clause: &str,
        possible: &[&str],
    ) -> crate::Result<()> {
        match key {
            "boost" => {
                self.boost = finite(value)?;
                if self.boost.is_sign_negative() {
                    return Err(value.expected("a boost that isn't negative"));
                }
            }
            "_name" => self.name = Some(value.string("a name, a string")?.into_owned()),
            _ => {
                let possible = [possible, &["boost", "_name"]].concat();
                return Err(unknown_key(value, key, &format!("`{clause}`"), &possible));
            }
        }
        Ok(())
    }

    pub(super) fn query(self, clause: Clause, place: Place) -> Query {
        Query {
            clause,
            boost: self.boost,
            name: self.name,
            place,
        }
    }
}

impl Clauses {
    /// Reads `{"kind": body}`.
    pub(super) fn query(&mut self, node: &Node<'_, '_>) -> crate::Result<Query> {
        let entries = node.object("a query, an object such as {\"match\": …}")?;
        let [entry] = entries.as_slice() else {
            return Err(match entries.get(1) {
                Some(second) => node.member(second).error(format!(
                    "a query has one clause, `{}` is a second one; combine them in a `bool`",
                    second.key
                )),
                None => node.error("an empty query; write {\"match_all\": {}} for all documents"),
            });
        };
        let body = node.member(entry);
        const COMPOUND: [&str; 6] = [
            "bool",
            "boosting",
            "constant_score",
            "dis_max",
            "function_score",
            "script_score",
        ];
        if !COMPOUND.contains(&&*entry.key) {
            self.count += 1;
        }
        if self.count > MAX_CLAUSES {
            return Err(body.error(format!("more than {MAX_CLAUSES} clauses")));
        }
        match &*entry.key {
            "match_all" => everything(&body, "match_all", Clause::MatchAll),
            "match_none" => everything(&body, "match_none", Clause::MatchNone),
            "term" => leaf::term(&body),
            "terms" => leaf::terms(&body),
            "match" => leaf::match_words(&body),
            "match_phrase" => leaf::match_phrase(&body),
            "match_bool_prefix" => multi_term_parse::match_bool_prefix(&body),
            "match_phrase_prefix" => multi_term_parse::match_phrase_prefix(&body),
            "prefix" => multi_term_parse::prefix(&body),
            "wildcard" => multi_term_parse::wildcard(&body),
            "regexp" => multi_term_parse::regexp(&body),
            "fuzzy" => multi_term_parse::fuzzy(&body),
            "range" => leaf::range(&body),
            "exists" => leaf::exists(&body),
            "ids" => leaf::ids(&body),
            "bool" => self.boolean(&body),
            "boosting" => self.boosting(&body),
            "constant_score" => self.constant_score(&body),
            "dis_max" => self.dis_max(&body),
            "function_score" => self.function_score(&body),
            "wasm_udf" => wasm_udf::parse(&body),
            "script" => wasm_udf::parse_script(&body),
            "script_score" => self.script_score(&body),
            kind => {
                let possible = KINDS.join(", ");
                Err(body.error(format!("unknown clause `{kind}`; possible: {possible}")))
            }
        }
    }

    fn boolean(&mut self, body: &Node<'_, '_>) -> crate::Result<Query> {
        const KEYS: [&str; 5] = [
            "must",
            "filter",
            "should",
            "must_not",
            "minimum_should_match",
        ];
        let mut common = Common::default();
        let mut clause = Bool::default();
        for entry in &body.object("an object with `must`, `filter`, `should`, `must_not`")? {
            let value = body.member(entry);
            match &*entry.key {
                "must" => clause.must = self.queries(&value)?,
                "filter" => clause.filter = self.queries(&value)?,
                "should" => clause.should = self.queries(&value)?,
                "must_not" => clause.must_not = self.queries(&value)?,
                "minimum_should_match" => clause.minimum_should_match = Some(minimum(&value)?),
                // Client libraries send it with its default, which is what this engine does.
                "adjust_pure_negative" if value.raw() == "true" => {}
                key => common.take(key, &value, "bool", &KEYS)?,
            }
        }
        Ok(common.query(Clause::Bool(clause), body.place()))
    }

    /// One query, or an array of them.
    pub(super) fn queries(&mut self, node: &Node<'_, '_>) -> crate::Result<Vec<Query>> {
        if node.kind() == b'{' {
            return Ok(vec![self.query(node)?]);
        }
        let items = node.array("a query or an array of queries")?;
        node.items(&items).map(|item| self.query(&item)).collect()
    }

    fn constant_score(&mut self, body: &Node<'_, '_>) -> crate::Result<Query> {
        let mut common = Common::default();
        let mut filter = None;
        for entry in &body.object("an object with `filter`")? {
            let value = body.member(entry);
            match &*entry.key {
                "filter" => filter = Some(self.query(&value)?),
                key => common.take(key, &value, "constant_score", &["filter"])?,
            }
        }
        let filter = filter.ok_or_else(|| body.error("`constant_score` needs `filter`"))?;
        Ok(common.query(Clause::ConstantScore(Box::new(filter)), body.place()))
    }
}

/// A clause that has only what all have.
fn everything(body: &Node<'_, '_>, kind: &str, clause: Clause) -> crate::Result<Query> {
    let mut common = Common::default();
    for entry in &body.object("an object")? {
        common.take(&entry.key, &body.member(entry), kind, &[])?;
    }
    Ok(common.query(clause, body.place()))
}

/// Reads `minimum_should_match`: a number, or a string in its own language.
pub(super) fn minimum(node: &Node<'_, '_>) -> crate::Result<MinimumShouldMatch> {
    let parsed = match node.kind() {
        b'"' => MinimumShouldMatch::parse(&node.string("a string")?),
        _ => node.raw().parse().ok().map(MinimumShouldMatch::count),
    };
    parsed
        .ok_or_else(|| node.expected("an integer, or a string such as \"75%\" or \"2<-25% 9<-3\""))
}
