#include "diagon/search/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace diagon::search {

using kernels::kBatch;
using postings::PostingsCursor;

float part_of(float bar, double rest) noexcept {
  // Scores that are too large for a float are all the same.
  if (std::isinf(bar)) return bar < 0 ? bar : std::numeric_limits<float>::max();
  const double part = static_cast<double>(bar) - rest;
  return static_cast<float>(part - 1e-6 * (std::abs(part) + rest));
}

Candidates::Part Candidates::open_block(TermScorer& term, uint32_t block, float least) {
  PostingsCursor& cursor = term.cursor();
  cursor.open_block(block);
  const DocId* docs = cursor.docs();
  const uint32_t* freqs = cursor.freqs();
  uint32_t n = cursor.size();
  if (const uint32_t least_freq = term.least_freq(block, least); least_freq > 1) {
    n = kernels::best().frequent(docs, freqs, n, least_freq, part_docs_, part_freqs_);
    docs = part_docs_;
    freqs = part_freqs_;
  }
  term.scoring().score(docs, freqs, n, part_scores_);
  return {docs, kernels::best().at_least(part_scores_, n, least, part_numbers_)};
}

void Candidates::look_up(TermScorer& term, Term kind, float bar, double rest) {
  const kernels::Kernels& run = kernels::best();
  const bool scored = kind != Term::kMustBeThereUnscored;
  PostingsCursor& cursor = term.cursor();
  const float* bounds = scored ? term.bounds().data() : nullptr;
  const double least = part_of(bar, rest);
  uint16_t in_docs[kBatch + 16];
  uint16_t in_block[kBatch + 16];
  // Of those that the term has: their numbers here, and what they are.
  uint16_t numbers[kBatch];
  DocId docs[kBatch];
  uint32_t freqs[kBatch];
  uint32_t common = 0;
  for (uint32_t from = 0; from < size_;) {
    const uint32_t block = cursor.find_block(docs_[from]);
    if (block == cursor.block_count()) break;
    const DocId last = cursor.block_last_doc(block);
    const uint32_t to =
        docs_[size_ - 1] <= last ? size_ : from + find_doc(docs_ + from, size_ - from, last + 1);
    if (scored && block != cursor.block() &&
        *std::max_element(sums_ + from, sums_ + to) + bounds[block] < least) {
      std::fill(sums_ + from, sums_ + to, -INFINITY);
      from = to;
      continue;
    }
    cursor.open_block(block);
    const uint32_t found =
        run.intersect(docs_ + from, to - from, cursor.docs(), cursor.size(), in_docs, in_block);
    const uint32_t* block_freqs = found != 0 && scored ? cursor.freqs() : nullptr;
    for (uint32_t i = 0; i < found; ++i, ++common) {
      const uint32_t number = from + in_docs[i];
      numbers[common] = static_cast<uint16_t>(number);
      docs[common] = docs_[number];
      if (block_freqs != nullptr) freqs[common] = block_freqs[in_block[i]];
    }
    from = to;
  }
  float scores[kBatch];
  if (scored) term.scoring().score(docs, freqs, common, scores);
  if (kind == Term::kMayBeThere) {
    for (uint32_t c = 0; c < common; ++c) sums_[numbers[c]] += scores[c];
    return;
  }
  for (uint32_t c = 0; c < common; ++c) {
    docs_[c] = docs[c];
    sums_[c] = sums_[numbers[c]] + (scored ? scores[c] : 0.0f);
  }
  size_ = common;
}

void Candidates::drop_all_of(TermScorer& term) {
  DocId docs[kBatch + 16];
  uint16_t numbers[kBatch + 16];
  std::copy_n(docs_, size_, docs);
  const uint32_t common = intersect(term.cursor(), docs, size_, numbers, nullptr);
  uint32_t left = 0;
  for (uint32_t c = 0, next = 0; c < size_; ++c) {
    docs_[left] = docs_[c];
    sums_[left] = sums_[c];
    const bool there = next < common && numbers[next] == c;
    next += there ? 1 : 0;
    left += there ? 0 : 1;
  }
  size_ = left;
}

}  // namespace diagon::search
