//! Documents in memory, and guests with the boilerplate written.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::batch::{
    BatchUdf, ColumnId, ColumnOut, ColumnRequest, Columns, Dictionary, Extent, Interrupt, Outcome,
    UdfBatch, Value, ValueType, Verdict,
};
use crate::udf::{BoundUdf, EngineOptions, UdfEngine, UdfLimits, UdfRegistry};

/// One field of some documents: its values in each.
pub(super) type Field = (ValueType, Vec<Vec<Value>>);

/// Documents as a search would give them.
#[derive(Clone, Default)]
pub(super) struct Docs {
    pub(super) fields: Arc<HashMap<String, Field>>,
    open: Vec<ColumnRequest>,
    /// Says that strings have a dictionary.
    pub(super) with_dictionary: bool,
    /// Distinct strings, ascending, of columns that stand for a dictionary.
    dictionaries: HashMap<usize, Vec<Value>>,
    /// Fails all reads, as a damaged file does.
    pub(super) damaged: bool,
}

impl Docs {
    pub(super) fn new(fields: impl IntoIterator<Item = (&'static str, Field)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, field)| (name.to_string(), field))
            .collect();
        Self {
            fields: Arc::new(fields),
            ..Self::default()
        }
    }

    fn distinct(&self, field: &str) -> Vec<Value> {
        let mut all: Vec<Value> = self.fields[field].1.concat();
        all.sort_by(order);
        all.dedup();
        all
    }

    fn values(&self, column: ColumnId, doc: u32) -> Vec<Value> {
        if let Some(dictionary) = self.dictionaries.get(&column.0) {
            assert!(doc as usize <= dictionary.len());
            return dictionary.get(doc as usize).cloned().into_iter().collect();
        }
        let request = &self.open[column.0];
        if request.field == "_id" {
            return vec![Value::Str(format!("id{doc}"))];
        }
        let Some((_, docs)) = self.fields.get(&request.field) else {
            return Vec::new();
        };
        let mut values = docs[doc as usize].clone();
        if !request.list {
            values.sort_by(order);
            values.truncate(1);
        }
        values
    }
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::I64(a), Value::I64(b)) => a.cmp(b),
        (Value::F64(a), Value::F64(b)) => a.total_cmp(b),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        _ => panic!("mixed values"),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Bool(v) => vec![u8::from(*v)],
        Value::I64(v) => v.to_le_bytes().to_vec(),
        Value::F64(v) => v.to_le_bytes().to_vec(),
        Value::Str(v) => v.as_bytes().to_vec(),
    }
}

impl Columns for Docs {
    fn open(&mut self, request: &ColumnRequest) -> crate::Result<ColumnId> {
        let wrong = |text: String| Err(crate::Error::InvalidArgument(text));
        match self.fields.get(&request.field) {
            None if !request.optional && request.field != "_id" => {
                return wrong(format!("no field `{}`", request.field));
            }
            Some((value_type, _)) if *value_type != request.value_type => {
                return wrong(format!("`{}` is {}", request.field, value_type.name()));
            }
            _ => {}
        }
        self.open.push(request.clone());
        Ok(ColumnId(self.open.len() - 1))
    }

    fn measure(&mut self, column: ColumnId, docs: &[u32]) -> crate::Result<Extent> {
        if self.damaged {
            let message = "a damaged file".to_string();
            return Err(crate::Error::Native {
                code: crate::ErrorCode::Corrupt,
                message,
            });
        }
        let request = self.open[column.0].clone();
        let mut extent = Extent::default();
        for doc in docs {
            let values = self.values(column, *doc);
            extent.items += if request.list { values.len() } else { 0 };
            if request.value_type == ValueType::Str {
                extent.bytes += values.iter().map(|v| bytes(v).len()).sum::<usize>();
                if let (true, false, Some(default)) =
                    (values.is_empty(), request.list, &request.default)
                {
                    extent.bytes += bytes(default).len();
                }
            }
        }
        Ok(extent)
    }

