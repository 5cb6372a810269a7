//! Date math: `now-1d/d`, `2024-05-31||+1M/M`, as in OpenSearch. All in UTC.

use time::{Date, Duration, Month, Time, UtcDateTime};

use super::date::{DateFormats, DateRange};

#[derive(Clone, Copy)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl Unit {
    fn new(letter: char) -> Option<Self> {
        Some(match letter {
            'y' => Self::Year,
            'M' => Self::Month,
            'w' => Self::Week,
            'd' => Self::Day,
            'h' | 'H' => Self::Hour,
            'm' => Self::Minute,
            's' => Self::Second,
            _ => return None,
        })
    }

    /// The time so many units later. A day that a month lacks is its last.
    fn add(self, at: UtcDateTime, count: i64) -> Option<UtcDateTime> {
        match self {
            Self::Year => add_months(at, count.checked_mul(12)?),
            Self::Month => add_months(at, count),
            Self::Week => at.checked_add(Duration::seconds(count.checked_mul(604_800)?)),
            Self::Day => at.checked_add(Duration::seconds(count.checked_mul(86_400)?)),
            Self::Hour => at.checked_add(Duration::seconds(count.checked_mul(3_600)?)),
            Self::Minute => at.checked_add(Duration::seconds(count.checked_mul(60)?)),
            Self::Second => at.checked_add(Duration::seconds(count)),
        }
    }

    /// When the unit began. Weeks begin on Monday.
    fn begin(self, at: UtcDateTime) -> Option<UtcDateTime> {
        let date = at.date();
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        let (date, time) = match self {
            Self::Year => (
                Date::from_calendar_date(date.year(), Month::January, 1),
                (0, 0, 0),
            ),
            Self::Month => (date.replace_day(1), (0, 0, 0)),
            Self::Week => {
                let since_monday = date.weekday().number_days_from_monday();
                let monday = date.checked_sub(Duration::days(since_monday.into()))?;
                (Ok(monday), (0, 0, 0))
            }
            Self::Day => (Ok(date), (0, 0, 0)),
            Self::Hour => (Ok(date), (hour, 0, 0)),
            Self::Minute => (Ok(date), (hour, minute, 0)),
            Self::Second => (Ok(date), (hour, minute, second)),
        };
        let time = Time::from_hms(time.0, time.1, time.2).ok()?;
        Some(UtcDateTime::new(date.ok()?, time))
    }
}

fn add_months(at: UtcDateTime, months: i64) -> Option<UtcDateTime> {
    let since_year_0 = i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1;
    let month_number = since_year_0.checked_add(months)?;
    let year = i32::try_from(month_number.div_euclid(12)).ok()?;
    let month = u8::try_from(month_number.rem_euclid(12)).ok()? + 1;
    let month = Month::try_from(month).ok()?;
    let day = at.day().min(month.length(year));
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(UtcDateTime::new(date, at.time()))
}

impl DateFormats {
    /// The time that a date or an expression of date math names, if it does: `now` (which is `now_ms`, milliseconds since 1970),
    /// or a date in one of the formats and `||`, followed by steps: `+3d` and `-3d` add and subtract, `/d` rounds to the day,
    /// where `first_ms` is rounded down and `last_ms` up. Units: `y`, `M`, `w`, `d`, `h` or `H`, `m`, `s`.
    #[must_use]
    pub fn parse_math(&self, text: &str, now_ms: i64) -> Option<DateRange> {
        let (base, steps) = match (text.strip_prefix("now"), text.split_once("||")) {
            (Some(steps), _) => (now_ms, steps),
            (None, Some((date, steps))) => (self.parse(date)?.first_ms, steps),
            (None, None) => return self.parse(text),
        };
        Some(DateRange {
            first_ms: steps_from(base, steps, false)?,
            last_ms: steps_from(base, steps, true)?,
        })
    }
}

