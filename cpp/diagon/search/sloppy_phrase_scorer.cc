#include "diagon/search/sloppy_phrase_scorer.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace diagon::search {

SloppyPhraseScorer::SloppyPhraseScorer(std::vector<Slot> slots,
                                       const std::vector<PhraseSlot>& phrase, uint32_t slop,
                                       TermScoring scoring)
    : slots_(std::move(slots)),
      order_(slots_.size()),
      slop_(slop),
      sloppy_(phrase, slop),
      scoring_(std::move(scoring)),
      positions_(slots_.size()) {
  for (const PhraseSlot& slot : phrase) offsets_.push_back(slot.position);
  for (Slot& slot : slots_)
    for (const auto& term : slot.terms) slot.cost += term->cost();
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::stable_sort(order_, {}, [this](size_t s) { return slots_[s].cost; });
}

DocId SloppyPhraseScorer::lower_bound(DocId target) {
  for (const size_t s : order_) {
    DocId first = kNoMoreDocs;
    for (const auto& term : slots_[s].terms) first = std::min(first, term->lower_bound(target));
    target = first;
    if (target == kNoMoreDocs) break;
  }
  return target;
}

void SloppyPhraseScorer::keep_slot(Slot& slot, const Window& window, uint64_t* acc) {
  if (slot.terms.size() == 1) {
    slot.terms[0]->match(window, acc, acc);
    return;
  }
  uint64_t any[kWindowWords] = {};
  for (const auto& term : slot.terms) {
    uint64_t found[kWindowWords];
    term->match(window, acc, found);
    for (uint32_t w = 0; w < window.words(); ++w) any[w] |= found[w];
  }
  std::memcpy(acc, any, window.words() * sizeof(uint64_t));
}

void SloppyPhraseScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  if (with_scores() && freqs_.empty()) freqs_.resize(kWindowDocs);
  uint64_t acc[kWindowWords];
  std::memcpy(acc, mask, window.words() * sizeof(uint64_t));
  for (const size_t s : order_) {
    if (!bits::any(acc, window.words())) break;
    keep_slot(slots_[s], window, acc);
  }
  uint64_t found[kWindowWords] = {};
  bits::for_each(acc, window.words(), [&](size_t i) {
    const float freq = frequency(window.base + static_cast<DocId>(i));
    if (freq == 0) return;
    bits::set(found, i);
    if (with_scores()) freqs_[i] = freq;
  });
  std::memcpy(out, found, window.words() * sizeof(uint64_t));
}

float SloppyPhraseScorer::frequency(DocId doc) {
  for (size_t s = 0; s < slots_.size(); ++s) {
    std::vector<uint32_t>& positions = positions_[s];
    positions.clear();
    for (const auto& term : slots_[s].terms) {
      postings::PostingsCursor& cursor = term->cursor();
      if (!cursor.seek(doc)) continue;
      const uint32_t at = find_doc(cursor.docs(), cursor.size(), doc);
      if (cursor.docs()[at] != doc) continue;
      const std::span<const uint32_t> of_term = cursor.positions(at);
      positions.insert(positions.end(), of_term.begin(), of_term.end());
    }
    if (slots_[s].terms.size() > 1) std::ranges::sort(positions);
  }
  return slop_ == 0 ? exact_frequency() : sloppy_.count(positions_, !with_scores());
}

float SloppyPhraseScorer::exact_frequency() {
  // A start counts once, whichever terms make it one.
  uint32_t count = 0;
  const uint32_t* before = nullptr;
  for (const uint32_t& first : positions_[0]) {
    if (before != nullptr && *before == first) continue;
    before = &first;
    bool all = first >= offsets_[0];
    for (size_t s = 1; s < slots_.size() && all; ++s)
      all = std::ranges::binary_search(positions_[s], uint64_t{first} - offsets_[0] + offsets_[s]);
    if (!all) continue;
    if (!with_scores()) return 1;
    ++count;
  }
  return static_cast<float>(count);
}

void SloppyPhraseScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  bits::for_each(docs, window.words(), [&](size_t i) {
    const DocId doc = window.base + static_cast<DocId>(i);
    scores[i] += scoring_(doc, freqs_[i]);
  });
}

}  // namespace diagon::search
