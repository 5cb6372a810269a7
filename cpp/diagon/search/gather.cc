#include "diagon/search/gather.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

using docvalues::ColumnReader;
using schema::ColumnKind;

constexpr uint64_t kMaxExtent = INT32_MAX;

bool converts(ColumnKind kind, GatherType type) {
  switch (type) {
    case GatherType::kBool:
      return kind == ColumnKind::kBool;
    case GatherType::kI64:
      return kind == ColumnKind::kI64;
    case GatherType::kF64:
      return kind == ColumnKind::kF64 || kind == ColumnKind::kI64;
    case GatherType::kStr:
      return kind == ColumnKind::kOrdinals || kind == ColumnKind::kStrings;
  }
  return false;
}

}  // namespace

Gatherer::Gatherer(std::shared_ptr<const index::SegmentReader> segment, FieldId field,
                   GatherType type, bool list, const std::string* fallback)
    : segment_(std::move(segment)),
      column_(segment_->column(field)),
      type_(type),
      list_(list),
      has_fallback_(fallback != nullptr && !list),
      fallback_(has_fallback_ ? *fallback : "") {
  if (column_ != nullptr && !converts(column_->kind(), type_))
    throw_invalid("the column of field number " + std::to_string(field) +
                  " has values of another type");
  check(!has_fallback_ || type_ == GatherType::kStr || fallback_.size() == width(), "fallback");
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

void Gatherer::put(uint8_t* at, uint64_t bits) const noexcept {
  if (type_ == GatherType::kBool)
    *at = bits != 0 ? 1 : 0;
  else
    store(at, bits);
}

std::string_view Gatherer::string_at(uint32_t value) const {
  if (column_->kind() == ColumnKind::kStrings) return column_->string(value);
  return dictionary_entry(column_->values().get(value));
}

std::string_view Gatherer::dictionary_entry(int64_t ordinal) const {
  if (ordinal < 0 || ordinal >= int64_t{column_->string_count()})
    throw Error(ErrorCode::kCorrupt, "a column's ordinal is past its dictionary");
  return column_->string(static_cast<uint32_t>(ordinal));
}

std::string_view Gatherer::smallest_string(uint32_t from, uint32_t to) const {
  std::string_view best = string_at(from);
  for (uint32_t v = from + 1; v < to; ++v) best = std::min(best, string_at(v));
  return best;
}

void Gatherer::measure_ordinals(std::span<const uint32_t> docs) {
  // The common case: all ordinals at once, then one look-up in the dictionary a document.
  numbers_.resize(docs.size());
  column_->values().gather(docs, numbers_.data());
  for (size_t i = 0; i < docs.size(); ++i) {
    const bool present = column_->has_value(docs[i]);
    ranges_.emplace_back(present ? docs[i] : 0, present ? docs[i] + 1 : 0);
    if (present)
      strings_.push_back(dictionary_entry(numbers_[i]));
    else
      strings_.push_back(has_fallback_ ? std::string_view(fallback_) : std::string_view());
  }
}

GatherExtent Gatherer::measure(std::span<const uint32_t> docs) {
  extent_ = {};
  measured_ = docs.size();
  for (const DocId doc : docs)
    if (doc >= segment_->max_doc()) throw_invalid("a document's number is past the segment's end");
  if (!list_ && type_ != GatherType::kStr) return extent_;
  ranges_.clear();
  strings_.clear();
  const bool ordinals =
      !list_ && column_ != nullptr && !column_->multi() && column_->kind() == ColumnKind::kOrdinals;
  if (ordinals) measure_ordinals(docs);
  for (const DocId doc : ordinals ? std::span<const uint32_t>() : docs) {
    const auto range =
        column_ == nullptr ? std::pair<uint32_t, uint32_t>(0, 0) : column_->range(doc);
    ranges_.push_back(range);
    if (list_) extent_.items += range.second - range.first;
    if (type_ != GatherType::kStr) continue;
    if (list_) {
      for (uint32_t v = range.first; v < range.second; ++v) strings_.push_back(string_at(v));
    } else if (range.first == range.second) {
      strings_.push_back(has_fallback_ ? std::string_view(fallback_) : std::string_view());
    } else {
      strings_.push_back(smallest_string(range.first, range.second));
    }
  }
  for (const std::string_view s : strings_) extent_.bytes += s.size();
  if (extent_.items > kMaxExtent || extent_.bytes > kMaxExtent)
    throw Error(ErrorCode::kTooLarge, "the values of a batch are over 2 GiB");
  return extent_;
}

uint32_t Gatherer::write_dense(std::span<const uint32_t> docs, const GatherOut& out) {
  // Single-valued, every document has one: no look-up but the value's.
  numbers_.resize(docs.size());
  column_->values().gather(docs, numbers_.data());
  uint8_t* at = out.values.data();
  if (type_ == GatherType::kBool) {
    for (const int64_t v : numbers_) *at++ = v != 0 ? 1 : 0;
  } else if (type_ == GatherType::kI64) {
    std::memcpy(at, numbers_.data(), numbers_.size() * sizeof(int64_t));
  } else {
    for (size_t i = 0; i < numbers_.size(); ++i) store(at + 8 * i, convert(numbers_[i]));
  }
  return 0;
}

uint32_t Gatherer::write_single(std::span<const uint32_t> docs, const GatherOut& out) {
  if (column_ != nullptr && !column_->multi() && column_->presence() == nullptr) {
    if (!out.validity.empty()) std::memset(out.validity.data(), 0xff, out.validity.size());
    return write_dense(docs, out);
  }
  uint32_t missing = 0;
  const size_t w = width();
  for (size_t i = 0; i < docs.size(); ++i) {
    uint8_t* at = out.values.data() + i * w;
    const auto [from, to] =
        column_ == nullptr ? std::pair<uint32_t, uint32_t>(0, 0) : column_->range(docs[i]);
    if (column_ == nullptr || from == to) {
      if (!has_fallback_) {
        std::memset(at, 0, w);
        ++missing;
        continue;
      }
      std::memcpy(at, fallback_.data(), w);
    } else {
      int64_t best = column_->values().get(from);
      for (uint32_t v = from + 1; v < to; ++v) best = std::min(best, column_->values().get(v));
      put(at, convert(best));
    }
    if (!out.validity.empty()) out.validity[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
  }
  return missing;
}

uint32_t Gatherer::write(std::span<const uint32_t> docs, const GatherOut& out) {
  const size_t n = docs.size();
  check(n == measured_, "documents");
  check(out.validity.empty() || out.validity.size() == (n + 7) / 8, "validity");
  const bool strings = type_ == GatherType::kStr;
  check(out.offsets.size() == (list_ || strings ? 4 * (n + 1) : 0), "offsets");
  check(out.child_offsets.size() == (list_ && strings ? 4 * (extent_.items + 1) : 0),
        "child offsets");
  check(out.values.size() == (strings ? extent_.bytes : width() * (list_ ? extent_.items : n)),
        "values");
  if (!out.validity.empty()) std::memset(out.validity.data(), 0, out.validity.size());
  uint32_t missing = 0;
  if (!list_ && !strings) {
    missing = write_single(docs, out);
  } else {
    int32_t at = 0;
    for (size_t i = 0; i < n; ++i) {
      const auto [from, to] = ranges_[i];
      store(out.offsets.data() + 4 * i, at);
      at += static_cast<int32_t>(list_ ? to - from : strings_[i].size());
      const bool present = from != to || has_fallback_;
      missing += present ? 0 : 1;
      if (present && !out.validity.empty())
        out.validity[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
    }
    store(out.offsets.data() + 4 * n, at);
    if (strings) {
      uint8_t* bytes = out.values.data();
      int32_t sum = 0;
      for (size_t i = 0; i < strings_.size(); ++i) {
        const std::string_view s = strings_[i];
        if (list_) store(out.child_offsets.data() + 4 * i, sum);
        if (!s.empty()) std::memcpy(bytes + sum, s.data(), s.size());
        sum += static_cast<int32_t>(s.size());
      }
      if (list_) store(out.child_offsets.data() + 4 * strings_.size(), sum);
    } else {
      uint8_t* values = out.values.data();
      for (const auto& [from, to] : ranges_)
        for (uint32_t v = from; v < to; ++v, values += width())
          put(values, convert(column_->values().get(v)));
    }
  }
  // Bits past the last document are 0.
  if (!out.validity.empty() && n % 8 != 0)
    out.validity.back() &= static_cast<uint8_t>((1u << (n % 8)) - 1);
  return missing;
}

}  // namespace diagon::search
