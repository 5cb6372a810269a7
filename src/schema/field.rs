//! A field: its type, its options, and what the engine keeps of it.

use super::date::DateFormats;
use crate::analysis::Analyzer;

/// A field's number, given in order of appearance and stable for the life of an index. 0 is `_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Analyzed text.
    Text,
    /// A string as a whole.
    Keyword,
    /// A 64-bit integer.
    Long,
    /// A 64-bit floating point number.
    Double,
    /// Milliseconds since 1970, UTC.
    Date,
    /// A boolean.
    Boolean,
    /// A point on earth, kept as two doubles.
    GeoPoint,
}

/// The type as the mapping names it. Narrow numbers are kept as the wide ones, but refuse what is out of their range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the mapping's name of itself")]
pub enum DeclaredType {
    Text,
    Keyword,
    Long,
    Integer,
    Short,
    Byte,
    Double,
    Float,
    Date,
    Boolean,
    GeoPoint,
}

impl DeclaredType {
    /// All types.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Keyword,
        Self::Long,
        Self::Integer,
        Self::Short,
        Self::Byte,
        Self::Double,
        Self::Float,
        Self::Date,
        Self::Boolean,
        Self::GeoPoint,
    ];

    /// The name in mappings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Keyword => "keyword",
            Self::Long => "long",
            Self::Integer => "integer",
            Self::Short => "short",
            Self::Byte => "byte",
            Self::Double => "double",
            Self::Float => "float",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::GeoPoint => "geo_point",
        }
    }

    /// What values of it are kept as.
    #[must_use]
    pub const fn field_type(self) -> FieldType {
        match self {
            Self::Text => FieldType::Text,
            Self::Keyword => FieldType::Keyword,
            Self::Long | Self::Integer | Self::Short | Self::Byte => FieldType::Long,
            Self::Double | Self::Float => FieldType::Double,
            Self::Date => FieldType::Date,
            Self::Boolean => FieldType::Boolean,
            Self::GeoPoint => FieldType::GeoPoint,
        }
    }

    /// The least and greatest integer of an integer type; of others, all integers.
    #[must_use]
    pub fn integer_range(self) -> (i64, i64) {
        match self {
            Self::Integer => (i32::MIN.into(), i32::MAX.into()),
            Self::Short => (i16::MIN.into(), i16::MAX.into()),
            Self::Byte => (i8::MIN.into(), i8::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        }
    }
}

/// Where a field's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// From the document, under its name.
    Own,
    /// From the values of this field: a multi-field such as `title.keyword`.
    Multi(FieldId),
    /// The latitude of this `geo_point`, in degrees north.
    Lat(FieldId),
    /// The longitude of this `geo_point`, in degrees east.
    Lon(FieldId),
}

impl Role {
    pub(super) fn parent(self) -> Option<FieldId> {
        match self {
            Self::Own => None,
            Self::Multi(id) | Self::Lat(id) | Self::Lon(id) => Some(id),
        }
    }

    pub(super) fn is_geo_part(self) -> bool {
        matches!(self, Self::Lat(_) | Self::Lon(_))
    }
}

/// What of a field the engine can look up terms in. The numbers are the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PostingsKind {
    /// Nothing.
    None = 0,
    /// Documents only.
    Docs = 1,
    /// Documents, frequencies and positions.
    FreqsPositions = 2,
}

/// Which column the engine keeps of a field. The numbers are the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ColumnKind {
    /// None.
    None = 0,
    /// 64-bit integers.
    I64 = 1,
    /// 64-bit floating point numbers.
    F64 = 2,
    /// Booleans.
    Bool = 3,
    /// Strings through a sorted dictionary.
    Ordinals = 4,
    /// Strings in document order.
    Strings = 5,
    /// Numbers of the field's own terms: `_id`.
    Terms = 6,
}

/// A field of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its number.
    pub id: FieldId,
    /// Its full dotted name.
    pub name: String,
    /// Its type as the mapping names it.
    pub declared: DeclaredType,
    /// Where its values come from.
    pub role: Role,
    /// How a text field's values are analyzed.
    pub analyzer: Analyzer,
    /// How a query's text for a text field is analyzed.
    pub search_analyzer: Analyzer,
    /// Whether it can be searched; true by default.
    pub index: bool,
    /// Whether functions, sorting and aggregations can read it; true by default but for text.
    pub doc_values: bool,
    /// Whether a text field's lengths are kept for scoring; true by default for text.
    pub norms: bool,
    /// A keyword of more UTF-16 units than this is not kept, as in OpenSearch.
    pub ignore_above: Option<usize>,
    /// How a date field's strings are read.
    pub date_formats: DateFormats,
    /// Multi-fields; of a `geo_point`, its latitude and longitude.
    pub subfields: Vec<FieldId>,
}

impl Field {
    /// A field with its type's defaults.
    pub(super) fn new(id: FieldId, name: String, declared: DeclaredType) -> Self {
        let text = declared == DeclaredType::Text;
        Self {
            id,
            name,
            declared,
            role: Role::Own,
            analyzer: Analyzer::Standard,
            search_analyzer: Analyzer::Standard,
            index: true,
            doc_values: !text,
            norms: text,
            ignore_above: None,
            date_formats: DateFormats::default(),
            subfields: Vec::new(),
        }
    }

    /// What its values are.
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        self.declared.field_type()
    }

    /// What the engine can look up terms in.
    #[must_use]
    pub fn postings(&self) -> PostingsKind {
        match self.field_type() {
            FieldType::Text if self.index => PostingsKind::FreqsPositions,
            FieldType::Keyword if self.index => PostingsKind::Docs,
            _ => PostingsKind::None,
        }
    }

    /// Which column the engine keeps. Numbers are searched through their column, so that they have one if either `index` or
    /// `doc_values` is true.
    #[must_use]
    pub fn column(&self) -> ColumnKind {
        let kept = self.doc_values || self.index;
        match self.field_type() {
            FieldType::Text if self.doc_values => ColumnKind::Strings,
            FieldType::Keyword if self.id == FieldId(0) => ColumnKind::Terms,
            FieldType::Keyword if self.doc_values => ColumnKind::Ordinals,
            FieldType::Long | FieldType::Date if kept => ColumnKind::I64,
            FieldType::Double if kept => ColumnKind::F64,
            FieldType::Boolean if kept => ColumnKind::Bool,
            _ => ColumnKind::None,
        }
    }

    /// Whether the engine keeps a length per document.
    #[must_use]
    pub fn has_norms(&self) -> bool {
        self.norms && self.postings() == PostingsKind::FreqsPositions
    }

    /// Whether the engine keeps anything of it, so that it can be known which documents have it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.postings() != PostingsKind::None || self.column() != ColumnKind::None
    }

    /// Whether its values are strings.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.field_type(), FieldType::Text | FieldType::Keyword)
    }
}
