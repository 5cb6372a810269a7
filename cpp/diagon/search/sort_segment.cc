#include "diagon/search/sort_segment.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "diagon/search/geo.h"
#include "diagon/search/multi_value.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

using docvalues::ColumnReader;
using docvalues::double_from_sortable;
using docvalues::kColumnBlock;
using docvalues::sortable_from_double;
using schema::ColumnKind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool holds(ColumnKind column, SortKind kind) noexcept {
  switch (kind) {
    case SortKind::kI64:
      return column == ColumnKind::kI64 || column == ColumnKind::kBool;
    case SortKind::kF64:
    case SortKind::kGeoDistance:
      return column == ColumnKind::kF64;
    case SortKind::kString:
      return column == ColumnKind::kOrdinals || column == ColumnKind::kStrings ||
             column == ColumnKind::kTerms;
    case SortKind::kScore:
    case SortKind::kDoc:
    case SortKind::kGivenI64:
    case SortKind::kGivenF64:
    case SortKind::kGivenString:
      break;
  }
  return true;
}

int64_t missing_code_of(const SortKey& key) noexcept {
  SortValue value;
  if (key.kind == SortKind::kGeoDistance) {
    value.f64 = kInfinity;
  } else if (key.has_missing) {
    value.i64 = key.missing_i64;
    value.f64 = key.missing_f64;
  } else if (key.kind == SortKind::kF64 || key.kind == SortKind::kGivenF64) {
    value.f64 = key.missing_first == key.descending ? kInfinity : -kInfinity;
  } else {
    return key.missing_first ? kBestCode : kWorstCode;
  }
  return code_of(key, value);
}

}  // namespace

int64_t code_of(const SortKey& key, const SortValue& value) noexcept {
  int64_t code = value.i64;
  if (key.kind == SortKind::kScore || key.kind == SortKind::kF64 ||
      key.kind == SortKind::kGeoDistance || key.kind == SortKind::kGivenF64)
    code = sortable_from_double(value.f64);
  return key.descending ? ~code : code;
}

SortValue value_of(const SortKey& key, int64_t code) noexcept {
  SortValue value;
  value.present = true;
  value.i64 = key.descending ? ~code : code;
  value.f64 = double_from_sortable(value.i64);
  return value;
}

SegmentKey::SegmentKey(const SortKey& key, const index::Snapshot& snapshot, size_t segment)
    : key_(key),
      reader_(snapshot.segment(segment).reader),
      column_(key.field == kNoField ? nullptr : reader_->column(key.field)),
      lons_(key.lon_field == kNoField ? nullptr : reader_->column(key.lon_field)),
      terms_(column_ != nullptr && column_->kind() == ColumnKind::kTerms ? reader_->terms(key.field)
                                                                         : nullptr),
      numbers_(is_string(key) ? nullptr : column_),
      ranked_(!is_given(key) && (column_ == nullptr || column_->kind() != ColumnKind::kStrings)) {
  for (size_t s = 0; s < segment; ++s) doc_base_ += snapshot.segment(s).reader->max_doc();
  if (column_ != nullptr && !holds(column_->kind(), key.kind))
    throw_invalid("the column of field number " + std::to_string(key.field) +
                  " has values of another type than its sort key");
  missing_code_ = missing_code_of(key);
  if (!is_string(key)) return;
  missing_code_ = key.has_missing     ? code_of_string(key.missing_string)
                  : key.missing_first ? kBestCode
                                      : kWorstCode;
}

void SegmentKey::codes(std::span<const DocId> docs, const float* scores, int64_t* out) {
  switch (key_.kind) {
    case SortKind::kScore:
      for (size_t i = 0; i < docs.size(); ++i)
        out[i] = directed(sortable_from_double(double{scores[i]} + 0.0));  // -0 is 0
      break;
    case SortKind::kDoc:
      for (size_t i = 0; i < docs.size(); ++i)
        out[i] = directed(static_cast<int64_t>(doc_base_ + docs[i]));
      break;
    case SortKind::kI64:
    case SortKind::kF64:
      number_codes(docs, out);
      break;
    case SortKind::kString:
      string_codes(docs, out);
      break;
    case SortKind::kGeoDistance:
      distance_codes(docs, out);
      break;
    case SortKind::kGivenI64:
    case SortKind::kGivenF64:
    case SortKind::kGivenString:
      given_codes(docs, out);
      break;
  }
}

void SegmentKey::give(const GivenValues& values) {
  const size_t n = values.docs.size();
  const size_t numbers = is_string(key_) ? values.ends.size() : values.bits.size();
  if (values.present.size() != n || numbers != n)
    throw_invalid("a sort key needs a value for each document");
  if (is_string(key_)) {
    if (!std::ranges::is_sorted(values.ends) || (n > 0 && values.ends.back() > values.text.size()))
      throw_invalid("a string of a sort key ends before it begins");
    given_numbers_.assign(values.ends.begin(), values.ends.end());
  } else {
    given_numbers_.assign(values.bits.begin(), values.bits.end());
  }
  given_docs_.assign(values.docs.begin(), values.docs.end());
  given_present_.assign(values.present.begin(), values.present.end());
  given_text_ = values.text;
}

