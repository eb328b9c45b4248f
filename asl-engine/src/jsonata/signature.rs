//! The signatures of functions, such as `<s-nn?:s>`, and how arguments are held against them.

use super::datum::{Datum, Kind};
use super::error::JsonataError;

/// What a function takes, as JSONata writes it: one letter for a parameter (`s` string, `n` number, `b` boolean, `l` null,
/// `a` array, `o` object, `f` function, `j` any JSON, `x` anything, `(sn)` one of these), behind it `-` (the context value
/// if left out), `?` (may be left out) or `+` (one or more), and `<n>` for what an array holds. What follows `:` is only read.
#[derive(Debug, Default)]
pub(super) struct Signature {
    parameters: Vec<Parameter>,
    /// Whether arguments match one by one, because no parameter takes several or prefers to take none.
    plain: bool,
}

#[derive(Debug)]
struct Parameter {
    kinds: Kinds,
    is_array: bool,
    /// What stands between `<` and `>`.
    items: Option<Box<str>>,
    optional: bool,
    many: bool,
    /// Takes as little as it can: `??`.
    reluctant: bool,
    /// Which kinds of context value may stand in.
    context: Option<Kinds>,
}

/// A set of kinds of values. Nothing at all (`m`, missing) is a kind of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const NONE: Self = Self(0);
    const ANY: Self = Self(0xff);
    const FUNCTION: Self = Self(1 << Kind::Function as u8);
    const JSON: Self = Self(!Self::FUNCTION.0);

    fn of(kind: Kind) -> Self {
        Self(1 << kind as u8)
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, datum: &Datum) -> bool {
        self.0 & Self::of(datum.kind()).0 != 0
    }

    /// The kinds that a letter stands for.
    fn from_letter(letter: char) -> Self {
        match letter {
            's' => Self::of(Kind::String),
            'n' => Self::of(Kind::Number),
            'b' => Self::of(Kind::Boolean),
            'l' => Self::of(Kind::Null),
            'o' => Self::of(Kind::Object),
            'a' => Self::of(Kind::Array),
            'f' => Self::FUNCTION,
            'm' => Self::of(Kind::Undefined),
            _ => Self::NONE,
        }
    }
}

impl Parameter {
    fn new(kinds: Kinds) -> Self {
        let missing = Kinds::of(Kind::Undefined);
        let kinds = if kinds == Kinds::FUNCTION { kinds } else { kinds.with(missing) };
        Self { kinds, is_array: false, items: None, optional: false, many: false, reluctant: false, context: None }
    }

    fn leave_out(&mut self) {
        self.reluctant |= self.optional || self.many;
        self.optional |= !self.many;
    }

    /// Whether arrays hold what they should; the items of any other value are the value itself.
    fn holds(&self, argument: &Datum, letters: &str) -> bool {
        let Some(wanted) = &self.items else { return true };
        let Some(items) = argument.items() else { return letters == &**wanted };
        let letter = wanted.chars().next().map_or(Kinds::NONE, Kinds::from_letter);
        items.iter().all(|item| letter.has(&item))
    }
}

