//! The fields that a row guest asks for, one by one, by name: resolved once, loaded for many documents at a time.
//!
//! A guest asks again and again with the same address for the same name, so the answer is looked up by address first and
//! compared with the bytes that stand there now. Nothing is allocated once every name has been seen.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::host::{Stop, Watch};
use super::limits::{MAX_ROW_BYTES, MAX_ROW_FIELDS};
use super::row_column::{Column, FieldError, FieldValue, State, open};
use super::values::ParamValue;
use crate::batch::{ColumnRequest, Columns, ValueType};

/// What a host function wants of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// A value of this type.
    Value(ValueType),
    /// Only whether there is one.
    Any,
}

/// Fields of a row guest in one query. It outlives the guest's instances.
pub(crate) struct RowFields {
    columns: Vec<Column>,
    slots: Vec<Slot>,
    names: HashMap<Box<str>, [Option<u16>; WANTS]>,
    cache: Vec<Cached>,
    /// The manifest declares fields (by name and column), so that there are no others.
    declared: Vec<(Box<str>, usize)>,
    id: Option<usize>,
    docs: Vec<u32>,
    scores: Vec<f32>,
    current: usize,
    batch: u64,
    pub(crate) params: Arc<[(String, ParamValue)]>,
}

struct Slot {
    name: Box<str>,
    column: Option<usize>,
    /// The item of a list.
    item: Option<usize>,
}

#[derive(Clone, Copy, Default)]
struct Cached {
    at: u32,
    len: u32,
    want: usize,
    /// One more than the slot; 0 is none.
    slot: usize,
}

const WANTS: usize = 5;
/// The longest name of a field that a guest may ask for, in bytes.
const MAX_NAME_BYTES: usize = 1_024;
const CACHE: usize = 64;
const TYPES: [ValueType; 4] = [
    ValueType::Str,
    ValueType::F64,
    ValueType::I64,
    ValueType::Bool,
];

fn want_index(want: Want) -> usize {
    match want {
        Want::Any => 4,
        Want::Value(value_type) => value_type as usize,
    }
}

impl RowFields {
    /// For a guest whose manifest declares `fields`, by the names it uses for them; with none it may ask for any.
    pub(crate) fn new(
        fields: impl Iterator<Item = (String, ColumnRequest)>,
        params: Arc<[(String, ParamValue)]>,
    ) -> Self {
        let mut columns = Vec::new();
        let mut declared = Vec::new();
        for (name, request) in fields {
            if request.field != name {
                declared.push((request.field.clone().into_boxed_str(), columns.len()));
            }
            declared.push((name.into_boxed_str(), columns.len()));
            columns.push(Column::new(Some(request)));
        }
        Self {
            columns,
            slots: Vec::new(),
            names: HashMap::new(),
            cache: vec![Cached::default(); CACHE],
            declared,
            id: None,
            docs: Vec::new(),
            scores: Vec::new(),
            current: 0,
            batch: 0,
            params,
        }
    }

    /// Goes on with another segment: opens what is declared, forgets what was loaded.
    pub(crate) fn enter_segment(&mut self, columns: &mut dyn Columns) -> crate::Result<()> {
        for column in &mut self.columns {
            column.state = State::Closed;
            column.window = 0..0;
        }
        for (_, index) in &self.declared {
            let column = &mut self.columns[*index];
            if let (State::Closed, Some(request)) = (column.state, &column.request) {
                column.state = State::Open(columns.open(request)?);
            }
        }
        Ok(())
    }

    /// Goes on with another batch.
    pub(crate) fn enter_batch(&mut self, docs: &[u32], scores: Option<&[f32]>) {
        self.docs.clear();
        self.docs.extend_from_slice(docs);
        self.scores.clear();
        self.scores.extend_from_slice(scores.unwrap_or_default());
        self.batch += 1;
        self.current = 0;
    }

    /// Goes on with another document of the batch.
    pub(crate) fn set_current(&mut self, index: usize) {
        self.current = index;
    }

    /// The score of the current document, 0 where it is not given.
    pub(crate) fn score(&self) -> f64 {
        self.scores
            .get(self.current)
            .copied()
            .map_or(0.0, f64::from)
    }

