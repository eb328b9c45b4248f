//! Choice Rules that never hold: their tests exclude each other, or a rule before them holds wherever they would.

use std::collections::BTreeMap;

use super::ast::{Body, Choice, Kind};
use super::warnings::warning;
use crate::choice::{Comparison, Domain, IsTest, Rule, Test};
use crate::diagnostic::{Diagnostic, Span};
use crate::placeholder;
use crate::query::Query;
use crate::value::Value;

/// Warns of rules that are never taken, and of a Default behind one that always holds.
pub(super) fn rules(machine: &Body, out: &mut Vec<Diagnostic>) {
    machine.each_state(&mut |state| {
        if let Kind::Choice { choices, default } = &state.kind {
            let always = of_state(choices, &state.name.location, out);
            if let (Some(always), Some(default)) = (always, default) {
                let message = "Default is never taken".to_owned();
                out.push(unreachable(message, always, &default.location, default.span));
            }
        }
    });
}

/// How deeply a rule may nest that is looked at: each level is looked at with all that is in it.
const DEEPEST: usize = 8;

fn is_deep(rule: &Rule, left: usize) -> bool {
    match rule {
        _ if left == 0 => true,
        Rule::And(rules) | Rule::Or(rules) => rules.iter().any(|rule| is_deep(rule, left - 1)),
        Rule::Not(rule) => is_deep(rule, left - 1),
        Rule::Compare { .. } | Rule::Literal(_) | Rule::Query(_) => false,
    }
}

/// Tells of the rules of a state; the position of the first that always holds.
fn of_state(choices: &[Choice], state: &str, out: &mut Vec<Diagnostic>) -> Option<usize> {
    let mut always = None;
    // Rules that are known not to hold where a later one is looked at, by the first that says so.
    let mut refuted = BTreeMap::new();
    for (at, Choice { rule, span, .. }) in choices.iter().enumerate() {
        let location = format!("{state}/Choices[{at}]");
        if is_deep(rule, DEEPEST) {
            continue;
        }
        if let Some(before) = always.or_else(|| never(rule, &refuted)) {
            out.push(unreachable("This rule is never taken".to_owned(), before, &location, *span));
            continue;
        }
        match holds(rule) {
            Some(true) => always = Some(at),
            Some(false) => {
                let message = "This rule never holds".to_owned();
                let help = "its tests exclude each other".to_owned();
                out.push(warning("RULE_NEVER_HOLDS", message, help, &location, *span));
            }
            None => refute(rule, at, &mut refuted),
        }
    }
    always
}

fn unreachable(message: String, before: usize, location: &str, span: Span) -> Diagnostic {
    let help = format!("Choices[{before}] holds wherever it would");
    warning("UNREACHABLE_RULE", message, help, location, span)
}

/// Takes note that a rule does not hold: nor does any alternative of it.
fn refute(rule: &Rule, at: usize, refuted: &mut BTreeMap<String, usize>) {
    if let Some(text) = written(rule) {
        refuted.entry(text).or_insert(at);
    }
    if let Rule::Or(rules) = rule {
        rules.iter().for_each(|rule| refute(rule, at, refuted));
    }
}

/// The earlier rule because of which a rule does not hold where it is looked at.
fn never(rule: &Rule, refuted: &BTreeMap<String, usize>) -> Option<usize> {
    let whole = written(rule).and_then(|text| refuted.get(&text).copied());
    whole.or_else(|| match rule {
        Rule::And(rules) => rules.iter().find_map(|rule| never(rule, refuted)),
        Rule::Or(rules) => rules.iter().map(|rule| never(rule, refuted)).collect::<Option<Vec<_>>>()?.into_iter().max(),
        _ => None,
    })
}

/// A text that is the same for rules that give the same; `None` where a rule may give something else each time.
fn written(rule: &Rule) -> Option<String> {
    let joined = |word: &str, rules: &[Rule]| {
        let rules = rules.iter().map(written).collect::<Option<Vec<_>>>()?;
        Some(format!("{word}({})", rules.join(",")))
    };
    Some(match rule {
        Rule::And(rules) => return joined("And", rules),
        Rule::Or(rules) => return joined("Or", rules),
        Rule::Not(rule) => format!("Not({})", written(rule)?),
        Rule::Literal(holds) => holds.to_string(),
        Rule::Query(query) => is_steady(query).then(|| format!("{{% {} %}}", query.text()))?,
        Rule::Compare { variable, test } => match test {
            Test::Is(is, expected) => format!("{variable} Is{is:?} {expected}"),
            Test::StringMatches(pattern) => format!("{variable} StringMatches {}", Value::from(pattern.clone())),
            Test::Literal(domain, comparison, value) => format!("{variable} {domain:?}{comparison:?} {value}"),
            Test::Path(domain, comparison, path) => format!("{variable} {domain:?}{comparison:?}Path {path}"),
        },
    })
}

/// Whether an expression gives the same whenever it is evaluated on the same.
pub(super) fn is_steady(query: &Query) -> bool {
    let mut steady = true;
    query.variables(&mut |name| steady &= !matches!(name, "random" | "shuffle" | "uuid" | "now" | "millis"));
    steady
}

