#include <algorithm>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {
namespace {

using kernels::kBatch;
using postings::PostingsCursor;

// If the next term is so many times as frequent as the rarest, decoding its blocks is what costs,
// and scores come first: many of these blocks then have no candidate that could get in.
constexpr uint64_t kScoreFirst = 6;

}  // namespace

AllSearch::AllSearch(const index::LiveSegment& segment, uint32_t number, std::vector<Term> terms,
                     std::vector<ScorerPtr> filters)
    : BlockSearch(segment, number), terms_(std::move(terms)), filters_(std::move(filters)) {
  std::ranges::stable_sort(terms_, {}, [](const Term& term) { return term.scorer->cost(); });
  std::ranges::stable_sort(filters_, {}, [](const ScorerPtr& filter) { return filter->cost(); });
}

Stop AllSearch::search(TopHits& top, uint64_t enough, uint64_t& count, const Interrupt& interrupt) {
  TermScorer& first_term = *terms_[0].scorer;
  PostingsCursor& lead = first_term.cursor();
  counting_ = enough != 0 && count <= enough;
  if (counting_ && terms_.size() == 1 && filters_.empty() && segment_.live == nullptr) {
    count += lead.doc_freq();
    counting_ = false;
  }
  const bool ranking = top.wanted() != 0;
  std::vector<double> others(lead.block_count());
  for (size_t t = 1; t < terms_.size() && ranking; ++t) {
    if (!terms_[t].scored) continue;
    TermScorer& term = *terms_[t].scorer;
    const std::vector<float> bounds = bounds_beside(lead, term.cursor(), term.bounds());
    for (size_t b = 0; b < bounds.size(); ++b) others[b] += bounds[b];
  }
  std::vector<BlockBound> blocks(lead.block_count());
  DocId first = 0;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    const DocId end = lead.block_last_doc(b) + 1;
    blocks[b] = {0, b, first};
    if (ranking)
      blocks[b].bound =
          static_cast<float>((terms_[0].scored ? first_term.bounds()[b] : 0.0f) + others[b]);
    first = end;
  }
  if (ranking) {
    rest_.assign(terms_.size(), 0.0);
    for (size_t t = terms_.size() - 1; t > 0; --t)
      rest_[t - 1] =
          rest_[t] + (terms_[t].scored ? std::ranges::max(terms_[t].scorer->bounds()) : 0);
    for (Term& term : terms_)
      if (term.scored) term.freqs.resize(kMatches);
  }
  const bool by_score =
      terms_[0].scored &&
      (terms_.size() == 1 || terms_[1].scorer->cost() >= kScoreFirst * lead.doc_freq());
  const Stop stop = walk(
      blocks, terms_.size() == 1, top, interrupt, [&] { return counting_; },
      [&](uint32_t block, bool admitted) {
        if (!counting_ && by_score) {
          score_first(block, others[block], top);
        } else {
          count += match_first(block, admitted, others[block], top);
        }
        if (counting_ && count > enough) {
          score_matches(top);
          counting_ = false;
        }
      });
  // What was found until the deadline counts.
  if (stop != Stop::kCancelled) {
    score_matches(top);
    finish(top);
  }
  return stop;
}

void AllSearch::keep_filtered(DocId* docs, uint32_t& n) {
  n = keep_live(docs, n);
  for (size_t f = 0; f < filters_.size() && n != 0; ++f) n = filters_[f]->refine(docs, n);
}

