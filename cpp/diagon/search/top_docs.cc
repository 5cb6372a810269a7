#include "diagon/search/top_docs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "diagon/kernels/kernels.h"
#include "diagon/search/block_search.h"
#include "diagon/search/live_window.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

// Whether all hits have the same score, which is then the boost. (A boolean query of filters alone
// is left out: it has no score to speak of, but documents of many clauses.)
bool has_constant_score(const Weight& weight) noexcept {
  switch (weight.query->kind) {
    case QueryKind::kMatchAll:
    case QueryKind::kTermSet:
    case QueryKind::kRangeI64:
    case QueryKind::kRangeF64:
    case QueryKind::kRangeStr:
    case QueryKind::kExists:
    case QueryKind::kConstant:
      return true;
    default:
      return false;
  }
}

class Collector {
 public:
  Collector(const PreparedQuery& prepared, const TopDocsOptions& options,
            const Interrupt& interrupt)
      : prepared_(prepared),
        options_(options),
        interrupt_(interrupt),
        top_(options.k),
        with_scores_(options.k > 0 || options.has_min_score),
        constant_(!options.has_min_score && has_constant_score(prepared.root())) {}

  // False if it was stopped.
  bool segment(uint32_t number) {
    if (counted_by_dictionary(number)) return true;
    // Counts below are of all documents, those with low scores included.
    if (!options_.has_min_score)
      if (const auto blocks = make_block_search(prepared_, number, interrupt_))
        return by_blocks(*blocks);
    return by_windows(number);
  }

  void stop(Stop stop) noexcept { result_.stop = stop; }

  TopDocs finish() && {
    result_.hits = std::move(top_).sorted();
    result_.count = std::max<uint64_t>(result_.count, result_.hits.size());
    return std::move(result_);
  }

 private:
  // Of a term the dictionary knows how many documents have it.
  bool counted_by_dictionary(uint32_t number) {
    const Weight& root = prepared_.root();
    if (options_.k != 0 || options_.has_min_score || root.query->kind != QueryKind::kTerm ||
        prepared_.snapshot().segment(number).live != nullptr)
      return false;
    result_.count += root.meta(number, 0).doc_freq;
    return true;
  }

  bool by_blocks(BlockSearch& blocks) {
    result_.stop = blocks.search(top_, options_.count_up_to, result_.count, interrupt_);
    result_.windows += blocks.looked_at();
    return result_.stop == Stop::kNo;
  }

  bool by_windows(uint32_t number) {
    const index::LiveSegment& segment = prepared_.snapshot().segment(number);
    const DocId max_doc = segment.reader->max_doc();
    const ScorerPtr scorer = prepared_.scorer(prepared_.root(), number, interrupt_);
    DocId position = 0;
    while ((position = scorer->lower_bound(position)) < max_doc) {
      result_.stop = interrupt_.poll();
      if (result_.stop != Stop::kNo) return false;
      if (may_skip()) {
        if (options_.k == 0) return true;  // nothing is wanted any more
        const DocId end = std::min(scorer->max_score_end(position), max_doc);
        if (!top_.admits(static_cast<float>(scorer->max_score(position, end)), number, position)) {
          position = end;
          continue;
        }
      }
      const Window window = window_at(position, max_doc);
      this->window(*scorer, segment, number, window, position);
      position = window.end();
    }
    return true;
  }

  // Hits with low scores need not be counted any more.
  bool may_skip() const noexcept { return result_.count > options_.count_up_to && top_.full(); }

  void window(Scorer& scorer, const index::LiveSegment& segment, uint32_t number,
              const Window& window, DocId from) {
    ++result_.windows;
    uint64_t found[kWindowWords];
    live_window(segment, window, from, found);
    scorer.match(window, found, found);
    if (!with_scores_ || constant_) {
      result_.count += kernels::best().popcount(found, window.words());
      if (with_scores_) first_of(found, number, window);
      return;
    }
    scores_.resize(kWindowDocs);
    bits::for_each(found, window.words(), [this](size_t i) { scores_[i] = 0; });
    scorer.add_scores(window, found, scores_.data());
    bits::for_each(found, window.words(), [&](size_t i) {
      const float score = static_cast<float>(scores_[i]);
      if (std::isnan(score)) prepared_.throw_no_score(number, window.base + static_cast<DocId>(i));
      if (options_.has_min_score && score < options_.min_score) return;
      ++result_.count;
      top_.add({number, window.base + static_cast<DocId>(i), score});
    });
  }

  // Of equal scores the earlier documents are better.
  void first_of(const uint64_t* found, uint32_t number, const Window& window) {
    const float score = prepared_.root().boost;
    for (uint32_t w = 0; w < window.words(); ++w) {
      for (uint64_t word = found[w]; word != 0; word &= word - 1) {
        const DocId doc = window.base + w * 64 + static_cast<uint32_t>(std::countr_zero(word));
        if (!top_.admits(score, number, doc)) return;
        top_.add({number, doc, score});
      }
    }
  }

  const PreparedQuery& prepared_;
  const TopDocsOptions& options_;
  const Interrupt& interrupt_;
  TopDocs result_;
  TopHits top_;
  bool with_scores_;
  bool constant_;
  std::vector<double> scores_;  // of a window's documents
};

}  // namespace

TopDocs search_top(const PreparedQuery& prepared, const TopDocsOptions& options,
                   const Interrupt& interrupt) {
  Collector collector(prepared, options, interrupt);
  try {
    for (uint32_t s = 0; s < prepared.snapshot().size(); ++s)
      if (!collector.segment(s)) break;
  } catch (const Error& e) {
    // Stopped while postings were collected: what was found until then counts.
    if (e.code() != ErrorCode::kCancelled && e.code() != ErrorCode::kTimeout) throw;
    collector.stop(e.code() == ErrorCode::kCancelled ? Stop::kCancelled : Stop::kTimedOut);
  }
  return std::move(collector).finish();
}

}  // namespace diagon::search
