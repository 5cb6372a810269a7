//! AST → the engine's query: fields become numbers, texts become terms, functions become numbered leaves.

use std::cell::OnceCell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cxx::UniquePtr;

use super::cancel::CancelToken;
use super::functions::{Function, Role};
use crate::analysis::{Analyzer, Scratch};
use crate::batch::FunctionSource;
use crate::bridge::{self, QueryNode};
use crate::index::Snapshot;
use crate::query::{self, Clause, MAX_CLAUSES, Place, Query, SearchRequest, WasmUdf};
use crate::schema::Schema;
use crate::{Error, ErrorCode};

pub(super) type Node = UniquePtr<QueryNode>;

/// How a clause stands in a `bool`; the numbers are those of Occur in cpp/diagon/search/query.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Occur {
    Must = 0,
    Filter = 1,
    Should = 2,
    MustNot = 3,
}

/// A lowered query.
pub(super) struct Lowered {
    pub(super) root: Node,
    /// By leaf number. A function that is given the score of a query stands behind those of that query.
    pub(super) functions: Vec<Function>,
    /// There was no time to find out what to look for; `root` finds nothing.
    pub(super) out_of_time: bool,
}

/// Lowers a request's query for a snapshot: some clauses become the terms that are in it. Finding them ends with the search's
/// deadline, or when it is cancelled.
pub(super) fn lower(
    request: &SearchRequest,
    snapshot: &Snapshot,
    source: Option<&dyn FunctionSource>,
    cancel: &CancelToken,
    deadline: Option<Instant>,
) -> crate::Result<Lowered> {
    let mut lowering = Lowering {
        request,
        schema: snapshot.schema(),
        snapshot,
        source,
        cancel,
        deadline,
        now_ms: OnceCell::new(),
        functions: Vec::new(),
        clauses: 0,
        scratch: Scratch::default(),
    };
    let position = Position {
        negated: false,
        depth: 0,
        seen_by: None,
    };
    match lowering.query(&request.query, position) {
        Err(Error::Native {
            code: ErrorCode::Timeout,
            ..
        }) => Ok(Lowered {
            root: bridge::query_match_none()?,
            functions: Vec::new(),
            out_of_time: true,
        }),
        root => Ok(Lowered {
            root: root?,
            functions: lowering.functions,
            out_of_time: false,
        }),
    }
}

/// Where a clause stands.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// Whether it stands under an odd number of `must_not`.
    pub(super) negated: bool,
    depth: usize,
    /// How it stands in its parent.
    seen_by: Option<Occur>,
}

impl Position {
    /// Inside a clause that is no `bool`.
    pub(super) fn inside(self) -> Self {
        Self {
            depth: self.depth + 1,
            seen_by: None,
            ..self
        }
    }
}

pub(super) struct Lowering<'s> {
    pub(super) request: &'s SearchRequest,
    pub(super) schema: &'s Schema,
    pub(super) snapshot: &'s Snapshot,
    source: Option<&'s dyn FunctionSource>,
    pub(super) cancel: &'s CancelToken,
    pub(super) deadline: Option<Instant>,
    /// See [`Lowering::now_ms`].
    now_ms: OnceCell<i64>,
    pub(super) functions: Vec<Function>,
    clauses: usize,
    pub(super) scratch: Scratch,
}

