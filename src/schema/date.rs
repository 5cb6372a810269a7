//! Dates: strings in the mapping's formats ↔ milliseconds since 1970, UTC.
//!
//! The formats are OpenSearch's, where a date may also be a whole year or month; the calendar is the `time` crate's.

use time::util::days_in_year;
use time::{Date, Month, UtcDateTime};

use super::value::Scalar;

/// How a date field's strings are read: OpenSearch's `format`, alternatives parted by `||`.
#[derive(Clone, Debug)]
pub struct DateFormats {
    text: String,
    formats: Vec<Format>,
}

/// OpenSearch's default.
const DEFAULT: &str = "strict_date_optional_time||epoch_millis";

#[derive(Clone, Debug)]
enum Format {
    /// `2024`, `2024-05`, `2024-05-31`, `2024-05-31T12:30:59.123+02:00` and what lies between.
    Iso,
    EpochMillis,
    EpochSecond,
    Pattern(Vec<Part>),
}

/// A part of a pattern, with the number of digits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Number(Unit, usize),
    Literal(u8),
    Zone,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Milli,
}

/// The time that a date string names, which may be a whole year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first millisecond: what a document's value is, and a range's `gte` and `lt`.
    pub first_ms: i64,
    /// The last millisecond, inclusive: a range's `lte` and `gt`.
    pub last_ms: i64,
}

impl Default for DateFormats {
    fn default() -> Self {
        let formats = vec![Format::Iso, Format::EpochMillis];
        Self {
            text: DEFAULT.to_string(),
            formats,
        }
    }
}

impl PartialEq for DateFormats {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl DateFormats {
    /// Reads a mapping's `format`; the error says which alternative isn't known.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let formats = text.split("||").map(|name| {
            Format::new(name.trim()).ok_or_else(|| {
                format!(
                    "unknown date format `{name}`; possible: strict_date_optional_time, epoch_millis, epoch_second, \
                     strict_date, basic_date, strict_date_time, date_hour_minute_second, or a pattern of \
                     yyyy MM dd HH mm ss SSS X and punctuation"
                )
            })
        });
        Ok(Self {
            text: text.to_string(),
            formats: formats.collect::<Result<_, _>>()?,
        })
    }

    /// The mapping's `format`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The time that a string names in the first format that fits; `None` if none does.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<DateRange> {
        self.formats.iter().find_map(|format| format.parse(text))
    }

    /// The time that a JSON number names: seconds or milliseconds if there is such a format, though it looked like a year.
    #[must_use]
    pub fn parse_number(&self, text: &str) -> Option<DateRange> {
        let epoch = self
            .formats
            .iter()
            .find(|f| matches!(f, Format::EpochMillis | Format::EpochSecond));
        epoch
            .and_then(|format| format.parse(text))
            .or_else(|| self.parse(text))
    }

    /// The milliseconds of a document's value.
    pub(super) fn value(&self, value: &Scalar<'_>) -> Result<i64, String> {
        let range = match *value {
            Scalar::Str(text) => self.parse(text),
            Scalar::Raw(text) => self.parse_number(text),
            Scalar::I64(number) => self.parse_number(&number.to_string()),
            Scalar::F64(number) if number.fract() == 0.0 => self.parse_number(&number.to_string()),
            _ => None,
        };
        range
            .map(|range| range.first_ms)
            .ok_or_else(|| format!("{value} is no date of the format `{}`", self.text))
    }
}

/// Whether a string of an unknown field is taken for a date: a number isn't, even if it could be a year.
pub(super) fn looks_like_date(text: &str) -> bool {
    text.len() >= 7 && text.parse::<f64>().is_err() && parse_iso(text.as_bytes()).is_some()
}

