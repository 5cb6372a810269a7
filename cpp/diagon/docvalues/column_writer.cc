#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

#include "diagon/docvalues/column.h"
#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon::docvalues {
using schema::ColumnKind;

bool is_whole(double v) noexcept {
  constexpr double kLimit = 9007199254740992.0;  // 2^53
  if (!(std::abs(v) < kLimit)) return false;     // also NaN
  return v == std::trunc(v) && !(v == 0 && std::signbit(v));
}

void ColumnWriter::add_number(DocId doc, uint64_t bits) {
  assert(docs_.empty() || doc >= docs_.back());
  numbers_.push_back(bits);
  docs_.push_back(doc);
}

void ColumnWriter::add_string(DocId doc, std::string_view value) {
  assert(docs_.empty() || doc >= docs_.back());
  bytes_.append(value);
  ends_.push_back(bytes_.size());
  docs_.push_back(doc);
}

size_t ColumnWriter::ram_bytes() const noexcept {
  return docs_.capacity() * sizeof(DocId) + numbers_.capacity() * sizeof(uint64_t) +
         ends_.capacity() * sizeof(uint64_t) + bytes_.capacity();
}

ColumnMeta ColumnWriter::write(directory::FileWriter& file, DocId max_doc) const {
  assert(docs_.empty() || docs_.back() < max_doc);
  if (value_count() >= UINT32_MAX)
    throw Error(ErrorCode::kTooLarge, "a column of 2^32 values or more in one segment");
  ColumnMeta meta;
  meta.kind = kind_;
  for (size_t i = 0; i < docs_.size(); ++i) {
    if (i != 0 && docs_[i] == docs_[i - 1]) {
      meta.multi = true;
    } else {
      ++meta.docs_with_value;
    }
  }
  write_presence(file, max_doc, meta);
  switch (kind_) {
    case ColumnKind::kNone:
      throw_invalid("a column without a kind");
    case ColumnKind::kI64:
    case ColumnKind::kF64:
    case ColumnKind::kBool:
      write_values(file, max_doc, stored_numbers(meta), meta);
      break;
    case ColumnKind::kOrdinals:
      write_values(file, max_doc, write_dictionary(file, meta), meta);
      break;
    case ColumnKind::kStrings:
      write_strings(file, max_doc, meta);
      break;
  }
  return meta;
}

std::string_view ColumnWriter::string_at(size_t value) const noexcept {
  const uint64_t from = value == 0 ? 0 : ends_[value - 1];
  return std::string_view(bytes_).substr(from, ends_[value] - from);
}

std::vector<int64_t> ColumnWriter::stored_numbers(ColumnMeta& meta) const {
  std::vector<int64_t> stored(numbers_.size());
  if (kind_ != ColumnKind::kF64) {
    for (size_t i = 0; i < stored.size(); ++i) stored[i] = static_cast<int64_t>(numbers_[i]);
    return stored;
  }
  meta.whole_doubles = std::all_of(numbers_.begin(), numbers_.end(), [](uint64_t number) {
    return is_whole(std::bit_cast<double>(number));
  });
  for (size_t i = 0; i < stored.size(); ++i) {
    const auto v = std::bit_cast<double>(numbers_[i]);
    stored[i] = meta.whole_doubles ? static_cast<int64_t>(v) : sortable_from_double(v);
  }
  return stored;
}

std::vector<int64_t> ColumnWriter::write_dictionary(directory::FileWriter& file,
                                                    ColumnMeta& meta) const {
  std::vector<uint32_t> order(value_count());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [this](uint32_t a, uint32_t b) { return string_at(a) < string_at(b); });
  std::vector<int64_t> ordinals(value_count());
  std::vector<int64_t> starts;
  meta.string_offset = file.offset();
  for (size_t i = 0; i < order.size(); ++i) {
    const std::string_view value = string_at(order[i]);
    if (i == 0 || value != string_at(order[i - 1])) {
      starts.push_back(static_cast<int64_t>(file.offset() - meta.string_offset));
      file.append(value.data(), value.size());
    }
    ordinals[order[i]] = static_cast<int64_t>(starts.size()) - 1;
  }
  meta.string_bytes = file.offset() - meta.string_offset;
  starts.push_back(static_cast<int64_t>(meta.string_bytes));
  meta.string_starts = write_numeric(file, starts);
  return ordinals;
}

void ColumnWriter::write_strings(directory::FileWriter& file, DocId max_doc,
                                 ColumnMeta& meta) const {
  meta.string_offset = file.offset();
  meta.string_bytes = bytes_.size();
  file.append(bytes_.data(), bytes_.size());
  std::vector<int64_t> string_starts = {0};
  std::vector<int64_t> starts;
  size_t value = 0;
  for (DocId doc = 0; doc < max_doc; ++doc) {
    starts.push_back(static_cast<int64_t>(value));
    while (value < docs_.size() && docs_[value] == doc)
      string_starts.push_back(static_cast<int64_t>(ends_[value++]));
    if (!meta.multi && string_starts.size() == doc + size_t{1})
      string_starts.push_back(string_starts.back());  // an empty string in its place
  }
  starts.push_back(static_cast<int64_t>(value));
  if (meta.multi) meta.starts = write_numeric(file, starts);
  meta.string_starts = write_numeric(file, string_starts);
}

void ColumnWriter::write_presence(directory::FileWriter& file, DocId max_doc,
                                  ColumnMeta& meta) const {
  if (meta.docs_with_value == 0 || meta.docs_with_value == max_doc) return;
  std::vector<uint64_t> words(bits::words_for(max_doc));
  for (const DocId doc : docs_) bits::set(words.data(), doc);
  file.align(8);
  meta.presence_offset = file.offset();
  meta.presence_bytes = words.size() * sizeof(uint64_t);
  file.append(words.data(), words.size() * sizeof(uint64_t));
}

void ColumnWriter::write_values(directory::FileWriter& file, DocId max_doc,
                                std::span<const int64_t> values, ColumnMeta& meta) const {
  if (!meta.multi) {
    std::vector<int64_t> by_doc(max_doc);
    for (size_t i = 0; i < docs_.size(); ++i) by_doc[docs_[i]] = values[i];
    meta.values = write_numeric(file, by_doc);
    return;
  }
  std::vector<int64_t> starts;
  starts.reserve(max_doc + size_t{1});
  size_t value = 0;
  for (DocId doc = 0; doc < max_doc; ++doc) {
    starts.push_back(static_cast<int64_t>(value));
    while (value < docs_.size() && docs_[value] == doc) ++value;
  }
  starts.push_back(static_cast<int64_t>(value));
  meta.starts = write_numeric(file, starts);
  meta.values = write_numeric(file, values);
}

}  // namespace diagon::docvalues
