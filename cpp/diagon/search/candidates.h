// Documents that can still be among the best hits: what some terms have said of them, and what the
// others can add at most.
#pragma once

#include <algorithm>
#include <cstdint>

#include "diagon/kernels/kernels.h"
#include "diagon/search/term_scorer.h"

namespace diagon::search {

// A score of at least `bar` has a part of at least this, if the rest of it is at most `rest`.
// Rounded down by more than all roundings can make up.
float part_of(float bar, double rest) noexcept;

// A batch of ascending documents, each with the sum of its scores so far.
class Candidates {
 public:
  uint32_t size() const noexcept { return size_; }
  const DocId* docs() const noexcept { return docs_; }
  const double* sums() const noexcept { return sums_; }
  void clear() noexcept { size_ = 0; }

  // Adds those documents of a block of the term whose scores are at least `least`; when the batch
  // is full, or has documents that are not before the block's, calls `flush()`, which clears it and
  // leaves the term alone.
  template <typename Flush>
  void add_block(TermScorer& term, uint32_t block, float least, Flush&& flush) {
    const Part part = open_block(term, block, least);
    if (size_ != 0 && part.size != 0 && part.docs[part_numbers_[0]] <= docs_[size_ - 1]) flush();
    for (uint32_t i = 0; i < part.size;) {
      const uint32_t end = std::min(part.size, i + kernels::kBatch - size_);
      for (; i < end; ++i, ++size_) {
        const uint32_t at = part_numbers_[i];
        docs_[size_] = part.docs[at];
        sums_[size_] = part_scores_[at];
      }
      if (size_ == kernels::kBatch) flush();
    }
  }
  enum class Term { kMayBeThere, kMustBeThere, kMustBeThereUnscored };
  // Adds the term's scores. Blocks of the term whose bound is too low to bring any of their
  // candidates to `bar`, with at most `rest` to come, are not decoded: these candidates are
  // dropped.
  void look_up(TermScorer& term, Term kind, float bar, double rest);
  // Drops what can't reach `bar` with at most `rest` to come.
  void keep(float bar, double rest) noexcept {
    size_ = kernels::best().keep_sums(docs_, sums_, size_, part_of(bar, rest));
  }
  // Drops the term's documents.
  void drop_all_of(TermScorer& term);

 private:
  struct Part {
    const DocId* docs;
    uint32_t size;  // of part_numbers_
  };
  Part open_block(TermScorer& term, uint32_t block, float least);

  uint32_t size_ = 0;
  DocId docs_[kernels::kBatch + 16];
  double sums_[kernels::kBatch + 16];
  // Of the block that is being added.
  DocId part_docs_[kernels::kBatch + 16];
  uint32_t part_freqs_[kernels::kBatch + 16];
  float part_scores_[kernels::kBatch];
  uint16_t part_numbers_[kernels::kBatch + 16];
};

}  // namespace diagon::search