impl Format {
    fn new(name: &str) -> Option<Self> {
        let pattern = match name {
            "strict_date_optional_time" | "date_optional_time" => return Some(Self::Iso),
            "epoch_millis" => return Some(Self::EpochMillis),
            "epoch_second" => return Some(Self::EpochSecond),
            "strict_date" | "date" => "yyyy-MM-dd",
            "basic_date" => "yyyyMMdd",
            "strict_date_time" | "date_time" => "yyyy-MM-dd'T'HH:mm:ss.SSSX",
            "strict_date_hour_minute_second" | "date_hour_minute_second" => "yyyy-MM-dd'T'HH:mm:ss",
            other => other,
        };
        parse_pattern(pattern).map(Self::Pattern)
    }

    fn parse(&self, text: &str) -> Option<DateRange> {
        match self {
            Self::Iso => parse_iso(text.as_bytes()),
            Self::EpochMillis => {
                let ms = text.parse().ok()?;
                Some(DateRange {
                    first_ms: ms,
                    last_ms: ms,
                })
            }
            Self::EpochSecond => {
                let ms = text.parse::<i64>().ok()?.checked_mul(1000)?;
                Some(DateRange {
                    first_ms: ms,
                    last_ms: ms.checked_add(999)?,
                })
            }
            Self::Pattern(parts) => {
                let mut reader = Reader {
                    rest: text.as_bytes(),
                    moment: Moment::default(),
                };
                for part in parts {
                    match part {
                        Part::Number(unit, width) => reader.number(*unit, *width)?,
                        Part::Literal(byte) => reader.literal(*byte).then_some(())?,
                        Part::Zone => reader.zone()?,
                    }
                }
                reader.finish()
            }
        }
    }
}

/// Reads a pattern of Java's letters. It must name the year, and only widths that are fixed.
fn parse_pattern(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern.as_bytes();
    while let Some(&byte) = rest.first() {
        let run = rest.iter().take_while(|b| **b == byte).count();
        let part = match (byte, run) {
            (b'y' | b'u', 4) => Part::Number(Unit::Year, 4),
            (b'M', 2) => Part::Number(Unit::Month, 2),
            (b'd', 2) => Part::Number(Unit::Day, 2),
            (b'H', 2) => Part::Number(Unit::Hour, 2),
            (b'm', 2) => Part::Number(Unit::Minute, 2),
            (b's', 2) => Part::Number(Unit::Second, 2),
            (b'S', 3) => Part::Number(Unit::Milli, 3),
            (b'X' | b'x', 1..=3) | (b'Z', 1 | 2) => Part::Zone,
            (b'\'', _) => {
                let end = rest[1..].iter().position(|b| *b == b'\'')?;
                parts.extend(rest[1..=end].iter().map(|b| Part::Literal(*b)));
                rest = &rest[end + 2..];
                continue;
            }
            (byte, _) if byte == b' ' || byte.is_ascii_punctuation() => {
                parts.extend(std::iter::repeat_n(Part::Literal(byte), run));
                rest = &rest[run..];
                continue;
            }
            _ => return None,
        };
        parts.push(part);
        rest = &rest[run..];
    }
    parts
        .contains(&Part::Number(Unit::Year, 4))
        .then_some(parts)
}

fn parse_iso(text: &[u8]) -> Option<DateRange> {
    let mut reader = Reader {
        rest: text,
        moment: Moment::default(),
    };
    reader.number(Unit::Year, 4)?;
    let units = [
        (b'-', Unit::Month),
        (b'-', Unit::Day),
        (b'T', Unit::Hour),
        (b':', Unit::Minute),
        (b':', Unit::Second),
    ];
    for (separator, unit) in units {
        // A `-` behind the hour is a zone's; the loop never expects one there.
        if !reader.literal(separator) {
            break;
        }
        reader.number(unit, 2)?;
    }
    if reader.moment.finest == Unit::Second && (reader.literal(b'.') || reader.literal(b',')) {
        reader.fraction()?;
    }
    if !reader.rest.is_empty()
        && matches!(
            reader.moment.finest,
            Unit::Hour | Unit::Minute | Unit::Second | Unit::Milli
        )
    {
        reader.zone()?;
    }
    reader.finish()
}

