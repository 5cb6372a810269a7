//! The functions of one search: found in the registry, bound to their parameters, asked batch by batch.

use crate::Error;
use crate::batch::{
    BATCH_CAPACITY, BatchUdf, Failure, FailureKind, FunctionCounts, FunctionSource, Interrupt,
    Outcome, Returns, UdfBatch, Values, Verdict,
};
use crate::index::{DocAddress, SegmentColumns, Snapshot};
use crate::query::{OnError, ParamValue, Place, SearchRequest, WasmUdf};
use crate::schema::Schema;

/// Failed documents that a response names, for each function.
pub(super) const MAX_SAMPLES: usize = 3;

/// A failed document's verdict, as a byte.
const ERROR: u8 = Verdict::Error as u8;

/// What a function did in a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionReport {
    /// Name and version: `string_distance@1.0.0`.
    pub name: String,
    /// How often it was called, about how many documents, for how long, and with which failures.
    pub counts: FunctionCounts,
    /// The first documents it failed on: `_id`, kind, message.
    pub samples: Vec<(String, FailureKind, String)>,
}

impl FunctionReport {
    /// Documents it failed on.
    #[must_use]
    pub fn failures(&self) -> u64 {
        let c = &self.counts;
        c.guest_failures + c.traps + c.protocol_failures + c.limit_failures
    }
}

/// Where a search is.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) segment: u32,
    /// When to stop.
    pub(super) interrupt: &'a Interrupt,
}

/// What a function is in a search, and what its failures mean there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A leaf of the query: whether a document matches.
    Filter {
        /// Whether it stands under an odd number of `must_not`.
        negated: bool,
        /// Whether it stands where it may see the score.
        may_see_score: bool,
    },
    /// A score of a `function_score` or `script_score`.
    Score {
        /// As above.
        negated: bool,
    },
    /// A key that hits are sorted by.
    SortKey,
    /// A field of the hits.
    Field,
}

/// What a function said of a document, as one byte.
pub(super) mod state {
    /// A filter: no. A score: it failed, and the document doesn't match. A value: there is none.
    pub(in super::super) const NO: u8 = 0;
    /// A filter: yes. Else: the value is there.
    pub(in super::super) const YES: u8 = 1;
    /// A score: it failed, and counts as if there were no function. A sort key: it failed, and the document is no hit.
    pub(in super::super) const FAILED: u8 = 2;
}

impl Role {
    fn fits(self, returns: Returns) -> bool {
        matches!(
            (self, returns),
            (Self::Filter { .. }, Returns::Filter)
                | (Self::Score { .. }, Returns::Score)
                | (Self::SortKey | Self::Field, Returns::Value(_))
        )
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Filter { .. } => "filter",
            Self::Score { .. } => "score",
            Self::SortKey | Self::Field => "value",
        }
    }

    /// The state of a document that the function failed on. Under `exclude` it is the one that can only remove the document.
    fn on_failure(self, policy: OnError) -> Option<u8> {
        let include = match policy {
            OnError::Fail => return None,
            OnError::Exclude => false,
            OnError::Include => true,
        };
        Some(match self {
            Self::Filter { negated, .. } => u8::from(include != negated),
            Self::Score { negated } if include != negated => state::FAILED,
            Self::SortKey if !include => state::FAILED,
            Self::Score { .. } | Self::SortKey | Self::Field => state::NO,
        })
    }
}

/// A function of a search.
pub(super) struct Function {
    bound: Box<dyn BatchUdf>,
    pub(super) role: Role,
    /// The state of a document that it failed on; `None`: the search fails.
    on_failure: Option<u8>,
    outcome: Outcome,
    states: Vec<u8>,
    samples: Vec<(String, FailureKind, String)>,
}

impl Function {
    /// Finds a function and checks its parameters and fields against the schema.
    pub(super) fn prepare(
        clause: &WasmUdf,
        place: Place,
        role: Role,
        request: &SearchRequest,
        source: Option<&dyn FunctionSource>,
        schema: &Schema,
    ) -> crate::Result<Self> {
        let Some(source) = source else {
            let message = "this search has no functions".to_string();
            let name = clause.name.clone();
            return Err(request.clause_error(place, Error::UdfNotFound { name, message }));
        };
        let mut parameters = serde_json::Map::new();
        for parameter in &clause.parameters {
            parameters.insert(parameter.name.clone(), json_of(&parameter.value));
        }
        let bound = source
            .bind(
                &clause.name,
                clause.version.as_deref(),
                &parameters,
                &clause.limits,
            )
            .map_err(|error| located(error, clause, place, request))?;
        if !role.fits(bound.returns()) {
            let (kind, wanted) = (bound.returns().kind(), role.wanted());
            let message = format!(
                "`{}` is a {kind} function; here stands a {wanted} function",
                bound.label()
            );
            return Err(request.error(place, message));
        }
        for column in bound.requests() {
            SegmentColumns::check(schema, column).map_err(|error| {
                request.error(place, format!("function `{}`: {error}", bound.label()))
            })?;
        }
        let unseen = matches!(role, Role::Filter { may_see_score, .. } if !may_see_score);
        if bound.wants_score() && unseen {
            let message = format!(
                "`{}` asks for the score, which a filter has only in the `must` or `filter` of the outermost `bool`",
                bound.label()
            );
            return Err(request.error(place, message));
        }
        Ok(Self {
            bound,
            role,
            on_failure: role.on_failure(clause.on_error),
            outcome: Outcome::default(),
            states: Vec::with_capacity(BATCH_CAPACITY),
            samples: Vec::new(),
        })
    }

