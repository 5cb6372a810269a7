#include "diagon/index/term_merger.h"

#include <algorithm>

namespace diagon::index {
namespace {

// A heap's top is what no other is ordered behind.
constexpr auto kLater = [](const auto* a, const auto* b) {
  const int order = a->terms.term().compare(b->terms.term());
  return order != 0 ? order > 0 : a->segment > b->segment;
};

}  // namespace

TermMerger::TermMerger(std::span<const SegmentReader* const> segments, FieldId field) {
  for (size_t s = 0; s < segments.size(); ++s) {
    const termdict::FieldTerms* terms = segments[s]->terms(field);
    if (terms == nullptr) continue;
    sources_.push_back(std::make_unique<Source>(s, termdict::FieldTerms::Iterator(*terms, "")));
    push(sources_.back().get());
  }
}

void TermMerger::push(Source* source) {
  if (!source->terms.next()) return;
  heap_.push_back(source);
  std::push_heap(heap_.begin(), heap_.end(), kLater);
}

bool TermMerger::next() {
  for (Source* source : current_) push(source);
  current_.clear();
  parts_.clear();
  if (heap_.empty()) return false;
  term_.assign(heap_.front()->terms.term());
  while (!heap_.empty() && heap_.front()->terms.term() == term_) {
    std::pop_heap(heap_.begin(), heap_.end(), kLater);
    Source* source = heap_.back();
    heap_.pop_back();
    current_.push_back(source);
    parts_.push_back({source->segment, source->terms.meta()});
  }
  return true;
}

uint64_t TermMerger::doc_freq() const noexcept {
  uint64_t sum = 0;
  for (const Part& part : parts_) sum += part.meta.doc_freq;
  return sum;
}

void MergedPostings::read(std::span<const SegmentReader* const> segments, FieldId field,
                          bool with_positions, std::span<const TermMerger::Part> parts,
                          const DocOrder& order, std::span<const uint8_t> norms) {
  docs_.clear();
  freqs_.clear();
  positions_.clear();
  norms_.clear();
  for (const TermMerger::Part& part : parts) {
    postings::PostingsCursor cursor = segments[part.segment]->postings(field, part.meta);
    while (cursor.next_block()) {
      const uint32_t* freqs = with_positions ? cursor.freqs() : nullptr;
      for (uint32_t i = 0; i < cursor.size(); ++i) {
        const DocId doc = order.target(part.segment, cursor.docs()[i]);
        if (doc == kNoMoreDocs) continue;
        docs_.push_back(doc);
        if (!with_positions) continue;
        freqs_.push_back(freqs[i]);
        const auto positions = cursor.positions(i);
        positions_.insert(positions_.end(), positions.begin(), positions.end());
      }
    }
  }
  if (!order.keeps_order() && docs_.size() > 1) sort(with_positions);
  if (!norms.empty())
    for (const DocId doc : docs_) norms_.push_back(norms[doc]);
}

void MergedPostings::sort(bool with_positions) {
  keys_.clear();
  for (size_t i = 0; i < docs_.size(); ++i) keys_.push_back(uint64_t{docs_[i]} << 32 | i);
  std::sort(keys_.begin(), keys_.end());
  for (size_t i = 0; i < docs_.size(); ++i) docs_[i] = static_cast<DocId>(keys_[i] >> 32);
  if (!with_positions) return;
  position_starts_.clear();
  uint64_t start = 0;
  for (const uint32_t freq : freqs_) {
    position_starts_.push_back(start);
    start += freq;
  }
  freqs_before_.swap(freqs_);
  positions_before_.swap(positions_);
  freqs_.clear();
  positions_.clear();
  for (const uint64_t key : keys_) {
    const auto i = static_cast<uint32_t>(key);
    const uint32_t freq = freqs_before_[i];
    freqs_.push_back(freq);
    const auto from = positions_before_.begin() + static_cast<ptrdiff_t>(position_starts_[i]);
    positions_.insert(positions_.end(), from, from + freq);
  }
}

}  // namespace diagon::index
