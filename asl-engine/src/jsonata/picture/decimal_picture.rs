//! A sub-picture of `$formatNumber`, taken apart (XPath Functions and Operators 3.1, sections 4.7.3 and 4.7.4).

use super::super::error::JsonataError;
use super::decimal_format::{DecimalFormat, find, find_last};
use super::integer_picture::interval;

/// How numbers of one sign are written.
pub(super) struct SubPicture {
    pub(super) prefix: Vec<char>,
    pub(super) suffix: Vec<char>,
    /// `%` multiplies by a hundred, `‰` by a thousand.
    pub(super) factor: f64,
    /// Whether there is a decimal separator in it.
    pub(super) has_point: bool,
    pub(super) whole: Whole,
    pub(super) fraction: Fraction,
    /// How many digits the exponent has at least; none is written where that is zero.
    pub(super) exponent_digits: usize,
}

/// The digits before the decimal separator.
pub(super) struct Whole {
    pub(super) min: usize,
    /// How many digits the mantissa has before the separator, where there is an exponent.
    pub(super) scale: usize,
    /// After how many digits from the right separators stand, regularly or one by one.
    pub(super) interval: Option<usize>,
    pub(super) groups: Vec<usize>,
}

/// The digits after the decimal separator.
pub(super) struct Fraction {
    pub(super) min: usize,
    pub(super) max: usize,
    /// After how many digits separators stand.
    pub(super) groups: Vec<usize>,
}

/// The pieces of a sub-picture.
struct Parts<'a> {
    all: &'a [char],
    prefix: &'a [char],
    active: &'a [char],
    suffix: &'a [char],
    mantissa: &'a [char],
    whole: &'a [char],
    fraction: &'a [char],
    exponent: Option<&'a [char]>,
}

impl SubPicture {
    /// Reads a sub-picture. Errors: D3081 to D3093, the last that applies.
    pub(super) fn parse(text: &[char], format: &DecimalFormat) -> Result<Self, JsonataError> {
        let parts = Parts::split(text, format).ok_or_else(|| fault("D3085"))?;
        match parts.fault(format) {
            Some(code) => Err(fault(code)),
            None => Ok(parts.analyse(format)),
        }
    }
}

impl<'a> Parts<'a> {
    /// `None` where nothing stands for a part of the number.
    fn split(all: &'a [char], format: &DecimalFormat) -> Option<Self> {
        // The `e` is active between digits only.
        let bounds = |c: &char| format.is_active(*c) && format.exponent_separator != [*c];
        let start = all.iter().position(bounds)?;
        let end = all.iter().rposition(bounds)? + 1;
        let (prefix, active, suffix) = (all.get(..start)?, all.get(start..end)?, all.get(end..)?);
        let (mut mantissa, mut exponent) = (active, None);
        if let Some(at) = find(all, &format.exponent_separator, start).filter(|at| *at <= end) {
            // The place counts from the start of the sub-picture, although the active part is what is cut there: with
            // text before the number, the first digits of the exponent are not counted. The reference has it so.
            mantissa = active.get(..at).unwrap_or(active);
            exponent = Some(active.get(at + 1..).unwrap_or_default());
        }
        let (whole, fraction) = match find(mantissa, &format.decimal_separator, 0) {
            Some(at) => (mantissa.get(..at)?, mantissa.get(at + 1..).unwrap_or_default()),
            None => (mantissa, suffix),
        };
        Some(Self { all, prefix, active, suffix, mantissa, whole, fraction, exponent })
    }

