// One column made of the columns of several segments.
#pragma once

#include <span>

#include "diagon/directory/file.h"
#include "diagon/docvalues/column.h"
#include "diagon/util/doc_order.h"
#include "diagon/util/interrupt.h"

namespace diagon::docvalues {

// Writes the values of the documents of `order`: the bytes that a ColumnWriter would write that had
// been given them in this order. `inputs`: by segment; null where the segment lacks the field, else
// of that kind. Takes RAM of a bit a document and, for kOrdinals, 12 bytes a distinct string; all
// else is read and written as a stream. Throws kCorrupt, kIo, kTooLarge; kCancelled once `stop` is
// set.
ColumnMeta merge_columns(directory::FileWriter& file, schema::ColumnKind kind,
                         std::span<const ColumnReader* const> inputs, const DocOrder& order,
                         const CancelFlag& stop);

}  // namespace diagon::docvalues