impl Signature {
    /// Reads a signature, with its angle brackets.
    ///
    /// `S0401` for `<…>` behind anything but an array or a function, `S0402` for `<…>` in a choice.
    pub(super) fn parse(text: &str) -> Result<Self, JsonataError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut rest = text.strip_prefix('<').unwrap_or(text).chars();
        let mut takes_items = false;
        while let Some(letter) = rest.next() {
            let before = parameters.last_mut();
            match (letter, before) {
                (':', _) => break,
                ('-', Some(parameter)) => {
                    parameter.context = Some(parameter.kinds);
                    parameter.leave_out();
                }
                ('?', Some(parameter)) => parameter.leave_out(),
                ('+', Some(parameter)) => parameter.many = true,
                ('<', before) => {
                    let items = closing(&mut rest, '<', '>');
                    match before {
                        Some(parameter) if takes_items => parameter.items = Some(items.into()),
                        _ => {
                            let message = "Type parameters can only be applied to functions and arrays";
                            return Err(JsonataError::new("S0401", message));
                        }
                    }
                }
                ('(', _) => {
                    let choice = closing(&mut rest, '(', ')');
                    if choice.contains('<') {
                        let message = "Choice groups containing parameterized types are not supported";
                        return Err(JsonataError::new("S0402", message));
                    }
                    let kinds = choice.chars().map(Kinds::from_letter).fold(Kinds::NONE, Kinds::with);
                    let kinds = kinds.with(Kinds::of(Kind::Undefined));
                    parameters.push(Parameter { kinds, ..Parameter::new(kinds) });
                    takes_items = false;
                }
                ('a', _) => {
                    parameters.push(Parameter { is_array: true, ..Parameter::new(Kinds::ANY) });
                    takes_items = true;
                }
                ('x', _) => parameters.push(Parameter::new(Kinds::ANY)),
                ('j', _) => parameters.push(Parameter::new(Kinds::JSON)),
                ('s' | 'n' | 'b' | 'l' | 'o' | 'f', _) => {
                    parameters.push(Parameter::new(Kinds::from_letter(letter)));
                    takes_items = letter == 'f';
                }
                _ => {}
            }
            if matches!(letter, 'x' | 'j') {
                takes_items = false;
            }
        }
        let plain = parameters.iter().all(|parameter| !parameter.many && !parameter.reluctant);
        Ok(Self { parameters, plain })
    }

    /// How many arguments fit, whatever they are: the least and the most.
    pub(super) fn bounds(&self) -> (usize, Option<usize>) {
        let least = self.parameters.iter().filter(|parameter| !parameter.optional).count();
        let most = self.parameters.iter().all(|parameter| !parameter.many).then_some(self.parameters.len());
        (least, most)
    }

    /// Holds arguments against the signature and gives them as the function gets them: the context value for what was
    /// left out, and single values as arrays where the function takes an array.
    ///
    /// `T0410` for an argument that does not fit, `T0411` for a context value that does not, `T0412` for an array that holds
    /// something else. The name of the function is left as `{{token}}` in the messages.
    pub(super) fn validate(&self, arguments: Vec<Datum>, context: &Datum) -> Result<Vec<Datum>, JsonataError> {
        if self.plain && self.fits(&arguments) {
            return Ok(arguments);
        }
        let Some(counts) = self.counts(&arguments) else { return Err(mismatch(self.good_to(&arguments))) };
        let mut validated = Vec::with_capacity(arguments.len().max(self.parameters.len()));
        let mut at = 0;
        for (parameter, count) in self.parameters.iter().zip(counts) {
            if count > 0 {
                let end = (at + count).min(arguments.len());
                take(parameter, &arguments[at..end], at, &mut validated)?;
                at = end;
                continue;
            }
            match parameter.context {
                Some(kinds) if kinds.has(context) => validated.push(context.clone()),
                Some(_) => return Err(incompatible_context(at)),
                None => {
                    validated.push(arguments.get(at).cloned().unwrap_or(Datum::Undefined));
                    at += 1;
                }
            }
        }
        Ok(validated)
    }

    /// Arguments for all parameters, so that no context value stands in for one: nothing for those that are missing, and
    /// none too many.
    pub(super) fn filled(&self, mut arguments: Vec<Datum>) -> Vec<Datum> {
        arguments.resize(self.parameters.len(), Datum::Undefined);
        let is_needless = |parameter: &&Parameter| parameter.optional && !parameter.kinds.has(&Datum::Undefined);
        for _ in self.parameters.iter().rev().take_while(is_needless) {
            arguments.pop_if(|argument| argument.is_undefined());
        }
        arguments
    }

    /// Whether each argument is what its parameter takes and nothing has to be put in.
    fn fits(&self, arguments: &[Datum]) -> bool {
        let Some((given, left_out)) = self.parameters.split_at_checked(arguments.len()) else { return false };
        let fits = |(parameter, argument): (&Parameter, &Datum)| {
            parameter.kinds.has(argument)
                && (!parameter.is_array
                    || argument.is_array() && parameter.holds(argument, "a")
                    || argument.is_undefined())
        };
        given.iter().zip(arguments).all(fits)
            && left_out.iter().all(|parameter| parameter.optional && parameter.context.is_none())
    }

    /// How many arguments each parameter takes; `None` where they do not match. A parameter takes as many as it can, as long
    /// as those behind it still match.
    fn counts(&self, arguments: &[Datum]) -> Option<Vec<usize>> {
        let matches = Matches::new(&self.parameters, arguments, true);
        matches.counts(&self.parameters, arguments)
    }

    /// How many arguments the longest run of first parameters that matches takes.
    fn good_to(&self, arguments: &[Datum]) -> usize {
        let mut good = 0;
        for end in 1..=self.parameters.len() {
            let first = &self.parameters[..end];
            match Matches::new(first, arguments, false).counts(first, arguments) {
                Some(counts) => good = counts.iter().sum(),
                None => break,
            }
        }
        good
    }
}

