//! Timestamps: as services write them, and as Step Functions shows them.

use asl_engine::{Number, Value};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;

use crate::model::{Style, TimeFormat};

/// As HTTP has it.
pub(crate) const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const SECONDS: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// The time that a parameter gives: ISO 8601 text, or seconds since 1970.
pub(crate) fn given(value: &Value) -> Option<OffsetDateTime> {
    match (value.as_str(), value.as_number()) {
        (Some(text), _) => OffsetDateTime::parse(text, &Rfc3339).ok(),
        (None, Some(number)) => from_seconds(number.as_f64()),
        (None, None) => None,
    }
}

/// The time that an answer gives, in any of the formats.
pub(crate) fn answered(text: &str) -> Option<OffsetDateTime> {
    let iso = || OffsetDateTime::parse(text, &Rfc3339).ok();
    let http = || OffsetDateTime::parse(text, &Rfc2822).ok();
    iso().or_else(http).or_else(|| from_seconds(text.parse().ok()?))
}

fn from_seconds(seconds: f64) -> Option<OffsetDateTime> {
    if !seconds.is_finite() {
        return None;
    }
    // As precise as milliseconds, which is what services give.
    #[expect(clippy::cast_possible_truncation, reason = "what is too large for it saturates, and is no time then")]
    let millis = (seconds * 1000.0).round() as i64;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()
}

/// As requests have it.
pub(crate) fn text(time: OffsetDateTime, format: TimeFormat) -> String {
    match format {
        TimeFormat::Iso => iso(time),
        TimeFormat::Unix => unix(time),
        TimeFormat::Http => time.to_offset(time::UtcOffset::UTC).format(HTTP).unwrap_or_default(),
    }
}

/// Seconds since 1970, with as many digits behind the point as it takes.
pub(crate) fn seconds(time: OffsetDateTime) -> Value {
    unix(time).parse().unwrap_or_default()
}

fn unix(time: OffsetDateTime) -> String {
    let millis = time.unix_timestamp_nanos() / 1_000_000;
    match millis.rem_euclid(1000) {
        0 => (millis / 1000).to_string(),
        _ => Number::from_f64(millis as f64 / 1000.0).map_or_else(String::new, |number| number.to_string()),
    }
}

/// As results show it.
pub(crate) fn shown(time: OffsetDateTime, times: Style) -> Value {
    match times {
        Style::Sdk => iso(time).into(),
        Style::Optimized => i64::try_from(time.unix_timestamp_nanos() / 1_000_000).map_or(Value::Null, Value::from),
    }
}

/// As Java's `Instant` writes itself: with three, six or nine digits behind the point, or none.
fn iso(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let whole = time.format(SECONDS).unwrap_or_default();
    match time.nanosecond() {
        0 => format!("{whole}Z"),
        nanos if nanos % 1_000_000 == 0 => format!("{whole}.{:03}Z", nanos / 1_000_000),
        nanos if nanos % 1000 == 0 => format!("{whole}.{:06}Z", nanos / 1000),
        nanos => format!("{whole}.{nanos:09}Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown() {
        for (text, iso, millis) in [
            ("1700000000", "2023-11-14T22:13:20Z", 1_700_000_000_000_i64),
            ("1700000000.123", "2023-11-14T22:13:20.123Z", 1_700_000_000_123),
            ("1.700000000123E9", "2023-11-14T22:13:20.123Z", 1_700_000_000_123),
            ("Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T23:13:20.000001+01:00", "2023-11-14T22:13:20.000001Z", 1_700_000_000_000),
        ] {
            let time = answered(text).unwrap();
            assert_eq!(shown(time, Style::Sdk), Value::from(iso), "{text}");
            assert_eq!(shown(time, Style::Optimized), Value::from(millis), "{text}");
        }
        for text in ["", "yesterday", "1e300", "NaN"] {
            assert_eq!(answered(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_written() {
        for (given_text, iso, unix, http) in [
            (
                r#""2023-11-14T22:13:20.500Z""#,
                "2023-11-14T22:13:20.500Z",
                "1700000000.5",
                "Tue, 14 Nov 2023 22:13:20 GMT",
            ),
            ("1700000000", "2023-11-14T22:13:20Z", "1700000000", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ] {
            let time = given(&given_text.parse().unwrap()).unwrap();
            assert_eq!(text(time, TimeFormat::Iso), iso);
            assert_eq!(text(time, TimeFormat::Unix), unix);
            assert_eq!(text(time, TimeFormat::Http), http);
            assert_eq!(seconds(time).to_string(), unix);
        }
        assert_eq!(given(&"\"soon\"".parse().unwrap()), None);
        assert_eq!(given(&Value::Null), None);
    }
}
