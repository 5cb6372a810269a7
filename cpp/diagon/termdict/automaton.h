// Terms that an automaton accepts, found without looking at whole ranges of those that it doesn't.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/termdict/termdict.h"

namespace diagon::termdict {

// A deterministic automaton over bytes, as flat tables. Immutable; used by any number of threads.
//
// State 0 is dead: it accepts nothing and leads only to itself. Something should be accepted from
// every other state, since a walk over terms looks for terms wherever there is a way; if nothing
// is, the walk only takes longer.
class Automaton {
 public:
  // `classes`: of each byte, the class of bytes that lead the same way; `transitions[state *
  // class_count + class]`; `accepts`: by state, 0 or a number of the caller's.
  // Throws kInvalidArgument for tables that don't fit each other.
  Automaton(const std::array<uint8_t, 256>& classes, uint32_t class_count,
            std::vector<uint32_t> transitions, std::vector<uint8_t> accepts, uint32_t start);

  uint32_t start() const noexcept { return start_; }
  uint32_t next(uint32_t state, uint8_t byte) const noexcept {
    return transitions_[state * class_count_ + classes_[byte]];
  }
  uint8_t accepts(uint32_t state) const noexcept { return accepts_[state]; }
  // The least byte above `byte` that doesn't lead to the dead state; 256 if there is none.
  uint32_t next_live_byte(uint32_t state, uint8_t byte) const noexcept;

 private:
  std::array<uint8_t, 256> classes_;
  uint32_t class_count_;
  std::vector<uint32_t> transitions_;
  std::vector<uint8_t> accepts_;
  uint32_t start_;
};

// Walks over a field's accepted terms in order. Used by one thread; both arguments must outlive it.
class AcceptedTerms {
 public:
  AcceptedTerms(const FieldTerms& terms, const Automaton& automaton);

  // Goes on to the next term that is accepted; false at the end. Looks at `most` terms at most:
  // then it returns true as well, and accepted() is 0. Throws kCorrupt.
  bool next(uint32_t most = UINT32_MAX);
  // The automaton's number for the term. REQUIRES, as below: next() returned true.
  uint8_t accepted() const noexcept { return accepted_; }
  // REQUIRES: accepted() != 0.
  std::string_view term() const noexcept { return iterator_.term(); }
  const postings::TermMeta& meta() const noexcept { return iterator_.meta(); }

 private:
  // Runs the automaton over the iterator's term, as far as it lives.
  void run();
  // Moves the iterator before the next term that can be accepted; false if there is none.
  bool skip();

  const Automaton& automaton_;
  FieldTerms::Iterator iterator_;
  std::string known_;             // the bytes that `states_` are of
  std::vector<uint32_t> states_;  // states_[i] after i bytes; none is dead
  uint8_t accepted_ = 0;
};

}  // namespace diagon::termdict
