#include "diagon/search/simple_scorers.h"

#include <bit>
#include <cstring>

namespace diagon::search {

void ConstantScorerBase::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  bits::for_each(docs, window.words(), [&](size_t i) { scores[i] += score_; });
}

void MatchAllScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  if (out != mask) std::memcpy(out, mask, window.words() * sizeof(uint64_t));
}

void MatchNoneScorer::match(const Window& window, const uint64_t*, uint64_t* out) {
  std::memset(out, 0, window.words() * sizeof(uint64_t));
}

DocId BitSetScorer::lower_bound(DocId target) {
  if (target >= max_doc_) return kNoMoreDocs;
  size_t w = target / 64;
  uint64_t word = words_[w] & (~uint64_t{0} << (target % 64));
  const size_t end = bits::words_for(max_doc_);
  while (word == 0) {
    if (++w == end) return kNoMoreDocs;
    word = words_[w];
  }
  const DocId doc = static_cast<DocId>(w * 64 + static_cast<size_t>(std::countr_zero(word)));
  return doc < max_doc_ ? doc : kNoMoreDocs;
}

void BitSetScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  const uint64_t* words = words_ + window.base / 64;
  for (uint32_t w = 0; w < window.words(); ++w) out[w] = mask[w] & words[w];
}

}  // namespace diagon::search