    /// The current document's value of the field whose name stands at `at` in the guest's memory.
    pub(crate) fn get(
        &mut self,
        columns: &mut dyn Columns,
        watch: &mut Watch,
        name: &[u8],
        at: u32,
        want: Want,
    ) -> Result<Option<FieldValue<'_>>, FieldError> {
        let slot = self.slot(columns, name, at, want)?;
        let (column, item) = (self.slots[slot].column, self.slots[slot].item);
        let Some(column) = column else {
            return Ok(None);
        };
        if !self.load(columns, watch, column)? {
            return Ok(None);
        }
        Ok(self.columns[column].value(self.current, item))
    }

    /// The current document's `_id`.
    pub(crate) fn id(
        &mut self,
        columns: &mut dyn Columns,
        watch: &mut Watch,
    ) -> Result<Option<&[u8]>, FieldError> {
        let column = match self.id {
            Some(column) => column,
            None => {
                self.columns.push(Column::new(None));
                *self.id.insert(self.columns.len() - 1)
            }
        };
        self.load(columns, watch, column)?;
        match self.columns[column].value(self.current, None) {
            Some(FieldValue::Str(id)) => Ok(Some(id)),
            _ => Ok(None),
        }
    }

    /// Loads the column if the current document's value isn't there yet. `false`: the field is of another type.
    fn load(
        &mut self,
        columns: &mut dyn Columns,
        watch: &mut Watch,
        index: usize,
    ) -> Result<bool, FieldError> {
        let column = &mut self.columns[index];
        if column.batch == self.batch && column.window.contains(&self.current) {
            return Ok(true);
        }
        let started = Instant::now();
        if column.state == State::Closed {
            column.state = match &column.request {
                None => State::Open(columns.open_id()?),
                Some(request) => open(columns, request)?,
            };
        }
        let State::Open(id) = column.state else {
            return Ok(false);
        };
        column.batch = self.batch;
        column.load(columns, id, &self.docs, self.current)?;
        watch.pause(started.elapsed());
        if self.columns.iter().map(Column::held_bytes).sum::<usize>() > MAX_ROW_BYTES {
            self.columns[index].release();
            let message =
                format!("the fields that the guest asks for have more than {MAX_ROW_BYTES} bytes");
            return Err(FieldError::Stop(Stop::Limit(message)));
        }
        Ok(true)
    }

    fn slot(
        &mut self,
        columns: &mut dyn Columns,
        name: &[u8],
        at: u32,
        want: Want,
    ) -> Result<usize, FieldError> {
        // First of all: comparing and hashing a name of megabytes takes longer than a deadline may be overrun by.
        if name.len() > MAX_NAME_BYTES {
            let message = format!(
                "the guest asks for a field with a name of {} bytes",
                name.len()
            );
            return Err(FieldError::Stop(Stop::Limit(message)));
        }
        let index = want_index(want);
        let len = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let place = (at as usize ^ name.len().wrapping_mul(31) ^ index.wrapping_mul(13)) % CACHE;
        let cached = self.cache[place];
        if let Some(slot) = cached.slot.checked_sub(1)
            && (cached.at, cached.len, cached.want) == (at, len, index)
            && self.slots[slot].name.as_bytes() == name
        {
            return Ok(slot);
        }
        let text = std::str::from_utf8(name).unwrap_or_default();
        let slot = match self.names.get(text).and_then(|slots| slots[index]) {
            Some(slot) => usize::from(slot),
            None => self.resolve(columns, text, want)?,
        };
        self.cache[place] = Cached {
            at,
            len,
            want: index,
            slot: slot + 1,
        };
        Ok(slot)
    }

    fn resolve(
        &mut self,
        columns: &mut dyn Columns,
        name: &str,
        want: Want,
    ) -> Result<usize, FieldError> {
        if self.slots.len() >= MAX_ROW_FIELDS {
            let message = format!("the guest asks for more than {MAX_ROW_FIELDS} fields");
            return Err(FieldError::Stop(Stop::Limit(message)));
        }
        let (field, item) = split_item(name);
        let column = if self.declared.is_empty() {
            self.column_for(columns, field, item.is_some(), want)?
        } else {
            self.declared_column(field, item.is_some(), want)
        };
        // Of a list, its name alone means the first item.
        let list = column
            .and_then(|c| self.columns[c].request.as_ref())
            .is_some_and(|r| r.list);
        let item = if list { Some(item.unwrap_or(0)) } else { item };
        let slot = self.slots.len();
        self.slots.push(Slot {
            name: name.into(),
            column,
            item,
        });
        let slots = self.names.entry(name.into()).or_insert([None; WANTS]);
        slots[want_index(want)] = u16::try_from(slot).ok();
        Ok(slot)
    }

    fn declared_column(&self, field: &str, list: bool, want: Want) -> Option<usize> {
        let mut matching = self.declared.iter().filter(|(name, _)| **name == *field);
        let fits = |column: usize| {
            self.columns[column]
                .request
                .as_ref()
                .is_some_and(|request| {
                    (want == Want::Any || want == Want::Value(request.value_type))
                        && (!list || request.list)
                })
        };
        matching
            .find(|(_, column)| fits(*column))
            .map(|(_, column)| *column)
    }

    fn column_for(
        &mut self,
        columns: &mut dyn Columns,
        field: &str,
        list: bool,
        want: Want,
    ) -> Result<Option<usize>, FieldError> {
        let types: &[ValueType] = match want {
            Want::Value(ValueType::Str) => &TYPES[..1],
            Want::Value(ValueType::F64) => &TYPES[1..2],
            Want::Value(ValueType::I64) => &TYPES[2..3],
            Want::Value(ValueType::Bool) => &TYPES[3..],
            Want::Any => &TYPES,
        };
        for value_type in types {
            let request = ColumnRequest {
                field: field.to_string(),
                value_type: *value_type,
                list,
                default: None,
                optional: true,
            };
            let known = self
                .columns
                .iter()
                .position(|c| c.request.as_ref() == Some(&request));
            if let Some(column) = known.filter(|c| self.columns[*c].state != State::Refused) {
                return Ok(Some(column));
            }
            let state = open(columns, &request)?;
            if state != State::Refused {
                let mut column = Column::new(Some(request));
                column.state = state;
                self.columns.push(column);
                return Ok(Some(self.columns.len() - 1));
            }
        }
        Ok(None)
    }
}

/// `tags[2]` is the item 2 of `tags`.
fn split_item(name: &str) -> (&str, Option<usize>) {
    let inside = name
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['));
    match inside.map(|(field, item)| (field, item.parse())) {
        Some((field, Ok(item))) => (field, Some(item)),
        _ => (name, None),
    }
}
