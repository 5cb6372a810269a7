#include "diagon/search/gather.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "diagon/util/bits.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

using docvalues::ColumnReader;
using schema::ColumnKind;

constexpr uint64_t kMaxExtent = INT32_MAX;
constexpr size_t kShort = directory::MappedFile::kReadable;

bool converts(ColumnKind kind, GatherType type) {
  switch (type) {
    case GatherType::kBool:
      return kind == ColumnKind::kBool;
    case GatherType::kI64:
      return kind == ColumnKind::kI64;
    case GatherType::kF64:
      return kind == ColumnKind::kF64 || kind == ColumnKind::kI64;
    case GatherType::kStr:
      return kind == ColumnKind::kOrdinals || kind == ColumnKind::kStrings ||
             kind == ColumnKind::kTerms;
  }
  return false;
}

// Copies kShort bytes.
void copy_short(uint8_t* to, const char* from) noexcept {
  constexpr size_t kHalf = 16;
  static_assert(kShort > kHalf && kShort <= 2 * kHalf);
  std::array<char, kHalf> first;
  std::array<char, kHalf> last;
  std::memcpy(first.data(), from, kHalf);
  std::memcpy(last.data(), from + kShort - kHalf, kHalf);
  std::memcpy(to, first.data(), kHalf);
  std::memcpy(to + kShort - kHalf, last.data(), kHalf);
}

}  // namespace

Gatherer::Gatherer(std::shared_ptr<const index::SegmentReader> segment, FieldId field,
                   GatherType type, bool list, const std::string* fallback)
    : segment_(std::move(segment)),
      column_(segment_->column(field)),
      type_(type),
      list_(list),
      has_fallback_(fallback != nullptr && !list),
      fallback_size_(has_fallback_ ? fallback->size() : 0),
      fallback_(has_fallback_ ? *fallback : "") {
  if (column_ != nullptr && !converts(column_->kind(), type_))
    throw_invalid("the column of field number " + std::to_string(field) +
                  " has values of another type");
  check(!has_fallback_ || type_ == GatherType::kStr || fallback_size_ == width(), "fallback");
  fallback_.append(kShort, '\0');
}

size_t Gatherer::width() const noexcept {
  switch (type_) {
    case GatherType::kBool:
      return 1;
    case GatherType::kI64:
    case GatherType::kF64:
      return 8;
    case GatherType::kStr:
      break;
  }
  return 0;
}

void Gatherer::check(bool ok, const char* what) const {
  if (!ok) throw_invalid(std::string("a gather buffer has the wrong size: ") + what);
}

uint64_t Gatherer::convert(int64_t stored) const noexcept {
  if (type_ != GatherType::kF64) return static_cast<uint64_t>(stored);
  const double value = column_->kind() == ColumnKind::kF64 ? column_->decode_double(stored)
                                                           : static_cast<double>(stored);
  return std::bit_cast<uint64_t>(value);
}

docvalues::GatherAs Gatherer::gather_as() const noexcept {
  if (type_ == GatherType::kBool) return docvalues::GatherAs::kBool;
  if (type_ == GatherType::kI64) return docvalues::GatherAs::kI64;
  return column_->kind() == ColumnKind::kF64 && !column_->whole_doubles()
             ? docvalues::GatherAs::kSortableF64
             : docvalues::GatherAs::kF64;
}

uint32_t Gatherer::dictionary_size() const noexcept {
  if (column_ == nullptr || column_->kind() != ColumnKind::kOrdinals || column_->multi() || list_)
    return 0;
  const uint32_t size = column_->string_count();
  return size <= column_->docs_with_value() / 2 ? size : 0;
}

void Gatherer::ordinals(std::span<const uint32_t> docs, std::span<uint32_t> out) {
  const uint32_t size = dictionary_size();
  if (size == 0) throw_invalid("the column has no dictionary");
  check(out.size() == docs.size(), "ordinals");
  check_documents(docs);
  numbers_.resize(docs.size());
  column_->values().gather(docs, numbers_.data());
  const bool all = column_->presence() == nullptr;
  for (size_t i = 0; i < docs.size(); ++i)
    out[i] = all || column_->has_value(docs[i]) ? column_->ordinal(numbers_[i]) : size;
}

bool Gatherer::missing(DocId doc) const noexcept {
  if (column_ == nullptr) return true;
  return by_ordinal_ ? doc >= column_->string_count() : !column_->has_value(doc);
}

std::string_view Gatherer::missing_string() const noexcept {
  return {fallback_.data(), fallback_size_};
}

uint32_t Gatherer::string_index(uint32_t value) const {
  if (column_->kind() == ColumnKind::kStrings) return value;
  return column_->ordinal(column_->values().get(value));
}

