#include <algorithm>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {

using kernels::kBatch;
using postings::PostingsCursor;

PhraseSearch::PhraseSearch(const index::LiveSegment& segment, uint32_t number,
                           std::unique_ptr<PhraseScorer> phrase)
    : BlockSearch(segment, number), phrase_(std::move(phrase)) {}

Stop PhraseSearch::count(uint64_t enough, uint64_t& count, const Interrupt& interrupt) {
  PostingsCursor& lead = phrase_->lead();
  DocId docs[kBatch];
  for (uint32_t b = 0; b < lead.block_count() && count <= enough; ++b) {
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    lead.open_block(b);
    std::copy_n(lead.docs(), lead.size(), docs);
    count += phrase_->refine(docs, keep_live(docs, lead.size()));
  }
  return Stop::kNo;
}

Stop PhraseSearch::best(TopHits& top, const Interrupt& interrupt) {
  PostingsCursor& lead = phrase_->lead();
  const std::vector<BlockBound> blocks = by_bound(lead, [&](uint32_t, DocId from, DocId to) {
    return static_cast<float>(phrase_->max_score(from, to));
  });
  DocId docs[kBatch];
  uint32_t least[kBatch + 16];
  float bounds[kBatch];
  for (const BlockBound& next : blocks) {
    if (!top.admits(next.bound, number_, next.first)) break;
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    lead.open_block(next.block);
    uint32_t n = lead.size();
    std::copy_n(lead.docs(), n, docs);
    n = phrase_->with_all_terms(docs, n, least);
    // Positions are read only where the rarest term could make a hit.
    phrase_->scoring().score(docs, least, n, bounds);
    for (uint32_t i = 0; i < n; ++i) {
      if (!top.admits(bounds[i], number_, docs[i]) || !live(docs[i])) continue;
      const uint32_t freq = phrase_->frequency(docs[i]);
      if (freq != 0) top.add({number_, docs[i], phrase_->scoring()(docs[i], freq)});
    }
  }
  return Stop::kNo;
}

}  // namespace diagon::search