/// Whether a rule holds whatever the data; `None` where that depends.
fn holds(rule: &Rule) -> Option<bool> {
    match rule {
        Rule::Literal(holds) => Some(*holds),
        Rule::Query(query) => match query.text() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        Rule::And(rules) => {
            let each: Vec<_> = rules.iter().map(holds).collect();
            match () {
                () if each.contains(&Some(false)) || excludes(rules) => Some(false),
                () if each.iter().all(|holds| *holds == Some(true)) => Some(true),
                () => None,
            }
        }
        Rule::Or(rules) => {
            let each: Vec<_> = rules.iter().map(holds).collect();
            each.iter().all(|holds| *holds == Some(false)).then_some(false)
        }
        Rule::Not(rule) => holds(rule).map(|holds| !holds),
        Rule::Compare { .. } => None,
    }
}

/// Whether rules that all have to hold exclude each other.
fn excludes(rules: &[Rule]) -> bool {
    let mut known = BTreeMap::new();
    rules.iter().any(|rule| !add(rule, &mut known))
}

/// What a value has to be, by the rules that were looked at.
struct Known<'a> {
    /// The kinds of value that it may be, as bits.
    kinds: u8,
    /// What it has to be compared with others, by how it is compared.
    bounds: Vec<(Domain, Comparison, &'a Value)>,
}

const ABSENT: u8 = 1;
const NULL: u8 = 2;
const BOOLEAN: u8 = 4;
const NUMBER: u8 = 8;
const STRING: u8 = 16;
const OTHER: u8 = 32;
const PRESENT: u8 = NULL | BOOLEAN | NUMBER | STRING | OTHER;

/// How many tests of one variable are held against each other.
const BOUNDS: usize = 8;

/// Adds what a rule says, if it has to hold; `false` where it excludes what was known.
fn add<'a>(rule: &'a Rule, known: &mut BTreeMap<&'a str, Known<'a>>) -> bool {
    let (variable, test, expected) = match rule {
        Rule::And(rules) => return rules.iter().all(|rule| add(rule, known)),
        Rule::Compare { variable, test } => (variable, test, true),
        Rule::Not(rule) => match &**rule {
            Rule::Compare { variable, test } => (variable, test, false),
            _ => return true,
        },
        Rule::Or(_) | Rule::Literal(_) | Rule::Query(_) => return true,
    };
    let entry = known.entry(variable.text()).or_insert(Known { kinds: ABSENT | PRESENT, bounds: Vec::new() });
    entry.kinds &= kinds(test, expected);
    if let (Test::Literal(domain, comparison, value), true) = (test, expected)
        && !value.as_str().is_some_and(placeholder::is_in)
        && entry.bounds.len() < BOUNDS
    {
        entry.bounds.push((*domain, *comparison, value));
        let last = entry.bounds.len() - 1;
        if (0..last).any(|at| disagree(entry.bounds[at], entry.bounds[last])) {
            return false;
        }
    }
    entry.kinds != 0
}

/// What a value may be where a test comes to `expected`. What is absent fails all tests but `IsPresent`.
fn kinds(test: &Test, expected: bool) -> u8 {
    let (kind, expected) = match test {
        Test::Is(is, wanted) => {
            let expected = expected == *wanted;
            let kind = match is {
                IsTest::Present => return if expected { PRESENT } else { ABSENT },
                IsTest::Null => NULL,
                IsTest::String => STRING,
                IsTest::Numeric => NUMBER,
                IsTest::Boolean => BOOLEAN,
                // A text may be no time.
                IsTest::Timestamp => return if expected { STRING } else { PRESENT },
            };
            (kind, expected)
        }
        Test::StringMatches(_) => return if expected { STRING } else { PRESENT },
        Test::Literal(domain, ..) | Test::Path(domain, ..) => match domain {
            _ if !expected => return PRESENT,
            Domain::String | Domain::Timestamp => (STRING, true),
            Domain::Numeric => (NUMBER, true),
            Domain::Boolean => (BOOLEAN, true),
        },
    };
    if expected { kind } else { PRESENT & !kind }
}

/// Whether no value can be both.
fn disagree(one: (Domain, Comparison, &Value), other: (Domain, Comparison, &Value)) -> bool {
    use Comparison::{Equals, GreaterThan, GreaterThanEquals, LessThan, LessThanEquals};
    if one.0 != other.0 {
        return false;
    }
    let Some(order) = one.0.order(one.2, other.2) else { return false };
    match (one.1, other.1) {
        // It is the one, which has to be what the other says.
        (Equals, comparison) => !comparison.holds(order),
        (comparison, Equals) => !comparison.holds(order.reverse()),
        (LessThanEquals, GreaterThanEquals) => order.is_lt(),
        (GreaterThanEquals, LessThanEquals) => order.is_gt(),
        (LessThan | LessThanEquals, GreaterThan | GreaterThanEquals) => order.is_le(),
        (GreaterThan | GreaterThanEquals, LessThan | LessThanEquals) => order.is_ge(),
        _ => false,
    }
}
