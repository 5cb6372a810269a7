#include "diagon/termdict/automaton.h"

#include <algorithm>

#include "diagon/util/error.h"

namespace diagon::termdict {

Automaton::Automaton(const std::array<uint8_t, 256>& classes, uint32_t class_count,
                     std::vector<uint32_t> transitions, std::vector<uint8_t> accepts,
                     uint32_t start)
    : classes_(classes),
      class_count_(class_count),
      transitions_(std::move(transitions)),
      accepts_(std::move(accepts)),
      start_(start) {
  const size_t states = accepts_.size();
  const auto below = [](size_t end) { return [end](size_t n) { return n < end; }; };
  if (class_count_ == 0 || transitions_.size() != states * class_count_ ||
      transitions_.size() > UINT32_MAX || start_ >= states ||
      !std::ranges::all_of(classes_, below(class_count_)) ||
      !std::ranges::all_of(transitions_, below(states)))
    throw_invalid("the tables of an automaton don't fit each other");
  const auto dead = [](uint32_t to) { return to == 0; };
  if (accepts_[0] != 0 ||
      !std::all_of(transitions_.begin(), transitions_.begin() + class_count_, dead))
    throw_invalid("the first state of an automaton must be the dead one");
}

uint32_t Automaton::next_live_byte(uint32_t state, uint8_t byte) const noexcept {
  uint32_t next_byte = uint32_t{byte} + 1;
  while (next_byte < 256 && next(state, static_cast<uint8_t>(next_byte)) == 0) ++next_byte;
  return next_byte;
}

AcceptedTerms::AcceptedTerms(const FieldTerms& terms, const Automaton& automaton)
    : automaton_(automaton), iterator_(terms, ""), states_{automaton.start()} {}

bool AcceptedTerms::next(uint32_t most) {
  accepted_ = 0;
  for (; most != 0; --most) {
    if (!iterator_.next()) return false;
    run();
    if (known_.size() < iterator_.term().size()) {
      if (!skip()) return false;
      continue;
    }
    accepted_ = automaton_.accepts(states_.back());
    if (accepted_ != 0) return true;
  }
  return true;
}

void AcceptedTerms::run() {
  const std::string_view term = iterator_.term();
  const auto [ours, theirs] = std::ranges::mismatch(known_, term);
  const auto shared = static_cast<size_t>(ours - known_.begin());
  known_.resize(shared);
  states_.resize(shared + 1);
  for (size_t i = shared; i < term.size(); ++i) {
    const uint32_t state = automaton_.next(states_.back(), static_cast<uint8_t>(term[i]));
    if (state == 0) return;
    known_.push_back(term[i]);
    states_.push_back(state);
  }
}

bool AcceptedTerms::skip() {
  // The term has a byte behind the known ones that leads nowhere. What comes next in order is what
  // has a greater byte there, or at a place before.
  uint8_t byte = static_cast<uint8_t>(iterator_.term()[known_.size()]);
  uint32_t greater = 0;
  while ((greater = automaton_.next_live_byte(states_.back(), byte)) == 256) {
    if (known_.empty()) return false;
    byte = static_cast<uint8_t>(known_.back());
    known_.pop_back();
    states_.pop_back();
  }
  std::string target = known_;
  target.push_back(static_cast<char>(greater));
  iterator_.seek(target);
  return true;
}

}  // namespace diagon::termdict
