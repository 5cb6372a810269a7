// How the documents of several segments become those of one: which of them stay, and in what order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "diagon/util/types.h"

namespace diagon {

// Eight bytes a document. Const methods may be called from several threads at once.
class DocOrder {
 public:
  struct Source {
    size_t segment;
    DocId doc;
    bool operator==(const Source&) const = default;
  };
  // The documents of a segment, and a bit set of those that stay (null: all).
  struct Segment {
    DocId max_doc;
    const uint64_t* live;
  };

  // The documents that stay, segment by segment, as they stand there. Throws kTooLarge for 2^31 - 1
  // documents or more in all, deleted ones included.
  explicit DocOrder(std::span<const Segment> segments);
  // Puts at `doc` the document that is at permutation[doc] now. REQUIRES: a permutation of all
  // documents.
  void reorder(std::span<const DocId> permutation);

  // Documents that stay.
  DocId size() const noexcept { return static_cast<DocId>(sources_.size()); }
  size_t segment_count() const noexcept { return bases_.size() - 1; }
  // Where a document comes from. REQUIRES: doc < size().
  Source source(DocId doc) const noexcept {
    const DocId at = sources_[doc];
    const size_t segment = segment_of(at);
    return {segment, at - bases_[segment]};
  }
  // Where a segment's document goes; kNoMoreDocs if it does not stay.
  DocId target(size_t segment, DocId doc) const noexcept { return targets_[bases_[segment] + doc]; }
  // Whether documents of one segment stay in their order, and segments in theirs.
  bool keeps_order() const noexcept { return keeps_order_; }

 private:
  size_t segment_of(DocId at) const noexcept;

  std::vector<DocId> bases_;    // of each segment's documents among all; the end
  std::vector<DocId> sources_;  // by new document: its number among all
  std::vector<DocId> targets_;  // by number among all
  bool keeps_order_ = true;
};

}  // namespace diagon
