#include "diagon/search/term_scorer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "diagon/kernels/kernels.h"

namespace diagon::search {
namespace {

using postings::PostingsCursor;

static_assert(codec::kBlock == kernels::kBatch);
static_assert(postings::kImpacts == kernels::kImpactPairs);
static_assert(postings::kAnyFreq == kernels::kAnyFreq);

// With fewer candidates than this in a window, each is looked up; else the window's blocks are
// walked through.
constexpr size_t kSparseCandidates = 64;

}  // namespace

std::vector<float> bounds_beside(const PostingsCursor& lead, const PostingsCursor& other,
                                 std::span<const float> bounds) {
  std::vector<float> beside(lead.block_count());
  DocId from = 0;
  uint32_t at = 0;  // the other's first block that reaches `from`
  for (uint32_t b = 0; b < beside.size(); ++b) {
    const DocId last = lead.block_last_doc(b);
    while (at < other.block_count() && other.block_last_doc(at) < from) ++at;
    if (at == other.block_count()) break;
    beside[b] = bounds[at];
    while (other.block_last_doc(at) < last && at + 1 < other.block_count())
      beside[b] = std::max(beside[b], bounds[++at]);
    from = last + 1;
  }
  return beside;
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

namespace {

// Where those of docs[from, n) end that can be in the cursor's block.
uint32_t end_in_block(const PostingsCursor& cursor, const DocId* docs, uint32_t from,
                      uint32_t n) noexcept {
  return docs[n - 1] <= cursor.last_doc()
             ? n
             : from + find_doc(docs + from, n - from, cursor.last_doc() + 1);
}

}  // namespace

uint32_t count_common(PostingsCursor& cursor, const DocId* docs, uint32_t n) {
  const kernels::Kernels& run = kernels::best();
  uint32_t count = 0;
  for (uint32_t from = 0; from < n && cursor.seek(docs[from]);) {
    const uint32_t to = end_in_block(cursor, docs, from, n);
    count += run.count_common(docs + from, to - from, cursor.docs(), cursor.size());
    from = to;
  }
  return count;
}

uint32_t intersect(PostingsCursor& cursor, DocId* docs, uint32_t n, uint16_t* kept,
                   uint32_t* freqs) {
  const kernels::Kernels& run = kernels::best();
  uint16_t in_docs[kernels::kBatch + 16];
  uint16_t in_block[kernels::kBatch + 16];
  uint32_t count = 0;
  for (uint32_t from = 0; from < n;) {
    if (!cursor.seek(docs[from])) break;
    const uint32_t to = end_in_block(cursor, docs, from, n);
    const uint32_t found =
        run.intersect(docs + from, to - from, cursor.docs(), cursor.size(), in_docs, in_block);
    if (found != 0) {
      const uint32_t* block_freqs = freqs == nullptr ? nullptr : cursor.freqs();
      for (uint32_t i = 0; i < found; ++i) {
        const uint32_t at = from + in_docs[i];
        docs[count] = docs[at];
        kept[count] = static_cast<uint16_t>(at);
        if (freqs != nullptr) freqs[count] = block_freqs[in_block[i]];
        ++count;
      }
    }
    from = to;
  }
  return count;
}

void TermScoring::score(const DocId* docs, const uint32_t* freqs, uint32_t n,
                        float* scores) const noexcept {
  if (norms != nullptr) {
    kernels::best().score(docs, freqs, n, norms, table->data(), weight, scores);
    return;
  }
  for (uint32_t i = 0; i < n; ++i)
    scores[i] = bm25(weight, static_cast<float>(freqs[i]), (*table)[1]);
}

std::vector<float> TermScoring::bounds(PostingsCursor& cursor) const {
  std::vector<float> bounds(cursor.block_count());
  if (!cursor.has_freqs()) {
    std::ranges::fill(bounds, bm25(weight, 1, (*table)[1]));
  } else if (cursor.impact_freqs() != nullptr) {
    kernels::best().bounds(cursor.impact_freqs(), cursor.impact_norms(), cursor.block_count(),
                           table->data(), weight, bounds.data());
  } else {
    float scores[kernels::kBatch] = {};
    cursor.open_block(0);
    score(cursor.docs(), cursor.freqs(), cursor.size(), scores);
    for (uint32_t i = 0; i < cursor.size(); ++i) bounds[0] = std::max(bounds[0], scores[i]);
  }
  return bounds;
}

DocId TermScorer::lower_bound(DocId target) {
  if (!cursor_.seek(target)) return kNoMoreDocs;
  return cursor_.docs()[find_doc(cursor_.docs(), cursor_.size(), target)];
}

void TermScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  if (with_scores() && freqs_.empty()) freqs_.resize(kWindowDocs);
  if (kernels::best().popcount(mask, window.words()) < kSparseCandidates)
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
    if (with_scores()) {
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
      if (with_scores()) freqs_[doc - window.base] = cursor_.freqs()[i];
    }
    out[w] = found;
  }
}

uint32_t TermScorer::refine(DocId* docs, uint32_t n) {
  uint16_t kept[kernels::kBatch + 16];
  uint32_t count = 0;
  for (uint32_t from = 0; from < n; from += kernels::kBatch) {
    const uint32_t found =
        intersect(cursor_, docs + from, std::min(n - from, kernels::kBatch), kept, nullptr);
    std::copy_n(docs + from, found, docs + count);
    count += found;
  }
  return count;
}

void TermScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  bits::for_each(docs, window.words(), [&](size_t i) {
    scores[i] += scoring_(window.base + static_cast<DocId>(i), freqs_[i]);
  });
}

std::span<const float> TermScorer::bounds() {
  if (bounds_.empty()) bounds_ = scoring_.bounds(cursor_);
  return bounds_;
}

uint32_t TermScorer::least_freq(uint32_t block, float score) const noexcept {
  const float weight = scoring_.weight;
  if (cursor_.impact_freqs() == nullptr || !(score > 0) || !(score < weight)) return 1;
  const float wanted = least_product(weight, score);
  const uint8_t* freqs = cursor_.impact_freqs() + size_t{postings::kImpacts} * block;
  const uint8_t* norms = cursor_.impact_norms() + size_t{postings::kImpacts} * block;
  uint32_t before = 0;
  for (size_t i = 0; i < postings::kImpacts; ++i) {
    // A document with a frequency above `before` is not shorter than this pair's norm.
    const float least = std::min(wanted / (*scoring_.table)[norms[i]], 255.0f);
    if (freqs[i] == postings::kAnyFreq || least <= static_cast<float>(freqs[i])) {
      const auto whole = static_cast<uint32_t>(least);
      return std::max(before + 1, whole + (static_cast<float>(whole) < least ? 1 : 0));
    }
    before = freqs[i];
  }
  return before + 1;
}

float TermScorer::bound(DocId from, DocId to) {
  const std::span<const float> all = bounds();
  float best = 0;
  for (uint32_t b = cursor_.find_block(from); b < cursor_.block_count(); ++b) {
    best = std::max(best, all[b]);
    if (cursor_.block_last_doc(b) >= to - 1) break;
  }
  return best;
}

double TermScorer::max_score(DocId from, DocId to) { return bound(from, to); }

DocId TermScorer::max_score_end(DocId from) {
  const uint32_t b = cursor_.find_block(from);
  return b == cursor_.block_count() ? kNoMoreDocs : cursor_.block_last_doc(b) + 1;
}

}  // namespace diagon::search
