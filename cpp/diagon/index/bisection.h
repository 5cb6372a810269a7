// Recursive graph bisection (L. Dhulipala, I. Kabiljo, B. Karrer, G. Ottaviano, S. Pupyrev and A.
// Shalita, "Compressing graphs and indexes with recursive graph bisection", KDD 2016): an order of
// documents in which those that share terms stand together.
#pragma once

#include <cstdint>
#include <vector>

#include "diagon/util/interrupt.h"
#include "diagon/util/types.h"

namespace diagon::index {

// The distinct terms of each document, as numbers.
struct ForwardIndex {
  uint32_t term_count = 0;
  std::vector<uint32_t> starts = {0};  // of each document's terms; the end
  std::vector<uint32_t> terms;         // each below term_count
  uint32_t doc_count() const noexcept { return static_cast<uint32_t>(starts.size() - 1); }
};

struct BisectionOptions {
  // Groups of so many documents keep their order. At least 2.
  uint32_t leaf_docs = 32;
  // Rounds of exchange between two halves.
  uint32_t max_rounds = 20;
  // Halves that are worked on side by side: 1 or 2.
  uint32_t threads = 1;
};

// Returns the order: by new place, the document. The same for the same input, whatever the threads.
// Besides the index, which it uses up, it takes 12 bytes a document and 20 bytes a term for each
// thread. Throws kCancelled once `stop` is set.
std::vector<DocId> bisect(ForwardIndex index, const BisectionOptions& options,
                          const CancelFlag& stop);

// What `bisect` makes small: the bits that the gaps of all lists of documents take, about, if
// document d stands at places[d].
double log_gap_cost(const ForwardIndex& index, const std::vector<DocId>& places);

}  // namespace diagon::index
