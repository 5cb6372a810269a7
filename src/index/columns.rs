//! Columns of one segment for a user-defined function: [`Columns`] over native gatherers, and where there is no column over the
//! documents' sources.

use cxx::UniquePtr;

use super::source_columns::{SourceColumn, source_path};
use super::{DocAddress, Snapshot};
use crate::batch::{
    ColumnId, ColumnOut, ColumnRequest, Columns, Dictionary, Extent, Interrupt, SegmentIdentity,
    Value, ValueType,
};
use crate::bridge;
use crate::schema::{ColumnKind, Field, FieldType, ID_FIELD, Role};

/// The columns of one segment. `Send`; keeps its snapshot alive.
pub struct SegmentColumns {
    snapshot: Snapshot,
    segment: u32,
    opened: Vec<Opened>,
    /// Documents that were read from their source.
    source_reads: u64,
    /// When to stop reading sources.
    interrupt: Interrupt,
}

enum Opened {
    Column {
        gatherer: UniquePtr<bridge::Gatherer>,
        field: u32,
        /// One value of one size for each document: there is nothing to measure.
        fixed: bool,
    },
    Source(Box<SourceColumn>),
}

impl std::fmt::Debug for SegmentColumns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentColumns")
            .field("segment", &self.segment)
            .finish_non_exhaustive()
    }
}

/// A field number that no segment has: a column without values.
const NO_FIELD: u32 = u32::MAX;

impl SegmentColumns {
    pub(super) fn new(snapshot: Snapshot, segment: u32) -> Self {
        Self {
            snapshot,
            segment,
            opened: Vec::new(),
            source_reads: 0,
            interrupt: Interrupt::default(),
        }
    }

    /// Reading values from documents' sources takes long: it then stops with `Cancelled` or `Timeout` when `interrupt` says so.
    #[must_use]
    pub fn stopped_by(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }

    /// Says whether a request can be met by a mapping, and by which field.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field, its type and what was wanted.
    pub fn check<'a>(
        schema: &'a crate::schema::Schema,
        request: &ColumnRequest,
    ) -> crate::Result<Option<&'a Field>> {
        let invalid = |message| Err(crate::Error::InvalidArgument(message));
        let name = &request.field;
        match source_path(name) {
            Some("") if request.value_type != ValueType::Str => {
                return invalid(format!(
                    "`{name}` is the whole document, which can't be read as {}",
                    request.value_type.name()
                ));
            }
            Some(_) => return Ok(None),
            None => {}
        }
        let Some(field) = schema.field(name) else {
            if request.optional {
                return Ok(None);
            }
            return invalid(format!("there is no field `{name}`"));
        };
        let fits = match (field.column(), request.value_type) {
            (ColumnKind::I64, ValueType::I64 | ValueType::F64)
            | (ColumnKind::F64, ValueType::F64)
            | (ColumnKind::Bool, ValueType::Bool)
            | (ColumnKind::Ordinals | ColumnKind::Strings | ColumnKind::Terms, ValueType::Str) => {
                true
            }
            (ColumnKind::None, _) if field.field_type() == FieldType::GeoPoint => {
                return invalid(format!(
                    "the field `{name}` of type {} has no column; read its `.lat` and `.lon`",
                    field.declared.name()
                ));
            }
            (ColumnKind::None, _) if matches!(field.role, Role::Lat(_) | Role::Lon(_)) => {
                return invalid(format!(
                    "the field `{name}` has no column; its mapping needs `\"doc_values\": true`"
                ));
            }
            // Read from the source.
            (ColumnKind::None, wanted) => matches!(
                (field.field_type(), wanted),
                (
                    FieldType::Long | FieldType::Date,
                    ValueType::I64 | ValueType::F64
                ) | (FieldType::Double, ValueType::F64)
                    | (FieldType::Boolean, ValueType::Bool)
                    | (FieldType::Keyword | FieldType::Text, ValueType::Str)
            ),
            _ => false,
        };
        if !fits {
            return invalid(format!(
                "the field `{name}` is of type {}, which can't be read as {}",
                field.declared.name(),
                request.value_type.name()
            ));
        }
        Ok(Some(field))
    }

    fn open_field(&mut self, field: u32, request: &ColumnRequest) -> crate::Result<ColumnId> {
        let fallback = request.default.as_ref().map(fallback_bytes);
        let gatherer = bridge::gatherer_open(
            self.snapshot.native(),
            self.segment,
            field,
            request.value_type as u8,
            request.list,
            fallback.is_some(),
            fallback.as_deref().unwrap_or_default(),
        )?;
        self.opened.push(Opened::Column {
            gatherer,
            field,
            fixed: !request.list && request.value_type != ValueType::Str,
        });
        Ok(ColumnId(self.opened.len() - 1))
    }
}

