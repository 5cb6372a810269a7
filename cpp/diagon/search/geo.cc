#include "diagon/search/geo.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace diagon::search {

double earth_distance(double lat1, double lon1, double lat2, double lon2) noexcept {
  constexpr double kDiameter = 2 * 6371008.7714;  // metres, as Lucene has it
  constexpr double kRadians = std::numbers::pi / 180;
  const double sin_lat = std::sin((lat2 - lat1) * kRadians / 2);
  const double sin_lon = std::sin((lon2 - lon1) * kRadians / 2);
  const double h =
      sin_lat * sin_lat + std::cos(lat1 * kRadians) * std::cos(lat2 * kRadians) * sin_lon * sin_lon;
  return kDiameter * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace diagon::search