/// Which parameters from `p` on match the arguments from `a` on, for each `p` and `a`.
struct Matches {
    table: Vec<bool>,
    width: usize,
}

impl Matches {
    fn new(parameters: &[Parameter], arguments: &[Datum], whole: bool) -> Self {
        let width = arguments.len() + 1;
        let mut table = vec![false; (parameters.len() + 1) * width];
        for (a, cell) in table[parameters.len() * width..].iter_mut().enumerate() {
            *cell = !whole || a == arguments.len();
        }
        for (p, parameter) in parameters.iter().enumerate().rev() {
            for a in (0..width).rev() {
                let takes = arguments.get(a).is_some_and(|argument| parameter.kinds.has(argument));
                let next = (p + 1) * width + a;
                table[p * width + a] = parameter.optional && table[next]
                    || takes && (table[next + 1] || parameter.many && table[p * width + a + 1]);
            }
        }
        Self { table, width }
    }

    fn counts(&self, parameters: &[Parameter], arguments: &[Datum]) -> Option<Vec<usize>> {
        let matches = |p: usize, a: usize| self.table.get(p * self.width + a).copied().unwrap_or(false);
        if !matches(0, 0) {
            return None;
        }
        let mut at = 0;
        let mut counts = Vec::with_capacity(parameters.len());
        for (p, parameter) in parameters.iter().enumerate() {
            let fitting = arguments[at..].iter().take_while(|argument| parameter.kinds.has(argument)).count();
            let most = if parameter.many { fitting } else { fitting.min(1) };
            let mut possible = (usize::from(!parameter.optional)..=most).filter(|count| matches(p + 1, at + count));
            let count = if parameter.reluctant { possible.next() } else { possible.next_back() }?;
            counts.push(count);
            at += count;
        }
        Some(counts)
    }
}

/// Takes the arguments of one parameter.
fn take(parameter: &Parameter, given: &[Datum], at: usize, validated: &mut Vec<Datum>) -> Result<(), JsonataError> {
    if !parameter.is_array {
        // Several arguments of one parameter are all the first one, as in the reference implementation.
        validated.extend(given.iter().map(|_| given[0].clone()));
        return Ok(());
    }
    let letters: String = given.iter().map(letter).collect();
    for (offset, argument) in given.iter().enumerate() {
        let is_array = argument.is_array();
        if argument.is_undefined() {
            validated.push(Datum::Undefined);
        } else if !parameter.holds(argument, &letters) {
            return Err(wrong_items(at + offset, parameter.items.as_deref()));
        } else if is_array {
            validated.push(argument.clone());
        } else {
            validated.push(Datum::array(vec![argument.clone()]));
        }
    }
    Ok(())
}

/// The letter of a value's kind.
fn letter(datum: &Datum) -> char {
    match datum.kind() {
        Kind::Undefined => 'm',
        Kind::Null => 'l',
        Kind::Boolean => 'b',
        Kind::Number => 'n',
        Kind::String => 's',
        Kind::Array => 'a',
        Kind::Object => 'o',
        Kind::Function => 'f',
    }
}

/// The text up to the bracket that closes the one before it.
fn closing(rest: &mut std::str::Chars<'_>, open: char, close: char) -> String {
    let mut depth = 1;
    let mut inside = String::new();
    for c in rest.by_ref() {
        if c == close {
            depth -= 1;
            if depth == 0 {
                break;
            }
        } else if c == open {
            depth += 1;
        }
        inside.push(c);
    }
    inside
}

/// The error for an argument that does not fit; `at` counts from 0.
pub(super) fn mismatch(at: usize) -> JsonataError {
    let message = format!("Argument {} of function {{{{token}}}} does not match function signature", at + 1);
    JsonataError::new("T0410", message)
}

fn incompatible_context(at: usize) -> JsonataError {
    let message = format!("Context value is not a compatible type with argument {} of function {{{{token}}}}", at + 1);
    JsonataError::new("T0411", message)
}

