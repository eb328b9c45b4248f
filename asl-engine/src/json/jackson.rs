//! What the JSON parser behind AWS's API says of a text that is not JSON.

use super::lexer::Expected;

const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// For a text in whose rest something else was expected.
pub(super) fn unexpected(rest: &str, expected: &Expected) -> Option<String> {
    let Some(found) = rest.chars().next() else { return Some("Unexpected end-of-input".to_owned()) };
    let comment = match expected {
        Expected::Value if found.is_alphabetic() || matches!(found, '_' | '$') => {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$')).unwrap_or(rest.len());
            return Some(format!("Unrecognized token '{}': was expecting {VALUES}", &rest[..end]));
        }
        Expected::Value => format!("expected a valid value {VALUES}"),
        Expected::Name => "was expecting double-quote to start field name".to_owned(),
        Expected::Colon => "was expecting a colon to separate field name and value".to_owned(),
        Expected::CommaInArray => "was expecting comma to separate Array entries".to_owned(),
        Expected::CommaInObject => "was expecting comma to separate Object entries".to_owned(),
        Expected::End => return None,
    };
    Some(format!("Unexpected character ({}): {comment}", described(found)))
}

/// For a bare control character in a string.
pub(super) fn control(found: char) -> String {
    let found = described(found);
    format!("Illegal unquoted character ({found}): has to be escaped using backslash to be included in string value")
}

/// For an escape that JSON does not have.
pub(super) fn escape(found: char) -> String {
    format!("Unrecognized character escape {}", described(found))
}

/// Where Jackson says that a fault is in a text that it does not show.
pub(super) fn location(line: usize, column: usize) -> String {
    format!(
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
    )
}

fn described(c: char) -> String {
    let code = u32::from(c);
    match c {
        c if c.is_control() => format!("(CTRL-CHAR, code {code})"),
        c if code > 255 => format!("'{c}' (code {code} / {code:#x})"),
        c => format!("'{c}' (code {code})"),
    }
}

#[cfg(test)]
mod tests {
    use crate::json::parse_value;

    /// The first two are recorded answers of StartExecution.
    #[test]
    fn faults_are_told_as_aws_tells_them() {
        let values = super::VALUES;
        for (text, expected) in [
            ("not some json", format!("Unrecognized token 'not': was expecting {values}")),
            (
                "{'not': 'json'",
                "Unexpected character (''' (code 39)): was expecting double-quote to start field name".to_owned(),
            ),
            ("[1,]", format!("Unexpected character (']' (code 93)): expected a valid value {values}")),
            (
                "{\"a\": 1 \"b\": 2}",
                "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries".to_owned(),
            ),
            (
                "{\"a\" 1}",
                "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value".to_owned(),
            ),
            ("[\"a", "Unexpected end-of-input: was expecting closing quote for a string value".to_owned()),
            ("[", "Unexpected end-of-input".to_owned()),
            ("[…]", format!("Unexpected character ('…' (code 8230 / 0x2026)): expected a valid value {values}")),
            (
                "\"\n\"",
                "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in \
                 string value"
                    .to_owned(),
            ),
            ("\"\\x\"", "Unrecognized character escape 'x' (code 120)".to_owned()),
        ] {
            assert_eq!(*parse_value(text).unwrap_err().jackson, *expected, "{text}");
        }
    }
}
