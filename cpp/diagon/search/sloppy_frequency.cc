#include "diagon/search/sloppy_frequency.h"

#include <algorithm>
#include <limits>
#include <map>

namespace diagon::search {

SloppyFrequency::SloppyFrequency(const std::vector<PhraseSlot>& slots, uint32_t slop)
    : slots_(slots.size()), slop_(slop) {
  // Slots that share a term are in one group, also by way of others.
  std::vector<size_t> group_of(slots.size());
  std::map<std::string, size_t> first_with;
  std::vector<bool> repeats(slots.size());
  for (size_t s = 0; s < slots.size(); ++s) {
    slots_[s].offset = slots[s].position;
    group_of[s] = s;
    for (const std::string& term : slots[s].terms) {
      const auto [at, is_first] = first_with.emplace(term, s);
      if (is_first) continue;
      repeats[s] = repeats[at->second] = true;
      const size_t from = group_of[at->second];
      const size_t to = group_of[s];
      std::ranges::replace(group_of, std::max(from, to), std::min(from, to));
    }
  }
  std::map<size_t, size_t> numbers;
  for (size_t s = 0; s < slots.size(); ++s) {
    if (!repeats[s]) continue;
    const size_t number = numbers.emplace(group_of[s], groups_.size()).first->second;
    if (number == groups_.size()) groups_.emplace_back();
    groups_[number].push_back(s);
    alternatives_repeat_ |= slots[s].terms.size() > 1;
  }
  for (size_t g = 0; g < groups_.size(); ++g) {
    std::ranges::stable_sort(groups_[g], {}, [this](size_t s) { return slots_[s].offset; });
    for (size_t i = 0; i < groups_[g].size(); ++i) {
      slots_[groups_[g][i]].group = g;
      slots_[groups_[g][i]].in_group = i;
    }
  }
}

float SloppyFrequency::count(const std::vector<std::vector<uint32_t>>& positions,
                             bool only_whether) {
  for (size_t s = 0; s < slots_.size(); ++s) {
    slots_[s].positions = &positions[s];
    slots_[s].at = 0;
  }
  for (const std::vector<size_t>& group : groups_)
    if (!spread(group)) return 0;
  end_ = std::numeric_limits<int64_t>::min();
  for (const Slot& slot : slots_) end_ = std::max(end_, slot.position());

  float total = 0;
  int64_t next = 0;
  Slot* last = &hindmost(next);
  int64_t distance = end_ - last->position();
  while (true) {
    const bool more = advance(*last) && resolve(*last);
    if (more && last->position() <= next) {
      // Nearer to the others, or where the next one is.
      distance = std::min(distance, end_ - last->position());
      continue;
    }
    if (distance <= slop_) {
      total += 1.0f / (1.0f + static_cast<float>(distance));
      if (only_whether) return total;
    }
    if (!more) return total;
    last = &hindmost(next);
    distance = end_ - last->position();
  }
}

bool SloppyFrequency::advance(Slot& slot) {
  if (++slot.at == slot.positions->size()) return false;
  end_ = std::max(end_, slot.position());
  return true;
}

SloppyFrequency::Slot* SloppyFrequency::collision(const Slot& slot) {
  for (const size_t s : groups_[slot.group]) {
    Slot& other = slots_[s];
    if (&other != &slot && other.document_position() == slot.document_position()) return &other;
  }
  return nullptr;
}

SloppyFrequency::Slot& SloppyFrequency::lesser(Slot& a, Slot& b) {
  const bool is_less =
      a.position() != b.position() ? a.position() < b.position() : a.offset < b.offset;
  return is_less ? a : b;
}

bool SloppyFrequency::spread(const std::vector<size_t>& group) {
  if (!alternatives_repeat_) {
    // All have the same positions: each one takes the next.
    for (size_t i = 0; i < group.size(); ++i) {
      slots_[group[i]].at = i;
      if (i >= slots_[group[i]].positions->size()) return false;
    }
    return true;
  }
  for (size_t i = 0; i < group.size();) {
    Slot& slot = slots_[group[i]];
    bool again = false;
    while (Slot* other = collision(slot)) {
      Slot& behind = lesser(slot, *other);
      if (!advance(behind)) return false;
      again = behind.in_group < i;
      if (again) break;
    }
    if (!again) ++i;
  }
  return true;
}

bool SloppyFrequency::resolve(Slot& moved) {
  if (moved.group == kNone) return true;
  Slot* slot = &moved;
  while (Slot* other = collision(*slot)) {
    slot = &lesser(*slot, *other);
    if (!advance(*slot)) return false;
  }
  return true;
}

SloppyFrequency::Slot& SloppyFrequency::hindmost(int64_t& next) {
  const auto before = [](const Slot& a, const Slot& b) {
    return a.position() != b.position() ? a.position() < b.position() : a.offset < b.offset;
  };
  Slot* first = &slots_[0];
  for (Slot& slot : slots_)
    if (before(slot, *first)) first = &slot;
  next = std::numeric_limits<int64_t>::max();
  for (const Slot& slot : slots_)
    if (&slot != first) next = std::min(next, slot.position());
  return *first;
}

}  // namespace diagon::search
