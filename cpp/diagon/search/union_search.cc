#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {
namespace {

using kernels::kBatch;
using postings::PostingsCursor;

// What it costs to look a document up in a term, in documents of the term that are walked through
// in the same time.
constexpr uint64_t kLookupCost = 100;

// Bounds of ranges that are computed before somebody asks whether to go on.
constexpr uint64_t kBoundsPerPoll = 4096;

// The numbers of the highest bounds, if there are enough of them for it to matter; returns how
// many.
uint32_t most_promising(std::span<const float> bounds, uint32_t* numbers, uint32_t wanted) {
  if (bounds.size() < wanted * wanted) return 0;
  std::array<float, 8> best;
  uint32_t n = 0;
  for (uint32_t b = 0; b < bounds.size(); ++b) {
    if (n == wanted && bounds[b] <= best[n - 1]) continue;
    uint32_t at = n == wanted ? n - 1 : n++;
    for (; at > 0 && best[at - 1] < bounds[b]; --at) {
      best[at] = best[at - 1];
      numbers[at] = numbers[at - 1];
    }
    best[at] = bounds[b];
    numbers[at] = b;
  }
  return n;
}

// Sets the documents of a term; returns how many were not.
uint64_t set_all(PostingsCursor& cursor, uint64_t* bits, bool any_set) {
  uint64_t were_set = 0;
  for (uint32_t b = 0; b < cursor.block_count(); ++b) {
    cursor.open_block(b);
    if (any_set) were_set += kernels::best().count_set(cursor.docs(), cursor.size(), bits);
    for (uint32_t i = 0; i < cursor.size(); ++i) bits::set(bits, cursor.docs()[i]);
  }
  return cursor.doc_freq() - were_set;
}

// How many of the set documents a term has.
uint64_t count_set(PostingsCursor& cursor, const uint64_t* bits, size_t words, uint64_t set) {
  uint64_t common = 0;
  if (set * kLookupCost > cursor.doc_freq()) {
    for (uint32_t b = 0; b < cursor.block_count(); ++b) {
      cursor.open_block(b);
      common += kernels::best().count_set(cursor.docs(), cursor.size(), bits);
    }
    return common;
  }
  for (size_t w = 0; w < words; ++w) {
    for (uint64_t word = bits[w]; word != 0; word &= word - 1) {
      const auto doc = static_cast<DocId>(w * 64 + static_cast<size_t>(std::countr_zero(word)));
      if (!cursor.seek(doc)) return common;
      common += cursor.docs()[find_doc(cursor.docs(), cursor.size(), doc)] == doc ? 1 : 0;
    }
  }
  return common;
}

}  // namespace

UnionSearch::UnionSearch(const index::LiveSegment& segment, uint32_t number,
                         std::vector<std::unique_ptr<TermScorer>> terms)
    : BlockSearch(segment, number), terms_(std::move(terms)) {
  std::ranges::stable_sort(terms_, std::greater{}, [](const auto& term) { return term->cost(); });
}

Stop UnionSearch::search(TopHits& top, uint64_t enough, uint64_t& count,
                         const Interrupt& interrupt) {
  Stop stop = top.wanted() == 0 ? Stop::kNo : best(top, interrupt);
  if (stop == Stop::kNo && enough != 0 && count <= enough)
    stop = this->count(enough, count, interrupt);
  return stop;
}

Stop UnionSearch::count_in_both(PostingsCursor& rare, PostingsCursor& frequent,
                                const Interrupt& interrupt, uint64_t& common) {
  for (uint32_t b = 0; b < rare.block_count(); ++b) {
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    rare.open_block(b);
    common += count_common(frequent, rare.docs(), rare.size());
  }
  return Stop::kNo;
}

Stop UnionSearch::count(uint64_t enough, uint64_t& count, const Interrupt& interrupt) {
  if (terms_.empty()) return Stop::kNo;
  const uint64_t most = terms_[0]->cost();
  const bool all_live = segment_.live == nullptr;
  if (all_live && (terms_.size() == 1 || count + most > enough)) {
    count += most;
    return Stop::kNo;
  }
  if (all_live && terms_.size() == 2) {
    uint64_t common = 0;
    const Stop stop = count_in_both(terms_[1]->cursor(), terms_[0]->cursor(), interrupt, common);
    if (stop == Stop::kNo) count += most + terms_[1]->cost() - common;
    return stop;
  }
  // Of all terms but the most frequent one, or, with deleted documents, of all.
  const size_t words = bits::words_for(segment_.reader->max_doc());
  std::vector<uint64_t> bits(words + kernels::kReadableWords);
  uint64_t set = 0;
  for (size_t t = all_live ? 1 : 0; t < terms_.size(); ++t) {
    if (const Stop stop = interrupt.poll(); stop != Stop::kNo) return stop;
    set += set_all(terms_[t]->cursor(), bits.data(), set != 0);
  }
  if (all_live) {
    count += set + most - count_set(terms_[0]->cursor(), bits.data(), words, set);
    return Stop::kNo;
  }
  for (size_t w = 0; w < words; ++w) bits[w] &= (*segment_.live)[w];
  count += kernels::best().popcount(bits.data(), words);
  return Stop::kNo;
}

