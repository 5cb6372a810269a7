// Copies the values of chosen documents into flat buffers, in Arrow's layout: what a user's
// function reads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/index/segment_reader.h"

namespace diagon::search {

// As ValueType in src/batch.rs.
enum class GatherType : uint8_t { kBool = 0, kI64 = 1, kF64 = 2, kStr = 3 };

struct GatherExtent {
  uint64_t items = 0;  // over all documents, of a list
  uint64_t bytes = 0;  // of all strings
};

struct GatherOut {
  std::span<uint8_t> offsets;        // i32 of each document's string or first item
  std::span<uint8_t> child_offsets;  // i32 of each item's string
  std::span<uint8_t> values;
  std::span<uint8_t> validity;  // one bit a document; empty: not wanted
};

// One column of one segment, as one function reads it. Used by one thread; keeps the segment alive.
class Gatherer {
 public:
  // `list`: all values in document order; else the smallest of several. `fallback`: what a document
  // without a value gets (numbers: 8 bytes, booleans: 1); null: it is missing. A segment without
  // the field's column has no values. Throws kInvalidArgument if the column's type doesn't convert.
  Gatherer(std::shared_ptr<const index::SegmentReader> segment, FieldId field, GatherType type,
           bool list, const std::string* fallback);

  // Whether all documents have values of one size and nothing needs to be looked up first: then
  // measure() need not be called, and says nothing.
  bool fixed() const noexcept { return !list_ && type_ != GatherType::kStr; }
  // How many distinct strings the column's dictionary has. 0 if the documents have no dictionary, a
  // list is read, some document has several values, or there are more than half as many as
  // documents.
  uint32_t dictionary_size() const noexcept;
  // out[i] = where the string of docs[i] stands in the dictionary; dictionary_size() if it has
  // none. REQUIRES: dictionary_size() != 0. Throws kInvalidArgument as measure(), or if `out` is
  // not as long as `docs`; kCorrupt.
  void ordinals(std::span<const uint32_t> docs, std::span<uint32_t> out);
  // From now on, "documents" are places in the dictionary; dictionary_size() is a document without
  // a value. REQUIRES: dictionary_size() != 0.
  void read_dictionary() noexcept { by_ordinal_ = true; }

  // Looks the documents up. REQUIRES: each below max_doc; else throws kInvalidArgument. Throws
  // kTooLarge past 2^31 - 1 bytes or items.
  GatherExtent measure(std::span<const uint32_t> docs);
  // Writes the documents of the latest measure(); others of the same number of documents give
  // values of some document. Returns how many have no value (0 with a fallback). Throws
  // kInvalidArgument if a buffer has not the size that measure() said, and as measure().
  uint32_t write(std::span<const uint32_t> docs, const GatherOut& out);

 private:
  size_t width() const noexcept;
  void check(bool ok, const char* what) const;
  uint64_t convert(int64_t stored) const noexcept;
  docvalues::GatherAs gather_as() const noexcept;
  bool missing(DocId doc) const noexcept;
  std::string_view missing_string() const noexcept;
  // Of a value, in the column's strings. Throws kCorrupt.
  uint32_t string_index(uint32_t value) const;
  uint32_t smallest_string(DocId doc) const;
  int64_t smallest_number(DocId doc) const;
  // Of the `_id` column.
  void measure_ids(std::span<const uint32_t> docs);
  void measure_lists(std::span<const uint32_t> docs);
  void measure_strings(std::span<const uint32_t> docs);
  void measure_dictionary(std::span<const uint32_t> docs);
  void check_documents(std::span<const uint32_t> docs) const;
  void check_call(std::span<const uint32_t> docs, const GatherOut& out) const;
  uint32_t write_validity(std::span<const uint32_t> docs, std::span<uint8_t> validity) const;
  void write_strings(uint8_t* offsets, std::span<uint8_t> values) const;
  void write_numbers(std::span<const uint32_t> docs, uint8_t* values);
  void write_lists(const GatherOut& out);
  void put_numbers(uint8_t* values) const noexcept;

  std::shared_ptr<const index::SegmentReader> segment_;
  const docvalues::ColumnReader* column_;
  GatherType type_;
  bool list_;
  bool has_fallback_;
  bool by_ordinal_ = false;
  size_t fallback_size_;
  std::string fallback_;  // and MappedFile::kReadable more bytes
  GatherExtent extent_;
  size_t measured_ = 0;
  // Of the measured documents.
  std::vector<std::pair<uint32_t, uint32_t>> ranges_;  // of lists
  std::vector<uint32_t> indices_;                      // of their strings
  std::vector<std::string_view> strings_;              // of documents, or of all items
  std::vector<int64_t> numbers_;                       // the same, as stored
  std::string ids_;                                    // as above: `_id`s one after another,
  std::vector<size_t> id_ends_;                        // and where each ends
};

}  // namespace diagon::search
