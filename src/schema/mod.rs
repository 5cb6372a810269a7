//! The mapping: which fields there are, what their values are, and how a document becomes flat buffers.
//!
//! *Useful for*: field names, types and options; reading OpenSearch mappings and growing them from documents; turning a
//! document's JSON into tokens and column values for the engine. *Not useful for*: how the engine stores them (it sees
//! [`Field::postings`], [`Field::norms`] and [`Field::column`] only).
//!
//! Ids are given in order of appearance and never change, so that they may stand in files. Fields are only ever added.
//!
//! ```
//! use diagon::schema::{ColumnKind, Schema};
//!
//! let schema = Schema::from_mapping_json(r#"{"properties": {"title": {"type": "text"}, "price": {"type": "long"}}}"#)?;
//! let price = schema.field("price").ok_or("missing")?;
//! assert_eq!((price.id.0, price.column()), (2, ColumnKind::I64));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod buffers;
mod date;
mod date_math;
mod document;
mod document_id;
mod dynamic;
mod field;
mod geo;
mod mapping;
mod print;
mod value;

use std::collections::{BTreeMap, HashMap};

pub use buffers::{DocSpan, DocumentBatch, FieldLength, NumericValue, StringValue, Token};
pub use date::{DateFormats, DateRange};
pub use document::{Appended, DocumentWriter};
pub use document_id::document_id;
pub use dynamic::Dynamic;
pub use field::{ColumnKind, DeclaredType, Field, FieldId, FieldType, PostingsKind, Role};
pub(crate) use value::{Scalar, to_bool, to_double, to_long};

/// Fields and objects at most; OpenSearch's `index.mapping.total_fields.limit`. `_id` and the parts of a `geo_point` are not
/// counted.
pub const MAX_FIELDS: usize = 1000;

/// Parts of a field's dotted name at most; OpenSearch's `index.mapping.depth.limit`.
pub const MAX_FIELD_DEPTH: usize = 20;

/// Bytes of a term at most, as in Lucene. A longer one is an error, never silently unfindable.
pub const MAX_TERM_BYTES: usize = 32_766;

/// Positions left free between two values of a text field, so that no phrase reaches from one to the next.
pub const POSITION_GAP: u32 = 100;

/// Bytes of an id at most, at least one.
pub const MAX_ID_BYTES: usize = 512;

/// The name of field 0.
pub const ID_FIELD: &str = "_id";

/// All fields of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// By id.
    fields: Vec<Field>,
    by_name: HashMap<String, FieldId>,
    /// Objects that hold fields, by dotted name, with their own `dynamic` if they have one.
    objects: BTreeMap<String, Option<Dynamic>>,
    dynamic: Dynamic,
    date_detection: bool,
}

impl Default for Schema {
    /// Only `_id`; everything else is added by documents.
    fn default() -> Self {
        let id = Field::new(FieldId(0), ID_FIELD.to_string(), DeclaredType::Keyword);
        Self {
            by_name: HashMap::from([(id.name.clone(), id.id)]),
            fields: vec![id],
            objects: BTreeMap::new(),
            dynamic: Dynamic::True,
            date_detection: true,
        }
    }
}

impl Schema {
    /// Reads an OpenSearch mapping: `{"mappings": {"properties": …}}`, or what stands under `mappings`.
    ///
    /// # Errors
    /// [`crate::Error::Schema`] that names the path of an unknown type or option, a name that isn't possible, or what goes
    /// beyond a limit.
    pub fn from_mapping_json(json: impl AsRef<[u8]>) -> crate::Result<Self> {
        let mut schema = Self::default();
        schema.update(json)?;
        Ok(schema)
    }

    /// Adds the fields of a mapping. Fields that are there already must be the same in it; other fields stay. On failure
    /// nothing is changed.
    ///
    /// # Errors
    /// As [`Schema::from_mapping_json`], and if a field would change.
    pub fn update(&mut self, json: impl AsRef<[u8]>) -> crate::Result<()> {
        let mut changed = self.clone();
        mapping::apply(&mut changed, json.as_ref())?;
        *self = changed;
        Ok(())
    }

    /// The mapping as JSON, from which the same schema is read, with the same ids.
    #[must_use]
    pub fn to_mapping_json(&self) -> String {
        print::print(self)
    }

    /// All fields, by id; the first is `_id`.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of this full dotted name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.by_name
            .get(name)
            .map(|id| &self.fields[usize::from(id.0)])
    }

    /// The field of this id.
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<&Field> {
        self.fields.get(usize::from(id.0))
    }

    /// Whether the name is an object's: fields have names that begin with it and a dot.
    #[must_use]
    pub fn is_object(&self, name: &str) -> bool {
        self.objects.contains_key(name)
    }

    /// Adds a field and the objects around it. The message of an error doesn't name the field.
    fn add(&mut self, name: &str, declared: DeclaredType, role: Role) -> Result<FieldId, String> {
        if self.by_name.contains_key(name) || self.objects.contains_key(name) {
            return Err("there is a field or object of this name already".to_string());
        }
        if role == Role::Own {
            if let Some((object, _)) = name.rsplit_once('.') {
                self.add_object(object)?;
            }
            check_name(name)?;
        }
        if !role.is_geo_part() {
            self.check_count()?;
        }
        let id = u16::try_from(self.fields.len()).map_err(|_| "too many fields".to_string())?;
        let mut field = Field::new(FieldId(id), name.to_string(), declared);
        field.role = role;
        self.by_name.insert(name.to_string(), field.id);
        self.fields.push(field);
        if let Some(parent) = role.parent() {
            self.fields[usize::from(parent.0)]
                .subfields
                .push(FieldId(id));
        }
        if declared == DeclaredType::GeoPoint {
            for (part, role) in [
                ("lat", Role::Lat(FieldId(id))),
                ("lon", Role::Lon(FieldId(id))),
            ] {
                self.add(&format!("{name}.{part}"), DeclaredType::Double, role)?;
            }
        }
        Ok(FieldId(id))
    }

    /// Adds an object and those around it, where they aren't there.
    fn add_object(&mut self, name: &str) -> Result<(), String> {
        check_name(name)?;
        for end in name
            .match_indices('.')
            .map(|(at, _)| at)
            .chain([name.len()])
        {
            let object = &name[..end];
            if self.by_name.contains_key(object) {
                return Err(format!(
                    "`{object}` is a field and can't be an object as well"
                ));
            }
            if !self.objects.contains_key(object) {
                self.check_count()?;
                self.objects.insert(object.to_string(), None);
            }
        }
        Ok(())
    }

    fn check_count(&self) -> Result<(), String> {
        let parts = self
            .fields
            .iter()
            .filter(|field| field.role.is_geo_part())
            .count();
        if self.fields.len() - 1 - parts + self.objects.len() >= MAX_FIELDS {
            return Err(format!("more than {MAX_FIELDS} fields"));
        }
        Ok(())
    }
}

/// Checks a full dotted name of the user's.
fn check_name(name: &str) -> Result<(), String> {
    if name.starts_with('_') {
        return Err("names that begin with `_` are reserved".to_string());
    }
    if name.split('.').any(|part| part.trim().is_empty()) {
        return Err("a field's name, and each part of it between dots, can't be empty".to_string());
    }
    if name.split('.').count() > MAX_FIELD_DEPTH {
        return Err(format!("nested deeper than {MAX_FIELD_DEPTH}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
