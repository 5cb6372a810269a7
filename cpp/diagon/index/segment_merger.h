// Several segments made into one, without their deleted documents.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "diagon/index/snapshot.h"
#include "diagon/util/doc_order.h"
#include "diagon/util/interrupt.h"

namespace diagon::index {

struct MergeOptions {
  // Puts documents that share terms beside each other (recursive graph bisection), which makes
  // postings smaller and searches faster. Costs some seconds a million documents.
  bool reorder = false;
};

// Writes the files of segment `number` in `folder`; they are what a flush would write that had been
// given the live documents in this order, but that blocks of stored documents may be cut elsewhere.
// They are not synced. After an exception some of them may be there. Returns where each document
// went. Takes RAM of about ten bytes a document, and the postings of one term at a time; with
// `reorder` up to 600 MiB besides. REQUIRES: some document is live. Throws kCorrupt, kIo,
// kTooLarge; kCancelled once `stop` is set, which is looked at every few thousand documents.
DocOrder merge_segments(const std::string& folder, uint64_t number, const directory::SegmentId& id,
                        std::span<const LiveSegment> inputs, const MergeOptions& options,
                        const CancelFlag& stop);

// Makes what merge_segments wrote durable, but for the names in the folder. Throws SyncError, kIo.
void sync_segment(const std::string& folder, uint64_t number);
// Removes a segment's files, as far as they are there. Throws kIo.
void remove_segment(const std::string& folder, uint64_t number);

}  // namespace diagon::index