size_t SegmentKey::given_at(DocId doc) const {
  const auto at = std::ranges::lower_bound(given_docs_, doc);
  if (at == given_docs_.end() || *at != doc)
    throw_invalid("no value was given for a document of a sort key");
  return static_cast<size_t>(at - given_docs_.begin());
}

void SegmentKey::given_codes(std::span<const DocId> docs, int64_t* out) {
  for (size_t i = 0; i < docs.size(); ++i) {
    const size_t at = given_at(docs[i]);
    if (given_present_[at] == 0) {
      out[i] = missing_code_;
    } else if (key_.kind == SortKind::kGivenI64) {
      out[i] = directed(static_cast<int64_t>(given_numbers_[at]));
    } else if (key_.kind == SortKind::kGivenF64) {
      out[i] = directed(sortable_from_double(std::bit_cast<double>(given_numbers_[at])));
    } else {
      out[i] = 0;
    }
  }
}

void SegmentKey::number_codes(std::span<const DocId> docs, int64_t* out) {
  const bool is_double = key_.kind == SortKind::kF64;
  numbers_.each(docs, [&](size_t i, std::span<int64_t> values) {
    if (values.empty()) {
      out[i] = missing_code_;
    } else if (!is_double) {
      out[i] = directed(select(key_.mode, values));
    } else {
      doubles_.clear();
      for (const int64_t v : values) doubles_.push_back(numbers_.number(v));
      out[i] = directed(sortable_from_double(select(key_.mode, std::span(doubles_))));
    }
  });
}

void SegmentKey::string_codes(std::span<const DocId> docs, int64_t* out) {
  if (ranked_ && column_ != nullptr && !column_->multi()) {
    column_->values().gather(docs, out);
    for (size_t i = 0; i < docs.size(); ++i)
      out[i] = column_->has_value(docs[i]) ? directed(2 * rank(out[i]) + 1) : missing_code_;
    return;
  }
  for (size_t i = 0; i < docs.size(); ++i) {
    const auto [from, to] = column_ == nullptr ? std::pair(0U, 0U) : column_->range(docs[i]);
    if (column_ == nullptr || from == to) {
      out[i] = missing_code_;
      continue;
    }
    if (!ranked_) {
      out[i] = 0;
      continue;
    }
    int64_t ordinal = column_->values().get(from);
    for (uint32_t v = from + 1; v < to; ++v) {
      const int64_t other = column_->values().get(v);
      ordinal =
          key_.mode == MultiValueMode::kMax ? std::max(ordinal, other) : std::min(ordinal, other);
    }
    // Odd, so that strings of other segments have room in between.
    out[i] = directed(2 * rank(ordinal) + 1);
  }
}

int64_t SegmentKey::rank(int64_t stored) const {
  if (terms_ == nullptr) return column_->ordinal(stored);
  if (stored < 0 || static_cast<uint64_t>(stored) >= terms_->meta().term_count)
    throw_corrupt(column_->path(), "the number of a term that is not there");
  return stored;
}

int64_t SegmentKey::code_of_string(std::string_view string) const {
  if (!ranked_) return 0;
  if (terms_ != nullptr) {
    const auto [before, equal] = terms_->rank(string);
    return directed(2 * static_cast<int64_t>(before) + (equal ? 1 : 0));
  }
  const uint32_t count = column_ == nullptr ? 0 : column_->string_count();
  const uint32_t at = count == 0 ? 0 : column_->lower_bound(string);
  const bool equal = at < count && column_->string(at) == string;
  return directed(2 * int64_t{at} + (equal ? 1 : 0));
}

std::string_view SegmentKey::string(DocId doc) {
  if (is_given(key_)) {
    const size_t at = given_at(doc);
    const uint64_t from = at == 0 ? 0 : given_numbers_[at - 1];
    return std::string_view(given_text_).substr(from, given_numbers_[at] - from);
  }
  const auto [from, to] = column_ == nullptr ? std::pair(0U, 0U) : column_->range(doc);
  // A value that stands for a missing one is as good as any.
  if (column_ == nullptr || from == to)
    return key_.has_missing ? std::string_view(key_.missing_string) : "";
  if (terms_ != nullptr) {
    term_.clear();
    terms_->append_term(static_cast<uint64_t>(column_->values().get(from)), term_);
    return term_;
  }
  std::string_view chosen;
  for (uint32_t v = from; v < to; ++v) {
    const std::string_view other =
        ranked_ ? column_->string(column_->ordinal(column_->values().get(v))) : column_->string(v);
    const bool better = key_.mode == MultiValueMode::kMax ? other > chosen : other < chosen;
    if (v == from || better) chosen = other;
  }
  return chosen;
}

