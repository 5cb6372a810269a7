// The documents of one term, scored by BM25.
#pragma once

#include <memory>
#include <vector>

#include "diagon/index/segment_reader.h"
#include "diagon/postings/postings.h"
#include "diagon/search/scorer.h"
#include "diagon/search/similarity.h"

namespace diagon::search {

class TermScorer final : public Scorer {
 public:
  // `norms` may be null (then every document has norm 1). `weight` = boost * idf.
  TermScorer(postings::PostingsCursor cursor, std::shared_ptr<const NormTable> table,
             const uint8_t* norms, float weight, bool with_scores);

  uint64_t cost() const noexcept override { return cursor_.doc_freq(); }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

 private:
  void match_dense(const Window& window, const uint64_t* mask, uint64_t* out);
  void match_sparse(const Window& window, const uint64_t* mask, uint64_t* out);
  float block_max_score(uint32_t block);

  postings::PostingsCursor cursor_;
  std::shared_ptr<const NormTable> table_;
  const uint8_t* norms_;
  float weight_;
  bool with_scores_;
  std::vector<uint32_t> freqs_;   // of the window's documents, where they matched
  std::vector<float> block_max_;  // by block; negative: not computed yet
  std::vector<postings::Impact> impacts_;
};

// The best score that any of the impacts gives.
float max_impact_score(const std::vector<postings::Impact>& impacts, const NormTable& table,
                       float weight) noexcept;

// The index of the first of `count` ascending documents that is >= target; count if none.
uint32_t find_doc(const DocId* docs, uint32_t count, DocId target) noexcept;

}  // namespace diagon::search