/// The error for an array that holds something else than `items`, the letter of a signature.
pub(super) fn wrong_items(at: usize, items: Option<&str>) -> JsonataError {
    let items = match items {
        Some("a") => "\"arrays\"",
        Some("b") => "\"booleans\"",
        Some("f") => "\"functions\"",
        Some("n") => "\"numbers\"",
        Some("o") => "\"objects\"",
        Some("s") => "\"strings\"",
        _ => "undefined",
    };
    let message = format!("Argument {} of function {{{{token}}}} must be an array of {items}", at + 1);
    JsonataError::new("T0412", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datum(text: &str) -> Datum {
        match text {
            "undefined" => Datum::Undefined,
            text => Datum::Json(text.parse().unwrap()),
        }
    }

    fn validate(signature: &str, arguments: &[&str], context: &str) -> String {
        let arguments = arguments.iter().map(|text| datum(text)).collect();
        match Signature::parse(signature).unwrap().validate(arguments, &datum(context)) {
            Ok(validated) => {
                let texts: Vec<String> = validated
                    .iter()
                    .map(|datum| datum.to_value().map_or("undefined".into(), |value| value.to_string()))
                    .collect();
                texts.join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn arguments_are_held_against_their_parameters() {
        let bad = |at| format!("T0410: Argument {at} of function {{{{token}}}} does not match function signature");
        let items = |at, of| format!("T0412: Argument {at} of function {{{{token}}}} must be an array of {of}");
        let context =
            |at| format!("T0411: Context value is not a compatible type with argument {at} of function {{{{token}}}}");
        for (signature, arguments, expected) in [
            ("<s-nn?:s>", &["\"a\"", "1", "2"][..], "\"a\" 1 2".to_owned()),
            ("<s-nn?:s>", &["\"a\"", "1"], "\"a\" 1".to_owned()),
            ("<s-nn?:s>", &["1"], "\"context\" 1 undefined".to_owned()),
            ("<s-nn?:s>", &["null", "1"], bad(1)),
            ("<s-nn?:s>", &["undefined", "1"], "undefined 1".to_owned()),
            ("<s-nn?:s>", &["\"a\"", "1", "true"], bad(3)),
            ("<s-nn?:s>", &["\"a\"", "1", "2", "3"], bad(4)),
            ("<n-:n>", &[], context(1)),
            ("<a<n>:n>", &["1"], "[1]".to_owned()),
            ("<a<n>:n>", &["[1,2]"], "[1,2]".to_owned()),
            ("<a<n>:n>", &["[]"], "[]".to_owned()),
            ("<a<n>:n>", &["[1,\"2\"]"], items(1, "\"numbers\"")),
            ("<a<n>:n>", &["\"1\""], items(1, "\"numbers\"")),
            ("<a<n>:n>", &["undefined"], "undefined".to_owned()),
            ("<a<n>:n>", &[], bad(1)),
            ("<a<x>>", &["[1]"], items(1, "undefined")),
            ("<a+>", &["1", "[2]", "undefined"], "[1] [2] undefined".to_owned()),
            ("<a+>", &[], bad(1)),
            ("<a<n>+>", &["1", "2"], items(1, "\"numbers\"")),
            ("<s+>", &["\"a\"", "\"b\""], "\"a\" \"a\"".to_owned()),
            ("<a+a?>", &["1", "2"], "[1] [2] undefined".to_owned()),
            ("<n+n>", &["1", "2", "3"], "1 1 3".to_owned()),
            ("<(ns)-b?>", &["true"], "\"context\" true".to_owned()),
            ("<(sn)>", &["true"], bad(1)),
            ("<af>", &["[1]"], bad(2)),
            ("<af?>", &["[1]"], "[1]".to_owned()),
            ("<x-b?:s>", &["undefined"], "undefined".to_owned()),
            ("<:n>", &["1"], bad(1)),
            ("<l>", &["null"], "null".to_owned()),
            ("<j>", &["{}"], "{}".to_owned()),
            ("<-s>", &["\"a\""], "\"a\"".to_owned()),
        ] {
            assert_eq!(validate(signature, arguments, "\"context\""), expected, "{signature} {arguments:?}");
        }
    }

    #[test]
    fn many_arguments_cost_little() {
        let signature = Signature::parse(&format!("<{}s>", "a+".repeat(40))).unwrap();
        let arguments = vec![Datum::NULL; 200];
        assert_eq!(signature.validate(arguments, &Datum::Undefined).unwrap_err(), mismatch(200));
    }

    #[test]
    fn impossible_signatures_are_refused() {
        for (text, code) in [("<s<n>>", "S0401"), ("<x<n>>", "S0401"), ("<(sa<n>)>", "S0402"), ("<(sn)<n>>", "S0401")] {
            assert_eq!(Signature::parse(text).unwrap_err().code, code, "{text}");
        }
        assert!(Signature::parse("<f<s:o>a<a<n>>:n>").is_ok());
    }
}
