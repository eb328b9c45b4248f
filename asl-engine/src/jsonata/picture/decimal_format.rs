//! The characters of number pictures (XPath Functions and Operators 3.1, section 4.7.1).

/// What stands for digits, signs and separators in the pictures of `$formatNumber` and in its results.
///
/// Each is text as users give it. What should be one character and is not stands for nothing in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecimalFormat {
    pub(super) decimal_separator: Vec<char>,
    pub(super) grouping_separator: Vec<char>,
    pub(super) exponent_separator: Vec<char>,
    pub(super) minus_sign: Vec<char>,
    pub(super) percent: Vec<char>,
    pub(super) per_mille: Vec<char>,
    pub(super) zero_digit: Vec<char>,
    pub(super) digit: Vec<char>,
    pub(super) pattern_separator: Vec<char>,
    /// Whether the digits of a number are those that it is written with, however large it is.
    pub(super) as_written: bool,
}

impl Default for DecimalFormat {
    fn default() -> Self {
        Self {
            decimal_separator: vec!['.'],
            grouping_separator: vec![','],
            exponent_separator: vec!['e'],
            minus_sign: vec!['-'],
            percent: vec!['%'],
            per_mille: vec!['\u{2030}'],
            zero_digit: vec!['0'],
            digit: vec!['#'],
            pattern_separator: vec![';'],
            as_written: false,
        }
    }
}

impl DecimalFormat {
    /// That of AWS, which formats the decimals that numbers are written as.
    pub(crate) fn of_aws() -> Self {
        Self { as_written: true, ..Self::default() }
    }

    /// Sets an option by its name, such as `decimal-separator`; other names change nothing.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let option = match name {
            "decimal-separator" => &mut self.decimal_separator,
            "grouping-separator" => &mut self.grouping_separator,
            "exponent-separator" => &mut self.exponent_separator,
            "minus-sign" => &mut self.minus_sign,
            "percent" => &mut self.percent,
            "per-mille" => &mut self.per_mille,
            "zero-digit" => &mut self.zero_digit,
            "digit" => &mut self.digit,
            "pattern-separator" => &mut self.pattern_separator,
            // `infinity` and `NaN` as well: a number that is neither is all that JSON has.
            _ => return,
        };
        *option = value.chars().collect();
    }

    /// Which digit of the digit family a character is.
    pub(super) fn digit_value(&self, c: char) -> Option<u32> {
        let zero = u32::from(*self.zero_digit.first()?);
        u32::from(c).checked_sub(zero).filter(|value| *value < 10)
    }

    /// The character of a digit.
    pub(super) fn digit_char(&self, value: u32) -> Option<char> {
        char::from_u32(u32::from(*self.zero_digit.first()?) + value)
    }

    /// Whether a character of a picture stands for a digit, mandatory or optional.
    pub(super) fn is_digit_sign(&self, c: char) -> bool {
        self.digit_value(c).is_some() || self.digit == [c]
    }

    /// Whether a character of a picture is more than text around the number.
    pub(super) fn is_active(&self, c: char) -> bool {
        let separators = [&self.decimal_separator, &self.exponent_separator, &self.grouping_separator];
        self.is_digit_sign(c) || separators.into_iter().chain([&self.pattern_separator]).any(|sign| *sign == [c])
    }
}

/// Where a piece stands in a text, from a place on.
pub(super) fn find(text: &[char], piece: &[char], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    if piece.is_empty() {
        return Some(from);
    }
    rest.windows(piece.len()).position(|window| window == piece).map(|at| from + at)
}

/// Where a piece stands last in a text.
pub(super) fn find_last(text: &[char], piece: &[char]) -> Option<usize> {
    if piece.is_empty() {
        return Some(text.len());
    }
    text.windows(piece.len()).rposition(|window| window == piece)
}
