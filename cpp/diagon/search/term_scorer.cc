#include "diagon/search/term_scorer.h"

#include <algorithm>
#include <cstring>

namespace diagon::search {
namespace {

// With fewer candidates than this in a window, each is looked up; else the window's blocks are
// walked through.
constexpr size_t kSparseCandidates = 64;

}  // namespace

float max_impact_score(const std::vector<postings::Impact>& impacts, const NormTable& table,
                       float weight) noexcept {
  float best = 0;
  for (const postings::Impact& impact : impacts)
    best = std::max(best, bm25(weight, static_cast<float>(impact.freq), table[impact.norm]));
  return best;
}

uint32_t find_doc(const DocId* docs, uint32_t count, DocId target) noexcept {
  uint32_t at = 0;
  while (count > 1) {
    const uint32_t half = count / 2;
    at += docs[at + half - 1] < target ? half : 0;
    count -= half;
  }
  return at + (count == 1 && docs[at] < target ? 1 : 0);
}

TermScorer::TermScorer(postings::PostingsCursor cursor, std::shared_ptr<const NormTable> table,
                       const uint8_t* norms, float weight, bool with_scores)
    : cursor_(std::move(cursor)),
      table_(std::move(table)),
      norms_(norms),
      weight_(weight),
      with_scores_(with_scores) {
  if (with_scores_) {
    freqs_.resize(kWindowDocs);
    block_max_.assign(cursor_.block_count(), -1.0f);
  }
}

DocId TermScorer::lower_bound(DocId target) {
  if (!cursor_.seek(target)) return kNoMoreDocs;
  return cursor_.docs()[find_doc(cursor_.docs(), cursor_.size(), target)];
}

void TermScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  if (bits::count(mask, window.words()) < kSparseCandidates)
    match_sparse(window, mask, out);
  else
    match_dense(window, mask, out);
}

void TermScorer::match_dense(const Window& window, const uint64_t* mask, uint64_t* out) {
  uint64_t found[kWindowWords];
  std::memset(found, 0, window.words() * sizeof(uint64_t));
  bool more = cursor_.seek(window.base);
  while (more && cursor_.first_doc() < window.end()) {
    const DocId* docs = cursor_.docs();
    const uint32_t first = find_doc(docs, cursor_.size(), window.base);
    const uint32_t last = cursor_.last_doc() < window.end()
                              ? cursor_.size()
                              : find_doc(docs, cursor_.size(), window.end());
    if (with_scores_) {
      const uint32_t* freqs = cursor_.freqs();
      for (uint32_t i = first; i < last; ++i) freqs_[docs[i] - window.base] = freqs[i];
    }
    for (uint32_t i = first; i < last; ++i) bits::set(found, docs[i] - window.base);
    if (last < cursor_.size()) break;  // the block goes on in the next window
    more = cursor_.next_block();
  }
  for (uint32_t w = 0; w < window.words(); ++w) out[w] = mask[w] & found[w];
}

void TermScorer::match_sparse(const Window& window, const uint64_t* mask, uint64_t* out) {
  for (uint32_t w = 0; w < window.words(); ++w) {
    uint64_t candidates = mask[w];
    uint64_t found = 0;
    while (candidates != 0) {
      const uint32_t bit = static_cast<uint32_t>(std::countr_zero(candidates));
      candidates &= candidates - 1;
      const DocId doc = window.base + w * 64 + bit;
      if (!cursor_.seek(doc)) break;
      const uint32_t i = find_doc(cursor_.docs(), cursor_.size(), doc);
      if (cursor_.docs()[i] != doc) continue;
      found |= uint64_t{1} << bit;
      if (with_scores_) freqs_[doc - window.base] = cursor_.freqs()[i];
    }
    out[w] = found;
  }
}

void TermScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  const NormTable& table = *table_;
  if (norms_ == nullptr) {
    const float norm_inverse = table[1];
    bits::for_each(docs, window.words(), [&](size_t i) {
      scores[i] += bm25(weight_, static_cast<float>(freqs_[i]), norm_inverse);
    });
    return;
  }
  const uint8_t* norms = norms_ + window.base;
  bits::for_each(docs, window.words(), [&](size_t i) {
    scores[i] += bm25(weight_, static_cast<float>(freqs_[i]), table[norms[i]]);
  });
}

float TermScorer::block_max_score(uint32_t block) {
  float& best = block_max_[block];
  if (best < 0) {
    impacts_.clear();
    cursor_.block_impacts(block, impacts_);
    best = max_impact_score(impacts_, *table_, weight_);
  }
  return best;
}

double TermScorer::max_score(DocId from, DocId to) {
  float best = 0;
  for (uint32_t b = cursor_.find_block(from); b < cursor_.block_count(); ++b) {
    best = std::max(best, block_max_score(b));
    if (cursor_.block_last_doc(b) >= to - 1) break;
  }
  return best;
}

DocId TermScorer::max_score_end(DocId from) {
  const uint32_t b = cursor_.find_block(from);
  return b == cursor_.block_count() ? kNoMoreDocs : cursor_.block_last_doc(b) + 1;
}

}  // namespace diagon::search
