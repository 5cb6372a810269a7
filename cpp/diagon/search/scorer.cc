#include "diagon/search/scorer.h"

namespace diagon::search {

uint32_t Scorer::refine(DocId* docs, uint32_t n) {
  uint32_t kept = 0;
  for (uint32_t from = 0; from < n;) {
    // The shortest window that holds the documents up to the next gap of a window's size.
    const DocId base = docs[from] & ~DocId{63};
    uint32_t to = from + 1;
    while (to < n && docs[to] - base < kWindowDocs) ++to;
    const Window window{base, docs[to - 1] - base + 1};
    uint64_t words[kWindowWords] = {};
    for (uint32_t i = from; i < to; ++i) bits::set(words, docs[i] - base);
    match(window, words, words);
    for (; from < to; ++from)
      if (bits::test(words, docs[from] - base)) docs[kept++] = docs[from];
  }
  return kept;
}

}  // namespace diagon::search
