#include "diagon/search/expand.h"

#include <algorithm>
#include <set>

namespace diagon::search {
namespace {

using termdict::AcceptedTerms;

// Terms that are looked at between two looks at the clock.
constexpr uint32_t kTermsPerPoll = 1024;

struct Candidate {
  float similarity;
  std::string term;
  // The better one first.
  bool operator<(const Candidate& other) const noexcept {
    return similarity != other.similarity ? similarity > other.similarity : term < other.term;
  }
};

float similarity(uint32_t edits, std::string_view term, uint32_t word_chars) {
  if (edits == 0) return 1;
  // Bytes that don't continue a character begin one.
  const auto begins = [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; };
  const auto chars = static_cast<uint32_t>(std::ranges::count_if(term, begins));
  return 1.0f - static_cast<float>(edits) / static_cast<float>(std::min(chars, word_chars));
}

// Calls `visit(terms)` at each accepted term of each segment, until it returns false for the rest
// of the segment.
template <typename Visit>
void each_accepted(const index::Snapshot& snapshot, FieldId field,
                   const termdict::Automaton& automaton, const Interrupt& interrupt,
                   Visit&& visit) {
  for (size_t s = 0; s < snapshot.size(); ++s) {
    const termdict::FieldTerms* terms = snapshot.segment(s).reader->terms(field);
    if (terms == nullptr) continue;
    AcceptedTerms accepted(*terms, automaton);
    uint32_t until_poll = 0;
    while (true) {
      if (until_poll-- == 0) {
        throw_if_stopped(interrupt.poll());
        until_poll = kTermsPerPoll;
      }
      if (!accepted.next(kTermsPerPoll)) break;
      if (accepted.accepted() == 0) {
        until_poll = 0;
      } else if (!visit(accepted)) {
        break;
      }
    }
  }
}

std::vector<ExpandedTerm> with_doc_freqs(const index::Snapshot& snapshot, FieldId field,
                                         std::set<Candidate> candidates) {
  std::vector<ExpandedTerm> out;
  while (!candidates.empty()) {
    Candidate candidate = std::move(candidates.extract(candidates.begin()).value());
    const uint64_t doc_freq = snapshot.doc_freq(field, candidate.term);
    out.push_back({std::move(candidate.term), doc_freq, candidate.similarity});
  }
  std::ranges::sort(out, {}, &ExpandedTerm::term);
  return out;
}

// Adds a candidate, and removes the worst one if there are more than `most` then. Returns whether
// the candidate stayed.
bool keep_best(std::set<Candidate>& best, Candidate candidate, uint32_t most) {
  if (best.size() == most && !(candidate < *best.rbegin())) return best.contains(candidate);
  best.insert(std::move(candidate));
  if (best.size() > most) best.erase(std::prev(best.end()));
  return true;
}

}  // namespace

std::vector<ExpandedTerm> expand_first(const index::Snapshot& snapshot, FieldId field,
                                       const termdict::Automaton& automaton, uint32_t most,
                                       const Interrupt& interrupt) {
  std::set<Candidate> first;
  each_accepted(snapshot, field, automaton, interrupt, [&](const AcceptedTerms& terms) {
    return keep_best(first, {1, std::string(terms.term())}, most);
  });
  return with_doc_freqs(snapshot, field, std::move(first));
}

std::vector<ExpandedTerm> expand_similar(const index::Snapshot& snapshot, FieldId field,
                                         const termdict::Automaton& automaton, uint32_t most,
                                         uint32_t word_chars, const Interrupt& interrupt) {
  std::set<Candidate> best;
  each_accepted(snapshot, field, automaton, interrupt, [&](const AcceptedTerms& terms) {
    const uint32_t edits = terms.accepted() - 1U;
    const float how_similar = similarity(edits, terms.term(), word_chars);
    // Most are not among the best: then the term need not be copied.
    if (best.size() == most && how_similar < best.rbegin()->similarity) return true;
    keep_best(best, {how_similar, std::string(terms.term())}, most);
    return true;
  });
  return with_doc_freqs(snapshot, field, std::move(best));
}

}  // namespace diagon::search
