// The documents in which terms stand near each other, or in which a place of a phrase may have any
// of several terms; scored by BM25 with SloppyFrequency as frequency.
#pragma once

#include <memory>
#include <vector>

#include "diagon/search/scorer.h"
#include "diagon/search/sloppy_frequency.h"
#include "diagon/search/term_scorer.h"

namespace diagon::search {

class SloppyPhraseScorer final : public Scorer {
 public:
  struct Slot {
    std::vector<std::unique_ptr<TermScorer>> terms;  // without scores; any of them will do
    uint64_t cost = 0;                               // documents, at most
  };
  // `phrase` are the same slots with all their terms, also those that the segment lacks. With a
  // slop of 0 the phrase must stand there as it is, and counts as often as it does.
  // REQUIRES: two slots or more, each with a term or more.
  SloppyPhraseScorer(std::vector<Slot> slots, const std::vector<PhraseSlot>& phrase, uint32_t slop,
                     TermScoring scoring);

  uint64_t cost() const noexcept override { return slots_[order_[0]].cost; }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  // No matter how often a phrase stands in a document, the score stays below its weight.
  double max_score(DocId, DocId) override { return scoring_.weight; }
  DocId max_score_end(DocId) override { return kNoMoreDocs; }

 private:
  bool with_scores() const noexcept { return scoring_.table != nullptr; }
  // acc = those of its documents that have a term of the slot.
  static void keep_slot(Slot& slot, const Window& window, uint64_t* acc);
  // REQUIRES: the document has a term of each slot.
  float frequency(DocId doc);
  // As often as the phrase stands there as it is.
  float exact_frequency();

  std::vector<Slot> slots_;
  std::vector<uint32_t> offsets_;  // by slot, in the phrase
  std::vector<size_t> order_;      // of slots, by cost
  uint32_t slop_;
  SloppyFrequency sloppy_;
  TermScoring scoring_;
  std::vector<float> freqs_;                      // of the window's documents, where they matched
  std::vector<std::vector<uint32_t>> positions_;  // by slot, of the document at hand
};

}  // namespace diagon::search
