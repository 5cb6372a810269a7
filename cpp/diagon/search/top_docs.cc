#include "diagon/search/top_docs.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "diagon/search/block_search.h"
#include "diagon/search/live_window.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

class Collector {
 public:
  Collector(const PreparedQuery& prepared, const TopDocsOptions& options,
            const Interrupt& interrupt)
      : prepared_(prepared),
        options_(options),
        interrupt_(interrupt),
        top_(options.k),
        with_scores_(options.k > 0 || options.has_min_score),
        scores_(with_scores_ ? kWindowDocs : 0) {}

  // False if it was stopped.
  bool segment(uint32_t number) {
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
    if (!with_scores_) {
      result_.count += bits::count(found, window.words());
      return;
    }
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

  const PreparedQuery& prepared_;
  const TopDocsOptions& options_;
  const Interrupt& interrupt_;
  TopDocs result_;
  TopHits top_;
  bool with_scores_;
  std::vector<double> scores_;
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
