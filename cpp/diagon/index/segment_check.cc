#include "diagon/index/segment_check.h"

#include <array>
#include <string>
#include <vector>

#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

using docvalues::ColumnReader;
using docvalues::kColumnBlock;
using docvalues::NumericReader;
using schema::ColumnKind;
using schema::PostingsKind;

// One field of a segment.
class FieldCheck {
 public:
  FieldCheck(const std::string& folder, const SegmentReader& segment, const FieldMeta& field,
             SegmentCounts& counts)
      : folder_(folder),
        segment_(segment),
        field_(field),
        id_(field.field.id),
        counts_(counts),
        docs_with_terms_(bits::words_for(segment.max_doc())) {}

  void run() {
    if (segment_.terms(id_) != nullptr) check_terms();
    if (field_.field.norms) check_norms();
    if (const ColumnReader* column = segment_.column(id_)) check_column(*column);
  }

 private:
  [[noreturn]] void wrong(const char* file, const std::string& what) const {
    throw_corrupt(segment_file(folder_, segment_.number(), file),
                  what + " in the field `" + field_.field.name + "`");
  }

  void check_terms() {
    const termdict::FieldTerms& terms = *segment_.terms(id_);
    uint64_t term_count = 0;
    uint64_t doc_freqs = 0;
    uint64_t occurrences = 0;
    termdict::FieldTerms::Iterator at(terms, "");
    while (at.next()) {
      ++term_count;
      doc_freqs += at.meta().doc_freq;
      occurrences += at.meta().total_term_freq;
      check_postings(at.term(), at.meta());
      // The same by way of the table of blocks.
      const auto found = terms.lookup(at.term());
      if (!found || found->postings_offset != at.meta().postings_offset ||
          found->doc_freq != at.meta().doc_freq)
        wrong("terms", "a term that can't be looked up");
    }
    const termdict::FieldTermsMeta& meta = terms.meta();
    if (term_count != meta.term_count || doc_freqs != meta.sum_doc_freq ||
        occurrences != meta.sum_total_term_freq ||
        bits::count(docs_with_terms_.data(), docs_with_terms_.size()) != meta.doc_count)
      wrong("meta", "other terms and documents than it counts");
    if (id_ == kIdField && doc_freqs != segment_.max_doc())
      wrong("terms", "another number of documents than the segment has");
    counts_.terms += term_count;
    counts_.postings += doc_freqs;
  }

  void check_postings(std::string_view term, const postings::TermMeta& meta) {
    const bool positions = field_.field.postings == PostingsKind::kFreqsPositions;
    postings::PostingsCursor cursor = segment_.postings(id_, meta);
    uint64_t docs = 0;
    uint64_t occurrences = 0;
    DocId next = 0;
    while (cursor.next_block()) {
      const uint32_t* freqs = cursor.freqs();
      if (cursor.impact_freqs() != nullptr) check_impacts(cursor);
      for (uint32_t i = 0; i < cursor.size(); ++i) {
        const DocId doc = cursor.docs()[i];
        if (doc < next) wrong("postings", "documents that do not increase");
        next = doc + 1;
        occurrences += freqs[i];
        bits::set(docs_with_terms_.data(), doc);
        if (positions) {
          if (cursor.positions(i).size() != freqs[i])
            wrong("positions", "another number of positions than of occurrences");
          counts_.positions += freqs[i];
        }
        if (id_ == kIdField && segment_.doc_id(doc) != term)
          wrong("columns", "another `_id` than the term of the document");
      }
      docs += cursor.size();
    }
    if (docs != meta.doc_freq || occurrences != meta.total_term_freq)
      wrong("terms", "a term with other documents than it counts");
  }