fn steps_from(base_ms: i64, steps: &str, up: bool) -> Option<i64> {
    let mut at = date_time(base_ms)?;
    let mut rest = steps;
    while let Some(operation) = rest.chars().next() {
        rest = &rest[operation.len_utf8()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = match &rest[..digits] {
            "" => 1,
            number => number.parse().ok()?,
        };
        rest = &rest[digits..];
        let letter = rest.chars().next()?;
        rest = &rest[letter.len_utf8()..];
        let unit = Unit::new(letter)?;
        at = match operation {
            '+' => unit.add(at, count)?,
            '-' => unit.add(at, -count)?,
            '/' if count == 1 && up => {
                let next = unit.add(unit.begin(at)?, 1)?;
                next.checked_sub(Duration::milliseconds(1))?
            }
            '/' if count == 1 => unit.begin(at)?,
            _ => return None,
        };
    }
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

fn date_time(ms: i64) -> Option<UtcDateTime> {
    UtcDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn formats() -> DateFormats {
        DateFormats::default()
    }

    /// First and last millisecond of a plain date.
    fn plain(text: &str) -> Option<(i64, i64)> {
        let range = formats().parse(text);
        range.map(|range| (range.first_ms, range.last_ms))
    }

    fn math(text: &str) -> Option<(i64, i64)> {
        let now = plain("2024-02-29T12:30:45.678").map_or(0, |now| now.0);
        let range = formats().parse_math(text, now);
        range.map(|range| (range.first_ms, range.last_ms))
    }

    #[test]
    fn steps() {
        for (expression, date) in [
            ("now", "2024-02-29T12:30:45.678"),
            ("now+1s", "2024-02-29T12:30:46.678"),
            ("now-30m", "2024-02-29T12:00:45.678"),
            ("now+12h", "2024-03-01T00:30:45.678"),
            ("now-H", "2024-02-29T11:30:45.678"),
            ("now+d", "2024-03-01T12:30:45.678"),
            ("now-1w", "2024-02-22T12:30:45.678"),
            ("now-1M", "2024-01-29T12:30:45.678"),
            ("now+12M", "2025-02-28T12:30:45.678"),
            ("now-1y", "2023-02-28T12:30:45.678"),
            ("now-26M+1d", "2021-12-30T12:30:45.678"),
            ("now/y", "2024"),
            ("now/M", "2024-02"),
            ("now/d", "2024-02-29"),
            ("now/h", "2024-02-29T12"),
            ("now/m", "2024-02-29T12:30"),
            ("now/s", "2024-02-29T12:30:45"),
            ("now-1d/d", "2024-02-28"),
            ("now+1M/M", "2024-03"),
            ("2024-01-31||+1M/d", "2024-02-29"),
            ("2024-01-31||/y", "2024"),
            ("1970||", "1970-01-01T00:00:00.000"),
            ("1709210445678||-1s", "2024-02-29T12:40:44.678"),
        ] {
            assert_eq!(math(expression), plain(date), "{expression}");
        }
        // A week has no date of its own: it is seven days from Monday.
        let monday = plain("2024-02-26").map(|day| day.0);
        let sunday = plain("2024-03-03").map(|day| day.1);
        assert_eq!(math("now/w"), monday.zip(sunday));
        // What comes behind a rounding starts from what was rounded, up or down.
        let moved = plain("2024-02-29").map(|(first, last)| (first + 3_600_000, last + 3_600_000));
        assert_eq!(math("now/d+1h"), moved);
    }

    #[test]
    fn no_date_math() {
        for text in [
            "now-",
            "now1d",
            "now-1x",
            "now*1d",
            "now/2d",
            "now-1",
            "nowd",
            "||+1d",
            "x||+1d",
            "now+1d ",
            "now+99999999999999999999d",
            "now+999999999y",
            "now-20000y",
            "2024-01-01||+1d||+1d",
            "now+é",
        ] {
            assert_eq!(math(text), None, "{text}");
        }
        assert_eq!(math("2024-05"), plain("2024-05"));
    }

    proptest! {
        /// The calendar of dates that are written down is the twin of rounding and of adding.
        #[test]
        fn as_dates_are_written(year in 1..9990_i32, month in 1..=12_i32, day in 1..=28_i32, more in -500..500_i32) {
            let date = format!("{year:04}-{month:02}-{day:02}");
            prop_assert_eq!(math(&format!("{date}||/M")), plain(&format!("{year:04}-{month:02}")));
            prop_assert_eq!(math(&format!("{date}||/y")), plain(&format!("{year:04}")));
            let months = year * 12 + month - 1 + more;
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            let later = plain(&format!("{year:04}-{month:02}-{day:02}")).filter(|_| year >= 0);
            let sign = if more < 0 { "" } else { "+" };
            let moved = math(&format!("{date}||{sign}{more}M/d"));
            if year >= 0 {
                prop_assert_eq!(moved, later);
            }
        }

        #[test]
        fn no_text_panics(text in "(now|2024||\\PC{0,3})(\\|\\|)?[+/0-9yMwdhHms-]{0,12}", now: i64) {
            let _ = formats().parse_math(&text, now);
        }
    }
}