    fn write(
        &mut self,
        column: ColumnId,
        docs: &[u32],
        out: ColumnOut<'_>,
    ) -> crate::Result<usize> {
        let request = self.open[column.0].clone();
        let (mut offsets, mut child, mut values) = (vec![0_i32], vec![0_i32], Vec::<u8>::new());
        let (mut items, mut missing) = (0, 0);
        out.validity.fill(0);
        for (row, doc) in docs.iter().enumerate() {
            let mut of_doc = self.values(column, *doc);
            let present = !of_doc.is_empty();
            if !present && !request.list {
                of_doc.extend(request.default.clone());
                if of_doc.is_empty() && request.value_type != ValueType::Str {
                    values.extend(vec![0; request.value_type.width()]);
                }
            }
            for value in &of_doc {
                values.extend(bytes(value));
                child.push(i32::try_from(values.len()).unwrap());
                items += 1;
            }
            offsets.push(if request.list {
                items
            } else {
                i32::try_from(values.len()).unwrap()
            });
            if !out.validity.is_empty() {
                out.validity[row / 8] |= u8::from(present) << (row % 8);
                missing += usize::from(!present);
            }
        }
        let raw = |offsets: &[i32]| {
            offsets
                .iter()
                .flat_map(|o| o.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        let strings = request.value_type == ValueType::Str;
        let offsets = if request.list || strings {
            raw(&offsets)
        } else {
            Vec::new()
        };
        let child = if request.list && strings {
            raw(&child)
        } else {
            Vec::new()
        };
        out.offsets.copy_from_slice(&offsets);
        out.child_offsets.copy_from_slice(&child);
        out.values.copy_from_slice(&values);
        Ok(missing)
    }

    fn open_id(&mut self) -> crate::Result<ColumnId> {
        self.open.push(ColumnRequest {
            field: "_id".to_string(),
            value_type: ValueType::Str,
            list: false,
            default: Some(Value::Str(String::new())),
            optional: false,
        });
        Ok(ColumnId(self.open.len() - 1))
    }

    fn dictionary(
        &mut self,
        _: ColumnId,
        request: &ColumnRequest,
    ) -> crate::Result<Option<Dictionary>> {
        if !self.with_dictionary || request.list || request.value_type != ValueType::Str {
            return Ok(None);
        }
        let (values, distinct) = (self.open(request)?, self.distinct(&request.field));
        let len = u32::try_from(distinct.len()).unwrap();
        self.dictionaries.insert(values.0, distinct);
        Ok(Some(Dictionary { values, len }))
    }

    fn ordinals(&mut self, column: ColumnId, docs: &[u32], out: &mut [u32]) -> crate::Result<()> {
        let distinct = self.distinct(&self.open[column.0].field);
        for (doc, out) in docs.iter().zip(out) {
            let value = self.values(column, *doc).pop();
            let place = value.and_then(|value| distinct.iter().position(|other| *other == value));
            *out = u32::try_from(place.unwrap_or(distinct.len())).unwrap();
        }
        Ok(())
    }

    fn id(&mut self, doc: u32) -> crate::Result<String> {
        Ok(format!("id{doc}"))
    }
}

/// One engine for all tests: a pool takes address space.
pub(super) fn engine() -> Arc<UdfEngine> {
    static ENGINE: OnceLock<Arc<UdfEngine>> = OnceLock::new();
    let options = EngineOptions {
        instances: 64,
        ..EngineOptions::default()
    };
    Arc::clone(ENGINE.get_or_init(|| UdfEngine::new(&options).unwrap()))
}

/// With more time than a busy machine takes it.
pub(super) fn registry() -> UdfRegistry {
    let limits = UdfLimits {
        batch_base: Duration::from_secs(20),
        ..UdfLimits::default()
    };
    UdfRegistry::in_memory_with(engine(), limits)
}

/// As [`registry`], with little time for a batch.
pub(super) fn hasty_registry() -> UdfRegistry {
    let limits = UdfLimits {
        batch_base: Duration::from_millis(60),
        per_document: Duration::from_micros(100),
        ..UdfLimits::default()
    };
    UdfRegistry::in_memory_with(engine(), limits)
}

/// A manifest of a batch function with more keys.
pub(super) fn manifest(more: &Json) -> String {
    with(
        json!({"abi": 1, "name": "f", "version": "1.0.0", "kind": "filter"}),
        more,
    )
}

/// A manifest of a row function with more keys.
pub(super) fn row_manifest(more: &Json) -> String {
    with(
        json!({"abi": "row", "name": "f", "version": "1.0.0", "kind": "filter"}),
        more,
    )
}

fn with(mut manifest: Json, more: &Json) -> String {
    for (key, value) in more.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    manifest.to_string()
}

/// A batch guest. `doc` is the body of a function `(batch, i) -> verdict` with some locals; helpers read columns.
pub(super) fn guest(doc: &str) -> Vec<u8> {
    guest_with("", doc)
}

/// As [`guest`], with more definitions: imports first.
pub(super) fn guest_with(more: &str, doc: &str) -> Vec<u8> {
    guest_reserving(more, RESERVE, doc)
}

pub(super) const RESERVE: &str = r#"
  (local $end i32)
  (local.set $end (i32.add (i32.const 65600) (local.get $n)))
  (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
    (then (if (i32.eq (i32.const -1) (memory.grow (i32.sub
        (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16)) (memory.size))))
      (then (return (i32.const 0))))))
  i32.const 65600"#;

pub(super) fn guest_reserving(more: &str, reserve: &str, doc: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
  (import "diagon" "fail" (func $fail (param i32 i32)))
  (import "diagon" "log" (func $log (param i32 i32 i32)))
  {more}
  (memory (export "memory") 2)
  (global $calls (mut i32) (i32.const 0))
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param $n i32) (result i32) {reserve})
  ;; The column $c.
  (func $column (param $b i32) (param $c i32) (result i32)
    (i32.add (i32.load offset=8 (local.get $b)) (i32.shl (local.get $c) (i32.const 5))))
  ;; Whether a column has a value.
  (func $has (param $col i32) (param $i i32) (result i32)
    (if (result i32) (i32.load offset=16 (local.get $col))
      (then (i32.and (i32.const 1) (i32.shr_u
        (i32.load8_u (i32.add (i32.load offset=16 (local.get $col)) (i32.shr_u (local.get $i) (i32.const 3))))
        (i32.and (local.get $i) (i32.const 7)))))
      (else (i32.const 1))))
  (func $f64 (param $col i32) (param $i i32) (result f64)
    (f64.load (i32.add (i32.load offset=12 (local.get $col)) (i32.shl (local.get $i) (i32.const 3)))))
  (func $i64 (param $col i32) (param $i i32) (result i64)
    (i64.load (i32.add (i32.load offset=12 (local.get $col)) (i32.shl (local.get $i) (i32.const 3)))))
  (func $bool (param $col i32) (param $i i32) (result i32)
    (i32.load8_u (i32.add (i32.load offset=12 (local.get $col)) (local.get $i))))
  ;; An offset of a string or list.
  (func $offset (param $col i32) (param $i i32) (result i32)
    (i32.load (i32.add (i32.load offset=20 (local.get $col)) (i32.shl (local.get $i) (i32.const 2)))))
  ;; The length of a string or list.
  (func $length (param $col i32) (param $i i32) (result i32)
    (i32.sub (call $offset (local.get $col) (i32.add (local.get $i) (i32.const 1)))
             (call $offset (local.get $col) (local.get $i))))
  (func $param (param $b i32) (param $p i32) (result i32)
    (i32.add (i32.load offset=16 (local.get $b)) (i32.shl (local.get $p) (i32.const 4))))
  (func $doc (param $b i32) (param $i i32) (result i32)
    (local $a i32) (local $c i32) (local $d i32) (local $e i32)
    {doc})
  (func (export "filter") (param $b i32) (result i32) (local $i i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
      (i32.store8 (i32.add (i32.load offset=36 (local.get $b)) (local.get $i))
        (call $doc (local.get $b) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    i32.const 0))"#
    ))
    .unwrap()
}

