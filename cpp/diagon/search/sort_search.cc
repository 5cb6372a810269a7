#include "diagon/search/sort_search.h"

#include <algorithm>
#include <cmath>

#include "diagon/search/live_window.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

class SortedSearch {
 public:
  SortedSearch(const PreparedQuery& prepared, SortCollector& collector, const Interrupt& interrupt)
      : prepared_(prepared),
        collector_(collector),
        interrupt_(interrupt),
        sums_(collector.needs_scores() ? kWindowDocs : 0) {
    docs_.reserve(kWindowDocs);
    scores_.reserve(kWindowDocs);
  }

  // False if it was stopped.
  bool segment(uint32_t number) {
    const index::LiveSegment& segment = prepared_.snapshot().segment(number);
    const DocId max_doc = segment.reader->max_doc();
    collector_.enter(number);
    const ScorerPtr scorer = prepared_.scorer(prepared_.root(), number, interrupt_);
    DocId position = 0;
    while (position < max_doc && (position = scorer->lower_bound(position)) < max_doc) {
      run_.stop = interrupt_.poll();
      if (run_.stop != Stop::kNo) return false;
      const DocId next = collector_.lower_bound(position);
      if (next > position) {
        position = next;
        continue;
      }
      float bar = 0;
      if (collector_.score_bar(bar)) {
        const DocId end = std::min(scorer->max_score_end(position), max_doc);
        if (!collector_.admits_score(static_cast<float>(scorer->max_score(position, end)))) {
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

  SortedRun& run() noexcept { return run_; }

 private:
  void window(Scorer& scorer, const index::LiveSegment& segment, uint32_t number,
              const Window& window, DocId from) {
    ++run_.windows;
    uint64_t found[kWindowWords];
    live_window(segment, window, from, found);
    collector_.narrow(window, found);
    if (!bits::any(found, window.words())) return;
    scorer.match(window, found, found);
    docs_.clear();
    scores_.clear();
    bits::for_each(found, window.words(), [&](size_t i) {
      docs_.push_back(window.base + static_cast<DocId>(i));
      if (!sums_.empty()) sums_[i] = 0;
    });
    if (docs_.empty()) return;
    if (!sums_.empty()) {
      scorer.add_scores(window, found, sums_.data());
      for (const DocId doc : docs_) {
        const double score = sums_[doc - window.base];
        if (std::isnan(score)) prepared_.throw_no_score(number, doc);
        scores_.push_back(static_cast<float>(score));
      }
    }
    collector_.collect(docs_, scores_);
  }

  const PreparedQuery& prepared_;
  SortCollector& collector_;
  const Interrupt& interrupt_;
  SortedRun run_;
  std::vector<double> sums_;
  std::vector<DocId> docs_;
  std::vector<float> scores_;
};

}  // namespace

SortedRun search_sorted(const PreparedQuery& prepared, SortCollector& collector,
                        const Interrupt& interrupt) {
  SortedSearch search(prepared, collector, interrupt);
  try {
    for (uint32_t s = 0; s < prepared.snapshot().size(); ++s)
      if (!search.segment(s)) break;
  } catch (const Error& e) {
    // Stopped while postings were collected: what was found until then counts.
    if (e.code() != ErrorCode::kCancelled && e.code() != ErrorCode::kTimeout) throw;
    search.run().stop = e.code() == ErrorCode::kCancelled ? Stop::kCancelled : Stop::kTimedOut;
  }
  return search.run();
}

}  // namespace diagon::search
