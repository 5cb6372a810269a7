// The live documents of a window, as bits.
#pragma once

#include "diagon/index/snapshot.h"
#include "diagon/search/scorer.h"

namespace diagon::search {

// The window that begins at or before `doc`, as large as it can be. REQUIRES: doc < max_doc.
inline Window window_at(DocId doc, DocId max_doc) noexcept {
  const DocId base = doc & ~DocId{63};
  const DocId left = max_doc - base;
  return {base, left < kWindowDocs ? left : kWindowDocs};
}

// Bits of the documents of the window that are live and not before `from`.
inline void live_window(const index::LiveSegment& segment, const Window& window, DocId from,
                        uint64_t* out) noexcept {
  const uint32_t words = window.words();
  bits::fill(out, words, window.size);
  if (segment.live)
    for (uint32_t w = 0; w < words; ++w) out[w] &= (*segment.live)[window.base / 64 + w];
  if (words != 0 && from > window.base) out[0] &= ~uint64_t{0} << (from - window.base);
}

}  // namespace diagon::search
