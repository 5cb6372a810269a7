#include "diagon/search/postings_union.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "diagon/util/bits.h"

namespace diagon::search {
namespace {

// A list takes 32 bits a document, and sorting: bits are better from one document in so many on.
constexpr DocId kSparse = 256;

}  // namespace

DocId DocListScorer::lower_bound(DocId target) {
  const auto at = std::ranges::lower_bound(docs_, target);
  return at == docs_.end() ? kNoMoreDocs : *at;
}

void DocListScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  uint64_t found[kWindowWords];
  std::memset(found, 0, window.words() * sizeof(uint64_t));
  for (auto at = std::ranges::lower_bound(docs_, window.base);
       at != docs_.end() && *at < window.end(); ++at)
    bits::set(found, *at - window.base);
  for (uint32_t w = 0; w < window.words(); ++w) out[w] = mask[w] & found[w];
}

uint32_t DocListScorer::refine(DocId* docs, uint32_t n) {
  uint32_t kept = 0;
  auto at = docs_.begin();
  for (uint32_t i = 0; i < n; ++i) {
    at = std::lower_bound(at, docs_.end(), docs[i]);
    if (at == docs_.end()) break;
    if (*at == docs[i]) docs[kept++] = docs[i];
  }
  return kept;
}

void PostingsUnion::add(postings::PostingsCursor cursor) {
  if (bits_ == nullptr && list_.size() + cursor.doc_freq() > max_doc_ / kSparse) make_bits();
  while (cursor.next_block()) {
    // The clock is read now and then: most terms have one block.
    if (blocks_++ % 64 == 0) throw_if_stopped(interrupt_.poll());
    const std::span<const DocId> docs(cursor.docs(), cursor.size());
    if (bits_ == nullptr) {
      list_.insert(list_.end(), docs.begin(), docs.end());
    } else {
      for (const DocId doc : docs) bits::set(bits_->data(), doc);
    }
  }
}

void PostingsUnion::make_bits() {
  bits_ = std::make_shared<std::vector<uint64_t>>(bits::words_for(max_doc_));
  for (const DocId doc : list_) bits::set(bits_->data(), doc);
  list_.clear();
}

ScorerPtr PostingsUnion::scorer(float score) {
  if (bits_ == nullptr) {
    std::ranges::sort(list_);
    list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
    return std::make_unique<DocListScorer>(std::exchange(list_, {}), score);
  }
  const auto words = std::exchange(bits_, nullptr);
  const size_t cost = bits::count(words->data(), words->size());
  return std::make_unique<BitSetScorer>(words->data(), words, max_doc_, cost, score);
}

}  // namespace diagon::search
