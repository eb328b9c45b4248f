//! Durations as people write them: `1m30s`.

/// The units, with their milliseconds, the largest first.
const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// The milliseconds of a text such as `500ms`, `1.5s`, `1m30s` or `2h 5m`; none where it is no duration.
///
/// ```
/// assert_eq!(asl_testing::duration("1m 30s"), Some(90_000));
/// assert_eq!(asl_testing::duration("1.5s"), Some(1500));
/// assert_eq!(asl_testing::duration("soon"), None);
/// ```
pub fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut millis: i64 = 0;
    let mut below = i64::MAX;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let letters = rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |end| digits + end);
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == &rest[digits..letters])?;
        // Each unit once, the larger ones first.
        if *unit >= below {
            return None;
        }
        below = *unit;
        millis = millis.checked_add(number(&rest[..digits], *unit)?)?;
        rest = rest[letters..].trim_start();
    }
    Some(millis)
}

/// So many of a unit, in milliseconds.
fn number(text: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    let fraction = match fraction {
        "" if text.contains('.') => return None,
        "" => 0,
        digits => {
            let digits = &digits[..digits.len().min(9)];
            let scale = 10_i64.pow(u32::try_from(digits.len()).ok()?);
            digits.parse::<i64>().ok()?.checked_mul(unit)? / scale
        }
    };
    whole.checked_mul(unit)?.checked_add(fraction)
}

/// A number of milliseconds as [`duration`] reads it.
///
/// ```
/// assert_eq!(asl_testing::shown_duration(90_000), "1m30s");
/// assert_eq!(asl_testing::shown_duration(0), "0s");
/// ```
pub fn shown_duration(millis: i64) -> String {
    let mut rest = millis.max(0);
    let mut shown = String::new();
    for (name, unit) in UNITS {
        let count = rest / unit;
        if count > 0 {
            shown += &format!("{count}{name}");
            rest %= unit;
        }
    }
    if shown.is_empty() { "0s".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, millis) in [
            ("0s", Some(0)),
            ("500ms", Some(500)),
            ("1m30s", Some(90_000)),
            (" 2h 5m ", Some(7_500_000)),
            ("0.25s", Some(250)),
            ("1d", Some(86_400_000)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1.s", None),
            ("1s1m", None),
            ("1s1s", None),
            ("-1s", None),
            ("1.2.3s", None),
            ("99999999999999999999s", None),
            ("9999999999999d", None),
        ] {
            assert_eq!(duration(text), millis, "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for millis in [0, 1, 999, 1000, 61_001, 3_600_000, 90_061_001] {
            assert_eq!(duration(&shown_duration(millis)), Some(millis));
        }
    }
}
