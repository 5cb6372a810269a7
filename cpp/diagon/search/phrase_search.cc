#include <algorithm>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {

using kernels::kBatch;
using postings::PostingsCursor;

PhraseSearch::PhraseSearch(const index::LiveSegment& segment, uint32_t number,
                           std::unique_ptr<PhraseScorer> phrase)
    : BlockSearch(segment, number), phrase_(std::move(phrase)) {}

Stop PhraseSearch::search(TopHits& top, uint64_t enough, uint64_t& count,
                          const Interrupt& interrupt) {
  PostingsCursor& lead = phrase_->lead();
  const bool ranking = top.wanted() != 0;
  bool counting = enough != 0 && count <= enough;
  const std::vector<float> bounds = ranking ? phrase_->lead_bounds() : std::vector<float>();
  std::vector<BlockBound> blocks(lead.block_count());
  DocId first = 0;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    blocks[b] = {ranking ? bounds[b] : 0.0f, b, first};
    first = lead.block_last_doc(b) + 1;
  }
  const auto look = [&](uint32_t block, bool admitted) {
    lead.open_block(block);
    DocId docs[kBatch];
    std::copy_n(lead.docs(), lead.size(), docs);
    phrase_->each_with_all_terms(docs, keep_live(docs, lead.size()), [&](DocId doc) {
      // Positions are read only where the term that is there least often could make a hit.
      const bool scored =
          admitted && top.admits(phrase_->scoring()(doc, phrase_->most_frequent()), number_, doc);
      if (!scored && !counting) return;
      const uint32_t freq = phrase_->frequency(!scored);
      if (freq == 0) return;
      count += counting ? 1 : 0;
      if (scored) top.add({number_, doc, phrase_->scoring()(doc, freq)});
    });
    counting = counting && count <= enough;
  };
  return walk(
      blocks, false, top, interrupt, [&] { return counting; }, look);
}

}  // namespace diagon::search
