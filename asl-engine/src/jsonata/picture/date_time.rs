//! `$fromMillis` and `$toMillis`

use super::super::error::JsonataError;
use super::calendar::Moment;
use super::date_picture::{Marker, Part, parse};
use super::ecma::parse_int;
use super::integer_picture::{Case, Grouping};
use super::{date_parse, format_integer, iso8601, limit};
use crate::jsonata::quote::{quoted, quoted_number};

/// How points in time are written where no picture says it.
const ISO_8601: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// The longest text that is written, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// `$toMillis`: the milliseconds since 1970 of a text; without a picture it has to be of a form of ISO 8601.
///
/// What the text leaves out is taken from `now_millis` where it is larger than what the text has, and is zero where it is
/// smaller. A time without an offset is one in UTC. `None` where the text does not fit the picture, NaN where it is no
/// point in time.
///
/// Errors: D3110 without a picture, D3132 to D3136 and those of integer pictures with one.
pub(crate) fn to_millis(text: &str, picture: Option<&str>, now_millis: i64) -> Result<Option<f64>, JsonataError> {
    if let Some(picture) = picture {
        return date_parse::to_millis(text, &parse(picture)?, Moment::new(now_millis as f64));
    }
    let message = "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given ";
    let unknown = || JsonataError::new("D3110", format!("{message}{}", quoted(text)));
    iso8601::to_millis(text).map(Some).ok_or_else(unknown)
}

/// `$fromMillis` and `$now`: a point in time as the picture says, or as ISO 8601 in UTC.
///
/// `timezone` is `+hhmm` or `-hhmm`. Errors: D3132 to D3135 and those of integer pictures.
pub(crate) fn from_millis(millis: f64, picture: Option<&str>, timezone: Option<&str>) -> Result<String, JsonataError> {
    let zone = timezone.map_or(Zone { hours: 0.0, minutes: 0.0 }, Zone::parse);
    let parts = parse(picture.unwrap_or(ISO_8601))?;
    let local = millis + (60.0 * zone.hours + zone.minutes) * 60_000.0;
    let moment = Moment::new(local);
    let mut text = String::new();
    for part in &parts {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Marker(marker) => text.push_str(&component(marker, moment, local, zone)?),
        }
        if text.len() > MAX_TEXT {
            return Err(limit(format!("A formatted date has at most {MAX_TEXT} bytes")));
        }
    }
    Ok(text)
}

/// An offset from UTC. West of it the hours are rounded down and the minutes negative, as in the reference implementation.
#[derive(Clone, Copy)]
struct Zone {
    hours: f64,
    minutes: f64,
}

/// Whether a time zone is one that [`from_millis`] knows.
pub(crate) fn is_offset(timezone: &str) -> bool {
    !parse_int(timezone).is_nan()
}

impl Zone {
    fn parse(text: &str) -> Self {
        let offset = parse_int(text);
        Self { hours: (offset / 100.0).floor(), minutes: offset % 100.0 }
    }
}

/// Writes a component.
fn component(marker: &Marker, moment: Moment, local: f64, zone: Zone) -> Result<String, JsonataError> {
    match marker.component {
        'P' => {
            let afternoon = moment.component('H').is_some_and(|hour| hour >= 12.0);
            let text = if afternoon { "pm" } else { "am" };
            Ok(if marker.names == Some(Case::Upper) { text.to_uppercase() } else { text.to_owned() })
        }
        'C' | 'E' => Ok("ISO".to_owned()),
        'Z' | 'z' => offset(marker, zone),
        letter => match (moment.component(letter), &marker.integer) {
            // An unknown component with a presentation is not refused, but read as JavaScript's undefined.
            (None, _) => Ok("undefined".to_owned()),
            (Some(value), Some(picture)) => picture.format(match marker.digits {
                Some(digits) if letter == 'Y' => value % 10_f64.powf(digits),
                _ => value,
            }),
            (Some(value), None) => name(marker, value, local),
        },
    }
}

/// Writes the name of a month or day.
fn name(marker: &Marker, value: f64, local: f64) -> Result<String, JsonataError> {
    let names = names_of(marker.component)?;
    let Some(name) = names.get((value - 1.0) as usize).filter(|_| !value.is_nan()) else {
        if marker.names == Some(Case::Title) && marker.max_width.is_none() {
            return Ok("undefined".to_owned());
        }
        return Err(JsonataError::new("D1001", format!("Number out of range: {}", quoted_number(local))));
    };
    let name = marker.names.unwrap_or(Case::Title).apply((*name).to_owned());
    Ok(match marker.max_width {
        Some(max) if name.len() as f64 > max => name.chars().take(max as usize).collect(),
        _ => name,
    })
}

/// The names of a component. Errors: D3133 where it has none.
pub(super) fn names_of(component: char) -> Result<&'static [&'static str], JsonataError> {
    match component {
        'M' | 'x' => Ok(&MONTHS),
        'F' => Ok(&DAYS),
        _ => {
            let component = quoted(&component.to_string());
            let message = "The 'name' modifier can only be applied to months and days in the date/time picture string";
            Err(JsonataError::new("D3133", format!("{message}, not {component}")))
        }
    }
}

/// Writes the offset from UTC.
fn offset(marker: &Marker, zone: Zone) -> Result<String, JsonataError> {
    let offset = zone.hours * 100.0 + zone.minutes;
    let too_long =
        || JsonataError::new("D3134", "The timezone integer format specifier cannot have more than four digits");
    let picture = marker.integer.as_ref().ok_or_else(too_long)?;
    let pattern = picture.digits().ok_or_else(too_long)?;
    let text = match (&pattern.grouping, pattern.mandatory) {
        (Grouping::Regular { .. }, _) | (_, 3 | 4) => picture.format(offset)?,
        (_, 1 | 2) if zone.minutes == 0.0 => picture.format(zone.hours)?,
        (_, 1 | 2) => format!("{}:{}", picture.format(zone.hours)?, format_integer(zone.minutes, "00")?),
        _ => return Err(too_long()),
    };
    if offset == 0.0 && marker.traditional {
        return Ok("Z".to_owned());
    }
    let prefix = if marker.component == 'z' { "GMT" } else { "" };
    Ok(format!("{prefix}{}{text}", if offset >= 0.0 { "+" } else { "" }))
}
