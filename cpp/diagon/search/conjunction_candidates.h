// The documents of one segment that several native clauses allow, in ascending order, many at a
// time: straight from blocks of postings where a term is the rarest of them, else from windows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/search/scorer.h"
#include "diagon/search/term_scorer.h"
#include "diagon/search/weight.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

// Used by one thread.
class ConjunctionCandidates {
 public:
  // Live documents that match all of `required` and none of `prohibited`, which have no UDF leaf.
  // Throws kCorrupt, kCancelled, kTimeout.
  ConjunctionCandidates(const PreparedQuery& prepared, size_t segment,
                        std::span<const Weight* const> required,
                        std::span<const Weight* const> prohibited, const Interrupt& interrupt);

  // No document before `target` comes any more.
  void skip_to(DocId target) noexcept { position_ = std::max(position_, target); }
  // No candidate in [target, returned); kNoMoreDocs at the end. May decode a block.
  DocId lower_bound(DocId target);
  // The next candidates, of one block of postings or of a window, at most docs.size() of them.
  // Returns how many; none does not mean that these were the last. REQUIRES: room for 128, and 16
  // more that may be read. Throws kCorrupt.
  uint32_t next(std::span<DocId> docs);
  // No candidate at or after this one has been handed out; kNoMoreDocs: all have.
  DocId position() const noexcept { return position_; }

 private:
  uint32_t next_of_block(std::span<DocId> docs);
  uint32_t next_of_window(std::span<DocId> docs);
  uint32_t keep_live(DocId* docs, uint32_t n) const noexcept;
  uint32_t drop_prohibited(DocId* docs, uint32_t n);
  void open_window();

  const index::LiveSegment& segment_;
  DocId max_doc_;
  DocId position_ = 0;
  std::unique_ptr<TermScorer> lead_;   // null: by windows
  std::vector<ScorerPtr> required_;    // by cost, without the lead
  std::vector<ScorerPtr> prohibited_;  // each is asked about what is left
  // By windows: what has not been handed out yet.
  Window window_;
  std::vector<uint64_t> found_;
};

}  // namespace diagon::search
