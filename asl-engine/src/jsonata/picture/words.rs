//! Integers in English words.

use super::super::error::JsonataError;
use super::ecma::is_space;
use super::limit;

const SMALL: [(&str, &str); 20] = [
    ("Zero", "Zeroth"),
    ("One", "First"),
    ("Two", "Second"),
    ("Three", "Third"),
    ("Four", "Fourth"),
    ("Five", "Fifth"),
    ("Six", "Sixth"),
    ("Seven", "Seventh"),
    ("Eight", "Eighth"),
    ("Nine", "Ninth"),
    ("Ten", "Tenth"),
    ("Eleven", "Eleventh"),
    ("Twelve", "Twelfth"),
    ("Thirteen", "Thirteenth"),
    ("Fourteen", "Fourteenth"),
    ("Fifteen", "Fifteenth"),
    ("Sixteen", "Sixteenth"),
    ("Seventeen", "Seventeenth"),
    ("Eighteen", "Eighteenth"),
    ("Nineteen", "Nineteenth"),
];
const TENS: [(&str, &str); 8] = [
    ("Twenty", "Twentieth"),
    ("Thirty", "Thirtieth"),
    ("Forty", "Fortieth"),
    ("Fifty", "Fiftieth"),
    ("Sixty", "Sixtieth"),
    ("Seventy", "Seventieth"),
    ("Eighty", "Eightieth"),
    ("Ninety", "Ninetieth"),
];
const MAGNITUDES: [(f64, &str); 4] = [(1e12, "Trillion"), (1e9, "Billion"), (1e6, "Million"), (1e3, "Thousand")];

/// A whole number that is not negative, in words with capital initials: `One Hundred and Twenty-First`.
///
/// Above a trillion the trillions are counted in words themselves: `One Thousand Trillion`.
pub(super) fn to_words(value: f64, ordinal: bool) -> Result<String, JsonataError> {
    if !value.is_finite() {
        return Err(limit("Only finite numbers can be written in words"));
    }
    let mut text = String::new();
    write(value, ordinal, &mut text);
    Ok(text)
}

fn write(value: f64, ordinal: bool, text: &mut String) {
    let pick = |(cardinal, counting): (&'static str, &'static str)| if ordinal { counting } else { cardinal };
    let whole = |value: f64| value as usize;
    if let Some(pair) = SMALL.get(whole(value)) {
        text.push_str(pick(*pair));
    } else if value < 100.0 {
        let rest = value % 10.0;
        let tens = TENS.get((whole(value) / 10).saturating_sub(2)).copied().unwrap_or_default();
        if rest > 0.0 {
            text.push_str(tens.0);
            text.push('-');
            write(rest, ordinal, text);
        } else {
            text.push_str(pick(tens));
        }
    } else if value < 1000.0 {
        write((value / 100.0).floor(), false, text);
        text.push_str(" Hundred");
        write_rest(value % 100.0, ordinal, text);
    } else {
        let known = MAGNITUDES.into_iter().find(|(factor, _)| value >= *factor);
        let (factor, name) = known.unwrap_or((1e3, "Thousand"));
        let count = (value / factor).floor();
        write(count, false, text);
        text.push(' ');
        text.push_str(name);
        write_rest(value - count * factor, ordinal, text);
    }
}

/// What stands after `Hundred`, `Thousand`, …
fn write_rest(rest: f64, ordinal: bool, text: &mut String) {
    if rest > 0.0 {
        text.push_str(if rest < 100.0 { " and " } else { ", " });
        write(rest, ordinal, text);
    } else if ordinal {
        text.push_str("th");
    }
}

/// All words that a number can be made of, in small letters, in the order in which a reader tries them.
pub(super) fn vocabulary() -> impl Iterator<Item = (String, f64)> {
    let numbered = |index: usize| index as f64;
    let small = SMALL.iter().enumerate().map(move |(at, (word, _))| ((*word).to_owned(), numbered(at)));
    let counting = SMALL.iter().enumerate().map(move |(at, (_, word))| ((*word).to_owned(), numbered(at)));
    let tens = TENS.iter().enumerate().flat_map(move |(at, (word, counting))| {
        [*word, *counting].map(|word| (word.to_owned(), numbered(at + 2) * 10.0))
    });
    let hundred = ["Hundred", "Hundredth"].map(|word| (word.to_owned(), 100.0));
    let large =
        MAGNITUDES.iter().rev().flat_map(|(worth, word)| [((*word).to_owned(), *worth), (format!("{word}th"), *worth)]);
    let all = small.chain(counting).chain(tens).chain(hundred).chain(large);
    all.map(|(word, worth)| (word.to_ascii_lowercase(), worth))
}

/// The value of words in small letters; NaN where one of them is unknown.
pub(super) fn from_words(text: &str) -> f64 {
    let known: Vec<(String, f64)> = vocabulary().collect();
    let mut sums = vec![];
    let mut current = 0.0;
    for word in split(text) {
        match known.iter().find(|(name, _)| *name == word) {
            Some((_, worth)) if *worth < 100.0 => {
                if current >= 1000.0 {
                    sums.push(current);
                    current = 0.0;
                }
                current += worth;
            }
            Some((_, worth)) => current *= worth,
            None => return f64::NAN,
        }
    }
    sums.into_iter().sum::<f64>() + current
}

/// Takes a number apart at spaces, hyphens, commas before a space, and `and`.
fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let space = |at: usize| chars.get(at).copied().is_some_and(is_space);
    let mut words = vec![String::new()];
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let separator = if *c == ',' && space(at + 1) {
            2
        } else if is_space(*c) && chars.get(at + 1..at + 4) == Some(&['a', 'n', 'd']) && space(at + 4) {
            5
        } else {
            usize::from(is_space(*c) || matches!(c, '-' | '\\'))
        };
        if separator > 0 {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(*c);
        }
        at += separator.max(1);
    }
    words
}
