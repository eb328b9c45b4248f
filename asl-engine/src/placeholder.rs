//! `${Name}`, `{"Ref": "Name"}` and the like: what CloudFormation, SAM and the CDK fill into a definition before AWS sees it.

use crate::diagnostic::Span;

/// The `${Name}` placeholders of a text, with their names.
///
/// ```
/// let text = "${A}, ${!B} and ${C.Arn}";
/// let names: Vec<&str> = asl_engine::placeholders(text).map(|(_, name)| name).collect();
/// assert_eq!(names, ["A", "C.Arn"]);
/// ```
pub fn placeholders(text: &str) -> impl Iterator<Item = (Span, &str)> {
    text.match_indices("${").filter_map(|(start, _)| {
        let end = start + leading(&text[start..])?;
        Some((Span { start, end }, &text[start + "${".len()..end - "}".len()]))
    })
}

/// The length of the placeholder that a text starts with.
pub(crate) fn leading(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("${")?;
    let len = inner.find(|c: char| matches!(c, '{' | '}' | '"' | '\'' | '$') || c.is_whitespace())?;
    // `${!Name}` is how Fn::Sub writes the text `${Name}` itself.
    (len > 0 && inner[len..].starts_with('}') && !inner.starts_with('!')).then_some("${}".len() + len)
}

/// Whether an object of one member with this name stands for a value of CloudFormation, such as `{"Fn::GetAtt": [...]}`.
pub(crate) fn is_function(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}

/// Whether the JSON text of an object is that of a function of CloudFormation.
pub(crate) fn is_call(json: &str) -> bool {
    let inside = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let name = inside.and_then(|rest| rest.trim_start().strip_prefix('"')?.split_once('"'));
    name.is_some_and(|(name, _)| is_function(name))
}

/// Whether a text has a placeholder anywhere.
pub(crate) fn is_in(text: &str) -> bool {
    placeholders(text).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_other_text() {
        for (text, found) in [
            ("${FunctionArn}", true),
            ("arn:${AWS::Partition}:states:::sns:publish", true),
            ("${Resource.Arn}", true),
            ("${}", false),
            ("${!Literal}", false),
            ("States.Format('${} {}', $.a)", false),
            ("${a b}", false),
            ("${open", false),
            ("$.a{b}", false),
        ] {
            assert_eq!(is_in(text), found, "{text}");
        }
    }
}
