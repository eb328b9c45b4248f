//! Why a path finds nothing, for people: how far it leads, and what is there.

use crate::nearest::nearest;
use crate::path::{PathExpr, PathRoot, Roots};
use crate::value::{Value, cut};

/// How much of the data is shown, in characters.
const SHOWN: usize = 160;
/// How many names of an object are listed where its data is cut.
const NAMES: usize = 12;

/// Why a path of JSONPath finds nothing, where plain names or indices of it lead nowhere.
pub(crate) fn by_path(path: &PathExpr, roots: &Roots<'_>) -> Option<String> {
    let context;
    let document = match path.root() {
        PathRoot::Input => roots.input,
        PathRoot::Variables => roots.variables,
        PathRoot::Context => {
            context = (roots.context)();
            &context
        }
    };
    let text = path.text();
    let (root, steps) = match path.root() {
        PathRoot::Input => ("$", &text[1..]),
        PathRoot::Context => ("$$", &text[2..]),
        // `$name.member` is `.name.member` of all variables.
        PathRoot::Variables => ("$", &text[1..]),
    };
    if path.root() == PathRoot::Variables {
        let name = path.variable()?;
        let value = document.get(name)?;
        return told(format!("${name}"), value, steps.get(name.len()..)?, false);
    }
    told(root.to_owned(), document, steps, false)
}

/// Why an expression of JSONata gives nothing: the plain path in it that leads nowhere, where there is only one.
pub(crate) fn by_expression(text: &str, roots: &Roots<'_>) -> Option<String> {
    let text = without_literals(text);
    let mut found: Option<String> = None;
    let mut rest = &*text;
    while let Some(at) = rest.find('$') {
        let path = &rest[at + 1..];
        let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(path.len());
        let (name, steps) = path.split_at(end);
        rest = steps;
        let why = match name {
            "states" => {
                let fields = ["input", "result", "errorOutput", "context"];
                fields.into_iter().find_map(|field| {
                    let steps = steps.strip_prefix('.')?.strip_prefix(field)?;
                    let value = roots.states().get(field)?;
                    told(format!("$states.{field}"), value, steps, true)
                })
            }
            "" => None,
            name => roots.variables.get(name).and_then(|value| told(format!("${name}"), value, steps, true)),
        };
        match (&found, why) {
            // One of them may be meant to be there only at times.
            (Some(found), Some(why)) if *found != why => return None,
            (_, Some(why)) => found = Some(why),
            (_, None) => {}
        }
    }
    found
}

/// An expression with blanks in the place of its strings and comments.
fn without_literals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' | '\'' => {
                let mut is_escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let ends = *c == first && !is_escaped;
                    is_escaped = *c == '\\' && !is_escaped;
                    ends
                });
                end.map_or(rest.len(), |(at, _)| at + 1)
            }
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            _ => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        out.push(' ');
        rest = &rest[len..];
    }
    out
}