  // Searches skip a block by its impacts: each of its documents must be bounded by one.
  void check_impacts(postings::PostingsCursor& cursor) {
    const size_t first = size_t{postings::kImpacts} * cursor.block();
    const uint8_t* freqs = cursor.impact_freqs() + first;
    const uint8_t* norms = cursor.impact_norms() + first;
    const uint8_t* lengths = segment_.norms(id_).norms;
    for (uint32_t i = 0; i < cursor.size(); ++i) {
      const uint32_t freq = cursor.freqs()[i];
      const uint8_t norm = lengths == nullptr ? 1 : lengths[cursor.docs()[i]];
      bool bounded = false;
      for (uint32_t k = 0; k < postings::kImpacts; ++k)
        bounded |= (freq <= freqs[k] || freqs[k] == postings::kAnyFreq) && norm >= norms[k];
      if (!bounded) wrong("postings", "a document out of the bounds of its block");
    }
  }

  void check_norms() {
    const NormsView view = segment_.norms(id_);
    const DocId max_doc = segment_.max_doc();
    const size_t words = bits::words_for(max_doc);
    if (max_doc % 64 != 0 && view.presence[words - 1] >> (max_doc % 64) != 0)
      wrong("columns", "lengths of documents past the last one");
    if (bits::count(view.presence, words) != view.docs_with_field)
      wrong("columns", "another number of lengths than of documents");
    for (size_t w = 0; w < words; ++w)
      if ((docs_with_terms_[w] & ~view.presence[w]) != 0)
        wrong("columns", "a document with terms and without a length");
    for (DocId doc = 0; doc < max_doc; ++doc)
      if (view.norms[doc] != 0 && !bits::test(view.presence, doc))
        wrong("columns", "a length of a document without the field");
  }

  // Every value, and that the bounds of its block, by which ranges skip blocks, hold.
  void check_numbers(const NumericReader& numbers) {
    std::array<int64_t, kColumnBlock> values;
    for (uint64_t block = 0; block < numbers.block_count(); ++block) {
      const uint32_t n = numbers.decode_block(block, values.data());
      for (uint32_t i = 0; i < n; ++i)
        if (values[i] < numbers.block_min(block) || values[i] > numbers.block_max(block))
          wrong("columns", "a number out of the bounds of its block");
    }
  }

  void check_column(const ColumnReader& column) {
    const bool strings = column.kind() == ColumnKind::kStrings;
    if (!strings) check_numbers(column.values());
    uint32_t docs = 0;
    uint32_t end = 0;
    for (DocId doc = 0; doc < segment_.max_doc(); ++doc) {
      const auto [first, last] = column.range(doc);
      if (first == last) continue;
      // `range` has no empty ones where there is a value.
      if (first < end) wrong("columns", "values of two documents");
      end = last;
      ++docs;
      counts_.values += last - first;
      for (uint32_t value = first; value < last; ++value) {
        if (column.kind() == ColumnKind::kOrdinals) column.ordinal(column.values().get(value));
      }
    }
    if (docs != column.docs_with_value())
      wrong("columns", "another number of documents with a value than it counts");
    std::string_view before;
    for (uint32_t i = 0; i < column.string_count(); ++i) {
      const std::string_view text = column.string(i);
      if (!strings && i > 0 && text <= before) wrong("columns", "a dictionary out of order");
      before = text;
    }
  }

  const std::string& folder_;
  const SegmentReader& segment_;
  const FieldMeta& field_;
  FieldId id_;
  SegmentCounts& counts_;
  std::vector<uint64_t> docs_with_terms_;
};

}  // namespace

SegmentCounts check_segment(const std::string& folder, const SegmentReader& segment) {
  segment.verify_all();
  SegmentCounts counts;
  counts.bytes = segment.bytes_on_disk();
  for (const FieldMeta& field : segment.meta().fields)
    FieldCheck(folder, segment, field, counts).run();
  std::vector<uint8_t> source;
  for (DocId doc = 0; doc < segment.max_doc(); ++doc) {
    source.clear();
    segment.stored().get(doc, source);
    counts.stored_bytes += source.size();
  }
  return counts;
}

}  // namespace diagon::index
