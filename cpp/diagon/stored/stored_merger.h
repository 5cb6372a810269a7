// The stored documents of several segments in one file.
#pragma once

#include <span>

#include "diagon/directory/file.h"
#include "diagon/stored/stored.h"
#include "diagon/util/doc_order.h"
#include "diagon/util/interrupt.h"

namespace diagon::stored {

// Writes the documents of `order`. Blocks of which all documents stay together are copied as they
// are; the others are compressed anew, as are short ones, so that at most a few in a hundred stay
// short however often segments are merged. Takes up to 128 MiB of RAM where documents are put into
// another order, else that of a block. Throws kCorrupt, kIo; kCancelled once `stop` is set.
StoredMeta merge_stored(directory::FileWriter& file, std::span<const StoredReader* const> inputs,
                        const DocOrder& order, const CancelFlag& stop);

}  // namespace diagon::stored
