#include "diagon/index/reorder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <vector>

#include "diagon/index/bisection.h"
#include "diagon/index/term_merger.h"

namespace diagon::index {
namespace {

// Terms between two looks at the flag.
constexpr uint32_t kPollTerms = 1024;

std::set<FieldId> text_fields(std::span<const SegmentReader* const> segments) {
  std::set<FieldId> fields;
  for (const SegmentReader* segment : segments)
    for (const FieldMeta& meta : segment->meta().fields)
      if (meta.field.postings == schema::PostingsKind::kFreqsPositions)
        fields.insert(meta.field.id);
  return fields;
}

class Builder {
 public:
  Builder(std::span<const SegmentReader* const> segments, const DocOrder& order,
          const ReorderOptions& options, const CancelFlag& stop)
      : segments_(segments), order_(order), stop_(stop), fields_(text_fields(segments)) {
    choose_frequencies(options);
  }

  ForwardIndex build() {
    ForwardIndex index;
    std::vector<uint32_t>& starts = index.starts;
    starts.assign(order_.size() + size_t{1}, 0);
    // Counted one place further on, the counts become the starts.
    index.term_count = for_each_posting([&](uint32_t, DocId doc) { ++starts[doc + 1]; });
    for (DocId doc = 0; doc < order_.size(); ++doc) starts[doc + 1] += starts[doc];
    index.terms.resize(starts.back());
    std::vector<uint32_t> next(starts.begin(), starts.end() - 1);
    for_each_posting([&](uint32_t term, DocId doc) { index.terms[next[doc]++] = term; });
    return index;
  }

 private:
  bool is_chosen(uint64_t doc_freq) const {
    return doc_freq >= min_doc_freq_ && doc_freq <= max_doc_freq_;
  }

  // Takes the most frequent terms first, but for those in over half of the documents, which say
  // little about how to part them.
  void choose_frequencies(const ReorderOptions& options) {
    max_doc_freq_ = std::max<uint64_t>(order_.size() / 2, 1);
    std::array<uint64_t, 65> postings{};  // by the width of the document frequency
    for (const FieldId field : fields_) {
      TermMerger terms(segments_, field);
      for (uint32_t n = 0; terms.next(); ++n) {
        if (n % kPollTerms == 0) throw_if_cancelled(stop_);
        const uint64_t freq = terms.doc_freq();
        if (freq <= max_doc_freq_) postings[std::bit_width(freq)] += freq;
      }
    }
    uint64_t sum = 0;
    size_t width = postings.size();
    while (width > 0 && sum + postings[width - 1] <= options.max_postings) sum += postings[--width];
    const uint64_t affordable = width == 0 ? 0 : uint64_t{1} << (width - 1);
    min_doc_freq_ = std::max<uint64_t>(affordable, options.min_doc_freq);
  }

  // Calls visit(term, document) for all that is chosen; returns the number of terms.
  template <typename Visit>
  uint32_t for_each_posting(Visit&& visit) {
    uint32_t term = 0;
    for (const FieldId field : fields_) {
      TermMerger terms(segments_, field);
      for (uint32_t n = 0; terms.next(); ++n) {
        if (n % kPollTerms == 0) throw_if_cancelled(stop_);
        if (!is_chosen(terms.doc_freq())) continue;
        for (const TermMerger::Part& part : terms.parts()) {
          postings::PostingsCursor cursor = segments_[part.segment]->postings(field, part.meta);
          while (cursor.next_block()) {
            for (uint32_t i = 0; i < cursor.size(); ++i) {
              const DocId doc = order_.target(part.segment, cursor.docs()[i]);
              if (doc != kNoMoreDocs) visit(term, doc);
            }
          }
        }
        ++term;
      }
    }
    return term;
  }

  std::span<const SegmentReader* const> segments_;
  const DocOrder& order_;
  const CancelFlag& stop_;
  std::set<FieldId> fields_;
  uint64_t min_doc_freq_ = 0;
  uint64_t max_doc_freq_ = 0;
};

}  // namespace

void reorder_by_similarity(std::span<const SegmentReader* const> segments, DocOrder& order,
                           const ReorderOptions& options, const CancelFlag& stop) {
  ForwardIndex index = Builder(segments, order, options, stop).build();
  BisectionOptions bisection;
  bisection.threads = options.threads;
  order.reorder(bisect(std::move(index), bisection, stop));
}

}  // namespace diagon::index
