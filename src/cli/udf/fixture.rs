//! Documents of a test or a measurement, as a segment of a real index, and functions asked about them as a search asks them.

use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};

use super::cases::Answer;
use super::project::Module;
use crate::Error;
use crate::batch::{
    BatchUdf, ColumnRequest, Interrupt, Outcome, Returns, UdfBatch, ValueType, Verdict,
};
use crate::index::{IndexWriter, MergeOptions, Snapshot, WriterOptions};
use crate::udf::{
    BreakerOptions, EngineOptions, LogLine, PreparedUdf, UdfEngine, UdfLimits, UdfRegistry,
};

/// Documents are one segment up to about this much RAM.
const RAM_BUFFER_BYTES: u64 = 1 << 30;

/// An index that goes when it is dropped.
pub(super) struct Fixture {
    snapshot: Snapshot,
    _folder: Folder,
}

/// A folder for a while.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is in the system's folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Fixture {
    /// Indexes documents with their `_id`s, in order; the first is number 0.
    ///
    /// # Errors
    /// Those of the index; with a document that doesn't fit, its number.
    pub(super) fn new<'d>(
        mapping: &str,
        documents: impl Iterator<Item = (String, &'d str)>,
    ) -> Result<Self, (Option<usize>, Error)> {
        let name = format!("diagon-udf-{}", uuid::Uuid::new_v4());
        let folder = Folder(std::env::temp_dir().join(name));
        let options = WriterOptions {
            ram_buffer_bytes: RAM_BUFFER_BYTES,
            merges: MergeOptions {
                background: false,
                ..MergeOptions::default()
            },
            ..WriterOptions::default()
        };
        let other = |error| (None, error);
        let mut writer = IndexWriter::open(&folder.0, Some(mapping), options).map_err(other)?;
        for (number, (id, document)) in documents.enumerate() {
            let added = writer.add(Some(&id), document.as_bytes());
            added.map_err(|error| (Some(number), error))?;
        }
        let snapshot = writer.commit().map_err(other)?;
        let fixture = Self {
            snapshot,
            _folder: folder,
        };
        if fixture.snapshot.segments() > 1 {
            let message = "these documents are more than one segment takes".to_string();
            return Err(other(Error::InvalidArgument(message)));
        }
        Ok(fixture)
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Asks a function about documents in one batch, and takes what it logged.
    pub(super) fn ask(
        &self,
        prepared: &PreparedUdf,
        docs: &[u32],
        scores: Option<&[f32]>,
    ) -> (crate::Result<Vec<Answer>>, Vec<LogLine>) {
        let mut bound = prepared.bind();
        let mut outcome = Outcome::default();
        let columns = self.snapshot.columns(0);
        let answered = columns.and_then(|columns| {
            bound.enter_segment(Box::new(columns))?;
            let batch = UdfBatch { docs, scores };
            bound.evaluate(batch, &Interrupt::default(), &mut outcome)
        });
        let answers = answered.map(|()| {
            let one = |place| answer(&outcome, bound.returns(), place);
            (0..docs.len()).map(one).collect()
        });
        (answers, bound.take_log())
    }
}

fn answer(outcome: &Outcome, returns: Returns, place: usize) -> Answer {
    let said = match (outcome.verdicts[place], returns) {
        (Verdict::Error, _) => {
            let failure = outcome.failures.iter().find(|f| f.index == place);
            let message = failure.map_or("", |f| &f.message);
            return Answer::Failed(message.to_string());
        }
        (verdict, Returns::Filter) => Json::Bool(verdict == Verdict::Yes),
        (Verdict::No, _) => Json::Null,
        (_, Returns::Score) => json!(outcome.scores[place]),
        (_, Returns::Value(ValueType::Str)) => json!(outcome.values.string(place)),
        (_, Returns::Value(ValueType::Bool)) => json!(outcome.values.bits[place] != 0),
        (_, Returns::Value(ValueType::I64)) => json!(outcome.values.bits[place].cast_signed()),
        (_, Returns::Value(ValueType::F64)) => json!(f64::from_bits(outcome.values.bits[place])),
    };
    Answer::Said(said)
}

/// A registry that asks functions each time: what was answered once would be neither tested nor measured.
///
/// # Errors
/// `Internal` if the machine has no room for the runtime.
pub(super) fn registry() -> crate::Result<UdfRegistry> {
    let engine = UdfEngine::new(&EngineOptions::default())?;
    let limits = UdfLimits {
        result_cache_bytes: 0,
        // What fails again and again is to be seen again and again.
        breaker: BreakerOptions {
            failures: 0,
            ..BreakerOptions::default()
        },
        ..UdfLimits::default()
    };
    Ok(UdfRegistry::in_memory_with(engine, limits))
}

