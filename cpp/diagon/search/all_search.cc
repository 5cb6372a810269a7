#include <algorithm>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {
namespace {

using kernels::kBatch;
using postings::PostingsCursor;

}  // namespace

AllSearch::AllSearch(const index::LiveSegment& segment, uint32_t number, std::vector<Term> terms,
                     std::vector<ScorerPtr> filters)
    : BlockSearch(segment, number), terms_(std::move(terms)), filters_(std::move(filters)) {
  std::ranges::stable_sort(terms_, {}, [](const Term& term) { return term.scorer->cost(); });
  std::ranges::stable_sort(filters_, {}, [](const ScorerPtr& filter) { return filter->cost(); });
}

Stop AllSearch::count(uint64_t enough, uint64_t& count, const Interrupt& interrupt) {
  PostingsCursor& lead = terms_[0].scorer->cursor();
  if (terms_.size() == 1 && filters_.empty() && segment_.live == nullptr) {
    count += lead.doc_freq();
    return Stop::kNo;
  }
  uint16_t kept[kBatch + 16];
  DocId docs[kBatch];
  for (uint32_t b = 0; b < lead.block_count() && count <= enough; ++b) {
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    lead.open_block(b);
    uint32_t n = lead.size();
    std::copy_n(lead.docs(), n, docs);
    for (size_t t = 1; t < terms_.size() && n != 0; ++t)
      n = intersect(terms_[t].scorer->cursor(), docs, n, kept, nullptr);
    n = keep_live(docs, n);
    for (size_t f = 0; f < filters_.size() && n != 0; ++f) n = filters_[f]->refine(docs, n);
    count += n;
  }
  return Stop::kNo;
}

double AllSearch::others_bound(DocId from, DocId to) {
  double sum = 0;
  for (size_t t = 1; t < terms_.size(); ++t)
    if (terms_[t].scored) sum += terms_[t].scorer->bound(from, to);
  return sum;
}

Stop AllSearch::best(TopHits& top, const Interrupt& interrupt) {
  PostingsCursor& lead = terms_[0].scorer->cursor();
  std::vector<double> others(lead.block_count());
  const std::vector<BlockBound> blocks = by_bound(lead, [&](uint32_t b, DocId from, DocId to) {
    others[b] = others_bound(from, to);
    return static_cast<float>((terms_[0].scored ? terms_[0].scorer->bounds()[b] : 0.0f) +
                              others[b]);
  });
  scores_.resize(terms_.size());
  for (std::vector<float>& scores : scores_) scores.resize(kBatch);
  for (const BlockBound& next : blocks) {
    if (!top.admits(next.bound, number_, next.first)) break;
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    lead.open_block(next.block);
    block(others[next.block], top);
  }
  return Stop::kNo;
}

void AllSearch::block(double others, TopHits& top) {
  PostingsCursor& lead = terms_[0].scorer->cursor();
  const kernels::Kernels& run = kernels::best();
  DocId docs[kBatch + 16];
  uint16_t kept[kBatch + 16];
  uint32_t freqs[kBatch + 16];
  uint32_t n = lead.size();
  const auto keep = [&](size_t terms) {
    for (size_t s = 0; s < terms; ++s)
      if (terms_[s].scored)
        for (uint32_t i = 0; i < n; ++i) scores_[s][i] = scores_[s][kept[i]];
  };
  if (terms_[0].scored) {
    terms_[0].scorer->scoring().score(lead.docs(), lead.freqs(), n, scores_[0].data());
    n = run.at_least(scores_[0].data(), n, part_of(top.bar(), others), kept);
    for (uint32_t i = 0; i < n; ++i) docs[i] = lead.docs()[kept[i]];
    keep(1);
  } else {
    std::copy_n(lead.docs(), n, docs);
  }
  for (size_t t = 1; t < terms_.size() && n != 0; ++t) {
    TermScorer& term = *terms_[t].scorer;
    n = intersect(term.cursor(), docs, n, kept, terms_[t].scored ? freqs : nullptr);
    keep(t);
    if (terms_[t].scored) term.scoring().score(docs, freqs, n, scores_[t].data());
  }
  if (n == 0) return;
  float sums[kBatch];
  for (uint32_t i = 0; i < n; ++i) {
    double sum = 0;
    for (size_t t = 0; t < terms_.size(); ++t)
      if (terms_[t].scored) sum += scores_[t][i];
    sums[i] = static_cast<float>(sum);
  }
  const uint32_t good = run.at_least(sums, n, top.bar(), kept);
  for (uint32_t i = 0; i < good; ++i) {
    docs[i] = docs[kept[i]];
    sums[i] = sums[kept[i]];
  }
  // The filters come last: few documents are left.
  DocId left[kBatch + 16];
  std::copy_n(docs, good, left);
  uint32_t hits = keep_live(left, good);
  for (size_t f = 0; f < filters_.size() && hits != 0; ++f) hits = filters_[f]->refine(left, hits);
  for (uint32_t i = 0, j = 0; i < hits; ++i, ++j) {
    while (docs[j] != left[i]) ++j;
    top.add({number_, left[i], sums[j]});
  }
}

}  // namespace diagon::search
