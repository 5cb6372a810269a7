//! Tries a function out before it is registered: on nothing, on made-up documents, and, if it says that it is pure, on
//! the same documents split differently.

use super::manifest::Manifest;
use super::params::Params;
use super::prepared::PreparedUdf;
use super::registered::RegisteredUdf;
use super::synthetic::SyntheticColumns;
use super::values::{ParamType, ParamValue};
use crate::batch::{BatchUdf, Interrupt, Outcome, UdfBatch, Verdict};

const IMPURE: &str = "the manifest says `pure`, but the answers depend on how the documents are split or on earlier calls";

/// Made-up documents of the dry run.
const DOCUMENTS: u32 = 64;

/// Runs a function on made-up input. Returns warnings for its author.
///
/// # Errors
/// `UdfRejected` if it fails on an empty batch, or says it is pure and is caught in a lie.
pub(crate) fn run(udf: &RegisteredUdf) -> crate::Result<Vec<String>> {
    let manifest = udf.manifest();
    let prepared = udf.with_params(made_up(manifest), None)?;
    let rejected = |message: String| crate::Error::UdfRejected {
        message: format!("`{}`: {message}", manifest.label()),
    };
    let mut bound = prepared.bind();
    bound.enter_segment(Box::new(SyntheticColumns::default()))?;
    bound
        .run_empty()
        .map_err(|e| rejected(format!("the trial on no documents failed: {e}")))?;
    let docs: Vec<u32> = (0..DOCUMENTS).collect();
    let whole = match answers(&prepared, &docs, &[docs.len()]) {
        Ok(trial) => trial,
        Err(e) => return Ok(vec![format!("the trial on made-up documents failed: {e}")]),
    };
    let mut warnings = Vec::new();
    if let Some(message) = whole.message {
        let failed = whole.answers.iter().filter(|a| **a == Answer::Error);
        let failed = failed.count();
        warnings.push(format!(
            "the trial on made-up documents failed on {failed} of {DOCUMENTS}: {message}"
        ));
    }
    if manifest.pure {
        let part: Vec<u32> = docs.iter().copied().skip(1).step_by(3).collect();
        let of_part = whole.answers.iter().skip(1).step_by(3);
        if let Ok(trial) = answers(&prepared, &part, &[part.len()])
            && !trial.answers.iter().eq(of_part)
        {
            return Err(rejected(IMPURE.to_string()));
        }
        for split in [
            vec![1; docs.len()],
            vec![docs.len(), docs.len()],
            vec![3, 40, 21],
        ] {
            let Ok(trial) = answers(&prepared, &docs, &split) else {
                continue;
            };
            let lie = trial
                .answers
                .chunks(docs.len())
                .any(|part| part != whole.answers);
            if lie {
                return Err(rejected(IMPURE.to_string()));
            }
        }
    }
    Ok(warnings)
}

struct Trial {
    answers: Vec<Answer>,
    message: Option<String>,
}

/// What was said of one document.
#[derive(Debug, PartialEq)]
enum Answer {
    No,
    /// With the bits of the number, or the string.
    Yes(u64, String),
    Error,
}

fn answer(outcome: &Outcome, index: usize) -> Answer {
    match outcome.verdicts[index] {
        Verdict::No => Answer::No,
        Verdict::Error => Answer::Error,
        Verdict::Yes => {
            let score = outcome.scores.get(index).map(|score| score.to_bits());
            let bits = score.or(outcome.values.bits.get(index).copied());
            let text = match outcome.values.ends.is_empty() {
                true => "",
                false => outcome.values.string(index),
            };
            Answer::Yes(bits.unwrap_or(0), text.to_string())
        }
    }
}

/// Asks one binding about `docs`, again and again, in calls of the sizes in `split`.
fn answers(prepared: &PreparedUdf, docs: &[u32], split: &[usize]) -> crate::Result<Trial> {
    let mut bound = prepared.bind();
    bound.enter_segment(Box::new(SyntheticColumns::default()))?;
    let scores = vec![1.0_f32; docs.len()];
    let mut trial = Trial {
        answers: Vec::new(),
        message: None,
    };
    let mut outcome = Outcome::default();
    let mut at = 0;
    for len in split {
        let batch = UdfBatch {
            docs: &docs[at..at + len],
            scores: Some(&scores[at..at + len]),
        };
        bound.evaluate(batch, &Interrupt::default(), &mut outcome)?;
        trial.answers.extend((0..*len).map(|i| answer(&outcome, i)));
        trial.message = trial
            .message
            .or_else(|| Some(outcome.failures.first()?.message.clone()));
        at = (at + len) % docs.len();
    }
    Ok(trial)
}

/// Parameters that fit: defaults, or something small.
fn made_up(manifest: &Manifest) -> Params {
    let one = |param_type, list| match (param_type, list) {
        (ParamType::Bool, false) => ParamValue::Bool(true),
        (ParamType::I32 | ParamType::I64, false) => ParamValue::I64(1),
        (ParamType::F32 | ParamType::F64, false) => ParamValue::F64(1.0),
        (ParamType::Str, false) => ParamValue::Str("a".to_string()),
        (ParamType::Bool, true) => ParamValue::BoolList(vec![true]),
        (ParamType::I32 | ParamType::I64, true) => ParamValue::I64List(vec![1, 2]),
        (ParamType::F32 | ParamType::F64, true) => ParamValue::F64List(vec![1.0, 2.0]),
        (ParamType::Str, true) => ParamValue::StrList(vec!["a".to_string(), "b".to_string()]),
    };
    let spec = |p: &super::manifest::ParamSpec| match (&p.default, p.required) {
        (Some(default), _) => Some(default.clone()),
        (None, true) => Some(one(p.param_type, p.list)),
        (None, false) => None,
    };
    manifest.params.iter().map(spec).collect()
}