    /// Whether it stands under an odd number of `must_not`.
    pub(super) fn is_negated(&self) -> bool {
        matches!(
            self.role,
            Role::Filter { negated: true, .. } | Role::Score { negated: true }
        )
    }

    pub(super) fn wants_score(&self) -> bool {
        self.bound.wants_score()
    }

    /// Whether it is a filter that wants the score of the rest of the query.
    pub(super) fn filters_by_score(&self) -> bool {
        matches!(self.role, Role::Filter { .. }) && self.wants_score()
    }

    /// Whether a failure may leave a document in, as if there were no function.
    pub(super) fn may_not_apply(&self) -> bool {
        self.on_failure == Some(state::FAILED)
    }

    pub(super) fn returns(&self) -> Returns {
        self.bound.returns()
    }

    pub(super) fn max_score(&self) -> Option<f64> {
        self.bound.max_score()
    }

    pub(super) fn label(&self) -> &str {
        self.bound.label()
    }

    pub(super) fn enter_segment(&mut self, at: At<'_>) -> crate::Result<()> {
        let columns = at.snapshot.columns(at.segment)?;
        let columns = columns.stopped_by(at.interrupt.clone());
        self.bound.enter_segment(Box::new(columns))
    }

    /// Asks about documents of the segment. `scores` are there if the function wants them.
    pub(super) fn ask(&mut self, at: At<'_>, docs: &[u32], scores: &[f32]) -> crate::Result<()> {
        let scores = self.wants_score().then_some(scores);
        self.bound
            .evaluate(UdfBatch { docs, scores }, at.interrupt, &mut self.outcome)?;
        self.states.clear();
        let verdicts = self.outcome.verdicts.iter();
        self.states.extend(verdicts.map(|verdict| *verdict as u8));
        if let Some(first) = self.states.iter().position(|state| *state == ERROR) {
            let instead = self.on_failure.unwrap_or(state::NO);
            let failed = self.states[first..].iter_mut();
            failed
                .filter(|state| **state == ERROR)
                .for_each(|state| *state = instead);
            self.note_failures(at, docs, first)?;
        }
        Ok(())
    }

    /// What was said of each document that was last asked about; see [`state`].
    pub(super) fn states(&self) -> &[u8] {
        &self.states
    }

    /// Of a score function: as many; 0 where the state isn't [`state::YES`].
    pub(super) fn scores(&self) -> &[f64] {
        &self.outcome.scores
    }

    /// Of a value function.
    pub(super) fn values(&self) -> &Values {
        &self.outcome.values
    }

    /// Keeps the first failures for the response, or fails the search.
    #[cold]
    fn note_failures(&mut self, at: At<'_>, docs: &[u32], first: usize) -> crate::Result<()> {
        let said_nothing = |index| Failure {
            index,
            kind: FailureKind::Guest,
            message: "the function said that it can't answer for this document".to_string(),
        };
        let id = |index: usize| {
            at.snapshot.id(DocAddress {
                segment: at.segment,
                doc: docs[index],
            })
        };
        let failures = &self.outcome.failures;
        let told = |index: usize| failures.iter().find(|failure| failure.index == index);
        let failure = |index: usize| told(index).cloned().unwrap_or_else(|| said_nothing(index));
        if self.on_failure.is_none() {
            return Err(Error::UdfFailed {
                name: self.bound.label().to_string(),
                document: id(first)?,
                message: failure(first).message,
            });
        }
        let verdicts = self.outcome.verdicts.iter().enumerate();
        for (index, _) in verdicts.filter(|(_, verdict)| **verdict == Verdict::Error) {
            if self.samples.len() == MAX_SAMPLES {
                break;
            }
            let failure = failure(index);
            self.samples
                .push((id(index)?, failure.kind, failure.message));
        }
        Ok(())
    }

    pub(super) fn report(self) -> FunctionReport {
        FunctionReport {
            name: self.bound.label().to_string(),
            counts: self.bound.counts(),
            samples: self.samples,
        }
    }
}

/// Says where in the request the function is, or its parameter.
fn located(error: Error, clause: &WasmUdf, place: Place, request: &SearchRequest) -> Error {
    let place = match &error {
        Error::UdfParameter { parameter, .. } => {
            let mut parameters = clause.parameters.iter();
            parameters
                .find(|p| p.name == *parameter)
                .map_or(place, |p| p.place)
        }
        Error::UdfNotFound { .. }
        | Error::UdfRejected { .. }
        | Error::UdfDisabled { .. }
        | Error::UdfUnavailable { .. }
        | Error::UdfBusy { .. }
        | Error::InvalidArgument(_) => place,
        _ => return error,
    };
    request.clause_error(place, error)
}

fn json_of(value: &ParamValue) -> serde_json::Value {
    match value {
        ParamValue::Null => serde_json::Value::Null,
        ParamValue::Bool(v) => (*v).into(),
        // As it was written, so that 1 and 1.0 stay what they are.
        ParamValue::Number(n) => serde_json::from_str(n.text()).unwrap_or_default(),
        ParamValue::Str(text) => text.as_str().into(),
        ParamValue::List(items) => items.iter().map(json_of).collect(),
    }
}
