//! Points on earth in a document: `{"lat": 1, "lon": 2}`, `"1,2"` and `[2, 1]`, or an array of these.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Reads a value of a `geo_point` field and hands out its points as `(lat, lon)` in degrees. Returns the number if it is one,
/// which is half a point. An error's message is for the document's author.
pub(super) struct GeoSeed<'f, F> {
    pub(super) point: &'f mut F,
}

impl<'de, F: FnMut(f64, f64)> DeserializeSeed<'de> for GeoSeed<'_, F> {
    type Value = Option<f64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn checked<E: serde::de::Error>(lat: f64, lon: f64) -> Result<(f64, f64), E> {
    if !(-90.0..=90.0).contains(&lat) {
        return Err(E::custom(format!("latitude {lat} is not from -90 to 90")));
    }
    if !(-180.0..=180.0).contains(&lon) {
        return Err(E::custom(format!(
            "longitude {lon} is not from -180 to 180"
        )));
    }
    Ok((lat, lon))
}

impl<'de, F: FnMut(f64, f64)> Visitor<'de> for GeoSeed<'_, F> {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point: {\"lat\": …, \"lon\": …}, \"lat,lon\" or [lon, lat]")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    #[expect(clippy::cast_precision_loss, reason = "degrees are small")]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "degrees are small")]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let parts = text
            .split_once(',')
            .and_then(|(lat, lon)| Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?)));
        let (lat, lon) =
            parts.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))?;
        let (lat, lon) = checked(lat, lon)?;
        (self.point)(lat, lon);
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut lat, mut lon) = (None, None);
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let slot = match &*key {
                "lat" => &mut lat,
                "lon" => &mut lon,
                _ => {
                    return Err(A::Error::custom(format!(
                        "a point has `lat` and `lon`, not `{key}`"
                    )));
                }
            };
            *slot = Some(map.next_value_seed(Degrees)?);
        }
        let (Some(lat), Some(lon)) = (lat, lon) else {
            return Err(A::Error::custom("a point needs `lat` and `lon`"));
        };
        let (lat, lon) = checked(lat, lon)?;
        (self.point)(lat, lon);
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut pair = [0.0; 2];
        let mut numbers = 0;
        let mut items = 0;
        while let Some(item) = seq.next_element_seed(GeoSeed {
            point: &mut *self.point,
        })? {
            items += 1;
            if let Some(number) = item {
                if let Some(slot) = pair.get_mut(numbers) {
                    *slot = number;
                }
                numbers += 1;
            }
        }
        match (numbers, items) {
            (0, _) => Ok(None),
            (2, 2) => {
                let (lat, lon) = checked(pair[1], pair[0])?;
                (self.point)(lat, lon);
                Ok(None)
            }
            _ => Err(A::Error::custom(
                "a point as an array is two numbers, [lon, lat]",
            )),
        }
    }
}

/// A number, or a string that is one.
struct Degrees;

impl<'de> DeserializeSeed<'de> for Degrees {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Degrees {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("degrees, a number")
    }

    #[expect(clippy::cast_precision_loss, reason = "degrees are small")]
    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "degrees are small")]
    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        text.trim()
            .parse()
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}
