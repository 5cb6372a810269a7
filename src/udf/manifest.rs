//! What a function says about itself: the JSON in the custom section `diagon.udf` of its module.
//!
//! A manifest is read without running anything. One module may carry several, one behind the other; each is one
//! function. Modules of the row ABI say `"abi": "row"`; where their imports don't tell which of the two row conventions
//! they were built for, they add `"row": "old"` or `"row": "new"`, and `"positional": ["name", …]` names the parameters
//! that come as extra arguments behind `ctx`.

use serde::Deserialize;
use serde_json::Value as Json;

use super::json::parse_objects;
use super::limits::{MAX_MANIFEST_BYTES, clip};
use super::manifest_limits::ManifestLimits;
use super::manifest_parse;
use super::outputs::Output;
use super::values::{ParamType, ParamValue};
use crate::batch::{ColumnRequest, Returns, ValueType};

/// What a function computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Whether a document matches.
    Filter,
    /// A document's score.
    Score,
    /// A computed field.
    Value,
}

impl Kind {
    /// The name in manifests, which is also the export that a manifest without `export` means.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Score => "score",
            Self::Value => "value",
        }
    }
}

/// Which of the two row conventions a module was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowConvention {
    /// `get_field_int64`, two-argument `log`, `get_field_string` returns 1 for ok.
    Old,
    /// `get_field_i64`, three-argument `log`, `get_field_string` returns 0 for ok.
    New,
}

/// How the host calls a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Abi {
    /// Version 1 of the batch ABI.
    Batch,
    /// One call a document.
    Row {
        /// What the manifest says of the convention; `None` leaves it to the imports.
        convention: Option<RowConvention>,
        /// The parameters, by place in [`Manifest::params`], that are extra arguments.
        positional: Vec<usize>,
    },
}

/// An input that is not a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The document's number in its segment.
    DocId,
    /// The document's `_id`.
    Id,
    /// The score of the rest of the query.
    Score,
}

/// A column that a function reads.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// The field, or the function's own name for it with `from_param`.
    pub name: String,
    /// The parameter that names the field, by place in [`Manifest::params`].
    pub from_param: Option<usize>,
    /// With `from_param`: the half of a geo point, `lat` or `lon`.
    pub part: Option<String>,
    /// The type, the default and the rest. `field` is `name`.
    pub request: ColumnRequest,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Its name.
    pub name: String,
    /// Its type, or that of its items.
    pub param_type: ParamType,
    /// Whether it is a list.
    pub list: bool,
    /// A query has to give it.
    pub required: bool,
    /// What it is where the query doesn't give it.
    pub default: Option<ParamValue>,
}

/// A manifest, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `[a-z0-9][a-z0-9_.-]{0,127}`.
    pub name: String,
    /// The version of the function.
    pub version: semver::Version,
    /// For people.
    pub description: String,
    /// What it computes.
    pub kind: Kind,
    /// What a [`Kind::Value`] returns.
    pub returns: Option<ValueType>,
    /// Of a [`Kind::Score`]: it returns no higher score, so that a search for the best hits can leave documents out.
    pub max_score: Option<f64>,
    /// How it is called.
    pub abi: Abi,
    /// The export that is called.
    pub export: String,
    /// What it reads of a document.
    pub fields: Vec<FieldSpec>,
    /// What a query gives it.
    pub params: Vec<ParamSpec>,
    /// Its answer depends on nothing but its inputs.
    pub pure: bool,
    /// What else it reads.
    pub inputs: Vec<Input>,
    /// What it asks to be limited to.
    pub limits: ManifestLimits,
    /// The manifest as it was written.
    pub json: Json,
}

impl Manifest {
    /// Reads one or more manifests, one behind the other, 64 KiB together at most.
    ///
    /// # Errors
    /// `UdfRejected` that names the function and the place.
    pub fn parse_all(text: &[u8]) -> crate::Result<Vec<Self>> {
        if text.len() > MAX_MANIFEST_BYTES {
            return Err(rejected(format!(
                "the manifest has {} bytes, the limit is {MAX_MANIFEST_BYTES}",
                text.len()
            )));
        }
        let mut manifests: Vec<Self> = Vec::new();
        for json in parse_objects(text)? {
            let name = json
                .get("name")
                .and_then(Json::as_str)
                .unwrap_or("without a name");
            let shown: String = name.chars().take(128).collect();
            let prefix = format!("manifest of `{shown}`");
            let manifest =
                manifest_parse::one(&json).map_err(|e| rejected(format!("{prefix}: {e}")))?;
            if manifests
                .iter()
                .any(|m| m.name == manifest.name && m.version == manifest.version)
            {
                return Err(rejected(format!("{prefix}: the module has it twice")));
            }
            manifests.push(manifest);
        }
        if manifests.is_empty() {
            return Err(rejected("the manifest is empty".to_string()));
        }
        Ok(manifests)
    }

    /// Name and version, as messages show them.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// What its answers look like.
    pub(crate) fn output(&self) -> Output {
        let returns = match (self.kind, self.returns) {
            (Kind::Score, _) => Returns::Score,
            (Kind::Value, Some(value_type)) => Returns::Value(value_type),
            _ => Returns::Filter,
        };
        Output {
            returns,
            max_score: self.max_score,
        }
    }

    /// Whether the function reads `input`.
    #[must_use]
    pub fn wants(&self, input: Input) -> bool {
        self.inputs.contains(&input)
    }
}

/// Whether `name` may be the name of a function.
#[must_use]
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    (1..=128).contains(&bytes.len())
        && plain(bytes[0])
        && bytes
            .iter()
            .all(|b| plain(*b) || matches!(b, b'_' | b'.' | b'-'))
}

fn rejected(message: String) -> crate::Error {
    crate::Error::UdfRejected {
        message: clip(message),
    }
}
