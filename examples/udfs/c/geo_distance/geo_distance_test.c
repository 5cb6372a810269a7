// make test
#include "geo_distance.c"

#include <assert.h>

#include "diagon_udf_test.h"

struct city {
  const char *name;
  double lat, lon;
};
static const struct city LONDON = {"London", 51.50833, -0.12528},
                         PARIS = {"Paris", 48.86667, 2.33333},
                         NEW_YORK = {"New York", 40.71417, -74.00639},
                         SYDNEY = {"Sydney", -33.86667, 151.21667},
                         AUCKLAND = {"Auckland", -36.86667, 174.76667},
                         HONOLULU = {"Honolulu", 21.30694, -157.85833};

static double between(struct city a, struct city b) {
  const struct origin from = origin_at(a.lat, a.lon);
  return distance_km(&from, b.lat, b.lon);
}

static void is_near(double got, double expected, double tolerance) {
  if (fabs(got - expected) <= tolerance) return;
  fprintf(stderr, "%f, expected %f\n", got, expected);
  abort();
}

// Distances on the WGS 84 ellipsoid, by Vincenty's formula; a sphere is off by 0.6 % at most.
static void knows_cities(void) {
  is_near(between(LONDON, PARIS), 342.3, 342.3 * 0.006);
  is_near(between(LONDON, NEW_YORK), 5585.3, 5585.3 * 0.006);
  is_near(between(SYDNEY, AUCKLAND), 2160.3, 2160.3 * 0.006);
  // Across the line where longitudes begin anew.
  is_near(between(AUCKLAND, HONOLULU), 7051.8, 7051.8 * 0.006);
}

static void knows_the_sphere(void) {
  const double quarter = EARTH_RADIUS_KM * 90 * RADIANS;
  const struct origin zero = origin_at(0, 0), pole = origin_at(90, 0);
  is_near(distance_km(&zero, 0, 0), 0, 0);
  is_near(distance_km(&zero, 0, 90), quarter, 1e-9);
  is_near(distance_km(&zero, 0, 180), 2 * quarter, 1e-9);
  is_near(distance_km(&zero, 0, -180), 2 * quarter, 1e-9);
  is_near(distance_km(&pole, -90, 123), 2 * quarter, 1e-9);
  is_near(distance_km(&pole, 0, -77), quarter, 1e-9);
}

// By another way: the angle between two vectors.
static double by_vectors(double lat1, double lon1, double lat2, double lon2) {
  const double a[] = {cos(lat1) * cos(lon1), cos(lat1) * sin(lon1), sin(lat1)};
  const double b[] = {cos(lat2) * cos(lon2), cos(lat2) * sin(lon2), sin(lat2)};
  const double cross[] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                          a[0] * b[1] - a[1] * b[0]};
  const double sine = sqrt(cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]);
  return EARTH_RADIUS_KM * atan2(sine, a[0] * b[0] + a[1] * b[1] + a[2] * b[2]);
}

// On a grid over the earth; and the filter answers as the distance says.
static void agrees_with_vectors(void) {
  for (int lat1 = -90; lat1 <= 90; lat1 += 15)
    for (int lat2 = -90; lat2 <= 90; lat2 += 9)
      for (int lon = -180; lon <= 180; lon += 12) {
        const struct origin from = origin_at(lat1, 17);
        const double km = distance_km(&from, lat2, lon);
        // Near antipodes the sine of half the angle hardly changes: a digit in its last place is
        // tens of centimetres.
        is_near(km, by_vectors(lat1 * RADIANS, 17 * RADIANS, lat2 * RADIANS, lon * RADIANS), 1e-3);
        struct geo_distance_params params = {.lat = lat1, .lon = 17, .km = km};
        const struct geo_distance_doc doc = {.lat = lat2, .lon = lon};
        struct circle circle = make_circle(params);
        assert(geo_distance(doc, params, &circle));
        if (km < 1) continue;
        params.km = km - 0.5;
        circle = make_circle(params);
        assert(!geo_distance(doc, params, &circle));
      }
}

static bool runs(double lat, double lon, double km) {
  diagon_test_begin(3);
  diagon_test_f64((const double[]){48.86667, 0, 40.71417}, "101");
  diagon_test_f64((const double[]){2.33333, 0, -74.00639}, "101");
  diagon_test_param_str("location");
  diagon_test_param_f64(lat);
  diagon_test_param_f64(lon);
  diagon_test_param_f64(km);
  return diagon_test_run(geo_distance_batch);
}

static void answers_about_batches(void) {
  assert(runs(LONDON.lat, LONDON.lon, 350));
  assert(diagon_test_verdict(0) == 1);
  assert(diagon_test_verdict(1) == 0);  // no place
  assert(diagon_test_verdict(2) == 0);
}

static void checks_parameters(void) {
  assert(!runs(90.5, 0, 1) && strstr(diagon_test.message, "`lat`"));
  assert(!runs(0, -180.5, 1) && strstr(diagon_test.message, "`lon`"));
  assert(!runs(0, 0, -1) && strstr(diagon_test.message, "`km`"));
  assert(runs(90, 180, 0) && runs(-90, -180, 1e9));
}

int main(void) {
  knows_cities();
  knows_the_sphere();
  agrees_with_vectors();
  answers_about_batches();
  checks_parameters();
  puts("ok");
}