uint32_t Gatherer::smallest_string(DocId doc) const {
  const auto [from, to] = column_->range(doc);
  uint32_t best = string_index(from);
  for (uint32_t v = from + 1; v < to; ++v) {
    const uint32_t next = string_index(v);
    // A dictionary is sorted.
    const bool less = column_->kind() == ColumnKind::kOrdinals
                          ? next < best
                          : column_->string(next) < column_->string(best);
    if (less) best = next;
  }
  return best;
}

int64_t Gatherer::smallest_number(DocId doc) const {
  const auto [from, to] = column_->range(doc);
  int64_t best = column_->values().get(from);
  for (uint32_t v = from + 1; v < to; ++v) best = std::min(best, column_->values().get(v));
  return best;
}

void Gatherer::measure_ids(std::span<const uint32_t> docs) {
  ids_.clear();
  id_ends_.clear();
  segment_->doc_ids(docs, ids_, id_ends_);
  ids_.append(kShort, '\0');
  strings_.resize(docs.size());
  size_t start = 0;
  for (size_t i = 0; i < docs.size(); ++i) {
    strings_[i] = std::string_view(ids_).substr(start, id_ends_[i] - start);
    start = id_ends_[i];
  }
}

void Gatherer::measure_lists(std::span<const uint32_t> docs) {
  ranges_.clear();
  indices_.clear();
  if (column_ != nullptr && column_->kind() == ColumnKind::kTerms) {
    for (const DocId doc : docs) ranges_.push_back(column_->range(doc));
    extent_.items = docs.size();
    return measure_ids(docs);
  }
  for (const DocId doc : docs) {
    ranges_.push_back(column_ == nullptr ? std::pair(0U, 0U) : column_->range(doc));
    const auto [from, to] = ranges_.back();
    extent_.items += to - from;
    if (type_ == GatherType::kStr)
      for (uint32_t v = from; v < to; ++v) indices_.push_back(string_index(v));
  }
  strings_.resize(indices_.size());
  if (!indices_.empty()) column_->strings(indices_, strings_.data());
}

void Gatherer::measure_dictionary(std::span<const uint32_t> docs) {
  indices_.resize(docs.size());
  strings_.resize(docs.size());
  for (size_t i = 0; i < docs.size(); ++i) indices_[i] = missing(docs[i]) ? 0 : docs[i];
  column_->strings(indices_, strings_.data());
  for (size_t i = 0; i < docs.size(); ++i)
    if (missing(docs[i])) strings_[i] = missing_string();
}

void Gatherer::measure_strings(std::span<const uint32_t> docs) {
  if (by_ordinal_) return measure_dictionary(docs);
  if (column_ == nullptr || column_->docs_with_value() == 0) {
    strings_.assign(docs.size(), missing_string());
    return;
  }
  if (column_->kind() == ColumnKind::kTerms) return measure_ids(docs);
  indices_.resize(docs.size());
  if (column_->multi()) {
    for (size_t i = 0; i < docs.size(); ++i)
      indices_[i] = missing(docs[i]) ? 0 : smallest_string(docs[i]);
  } else if (column_->kind() == ColumnKind::kStrings) {
    std::ranges::copy(docs, indices_.begin());
  } else {
    numbers_.resize(docs.size());
    column_->values().gather(docs, numbers_.data());
    for (size_t i = 0; i < docs.size(); ++i) indices_[i] = column_->ordinal(numbers_[i]);
  }
  strings_.resize(docs.size());
  column_->strings(indices_, strings_.data());
  if (column_->presence() == nullptr) return;
  for (size_t i = 0; i < docs.size(); ++i)
    if (missing(docs[i])) strings_[i] = missing_string();
}

void Gatherer::check_documents(std::span<const uint32_t> docs) const {
  const DocId end = by_ordinal_ ? dictionary_size() + 1 : segment_->max_doc();
  if (!docs.empty() && std::ranges::max(docs) >= end)
    throw_invalid("a document's number is past the segment's end");
}

GatherExtent Gatherer::measure(std::span<const uint32_t> docs) {
  extent_ = {};
  measured_ = docs.size();
  check_documents(docs);
  if (fixed()) return extent_;
  if (list_) {
    measure_lists(docs);
  } else {
    measure_strings(docs);
  }
  for (const std::string_view s : strings_) extent_.bytes += s.size();
  if (extent_.items > kMaxExtent || extent_.bytes > kMaxExtent)
    throw Error(ErrorCode::kTooLarge, "the values of a batch are over 2 GiB");
  return extent_;
}