// The numbers are those of GatherType in cpp/diagon/search/gather.h.
const _: () = assert!(
    ValueType::Bool as u8 == 0
        && ValueType::I64 as u8 == 1
        && ValueType::F64 as u8 == 2
        && ValueType::Str as u8 == 3
);

fn not_open() -> crate::Error {
    crate::Error::InvalidArgument("a column that is not open".into())
}

fn fallback_bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Bool(v) => vec![u8::from(*v)],
        Value::I64(v) => v.to_le_bytes().to_vec(),
        Value::F64(v) => v.to_le_bytes().to_vec(),
        Value::Str(v) => v.clone().into_bytes(),
    }
}

impl Columns for SegmentColumns {
    fn open(&mut self, request: &ColumnRequest) -> crate::Result<ColumnId> {
        let schema = self.snapshot.schema().clone();
        let field = Self::check(&schema, request)?;
        let named = source_path(&request.field).is_some();
        if named || field.is_some_and(|field| field.column() == ColumnKind::None) {
            let column = SourceColumn::new(request, field, &self.snapshot);
            self.opened.push(Opened::Source(Box::new(column)));
            return Ok(ColumnId(self.opened.len() - 1));
        }
        self.open_field(
            field.map_or(NO_FIELD, |field| u32::from(field.id.0)),
            request,
        )
    }

    fn measure(&mut self, column: ColumnId, docs: &[u32]) -> crate::Result<Extent> {
        let Self {
            snapshot,
            segment,
            opened,
            source_reads,
            interrupt,
        } = self;
        let extent = match opened.get_mut(column.0).ok_or_else(not_open)? {
            Opened::Column { fixed: true, .. } => return Ok(Extent::default()),
            Opened::Column { gatherer, .. } => bridge::gatherer_measure(gatherer.pin_mut(), docs)?,
            Opened::Source(column) => {
                *source_reads += docs.len() as u64;
                return column.measure(snapshot, *segment, docs, interrupt);
            }
        };
        // The engine refuses what is over 2 GiB.
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Extent {
            items: size(extent.items),
            bytes: size(extent.bytes),
        })
    }

    fn write(
        &mut self,
        column: ColumnId,
        docs: &[u32],
        out: ColumnOut<'_>,
    ) -> crate::Result<usize> {
        let gatherer = match self.opened.get_mut(column.0).ok_or_else(not_open)? {
            Opened::Column { gatherer, .. } => gatherer,
            Opened::Source(column) => return column.write(docs, out),
        };
        let missing = bridge::gatherer_write(
            gatherer.pin_mut(),
            docs,
            out.offsets,
            out.child_offsets,
            out.values,
            out.validity,
        )?;
        Ok(missing as usize)
    }

    fn open_id(&mut self) -> crate::Result<ColumnId> {
        self.open_field(
            0,
            &ColumnRequest {
                field: ID_FIELD.into(),
                value_type: ValueType::Str,
                list: false,
                default: None,
                optional: false,
            },
        )
    }

    fn segment(&self) -> Option<SegmentIdentity> {
        let mut id = [0; 16];
        bridge::snapshot_segment_id(self.snapshot.native(), self.segment, &mut id).ok()?;
        Some(SegmentIdentity {
            id,
            docs: self.snapshot.docs_in(self.segment).ok()?,
            fields: u32::try_from(self.snapshot.schema().fields().len()).ok()?,
        })
    }

    fn dictionary(
        &mut self,
        column: ColumnId,
        request: &ColumnRequest,
    ) -> crate::Result<Option<Dictionary>> {
        let Opened::Column {
            gatherer, field, ..
        } = self.opened.get(column.0).ok_or_else(not_open)?
        else {
            return Ok(None);
        };
        let (len, field) = (bridge::gatherer_dictionary_size(gatherer), *field);
        if len == 0 {
            return Ok(None);
        }
        let values = self.open_field(field, request)?;
        if let Some(Opened::Column { gatherer, .. }) = self.opened.get_mut(values.0) {
            bridge::gatherer_read_dictionary(gatherer.pin_mut());
        }
        Ok(Some(Dictionary { values, len }))
    }

    fn ordinals(&mut self, column: ColumnId, docs: &[u32], out: &mut [u32]) -> crate::Result<()> {
        match self.opened.get_mut(column.0).ok_or_else(not_open)? {
            Opened::Column { gatherer, .. } => {
                Ok(bridge::gatherer_ordinals(gatherer.pin_mut(), docs, out)?)
            }
            Opened::Source(_) => Err(crate::Error::InvalidArgument(
                "the column has no dictionary".to_string(),
            )),
        }
    }

    fn source_reads(&self) -> u64 {
        self.source_reads
    }

    fn id(&mut self, doc: u32) -> crate::Result<String> {
        self.snapshot.id(DocAddress {
            segment: self.segment,
            doc,
        })
    }
}
