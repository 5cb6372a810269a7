// The terms that a pattern stands for in a snapshot, whichever segments they are in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/termdict/automaton.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

struct ExpandedTerm {
  std::string term;
  uint64_t doc_freq;  // over all segments, deleted documents included
  // 1 for a term that is no edit away; see expand_similar.
  float similarity;
};

// The first `most` terms of the field that the automaton accepts, in order.
// Throws kCorrupt, kCancelled, kTimeout.
std::vector<ExpandedTerm> expand_first(const index::Snapshot& snapshot, FieldId field,
                                       const termdict::Automaton& automaton, uint32_t most,
                                       const Interrupt& interrupt);

// The `most` terms that are most similar to a word of `word_chars` characters, earlier ones among
// equals; in order of the terms. The automaton accepts with 1 more than the edits, and the
// similarity is 1 - edits / characters of the shorter of the two, as in Lucene; it may be negative.
// Throws as expand_first.
std::vector<ExpandedTerm> expand_similar(const index::Snapshot& snapshot, FieldId field,
                                         const termdict::Automaton& automaton, uint32_t most,
                                         uint32_t word_chars, const Interrupt& interrupt);

}  // namespace diagon::search
