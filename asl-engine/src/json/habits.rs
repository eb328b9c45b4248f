//! What is written out of habit and is no JSON: comments, commas at the end, other languages' words.

use crate::diagnostic::Span;

/// Where the cause of a fault is, and what to do about it; `found` is where the fault was seen.
pub(super) fn advice(text: &str, found: Span) -> Option<(Span, &'static str)> {
    let (before, rest) = (text.get(..found.start)?, text.get(found.start..)?);
    let here = |len: usize| Span { start: found.start, end: found.start + len };
    if rest.starts_with("//") || rest.starts_with('#') {
        let len = rest.find(['\r', '\n']).unwrap_or(rest.len());
        return Some((here(len), COMMENT));
    }
    if rest.starts_with("/*") {
        // What it spans may be many lines: where it starts is enough.
        return Some((here("/*".len()), COMMENT));
    }
    let previous = before.trim_end_matches([' ', '\t', '\r', '\n']);
    if rest.starts_with(['}', ']']) && previous.ends_with(',') {
        let at = previous.len() - 1;
        return Some((
            Span { start: at, end: at + 1 },
            "JSON has no comma before the end of an object or a list: take it out",
        ));
    }
    if rest.starts_with('"') && previous.ends_with(ends_value) {
        return Some((Span { start: previous.len(), end: previous.len() }, "a comma is missing here"));
    }
    if rest.starts_with('\'') {
        return Some((here(1), "texts and names stand in double quotes"));
    }
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let meant = match word {
        "True" | "TRUE" => "write true",
        "False" | "FALSE" => "write false",
        "None" | "Null" | "NULL" | "undefined" => "write null",
        "NaN" | "Infinity" => "JSON has no such number",
        _ => return None,
    };
    Some((here(word.len()), meant))
}

/// Whether a value can end with a character: `"`, a bracket, `true`, `null`, a digit.
fn ends_value(c: char) -> bool {
    matches!(c, '"' | '}' | ']' | 'e' | 'l') || c.is_ascii_digit()
}

const COMMENT: &str = "JSON has no comments: take it out, or write it into a field \"Comment\"";

#[cfg(test)]
mod tests {
    use crate::Value;

    #[test]
    fn the_cause_is_shown_with_what_to_do() {
        for (text, shown, help) in [
            ("{ // x\n}", "// x", "JSON has no comments"),
            ("{\"a\": 1, /* x */ \"b\": 2}", "/*", "JSON has no comments"),
            ("[1, # x\n2]", "# x", "JSON has no comments"),
            ("{\"a\": 1,\n }", ",", "JSON has no comma before the end"),
            ("[1, 2 , ]", ",", "JSON has no comma before the end"),
            ("{\"a\": {}\n \"b\": 2}", "", "a comma is missing here"),
            ("{\"a\": true \"b\": 2}", "", "a comma is missing here"),
            ("{'a': 1}", "'", "texts and names stand in double quotes"),
            ("{\"a\": 'b'}", "'", "texts and names stand in double quotes"),
            ("{\"a\": True}", "True", "write true"),
            ("[None]", "None", "write null"),
        ] {
            let error = text.parse::<Value>().expect_err(text);
            assert_eq!(&text[error.span.start..error.span.end], shown, "{text}: {error:?}");
            assert!(error.help.is_some_and(|told| told.starts_with(help)), "{text}: {error:?}");
            assert_eq!((error.line, error.column), error.span.line_column(text));
        }
        for text in ["", "{", "[1", "{\"a\" 1}", "@", "\"a"] {
            assert_eq!(text.parse::<Value>().expect_err(text).help, None, "{text}");
        }
    }

    #[test]
    fn a_missing_comma_is_told_where_it_belongs() {
        let text = "{\"a\": 1\n \"b\": 2}";
        assert_eq!(text.parse::<Value>().expect_err(text).span.start, "{\"a\": 1".len());
    }
}
