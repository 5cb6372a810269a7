// Distances on a sphere: the haversine formula.
#ifndef HAVERSINE_H
#define HAVERSINE_H

#include <math.h>

// The earth's mean radius, (2a + b) / 3 of the WGS 84 ellipsoid. A sphere of it is off by 0.6 % at
// most.
static const double EARTH_RADIUS_KM = 6371.0088;
static const double RADIANS = 0.017453292519943295;  // in a degree

// A point that distances are measured from.
struct origin {
  double lat, lon;  // in radians
  double cos_lat;
};

static inline struct origin origin_at(double lat, double lon) {
  const struct origin made = {lat * RADIANS, lon * RADIANS, cos(lat * RADIANS)};
  return made;
}

// The way along the surface to a point that is given in degrees.
//
//   h = sin²((lat₂ − lat₁) / 2) + cos(lat₁) cos(lat₂) sin²((lon₂ − lon₁) / 2),  distance = 2 r
//   asin(√h)
//
// It is exact for near points, and doesn't care where longitudes begin to count anew.
static inline double distance_km(const struct origin *from, double lat, double lon) {
  const double up = sin((lat * RADIANS - from->lat) / 2);
  const double along = sin((lon * RADIANS - from->lon) / 2);
  const double h = up * up + from->cos_lat * cos(lat * RADIANS) * along * along;
  // Rounding can take antipodes beyond 1.
  return 2 * EARTH_RADIUS_KM * asin(sqrt(fmin(h, 1)));
}

#endif
