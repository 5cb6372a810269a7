#include "diagon/search/score_function.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "diagon/search/geo.h"
#include "diagon/search/multi_value.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

using docvalues::ColumnReader;
using docvalues::kColumnBlock;
using schema::ColumnKind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const ColumnReader* column_of(const index::SegmentReader& segment, FieldId field) {
  return field == kNoField ? nullptr : segment.column(field);
}

// The finalizer of MurmurHash3 (Austin Appleby, public domain).
uint64_t mix(uint64_t h) noexcept {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

// FNV-1a.
uint64_t hash_of(std::string_view text) noexcept {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return h;
}

double modified(Modifier modifier, double v) noexcept {
  switch (modifier) {
    case Modifier::kNone:
      return v;
    case Modifier::kLog:
      return std::log10(v);
    case Modifier::kLog1p:
      return std::log10(v + 1);
    case Modifier::kLog2p:
      return std::log10(v + 2);
    case Modifier::kLn:
      return std::log(v);
    case Modifier::kLn1p:
      return std::log1p(v);
    case Modifier::kLn2p:
      return std::log1p(v + 1);
    case Modifier::kSquare:
      return v * v;
    case Modifier::kSqrt:
      return std::sqrt(v);
    case Modifier::kReciprocal:
      return 1 / v;
  }
  return kNaN;
}

}  // namespace

ScoreFunction::ScoreFunction(const FunctionSpec& spec, double boost,
                             std::shared_ptr<const index::SegmentReader> segment)
    : spec_(spec),
      weight_(spec.weight * boost),
      segment_(std::move(segment)),
      numbers_(spec.kind == FunctionKind::kRandom ? nullptr : column_of(*segment_, spec.field)),
      lons_(column_of(*segment_, spec.lon_field)) {
  if (spec.kind != FunctionKind::kDecay) return;
  switch (spec.shape) {
    case DecayShape::kGauss:
      decay_scale_ = 0.5 * (spec.scale * spec.scale) / std::log(spec.decay);
      break;
    case DecayShape::kExp:
      decay_scale_ = std::log(spec.decay) / spec.scale;
      break;
    case DecayShape::kLinear:
      decay_scale_ = spec.scale / (1 - spec.decay);
      break;
  }
}

double ScoreFunction::field_value(double value) const noexcept {
  const double result = modified(spec_.modifier, value * spec_.factor);
  return result < 0 ? kNaN : result;
}

double ScoreFunction::decayed(double distance) const noexcept {
  switch (spec_.shape) {
    case DecayShape::kGauss:
      return std::exp(0.5 * (distance * distance) / decay_scale_);
    case DecayShape::kExp:
      return std::exp(decay_scale_ * distance);
    case DecayShape::kLinear:
      return std::max(0.0, (decay_scale_ - distance) / decay_scale_);
  }
  return kNaN;
}

double ScoreFunction::distance(double value) const noexcept {
  return std::max(0.0, std::abs(value - spec_.origin) - spec_.offset);
}

double ScoreFunction::hash(uint64_t value) const noexcept {
  // As many bits as a float has.
  return static_cast<double>(mix(mix(spec_.seed) ^ value) >> 40) * 0x1p-24;
}

void ScoreFunction::evaluate(std::span<const DocId> docs, double* out) {
  switch (spec_.kind) {
    case FunctionKind::kWeight:
      std::fill_n(out, docs.size(), 1.0);
      break;
    case FunctionKind::kUdf:
      // Its values come from outside.
      std::fill_n(out, docs.size(), 0.0);
      break;
    case FunctionKind::kFieldValue:
      numbers_.each(docs, [&](size_t i, std::span<const int64_t> values) {
        if (values.empty()) {
          out[i] = spec_.has_missing ? field_value(spec_.missing) : kNaN;
          return;
        }
        out[i] = field_value(numbers_.number(*std::ranges::min_element(values)));
      });
      break;
    case FunctionKind::kRandom:
      evaluate_random(docs, out);
      break;
    case FunctionKind::kDecay:
      if (spec_.is_geo) {
        evaluate_geo(docs, out);
        break;
      }
      numbers_.each(docs, [&](size_t i, std::span<const int64_t> values) {
        distances_.clear();
        for (const int64_t v : values) distances_.push_back(distance(numbers_.number(v)));
        out[i] = decayed(distances_.empty() ? 0 : select(spec_.mode, std::span(distances_)));
      });
      break;
  }
  for (size_t i = 0; i < docs.size(); ++i) out[i] *= weight_;
}

void ScoreFunction::evaluate_random(std::span<const DocId> docs, double* out) {
  if (spec_.field == kNoField) {
    for (size_t i = 0; i < docs.size(); ++i)
      out[i] = hash(segment_->number() * 0x9e3779b97f4a7c15 + docs[i]);
    return;
  }
  const ColumnReader* column = segment_->column(spec_.field);
  for (size_t i = 0; i < docs.size(); ++i) {
    uint64_t value = 0;
    const auto [from, to] = column == nullptr ? std::pair(0U, 0U) : column->range(docs[i]);
    if (column == nullptr || from == to) {
      out[i] = hash(value);
      continue;
    }
    if (column->kind() == ColumnKind::kTerms) {
      value = hash_of(segment_->doc_id(docs[i]));
    } else if (column->kind() == ColumnKind::kStrings) {
      std::string_view least = column->string(from);
      for (uint32_t v = from + 1; v < to; ++v) least = std::min(least, column->string(v));
      value = hash_of(least);
    } else {
      int64_t least = column->values().get(from);
      for (uint32_t v = from + 1; v < to; ++v) least = std::min(least, column->values().get(v));
      // The same number has the same hash in every segment, however it is stored.
      value = column->kind() == ColumnKind::kOrdinals
                  ? hash_of(column->string(column->ordinal(least)))
              : column->kind() == ColumnKind::kF64
                  ? std::bit_cast<uint64_t>(column->decode_double(least))
                  : static_cast<uint64_t>(least);
    }
    out[i] = hash(value);
  }
}

