//! Schema → mapping JSON.

use serde_json::{Map, Value, json};

use super::Schema;
use super::dynamic::Dynamic;
use super::field::{DeclaredType, Field, FieldType, Role};

/// The key under `_meta` that lists all fields in the order of their ids. It is written only where reading the mapping would
/// give other ids: when a document brought a field of an object behind fields of others.
pub(super) const META_ORDER: &str = "field_order";

/// The names of all fields but `_id`, by id.
pub(super) fn ordered_names(schema: &Schema) -> Vec<&str> {
    schema
        .fields
        .iter()
        .skip(1)
        .map(|field| field.name.as_str())
        .collect()
}

pub(super) fn print(schema: &Schema) -> String {
    let mut root = Map::new();
    if schema.dynamic != Dynamic::True {
        root.insert("dynamic".to_string(), dynamic(schema.dynamic));
    }
    if !schema.date_detection {
        root.insert("date_detection".to_string(), Value::Bool(false));
    }
    root.insert("properties".to_string(), json!({}));
    for field in schema
        .fields
        .iter()
        .skip(1)
        .filter(|field| field.role == Role::Own)
    {
        insert(&mut root, &field.name, describe(schema, field));
    }
    for (name, own) in &schema.objects {
        let mut body = Map::new();
        if let Some(own) = own {
            body.insert("dynamic".to_string(), dynamic(*own));
        }
        body.insert("properties".to_string(), json!({}));
        insert(&mut root, name, body);
    }
    let bare = Value::Object(root.clone()).to_string();
    let order = ordered_names(schema);
    if Schema::from_mapping_json(&bare).is_ok_and(|read| ordered_names(&read) == order) {
        return bare;
    }
    root.insert("_meta".to_string(), json!({ META_ORDER: order }));
    Value::Object(root).to_string()
}

/// Puts a body under the `properties` of the objects that its name says, beside what is there.
fn insert(root: &mut Map<String, Value>, name: &str, body: Map<String, Value>) {
    let mut at = root;
    for part in name.split('.') {
        let properties = at.entry("properties").or_insert_with(|| json!({}));
        let Some(inner) = properties.as_object_mut().and_then(|inner| {
            inner
                .entry(part)
                .or_insert_with(|| json!({}))
                .as_object_mut()
        }) else {
            return; // never: only objects are put there
        };
        at = inner;
    }
    for (key, value) in body {
        at.entry(key).or_insert(value);
    }
}

/// A field's type, and its options that aren't its type's defaults.
fn describe(schema: &Schema, field: &Field) -> Map<String, Value> {
    let usual = Field::new(field.id, String::new(), field.declared);
    let mut body = Map::new();
    let mut set = |key: &str, value: Value| body.insert(key.to_string(), value);
    set("type", field.declared.name().into());
    if field.analyzer != usual.analyzer {
        set("analyzer", field.analyzer.name().into());
    }
    if field.search_analyzer != field.analyzer {
        set("search_analyzer", field.search_analyzer.name().into());
    }
    if field.index != usual.index {
        set("index", field.index.into());
    }
    if field.doc_values != usual.doc_values {
        set("doc_values", field.doc_values.into());
    }
    if field.norms != usual.norms {
        set("norms", field.norms.into());
    }
    if let Some(limit) = field.ignore_above {
        set("ignore_above", limit.into());
    }
    if field.field_type() == FieldType::Date && field.date_formats != usual.date_formats {
        set("format", field.date_formats.as_str().into());
    }
    if field.declared != DeclaredType::GeoPoint && !field.subfields.is_empty() {
        let multi = field
            .subfields
            .iter()
            .filter_map(|id| schema.get(*id))
            .map(|multi| {
                let key = multi.name.rsplit('.').next().unwrap_or_default();
                (key.to_string(), Value::Object(describe(schema, multi)))
            });
        let multi = multi.collect();
        set("fields", Value::Object(multi));
    }
    body
}

fn dynamic(value: Dynamic) -> Value {
    match value {
        Dynamic::True => Value::Bool(true),
        Dynamic::False => Value::Bool(false),
        Dynamic::Strict => "strict".into(),
    }
}
