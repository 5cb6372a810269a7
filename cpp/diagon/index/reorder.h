// Puts the documents of a merge into an order in which similar ones stand together.
#pragma once

#include <cstdint>
#include <span>

#include "diagon/index/segment_reader.h"
#include "diagon/util/doc_order.h"
#include "diagon/util/interrupt.h"

namespace diagon::index {

struct ReorderOptions {
  // Pairs of a document and a term that are looked at, 4 bytes each; below 2^32. With more, rare
  // terms are left out.
  uint64_t max_postings = 96u << 20;
  // Terms in fewer documents are left out: they are many, and bring few documents together.
  uint32_t min_doc_freq = 8;
  uint32_t threads = 1;
};

// By the terms of the fields with frequencies. REQUIRES: `order.keeps_order()`. Throws kCorrupt;
// kCancelled once `stop` is set.
void reorder_by_similarity(std::span<const SegmentReader* const> segments, DocOrder& order,
                           const ReorderOptions& options, const CancelFlag& stop);

}  // namespace diagon::index
