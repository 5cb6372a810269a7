// How far a document's place is from a point: a filter and a value, which share the formula.
#include "diagon_udf.h"
#include "haversine.h"

// The query may name the field of the place. A geo_point is two columns.
#define PLACE(FIELD, PARAM)                     \
  FIELD(f64, lat, from_param(field), part(lat)) \
  FIELD(f64, lon, from_param(field), part(lon)) \
  PARAM(str, field, default("location"))        \
  PARAM(f64, lat)                               \
  PARAM(f64, lon)

#define PLACE_WITHIN(FIELD, PARAM) \
  PLACE(FIELD, PARAM)              \
  PARAM(f64, km)

// Parameters that are no place end the call with a message: every document would be wrong.
static inline struct origin checked_origin(double lat, double lon) {
  if (!(lat >= -90 && lat <= 90)) diagon_fail("`lat` has to be from -90 to 90 degrees");
  if (!(lon >= -180 && lon <= 180)) diagon_fail("`lon` has to be from -180 to 180 degrees");
  return origin_at(lat, lon);
}

struct circle {
  struct origin origin;
  double lat;        // in degrees
  double reach_lat;  // degrees of latitude beyond which nothing is near enough
};

// Of a document without a place neither function is asked: it doesn't match, and its distance is
// missing.
DIAGON_FILTER(geo_distance, "1.0.0", "the place is within km kilometres of lat, lon", PLACE_WITHIN,
              once(struct circle, make_circle)) {
  // Most places can be told by their latitude alone, which saves the sines.
  if (fabs(doc.lat - once->lat) > once->reach_lat) return false;
  return distance_km(&once->origin, doc.lat, doc.lon) <= params.km;
}

static struct circle make_circle(struct geo_distance_params params) {
  if (!(params.km >= 0)) diagon_fail("`km` has to be 0 or more");
  // A little more, so that rounding loses nothing.
  const double reach_lat = params.km / EARTH_RADIUS_KM / RADIANS * (1 + 1e-9) + 1e-9;
  const struct circle made = {checked_origin(params.lat, params.lon), params.lat, reach_lat};
  return made;
}

DIAGON_VALUE(f64, geo_distance_km, "1.0.0", "kilometres from lat, lon to the place", PLACE,
             once(struct origin, make_origin)) {
  return distance_km(once, doc.lat, doc.lon);
}

static struct origin make_origin(struct geo_distance_km_params params) {
  return checked_origin(params.lat, params.lon);
}
