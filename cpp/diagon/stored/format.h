// The table at the end of the stored documents. Private to this room.
#pragma once

#include <cstdint>

#include "diagon/stored/stored.h"

namespace diagon::stored {

// A block's first document, its length before compression, its offset.
inline constexpr uint64_t kEntryBytes = 16;
// The largest block: what one document may add to a block that is not full.
inline constexpr uint64_t kMaxRawBytes = kMaxDocument + kStoredBlock;
// Documents in a block, so that a block of empty ones ends somewhere.
inline constexpr uint32_t kMaxBlockDocs = 1024;

}  // namespace diagon::stored
