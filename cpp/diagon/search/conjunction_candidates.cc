#include "diagon/search/conjunction_candidates.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "diagon/search/live_window.h"

namespace diagon::search {

using kernels::kBatch;

ConjunctionCandidates::ConjunctionCandidates(const PreparedQuery& prepared, size_t segment,
                                             std::span<const Weight* const> required,
                                             std::span<const Weight* const> prohibited,
                                             const Interrupt& interrupt)
    : segment_(prepared.snapshot().segment(segment)), max_doc_(segment_.reader->max_doc()) {
  // The rarest term, if no other clause is rarer.
  const Weight* rarest = nullptr;
  uint64_t cost = UINT64_MAX;
  for (const Weight* weight : required) {
    if (weight->query->kind != QueryKind::kTerm) continue;
    const uint64_t doc_freq = weight->meta(segment, 0).doc_freq;
    if (doc_freq == 0) position_ = max_doc_;
    if (doc_freq >= cost) continue;
    rarest = weight;
    cost = doc_freq;
  }
  if (position_ >= max_doc_) {
    position_ = kNoMoreDocs;
    return;
  }
  for (const Weight* weight : required)
    if (weight != rarest) required_.push_back(prepared.scorer(*weight, segment, interrupt));
  std::ranges::stable_sort(required_, {}, [](const ScorerPtr& scorer) { return scorer->cost(); });
  for (const Weight* weight : prohibited)
    prohibited_.push_back(prepared.scorer(*weight, segment, interrupt));
  if (rarest != nullptr && (required_.empty() || cost <= required_[0]->cost())) {
    lead_ = prepared.term_scorer(*rarest, segment);
    return;
  }
  if (rarest != nullptr) {
    required_.push_back(prepared.scorer(*rarest, segment, interrupt));
    std::ranges::stable_sort(required_, {}, [](const ScorerPtr& scorer) { return scorer->cost(); });
  }
  found_.resize(kWindowWords);
}

DocId ConjunctionCandidates::lower_bound(DocId target) {
  if (target >= max_doc_) return kNoMoreDocs;
  if (lead_ != nullptr) return lead_->lower_bound(target);
  for (const ScorerPtr& scorer : required_) {
    target = scorer->lower_bound(target);
    if (target >= max_doc_) return kNoMoreDocs;
  }
  return target;
}

uint32_t ConjunctionCandidates::next(std::span<DocId> docs) {
  if (position_ == kNoMoreDocs) return 0;
  return lead_ != nullptr ? next_of_block(docs) : next_of_window(docs);
}

uint32_t ConjunctionCandidates::keep_live(DocId* docs, uint32_t n) const noexcept {
  if (segment_.live == nullptr) return n;
  const uint64_t* live = segment_.live->data();
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const DocId doc = docs[i];
    docs[kept] = doc;
    kept += bits::test(live, doc) ? 1 : 0;
  }
  return kept;
}

uint32_t ConjunctionCandidates::drop_prohibited(DocId* docs, uint32_t n) {
  DocId found[kBatch + 16];
  for (size_t p = 0; p < prohibited_.size() && n != 0; ++p) {
    std::copy_n(docs, n, found);
    const uint32_t dropped = prohibited_[p]->refine(found, n);
    uint32_t kept = 0;
    uint32_t next = 0;
    for (uint32_t i = 0; i < n; ++i) {
      const DocId doc = docs[i];
      const bool drop = next < dropped && found[next] == doc;
      docs[kept] = doc;
      next += drop ? 1 : 0;
      kept += drop ? 0 : 1;
    }
    n = kept;
  }
  return n;
}

uint32_t ConjunctionCandidates::next_of_block(std::span<DocId> docs) {
  postings::PostingsCursor& cursor = lead_->cursor();
  if (position_ >= max_doc_ || !cursor.seek(position_)) {
    position_ = kNoMoreDocs;
    return 0;
  }
  const uint32_t first =
      cursor.first_doc() >= position_ ? 0 : find_doc(cursor.docs(), cursor.size(), position_);
  uint32_t n = cursor.size() - first;
  std::copy_n(cursor.docs() + first, n, docs.data());
  position_ = cursor.last_doc() + 1;
  n = keep_live(docs.data(), n);
  for (size_t r = 0; r < required_.size() && n != 0; ++r) n = required_[r]->refine(docs.data(), n);
  return drop_prohibited(docs.data(), n);
}

void ConjunctionCandidates::open_window() {
  window_ = window_at(position_, max_doc_);
  live_window(segment_, window_, position_, found_.data());
  const uint32_t words = window_.words();
  for (const ScorerPtr& scorer : required_) {
    scorer->match(window_, found_.data(), found_.data());
    if (!bits::any(found_.data(), words)) break;
  }
  uint64_t excluded[kWindowWords];
  for (const ScorerPtr& scorer : prohibited_) {
    if (!bits::any(found_.data(), words)) break;
    scorer->match(window_, found_.data(), excluded);
    for (uint32_t w = 0; w < words; ++w) found_[w] &= ~excluded[w];
  }
}

uint32_t ConjunctionCandidates::next_of_window(std::span<DocId> docs) {
  if (window_.size == 0 || position_ >= window_.end()) {
    position_ = lower_bound(position_);
    if (position_ == kNoMoreDocs) return 0;
    open_window();
  }
  uint32_t n = 0;
  for (DocId word = (position_ - window_.base) / 64; word < window_.words(); ++word) {
    uint64_t left = found_[word];
    const DocId base = window_.base + word * 64;
    if (position_ > base) left &= ~uint64_t{0} << (position_ - base);
    if (n + static_cast<uint32_t>(std::popcount(left)) > docs.size()) {
      position_ = std::max(position_, base);
      return n;
    }
    for (; left != 0; left &= left - 1)
      docs[n++] = base + static_cast<DocId>(std::countr_zero(left));
  }
  position_ = window_.end();
  return n;
}

}  // namespace diagon::search
