// Distances on earth.
#pragma once

namespace diagon::search {

// Between two points in degrees, in metres, on a sphere of the earth's mean radius (the haversine
// formula).
double earth_distance(double lat1, double lon1, double lat2, double lon2) noexcept;

}  // namespace diagon::search
