//! What functions compute of the hits of a page: `script_fields`.

use std::sync::Arc;

use crate::ErrorCode;
use crate::batch::{BATCH_CAPACITY, FunctionSource, Interrupt, Returns, ValueType};
use crate::index::Snapshot;
use crate::query::SearchRequest;

use super::collector::Scored;
use super::functions::{At, Function, Role, state};

/// A value that a function computed of a hit.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A boolean.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A finite floating point number.
    F64(f64),
    /// A string.
    Str(String),
}

/// A name and the value of that name.
pub type ComputedField = (Arc<str>, FieldValue);

/// The functions of a request's `script_fields`.
pub(super) struct ScriptFields {
    fields: Vec<(Arc<str>, Function)>,
}

impl ScriptFields {
    /// Finds the functions, before anything is searched.
    pub(super) fn prepare(
        request: &SearchRequest,
        source: Option<&dyn FunctionSource>,
        snapshot: &Snapshot,
    ) -> crate::Result<Self> {
        let find = |field: &crate::query::ScriptField| {
            let (clause, place) = (&field.function, field.place);
            let schema = snapshot.schema();
            let function = Function::prepare(clause, place, Role::Field, request, source, schema)?;
            Ok((Arc::from(field.name.as_str()), function))
        };
        let fields = request.script_fields.iter().map(find);
        Ok(Self {
            fields: fields.collect::<crate::Result<_>>()?,
        })
    }

    /// Whether a function wants the hits' scores.
    pub(super) fn wants_scores(&self) -> bool {
        self.fields.iter().any(|(_, f)| f.wants_score())
    }

    /// Computes the fields of hits, in the order of the request; a field is left out where there is no value, or where the function
    /// failed. False if there was no time for all.
    pub(super) fn compute(
        &mut self,
        snapshot: &Snapshot,
        hits: &[Scored],
        interrupt: &Interrupt,
        out: &mut [Vec<ComputedField>],
    ) -> crate::Result<bool> {
        // Functions see documents as the index has them, not as they are sorted.
        let mut order: Vec<usize> = (0..hits.len()).collect();
        order.sort_by_key(|&i| hits[i].at);
        for (name, function) in &mut self.fields {
            for places in order.chunk_by(|&a, &b| hits[a].at.segment == hits[b].at.segment) {
                let at = At {
                    snapshot,
                    segment: hits[places[0]].at.segment,
                    interrupt,
                };
                match one(function, at, places, hits, name, out) {
                    Err(error) if error.code() == ErrorCode::Timeout => return Ok(false),
                    done => done?,
                }
            }
        }
        Ok(true)
    }

    /// The functions, to be reported.
    pub(super) fn into_functions(self) -> impl Iterator<Item = Function> {
        self.fields.into_iter().map(|(_, function)| function)
    }
}

/// Computes one field of the hits of a segment.
fn one(
    function: &mut Function,
    at: At<'_>,
    places: &[usize],
    hits: &[Scored],
    name: &Arc<str>,
    out: &mut [Vec<ComputedField>],
) -> crate::Result<()> {
    function.enter_segment(at)?;
    for places in places.chunks(BATCH_CAPACITY) {
        let docs: Vec<u32> = places.iter().map(|&i| hits[i].at.doc).collect();
        let scores: Vec<f32> = places.iter().map(|&i| hits[i].score).collect();
        function.ask(at, &docs, &scores)?;
        for (row, &place) in places.iter().enumerate() {
            if function.states()[row] == state::YES {
                out[place].push((Arc::clone(name), value(function, row)));
            }
        }
    }
    Ok(())
}

fn value(function: &Function, row: usize) -> FieldValue {
    let values = function.values();
    let bits = values.bits.get(row).copied().unwrap_or_default();
    match function.returns() {
        Returns::Value(ValueType::Str) => FieldValue::Str(values.string(row).to_string()),
        Returns::Value(ValueType::Bool) => FieldValue::Bool(bits != 0),
        Returns::Value(ValueType::F64) => FieldValue::F64(f64::from_bits(bits)),
        _ => FieldValue::I64(bits.cast_signed()),
    }
}