/// Follows plain steps, `.name`, `['name']` and `[0]`, from a value that is written `root`; tells of the first that leads nowhere.
/// `maps` is whether a name is looked for in each item of an array, as in JSONata.
fn told(root: String, value: &Value, mut steps: &str, maps: bool) -> Option<String> {
    let (mut written, mut value) = (root, value);
    loop {
        let (step, rest) = step(steps, maps)?;
        let next = match step {
            Step::Name(name) => match value {
                Value::Object(members) => members.get(name),
                Value::Array(items) if maps => {
                    // An item that has it stands for all.
                    items.iter().find_map(|item| item.as_object()?.get(name))
                }
                _ => None,
            },
            // Of another value, JSONata takes the value itself.
            Step::Index(_) if value.as_array().is_none() => return None,
            Step::Index(index) => value.as_array().and_then(|items| items.get(index)),
        };
        let Some(next) = next else { return missing(&written, value, step) };
        written.push_str(&steps[..steps.len() - rest.len()]);
        (value, steps) = (next, rest);
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// The first of some steps where it is a plain one, and what follows. In JSONPath, only a dot, a bracket or a blank ends a name.
fn step(steps: &str, is_jsonata: bool) -> Option<(Step<'_>, &str)> {
    let ends = |c: char| match is_jsonata {
        true => !(c.is_alphanumeric() || c == '_'),
        false => matches!(c, '.' | '[' | '(' | ' '),
    };
    if let Some(rest) = steps.strip_prefix('.') {
        let quoted = rest.strip_prefix('`').and_then(|rest| rest.split_once('`'));
        if let Some((name, rest)) = quoted {
            return Some((Step::Name(name), rest));
        }
        let end = rest.find(ends).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        return (!name.is_empty() && name != "*" && !rest.starts_with('(')).then_some((Step::Name(name), rest));
    }
    let (inside, rest) = steps.strip_prefix('[')?.split_once(']')?;
    let unquoted = |quote: char| inside.strip_prefix(quote)?.strip_suffix(quote).filter(|name| !name.contains(quote));
    if let Some(name) = unquoted('\'').or_else(|| unquoted('"')) {
        return Some((Step::Name(name), rest));
    }
    inside.parse().ok().map(|index| (Step::Index(index), rest))
}

/// What is there instead of what a step wants.
fn missing(written: &str, value: &Value, wanted: Step<'_>) -> Option<String> {
    let shown = value.preview(SHOWN);
    Some(match (value, wanted) {
        (Value::Object(members), Step::Name(name)) => {
            let names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
            let near = nearest(name, names.iter().copied());
            let near = near.map_or(String::new(), |near| format!(": did you mean '{near}'?"));
            // A long object is shown by its names.
            let listed = if shown.ends_with('…') {
                let more = names.len().saturating_sub(NAMES);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let listed = names.iter().take(NAMES).map(|name| cut(name, 40)).collect::<Vec<_>>().join(", ");
                format!("\n{written} has {listed}{more}")
            } else {
                String::new()
            };
            format!("{written} has no '{name}'{near}{listed}\n{written} is {shown}")
        }
        (Value::Array(items), Step::Index(_)) => {
            let count = items.len();
            let items = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
            format!("{written} has {items}\n{written} is {shown}")
        }
        (Value::Array(_), Step::Name(name)) => format!("the array {written} has no '{name}'\n{written} is {shown}"),
        (_, Step::Name(name)) => format!("{written} has no '{name}': it is {shown}"),
        (_, Step::Index(_)) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;
    use crate::retry::Random;

    const INPUT: &str = r#"{"order":{"id":7,"items":[{"sku":"a"}]},"note":"text"}"#;

    fn with_roots<T>(work: impl FnOnce(&Roots<'_>) -> T) -> T {
        let input = INPUT.parse().unwrap();
        let variables = r#"{"customer":{"name":"Ada"}}"#.parse().unwrap();
        let context = || r#"{"Execution":{"Id":"e"}}"#.parse().unwrap();
        let random = Random::new(1);
        work(&Roots::new(&input, &context, &variables, &random))
    }

    #[test]
    fn a_path_is_followed_as_far_as_it_leads() {
        const ORDER: &str = r#"$.order is {"id":7,"items":[{"sku":"a"}]}"#;
        for (path, expected) in [
            ("$.order.idd", Some(format!("$.order has no 'idd': did you mean 'id'?\n{ORDER}"))),
            ("$.order['total']", Some(format!("$.order has no 'total'\n{ORDER}"))),
            ("$.order.items[3].sku", Some("$.order.items has 1 item\n$.order.items is [{\"sku\":\"a\"}]".to_owned())),
            ("$.note.length", Some("$.note has no 'length': it is \"text\"".to_owned())),
            ("$$.Execution.Name", Some("$$.Execution has no 'Name'\n$$.Execution is {\"Id\":\"e\"}".to_owned())),
            (
                "$customer.nme",
                Some("$customer has no 'nme': did you mean 'name'?\n$customer is {\"name\":\"Ada\"}".to_owned()),
            ),
            ("$.order.items[?(@.sku=='b')].sku", None),
            ("$.order", None),
            ("$.aws:x.y", Some(format!("$ has no 'aws:x'\n$ is {INPUT}"))),
            ("$.order.*", None),
            ("$..x", None),
            ("$other.x", None),
        ] {
            let parsed = PathExpr::parse(&path.into(), Span::default()).unwrap();
            assert_eq!(with_roots(|roots| by_path(&parsed, roots)), expected, "{path}");
        }
    }

    #[test]
    fn the_first_path_of_an_expression_that_leads_nowhere_is_told() {
        for (expression, expected) in [
            ("$states.input.order.id + $states.input.order.total", Some("$states.input.order has no 'total'")),
            ("$sum($states.input.order.itms.price)", Some("$states.input.order has no 'itms': did you mean 'items'?")),
            ("$uppercase($customer.Name)", Some("$customer has no 'Name': did you mean 'name'?")),
            ("$states.input.order.items.price", Some("the array $states.input.order.items has no 'price'")),
            ("$states.input.order.items.sku", None),
            ("$states.input.`order`.id", None),
            ("$states.input[0]", None),
            ("$now()", None),
            ("'$'", None),
            ("'$states.input.a' & $states.input.b", Some("$states.input has no 'b'")),
            ("/* $states.input.a */ $states.input.order.total-1", Some("$states.input.order has no 'total'\n")),
            ("$states.input.a ? $states.input.b : $states.input.c", None),
        ] {
            let told = with_roots(|roots| by_expression(expression, roots));
            let starts = expected.map(|expected| told.as_deref().is_some_and(|told| told.starts_with(expected)));
            assert!(starts.unwrap_or(told.is_none()), "{expression}: {told:?}");
        }
    }

    #[test]
    fn a_long_object_is_shown_by_its_names() {
        let members = (0..20).map(|number| (format!("member{number:02}"), Value::from("x".repeat(20))));
        let long: Value = members.collect();
        let told = missing("$", &long, Step::Name("other")).unwrap();
        assert!(told.starts_with("$ has no 'other'\n$ has member00, member01, "), "{told}");
        assert!(told.contains("member11 and 8 more\n$ is {\"member00\":"), "{told}");
        assert!(told.ends_with('…') && told.chars().count() < 450, "{told}");
    }
}
