#include <algorithm>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {
namespace {

using kernels::kBatch;
using postings::PostingsCursor;

// If the next term is so many times as frequent as the rarest, decoding its blocks is what costs,
// and scores come first: many of these blocks then have no candidate that could get in.
constexpr uint64_t kScoreFirst = 3;

}  // namespace

AllSearch::AllSearch(const index::LiveSegment& segment, uint32_t number, std::vector<Term> terms,
                     std::vector<ScorerPtr> filters)
    : BlockSearch(segment, number), terms_(std::move(terms)), filters_(std::move(filters)) {
  std::ranges::stable_sort(terms_, {}, [](const Term& term) { return term.scorer->cost(); });
  std::ranges::stable_sort(filters_, {}, [](const ScorerPtr& filter) { return filter->cost(); });
}

double AllSearch::others_bound(DocId from, DocId to) {
  double sum = 0;
  for (size_t t = 1; t < terms_.size(); ++t)
    if (terms_[t].scored) sum += terms_[t].scorer->bound(from, to);
  return sum;
}

Stop AllSearch::search(TopHits& top, uint64_t enough, uint64_t& count, const Interrupt& interrupt) {
  PostingsCursor& lead = terms_[0].scorer->cursor();
  bool counting = enough != 0 && count <= enough;
  if (counting && terms_.size() == 1 && filters_.empty() && segment_.live == nullptr) {
    count += lead.doc_freq();
    counting = false;
  }
  const bool ranking = top.wanted() != 0;
  std::vector<double> others(lead.block_count());
  std::vector<BlockBound> blocks(lead.block_count());
  DocId first = 0;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    const DocId end = lead.block_last_doc(b) + 1;
    blocks[b] = {0, b, first};
    if (ranking) {
      if (terms_.size() > 1) others[b] = others_bound(first, end);
      blocks[b].bound =
          static_cast<float>((terms_[0].scored ? terms_[0].scorer->bounds()[b] : 0.0f) + others[b]);
    }
    first = end;
  }
  if (ranking) {
    scores_.resize(terms_.size());
    for (size_t t = 0; t < terms_.size(); ++t)
      if (terms_[t].scored) scores_[t].resize(kBatch);
    rest_.assign(terms_.size(), 0.0);
    for (size_t t = terms_.size() - 1; t > 0; --t)
      rest_[t - 1] =
          rest_[t] + (terms_[t].scored ? std::ranges::max(terms_[t].scorer->bounds()) : 0);
  }
  const bool by_score =
      terms_[0].scored &&
      (terms_.size() == 1 || terms_[1].scorer->cost() >= kScoreFirst * lead.doc_freq());
  const Stop stop = walk(
      blocks, terms_.size() == 1, top, interrupt, [&] { return counting; },
      [&](uint32_t block, bool admitted) {
        if (counting) {
          lead.open_block(block);
          count += count_block(admitted, top);
          counting = count <= enough;
        } else if (by_score) {
          score_first(block, others[block], top);
        } else {
          lead.open_block(block);
          match_first(others[block], top);
        }
      });
  if (stop == Stop::kNo) finish(top);
  return stop;
}

uint32_t AllSearch::match_terms(DocId* docs, uint32_t n) {
  uint16_t kept[kBatch + 16];
  for (size_t t = 1; t < terms_.size() && n != 0; ++t)
    n = intersect(terms_[t].scorer->cursor(), docs, n, kept, nullptr);
  return n;
}

uint32_t AllSearch::score_terms(DocId* docs, uint32_t* lead_freqs, uint32_t n) {
  uint16_t kept[kBatch + 16];
  uint32_t freqs[kBatch + 16];
  for (size_t t = 1; t < terms_.size() && n != 0; ++t) {
    const bool scored = terms_[t].scored;
    TermScorer& term = *terms_[t].scorer;
    n = intersect(term.cursor(), docs, n, kept, scored ? freqs : nullptr);
    for (uint32_t i = 0; i < n; ++i) lead_freqs[i] = lead_freqs[kept[i]];
    for (size_t s = 1; s < t; ++s)
      if (terms_[s].scored)
        for (uint32_t i = 0; i < n; ++i) scores_[s][i] = scores_[s][kept[i]];
    if (scored) term.scoring().score(docs, freqs, n, scores_[t].data());
  }
  // The lead comes last: mostly, few of its documents are left.
  if (terms_[0].scored) terms_[0].scorer->scoring().score(docs, lead_freqs, n, scores_[0].data());
  return n;
}

