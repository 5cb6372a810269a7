// What is made of a document's several numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "diagon/docvalues/numeric.h"
#include "diagon/search/function_score.h"

namespace diagon::search {

// Of doubles: mean and median are exact halves and sums in ascending order. Sorts them. REQUIRES:
// at least one.
inline double select(MultiValueMode mode, std::span<double> values) {
  if (values.size() == 1) return values[0];
  // A total order, also of what isn't a number.
  std::ranges::sort(values, {}, docvalues::sortable_from_double);
  double sum = 0;
  switch (mode) {
    case MultiValueMode::kMin:
      return values.front();
    case MultiValueMode::kMax:
      return values.back();
    case MultiValueMode::kSum:
    case MultiValueMode::kAvg:
      for (const double v : values) sum += v;
      return mode == MultiValueMode::kSum ? sum : sum / static_cast<double>(values.size());
    case MultiValueMode::kMedian:
      break;
  }
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// To the nearest integer, halves up; what is out of range becomes the nearest that is in it.
inline int64_t round_half_up(double value) noexcept {
  const double floor = std::floor(value);
  const double rounded = value - floor >= 0.5 ? floor + 1 : floor;
  if (rounded >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (rounded < -0x1p63) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(rounded);
}

// Of integers: sums wrap around, mean and median are rounded. Sorts them. REQUIRES: at least one.
inline int64_t select(MultiValueMode mode, std::span<int64_t> values) {
  if (values.size() == 1) return values[0];
  std::ranges::sort(values);
  uint64_t sum = 0;
  switch (mode) {
    case MultiValueMode::kMin:
      return values.front();
    case MultiValueMode::kMax:
      return values.back();
    case MultiValueMode::kSum:
    case MultiValueMode::kAvg:
      for (const int64_t v : values) sum += static_cast<uint64_t>(v);
      if (mode == MultiValueMode::kSum) return static_cast<int64_t>(sum);
      return round_half_up(static_cast<double>(static_cast<int64_t>(sum)) /
                           static_cast<double>(values.size()));
    case MultiValueMode::kMedian:
      break;
  }
  const size_t half = values.size() / 2;
  if (values.size() % 2 == 1) return values[half];
  return round_half_up((static_cast<double>(values[half - 1]) + static_cast<double>(values[half])) /
                       2);
}

}  // namespace diagon::search
