// The documents of many terms, read at once.
#pragma once

#include <memory>
#include <vector>

#include "diagon/postings/postings.h"
#include "diagon/search/simple_scorers.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

// The documents of a list.
class DocListScorer final : public ConstantScorerBase {
 public:
  // REQUIRES: strictly ascending.
  DocListScorer(std::vector<DocId> docs, float score)
      : ConstantScorerBase(score), docs_(std::move(docs)) {}
  uint64_t cost() const noexcept override { return docs_.size(); }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  uint32_t refine(DocId* docs, uint32_t n) override;

 private:
  std::vector<DocId> docs_;
};

// Collects documents of a segment: while they are few as a list, then as bits.
class PostingsUnion {
 public:
  // `interrupt` must outlive it.
  PostingsUnion(DocId max_doc, const Interrupt& interrupt)
      : max_doc_(max_doc), interrupt_(interrupt) {}

  // Adds all documents of a term. Throws kCorrupt, kCancelled, kTimeout.
  void add(postings::PostingsCursor cursor);
  // All that were added, each with the score. Leaves it empty.
  ScorerPtr scorer(float score);

 private:
  void make_bits();

  DocId max_doc_;
  const Interrupt& interrupt_;
  std::vector<DocId> list_;
  std::shared_ptr<std::vector<uint64_t>> bits_;  // null: still a list
  uint64_t blocks_ = 0;
};

}  // namespace diagon::search
