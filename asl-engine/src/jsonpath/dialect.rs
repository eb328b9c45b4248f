//! Steps that mean something else on AWS than in RFC 9535, whatever the document.

use std::sync::Arc;

use super::JsonPath;
use super::token::Token;

/// What AWS makes of a step, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Surprise {
    /// The step as it was written.
    pub(crate) step: String,
    pub(crate) what: String,
    pub(crate) help: String,
}

impl JsonPath {
    /// The names that it begins with.
    pub(crate) fn leading_names(&self) -> Vec<&Arc<str>> {
        let names = self.compiled.steps.tokens.iter().map_while(|token| match token {
            Token::Name(name) => Some(name),
            _ => None,
        });
        names.collect()
    }

    /// The steps that never give what RFC 9535 gives for them.
    pub(crate) fn surprises(&self) -> Vec<Surprise> {
        let steps = &self.compiled.steps;
        let last = steps.tokens.len().saturating_sub(1);
        let mut found = Vec::new();
        for (at, (token, span)) in steps.tokens.iter().zip(&steps.spans).enumerate() {
            let text = self.compiled.source.get(span.start..span.end).unwrap_or_default();
            if let Some((what, help)) = surprise(token, text, at == last) {
                found.push(Surprise { step: text.to_owned(), what, help });
            }
        }
        found
    }
}

fn surprise(token: &Token, text: &str, is_last: bool) -> Option<(String, String)> {
    let inner = text.trim_start_matches('[').trim_end_matches(']');
    let (what, help) = match token {
        Token::Index(index @ ..0) => {
            let from_end = index.unsigned_abs();
            let help = format!("[(@.length-{from_end})] counts from the end");
            return Some(("indices do not count from the end: it gives null".to_owned(), help));
        }
        Token::Index(index) if inner.trim() != index.to_string() => {
            return Some((format!("it is read as [{index}]"), "an index is a whole number".to_owned()));
        }
        Token::SliceBetween(start, end) if *start < 0 || *end < 0 => {
            ("with two bounds, negative ones do not count from the end", "[-2:] and [:-1] do")
        }
        Token::SliceFrom(_) | Token::SliceTo(_) | Token::SliceBetween(..) => {
            let step = inner.split(':').nth(2).map(str::trim).filter(|step| !matches!(*step, "" | "1"));
            step.map(|_| ("the step behind the second ':' is ignored", "a slice takes every item in its bounds"))?
        }
        Token::Names(names) if !is_last && !names.is_empty() => {
            ("several names can only stand at the end: the path fails", "write a path for each name")
        }
        Token::Name(name) if text.starts_with('.') && name.ends_with("()") => match &**name {
            "length()" | "size()" => {
                ("there are no functions in paths: it asks for a member of that name", "States.ArrayLength counts")
            }
            _ => {
                ("there are no functions in paths: it asks for a member of that name", "a state before can compute it")
            }
        },
        Token::Filter(_) => (filter_doubt(text)?, "such as [?(@.a == 'x' && @.b > 1)]"),
        _ => return None,
    };
    Some((what.to_owned(), help.to_owned()))
}

/// What AWS takes otherwise in a filter `[?(…)]` than was probably meant.
///
/// ```
/// use asl_engine::jsonpath::filter_doubt;
///
/// assert_eq!(filter_doubt("[?(@.a == 'x and y')]"), None);
/// assert!(filter_doubt("[?(@.a and @.b)]").is_some());
/// ```
pub fn filter_doubt(filter: &str) -> Option<&'static str> {
    // What stands in single quotes is text, whatever it is.
    let plain: String = filter.split('\'').step_by(2).collect();
    let has = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    if plain.contains('"') {
        Some("double quotes are part of the text; texts stand in single quotes")
    } else if has(&[" and ", " or ", " not "]) {
        Some("AWS takes 'and' and 'or' for text; criteria are joined by && and ||")
    } else if has(&[" in ", " nin ", " contains ", " size ", " empty "]) {
        Some("AWS takes such words for text; its operators are == != < <= > >= =~ && || !")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_never_mean_what_they_do_elsewhere() {
        for (path, step, what) in [
            ("$.a[-1]", "[-1]", "indices do not count from the end: it gives null"),
            ("$.a[01].b", "[01]", "it is read as [1]"),
            ("$.a[0..1]", "[0..1]", "it is read as [0]"),
            ("$.a[-3:-1]", "[-3:-1]", "with two bounds, negative ones do not count from the end"),
            ("$.a[0:5:2]", "[0:5:2]", "the step behind the second ':' is ignored"),
            ("$['a','b'].c", "['a','b']", "several names can only stand at the end: the path fails"),
            ("$.a.length()", ".length()", "there are no functions in paths: it asks for a member of that name"),
            (
                "$[?(@.a == \"x\")]",
                "[?(@.a == \"x\")]",
                "double quotes are part of the text; texts stand in single quotes",
            ),
        ] {
            let found = JsonPath::parse(path).unwrap().surprises();
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!((&*found[0].step, &*found[0].what), (step, what), "{path}");
        }
    }

    #[test]
    fn steps_that_mean_the_same() {
        for path in [
            "$",
            "$.a[0]",
            "$.a[ 1 ]",
            "$.a[-2:]",
            "$.a[:-1]",
            "$.a[0:2]",
            "$.a[0:2:1]",
            "$[*][*]",
            "$..a",
            "$['a','b']",
            "$['length()']",
            "$.a[(@.length-1)]",
            "$.a[0,1]",
            "$[?(@.a == 'x \"and\" y')]",
        ] {
            assert_eq!(JsonPath::parse(path).unwrap().surprises(), [], "{path}");
        }
    }
}