/// Registers a module there, without limits of how often it may be used; returns the labels of its functions.
///
/// # Errors
/// As [`UdfRegistry::add`].
pub(super) fn register(registry: &UdfRegistry, module: &Module) -> crate::Result<Vec<String>> {
    let checked = registry.check(&module.bytes, module.manifest.as_deref());
    let checked = checked.map_err(|error| module.named(error))?;
    let mut manifests = Vec::new();
    for registration in checked {
        let manifest = registration.udf.manifest();
        let mut json = manifest.json.clone();
        if let Some(limits) = json.get_mut("limits").and_then(Json::as_object_mut) {
            for of_use in ["queries_per_second", "concurrent_queries", "instances"] {
                limits.remove(of_use);
            }
        }
        manifests.push(json.to_string());
    }
    let added = registry.add(&module.bytes, Some(&manifests.join("\n")))?;
    let label = |r: crate::udf::Registration| r.udf.manifest().label();
    Ok(added.into_iter().map(label).collect())
}

/// A mapping in which functions find the columns that they ask for. What is read as an integer and as a number with a fraction is an integer.
///
/// # Errors
/// `InvalidArgument` if two of them read one field as different types.
pub(super) fn mapping_for<'r>(
    requests: impl Iterator<Item = &'r ColumnRequest>,
) -> crate::Result<String> {
    let mut root = Map::new();
    for request in requests {
        if request.field == "_source" || request.field.starts_with("_source.") {
            continue;
        }
        let field_type = type_of(request.value_type);
        let found = put(&mut root, &request.field, field_type);
        let numbers = ["long", "double"];
        let both = numbers.contains(&field_type) && found.is_some_and(|t| numbers.contains(&t));
        if found != Some(field_type) && !both {
            let other = found.unwrap_or("an object");
            return Err(Error::InvalidArgument(format!(
                "field `{}` is read as {field_type} and as {other}: write the documents' mapping into schema.json",
                request.field
            )));
        }
        if both && found != Some("long") && field_type == "long" {
            replace(&mut root, &request.field, field_type);
        }
    }
    Ok(json!({"dynamic": false, "properties": root}).to_string())
}

/// The type of a field that is read as such values.
const fn type_of(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Bool => "boolean",
        ValueType::I64 => "long",
        ValueType::F64 => "double",
        ValueType::Str => "keyword",
    }
}

/// Adds a field at a path; returns the type that it has there, `None` if it is an object or below a value.
fn put(
    properties: &mut Map<String, Json>,
    path: &str,
    field_type: &'static str,
) -> Option<&'static str> {
    let Some((object, rest)) = path.split_once('.') else {
        let field = properties.entry(path);
        let field = field.or_insert_with(|| json!({"type": field_type}));
        let found = field.get("type").and_then(Json::as_str)?;
        let all = ["boolean", "long", "double", "keyword"];
        return all.into_iter().find(|known| *known == found);
    };
    let inner = properties
        .entry(object)
        .or_insert_with(|| json!({"properties": {}}));
    put(
        inner.get_mut("properties")?.as_object_mut()?,
        rest,
        field_type,
    )
}

/// Changes the type of a field that is there.
fn replace(properties: &mut Map<String, Json>, path: &str, field_type: &str) {
    let pointer = format!("/{}/type", path.replace('.', "/properties/"));
    let mut root = Json::Object(std::mem::take(properties));
    if let Some(found) = root.pointer_mut(&pointer) {
        *found = field_type.into();
    }
    if let Json::Object(changed) = root {
        *properties = changed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(field: &str, value_type: ValueType) -> ColumnRequest {
        ColumnRequest {
            field: field.into(),
            value_type,
            list: false,
            default: None,
            optional: false,
        }
    }

    #[test]
    fn mappings_of_what_is_read() {
        let requests = [
            request("price", ValueType::F64),
            request("place.lat", ValueType::F64),
            request("place.lon", ValueType::F64),
            request("price", ValueType::F64),
            request("_source.a.b", ValueType::Str),
            request("tags", ValueType::Str),
            request("n.sold", ValueType::F64),
            request("n.sold", ValueType::I64),
            request("n.sold", ValueType::F64),
        ];
        let mapping: Json = serde_json::from_str(&mapping_for(requests.iter()).unwrap()).unwrap();
        assert_eq!(
            mapping["properties"],
            json!({"price": {"type": "double"}, "tags": {"type": "keyword"}, "n": {"properties": {"sold": {"type": "long"}}},
                "place": {"properties": {"lat": {"type": "double"}, "lon": {"type": "double"}}}})
        );
        for (a, b) in [
            (request("x", ValueType::I64), request("x", ValueType::Str)),
            (request("x", ValueType::I64), request("x.y", ValueType::I64)),
            (request("x.y", ValueType::I64), request("x", ValueType::I64)),
        ] {
            let error = mapping_for([a, b].iter()).unwrap_err().to_string();
            assert!(error.contains("schema.json"), "{error}");
        }
    }
}
