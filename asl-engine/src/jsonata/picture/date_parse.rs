//! Reading points in time as a picture says.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use fancy_regex::Regex;

use super::super::error::JsonataError;
use super::calendar::{Civil, Moment};
use super::date_picture::{Marker, Part};
use super::date_time::names_of;
use super::ecma::parse_int;
use super::integer_picture::{DigitPattern, Grouping, IntegerPicture, Style};
use super::limit;
use super::words::vocabulary;

/// How many characters the text and its picture may have.
const MAX_TEXT: usize = 2_000;

/// The point in time that a text shows, in milliseconds since 1970; `None` where it does not fit the picture.
///
/// Errors: D3130 and D3133 for components that cannot be read, D3136 for components that do not make a date and time.
pub(super) fn to_millis(text: &str, parts: &[Part], now: Moment) -> Result<Option<f64>, JsonataError> {
    let pattern = parts.iter().map(pattern).collect::<Result<String, _>>()?;
    if text.chars().nth(MAX_TEXT).is_some() {
        return Err(limit(format!("A date that is read has at most {MAX_TEXT} characters")));
    }
    let too_large = |_| limit("The date/time picture string is too large to be read with");
    let regex = Regex::new(&format!(r"\A{pattern}\z")).map_err(too_large)?;
    let Some(groups) = regex.captures(text).map_err(too_large)? else { return Ok(None) };
    let mut components = Components::default();
    for (part, group) in parts.iter().zip(1..) {
        if let (Part::Marker(marker), Some(piece)) = (part, groups.get(group)) {
            components.set(marker.component, read(marker, piece.as_str())?);
        }
    }
    if components.empty { Ok(None) } else { components.millis(now).map(Some) }
}

/// The regular expression of a piece, as one group. Letters match in either case, those of ASCII only themselves.
fn pattern(part: &Part) -> Result<String, JsonataError> {
    let pattern = match part {
        Part::Literal(text) => any_case(text),
        Part::Marker(marker) => match &marker.integer {
            Some(picture) if matches!(marker.component, 'Z' | 'z') => {
                let prefix = if marker.component == 'z' { "[Gg][Mm][Tt]" } else { "" };
                let minutes = separator(picture).map(|c| format!("{}[0-9]+", any_case(&c.to_string())));
                format!("{prefix}[-+][0-9]+{}", minutes.unwrap_or_default())
            }
            Some(picture) => integer_pattern(picture, marker.digits)?,
            None => {
                names(marker)?;
                "[A-Za-z]+".to_owned()
            }
        },
    };
    Ok(format!("({pattern})"))
}

fn any_case(text: &str) -> String {
    let one = |c: char| {
        if c.is_ascii_alphabetic() {
            return format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase());
        }
        let escaped = fancy_regex::escape(c.encode_utf8(&mut [0; 4])).into_owned();
        if c.is_ascii() { escaped } else { format!("(?i:{escaped})") }
    };
    text.chars().map(one).collect()
}

fn integer_pattern(picture: &IntegerPicture, digits: Option<f64>) -> Result<String, JsonataError> {
    Ok(match &picture.style {
        Style::Letters(_) => "[A-Za-z]+".to_owned(),
        Style::Roman(_) => "[MDCLXVImdclxvi]+".to_owned(),
        Style::Words(_) => {
            let words: Vec<String> = vocabulary().map(|(word, _)| any_case(&word)).collect();
            format!("(?:{}|{}|[-, ])+", words.join("|"), any_case("and"))
        }
        Style::Digits(pattern) => {
            let suffix = if picture.ordinal { "(?:[Tt][Hh]|[Ss][Tt]|[Nn][Dd]|[Rr][Dd])" } else { "" };
            format!("[0-9]{}{suffix}", repetition(pattern, digits))
        }
        Style::Sequence(token) => return Err(Style::unsupported(token)),
    })
}

/// How many digits are read.
fn repetition(pattern: &DigitPattern, digits: Option<f64>) -> String {
    let Some(max) = digits.filter(|digits| *digits > 0.0) else { return "+".to_owned() };
    // No text has more digits than it has characters.
    let bounded = |count: f64| count.min((MAX_TEXT + 1) as f64) as usize;
    let min = max - pattern.optional as f64;
    if min < 0.0 {
        // More optional digits than digits at all: no text fits.
        return format!("{{{}}}", MAX_TEXT + 1);
    }
    format!("{{{},{}}}", bounded(min), bounded(max))
}

/// What stands between the hours and minutes of an offset.
fn separator(picture: &IntegerPicture) -> Option<char> {
    match picture.digits()?.grouping {
        Grouping::Regular { separator, .. } => Some(separator),
        Grouping::Listed(_) => None,
    }
}

/// The names that can stand for a component, with their values. Errors: D3133 where there are none.
fn names(marker: &Marker) -> Result<Vec<(&'static str, f64)>, JsonataError> {
    if marker.component == 'P' {
        return Ok(vec![("am", 0.0), ("AM", 0.0), ("pm", 1.0), ("PM", 1.0)]);
    }
    let width = marker.max_width.filter(|width| *width != 0.0 && !width.is_nan());
    let short = |name: &'static str| width.and_then(|width| name.get(..width as usize)).unwrap_or(name);
    Ok(names_of(marker.component)?.iter().map(|name| short(name)).zip((1..).map(f64::from)).collect())
}

