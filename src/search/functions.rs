//! The functions of one search: found in the registry, bound to their parameters, asked batch by batch.

use crate::Error;
use crate::batch::{
    BATCH_CAPACITY, BatchUdf, Failure, FailureKind, FunctionCounts, FunctionSource, Interrupt,
    Outcome, Returns, UdfBatch, Verdict,
};
use crate::index::{SegmentColumns, Snapshot};
use crate::query::{OnError, ParamValue, SearchRequest};
use crate::schema::Schema;

use super::lower::Leaf;

/// Failed documents that a response names, for each function.
const MAX_SAMPLES: usize = 3;

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

/// One leaf's function.
pub(super) struct Function {
    bound: Box<dyn BatchUdf>,
    /// What the leaf's value is for a document that the function failed on; `None`: the search fails.
    on_error: Option<u8>,
    outcome: Outcome,
    values: Vec<u8>,
    samples: Vec<(String, FailureKind, String)>,
    wants_score: bool,
    negated: bool,
}

impl Function {
    /// Finds the function of a leaf and checks its parameters and fields against the schema.
    pub(super) fn prepare(
        leaf: &Leaf<'_>,
        request: &SearchRequest,
        source: Option<&dyn FunctionSource>,
        schema: &Schema,
    ) -> crate::Result<Self> {
        let clause = leaf.clause;
        let Some(source) = source else {
            let message = "this search has no functions".to_string();
            let name = clause.name.clone();
            return Err(request.clause_error(leaf.place, Error::UdfNotFound { name, message }));
        };
        let mut parameters = serde_json::Map::new();
        for parameter in &clause.parameters {
            parameters.insert(parameter.name.clone(), json_of(&parameter.value));
        }
        let bound = source
            .bind(&clause.name, clause.version.as_deref(), &parameters)
            .map_err(|error| located(error, leaf, request))?;
        if bound.returns() != Returns::Filter {
            let kind = bound.returns().kind();
            let message = format!(
                "`{}` is a {kind} function; here stands a filter",
                bound.label()
            );
            return Err(request.error(leaf.place, message));
        }
        for column in bound.requests() {
            SegmentColumns::check(schema, column).map_err(|error| {
                request.error(leaf.place, format!("function `{}`: {error}", bound.label()))
            })?;
        }
        let wants_score = bound.wants_score();
        if wants_score && !leaf.may_see_score {
            let message = format!(
                "`{}` asks for the score, which a filter has only in the `must` or `filter` of the outermost `bool`",
                bound.label()
            );
            return Err(request.error(leaf.place, message));
        }
        // Under `exclude` a failure takes the value that can only remove the document.
        let on_error = match clause.on_error {
            OnError::Exclude => Some(u8::from(leaf.negated)),
            OnError::Include => Some(u8::from(!leaf.negated)),
            OnError::Fail => None,
        };
        Ok(Self {
            bound,
            on_error,
            outcome: Outcome::default(),
            values: Vec::with_capacity(BATCH_CAPACITY),
            samples: Vec::new(),
            wants_score,
            negated: leaf.negated,
        })
    }

    /// Whether it stands under an odd number of `must_not`.
    pub(super) fn is_negated(&self) -> bool {
        self.negated
    }

    pub(super) fn wants_score(&self) -> bool {
        self.wants_score
    }

    pub(super) fn enter_segment(&mut self, snapshot: &Snapshot, segment: u32) -> crate::Result<()> {
        self.bound
            .enter_segment(Box::new(snapshot.columns(segment)?))
    }

    /// The leaf's values (0 or 1) for documents of the segment.
    pub(super) fn values(
        &mut self,
        snapshot: &Snapshot,
        segment: u32,
        docs: &[u32],
        scores: &[f32],
        interrupt: &Interrupt,
    ) -> crate::Result<&[u8]> {
        let scores = self.wants_score.then_some(scores);
        self.bound
            .evaluate(UdfBatch { docs, scores }, interrupt, &mut self.outcome)?;
        self.values.clear();
        let verdicts = self.outcome.verdicts.iter();
        self.values.extend(verdicts.map(|verdict| *verdict as u8));
        if self.values.contains(&ERROR) {
            let first = self.values.iter().position(|value| *value == ERROR);
            let first = first.unwrap_or(0);
            let instead = self.on_error.unwrap_or(0);
            let failed = self.values[first..].iter_mut();
            failed
                .filter(|value| **value == ERROR)
                .for_each(|value| *value = instead);
            self.note_failures(snapshot, segment, docs, first)?;
        }
        Ok(&self.values)
    }

    /// Keeps the first failures for the response, or fails the search.
    #[cold]
    fn note_failures(
        &mut self,
        snapshot: &Snapshot,
        segment: u32,
        docs: &[u32],
        first: usize,
    ) -> crate::Result<()> {
        let said_nothing = |index| Failure {
            index,
            kind: FailureKind::Guest,
            message: "the function said that it can't answer for this document".to_string(),
        };
        let id = |index: usize| {
            snapshot.id(crate::index::DocAddress {
                segment,
                doc: docs[index],
            })
        };
        let failures = &self.outcome.failures;
        if self.on_error.is_none() {
            let told = failures
                .iter()
                .find(|failure| failure.index == first)
                .cloned();
            let failure = told.unwrap_or_else(|| said_nothing(first));
            return Err(Error::UdfFailed {
                name: self.bound.label().to_string(),
                document: id(first)?,
                message: failure.message,
            });
        }
        let verdicts = self.outcome.verdicts.iter().enumerate();
        for (index, _) in verdicts.filter(|(_, verdict)| **verdict == Verdict::Error) {
            if self.samples.len() == MAX_SAMPLES {
                break;
            }
            let told = failures
                .iter()
                .find(|failure| failure.index == index)
                .cloned();
            let failure = told.unwrap_or_else(|| said_nothing(index));
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

/// Says where in the request the clause is, or its parameter.
fn located(error: Error, leaf: &Leaf<'_>, request: &SearchRequest) -> Error {
    let place = match &error {
        Error::UdfParameter { parameter, .. } => {
            let mut parameters = leaf.clause.parameters.iter();
            parameters
                .find(|p| p.name == *parameter)
                .map_or(leaf.place, |p| p.place)
        }
        Error::UdfNotFound { .. }
        | Error::UdfRejected { .. }
        | Error::UdfDisabled { .. }
        | Error::InvalidArgument(_) => leaf.place,
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