uint32_t AllSearch::keep_filtered(DocId* docs, uint32_t n) {
  n = keep_live(docs, n);
  for (size_t f = 0; f < filters_.size() && n != 0; ++f) n = filters_[f]->refine(docs, n);
  return n;
}

void AllSearch::sum_scores(uint32_t n, float* sums) const {
  if (terms_.size() == 1 && terms_[0].scored) {
    std::copy_n(scores_[0].data(), n, sums);
    return;
  }
  for (uint32_t i = 0; i < n; ++i) {
    double sum = 0;
    for (size_t t = 0; t < terms_.size(); ++t)
      if (terms_[t].scored) sum += scores_[t][i];
    sums[i] = static_cast<float>(sum);
  }
}

uint32_t AllSearch::count_block(bool score, TopHits& top) {
  PostingsCursor& lead = terms_[0].scorer->cursor();
  DocId docs[kBatch + 16];
  std::copy_n(lead.docs(), lead.size(), docs);
  if (!score) return keep_filtered(docs, match_terms(docs, lead.size()));
  uint32_t freqs[kBatch + 16];
  std::copy_n(lead.freqs(), lead.size(), freqs);
  const uint32_t all = score_terms(docs, freqs, lead.size());
  if (all == 0) return 0;
  float sums[kBatch];
  sum_scores(all, sums);
  DocId left[kBatch + 16];
  std::copy_n(docs, all, left);
  const uint32_t hits = keep_filtered(left, all);
  add_best(docs, sums, left, hits, top);
  return hits;
}

void AllSearch::match_first(double others, TopHits& top) {
  TermScorer& first = *terms_[0].scorer;
  PostingsCursor& lead = first.cursor();
  const kernels::Kernels& run = kernels::best();
  DocId docs[kBatch + 16];
  uint32_t freqs[kBatch + 16];
  uint16_t kept[kBatch + 16];
  uint32_t n = lead.size();
  const float wanted = part_of(top.bar(), others);
  const uint32_t least = terms_[0].scored ? first.least_freq(lead.block(), wanted) : 1;
  if (least > 1) {
    n = run.frequent(lead.docs(), lead.freqs(), n, least, docs, freqs);
  } else {
    std::copy_n(lead.docs(), n, docs);
    std::copy_n(lead.freqs(), n, freqs);
  }
  n = score_terms(docs, freqs, n);
  if (n == 0) return;
  float sums[kBatch];
  sum_scores(n, sums);
  n = run.at_least(sums, n, top.bar(), kept);
  for (uint32_t i = 0; i < n; ++i) {
    docs[i] = docs[kept[i]];
    sums[i] = sums[kept[i]];
  }
  // The filters come last: few documents are left.
  DocId left[kBatch + 16];
  std::copy_n(docs, n, left);
  add_best(docs, sums, left, keep_filtered(left, n), top);
}

void AllSearch::score_first(uint32_t block, double others, TopHits& top) {
  const auto flush = [&] { finish(top); };
  TermScorer& lead = *terms_[0].scorer;
  // Candidates ascend.
  if (candidates_.size() != 0 &&
      lead.cursor().block_last_doc(block) < candidates_.docs()[candidates_.size() - 1])
    flush();
  candidates_.add_block(lead, block, part_of(top.bar(), others), flush);
  if (terms_.size() == 1 || !top.full()) flush();
}

void AllSearch::finish(TopHits& top) {
  for (size_t t = 1; t < terms_.size() && candidates_.size() != 0; ++t) {
    candidates_.look_up(
        *terms_[t].scorer,
        terms_[t].scored ? Candidates::Term::kMustBeThere : Candidates::Term::kMustBeThereUnscored,
        top.bar(), rest_[t]);
    candidates_.keep(top.bar(), rest_[t]);
  }
  // The filters come last: few documents are left.
  const uint32_t n = candidates_.size();
  const DocId* docs = candidates_.docs();
  DocId left[kBatch + 16];
  std::copy_n(docs, n, left);
  const uint32_t hits = keep_filtered(left, n);
  for (uint32_t i = 0, j = 0; i < hits; ++i, ++j) {
    while (docs[j] != left[i]) ++j;
    top.add({number_, left[i], static_cast<float>(candidates_.sums()[j])});
  }
  candidates_.clear();
}

void AllSearch::add_best(const DocId* docs, const float* sums, const DocId* left, uint32_t hits,
                         TopHits& top) const {
  for (uint32_t i = 0, j = 0; i < hits; ++i, ++j) {
    while (docs[j] != left[i]) ++j;
    if (sums[j] >= top.bar()) top.add({number_, left[i], sums[j]});
  }
}

}  // namespace diagon::search