/// What was read of a date so far.
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    milli: i64,
    offset_minutes: i64,
    /// The smallest unit that was named.
    finest: Unit,
}

impl Default for Moment {
    fn default() -> Self {
        Self {
            year: 1970,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            milli: 0,
            offset_minutes: 0,
            finest: Unit::Year,
        }
    }
}

struct Reader<'t> {
    rest: &'t [u8],
    moment: Moment,
}

impl Reader<'_> {
    fn literal(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn digits(&mut self, width: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(width)?;
        self.rest = rest;
        digits.iter().try_fold(0, |value, digit| {
            digit
                .is_ascii_digit()
                .then(|| value * 10 + i64::from(digit - b'0'))
        })
    }

    fn number(&mut self, unit: Unit, width: usize) -> Option<()> {
        let value = self.digits(width)?;
        let (slot, range) = match unit {
            Unit::Year => (&mut self.moment.year, 0..=9999),
            Unit::Month => (&mut self.moment.month, 1..=12),
            Unit::Day => (&mut self.moment.day, 1..=31),
            Unit::Hour => (&mut self.moment.hour, 0..=23),
            Unit::Minute => (&mut self.moment.minute, 0..=59),
            Unit::Second => (&mut self.moment.second, 0..=59),
            Unit::Milli => (&mut self.moment.milli, 0..=999),
        };
        *slot = value;
        if unit as u8 > self.moment.finest as u8 {
            self.moment.finest = unit;
        }
        range.contains(&value).then_some(())
    }

    /// Reads one to nine digits; what is finer than a millisecond is cut off.
    fn fraction(&mut self) -> Option<()> {
        let width = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if !(1..=9).contains(&width) {
            return None;
        }
        let value = self.digits(width)?;
        let scale = 10_i64.pow(u32::try_from(width).ok()?);
        self.moment.milli = value * 1000 / scale;
        self.moment.finest = Unit::Milli;
        Some(())
    }

    /// Reads `Z`, `+02`, `+0200` or `+02:00`.
    fn zone(&mut self) -> Option<()> {
        if self.literal(b'Z') {
            return Some(());
        }
        let sign = if self.literal(b'+') {
            1
        } else if self.literal(b'-') {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        let minutes = match self.literal(b':') || !self.rest.is_empty() {
            true => self.digits(2)?,
            false => 0,
        };
        self.moment.offset_minutes = sign * (hours * 60 + minutes);
        (hours <= 18 && minutes <= 59).then_some(())
    }

    fn finish(self) -> Option<DateRange> {
        let at = self.moment;
        if !self.rest.is_empty() {
            return None;
        }
        let year = i32::try_from(at.year).ok()?;
        let month = Month::try_from(u8::try_from(at.month).ok()?).ok()?;
        let date = Date::from_calendar_date(year, month, u8::try_from(at.day).ok()?).ok()?;
        let days = date.to_julian_day() - UtcDateTime::UNIX_EPOCH.date().to_julian_day();
        let minutes = (i64::from(days) * 24 + at.hour) * 60 + at.minute - at.offset_minutes;
        let first_ms = (minutes * 60 + at.second) * 1000 + at.milli;
        // Where the year is the finest, the month and the day are the first, and so on.
        let span = match at.finest {
            Unit::Year => i64::from(days_in_year(year)) * DAY_MS,
            Unit::Month => i64::from(month.length(year)) * DAY_MS,
            Unit::Day => DAY_MS,
            Unit::Hour => 3_600_000,
            Unit::Minute => 60_000,
            Unit::Second => 1000,
            Unit::Milli => 1,
        };
        Some(DateRange {
            first_ms,
            last_ms: first_ms + span - 1,
        })
    }
}

const DAY_MS: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_all_years() {
        let formats = DateFormats::default();
        // Each year and month begins where the one before ends.
        let mut end = -62_167_219_200_000; // 0000-01-01
        for year in 0..=9999 {
            let whole = formats.parse(&format!("{year:04}"));
            assert_eq!(whole.map(|range| range.first_ms), Some(end), "{year}");
            for month in 1..=12 {
                let range = formats.parse(&format!("{year:04}-{month:02}"));
                assert_eq!(range.map(|range| range.first_ms), Some(end));
                end = range.map_or(0, |range| range.last_ms + 1);
            }
            assert_eq!(whole.map(|range| range.last_ms + 1), Some(end), "{year}");
        }
        assert_eq!(end, 253_402_300_800_000); // 10000-01-01
    }

    #[test]
    fn iso_dates() {
        let formats = DateFormats::default();
        let ms = |text| {
            formats
                .parse(text)
                .map(|range| (range.first_ms, range.last_ms - range.first_ms + 1))
        };
        assert_eq!(ms("1970-01-01"), Some((0, DAY_MS)));
        assert_eq!(ms("1970"), Some((0, 365 * DAY_MS)));
        assert_eq!(ms("2024-02"), Some((19_754 * DAY_MS, 29 * DAY_MS)));
        assert_eq!(ms("1970-12"), Some((334 * DAY_MS, 31 * DAY_MS)));
        assert_eq!(ms("1970-01-01T01"), Some((3_600_000, 3_600_000)));
        assert_eq!(ms("1970-01-01T01:01Z"), Some((3_660_000, 60_000)));
        assert_eq!(ms("1970-01-01T01:00:01+01:00"), Some((1000, 1000)));
        assert_eq!(ms("1970-01-01T00:00:00.5-0030"), Some((1_800_500, 1)));
        assert_eq!(ms("1970-01-01T00:00:00,123456789+00"), Some((123, 1)));
        assert_eq!(ms("-5"), Some((-5, 1)));
        for text in [
            "2024-13",
            "2023-02-29",
            "2024-1-1",
            "2024-01-01T",
            "2024-01-01T24:00",
            "24",
            "2024-01-01Z",
            "x",
            "2024-01-01T00:00:60",
            "2024-01-01T00:00:00.",
            "2024-01-01 00:00",
            "2024-01-01T00:00+99",
            "20240-01",
        ] {
            assert_eq!(
                ms(text).map(|_| text),
                text.parse::<i64>().ok().map(|_| text),
                "{text}"
            );
        }
    }

    #[test]
    fn other_formats() {
        let parse = |format: &str, text: &str| {
            DateFormats::new(format)
                .unwrap()
                .parse(text)
                .map(|r| r.first_ms)
        };
        assert_eq!(parse("epoch_second", "5"), Some(5000));
        assert_eq!(
            parse("yyyy/MM/dd HH:mm:ss||basic_date", "1970/01/02 00:00:01"),
            Some(DAY_MS + 1000)
        );
        assert_eq!(
            parse("yyyy/MM/dd HH:mm:ss||basic_date", "19700102"),
            Some(DAY_MS)
        );
        assert_eq!(
            parse("strict_date_time", "1970-01-01T00:00:00.007Z"),
            Some(7)
        );
        assert_eq!(parse("dd.MM.yyyy", "02.01.1970"), Some(DAY_MS));
        assert_eq!(parse("dd.MM.yyyy", "02.01.70"), None);
        for bad in [
            "",
            "yy-MM-dd",
            "week_date",
            "MM-dd",
            "yyyy 'open",
            "strict_date||",
        ] {
            assert!(DateFormats::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_of_documents() {
        let formats = DateFormats::default();
        assert_eq!(formats.value(&Scalar::I64(1500)), Ok(1500));
        assert_eq!(formats.value(&Scalar::F64(1e3)), Ok(1000));
        assert!(formats.value(&Scalar::F64(0.5)).is_err());
        assert!(formats.value(&Scalar::Bool(true)).is_err());
        assert!(looks_like_date("2024-05") && looks_like_date("2024-05-01T10:00Z"));
        assert!(
            !looks_like_date("2024")
                && !looks_like_date("20240501")
                && !looks_like_date("v2024-05")
        );
    }
}