/// The value of a component; `None` where a name is unknown.
fn read(marker: &Marker, text: &str) -> Result<Option<f64>, JsonataError> {
    match &marker.integer {
        Some(picture) if matches!(marker.component, 'Z' | 'z') => {
            let offset = if marker.component == 'z' { text.get(3..).unwrap_or_default() } else { text };
            Ok(Some(read_offset(offset, separator(picture))))
        }
        Some(picture) => picture.read(text).map(Some),
        None => Ok(names(marker)?.into_iter().rev().find(|(name, _)| *name == text).map(|(_, value)| value)),
    }
}

/// The minutes of an offset from UTC. Minutes are added also west of it, as in the reference implementation.
fn read_offset(text: &str, separator: Option<char>) -> f64 {
    let (hours, minutes) = match separator {
        Some(separator) => text.split_once(separator).unwrap_or(("", text)),
        None if text.len() <= 3 => (text, "0"),
        None => text.split_at_checked(3).unwrap_or((text, "0")),
    };
    parse_int(hours) * 60.0 + parse_int(minutes)
}

/// The components that a text shows.
struct Components {
    values: BTreeMap<char, f64>,
    empty: bool,
}

impl Default for Components {
    fn default() -> Self {
        Self { values: BTreeMap::new(), empty: true }
    }
}

/// How days are told apart in a text.
#[derive(Clone, Copy, PartialEq)]
enum Date {
    Month,
    DayOfYear,
    WeekOfMonth,
    WeekOfYear,
}

impl Components {
    fn set(&mut self, component: char, value: Option<f64>) {
        self.empty = false;
        match value {
            Some(value) => self.values.insert(component, value),
            None => self.values.remove(&component),
        };
    }

    fn get(&self, component: char) -> f64 {
        self.values.get(&component).copied().unwrap_or(0.0)
    }

    /// Whether, of all the letters, some of `used` have a value and no other has one. Zero is no value here.
    fn only(&self, all: &str, used: &str) -> bool {
        let has = |letter: char| !matches!(self.get(letter), 0.0) && !self.get(letter).is_nan();
        all.chars().filter(|letter| has(*letter)).all(|letter| used.contains(letter)) && used.chars().any(has)
    }

    fn date(&self) -> Date {
        let only = |used| self.only("YXMxWwdD", used);
        if only("YMD") {
            Date::Month
        } else if only("Yd") {
            Date::DayOfYear
        } else if only("Xxw") {
            Date::WeekOfMonth
        } else if only("XW") {
            Date::WeekOfYear
        } else {
            Date::Month
        }
    }

    /// The point in time they make together.
    fn millis(mut self, now: Moment) -> Result<f64, JsonataError> {
        let halves = !self.only("PHhmsf", "Hmsf") && self.only("PHhmsf", "Phmsf");
        let date = self.date();
        let letters = match date {
            Date::Month => "YMD",
            Date::DayOfYear => "YD",
            Date::WeekOfMonth => "XxwF",
            Date::WeekOfYear => "XWF",
        };
        self.fill(letters.chars().chain(if halves { "Phmsf" } else { "Hmsf" }.chars()), now)?;
        let (month, day) = match date {
            Date::Month => ((self.get('M') - 1.0).max(0.0), self.get('D')),
            Date::DayOfYear => {
                let first = Civil::date(self.get('Y'), 0.0, 1.0).utc();
                Moment::new(first + (self.get('d') - 1.0) * 86_400_000.0).month_and_day()
            }
            // Weeks are not made dates of, as in the reference implementation.
            Date::WeekOfMonth | Date::WeekOfYear => return Err(missing()),
        };
        let hour = match self.get('h') {
            _ if !halves => self.get('H'),
            12.0 => 12.0 * self.get('P'),
            hour => hour + 12.0 * self.get('P'),
        };
        let civil = Civil {
            year: self.get('Y'),
            month,
            day,
            hour,
            minute: self.get('m'),
            second: self.get('s'),
            millisecond: self.get('f'),
        };
        let known = |letter| Some(self.get(letter)).filter(|offset| *offset != 0.0 && !offset.is_nan());
        Ok(civil.utc() - known('Z').or_else(|| known('z')).unwrap_or(0.0) * 60_000.0)
    }

    /// Takes what is missing from `now` before the first component that is there, and the least value after the last.
    fn fill(&mut self, letters: impl Iterator<Item = char>, now: Moment) -> Result<(), JsonataError> {
        let (mut started, mut ended) = (false, false);
        for letter in letters {
            match self.values.entry(letter) {
                Entry::Occupied(_) if ended => return Err(missing()),
                Entry::Occupied(_) => started = true,
                Entry::Vacant(place) => {
                    ended = started;
                    let least = if matches!(letter, 'M' | 'D' | 'd') { 1.0 } else { 0.0 };
                    place.insert(if started { least } else { now.component(letter).unwrap_or(0.0) });
                }
            }
        }
        Ok(())
    }
}

fn missing() -> JsonataError {
    JsonataError::new("D3136", "The date/time picture string is missing specifiers required to parse the timestamp")
}
