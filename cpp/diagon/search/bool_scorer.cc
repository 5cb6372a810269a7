#include "diagon/search/bool_scorer.h"

#include <algorithm>
#include <cstring>

namespace diagon::search {

void and_at_least(uint32_t minimum, const uint64_t* sets, size_t count, size_t stride, size_t words,
                  uint64_t* acc) noexcept {
  if (minimum > count) {
    std::memset(acc, 0, words * sizeof(uint64_t));
    return;
  }
  for (size_t w = 0; w < words; ++w) {
    if (acc[w] == 0) continue;
    // A counter of 16 bits for each of 64 documents, one bit plane a word; PreparedQuery refuses
    // more clauses.
    uint64_t planes[16] = {};
    for (size_t s = 0; s < count; ++s) {
      uint64_t carry = sets[s * stride + w];
      for (size_t p = 0; carry != 0 && p < 16; ++p) {
        const uint64_t next = planes[p] & carry;
        planes[p] ^= carry;
        carry = next;
      }
    }
    uint64_t greater = 0;
    uint64_t equal = ~uint64_t{0};
    for (size_t p = 16; p-- > 0;) {
      const uint64_t want = (minimum >> p & 1) != 0 ? ~uint64_t{0} : 0;
      greater |= equal & planes[p] & ~want;
      equal &= ~(planes[p] ^ want);
    }
    acc[w] &= greater | equal;
  }
}

BoolScorer::BoolScorer(std::vector<Child> children, uint32_t minimum_should_match, bool with_scores)
    : children_(std::move(children)),
      minimum_should_match_(minimum_should_match),
      with_scores_(with_scores) {
  for (size_t i = 0; i < children_.size(); ++i) {
    switch (children_[i].occur) {
      case Occur::kMust:
      case Occur::kFilter:
        required_.push_back(i);
        break;
      case Occur::kShould:
        optional_.push_back(i);
        break;
      case Occur::kMustNot:
        prohibited_.push_back(i);
        break;
    }
  }
  std::stable_sort(required_.begin(), required_.end(), [this](size_t a, size_t b) {
    return children_[a].scorer->cost() < children_[b].scorer->cost();
  });
  if (!required_.empty()) {
    cost_ = children_[required_[0]].scorer->cost();
  } else {
    for (const size_t i : optional_) cost_ += children_[i].scorer->cost();
  }
  // Optional clauses that neither decide nor score are never looked at.
  if (minimum_should_match_ == 0 && !with_scores_) optional_.clear();
  optional_bits_.resize(optional_.size() * kWindowWords);
  if (with_scores_) sums_.resize(kWindowDocs);
}

DocId BoolScorer::lower_bound(DocId target) {
  for (const size_t i : required_) target = children_[i].scorer->lower_bound(target);
  if (minimum_should_match_ == 0 || target == kNoMoreDocs) return target;
  DocId first = kNoMoreDocs;
  for (const size_t i : optional_)
    first = std::min(first, children_[i].scorer->lower_bound(target));
  return first;
}

void BoolScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  const uint32_t words = window.words();
  uint64_t acc[kWindowWords];
  std::memcpy(acc, mask, words * sizeof(uint64_t));
  for (const size_t i : required_) {
    children_[i].scorer->match(window, acc, acc);
    if (!bits::any(acc, words)) break;
  }
  if (bits::any(acc, words)) {
    for (const size_t i : prohibited_) {
      uint64_t excluded[kWindowWords];
      children_[i].scorer->match(window, acc, excluded);
      for (uint32_t w = 0; w < words; ++w) acc[w] &= ~excluded[w];
    }
    for (size_t o = 0; o < optional_.size(); ++o)
      children_[optional_[o]].scorer->match(window, acc, &optional_bits_[o * kWindowWords]);
    if (minimum_should_match_ != 0)
      and_at_least(minimum_should_match_, optional_bits_.data(), optional_.size(), kWindowWords,
                   words, acc);
  }
  std::memcpy(out, acc, words * sizeof(uint64_t));
}

void BoolScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  const uint32_t words = window.words();
  bits::for_each(docs, words, [&](size_t i) { sums_[i] = 0; });
  size_t o = 0;
  for (const Child& child : children_) {
    if (child.occur == Occur::kMust) {
      child.scorer->add_scores(window, docs, sums_.data());
    } else if (child.occur == Occur::kShould) {
      uint64_t both[kWindowWords];
      const uint64_t* matched = &optional_bits_[o++ * kWindowWords];
      for (uint32_t w = 0; w < words; ++w) both[w] = docs[w] & matched[w];
      child.scorer->add_scores(window, both, sums_.data());
    }
  }
  bits::for_each(docs, words, [&](size_t i) { scores[i] += sums_[i]; });
}

double BoolScorer::max_score(DocId from, DocId to) {
  double sum = 0;
  for (const Child& child : children_)
    if (scoring(child)) sum += child.scorer->max_score(from, to);
  return sum;
}

DocId BoolScorer::max_score_end(DocId from) {
  DocId end = kNoMoreDocs;
  for (const Child& child : children_)
    if (scoring(child)) end = std::min(end, child.scorer->max_score_end(from));
  return end;
}

}  // namespace diagon::search
