//! Regular expressions: JavaScript's, without its `u` flag.
//!
//! A pattern is translated to the syntax of the `fancy-regex` crate, which knows back-references and look-around and hands
//! everything else to a matcher that cannot run away. Characters are whole ones, where JavaScript takes UTF-16 code units.

mod class;
mod escape;
#[cfg(test)]
mod tests;
mod translate;

use std::sync::{Arc, OnceLock};

use fancy_regex::RegexBuilder;

use self::translate::{Translated, translate};
use super::datum::{ByName, Datum};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::Function;
use crate::Value;

/// How far a pattern with back-references or look-around may backtrack for one match. How far it did is not told, so it is
/// tried with little first; what that took is spent before it is tried with more.
const BACKTRACKS: [usize; 4] = [500, 10_000, 200_000, 4_000_000];
/// How many backtracks are a step.
const BACKTRACKS_IN_STEP: usize = 4;

/// `/pattern/flags`
#[derive(Debug)]
pub(super) struct Regex {
    source: Box<str>,
    reference: Compiled,
    /// For AWS, where `\s` knows the white space of ASCII only; none where that is the same.
    aws: Option<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    translated: Translated,
    /// For each number of backtracks, once it is needed.
    regexes: [OnceLock<Option<fancy_regex::Regex>>; BACKTRACKS.len()],
}

/// One match: bytes of the text, and those of each group that took part.
struct Match {
    start: usize,
    end: usize,
    groups: Vec<Option<(usize, usize)>>,
}

impl Regex {
    /// Compiles a pattern. Of the flags, `i` ignores case, and with `m` `^` and `$` match at the ends of lines.
    ///
    /// `S0303` for what is no pattern in JavaScript either.
    pub(super) fn parse(source: &str, flags: &str) -> Result<Self, JsonataError> {
        let refuse =
            |why: &str| JsonataError::new("S0303", format!("Invalid regular expression: /{source}/{flags}: {why}"));
        let compile = |spaces| {
            let compiled = Compiled { translated: translate(source, flags, spaces)?, regexes: Default::default() };
            match compiled.with_backtracks(0) {
                Some(_) => Ok(compiled),
                None => Err("The pattern is too large or uses what is not supported here"),
            }
        };
        let reference = compile(class::SPACES).map_err(refuse)?;
        let has_spaces = source.contains("\\s") || source.contains("\\S");
        let aws = has_spaces.then(|| compile(class::ASCII_SPACES)).transpose().map_err(refuse)?;
        Ok(Self { source: source.into(), reference, aws })
    }

    fn compiled(&self, evaluator: &Evaluator<'_>) -> &Compiled {
        self.aws.as_ref().filter(|_| !evaluator.is_reference()).unwrap_or(&self.reference)
    }

    /// The pattern as it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The first match at or behind the byte `from`. `U1001` for one that takes too much to find.
    fn find_at(&self, evaluator: &mut Evaluator<'_>, text: &str, from: usize) -> Result<Option<Match>, JsonataError> {
        let rest = text.len().saturating_sub(from);
        let compiled = self.compiled(evaluator);
        // How far a search looks behind its match is not told either.
        evaluator.spend(1 + if compiled.translated.is_unbounded { rest / 256 } else { 0 })?;
        for (tier, backtracks) in BACKTRACKS.into_iter().enumerate() {
            let Some(regex) = compiled.with_backtracks(tier) else { break };
            let Ok(captures) = regex.captures_from_pos(text, from) else {
                evaluator.spend(backtracks / BACKTRACKS_IN_STEP)?;
                continue;
            };
            let Some(captures) = captures else {
                self.spend_search(evaluator, rest)?;
                return Ok(None);
            };
            let mut places = captures.iter().map(|group| group.map(|group| (group.start(), group.end())));
            let Some(Some((start, end))) = places.next() else { return Ok(None) };
            self.spend_search(evaluator, end.saturating_sub(from))?;
            return Ok(Some(Match { start, end, groups: places.collect() }));
        }
        Err(JsonataError::new("U1001", format!("The pattern /{}/ takes too many steps on a text", self.source)))
    }