void ScoreFunction::evaluate_geo(std::span<const DocId> docs, double* out) {
  const ColumnReader* lats = numbers_.column();
  const ColumnReader* lons = lons_.column();
  for (size_t i = 0; i < docs.size(); ++i) {
    distances_.clear();
    if (lats != nullptr && lons != nullptr) {
      const auto [from, to] = lats->range(docs[i]);
      const auto [lon_from, lon_to] = lons->range(docs[i]);
      if (to - from != lon_to - lon_from)
        throw_corrupt(lons->path(), "latitudes without a longitude");
      for (uint32_t v = 0; v < to - from; ++v) {
        const double lat = lats->decode_double(lats->values().get(from + v));
        const double lon = lons->decode_double(lons->values().get(lon_from + v));
        const double metres = earth_distance(spec_.origin, spec_.origin_lon, lat, lon);
        distances_.push_back(std::max(0.0, metres - spec_.offset));
      }
    }
    out[i] = decayed(distances_.empty() ? 0 : select(spec_.mode, std::span(distances_)));
  }
}

// --- bounds ---

// Whether blocks of values are blocks of documents, so that their minima and maxima say more than
// those of the whole column.
bool ScoreFunction::blocks_bound() const noexcept {
  return (spec_.kind == FunctionKind::kFieldValue ||
          (spec_.kind == FunctionKind::kDecay && !spec_.is_geo)) &&
         numbers_.column() != nullptr && numbers_.single();
}

DocId ScoreFunction::bound_end(DocId from) const noexcept {
  return blocks_bound() ? (from / kColumnBlock + 1) * kColumnBlock : kNoMoreDocs;
}

double ScoreFunction::bound_between(double lo, double hi) const noexcept {
  if (spec_.kind == FunctionKind::kDecay) {
    const bool inside = lo <= spec_.origin && spec_.origin <= hi;
    return decayed(inside ? 0 : std::min(distance(lo), distance(hi)));
  }
  // 1 / x has no bound around 0; all others are monotonic, or have their maximum at an end.
  if (spec_.modifier == Modifier::kReciprocal && lo <= 0 && hi >= 0) return kInfinity;
  const double a = field_value(lo);
  const double b = field_value(hi);
  if (std::isnan(a) || std::isnan(b)) return kInfinity;
  return std::max(a, b);
}

double ScoreFunction::bound(DocId from, DocId to) const {
  double bound = spec_.kind == FunctionKind::kUdf ? spec_.bound : 1;
  if (spec_.kind == FunctionKind::kFieldValue ||
      (spec_.kind == FunctionKind::kDecay && !spec_.is_geo)) {
    const bool decays = spec_.kind == FunctionKind::kDecay;
    bound = 0;
    if (!numbers_.all_present()) {
      // Some may have no value.
      bound = decays ? 1 : spec_.has_missing ? field_value(spec_.missing) : kInfinity;
      if (std::isnan(bound)) bound = kInfinity;
    }
    const ColumnReader* column = numbers_.column();
    if (column != nullptr && column->values().size() != 0 && !(bound >= 1 && decays)) {
      const docvalues::NumericReader& values = column->values();
      int64_t lo = values.min();
      int64_t hi = values.max();
      if (blocks_bound()) {
        lo = INT64_MAX;
        hi = INT64_MIN;
        const uint64_t end =
            std::min<uint64_t>((uint64_t{to} - 1) / kColumnBlock + 1, values.block_count());
        for (uint64_t b = from / kColumnBlock; b < end; ++b) {
          lo = std::min(lo, values.block_min(b));
          hi = std::max(hi, values.block_max(b));
        }
      }
      // Whatever a mean, median or sum of distances is, it is no less than the least of them.
      const double between = bound_between(numbers_.number(lo), numbers_.number(hi));
      if (std::isnan(between)) return kInfinity;
      bound = std::max(bound, between);
    }
  }
  // Infinite also with a weight of 0, since its value may be NaN.
  return std::isinf(bound) ? bound : with_slack(bound * weight_);
}

std::string ScoreFunction::failure(DocId doc) {
  double value = 0;
  evaluate({&doc, 1}, &value);
  if (!std::isnan(value)) return "";
  const std::string id = segment_->doc_id(doc);
  std::string text = "`field_value_factor` of the field `" + spec_.field_name +
                     "`: the document \"" + id + "\" has ";
  if (numbers_.missing(doc) && !spec_.has_missing)
    return text + "no value, and there is no `missing` to take in its place";
  return text +
         "a value that gives no score (below 0, or not a number): consider another `modifier`";
}

}  // namespace diagon::search
