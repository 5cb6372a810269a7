//! Mapping JSON → schema. What isn't understood is refused by name: an option that is silently ignored gives wrong hits.

use serde_json::{Map, Value};

use super::dynamic::Dynamic;
use super::field::{DeclaredType, Field, FieldId, FieldType, Role};
use super::print::{META_ORDER, ordered_names};
use super::{DateFormats, Schema};
use crate::Error;
use crate::analysis::Analyzer;
use crate::strict_json::Strict;

/// Adds a mapping's fields to the schema.
pub(super) fn apply(schema: &mut Schema, json: &[u8]) -> crate::Result<()> {
    let Strict(value) = serde_json::from_slice(json)
        .map_err(|error| fail("$", format!("not valid JSON: {error}")))?;
    let root = object(&value, "$")?;
    match root.get("mappings") {
        Some(mappings) => {
            if let Some(other) = root.keys().find(|key| *key != "mappings") {
                return Err(fail(other, "unknown key beside `mappings`"));
            }
            root_object(schema, object(mappings, "mappings")?)
        }
        None => root_object(schema, root),
    }
}

fn root_object(schema: &mut Schema, root: &Map<String, Value>) -> crate::Result<()> {
    for (key, value) in root {
        match key.as_str() {
            "properties" => properties(schema, "", value)?,
            "dynamic" => schema.dynamic = dynamic(value, "dynamic")?,
            "date_detection" => schema.date_detection = boolean(value, "date_detection")?,
            "_meta" => {}
            _ => {
                return Err(unknown(
                    key,
                    key,
                    "properties, dynamic, date_detection, _meta",
                ));
            }
        }
    }
    // What stands there of others' is not kept: it says nothing about fields.
    match root.get("_meta").and_then(|meta| meta.get(META_ORDER)) {
        Some(order) => renumber(schema, order),
        None => Ok(()),
    }
}

/// The names under `properties`. `around` is the object's dotted name, empty at the root.
fn properties(schema: &mut Schema, around: &str, value: &Value) -> crate::Result<()> {
    let place = if around.is_empty() {
        "properties"
    } else {
        around
    };
    for (key, body) in object(value, place)? {
        let name = if around.is_empty() {
            key.clone()
        } else {
            format!("{around}.{key}")
        };
        if key.trim().is_empty() {
            return Err(fail(place, "a field's name can't be empty"));
        }
        let body = object(body, &name)?;
        let kind = body
            .get("type")
            .map(|kind| string(kind, &name))
            .transpose()?;
        match kind {
            None | Some("object") => inner_object(schema, &name, body)?,
            Some(kind) => field(schema, &name, kind, body, Role::Own)?,
        }
    }
    Ok(())
}

fn inner_object(schema: &mut Schema, name: &str, body: &Map<String, Value>) -> crate::Result<()> {
    if !(body.contains_key("type")
        || body.contains_key("properties")
        || body.contains_key("dynamic"))
    {
        return Err(fail(name, "a field needs `type`, an object `properties`"));
    }
    schema
        .add_object(name)
        .map_err(|message| fail(name, message))?;
    for (key, value) in body {
        let path = format!("{name}.{key}");
        match key.as_str() {
            "type" => {}
            "properties" => properties(schema, name, value)?,
            "dynamic" => {
                schema
                    .objects
                    .insert(name.to_string(), Some(dynamic(value, &path)?));
            }
            _ => return Err(unknown(&path, key, "type, properties, dynamic")),
        }
    }
    Ok(())
}

/// A field and its multi-fields.
fn field(
    schema: &mut Schema,
    name: &str,
    kind: &str,
    body: &Map<String, Value>,
    role: Role,
) -> crate::Result<()> {
    let declared = DeclaredType::ALL
        .into_iter()
        .find(|declared| declared.name() == kind);
    let declared = declared.ok_or_else(|| {
        let possible = DeclaredType::ALL.map(DeclaredType::name).join(", ");
        fail(
            name,
            format!("unknown type `{kind}`; possible: {possible}, object"),
        )
    })?;
    let mut wanted = Field::new(FieldId(0), name.to_string(), declared);
    wanted.role = role;
    for (key, value) in body {
        option(&mut wanted, key, value)?;
    }
    if !body.contains_key("search_analyzer") {
        wanted.search_analyzer = wanted.analyzer;
    }
    let id = match schema.field(name) {
        Some(there) => {
            let same = Field {
                id: there.id,
                subfields: there.subfields.clone(),
                ..wanted.clone()
            };
            if same != *there {
                return Err(fail(
                    name,
                    "the field is there already and can't be changed",
                ));
            }
            there.id
        }
        None => {
            let id = schema
                .add(name, declared, role)
                .map_err(|message| fail(name, message))?;
            let added = &mut schema.fields[usize::from(id.0)];
            let subfields = std::mem::take(&mut added.subfields);
            *added = Field {
                id,
                subfields,
                ..wanted
            };
            id
        }
    };
    let Some(fields) = body.get("fields") else {
        return Ok(());
    };
    let path = format!("{name}.fields");
    if role != Role::Own || declared == DeclaredType::GeoPoint {
        return Err(fail(&path, "multi-fields are not possible here"));
    }
    for (key, body) in object(fields, &path)? {
        let name = format!("{name}.{key}");
        if key.is_empty() || key.contains('.') {
            return Err(fail(
                &name,
                "a multi-field's name can't be empty or hold a dot",
            ));
        }
        let body = object(body, &name)?;
        let kind = body
            .get("type")
            .ok_or_else(|| fail(&name, "a field needs `type`"))?;
        let kind = string(kind, &name)?;
        if kind == DeclaredType::GeoPoint.name() {
            return Err(fail(&name, "a multi-field can't be a `geo_point`"));
        }
        field(schema, &name, kind, body, Role::Multi(id))?;
    }
    Ok(())
}