uint32_t Gatherer::write_validity(std::span<const uint32_t> docs,
                                  std::span<uint8_t> validity) const {
  const size_t n = docs.size();
  const bool none = column_ != nullptr && column_->presence() == nullptr && !by_ordinal_;
  const bool all = has_fallback_ || none;
  std::ranges::fill(validity, all ? uint8_t{0xff} : uint8_t{0});
  if (all) {
    // Bits past the last document are 0.
    if (!validity.empty() && n % 8 != 0) validity.back() = static_cast<uint8_t>((1U << n % 8) - 1);
    return 0;
  }
  uint32_t missing_count = 0;
  for (size_t i = 0; i < n; ++i) {
    const bool there = !missing(docs[i]);
    missing_count += there ? 0 : 1;
    if (there && !validity.empty()) validity[i / 8] |= static_cast<uint8_t>(1U << i % 8);
  }
  return missing_count;
}

void Gatherer::write_strings(uint8_t* offsets, std::span<uint8_t> values) const {
  size_t at = 0;
  for (const std::string_view s : strings_) {
    store(offsets, static_cast<int32_t>(at));
    offsets += sizeof(int32_t);
    // Most strings are short: one copy of fixed size; the next string overwrites what is too much.
    if (s.size() <= kShort && values.size() - at >= kShort) {
      copy_short(values.data() + at, s.data());
    } else if (!s.empty()) {
      std::memcpy(values.data() + at, s.data(), s.size());
    }
    at += s.size();
  }
  store(offsets, static_cast<int32_t>(at));
}

void Gatherer::put_numbers(uint8_t* values) const noexcept {
  if (type_ == GatherType::kBool) {
    for (const int64_t v : numbers_) *values++ = v != 0 ? 1 : 0;
  } else if (type_ == GatherType::kI64) {
    if (!numbers_.empty()) std::memcpy(values, numbers_.data(), numbers_.size() * sizeof(int64_t));
  } else {
    for (size_t i = 0; i < numbers_.size(); ++i) store(values + 8 * i, convert(numbers_[i]));
  }
}

void Gatherer::write_numbers(std::span<const uint32_t> docs, uint8_t* values) {
  if (column_ != nullptr && !column_->multi()) {
    column_->values().gather_as(gather_as(), docs, values);
  } else {
    check_documents(docs);
    if (column_ != nullptr) {
      numbers_.assign(docs.size(), 0);
      for (size_t i = 0; i < docs.size(); ++i)
        if (!missing(docs[i])) numbers_[i] = smallest_number(docs[i]);
      put_numbers(values);
    }
  }
  if (column_ != nullptr && column_->presence() == nullptr) return;
  const size_t w = width();
  static constexpr std::array<uint8_t, 8> kZeros{};
  const void* instead = has_fallback_ ? static_cast<const void*>(fallback_.data()) : kZeros.data();
  for (size_t i = 0; i < docs.size(); ++i)
    if (missing(docs[i])) std::memcpy(values + i * w, instead, w);
}

void Gatherer::write_lists(const GatherOut& out) {
  int32_t at = 0;
  uint8_t* offsets = out.offsets.data();
  for (const auto& [from, to] : ranges_) {
    store(offsets, at);
    offsets += sizeof(int32_t);
    at += static_cast<int32_t>(to - from);
  }
  store(offsets, at);
  if (type_ == GatherType::kStr) {
    write_strings(out.child_offsets.data(), out.values);
    return;
  }
  numbers_.clear();
  for (const auto& [from, to] : ranges_)
    for (uint32_t v = from; v < to; ++v) numbers_.push_back(column_->values().get(v));
  put_numbers(out.values.data());
}

void Gatherer::check_call(std::span<const uint32_t> docs, const GatherOut& out) const {
  const bool strings = type_ == GatherType::kStr;
  if (!fixed()) {
    check(docs.size() == measured_, "documents");
    check_documents(docs);
  }
  check(out.validity.empty() || out.validity.size() == (docs.size() + 7) / 8, "validity");
  check(out.offsets.size() == (list_ || strings ? 4 * (docs.size() + 1) : 0), "offsets");
  check(out.child_offsets.size() == (list_ && strings ? 4 * (extent_.items + 1) : 0),
        "child offsets");
  check(out.values.size() ==
            (strings ? extent_.bytes : width() * (list_ ? extent_.items : docs.size())),
        "values");
}

uint32_t Gatherer::write(std::span<const uint32_t> docs, const GatherOut& out) {
  check_call(docs, out);
  if (list_) {
    write_lists(out);
  } else if (type_ == GatherType::kStr) {
    write_strings(out.offsets.data(), out.values);
  } else {
    write_numbers(docs, out.values.data());
  }
  return write_validity(docs, out.validity);
}

}  // namespace diagon::search
