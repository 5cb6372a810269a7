// A sort key in one segment: turns documents' values into numbers that compare as they do.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/search/numbers.h"
#include "diagon/search/scorer.h"
#include "diagon/search/sort.h"

namespace diagon::search {

// Codes: lower ones are better. A missing value is the best or the worst code, or that of the value
// that stands for it.
inline constexpr int64_t kBestCode = INT64_MIN;
inline constexpr int64_t kWorstCode = INT64_MAX;

// Codes of numbers are the same in every segment. `descending` turns them around.
int64_t code_of(const SortKey& key, const SortValue& value) noexcept;
SortValue value_of(const SortKey& key, int64_t code) noexcept;

// Whether hits compare by their strings where codes don't tell them apart, or are of other
// segments.
inline bool is_string(const SortKey& key) noexcept {
  return key.kind == SortKind::kString || key.kind == SortKind::kGivenString;
}
// Whether the caller has to give the key's values.
inline bool is_given(const SortKey& key) noexcept {
  return key.kind == SortKind::kGivenI64 || key.kind == SortKind::kGivenF64 ||
         key.kind == SortKind::kGivenString;
}
// The order of two strings, with the key's direction.
inline int compare(const SortKey& key, std::string_view a, std::string_view b) noexcept {
  const int order = a.compare(b);
  return key.descending ? -order : order;
}

// Values of documents, ascending, that the caller gives: `bits` of numbers, or for each document
// the end of its string in `text`. Where `present` is 0 there is none.
struct GivenValues {
  std::span<const DocId> docs;
  std::span<const uint8_t> present;
  std::span<const uint64_t> bits;
  std::string_view text;
  std::span<const size_t> ends;
};

// Used by one thread; `key` and the snapshot must outlive it.
class SegmentKey {
 public:
  // Throws kInvalidArgument if the column has values of another type.
  SegmentKey(const SortKey& key, const index::Snapshot& snapshot, size_t segment);

  // out[i] = the code of docs[i], which are ascending. `scores`: of the documents, where the key is
  // the score. Throws kCorrupt.
  void codes(std::span<const DocId> docs, const float* scores, int64_t* out);

  // The values of the documents that are asked about next. REQUIRES: is_given. Throws
  // kInvalidArgument if the lengths differ.
  void give(const GivenValues& values);

  // Whether hits with this code are equal in the key. Not so for strings that stand between two of
  // the dictionary, or for any where there is none: they compare by their bytes.
  bool exact(int64_t code) const noexcept {
    return !is_string(key_) || code == kBestCode || code == kWorstCode ||
           (ranked_ && (directed(code) & 1) != 0);
  }
  // Whether the codes of documents are exact.
  bool all_exact() const noexcept { return !is_string(key_) || (ranked_ && !key_.has_missing); }

  // --- strings ---
  // The document's, until the next call; empty if it is missing. Throws kCorrupt.
  std::string_view string(DocId doc);
  // The code of any string; 0 if there is no dictionary. Throws kCorrupt.
  int64_t code_of_string(std::string_view string) const;
  int64_t missing_code() const noexcept { return missing_code_; }

  // No document in [target, returned) has a code in [lo, hi].
  DocId lower_bound(DocId target, int64_t lo, int64_t hi) const;
  // Takes documents out of `words` that have no code in [lo, hi], as far as that is known for less
  // than looking at each of them.
  void narrow(const Window& window, int64_t lo, int64_t hi, uint64_t* words) const;

 private:
  struct Stored {
    int64_t lo, hi;
    bool missing;  // whether documents without a value are wanted
  };
  // What the codes are as stored values; false: nothing is known of it.
  bool stored_range(int64_t lo, int64_t hi, Stored& out) const;
  int64_t directed(int64_t code) const noexcept { return key_.descending ? ~code : code; }
  // A stored number of a string, checked. Throws kCorrupt.
  int64_t rank(int64_t stored) const;
  void number_codes(std::span<const DocId> docs, int64_t* out);
  void string_codes(std::span<const DocId> docs, int64_t* out);
  void distance_codes(std::span<const DocId> docs, int64_t* out);
  void given_codes(std::span<const DocId> docs, int64_t* out);
  // The place of a document among those that values were given for. Throws kInvalidArgument.
  size_t given_at(DocId doc) const;

  const SortKey& key_;
  std::shared_ptr<const index::SegmentReader> reader_;
  const docvalues::ColumnReader* column_ = nullptr;
  const docvalues::ColumnReader* lons_ = nullptr;
  const termdict::FieldTerms* terms_ = nullptr;  // whose numbers the column has, if it has these
  Numbers numbers_;
  bool ranked_ = false;  // strings have codes by a dictionary, or all are missing
  uint64_t doc_base_ = 0;
  int64_t missing_code_ = kWorstCode;
  std::vector<double> doubles_;
  std::string term_;
  // As in GivenValues.
  std::vector<DocId> given_docs_;
  std::vector<uint8_t> given_present_;
  std::vector<uint64_t> given_numbers_;  // bits, or ends
  std::string given_text_;
};

}  // namespace diagon::search