    /// Takes note of a search over so many bytes. Looking around, each place may look at all the others, which is no backtrack.
    fn spend_search(&self, evaluator: &mut Evaluator<'_>, bytes: usize) -> Result<(), JsonataError> {
        let looks_around = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|sign| self.source.contains(sign));
        evaluator.spend(bytes / 64 + if looks_around { bytes.saturating_mul(bytes) / 128 } else { 0 })
    }
}

impl Compiled {
    fn with_backtracks(&self, tier: usize) -> Option<&fancy_regex::Regex> {
        let build = || RegexBuilder::new(&self.translated.text).backtrack_limit(*BACKTRACKS.get(tier)?).build().ok();
        self.regexes.get(tier)?.get_or_init(build).as_ref()
    }
}

/// A place in a text, in bytes and in UTF-16 code units.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    byte: usize,
    unit: usize,
}

impl Place {
    /// The place of a byte behind this one.
    fn forward(self, text: &str, byte: usize) -> Self {
        let between = text.get(self.byte..byte).unwrap_or_default();
        Self { byte, unit: self.unit + between.encode_utf16().count() }
    }

    /// The place that is so many code units into a text; `None` behind its end.
    fn of_unit(text: &str, unit: usize) -> Option<Self> {
        let mut place = Self::default();
        for c in text.chars() {
            if place.unit >= unit {
                return Some(place);
            }
            place = Self { byte: place.byte + c.len_utf8(), unit: place.unit + c.len_utf16() };
        }
        (place.unit >= unit).then_some(place)
    }
}

/// The first match in a text from a code unit on, as an object; nothing for none.
pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    regex: &Arc<Regex>,
    text: &Arc<str>,
    from: usize,
) -> Result<Datum, JsonataError> {
    evaluator.spend(from / 64)?;
    match Place::of_unit(text, from) {
        Some(from) => Ok(find(evaluator, regex, text, from)?.map_or(Datum::Undefined, |(object, _)| object)),
        None => Ok(Datum::Undefined),
    }
}

/// The match behind another one. `D1004` for one of no characters, behind which there would be the same one again.
pub(super) fn next(
    evaluator: &mut Evaluator<'_>,
    regex: &Arc<Regex>,
    text: &Arc<str>,
    from: Place,
) -> Result<Datum, JsonataError> {
    if from.byte >= text.len() {
        return Ok(Datum::Undefined);
    }
    match find(evaluator, regex, text, from)? {
        Some((_, found)) if found.start == found.end => {
            Err(JsonataError::new("D1004", "Regular expression matches zero length string"))
        }
        found => Ok(found.map_or(Datum::Undefined, |(object, _)| object)),
    }
}

/// A match, also as the object that a matcher gives.
fn find(
    evaluator: &mut Evaluator<'_>,
    regex: &Arc<Regex>,
    text: &Arc<str>,
    from: Place,
) -> Result<Option<(Datum, Match)>, JsonataError> {
    let Some(found) = regex.find_at(evaluator, text, from.byte)? else { return Ok(None) };
    let part = |(start, end): (usize, usize)| text.get(start..end).unwrap_or_default();
    let bytes: usize = found.groups.iter().flatten().map(|(start, end)| end - start).sum();
    evaluator.spend(bytes / 64 + found.groups.len())?;
    evaluator.allocate((found.groups.len() + 10) * ITEM_BYTES + 2 * (bytes + found.end - found.start))?;
    let groups = match found.groups.iter().all(Option::is_some) {
        true => Datum::Json(found.groups.iter().flatten().map(|group| Value::from(part(*group))).collect()),
        false => {
            let group = |group: &Option<_>| group.map_or(Datum::Undefined, |group| Datum::string(part(group)));
            Datum::array(found.groups.iter().map(group).collect())
        }
    };
    let start = from.forward(text, found.start);
    let end = start.forward(text, found.end);
    let next = Function::NextMatch { regex: regex.clone(), text: text.clone(), from: end };
    let members = [
        ("match", Datum::string(part((found.start, found.end)))),
        ("start", Datum::Number(start.unit as f64)),
        ("end", Datum::Number(end.unit as f64)),
        ("groups", groups),
        ("next", Datum::function(next)),
    ];
    let members: ByName = members.into_iter().map(|(name, member)| (name.into(), member)).collect();
    Ok(Some((Datum::object(members), found)))
}
