// In which order hits come, where that isn't their score alone.
#pragma once

#include <cstdint>
#include <string>

#include "diagon/search/function_score.h"
#include "diagon/util/types.h"

namespace diagon::search {

enum class SortKind : uint8_t {
  kScore,
  kDoc,          // the document's number in the snapshot
  kI64,          // integers, dates, booleans
  kF64,          // doubles
  kString,       // keywords, or strings in document order
  kGeoDistance,  // of points from one point
  // Values that the caller gives, batch by batch: integers, doubles, strings.
  kGivenI64,
  kGivenF64,
  kGivenString,
};

// One of the keys that hits are sorted by, the first one first.
struct SortKey {
  SortKind kind = SortKind::kDoc;
  bool descending = false;
  FieldId field = kNoField;                    // of points: the latitudes
  MultiValueMode mode = MultiValueMode::kMin;  // of several values; of strings kMin or kMax
  // What documents without a value count as: the best or the worst, or else a value. Of points: an
  // infinite distance.
  bool missing_first = false;
  bool has_missing = false;
  int64_t missing_i64 = 0;
  double missing_f64 = 0;
  std::string missing_string;
  // kGeoDistance
  FieldId lon_field = kNoField;
  double lat = 0, lon = 0;  // in degrees
  double unit = 1;          // in metres
};

// A key's value of one document.
struct SortValue {
  bool present =
      false;        // else a string that is missing; a missing number is the largest or smallest
  int64_t i64 = 0;  // kDoc, kI64
  double f64 = 0;   // kScore, kF64, kGeoDistance
  std::string string;
};

}  // namespace diagon::search