Stop UnionSearch::best(TopHits& top, const Interrupt& interrupt) {
  const size_t n = terms_.size();
  std::vector<float> greatest(n);
  for (size_t t = 0; t < n; ++t) greatest[t] = std::ranges::max(terms_[t]->bounds());
  order_.resize(n);
  for (size_t t = 0; t < n; ++t) order_[t] = t;
  std::ranges::stable_sort(order_, {}, [&](size_t t) { return greatest[t]; });
  rest_.assign(n + 1, 0.0);
  for (size_t i = 0; i < n; ++i) rest_[i + 1] = rest_[i] + greatest[order_[i]];
  for (size_t i = n; i-- > 0;) {
    // Only documents of the terms up to here are left.
    if (static_cast<float>(rest_[i + 1]) < top.bar()) break;
    if (const Stop stop = drive(i, top, interrupt); stop != Stop::kNo) return stop;
  }
  return Stop::kNo;
}

Stop UnionSearch::drive(size_t driver, TopHits& top, const Interrupt& interrupt) {
  TermScorer& term = *terms_[order_[driver]];
  PostingsCursor& cursor = term.cursor();
  const std::span<const float> bounds = term.bounds();
  const auto flush = [&] { finish(driver, top); };
  const auto drive_block = [&](uint32_t block) {
    if (static_cast<float>(bounds[block] + rest_[driver]) < top.bar()) return Stop::kNo;
    const DocId from = block == 0 ? 0 : cursor.block_last_doc(block - 1) + 1;
    const DocId to = cursor.block_last_doc(block) + 1;
    if ((bounds_looked_at_ += driver) >= kBoundsPerPoll) {
      bounds_looked_at_ = 0;
      if (const Stop stop = interrupt.poll(); stop != Stop::kNo) return stop;
    }
    double rest = 0;
    for (size_t i = 0; i < driver; ++i) rest += terms_[order_[i]]->bound(from, to);
    if (static_cast<float>(bounds[block] + rest) < top.bar()) return Stop::kNo;
    const Stop stop = poll(interrupt);
    if (stop == Stop::kNo) candidates_.add_block(term, block, part_of(top.bar(), rest), flush);
    return stop;
  };
  // The most promising blocks first, so that the bar rises; then in order, so that no block of
  // another term is decoded twice.
  uint32_t seeds[kSeeds];
  const uint32_t n_seeds = top.full() ? 0 : most_promising(bounds, seeds, kSeeds);
  for (uint32_t s = 0; s < n_seeds; ++s) {
    if (const Stop stop = drive_block(seeds[s]); stop != Stop::kNo) return stop;
    flush();
  }
  for (uint32_t b = 0; b < bounds.size(); ++b) {
    if (std::find(seeds, seeds + n_seeds, b) != seeds + n_seeds) continue;
    if (const Stop stop = drive_block(b); stop != Stop::kNo) return stop;
  }
  flush();
  return Stop::kNo;
}

void UnionSearch::finish(size_t driver, TopHits& top) {
  for (size_t i = driver; i-- > 0 && candidates_.size() != 0;) {
    candidates_.keep(top.bar(), rest_[i + 1]);
    candidates_.look_up(*terms_[order_[i]], Candidates::Term::kMayBeThere, top.bar(), rest_[i]);
  }
  candidates_.keep(top.bar(), 0);
  // What an earlier driver has, it has found, and with this term's score.
  for (size_t i = driver + 1; i < terms_.size() && candidates_.size() != 0; ++i)
    candidates_.drop_all_of(*terms_[order_[i]]);
  for (uint32_t c = 0; c < candidates_.size(); ++c) {
    const DocId doc = candidates_.docs()[c];
    if (live(doc)) top.add({number_, doc, static_cast<float>(candidates_.sums()[c])});
  }
  candidates_.clear();
}

}  // namespace diagon::search
