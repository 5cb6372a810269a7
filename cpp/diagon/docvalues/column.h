// The values of one field for every document of a segment: "here is a document, give me its
// values".
//
// A document has no value, one, or several (in document order, duplicates kept). Numbers are
// integers, doubles (as sortable integers, or as plain integers where all of them are whole and
// below 2^53 in magnitude) or booleans (0, 1); strings are ordinals into a sorted dictionary
// (kOrdinals), stand in document order (kStrings), or are terms of the field, whose dictionary has
// them, so that only their numbers are here (kTerms).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagon/directory/file.h"
#include "diagon/docvalues/numeric.h"
#include "diagon/schema/field.h"
#include "diagon/util/types.h"

namespace diagon::docvalues {

// Where a column is, as the segment's meta file keeps it.
struct ColumnMeta {
  schema::ColumnKind kind = schema::ColumnKind::kNone;
  bool multi = false;          // some document has several values
  bool whole_doubles = false;  // kF64: values are stored as plain integers
  uint32_t docs_with_value = 0;
  uint64_t presence_offset =
      0;  // bit set of documents with a value; none stored if all or no documents have one
  uint64_t presence_bytes = 0;
  NumericMeta starts;  // multi: max_doc + 1 starts into the values
  NumericMeta
      values;  // single: one a document, 0 where missing; multi: one a value. kStrings: empty
  NumericMeta string_starts;  // strings: count + 1 starts into the bytes, of dictionary entries or
                              // of values
  uint64_t string_offset = 0;
  uint64_t string_bytes = 0;
};

// Whether a double can be stored as an integer and read back with the same bits.
bool is_whole(double v) noexcept;

// Collects a field's values in RAM, then writes them. Used by one thread.
class ColumnWriter {
 public:
  explicit ColumnWriter(schema::ColumnKind kind) : kind_(kind) {}
  // Documents ascending; a document may be added to several times in a row, once a value.
  // `bits`: an integer's two's complement, a double's bits, or 0 and 1.
  void add_number(DocId doc, uint64_t bits);
  void add_string(DocId doc, std::string_view value);
  // Of the RAM it takes, roughly.
  size_t ram_bytes() const noexcept;
  ColumnMeta write(directory::FileWriter& file, DocId max_doc) const;

 private:
  size_t value_count() const noexcept { return docs_.size(); }
  std::string_view string_at(size_t value) const noexcept;
  // Each as it is stored; sets `whole_doubles`.
  std::vector<int64_t> stored_numbers(ColumnMeta& meta) const;
  // Writes the dictionary; returns each value's ordinal.
  std::vector<int64_t> write_dictionary(directory::FileWriter& file, ColumnMeta& meta) const;
  void write_strings(directory::FileWriter& file, DocId max_doc, ColumnMeta& meta) const;
  void write_presence(directory::FileWriter& file, DocId max_doc, ColumnMeta& meta) const;
  void write_values(directory::FileWriter& file, DocId max_doc, std::span<const int64_t> values,
                    ColumnMeta& meta) const;

  schema::ColumnKind kind_;
  std::vector<DocId> docs_;        // of each value
  std::vector<uint64_t> numbers_;  // of each value, for numbers
  std::vector<uint64_t> ends_;     // of each value's string in bytes_
  std::string bytes_;
};

// A kTerms column: `terms` has the number of each document's term.
ColumnMeta write_term_numbers(directory::FileWriter& file, std::span<const uint32_t> terms);

// Reads a column. Const methods may be called from several threads at once.
class ColumnReader {
 public:
  ColumnReader(std::shared_ptr<const directory::MappedFile> file, const ColumnMeta& meta,
               DocId max_doc);

  // Of the file, for errors.
  const std::string& path() const noexcept { return file_->path(); }
  schema::ColumnKind kind() const noexcept { return meta_.kind; }
  bool multi() const noexcept { return meta_.multi; }
  bool whole_doubles() const noexcept { return meta_.whole_doubles; }
  uint32_t docs_with_value() const noexcept { return meta_.docs_with_value; }
  DocId max_doc() const noexcept { return max_doc_; }
  // Bit set of documents with a value, words_for(max_doc) words; null if every document has one.
  // (If none has one, a set of zeros.)
  const uint64_t* presence() const noexcept { return presence_; }
  bool has_value(DocId doc) const noexcept;

  // The document's values are indices [first, second) of `values()` (numbers, ordinals) or of
  // strings (kStrings). Single-valued: (doc, doc + 1) if it has one. Empty only if it has none.
  std::pair<uint32_t, uint32_t> range(DocId doc) const;

  // Numbers as stored (see `decode_double`) or ordinals. Not for kStrings.
  const NumericReader& values() const noexcept { return values_; }
  // A stored number of a kF64 column as a double.
  double decode_double(int64_t stored) const noexcept {
    return meta_.whole_doubles ? static_cast<double>(stored) : double_from_sortable(stored);
  }

  // kOrdinals: the dictionary's size. kStrings: the number of values.
  uint32_t string_count() const noexcept { return string_count_; }
  // A stored ordinal, checked. Throws kCorrupt.
  uint32_t ordinal(int64_t stored) const {
    if (stored < 0 || stored >= int64_t{string_count_}) throw_ordinal();
    return static_cast<uint32_t>(stored);
  }
  // kOrdinals: of an ordinal. kStrings: of a value's index. REQUIRES: < string_count(). Throws
  // kCorrupt.
  std::string_view string(uint32_t i) const;
  // out[j] = string(indices[j]), for many at once. In any order; the same requirements. Each string
  // may be read up to MappedFile::kReadable bytes past its first one.
  void strings(std::span<const uint32_t> indices, std::string_view* out) const;
  // kOrdinals: the first ordinal whose string is >= `value`; string_count() if none.
  uint32_t lower_bound(std::string_view value) const;

 private:
  void open_presence();
  void open_strings();
  void check_counts() const;
  [[noreturn]] void throw_ordinal() const;
  void check_string(int64_t from, int64_t to) const;
  std::string_view checked_string(int64_t from, int64_t to) const;

  std::shared_ptr<const directory::MappedFile> file_;
  ColumnMeta meta_;
  DocId max_doc_;
  const uint64_t* presence_ = nullptr;
  std::vector<uint64_t> no_presence_;  // zeros, if no document has a value
  NumericReader starts_, values_, string_starts_;
  uint32_t string_count_ = 0;
};

}  // namespace diagon::docvalues
