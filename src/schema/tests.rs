use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::Error;

const MAPPING: &str = r#"{"mappings": {"dynamic": "strict", "date_detection": false, "properties": {
    "title": {"type": "text", "analyzer": "english", "search_analyzer": "simple", "doc_values": true,
              "fields": {"keyword": {"type": "keyword", "ignore_above": 5}, "len": {"type": "keyword", "index": false, "doc_values": false}}},
    "n": {"properties": {"int": {"type": "integer"}, "byte": {"type": "byte", "index": false, "doc_values": false}},
          "dynamic": true},
    "loc": {"type": "geo_point"},
    "when": {"type": "date", "format": "yyyy/MM/dd||epoch_second"},
    "ok": {"type": "boolean"}, "f": {"type": "float"}, "d": {"type": "double"}, "l": {"type": "long"},
    "k": {"type": "keyword", "norms": false}, "t": {"type": "text", "norms": false}, "hidden": {"type": "text", "index": false}
}}}"#;

fn schema_error(mapping: &str) -> String {
    Schema::from_mapping_json(mapping).unwrap_err().to_string()
}

/// A field's values in the first document.
fn values(
    writer: &DocumentWriter,
    schema: &Schema,
    name: &str,
) -> (Vec<(String, u32)>, Vec<u64>, Vec<String>) {
    let (batch, id) = (writer.batch(), u32::from(schema.field(name).unwrap().id.0));
    let text = |offset, len| String::from_utf8(batch.slice(offset, len).to_vec()).unwrap();
    let span = batch.docs[0];
    let tokens = batch.tokens[..span.tokens_end as usize]
        .iter()
        .filter(|t| t.field == id);
    let numerics = batch.numerics[..span.numerics_end as usize]
        .iter()
        .filter(|n| n.field == id);
    let strings = batch.strings[..span.strings_end as usize]
        .iter()
        .filter(|s| s.field == id);
    (
        tokens
            .map(|t| (text(t.offset, t.len), t.position))
            .collect(),
        numerics.map(|n| n.bits).collect(),
        strings.map(|s| text(s.offset, s.len)).collect(),
    )
}

fn append(mapping: &str, json: &str) -> crate::Result<(DocumentWriter, Arc<Schema>)> {
    let mut schema = Arc::new(Schema::from_mapping_json(mapping)?);
    let mut writer = DocumentWriter::default();
    assert_eq!(
        writer.append(&mut schema, Some("x"), json.as_bytes())?,
        Appended::Done
    );
    Ok((writer, schema))
}