    /// The code of what is wrong with it.
    fn fault(&self, format: &DecimalFormat) -> Option<&'static str> {
        let repeated = |sign: &[char]| find(self.all, sign, 0) != find_last(self.all, sign);
        let has = |sign: &[char]| find(self.all, sign, 0).is_some();
        let is_digit = |c: &char| format.digit_value(*c).is_some();
        let is_optional = |c: &char| format.digit == [*c];
        let groups =
            |at: Option<usize>| at.and_then(|at| self.all.get(at)).is_some_and(|c| format.grouping_separator == [*c]);
        let scaled = has(&format.percent) || has(&format.per_mille);
        let doubled = [format.grouping_separator.as_slice(), &format.grouping_separator].concat();
        let point = find(self.all, &format.decimal_separator, 0);
        let optional_whole = find(self.whole, &format.digit, 0).and_then(|at| self.whole.get(..at));
        let optional_fraction = find_last(self.fraction, &format.digit).and_then(|at| self.fraction.get(at..));
        let faults = [
            ("D3081", repeated(&format.decimal_separator)),
            ("D3082", repeated(&format.percent)),
            ("D3083", repeated(&format.per_mille)),
            ("D3084", has(&format.percent) && has(&format.per_mille)),
            ("D3085", !self.mantissa.iter().any(|c| is_digit(c) || is_optional(c))),
            ("D3086", !self.active.iter().all(|c| format.is_active(*c))),
            ("D3087", point.is_some_and(|at| groups(at.checked_sub(1)) || groups(Some(at + 1)))),
            ("D3088", point.is_none() && self.whole.last().is_some_and(|c| format.grouping_separator == [*c])),
            ("D3089", has(&doubled)),
            ("D3090", optional_whole.is_some_and(|before| before.iter().any(is_digit))),
            ("D3091", optional_fraction.is_some_and(|after| after.iter().any(is_digit))),
            ("D3092", scaled && self.exponent.is_some_and(|exponent| !exponent.is_empty())),
            ("D3093", self.exponent.is_some_and(|exponent| exponent.is_empty() || !exponent.iter().all(is_digit))),
        ];
        faults.into_iter().rev().find(|(_, applies)| *applies).map(|(code, _)| code)
    }

    fn analyse(&self, format: &DecimalFormat) -> SubPicture {
        let has = |sign: &[char]| find(self.all, sign, 0).is_some();
        let digits = |part: &[char]| part.iter().filter(|c| format.digit_value(**c).is_some()).count();
        let signs = |part: &[char]| part.iter().filter(|c| format.is_digit_sign(**c)).count();
        let scale = digits(self.whole);
        let (mut whole_min, mut min, mut max) = (scale, digits(self.fraction), signs(self.fraction));
        if whole_min == 0 && max == 0 {
            if self.exponent.is_some() {
                (min, max) = (1, 1);
            } else {
                whole_min = 1;
            }
        }
        if self.exponent.is_some() && whole_min == 0 && find(self.whole, &format.digit, 0).is_some() {
            whole_min = 1;
        }
        if whole_min == 0 && min == 0 {
            min = 1;
        }
        let whole_groups = self.groups(self.whole, format, |part, at| signs(part.get(at..).unwrap_or_default()));
        let fraction_groups = self.groups(self.fraction, format, |part, at| signs(part.get(..at).unwrap_or(part)));
        SubPicture {
            prefix: self.prefix.to_vec(),
            suffix: self.suffix.to_vec(),
            factor: if has(&format.percent) {
                100.0
            } else if has(&format.per_mille) {
                1000.0
            } else {
                1.0
            },
            has_point: has(&format.decimal_separator),
            whole: Whole { min: whole_min, scale, interval: interval(&whole_groups), groups: whole_groups },
            fraction: Fraction { min, max, groups: fraction_groups },
            exponent_digits: self.exponent.map_or(0, digits),
        }
    }

    /// What `count` says of each separator in a part.
    fn groups(&self, part: &[char], format: &DecimalFormat, count: impl Fn(&[char], usize) -> usize) -> Vec<usize> {
        let sign = &format.grouping_separator;
        let mut next = find(part, sign, 0);
        let mut groups = Vec::new();
        while let Some(at) = next {
            groups.push(count(part, at));
            // After the first, the reference looks for separators of the integer part, also in the fractional part.
            next = find(self.whole, sign, at + 1);
        }
        groups
    }
}

/// The error of a code.
pub(super) fn fault(code: &'static str) -> JsonataError {
    let message = match code {
        "D3080" => "The picture string must only contain a maximum of two sub-pictures",
        "D3081" => "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        "D3082" => "The sub-picture must not contain more than one instance of the 'percent' character",
        "D3083" => "The sub-picture must not contain more than one instance of the 'per-mille' character",
        "D3084" => "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
        "D3085" => {
            "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit \
             character' or a member of the 'decimal digit family'"
        }
        "D3086" => {
            "The sub-picture must not contain a passive character that is preceded by an active character and that is \
             followed by another active character"
        }
        "D3087" => {
            "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a \
             'decimal-separator' character"
        }
        "D3088" => "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        "D3089" => "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
        "D3090" => {
            "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is \
             followed by an instance of the 'optional digit character'"
        }
        "D3091" => {
            "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' \
             that is followed by a member of the 'decimal digit family'"
        }
        "D3092" => {
            "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as \
             an 'exponent-separator'"
        }
        _ => {
            "The exponent part of the sub-picture must comprise only of one or more characters that are members of \
             the 'decimal digit family'"
        }
    };
    JsonataError::new(code, message)
}
