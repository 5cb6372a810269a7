#include "diagon/search/numbers.h"

#include "diagon/util/error.h"

namespace diagon::search {

Numbers::Numbers(const docvalues::ColumnReader* column) : column_(column) {
  using schema::ColumnKind;
  if (column != nullptr &&
      (column->kind() == ColumnKind::kOrdinals || column->kind() == ColumnKind::kStrings ||
       column->kind() == ColumnKind::kTerms))
    throw_invalid("a number is asked of a field of strings");
}

}  // namespace diagon::search
