// How often the terms of a phrase stand near each other in a document, as Lucene counts it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace diagon::search {

// The places of a phrase: each one has a position in the phrase, and the terms of which any may
// stand there.
struct PhraseSlot {
  uint32_t position;
  std::vector<std::string> terms;
};

// Counts one document after the other. Used by one thread.
//
// Each slot walks over its positions in the document, less its own in the phrase: if those numbers
// are equal in all slots, the phrase stands there as it is. The slot that is behind goes on as long
// as that brings it nearer to the others. How far the numbers are apart then is the distance of a
// match, which counts 1 / (1 + distance) if the distance is at most the slop. So not each
// combination of positions is looked at, and each is part of one match at most as the hindmost.
//
// Slots that share a term never stand at the same position of the document: of two that do, the one
// that is behind goes on.
class SloppyFrequency {
 public:
  // REQUIRES: two slots or more.
  SloppyFrequency(const std::vector<PhraseSlot>& slots, uint32_t slop);

  // `positions`: of each slot in the document, ascending, at least one. Returns 0 for no match;
  // with `only_whether`, any other number for a match.
  float count(const std::vector<std::vector<uint32_t>>& positions, bool only_whether);

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Slot {
    int64_t offset = 0;    // in the phrase
    size_t group = kNone;  // of slots that share terms
    size_t in_group = 0;   // its place there
    const std::vector<uint32_t>* positions = nullptr;
    size_t at = 0;
    int64_t document_position() const { return (*positions)[at]; }
    int64_t position() const { return document_position() - offset; }
  };

  // Goes on to the slot's next position; false if it has none.
  bool advance(Slot& slot);
  // Another slot of the group that stands at the same position of the document, or null.
  Slot* collision(const Slot& slot);
  // The one that is behind.
  static Slot& lesser(Slot& a, Slot& b);
  // Makes slots that share terms start at different positions; false if there are too few.
  bool spread(const std::vector<size_t>& group);
  bool resolve(Slot& moved);
  // The slot that is behind all others, and the least position of those.
  Slot& hindmost(int64_t& next);

  std::vector<Slot> slots_;
  std::vector<std::vector<size_t>> groups_;  // by position in the phrase
  bool alternatives_repeat_ = false;         // a slot of a group has several terms
  int64_t slop_;
  int64_t end_ = 0;  // the greatest position of any slot
};

}  // namespace diagon::search
