// Automata for tests.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "diagon/termdict/automaton.h"

namespace diagon::testing {

// Accepts what fits a pattern, in which "*" is any number of any byte; with the number 1.
inline std::shared_ptr<const termdict::Automaton> wildcard_automaton(const std::string& pattern) {
  // A class for each byte, to keep it plain.
  std::array<uint8_t, 256> classes{};
  for (size_t b = 0; b < 256; ++b) classes[b] = static_cast<uint8_t>(b);
  using Set = std::set<size_t>;  // places in the pattern
  const auto closed = [&](Set set) {
    for (const size_t at : Set(set))
      for (size_t i = at; i < pattern.size() && pattern[i] == '*'; ++i) set.insert(i + 1);
    return set;
  };
  std::map<Set, uint32_t> numbers = {{{}, 0}, {closed({0}), 1}};
  std::vector<Set> sets = {{}, closed({0})};
  std::vector<uint32_t> transitions;
  std::vector<uint8_t> accepts;
  for (size_t s = 0; s < sets.size(); ++s) {
    accepts.push_back(sets[s].contains(pattern.size()) ? 1 : 0);
    for (size_t b = 0; b < 256; ++b) {
      Set to;
      for (const size_t at : sets[s]) {
        if (at == pattern.size()) continue;
        if (pattern[at] == '*') to.insert(at);
        if (pattern[at] != '*' && static_cast<uint8_t>(pattern[at]) == b) to.insert(at + 1);
      }
      const auto [number, is_new] = numbers.emplace(closed(to), static_cast<uint32_t>(sets.size()));
      if (is_new) sets.push_back(closed(to));
      transitions.push_back(number->second);
    }
  }
  return std::make_shared<const termdict::Automaton>(classes, 256, transitions, accepts, 1);
}

}  // namespace diagon::testing
