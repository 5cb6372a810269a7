//! Cases of a function: documents, parameters, and what is expected of them, one JSON object a line.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use super::super::input;
use crate::Error;

/// Bytes of a file of cases.
const MAX_BYTES: usize = 100 << 20;

/// Numbers are equal that differ by less than this part of the expected one.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// Where it stands in its file; from 1.
    #[serde(skip)]
    pub(super) line: usize,
    /// Which function, as `name` or `name@version`; a module with one needs no name.
    pub(super) function: Option<String>,
    /// As it would be added to an index, byte for byte.
    pub(super) document: Box<RawValue>,
    #[serde(default)]
    pub(super) parameters: Map<String, Json>,
    /// A boolean of a filter, a number of a score function, any scalar of a value function, null where there is none; or
    /// `{"error": "part of the message"}`.
    expected: Json,
    /// The score of the rest of the query, for functions that read it.
    pub(super) score: Option<f32>,
    /// How far a number may be from the expected one.
    tolerance: Option<f64>,
    /// For people.
    #[serde(rename = "comment")]
    _comment: Option<String>,
}

/// What a function said of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// A boolean, a number, a string, or null for a value that is missing.
    Said(Json),
    /// With the message.
    Failed(String),
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said(json) => json.fmt(f),
            Self::Failed(message) => write!(f, "{}", serde_json::json!({"error": message})),
        }
    }
}

impl Answer {
    /// Whether two answers of one function are the same; messages may differ.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Said(a), Self::Said(b)) => a == b,
            (Self::Failed(_), Self::Failed(_)) => true,
            _ => false,
        }
    }
}

impl Case {
    /// What is expected, as it was written.
    pub(super) fn expected(&self) -> &Json {
        &self.expected
    }

    pub(super) fn accepts(&self, answer: &Answer) -> bool {
        match (answer, &self.expected) {
            (Answer::Failed(message), Json::Object(expected)) => {
                let part = expected.get("error").and_then(Json::as_str);
                part.is_some_and(|part| message.contains(part))
            }
            (Answer::Said(Json::Number(got)), Json::Number(expected)) if got != expected => {
                // Two integers are equal or not.
                let exact = !got.is_f64() && !expected.is_f64();
                let (Some(got), Some(expected)) = (got.as_f64(), expected.as_f64()) else {
                    return false;
                };
                let usual = if exact {
                    0.0
                } else {
                    TOLERANCE * expected.abs()
                };
                let within = self.tolerance.unwrap_or(usual);
                (got - expected).abs() <= within
            }
            (Answer::Said(got), expected) => got == expected,
            (Answer::Failed(_), _) => false,
        }
    }
}

/// Reads a file of cases; empty lines are skipped.
///
/// # Errors
/// `Io`; `InvalidArgument` that names file, line and column.
pub(super) fn read(path: &Path) -> crate::Result<Vec<Case>> {
    let text = input::text(path, MAX_BYTES)?;
    let mut cases = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |message: &str, column: usize| {
            let place = format!("{}:{}:{column}", path.display(), number + 1);
            Error::InvalidArgument(format!("{place}: {message}"))
        };
        let mut case: Case = serde_json::from_str(line).map_err(|error| {
            let (mut message, column) = (error.to_string(), error.column());
            if error.is_eof() {
                message.insert_str(0, "a case is one JSON object on one line: ");
            }
            // It ends with a place of its own, whose line is always 1.
            wrong(message.split(" at line ").next().unwrap_or(""), column)
        })?;
        let fine = match &case.expected {
            Json::Object(o) => o.len() == 1 && o.get("error").is_some_and(Json::is_string),
            Json::Array(_) => false,
            _ => true,
        };
        if !fine {
            let message =
                "`expected` is a value, or {\"error\": \"part of the message\"} for a failure";
            return Err(wrong(message, 1));
        }
        if !case.document.get().starts_with('{') {
            return Err(wrong("`document` is a JSON object", 1));
        }
        case.line = number + 1;
        cases.push(case);
    }
    if cases.is_empty() {
        let message = format!("{}: there are no cases", path.display());
        return Err(Error::InvalidArgument(message));
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_text(text: &str) -> crate::Result<Vec<Case>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn tells_the_place_of_a_mistake() {
        for (text, needles) in [
            ("\n{\"document\": {}}", [":2:", "missing field `expected`"]),
            (
                "{\"document\": {}, \"expected\": [1]}",
                [":1:1", "`expected` is a value"],
            ),
            (
                "{\"document\": 5, \"expected\": null}",
                [":1:1", "`document` is"],
            ),
            (
                "{\"document\": {}, \"expected\": 1, \"x\": 2}",
                [":1:", "unknown field `x`"],
            ),
            ("\n\n", ["cases", "there are no cases"]),
        ] {
            let error = read_text(text).err().unwrap().to_string();
            assert!(needles.iter().all(|n| error.contains(n)), "{error}");
            assert!(!error.contains("at line"), "{error}");
        }
    }

    #[test]
    fn compares_as_it_says() {
        let case = |expected: Json, more: &str| {
            let text = format!("{{\"document\": {{}}, \"expected\": {expected}{more}}}");
            read_text(&text).unwrap().remove(0)
        };
        let said = |json: Json| Answer::Said(json);
        assert!(case(json!(0.1), "").accepts(&said(json!(0.1 + 1e-12))));
        assert!(!case(json!(0.1), "").accepts(&said(json!(0.1001))));
        assert!(case(json!(0.1), ", \"tolerance\": 0.01").accepts(&said(json!(0.1001))));
        assert!(case(json!(2), "").accepts(&said(json!(2.0))));
        let ms = 1_793_491_200_000_i64;
        assert!(!case(json!(ms), "").accepts(&said(json!(ms + 1))));
        assert!(case(json!(ms), ", \"tolerance\": 1").accepts(&said(json!(ms + 1))));
        assert!(case(json!(null), "").accepts(&said(Json::Null)));
        assert!(!case(json!(null), "").accepts(&said(json!(false))));
        assert!(!case(json!(true), "").accepts(&said(json!(1))));
        let failed = Answer::Failed("function: out of range".into());
        assert!(case(json!({"error": "range"}), "").accepts(&failed));
        assert!(!case(json!({"error": "other"}), "").accepts(&failed));
        assert!(!case(json!(false), "").accepts(&failed));
        assert!(!case(json!({"error": "range"}), "").accepts(&said(json!(false))));
        assert!(failed.agrees(&Answer::Failed("another".into())));
    }
}