/// Registers, binds and enters a segment.
pub(super) fn bind(
    registry: &UdfRegistry,
    module: &[u8],
    manifest: &str,
    parameters: &Json,
    docs: &Docs,
) -> crate::Result<BoundUdf> {
    let registered = registry.add(module, Some(manifest))?;
    let mut bound = registered[0]
        .udf
        .prepare(parameters.as_object().unwrap())?
        .bind();
    bound.enter_segment(Box::new(docs.clone()))?;
    Ok(bound)
}

/// Asks about the documents 0 to `len`.
pub(super) fn ask(bound: &mut BoundUdf, len: u32) -> crate::Result<Outcome> {
    let docs: Vec<u32> = (0..len).collect();
    let mut outcome = Outcome::default();
    bound.evaluate(
        UdfBatch {
            docs: &docs,
            scores: None,
        },
        &Interrupt::default(),
        &mut outcome,
    )?;
    Ok(outcome)
}

/// Binds, asks about all documents and gives back the verdicts as 0, 1 and 2.
pub(super) fn run(module: &[u8], more: &Json, parameters: &Json, docs: &Docs, len: u32) -> Vec<u8> {
    let mut bound = bind(&registry(), module, &manifest(more), parameters, docs).unwrap();
    numbers(&ask(&mut bound, len).unwrap())
}

pub(super) fn numbers(outcome: &Outcome) -> Vec<u8> {
    outcome.verdicts.iter().map(|v| *v as u8).collect()
}

/// The documents in error.
pub(super) fn errors(outcome: &Outcome) -> Vec<usize> {
    let verdicts = outcome.verdicts.iter().enumerate();
    verdicts
        .filter(|(_, v)| **v == Verdict::Error)
        .map(|(i, _)| i)
        .collect()
}

pub(super) fn floats(values: &[Option<f64>]) -> Field {
    (
        ValueType::F64,
        values
            .iter()
            .map(|v| v.iter().map(|v| Value::F64(*v)).collect())
            .collect(),
    )
}

pub(super) fn integers(values: &[Option<i64>]) -> Field {
    (
        ValueType::I64,
        values
            .iter()
            .map(|v| v.iter().map(|v| Value::I64(*v)).collect())
            .collect(),
    )
}

pub(super) fn bools(values: &[Option<bool>]) -> Field {
    (
        ValueType::Bool,
        values
            .iter()
            .map(|v| v.iter().map(|v| Value::Bool(*v)).collect())
            .collect(),
    )
}

pub(super) fn strings(values: &[&[&str]]) -> Field {
    let list = |list: &&[&str]| list.iter().map(|s| Value::Str((*s).to_string())).collect();
    (ValueType::Str, values.iter().map(list).collect())
}

pub(super) fn message(error: crate::Result<impl Sized>) -> String {
    match error {
        Ok(_) => panic!("expected an error"),
        Err(error) => {
            let message = error.to_string();
            let refused = matches!(error, crate::Error::UdfRejected { .. });
            assert!(
                !refused || crate::udf::advice(&message).is_some(),
                "nothing helps against: {message}"
            );
            message
        }
    }
}
