//! Points in time, as the host hands them to the engine.

use std::fmt;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// `Display` gives the form of the context object, `2024-02-29T12:00:00.125Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads an RFC 3339 timestamp with a `T` and an offset; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        i64::try_from(Self::nanos(text)?.div_euclid(1_000_000)).ok().map(Self)
    }

    /// Reads what Java's `ISO_OFFSET_DATE_TIME` does: RFC 3339, in which the seconds may be left out.
    pub(crate) fn parse_java(text: &str) -> Option<Self> {
        const MINUTES: usize = "2024-02-29T12:00".len();
        Self::parse(text).or_else(|| {
            let (minutes, offset) = (text.get(..MINUTES)?, text.get(MINUTES..)?);
            Self::parse(&format!("{minutes}:00{offset}"))
        })
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z, for comparing what a millisecond does not tell apart.
    pub(crate) fn nanos(text: &str) -> Option<i128> {
        // The library also takes a space in the place of the `T`.
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
            return None;
        }
        OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp_nanos)
    }

    /// This time and `millis` milliseconds, within what can be shown.
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Seconds since 1970 with milliseconds, as the JSON protocols of AWS have times: `1709208000.125`.
    pub fn seconds_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs();
        format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
    }

    /// This time and `seconds` seconds.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }
}

/// As Java's `Instant` writes years beyond 9999, with a sign: `+10000-01-01T00:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let (year, month, day) = date(self.0.div_euclid(DAY));
        let millis = self.0.rem_euclid(DAY);
        match year {
            0..=9999 => write!(f, "{year:04}")?,
            // The sign is one of the characters.
            _ => write!(f, "{year:+05}")?,
        }
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        write!(f, "-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
    }
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // Days of 400 years, after which the calendar repeats itself, of 100 and of four.
    const CYCLE: i64 = 146_097;
    const CENTURY: i64 = 36_524;
    const FOUR: i64 = 1_461;
    // Counted in years that start in March, so that a leap day is the last of its year; day 0 is 0000-03-01.
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(CYCLE), days.rem_euclid(CYCLE));
    let year_of_cycle = (day - day / (FOUR - 1) + day / CENTURY - day / (CYCLE - 1)) / 365;
    let day_of_year = day - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    // Five months from March, and from August, have 153 days.
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let year = cycle * 400 + year_of_cycle + i64::from(is_next_year);
    (year, if is_next_year { month - 9 } else { month + 3 }, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_shown_as_they_are_read() {
        let at = Timestamp::parse("2024-02-29T13:00:00.1259+01:00").unwrap();
        assert_eq!(at.to_string(), "2024-02-29T12:00:00.125Z");
        assert_eq!(at.plus_seconds(60).to_string(), "2024-02-29T12:01:00.125Z");
        for text in ["2024-02-29", "2024-02-29 13:00:00Z", "2024-02-29T13:00:00", "2023-02-29T13:00:00Z", "é"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert_eq!(Timestamp::parse_java("2024-02-29T13:00+01:00"), Timestamp::parse("2024-02-29T12:00:00Z"));
        assert_eq!(Timestamp::parse_java("2024-02-29T13:00:00"), None);
    }

    #[test]
    fn every_time_is_written_as_one() {
        // As `java.time.Instant` writes them, with milliseconds.
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"),
            (i64::MAX, "+292278994-08-17T07:12:55.807Z"),
            (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
        ] {
            assert_eq!(Timestamp(millis).to_string(), text);
        }
        // Every day of the years that the library knows.
        for day in -719_528..2_932_897 {
            let at = OffsetDateTime::from_unix_timestamp(day * 86_400).unwrap();
            assert_eq!(date(day), (at.year().into(), u8::from(at.month()).into(), at.day().into()));
        }
    }
}
