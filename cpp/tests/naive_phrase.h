// How often a phrase stands in a document, with slop as Lucene counts it: the same walk as
// SloppyFrequency's, on ordered sets, and, for phrases without repeated terms, by its definition.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace diagon::testing {

struct NaivePhrase {
  struct Slot {
    uint32_t offset;  // in the phrase
    std::set<std::string> terms;
    std::set<uint32_t> positions;  // in the document
  };
  std::vector<Slot> slots;
  uint32_t slop = 0;

  float frequency() const {
    for (const Slot& slot : slots)
      if (slot.positions.empty()) return 0;
    if (slop == 0) return exact();
    const float walked = Walk(*this).frequency();
    // Without repeated terms the walk has a meaning that can be told without it.
    if (!repeats()) return walked == defined() ? walked : std::numeric_limits<float>::quiet_NaN();
    return walked;
  }

 private:
  bool share(const Slot& a, const Slot& b) const {
    return std::ranges::any_of(a.terms, [&](const auto& t) { return b.terms.contains(t); });
  }
  bool repeats() const {
    for (size_t a = 0; a < slots.size(); ++a)
      for (size_t b = 0; b < a; ++b)
        if (share(slots[a], slots[b])) return true;
    return false;
  }

  float exact() const {
    float count = 0;
    for (const uint32_t first : slots[0].positions) {
      const int64_t start = int64_t{first} - slots[0].offset;
      bool all = start >= 0;
      for (const Slot& slot : slots)
        all = all && slot.positions.contains(static_cast<uint32_t>(start + slot.offset));
      count += all ? 1.0f : 0.0f;
    }
    return count;
  }

  // All places in order: positions, shifted by the offset of their slot. From the first one that is
  // left, its slot goes on as far as the nearest of the other slots' first places behind; whatever
  // it comes by is used up, and where it ends, a match begins.
  float defined() const {
    using Place = std::tuple<int64_t, uint32_t, size_t>;  // shifted, offset, slot: in this order
    std::set<Place> left;
    for (size_t s = 0; s < slots.size(); ++s)
      for (const uint32_t p : slots[s].positions)
        left.emplace(int64_t{p} - slots[s].offset, slots[s].offset, s);
    float total = 0;
    while (true) {
      const size_t own = std::get<2>(*left.begin());
      std::vector<int64_t> first(slots.size(), std::numeric_limits<int64_t>::max());
      for (const auto& [place, unused, slot] : left) first[slot] = std::min(first[slot], place);
      first.erase(first.begin() + static_cast<ptrdiff_t>(own));
      const auto [nearest, farthest] = std::ranges::minmax(first);
      if (farthest == std::numeric_limits<int64_t>::max()) return total;
      int64_t begin = 0;
      for (auto at = left.begin(); at != left.end() && std::get<0>(*at) <= nearest;) {
        if (std::get<2>(*at) != own) {
          ++at;
          continue;
        }
        begin = std::get<0>(*at);
        at = left.erase(at);
      }
      const int64_t distance = farthest - begin;
      if (distance <= slop) total += 1.0f / (1.0f + static_cast<float>(distance));
      if (left.empty()) return total;
    }
  }

  // With a queue of slots that are re-ordered whenever one moves.
  struct Walk {
    explicit Walk(const NaivePhrase& of) : phrase(of) {
      for (const Slot& slot : phrase.slots) at.push_back(slot.positions.begin());
    }
    const NaivePhrase& phrase;
    std::vector<std::set<uint32_t>::const_iterator> at;
    std::set<std::tuple<int64_t, uint32_t, size_t>> queue;
    int64_t end = std::numeric_limits<int64_t>::min();

    int64_t place(size_t s) const { return int64_t{*at[s]} - phrase.slots[s].offset; }
    std::tuple<int64_t, uint32_t, size_t> key(size_t s) const {
      return {place(s), phrase.slots[s].offset, s};
    }
    bool move(size_t s) {
      const bool queued = queue.erase(key(s)) != 0;
      if (++at[s] == phrase.slots[s].positions.end()) return false;
      end = std::max(end, place(s));
      if (queued) queue.insert(key(s));
      return true;
    }
    // Slots that are connected by terms they share.
    bool connected(size_t a, size_t b) const {
      std::set<size_t> reached = {a};
      for (size_t size = 0; size != reached.size();) {
        size = reached.size();
        for (size_t s = 0; s < phrase.slots.size(); ++s)
          for (const size_t r : std::set<size_t>(reached))
            if (phrase.share(phrase.slots[s], phrase.slots[r])) reached.insert(s);
      }
      return reached.contains(b);
    }
    // Of two slots at one position of the document, in the order of offsets, the other one.
    size_t collision(size_t s) const {
      for (size_t o = 0; o < at.size(); ++o)
        if (o != s && connected(s, o) && *at[o] == *at[s]) return o;
      return SIZE_MAX;
    }
    size_t lesser(size_t a, size_t b) const { return key(a) < key(b) ? a : b; }

    bool begin() {
      for (size_t s = 0; s < at.size();) {
        size_t behind = s;
        for (size_t o = 0; behind >= s && (o = collision(s)) != SIZE_MAX;) {
          behind = lesser(s, o);
          if (!move(behind)) return false;
        }
        if (behind >= s) ++s;
      }
      return true;
    }
    float frequency() {
      if (!begin()) return 0;
      for (size_t s = 0; s < at.size(); ++s) {
        end = s == 0 ? place(s) : std::max(end, place(s));
        queue.insert(key(s));
      }
      float total = 0;
      while (true) {
        const size_t last = std::get<2>(*queue.begin());
        queue.erase(queue.begin());
        const int64_t next = std::get<0>(*queue.begin());
        int64_t distance = end - place(last);
        bool more = true;
        while ((more = step(last)) && place(last) <= next)
          distance = std::min(distance, end - place(last));
        if (distance <= phrase.slop) total += 1.0f / (1.0f + static_cast<float>(distance));
        if (!more) return total;
        queue.insert(key(last));
      }
    }
    bool step(size_t moved) {
      if (!move(moved)) return false;
      for (size_t o = 0; (o = collision(moved)) != SIZE_MAX;) {
        moved = lesser(moved, o);
        if (!move(moved)) return false;
      }
      return true;
    }
  };
};

}  // namespace diagon::testing
