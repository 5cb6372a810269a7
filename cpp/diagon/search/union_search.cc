#include <algorithm>
#include <bit>
#include <utility>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"

namespace diagon::search {
namespace {

using kernels::kBatch;
using postings::PostingsCursor;

// A window has about two blocks of the most frequent term.
constexpr uint32_t kLeastWindow = 4096;
constexpr uint32_t kLargestWindow = 65536;
constexpr ptrdiff_t kSeeds = 4;

// What it costs to look a document up in a term, in documents of the term that are walked through
// in the same time.
constexpr uint64_t kLookupCost = 100;

uint32_t window_size(uint64_t max_doc, uint64_t doc_freq) {
  const uint64_t wanted = std::max<uint64_t>(2 * kBatch * max_doc / doc_freq, 1);
  return std::clamp(static_cast<uint32_t>(std::bit_floor(std::min<uint64_t>(wanted, 1 << 30))),
                    kLeastWindow, kLargestWindow);
}

// Sets the documents of a term.
void set_all(PostingsCursor& cursor, uint64_t* bits) {
  for (uint32_t b = 0; b < cursor.block_count(); ++b) {
    cursor.open_block(b);
    for (uint32_t i = 0; i < cursor.size(); ++i) bits::set(bits, cursor.docs()[i]);
  }
}

// How many of the set documents a term has.
uint64_t count_common(PostingsCursor& cursor, const uint64_t* bits, size_t words, uint64_t set) {
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
  DocId docs[kBatch + 16];
  uint16_t kept[kBatch + 16];
  for (uint32_t b = 0; b < rare.block_count(); ++b) {
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    rare.open_block(b);
    std::copy_n(rare.docs(), rare.size(), docs);
    common += intersect(frequent, docs, rare.size(), kept, nullptr);
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
  std::vector<uint64_t> bits(bits::words_for(segment_.reader->max_doc()));
  for (size_t t = all_live ? 1 : 0; t < terms_.size(); ++t) {
    if (const Stop stop = interrupt.poll(); stop != Stop::kNo) return stop;
    set_all(terms_[t]->cursor(), bits.data());
  }
  if (!all_live)
    for (size_t w = 0; w < bits.size(); ++w) bits[w] &= (*segment_.live)[w];
  const uint64_t set = kernels::best().popcount(bits.data(), bits.size());
  count += set;
  if (all_live) count += most - count_common(terms_[0]->cursor(), bits.data(), bits.size(), set);
  return Stop::kNo;
}

void UnionSearch::bound_windows(uint32_t windows) {
  const size_t n = terms_.size();
  window_bounds_.assign(windows * n, 0.0f);
  for (size_t t = 0; t < n; ++t) {
    PostingsCursor& cursor = terms_[t]->cursor();
    const auto raise = [&](DocId doc, float bound) {
      float& best = window_bounds_[doc / window_docs_ * n + t];
      best = std::max(best, bound);
    };
    if (cursor.block_count() == 1) {
      // Few documents: each by itself.
      cursor.open_block(0);
      float scores[kBatch];
      terms_[t]->scoring().score(cursor.docs(), cursor.freqs(), cursor.size(), scores);
      for (uint32_t i = 0; i < cursor.size(); ++i) raise(cursor.docs()[i], scores[i]);
      continue;
    }
    const std::span<const float> bounds = terms_[t]->bounds();
    DocId first = 0;
    for (uint32_t b = 0; b < cursor.block_count(); ++b) {
      const DocId last = cursor.block_last_doc(b);
      for (DocId at = first / window_docs_; at <= last / window_docs_; ++at)
        raise(at * window_docs_, bounds[b]);
      first = last + 1;
    }
  }
  windows_.clear();
  for (uint32_t w = 0; w < windows; ++w) {
    double sum = 0;
    for (size_t t = 0; t < n; ++t) sum += window_bounds_[w * n + t];
    if (sum > 0) windows_.push_back({static_cast<float>(sum), w});
  }
}

Stop UnionSearch::best(TopHits& top, const Interrupt& interrupt) {
  if (terms_.empty()) return Stop::kNo;
  const DocId max_doc = segment_.reader->max_doc();
  window_docs_ = window_size(max_doc, terms_[0]->cost());
  bound_windows((max_doc - 1) / window_docs_ + 1);
  // The most promising windows first, so that the bar rises; then in order, so that blocks which
  // reach over several windows are decoded once.
  const auto seeds = windows_.begin() + std::min<ptrdiff_t>(kSeeds, std::ssize(windows_));
  std::ranges::partial_sort(windows_, seeds, [](const WindowBound& a, const WindowBound& b) {
    return a.bound != b.bound ? a.bound > b.bound : a.number < b.number;
  });
  std::sort(seeds, windows_.end(),
            [](const WindowBound& a, const WindowBound& b) { return a.number < b.number; });
  for (const WindowBound& window : windows_) {
    const DocId from = window.number * window_docs_;
    if (!top.admits(window.bound, number_, from)) continue;
    if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
    const DocId to = std::min(max_doc - from, window_docs_) + from;
    const size_t first = split(window.number, top.bar());
    for (size_t i = terms_.size(); i-- > first;) drive(i, from, to, top);
  }
  return Stop::kNo;
}

size_t UnionSearch::split(uint32_t window, float bar) {
  const size_t n = terms_.size();
  const float* bounds = &window_bounds_[window * n];
  order_.resize(n);
  for (size_t t = 0; t < n; ++t) order_[t] = t;
  std::ranges::sort(order_, {}, [&](size_t t) { return bounds[t]; });
  rest_.resize(n);
  double sum = 0;
  size_t first = 0;
  for (size_t i = 0; i < n; ++i) {
    sum += bounds[order_[i]];
    rest_[i] = sum;
    if (static_cast<float>(sum) < bar || bounds[order_[i]] == 0) first = i + 1;
  }
  return first;
}

void UnionSearch::drive(size_t driver, DocId from, DocId to, TopHits& top) {
  const double rest = driver == 0 ? 0 : rest_[driver - 1];
  TermScorer& term = *terms_[order_[driver]];
  PostingsCursor& cursor = term.cursor();
  const std::span<const float> bounds = term.bounds();
  float scores[kBatch];
  uint16_t found[kBatch + 16];
  uint32_t frequent_docs[kBatch + 16];
  uint32_t frequent_freqs[kBatch + 16];
  for (uint32_t b = cursor.find_block(from); b < cursor.block_count(); ++b) {
    if (b > 0 && cursor.block_last_doc(b - 1) + 1 >= to) break;
    if (static_cast<float>(bounds[b] + rest) < top.bar()) continue;
    cursor.open_block(b);
    const DocId* docs = cursor.docs();
    const uint32_t begin = docs[0] >= from ? 0 : find_doc(docs, cursor.size(), from);
    const uint32_t end = cursor.last_doc() < to ? cursor.size() : find_doc(docs, cursor.size(), to);
    const float wanted = part_of(top.bar(), rest);
    const uint32_t* freqs = cursor.freqs() + begin;
    uint32_t n = end - begin;
    docs += begin;
    if (const uint32_t least = term.least_freq(b, wanted); least > 1) {
      n = kernels::best().frequent(docs, freqs, n, least, frequent_docs, frequent_freqs);
      docs = frequent_docs;
      freqs = frequent_freqs;
    }
    term.scoring().score(docs, freqs, n, scores);
    n = kernels::best().at_least(scores, n, wanted, found);
    for (uint32_t i = 0; i < n; ++i) {
      docs_[candidates_] = docs[found[i]];
      sums_[candidates_] = scores[found[i]];
      if (++candidates_ == kBatch) finish(driver, top);
    }
  }
  finish(driver, top);
}

void UnionSearch::finish(size_t driver, TopHits& top) {
  uint32_t n = std::exchange(candidates_, 0);
  DocId found[kBatch + 16];
  uint16_t kept[kBatch + 16];
  uint32_t freqs[kBatch + 16];
  float scores[kBatch];
  const auto drop_below_bar = [&](double rest) {
    n = kernels::best().keep_sums(docs_, sums_, n, part_of(top.bar(), rest));
  };
  for (size_t i = driver; n != 0 && i-- > 0 && rest_[i] != 0;) {
    drop_below_bar(rest_[i]);
    TermScorer& term = *terms_[order_[i]];
    std::copy_n(docs_, n, found);
    const uint32_t common = intersect(term.cursor(), found, n, kept, freqs);
    term.scoring().score(found, freqs, common, scores);
    for (uint32_t c = 0; c < common; ++c) sums_[kept[c]] += scores[c];
  }
  drop_below_bar(0);
  // What an earlier driver has, it has found, and with this term's score.
  for (size_t i = driver + 1; n != 0 && i < terms_.size(); ++i) {
    std::copy_n(docs_, n, found);
    const uint32_t common = intersect(terms_[order_[i]]->cursor(), found, n, kept, nullptr);
    uint32_t left = 0;
    for (uint32_t c = 0, next = 0; c < n; ++c) {
      docs_[left] = docs_[c];
      sums_[left] = sums_[c];
      const bool seen = next < common && kept[next] == c;
      next += seen ? 1 : 0;
      left += seen ? 0 : 1;
    }
    n = left;
  }
  for (uint32_t c = 0; c < n; ++c)
    if (live(docs_[c])) top.add({number_, docs_[c], static_cast<float>(sums_[c])});
}

}  // namespace diagon::search