uint32_t AllSearch::match_first(uint32_t block, bool admitted, double others, TopHits& top) {
  TermScorer& first = *terms_[0].scorer;
  PostingsCursor& lead = first.cursor();
  lead.open_block(block);
  // The batch ascends.
  if (matches_ != 0 &&
      (matches_ > kMatches - kBatch - 16 || lead.first_doc() <= docs_[matches_ - 1]))
    score_matches(top);
  DocId* docs = docs_ + matches_;
  uint16_t kept[kBatch + 16];
  uint32_t n = lead.size();
  const uint32_t least = admitted && !counting_ && terms_[0].scored
                             ? first.least_freq(block, part_of(top.bar(), others))
                             : 1;
  const bool lead_freqs = admitted && terms_[0].scored;
  if (least > 1) {
    n = kernels::best().frequent(lead.docs(), lead.freqs(), n, least, docs,
                                 terms_[0].freqs.data() + matches_);
  } else {
    std::copy_n(lead.docs(), n, docs);
    if (lead_freqs) std::copy_n(lead.freqs(), n, terms_[0].freqs.data() + matches_);
  }
  // Of the terms before `t`, keeps what belongs to the documents that are kept.
  const auto keep = [&](size_t t) {
    for (size_t s = 0; s < t && admitted; ++s) {
      if (!terms_[s].scored) continue;
      uint32_t* freqs = terms_[s].freqs.data() + matches_;
      for (uint32_t i = 0; i < n; ++i) freqs[i] = freqs[kept[i]];
    }
  };
  const bool all_pass = segment_.live == nullptr && filters_.empty();
  for (size_t t = 1; t < terms_.size() && n != 0; ++t) {
    if (t + 1 == terms_.size() && !admitted && all_pass)
      return count_common(terms_[t].scorer->cursor(), docs, n);
    const bool freqs = admitted && terms_[t].scored;
    n = intersect(terms_[t].scorer->cursor(), docs, n, kept,
                  freqs ? terms_[t].freqs.data() + matches_ : nullptr);
    keep(t);
  }
  if (!admitted) {
    keep_filtered(docs, n);
    return n;
  }
  if (counting_ && n != 0 && !all_pass) {
    DocId left[kBatch + 16];
    std::copy_n(docs, n, left);
    uint32_t hits = n;
    keep_filtered(left, hits);
    uint32_t i = 0;
    for (uint32_t j = 0; j < n && i < hits; ++j) {
      if (docs[j] != left[i]) continue;
      docs[i] = left[i];
      kept[i++] = static_cast<uint16_t>(j);
    }
    n = i;
    keep(terms_.size());
  }
  if (admitted) matches_ += n;
  return counting_ ? n : 0;
}

void AllSearch::score_matches(TopHits& top) {
  for (uint32_t from = 0; from < matches_; from += kBatch) {
    const uint32_t n = std::min(matches_ - from, kBatch);
    const DocId* docs = docs_ + from;
    double sums[kBatch] = {};
    float scores[kBatch];
    for (const Term& term : terms_) {
      if (!term.scored) continue;
      term.scorer->scoring().score(docs, term.freqs.data() + from, n, scores);
      for (uint32_t i = 0; i < n; ++i) sums[i] += scores[i];
    }
    for (uint32_t i = 0; i < n; ++i) scores[i] = static_cast<float>(sums[i]);
    uint16_t kept[kBatch + 16];
    const uint32_t good = kernels::best().at_least(scores, n, top.bar(), kept);
    // While hits are counted, these have passed the filters. Else the filters come last: few
    // documents are left.
    DocId left[kBatch + 16];
    for (uint32_t i = 0; i < good; ++i) left[i] = docs[kept[i]];
    uint32_t hits = good;
    if (!counting_) keep_filtered(left, hits);
    for (uint32_t i = 0, j = 0; i < hits && j < good; ++j)
      if (docs[kept[j]] == left[i]) top.add({number_, left[i++], scores[kept[j]]});
  }
  matches_ = 0;
}

void AllSearch::score_first(uint32_t block, double others, TopHits& top) {
  const auto flush = [&] { finish(top); };
  candidates_.add_block(*terms_[0].scorer, block, part_of(top.bar(), others), flush);
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
  const DocId* docs = candidates_.docs();
  DocId left[kBatch + 16];
  uint32_t hits = candidates_.size();
  std::copy_n(docs, hits, left);
  keep_filtered(left, hits);
  for (uint32_t i = 0, j = 0; i < hits && j < candidates_.size(); ++j)
    if (docs[j] == left[i])
      top.add({number_, left[i++], static_cast<float>(candidates_.sums()[j])});
  candidates_.clear();
}

}  // namespace diagon::search