void SegmentKey::distance_codes(std::span<const DocId> docs, int64_t* out) {
  for (size_t i = 0; i < docs.size(); ++i) {
    doubles_.clear();
    if (column_ != nullptr && lons_ != nullptr) {
      const auto [from, to] = column_->range(docs[i]);
      const auto [lon_from, lon_to] = lons_->range(docs[i]);
      if (to - from != lon_to - lon_from)
        throw_corrupt(lons_->path(), "latitudes without a longitude");
      for (uint32_t v = 0; v < to - from; ++v)
        doubles_.push_back(earth_distance(key_.lat, key_.lon,
                                          column_->decode_double(column_->values().get(from + v)),
                                          lons_->decode_double(lons_->values().get(lon_from + v))) /
                           key_.unit);
    }
    out[i] = doubles_.empty()
                 ? missing_code_
                 : directed(sortable_from_double(select(key_.mode, std::span(doubles_))));
  }
}

// --- skipping ---

bool SegmentKey::stored_range(int64_t lo, int64_t hi, Stored& out) const {
  if (column_ == nullptr || column_->multi()) return false;
  out.missing = lo <= missing_code_ && missing_code_ <= hi;
  out.lo = key_.descending ? ~hi : lo;
  out.hi = key_.descending ? ~lo : hi;
  switch (key_.kind) {
    case SortKind::kI64:
      return true;
    case SortKind::kF64: {
      if (!column_->whole_doubles()) return true;
      // Clamped to numbers, and to those that are stored as integers.
      constexpr double kLimit = 9007199254740992.0;
      const auto clamped = [](int64_t sortable) {
        const int64_t most = sortable_from_double(kLimit);
        const int64_t least = sortable_from_double(-kLimit);
        return double_from_sortable(std::clamp(sortable, least, most));
      };
      out.lo = static_cast<int64_t>(std::ceil(clamped(out.lo)));
      out.hi = static_cast<int64_t>(std::floor(clamped(out.hi)));
      return true;
    }
    case SortKind::kString:
      if (!ranked_) return false;
      // Of odd codes 2 * ordinal + 1; other ones are clamped to what ordinals can be.
      out.lo = std::clamp<int64_t>(out.lo, 0, INT64_C(1) << 40) / 2;
      out.hi = (std::clamp<int64_t>(out.hi, -1, INT64_C(1) << 40) + 1) / 2 - 1;
      return true;
    default:
      return false;
  }
}

DocId SegmentKey::lower_bound(DocId target, int64_t lo, int64_t hi) const {
  if (key_.kind == SortKind::kDoc) {
    if (lo > hi) return kNoMoreDocs;
    const auto base = static_cast<int64_t>(doc_base_);
    const int64_t first = std::max(key_.descending ? ~hi : lo, int64_t{0}) - base;
    const int64_t last = std::max(key_.descending ? ~lo : hi, int64_t{-1}) - base;
    if (last < int64_t{target} || first >= int64_t{kNoMoreDocs}) return kNoMoreDocs;
    return static_cast<DocId>(std::max(first, int64_t{target}));
  }
  if (lo > hi) return kNoMoreDocs;
  if (is_given(key_)) return target;
  if (column_ == nullptr && key_.kind != SortKind::kScore)  // all are without a value
    return lo <= missing_code_ && missing_code_ <= hi ? target : kNoMoreDocs;
  Stored range;
  if (!stored_range(lo, hi, range)) return target;
  if (range.missing && column_->presence() != nullptr) return target;
  const docvalues::NumericReader& values = column_->values();
  const uint64_t first = target / kColumnBlock;
  for (uint64_t b = first; b < values.block_count(); ++b)
    if (values.block_min(b) <= range.hi && values.block_max(b) >= range.lo)
      return b == first ? target : static_cast<DocId>(b * kColumnBlock);
  return kNoMoreDocs;
}

void SegmentKey::narrow(const Window& window, int64_t lo, int64_t hi, uint64_t* words) const {
  Stored range;
  if (!stored_range(lo, hi, range)) return;
  const uint64_t* presence = column_->presence();
  for (uint64_t b = window.base / kColumnBlock; b * kColumnBlock < window.end(); ++b) {
    // Windows and blocks both begin at whole words.
    const DocId begin = static_cast<DocId>(b * kColumnBlock);
    const DocId from = std::max(begin, window.base);
    const DocId to = std::min(begin + kColumnBlock, window.end());
    uint64_t* out = words + (from - window.base) / 64;
    const size_t count = bits::words_for(to - from);
    if (!bits::any(out, count)) continue;
    uint64_t inside[kColumnBlock / 64];
    column_->values().match_block(b, range.lo, range.hi, inside);
    const size_t skip = (from - begin) / 64;
    for (size_t w = 0; w < count; ++w) {
      uint64_t wanted = inside[skip + w];
      if (presence != nullptr) {
        const uint64_t present = presence[from / 64 + w];
        wanted = (wanted & present) | (range.missing ? ~present : 0);
      }
      out[w] &= wanted;
    }
  }
}

}  // namespace diagon::search
