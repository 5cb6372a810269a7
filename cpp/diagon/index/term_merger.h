// A field's terms over several segments, and the documents of a term in the segment that they are
// merged into.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "diagon/index/segment_reader.h"
#include "diagon/util/doc_order.h"

namespace diagon::index {

// Walks over the distinct terms in order. Used by one thread; the segments must outlive it.
class TermMerger {
 public:
  struct Part {
    size_t segment;
    postings::TermMeta meta;
  };

  TermMerger(std::span<const SegmentReader* const> segments, FieldId field);

  // False at the end. Throws kCorrupt.
  bool next();
  // Of the latest term. REQUIRES: next() returned true.
  const std::string& term() const noexcept { return term_; }
  // The segments that have it, ascending.
  std::span<const Part> parts() const noexcept { return parts_; }
  // Documents with the term, deleted ones included.
  uint64_t doc_freq() const noexcept;

 private:
  struct Source {
    size_t segment;
    termdict::FieldTerms::Iterator terms;
  };
  void push(Source* source);

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Source*> heap_;     // the least term first, then the earliest segment
  std::vector<Source*> current_;  // those at the latest term
  std::string term_;
  std::vector<Part> parts_;
};

// The documents that stay of a term. Its buffers are reused from term to term.
class MergedPostings {
 public:
  // Reads the term's documents in the order of the merged segment. `norms`: by merged document;
  // empty: without. Throws kCorrupt.
  void read(std::span<const SegmentReader* const> segments, FieldId field, bool with_positions,
            std::span<const TermMerger::Part> parts, const DocOrder& order,
            std::span<const uint8_t> norms);

  std::span<const DocId> docs() const noexcept { return docs_; }
  // Empty if the field has none.
  std::span<const uint32_t> freqs() const noexcept { return freqs_; }
  std::span<const uint32_t> positions() const noexcept { return positions_; }
  std::span<const uint8_t> norms() const noexcept { return norms_; }

 private:
  void sort(bool with_positions);

  std::vector<DocId> docs_;
  std::vector<uint32_t> freqs_, positions_;
  std::vector<uint8_t> norms_;
  // For putting documents into another order.
  std::vector<uint64_t> keys_, position_starts_;
  std::vector<uint32_t> freqs_before_, positions_before_;
};

}  // namespace diagon::index