impl<'s> Lowering<'s> {
    /// The time that `now` is in date math: the same in the whole request, and not asked for where there is none.
    pub(super) fn now_ms(&self) -> i64 {
        *self.now_ms.get_or_init(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
        })
    }

    pub(super) fn query(&mut self, query: &'s Query, at: Position) -> crate::Result<Node> {
        let boost = query.boost;
        match &query.clause {
            Clause::MatchAll => Ok(bridge::query_match_all(boost)?),
            Clause::MatchNone => Ok(bridge::query_match_none()?),
            Clause::Term(term) => self.term(term, boost),
            Clause::Terms(terms) => self.terms(terms, boost),
            Clause::Match(clause) => self.match_text(clause, boost),
            Clause::MatchPhrase(clause) => self.match_phrase(clause, boost),
            Clause::MatchBoolPrefix(clause) => self.match_bool_prefix(clause, boost),
            Clause::MatchPhrasePrefix(clause) => self.match_phrase_prefix(clause, boost),
            Clause::Prefix(clause) => self.prefix(clause, boost),
            Clause::Wildcard(clause) => self.wildcard(clause, boost),
            Clause::Regexp(clause) => self.regexp(clause, boost),
            Clause::Fuzzy(clause) => self.fuzzy(clause, boost),
            Clause::Range(range) => self.range(range, boost),
            Clause::Exists(exists) => self.exists(exists, boost),
            Clause::Ids(ids) => {
                let mut node = bridge::query_term_set(0, boost)?;
                for id in &ids.values {
                    bridge::query_push_term(node.pin_mut(), id.as_bytes(), 0)?;
                }
                Ok(node)
            }
            Clause::Bool(clause) => self.bool(clause, boost, at),
            Clause::ConstantScore(inner) => {
                let inner = self.query(inner, at.inside())?;
                Ok(bridge::query_constant(inner, boost)?)
            }
            Clause::DisMax(clause) => self.dis_max(clause, boost, at),
            Clause::Boosting(clause) => self.boosting(clause, boost, at),
            Clause::FunctionScore(clause) => self.function_score(clause, boost, at),
            Clause::ScriptScore(clause) => self.script_score(clause, query, at),
            Clause::WasmUdf(clause) => {
                // Directly in the root, or the root itself.
                let required = matches!(at.seen_by, Some(Occur::Must | Occur::Filter));
                let role = Role::Filter {
                    negated: at.negated,
                    may_see_score: at.depth == 0 || (at.depth == 1 && required),
                };
                let leaf = self.function(clause, query.place, role)?;
                let by_score = self.functions.iter().filter(|f| f.filters_by_score());
                if by_score.count() > 1 {
                    // Each would see the score with or without the other, as the clauses happen to be ordered.
                    let message = "only one function of a query can ask for the score";
                    return Err(self.request.error(query.place, message));
                }
                Ok(bridge::query_udf(leaf, boost)?)
            }
        }
    }

    /// Binds a function. Returns its leaf number.
    pub(super) fn function(
        &mut self,
        clause: &WasmUdf,
        place: Place,
        role: Role,
    ) -> crate::Result<u32> {
        let (request, source) = (self.request, self.source);
        let function = Function::prepare(clause, place, role, request, source, self.schema)?;
        self.functions.push(function);
        Ok(u32::try_from(self.functions.len() - 1).unwrap_or(u32::MAX))
    }

    fn bool(&mut self, clause: &'s query::Bool, boost: f32, at: Position) -> crate::Result<Node> {
        let groups = [
            (Occur::Must, &clause.must),
            (Occur::Filter, &clause.filter),
            (Occur::Should, &clause.should),
            (Occur::MustNot, &clause.must_not),
        ];
        if groups.iter().all(|(_, group)| group.is_empty()) {
            // An empty `bool` matches everything, as in OpenSearch.
            return Ok(bridge::query_match_all(boost)?);
        }
        let optional = clause.should.len();
        let minimum = match &clause.minimum_should_match {
            Some(minimum) => minimum.resolve(optional),
            None => usize::from(clause.must.is_empty() && clause.filter.is_empty() && optional > 0),
        };
        let minimum = u32::try_from(minimum).unwrap_or(u32::MAX);
        let mut node = bridge::query_bool(minimum, boost)?;
        for (occur, group) in groups {
            for child in group {
                let inside = Position {
                    negated: at.negated != (occur == Occur::MustNot),
                    depth: at.depth + 1,
                    seen_by: Some(occur),
                };
                let child = self.query(child, inside)?;
                bridge::query_push_clause(node.pin_mut(), occur as u8, child)?;
            }
        }
        Ok(node)
    }

    /// Counts clauses that a text or a word turns into.
    pub(super) fn count_clauses(&mut self, more: usize, place: Place) -> crate::Result<()> {
        self.clauses += more;
        if self.clauses > MAX_CLAUSES {
            let message = format!(
                "more than {MAX_CLAUSES} clauses: each word is one, and each term that it is expanded to"
            );
            return Err(self.request.error(place, message));
        }
        Ok(())
    }

    /// The analyzer that a clause names.
    pub(super) fn analyzer(&self, name: &str, place: Place) -> crate::Result<Analyzer> {
        Analyzer::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Analyzer::ALL.iter().map(|a| a.name()).collect();
            let message = format!("unknown analyzer `{name}`; possible: {}", known.join(", "));
            self.request.error(place, message)
        })
    }
}
