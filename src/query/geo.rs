//! Points, lengths and times of a request.

use super::json::Node;
use super::leaf::number;
use super::request::unknown_key;

/// A point on earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Degrees north, from -90 to 90.
    pub lat: f64,
    /// Degrees east, from -180 to 180.
    pub lon: f64,
}

impl Point {
    fn new(lat: f64, lon: f64) -> Result<Self, String> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(format!("latitude {lat} is not from -90 to 90"));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(format!("longitude {lon} is not from -180 to 180"));
        }
        Ok(Self { lat, lon })
    }

    /// Reads `lat,lon`; the error says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once(',')
            .and_then(|(lat, lon)| Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?)));
        let (lat, lon) =
            parts.ok_or_else(|| format!("`{text}` is no point: expected \"lat,lon\""))?;
        Self::new(lat, lon)
    }
}

/// Reads `{"lat": …, "lon": …}`, `[lon, lat]` or `"lat,lon"`.
pub(super) fn point(node: &Node<'_, '_>) -> crate::Result<Point> {
    const WHAT: &str = "a point: {\"lat\": …, \"lon\": …}, \"lat,lon\" or [lon, lat]";
    let (lat, lon) = match node.kind() {
        b'"' => return Point::parse(&node.string(WHAT)?).map_err(|message| node.error(message)),
        b'[' => {
            let items = node.array(WHAT)?;
            let numbers = node.items(&items).map(|item| Ok(number(&item)?.as_f64()));
            match numbers.collect::<crate::Result<Vec<f64>>>()?.as_slice() {
                [lon, lat] => (*lat, *lon),
                _ => return Err(node.error("a point as an array is two numbers, [lon, lat]")),
            }
        }
        _ => {
            let (mut lat, mut lon) = (None, None);
            for entry in &node.object(WHAT)? {
                let member = node.member(entry);
                match &*entry.key {
                    "lat" => lat = Some(number(&member)?.as_f64()),
                    "lon" => lon = Some(number(&member)?.as_f64()),
                    key => return Err(unknown_key(&member, key, "a point", &["lat", "lon"])),
                }
            }
            lat.zip(lon)
                .ok_or_else(|| node.error("a point needs `lat` and `lon`"))?
        }
    };
    Point::new(lat, lon).map_err(|message| node.error(message))
}

/// A length's unit in metres.
pub(crate) fn unit_in_metres(unit: &str) -> Option<f64> {
    Some(match unit {
        "" | "m" | "meters" => 1.0,
        "km" | "kilometers" => 1000.0,
        "cm" | "centimeters" => 0.01,
        "mm" | "millimeters" => 0.001,
        "mi" | "miles" => 1609.344,
        "yd" | "yards" => 0.9144,
        "ft" | "feet" => 0.3048,
        "in" | "inch" => 0.0254,
        "NM" | "nmi" | "nauticalmiles" => 1852.0,
        _ => return None,
    })
}

/// A length such as `2km` in metres, which are the unit if there is none.
pub(crate) fn metres(text: &str) -> Option<f64> {
    let (number, unit) = split_unit(text);
    let metres = number.parse::<f64>().ok()? * unit_in_metres(unit)?;
    metres.is_finite().then_some(metres)
}

/// A time such as `10d` in milliseconds; only 0 may be without a unit.
pub(crate) fn milliseconds(text: &str) -> Option<f64> {
    let (number, unit) = split_unit(text);
    let number = number.parse::<f64>().ok()?;
    let unit = match unit {
        "" if number == 0.0 => 1.0,
        "nanos" => 1e-6,
        "micros" => 1e-3,
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        "h" | "H" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    let milliseconds = number * unit;
    milliseconds.is_finite().then_some(milliseconds)
}

fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    (text[..text.len() - unit.len()].trim(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_times() {
        assert_eq!(metres("2km"), Some(2000.0));
        assert_eq!(metres("7"), Some(7.0));
        assert_eq!(metres(" 0.5 mi "), Some(804.672));
        assert_eq!(
            (metres("2 parsec"), metres("km"), metres("")),
            (None, None, None)
        );
        assert_eq!(milliseconds("10d"), Some(864_000_000.0));
        assert_eq!(
            (milliseconds("0"), milliseconds("5"), milliseconds("1y")),
            (Some(0.0), None, None)
        );
        assert_eq!(
            Point::parse("1.5, -2"),
            Ok(Point {
                lat: 1.5,
                lon: -2.0
            })
        );
        assert!(
            Point::parse("91,0").is_err()
                && Point::parse("0,181").is_err()
                && Point::parse("1").is_err()
        );
    }
}
