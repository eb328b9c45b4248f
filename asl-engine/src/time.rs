//! Points in time, as the host hands them to the engine.

use std::fmt;

use ::time::format_description::well_known::Rfc3339;
use ::time::{OffsetDateTime, UtcOffset};
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

    /// This time and `seconds` seconds.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0) * 1_000_000;
        // Beyond the year 9999 there is no RFC 3339 text.
        let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
            return write!(f, "{} ms", self.0);
        };
        let at = at.to_offset(UtcOffset::UTC);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
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
        assert_eq!(Timestamp(i64::MAX).to_string(), "9223372036854775807 ms");
    }
}
