//! The picture of a point in time, taken apart (XPath Functions and Operators 3.1, section 9.8.4).

use super::super::error::JsonataError;
use super::ecma::{is_space, parse_int};
use super::integer_picture::{Case, IntegerPicture, Style};
use super::{MAX_WIDTH, limit};
use crate::jsonata::quote::quoted;

/// The components that are written as integers.
const INTEGERS: &str = "YMDdFWwXxHhmsf";

/// A piece of a picture.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(String),
    Marker(Marker),
}

/// What stands between brackets: `[M01]`, `[FNn,3-3]`, `[Z0101t]`.
#[derive(Clone, Debug)]
pub(super) struct Marker {
    /// Which component it stands for.
    pub(super) component: char,
    /// In which letters its name is written, where it is written as a name.
    pub(super) names: Option<Case>,
    /// How it is written as an integer.
    pub(super) integer: Option<IntegerPicture>,
    /// `t`: no offset from UTC is written as `Z`.
    pub(super) traditional: bool,
    /// The largest width, NaN where it is not a number.
    pub(super) max_width: Option<f64>,
    /// Of how many digits exactly a year, month or day is, where the picture says.
    pub(super) digits: Option<f64>,
}

/// Reads a picture.
///
/// Errors: D3132 for an unknown component, D3135 for a bracket without its end, and those of integer pictures.
pub(super) fn parse(picture: &str) -> Result<Vec<Part>, JsonataError> {
    let mut parts = Vec::new();
    let literal = |text: &str| (!text.is_empty()).then(|| Part::Literal(text.replace("]]", "]")));
    let mut rest = picture;
    while let Some((text, after)) = rest.split_once('[') {
        parts.extend(literal(text));
        if let Some(after) = after.strip_prefix('[') {
            parts.push(Part::Literal("[".to_owned()));
            rest = after;
            continue;
        }
        let unclosed = || JsonataError::new("D3135", "No matching closing bracket ']' in date/time picture string");
        let (marker, after) = after.split_once(']').ok_or_else(unclosed)?;
        parts.push(Part::Marker(Marker::parse(marker)?));
        rest = after;
    }
    parts.extend(literal(rest));
    Ok(parts)
}

impl Marker {
    fn parse(text: &str) -> Result<Self, JsonataError> {
        let text: String = text.chars().filter(|c| !is_space(*c)).collect();
        let mut rest = text.chars();
        let component = rest.next();
        let rest = rest.as_str();
        let (presentation, width) = match rest.rsplit_once(',') {
            Some((presentation, width)) => (presentation, Some(width)),
            // A comma in the place of the component is the presentation as well, as in the reference implementation.
            None if component == Some(',') => (",", Some(rest)),
            None => (rest, None),
        };
        let (presentation, modifier) = modifier(presentation);
        let known = component.filter(|_| !presentation.is_empty()).map(|component| (component, presentation));
        let usual = || component.and_then(|component| Some((component, usual_presentation(component)?)));
        let (component, presentation) = known.or_else(usual).ok_or_else(|| {
            let component = quoted(&component.map(String::from).unwrap_or_default());
            JsonataError::new("D3132", format!("Unknown component specifier {component} in date/time picture string"))
        })?;
        let (min, max) = width.map_or((None, None), widths);
        let mut marker = Self {
            component,
            names: names(presentation),
            integer: None,
            traditional: modifier == Some('t'),
            max_width: max,
            digits: None,
        };
        if matches!(component, 'Z' | 'z') {
            marker.integer = Some(IntegerPicture::parse(presentation)?);
        } else if marker.names.is_none() && INTEGERS.contains(component) {
            let picture = modifier.map_or(presentation.to_owned(), |modifier| format!("{presentation};{modifier}"));
            marker.integer = Some(IntegerPicture::parse(&picture)?);
            marker.set_widths(min)?;
        }
        Ok(marker)
    }

    /// Makes the digits as wide as the widths say.
    fn set_widths(&mut self, min: Option<f64>) -> Result<(), JsonataError> {
        let exact = matches!(self.component, 'Y' | 'M' | 'D');
        let max = self.max_width.filter(|_| exact);
        self.digits = max;
        let Some(IntegerPicture { style: Style::Digits(pattern), .. }) = &mut self.integer else { return Ok(()) };
        let mandatory = match (max, min) {
            (Some(max), _) => max,
            (None, Some(min)) => min.max(pattern.mandatory as f64),
            (None, None) => pattern.mandatory as f64,
        };
        // Digits of the picture itself are bounded by its length.
        if mandatory > (MAX_WIDTH.max(pattern.mandatory)) as f64 {
            return Err(limit(format!("A component of a date has at most {MAX_WIDTH} digits")));
        }
        pattern.mandatory = mandatory as usize;
        let total = pattern.mandatory + pattern.optional;
        if exact && max.is_none() && total >= 2 {
            self.digits = Some(total as f64);
        }
        Ok(())
    }
}

/// The modifier after a presentation: `o` for ordinal numbers, `t` for traditional ones; `a` and `c` change nothing.
fn modifier(presentation: &str) -> (&str, Option<char>) {
    let mut rest = presentation.chars();
    match rest.next_back() {
        Some(last @ ('a' | 't' | 'c' | 'o')) if !rest.as_str().is_empty() => (rest.as_str(), Some(last)),
        _ => (presentation, None),
    }
}

/// `n`, `N`, `Nn`
fn names(presentation: &str) -> Option<Case> {
    match presentation.strip_prefix('N') {
        Some(rest) if rest.starts_with('n') => Some(Case::Title),
        Some(_) => Some(Case::Upper),
        None => presentation.starts_with('n').then_some(Case::Lower),
    }
}

/// The smallest and the largest width of `,2-4`; `*` is none.
fn widths(text: &str) -> (Option<f64>, Option<f64>) {
    let width = |text: &str| (text != "*").then(|| parse_int(text));
    match text.split_once('-') {
        Some((min, max)) => (width(min), width(max)),
        None => (width(text), None),
    }
}

/// How a component is written where the picture does not say.
fn usual_presentation(component: char) -> Option<&'static str> {
    Some(match component {
        'Y' | 'M' | 'D' | 'd' | 'W' | 'w' | 'X' | 'x' | 'H' | 'h' | 'f' => "1",
        'm' | 's' => "01",
        'F' | 'P' | 'C' | 'E' => "n",
        'Z' | 'z' => "01:01",
        _ => return None,
    })
}
