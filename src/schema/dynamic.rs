//! Fields that documents bring along.

use super::Schema;
use super::date::looks_like_date;
use super::field::{DeclaredType, FieldId, Role};
use super::value::Scalar;

/// What happens to a document's fields that the mapping doesn't know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamic {
    /// They are added.
    True,
    /// They are kept in the source only.
    False,
    /// The document is refused.
    Strict,
}

/// What a keyword beside a dynamic text field ignores, as in OpenSearch.
const DYNAMIC_IGNORE_ABOVE: usize = 256;

impl Schema {
    /// What holds for an unknown field: the setting of the innermost object around it that has one.
    pub(super) fn dynamic_for(&self, name: &str) -> Dynamic {
        let mut rest = name;
        while let Some((object, _)) = rest.rsplit_once('.') {
            if let Some(Some(dynamic)) = self.objects.get(object) {
                return *dynamic;
            }
            rest = object;
        }
        self.dynamic
    }

    /// Adds a field for a value, as OpenSearch does: text with a keyword beside it, `long`, `double`, `boolean`, or `date`
    /// for a string that looks like one.
    pub(super) fn add_dynamic(
        &mut self,
        name: &str,
        value: &Scalar<'_>,
    ) -> Result<FieldId, String> {
        let declared = match value {
            Scalar::Bool(_) => DeclaredType::Boolean,
            Scalar::I64(_) => DeclaredType::Long,
            Scalar::U64(_) | Scalar::F64(_) => DeclaredType::Double,
            // Integers never come as text: only fractions are read again as they were written.
            Scalar::Raw(_) => DeclaredType::Double,
            Scalar::Str(text) if self.date_detection && looks_like_date(text) => DeclaredType::Date,
            Scalar::Str(_) => DeclaredType::Text,
        };
        let id = self.add(name, declared, Role::Own)?;
        if declared == DeclaredType::Text {
            let keyword = format!("{name}.keyword");
            let keyword = self.add(&keyword, DeclaredType::Keyword, Role::Multi(id))?;
            self.fields[usize::from(keyword.0)].ignore_above = Some(DYNAMIC_IGNORE_ABOVE);
        }
        Ok(id)
    }
}