/// Sets an option of a field that its type has.
fn option(field: &mut Field, key: &str, value: &Value) -> crate::Result<()> {
    let possible: &[&str] = match field.field_type() {
        FieldType::Text => &[
            "analyzer",
            "search_analyzer",
            "index",
            "doc_values",
            "norms",
            "fields",
        ],
        FieldType::Keyword => &["index", "doc_values", "norms", "ignore_above", "fields"],
        FieldType::Date => &["index", "doc_values", "format", "fields"],
        FieldType::GeoPoint => &[],
        _ => &["index", "doc_values", "fields"],
    };
    let path = format!("{}.{key}", field.name);
    if key != "type" && !possible.contains(&key) {
        let possible = [&["type"], possible].concat().join(", ");
        return Err(unknown(&path, key, &possible));
    }
    match key {
        "index" => field.index = boolean(value, &path)?,
        "doc_values" => field.doc_values = boolean(value, &path)?,
        "norms" => {
            field.norms = boolean(value, &path)?;
            if field.norms && field.field_type() != FieldType::Text {
                return Err(fail(&path, "only text has norms"));
            }
        }
        "analyzer" => field.analyzer = analyzer(value, &path)?,
        "search_analyzer" => field.search_analyzer = analyzer(value, &path)?,
        "ignore_above" => {
            let limit = value.as_u64().and_then(|limit| usize::try_from(limit).ok());
            field.ignore_above = Some(limit.ok_or_else(|| {
                fail(&path, format!("expected an integer from 0, found {value}"))
            })?);
        }
        "format" => {
            field.date_formats =
                DateFormats::new(string(value, &path)?).map_err(|message| fail(&path, message))?;
        }
        _ => {}
    }
    Ok(())
}

/// Gives the fields the order that is listed: the ids they had when the mapping was written.
fn renumber(schema: &mut Schema, order: &Value) -> crate::Result<()> {
    let path = format!("_meta.{META_ORDER}");
    let names = order
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    let names = names.unwrap_or_default();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let mut known: Vec<&str> = ordered_names(schema);
    known.sort_unstable();
    if sorted != known {
        return Err(fail(&path, "must list each field once"));
    }
    let new_ids: Vec<FieldId> = schema
        .fields
        .iter()
        .map(|field| {
            let at = names
                .iter()
                .position(|name| *name == field.name)
                .map_or(0, |at| at + 1);
            FieldId(u16::try_from(at).unwrap_or(u16::MAX))
        })
        .collect();
    let moved = |id: FieldId| new_ids[usize::from(id.0)];
    for field in &mut schema.fields {
        field.id = moved(field.id);
        field.role = match field.role {
            Role::Own => Role::Own,
            Role::Multi(id) => Role::Multi(moved(id)),
            Role::Lat(id) => Role::Lat(moved(id)),
            Role::Lon(id) => Role::Lon(moved(id)),
        };
        for id in &mut field.subfields {
            *id = moved(*id);
        }
        field.subfields.sort_unstable();
        schema.by_name.insert(field.name.clone(), field.id);
    }
    schema.fields.sort_unstable_by_key(|field| field.id);
    Ok(())
}

fn dynamic(value: &Value, path: &str) -> crate::Result<Dynamic> {
    match value {
        Value::Bool(true) => Ok(Dynamic::True),
        Value::Bool(false) => Ok(Dynamic::False),
        Value::String(text) if text == "true" => Ok(Dynamic::True),
        Value::String(text) if text == "false" => Ok(Dynamic::False),
        Value::String(text) if text == "strict" => Ok(Dynamic::Strict),
        _ => Err(fail(
            path,
            format!("expected true, false or \"strict\", found {value}"),
        )),
    }
}

fn analyzer(value: &Value, path: &str) -> crate::Result<Analyzer> {
    let name = string(value, path)?;
    Analyzer::from_name(name).ok_or_else(|| {
        let possible = Analyzer::ALL.map(Analyzer::name).join(", ");
        fail(
            path,
            format!("unknown analyzer `{name}`; possible: {possible}"),
        )
    })
}

fn object<'v>(value: &'v Value, path: &str) -> crate::Result<&'v Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| fail(path, format!("expected an object, found {value}")))
}

fn string<'v>(value: &'v Value, path: &str) -> crate::Result<&'v str> {
    value
        .as_str()
        .ok_or_else(|| fail(path, format!("expected a string, found {value}")))
}

fn boolean(value: &Value, path: &str) -> crate::Result<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        _ => Err(fail(path, format!("expected a boolean, found {value}"))),
    }
}

fn unknown(path: &str, key: &str, possible: &str) -> Error {
    fail(
        path,
        format!("unknown option `{key}`; possible: {possible}"),
    )
}

fn fail(path: &str, message: impl Into<String>) -> Error {
    Error::Schema {
        path: path.to_string(),
        message: message.into(),
    }
}
