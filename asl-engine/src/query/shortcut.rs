//! Plain paths, `$states.input.a.b` or `$name.a.b`: most expressions are one, and need no evaluation.

use std::sync::Arc;

use crate::path::Roots;
use crate::value::Value;

/// A path of names that starts at a variable.
#[derive(Debug)]
pub(super) struct Shortcut {
    root: Root,
    names: Vec<Arc<str>>,
}

#[derive(Debug)]
enum Root {
    /// `$states.input`
    Input,
    /// `$states.context`
    Context,
    /// `$states.result`
    Result,
    /// `$states.errorOutput`
    ErrorOutput,
    /// `$name`
    Variable(Arc<str>),
}

/// Names that are operators or values in places.
const WORDS: [&str; 6] = ["and", "or", "in", "true", "false", "null"];

impl Shortcut {
    /// The path that an expression is; `None` where it is anything else.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut names = text.strip_prefix('$')?.split('.');
        let root = match names.next()? {
            "states" => match names.next()? {
                "input" => Root::Input,
                "context" => Root::Context,
                "result" => Root::Result,
                "errorOutput" => Root::ErrorOutput,
                _ => return None,
            },
            name if is_plain(name) => Root::Variable(name.into()),
            _ => return None,
        };
        let names: Vec<Arc<str>> = names.map(|name| is_plain(name).then(|| name.into())).collect::<Option<_>>()?;
        Some(Self { root, names })
    }

    /// What the path finds, or that it finds nothing. `None` leaves it to the evaluator: the way leads through an array, or
    /// the name may be that of a function.
    pub(super) fn follow(&self, roots: &Roots<'_>) -> Option<Option<Value>> {
        let context;
        let root = match &self.root {
            Root::Input => Some(roots.input),
            Root::Context => {
                context = (roots.context)();
                Some(&context)
            }
            Root::Result => roots.result,
            Root::ErrorOutput => roots.error_output,
            Root::Variable(name) => Some(roots.variables.get(name)?),
        };
        let Some(mut value) = root else { return Some(None) };
        for name in &self.names {
            value = match value {
                Value::Object(members) => match members.get(name) {
                    Some(member) => member,
                    None => return Some(None),
                },
                Value::Array(_) => return None,
                _ => return Some(None),
            };
        }
        Some(Some(value.clone()))
    }
}

/// Whether a name is written without anything that means more than its letters.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !WORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Random;

    fn follow(text: &str) -> Option<Option<String>> {
        let input = r#"{"a":{"b":[1],"n":12345678901234567890},"list":[{"x":1}],"none":null}"#.parse().unwrap();
        let variables = r#"{"v":{"w":true}}"#.parse().unwrap();
        let context = || [("State", Value::from([("Name", "S".into())]))].into();
        let random = Random::new(1);
        let roots = Roots::new(&input, &context, &variables, &random);
        Shortcut::of(text)?.follow(&roots).map(|found| found.map(|value| value.to_string()))
    }

    #[test]
    fn plain_paths_are_followed() {
        for (path, expected) in [
            ("$states.input.a.b", Some("[1]")),
            ("$states.input.a.n", Some("12345678901234567890")),
            ("$states.input.none", Some("null")),
            ("$states.input.none.x", None),
            ("$states.input.nothing.x", None),
            ("$states.context.State.Name", Some("\"S\"")),
            ("$states.result.x", None),
            ("$v.w", Some("true")),
        ] {
            assert_eq!(follow(path), Some(expected.map(str::to_owned)), "{path}");
        }
    }

    #[test]
    fn all_else_is_left_to_the_evaluator() {
        for text in [
            "$states",
            "$states.input.list.x",
            "$states.input.list[0]",
            "$states.input.`a`",
            "$states.input . a",
            "$states.input.",
            "$states.input.true",
            "$states.other",
            "$count",
            "$",
            "$.a",
            "$$.a",
            "v",
        ] {
            assert_eq!(follow(text), None, "{text}");
        }
    }
}
