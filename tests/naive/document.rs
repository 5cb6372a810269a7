//! A document of the twin: what each field holds, without any index.

use std::collections::HashMap;

use diagon::analysis::Scratch;
use diagon::schema::{DateFormats, Field, FieldType, POSITION_GAP, Schema};
use serde_json::Value;

/// The values of one field of one document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// How many values there were.
    pub(crate) count: usize,
    /// Where each term stands; of a keyword, the number of the value.
    pub(crate) terms: HashMap<String, Vec<u32>>,
    /// Terms in all.
    pub(crate) tokens: u32,
    /// Of text and keywords, as they came.
    pub(crate) strings: Vec<String>,
    /// Of longs, dates (ms) and booleans (0, 1).
    pub(crate) longs: Vec<i64>,
    /// Of doubles.
    pub(crate) doubles: Vec<f64>,
    /// Latitude and longitude.
    pub(crate) points: Vec<(f64, f64)>,
    next_position: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) live: bool,
    fields: HashMap<String, Values>,
}

impl Document {
    pub(crate) fn new(schema: &Schema, id: &str, json: &Value) -> Self {
        let mut fields = HashMap::new();
        let mut scratch = Scratch::default();
        flatten(schema, "", json, &mut scratch, &mut fields);
        let own_id = schema.field("_id").expect("each index has ids");
        let mut values = Values::default();
        values.push(own_id, &Value::from(id), &mut scratch);
        fields.insert("_id".to_string(), values);
        Self {
            id: id.to_string(),
            live: true,
            fields,
        }
    }

    /// `None` where the document doesn't have the field.
    pub(crate) fn values(&self, field: &str) -> Option<&Values> {
        self.fields.get(field)
    }

    /// The smallest of a field's integers.
    pub(crate) fn long(&self, field: &str) -> Option<i64> {
        self.values(field)?.longs.iter().min().copied()
    }

    /// The smallest of a field's numbers, as a double.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a function that asks for doubles gets the nearest"
    )]
    pub(crate) fn double(&self, field: &str) -> Option<f64> {
        let values = self.values(field)?;
        let longs = values.longs.iter().map(|v| *v as f64);
        let all = longs.chain(values.doubles.iter().copied());
        all.min_by(f64::total_cmp)
    }

    /// The smallest of a field's strings.
    pub(crate) fn string(&self, field: &str) -> Option<&str> {
        let strings = &self.values(field)?.strings;
        strings.iter().map(String::as_str).min()
    }
}

fn flatten(
    schema: &Schema,
    path: &str,
    json: &Value,
    scratch: &mut Scratch,
    out: &mut HashMap<String, Values>,
) {
    match json {
        Value::Null => {}
        Value::Array(items) => {
            for item in items {
                flatten(schema, path, item, scratch, out);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(schema, &inner, value, scratch, out);
            }
        }
        value => {
            let field = schema
                .field(path)
                .expect("the tests' documents fit the mapping");
            let values = out.entry(path.to_string()).or_default();
            values.push(field, value, scratch);
        }
    }
}

impl Values {
    fn push(&mut self, field: &Field, value: &Value, scratch: &mut Scratch) {
        match field.field_type() {
            FieldType::Text => self.push_text(field, &text(value), scratch),
            FieldType::Keyword => self.push_keyword(text(value)),
            FieldType::Long => self.longs.push(long(value)),
            FieldType::Double => self.doubles.push(value.as_f64().expect("a number")),
            FieldType::Date => self.longs.push(date(&field.date_formats, value)),
            FieldType::Boolean => self.longs.push(i64::from(text(value) == "true")),
            FieldType::GeoPoint => self.points.push(point(value.as_str().expect("a string"))),
        }
        self.count += 1;
    }

    fn push_text(&mut self, field: &Field, text: &str, scratch: &mut Scratch) {
        if self.count > 0 {
            self.next_position += POSITION_GAP;
        }
        let base = self.next_position;
        let taken = field
            .analyzer
            .analyze(text, scratch, &mut |term, position, _, _| {
                let positions = self.terms.entry(term.to_string()).or_default();
                positions.push(base + position);
                self.tokens += 1;
            });
        self.next_position = base + taken;
        self.strings.push(text.to_string());
    }

    fn push_keyword(&mut self, text: String) {
        let position = u32::try_from(self.count).expect("few values");
        // Twice the same value is one posting.
        self.terms.insert(text.clone(), vec![position]);
        self.tokens = u32::try_from(self.terms.len()).expect("few values");
        self.strings.push(text);
    }
}

/// Reads `lat,lon`.
pub(crate) fn point(text: &str) -> (f64, f64) {
    let (lat, lon) = text.split_once(',').expect("a point");
    let degrees = |text: &str| text.parse().expect("degrees");
    (degrees(lat), degrees(lon))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn long(value: &Value) -> i64 {
    value.as_i64().expect("an integer")
}

fn date(formats: &DateFormats, value: &Value) -> i64 {
    let range = match value {
        Value::String(text) => formats.parse(text),
        number => formats.parse_number(&number.to_string()),
    };
    range.expect("a date").first_ms
}
