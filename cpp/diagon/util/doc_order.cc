#include "diagon/util/doc_order.h"

#include <algorithm>
#include <cassert>

#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon {

DocOrder::DocOrder(std::span<const Segment> segments) : bases_{0} {
  uint64_t all = 0;
  for (const Segment& segment : segments) {
    all += segment.max_doc;
    if (all >= kNoMoreDocs)
      throw Error(ErrorCode::kTooLarge, "2^31 - 1 documents or more for one segment");
    bases_.push_back(static_cast<DocId>(all));
  }
  targets_.assign(all, kNoMoreDocs);
  for (size_t s = 0; s < segments.size(); ++s) {
    for (DocId doc = 0; doc < segments[s].max_doc; ++doc) {
      if (segments[s].live != nullptr && !bits::test(segments[s].live, doc)) continue;
      targets_[bases_[s] + doc] = size();
      sources_.push_back(bases_[s] + doc);
    }
  }
}

void DocOrder::reorder(std::span<const DocId> permutation) {
  assert(permutation.size() == sources_.size());
  std::vector<DocId> sources(sources_.size());
  for (DocId doc = 0; doc < size(); ++doc) sources[doc] = sources_[permutation[doc]];
  sources_ = std::move(sources);
  for (DocId doc = 0; doc < size(); ++doc) targets_[sources_[doc]] = doc;
  keeps_order_ = std::is_sorted(sources_.begin(), sources_.end());
}

size_t DocOrder::segment_of(DocId at) const noexcept {
  // The last base that is <= at; segments without documents share theirs with the next one.
  return static_cast<size_t>(std::upper_bound(bases_.begin() + 1, bases_.end(), at) -
                             bases_.begin() - 1);
}

}  // namespace diagon