fn document_error(mapping: &str, json: &str) -> String {
    append(mapping, json).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn mapping_round_trips() {
    let schema = Schema::from_mapping_json(MAPPING).unwrap();
    assert_eq!(
        Schema::from_mapping_json(schema.to_mapping_json()).unwrap(),
        schema
    );
    let shape = |name: &str| {
        let field = schema.field(name).unwrap();
        (
            field.id.0,
            field.postings(),
            field.column(),
            field.has_norms(),
        )
    };
    assert_eq!(
        shape("_id"),
        (0, PostingsKind::Docs, ColumnKind::Terms, false)
    );
    assert_eq!(
        shape("title"),
        (1, PostingsKind::FreqsPositions, ColumnKind::Strings, true)
    );
    assert_eq!(
        shape("title.keyword"),
        (2, PostingsKind::Docs, ColumnKind::Ordinals, false)
    );
    assert_eq!(
        shape("title.len"),
        (3, PostingsKind::None, ColumnKind::None, false)
    );
    assert_eq!(
        shape("n.int"),
        (4, PostingsKind::None, ColumnKind::I64, false)
    );
    assert_eq!(
        shape("n.byte"),
        (5, PostingsKind::None, ColumnKind::None, false)
    );
    assert_eq!(
        shape("loc"),
        (6, PostingsKind::None, ColumnKind::None, false)
    );
    assert_eq!(
        shape("loc.lat"),
        (7, PostingsKind::None, ColumnKind::F64, false)
    );
    assert_eq!(
        shape("loc.lon"),
        (8, PostingsKind::None, ColumnKind::F64, false)
    );
    assert_eq!(
        shape("when"),
        (9, PostingsKind::None, ColumnKind::I64, false)
    );
    assert_eq!(
        shape("ok"),
        (10, PostingsKind::None, ColumnKind::Bool, false)
    );
    assert_eq!(
        shape("t"),
        (15, PostingsKind::FreqsPositions, ColumnKind::None, false)
    );
    assert_eq!(shape("hidden").1, PostingsKind::None);
    assert!(schema.is_object("n") && !schema.is_object("title") && schema.field("n").is_none());
    assert_eq!(schema.get(FieldId(2)).unwrap().name, "title.keyword");
    assert_eq!(schema.fields().len(), 17);
    assert_eq!(
        schema.field("title").unwrap().date_formats.as_str(),
        "strict_date_optional_time||epoch_millis"
    );
}

#[test]
fn ids_survive_printing() {
    let mut schema = Arc::new(Schema::default());
    let mut writer = DocumentWriter::default();
    let document = br#"{"a": {"x": 1}, "b": "text", "a.y": {"lat": 1}}"#;
    let _ = writer.append(&mut schema, Some("1"), document).unwrap();
    let json = schema.to_mapping_json();
    assert!(json.contains("field_order"), "{json}");
    assert_eq!(&Schema::from_mapping_json(&json).unwrap(), &*schema);
    for order in ["5", "[]", "[\"a.x\"]"] {
        let wrong = format!(
            r#"{{"properties": {{"b": {{"type": "long"}}}}, "_meta": {{"field_order": {order}}}}}"#
        );
        assert!(schema_error(&wrong).contains("must list each field once"));
    }
}

#[test]
fn mapping_errors_name_the_path() {
    let field = |body: &str| {
        schema_error(&format!(
            r#"{{"properties": {{"a": {{"properties": {{"b": {body}}}}}}}}}"#
        ))
    };
    assert!(field(r#"{"type": "long", "type": "long"}"#).contains("key `type` twice"));
    assert_eq!(
        schema_error(r#"{"properties": {"": {"type": "long"}}}"#),
        "mapping: a field's name can't be empty (at properties)"
    );
    assert_eq!(
        field(r#"{"type": "nested"}"#),
        "mapping: unknown type `nested`; possible: text, keyword, long, integer, short, byte, double, float, date, boolean, \
         geo_point, object (at a.b)"
    );
    assert_eq!(
        field(r#"{"type": "long", "analyzer": "english"}"#),
        "mapping: unknown option `analyzer`; possible: type, index, doc_values, fields (at a.b.analyzer)"
    );
    for (body, part) in [
        (r#"{}"#, "needs `type`"),
        (r#"5"#, "expected an object"),
        (r#"{"type": 5}"#, "expected a string"),
        (
            r#"{"type": "text", "analyzer": "x"}"#,
            "unknown analyzer `x`; possible: standard",
        ),
        (r#"{"type": "text", "index": 1}"#, "expected a boolean"),
        (
            r#"{"type": "keyword", "ignore_above": -1}"#,
            "expected an integer",
        ),
        (
            r#"{"type": "keyword", "norms": true}"#,
            "only text has norms",
        ),
        (
            r#"{"type": "date", "format": "yyyyMM||weekly"}"#,
            "unknown date format",
        ),
        (
            r#"{"type": "geo_point", "fields": {}}"#,
            "unknown option `fields`",
        ),
        (
            r#"{"type": "object", "enabled": false}"#,
            "unknown option `enabled`",
        ),
        (
            r#"{"properties": {}, "dynamic": 3}"#,
            "expected true, false or",
        ),
        (r#"{"type": "text", "fields": {"k": {}}}"#, "needs `type`"),
        (
            r#"{"type": "text", "fields": {"k.l": {"type": "long"}}}"#,
            "hold a dot",
        ),
        (
            r#"{"type": "text", "fields": {"k": {"type": "geo_point"}}}"#,
            "can't be a `geo_point`",
        ),
        (
            r#"{"type": "text", "fields": {"k": {"type": "text", "fields": {"l": {"type": "text"}}}}}"#,
            "not possible here",
        ),
    ] {
        let error = field(body);
        assert!(
            error.contains(part) && error.contains("a.b"),
            "{body}: {error}"
        );
    }
    for (mapping, part) in [
        ("{", "not valid JSON"),
        ("[]", "expected an object"),
        (
            r#"{"mappings": {}, "settings": {}}"#,
            "unknown key beside `mappings` (at settings)",
        ),
        (r#"{"propertys": {}}"#, "unknown option `propertys`"),
        (r#"{"properties": {"_x": {"type": "long"}}}"#, "reserved"),
        (
            r#"{"properties": {"a..b": {"type": "long"}}}"#,
            "can't be empty",
        ),
        (
            r#"{"properties": {"a": {"type": "long"}, "a.b": {"type": "long"}}}"#,
            "can't be an object as well",
        ),
        (
            r#"{"properties": {"a.b": {"type": "long"}, "a": {"type": "long"}}}"#,
            "already",
        ),
    ] {
        let error = schema_error(mapping);
        assert!(error.contains(part), "{mapping}: {error}");
    }
}

#[test]
fn limits_of_mappings() {
    let fields = |count: usize| {
        let fields: Vec<_> = (0..count)
            .map(|n| format!(r#""f{n}": {{"type": "geo_point"}}"#))
            .collect();
        Schema::from_mapping_json(format!("{{\"properties\": {{{}}}}}", fields.join(",")))
    };
    assert_eq!(
        fields(MAX_FIELDS).unwrap().fields().len(),
        1 + 3 * MAX_FIELDS
    );
    assert!(
        fields(MAX_FIELDS + 1)
            .unwrap_err()
            .to_string()
            .contains("more than 1000 fields")
    );
    let deep = |depth: usize| {
        let name = vec!["a"; depth].join(".");
        Schema::from_mapping_json(format!(
            r#"{{"properties": {{"{name}": {{"type": "long"}}}}}}"#
        ))
    };
    assert!(deep(MAX_FIELD_DEPTH).is_ok());
    assert!(
        deep(MAX_FIELD_DEPTH + 1)
            .unwrap_err()
            .to_string()
            .contains("deeper than 20")
    );
}

#[test]
fn mappings_only_grow() {
    let mut schema =
        Schema::from_mapping_json(r#"{"properties": {"a": {"type": "long"}}}"#).unwrap();
    schema.update(r#"{"properties": {"b": {"type": "text"}, "a": {"type": "long", "fields": {"k": {"type": "keyword"}}}}}"#).unwrap();
    assert_eq!(schema.field("a.k").unwrap().role, Role::Multi(FieldId(1)));
    let before = schema.clone();
    let error = schema
        .update(r#"{"properties": {"c": {"type": "text"}, "a": {"type": "double"}}}"#)
        .unwrap_err();
    assert!(error.to_string().contains("can't be changed (at a)"));
    assert_eq!(schema, before);
}

#[test]
fn a_document_of_all_types() {
    let (writer, schema) = append(MAPPING, r#" {"_id": 7, "title": ["The Foxes", "of dogs"], "n": {"int": "12", "byte": -3, "new": true},
        "loc": [[8.5, 47], {"lat": "1", "lon": 2}, "3, 4", null], "when": ["1970/01/02", 5], "ok": [true, "false"],
        "f": 1.5, "d": "2e3", "l": [3.9, "-4.2", ""], "k": ["b", "a", 1.10], "t": null, "hidden": "x"}
        "#).unwrap();
    let get = |name| values(&writer, &schema, name);
    let token = |text: &str, position| (text.to_string(), position);
    assert_eq!(get("title").0, [token("fox", 1), token("dog", 103)]);
    assert_eq!(get("title").2, ["The Foxes", "of dogs"]);
    assert_eq!(
        get("title.keyword"),
        (vec![], vec![], vec![]),
        "both are longer than `ignore_above`"
    );
    assert_eq!(
        (get("n.int").1, get("n.byte").1, get("n.new").1),
        (vec![12], vec![], vec![1])
    );
    let degrees = |name| {
        get(name)
            .1
            .into_iter()
            .map(f64::from_bits)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (degrees("loc.lat"), degrees("loc.lon")),
        (vec![47.0, 1.0, 3.0], vec![8.5, 2.0, 4.0])
    );
    assert_eq!(
        (get("when").1, get("ok").1),
        (vec![86_400_000, 5000], vec![1, 0])
    );
    assert_eq!((degrees("f"), degrees("d")), (vec![1.5], vec![2000.0]));
    assert_eq!(get("l").1, [3, (-4_i64).cast_unsigned()]);
    assert_eq!(get("k").0, [token("b", 0), token("a", 1), token("1.10", 2)]);
    assert_eq!(get("k").2, ["b", "a", "1.10"]);
    let batch = writer.batch();
    assert_eq!(
        (batch.id(0), batch.len(), batch.is_empty()),
        ("x", 1, false)
    );
    assert!(batch.source(0).starts_with(b"{\"_id\"") && batch.source(0).ends_with(b"}"));
    assert_eq!(
        batch.lengths,
        [FieldLength {
            field: 1,
            tokens: 2
        }]
    );
    assert!(batch.tokens.is_sorted_by_key(|token| token.field));
    assert!(batch.source(9).is_empty() && batch.id(9).is_empty());
}

#[test]
fn document_errors_name_path_and_value() {
    for (json, message) in [
        (
            r#"{"n": {"int": [1, "abc"]}}"#,
            "\"abc\" is no integer from -2147483648 to 2147483647 (at n.int[1])",
        ),
        (
            r#"{"n": {"byte": 300}}"#,
            "300 is no byte from -128 to 127 (at n.byte)",
        ),
        (
            r#"{"l": 9223372036854775808}"#,
            "9223372036854775808 is no long",
        ),
        (r#"{"l": 1e30}"#, "1e30 is no long"),
        (r#"{"l": "9223372036854775808"}"#, "is no long"),
        (r#"{"l": true}"#, "true is no long"),
        (r#"{"d": "NaN"}"#, "\"NaN\" is no double (at d)"),
        (r#"{"d": "inf"}"#, "is no double"),
        (r#"{"d": false}"#, "false is no double"),
        (r#"{"f": 1e300}"#, "1e300 is no float (at f)"),
        (r#"{"ok": 1}"#, "1 is no boolean"),
        (r#"{"ok": "yes"}"#, "\"yes\" is no boolean"),
        (
            r#"{"when": "soon"}"#,
            "\"soon\" is no date of the format `yyyy/MM/dd||epoch_second` (at when)",
        ),
        (r#"{"loc": 5}"#, "expected a point, found 5 (at loc)"),
        (r#"{"loc": true}"#, "expected a point"),
        (r#"{"loc": "north"}"#, "expected a point"),
        (r#"{"loc": [1, 2, 3]}"#, "two numbers, [lon, lat]"),
        (
            r#"{"loc": [1, 95]}"#,
            "latitude 95 is not from -90 to 90 (at loc)",
        ),
        (r#"{"loc": {"lat": 1, "lon": 200}}"#, "longitude 200"),
        (r#"{"loc": {"lat": 1}}"#, "needs `lat` and `lon`"),
        (r#"{"loc": {"lat": 1, "long": 5}}"#, "not `long`"),
        (r#"{"loc": {"lat": [], "lon": 5}}"#, "degrees, a number"),
        (
            r#"{"loc.lat": 5}"#,
            "takes its values from another one (at loc.lat)",
        ),
        (
            r#"{"title": {"a": 1}}"#,
            "expected a value of type text, found an object (at title)",
        ),
        (r#"{"n": 5}"#, "expected an object, found 5 (at n)"),
        (r#"{"new": 5}"#, "strict and has no such field (at new)"),
        (r#"{"": 5}"#, "can't be empty"),
        (
            r#"{"l": 1, "d": 2, "l": 3}"#,
            "the key `l` stands there twice (at $)",
        ),
        (
            r#"{"n": [{"int": 1}, {"byte": 1, "int": 3, "byte": 2}]}"#,
            "the key `byte` stands there twice (at n[1])",
        ),
        (r#"{"_id": [1]}"#, "`_id` must be a string or an integer"),
        (
            r#"{"k": "a""#,
            "not valid JSON: EOF while parsing an object (byte 8)",
        ),
        ("{\n\"k\" 1}", "not valid JSON: expected `:` (byte 6)"),
        (r#"{} {}"#, "trailing characters"),
        ("[]", "expected a document, an object"),
    ] {
        let error = document_error(MAPPING, json);
        assert!(error.contains(message), "{json}: {error}");
    }
    let long = format!(r#"{{"k": "{}"}}"#, "x".repeat(MAX_TERM_BYTES + 1));
    assert_eq!(
        document_error(MAPPING, &long),
        "document: a term of 32767 bytes; at most 32766 (at k)"
    );
    let mapping = r#"{"properties": {"s": {"type": "text", "analyzer": "simple"}}}"#;
    assert!(document_error(mapping, &long.replace("\"k\"", "\"s\"")).ends_with("(at s)"));
    let cut = document_error(MAPPING, &format!(r#"{{"l": "{}"}}"#, "é".repeat(100)));
    assert!(cut.contains("…\" is no long"));
}

#[test]
fn dynamic_mapping() {
    let (writer, schema) = append(
        "{}",
        r#"{"s": "Some Text", "i": 1, "f": [1.5, 2], "b": false, "when": "2024-05-01", "year": "2024", "o": {"p": [{"q": 1}, {"q": 2}]},
            "none": null, "empty": [], "big": 18446744073709551615, "s2": "x"}"#,
    )
    .unwrap();
    let kind = |name: &str| schema.field(name).map(|field| field.declared);
    assert_eq!(kind("s"), Some(DeclaredType::Text));
    assert_eq!(schema.field("s.keyword").unwrap().ignore_above, Some(256));
    assert_eq!(
        (kind("i"), kind("f"), kind("b")),
        (
            Some(DeclaredType::Long),
            Some(DeclaredType::Double),
            Some(DeclaredType::Boolean)
        )
    );
    assert_eq!(
        (kind("when"), kind("year")),
        (Some(DeclaredType::Date), Some(DeclaredType::Text))
    );
    assert_eq!(
        (kind("o.p.q"), kind("none"), kind("empty")),
        (Some(DeclaredType::Long), None, None)
    );
    assert_eq!(kind("big"), Some(DeclaredType::Double));
    assert_eq!(values(&writer, &schema, "o.p.q").1, [1, 2]);
    assert_eq!(values(&writer, &schema, "s.keyword").2, ["Some Text"]);
    // Reserved and impossible names, conflicts.
    for (json, part) in [
        (r#"{"_x": 1}"#, "reserved"),
        (r#"{"a": 1, "a.b": 2}"#, "can't be an object"),
        (r#"{"a.b": 1, "a": 2}"#, "expected an object"),
        (r#"{"a": [1, "b"]}"#, "(at a[1])"),
    ] {
        assert!(document_error("{}", json).contains(part), "{json}");
    }
    let (_, schema) = append(
        r#"{"dynamic": false}"#,
        r#"{"a": 1, "b": {"c": [1]}, "_x": 5}"#,
    )
    .unwrap();
    assert_eq!(schema.fields().len(), 1);
}

#[test]
fn a_failed_document_leaves_nothing() {
    let mut schema = Arc::new(Schema::default());
    let held = Arc::clone(&schema);
    let mut writer = DocumentWriter::default();
    let _ = writer
        .append(&mut schema, Some("1"), br#"{"a": "one", "n": 1}"#)
        .unwrap();
    let (batch, before) = (writer.batch().clone(), Arc::clone(&schema));
    assert_eq!(
        held.fields().len(),
        1,
        "whoever holds the old schema keeps it"
    );
    for (id, json) in [
        (Some("2"), r#"{"b": "two", "n": "x"}"#),
        (Some(""), "{}"),
        (Some("2"), "{\"c\": 1"),
        (None, r#"{"_id": true}"#),
    ] {
        assert!(matches!(
            writer.append(&mut schema, id, json.as_bytes()),
            Err(Error::Document { .. })
        ));
        assert_eq!((writer.batch(), &schema), (&batch, &before));
    }
    assert_eq!(
        writer
            .append(&mut schema, None, br#"{"d": 1, "id": 1.5}"#)
            .unwrap(),
        Appended::NeedsId
    );
    assert_eq!((writer.batch(), &schema), (&batch, &before));
    writer.clear();
    assert!(writer.batch().is_empty() && writer.batch().bytes.is_empty());
}

#[test]
fn where_ids_come_from() {
    let strict = r#"{"dynamic": false}"#;
    for (mapping, json, id) in [
        ("{}", r#"{"id": "a"}"#, Some("a")),
        ("{}", r#"{"id": 12, "_id": "b"}"#, Some("b")),
        ("{}", r#"{"_id": -5}"#, Some("-5")),
        (
            "{}",
            r#"{"id": 18446744073709551615}"#,
            Some("18446744073709551615"),
        ),
        (
            r#"{"properties": {"id": {"type": "keyword"}, "v": {"type": "text"}}}"#,
            r#"{"id": 18446744073709551615, "v": 1.50}"#,
            Some("18446744073709551615"),
        ),
        (strict, r#"{"id": "q\n"}"#, Some("q\n")),
        ("{}", r#"{"id": ["a"]}"#, None),
        ("{}", r#"{"id": null}"#, None),
        ("{}", r#"{"a": {"id": "a"}}"#, None),
    ] {
        let mut schema = Arc::new(Schema::from_mapping_json(mapping).unwrap());
        let mut writer = DocumentWriter::default();
        let appended = writer.append(&mut schema, None, json.as_bytes()).unwrap();
        let expected = if id.is_some() {
            Appended::Done
        } else {
            Appended::NeedsId
        };
        assert_eq!(appended, expected, "{json}");
        assert_eq!(writer.batch().id(0), id.unwrap_or_default());
        assert_eq!(
            document_id(json.as_bytes()).unwrap().as_deref(),
            id,
            "{json}"
        );
    }
    let long = format!(r#"{{"_id": "{}"}}"#, "x".repeat(513));
    assert!(document_id(long.as_bytes()).is_err());
    for json in ["{", "[]", r#"{"_id": {}}"#, "{} 1"] {
        assert!(document_id(json.as_bytes()).is_err());
    }
}

proptest! {
    #[test]
    fn no_document_panics(bytes in any::<Vec<u8>>()) {
        let mut schema = Arc::new(Schema::default());
        let _ = DocumentWriter::default().append(&mut schema, Some("1"), &bytes);
        let _ = document_id(&bytes);
        let _ = Schema::from_mapping_json(&bytes);
    }

    #[test]
    fn no_pieces_panic(pieces in proptest::collection::vec(proptest::sample::select(&[
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"b.c\"", "\"loc\"", "\"k\"", "\"id\"", "\"_id\"", "1", "1.50", "\"x y\"", "null", "true", "\"lat\"",
    ][..]), 0..20)) {
        let mapping = r#"{"properties": {"loc": {"type": "geo_point"}, "k": {"type": "keyword"}}}"#;
        let mut schema = Arc::new(Schema::from_mapping_json(mapping).unwrap());
        let mut writer = DocumentWriter::default();
        if let Ok(Appended::Done) = writer.append(&mut schema, None, pieces.concat().as_bytes()) {
            let again = Schema::from_mapping_json(schema.to_mapping_json()).unwrap();
            prop_assert_eq!(&again, &*schema);
            prop_assert_eq!(writer.batch().docs[0].tokens_end as usize, writer.batch().tokens.len());
        } else {
            prop_assert!(writer.batch().bytes.is_empty());
        }
    }
}
