//! The condition of a Choice Rule as a person writes it.

use asl_engine::Value;

/// `$.a == 3`, `$.x is present`, `not ($.a == 1)`, `$.a < 3 and $.b > 4`, or the expression of `Condition` without its `{% %}`.
///
/// States Language specification, "Choice State".
pub(crate) fn text(rule: &Value) -> String {
    condition(rule, false)
}

fn condition(rule: &Value, is_inner: bool) -> String {
    let Some(members) = rule.as_object() else { return String::new() };
    let variable = rule.get("Variable").and_then(Value::as_str).unwrap_or_default();
    for (name, operand) in members.iter() {
        match &**name {
            "Condition" => return expression(operand),
            "Not" => return format!("not ({})", condition(operand, false)),
            "And" | "Or" => {
                let word = if &**name == "And" { " and " } else { " or " };
                let rules = operand.as_array().map(|rules| &**rules).unwrap_or_default();
                let parts: Vec<String> = rules.iter().map(|rule| condition(rule, true)).collect();
                let joined = parts.join(word);
                return if is_inner && parts.len() > 1 { format!("({joined})") } else { joined };
            }
            name => {
                if let Some(text) = comparison(variable, name, operand) {
                    return text;
                }
            }
        }
    }
    String::new()
}

fn expression(operand: &Value) -> String {
    let Some(text) = operand.as_str() else { return operand.to_string() };
    let inner = text.trim().strip_prefix("{%").and_then(|text| text.strip_suffix("%}")).unwrap_or(text);
    inner.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One operator; `None` for a member that is none.
fn comparison(variable: &str, name: &str, operand: &Value) -> Option<String> {
    if let Some(what) = name.strip_prefix("Is") {
        let is = if operand.as_bool() == Some(false) { "is not" } else { "is" };
        let what = match what {
            "Present" => "present",
            "Null" => "null",
            "String" => "a string",
            "Numeric" => "a number",
            "Boolean" => "a Boolean",
            "Timestamp" => "a timestamp",
            _ => return None,
        };
        return Some(format!("{variable} {is} {what}"));
    }
    let (operator, is_path) = match name.strip_suffix("Path") {
        Some(operator) => (operator, true),
        None => (name, false),
    };
    let operator = ["String", "Numeric", "Boolean", "Timestamp"].iter().find_map(|kind| operator.strip_prefix(kind))?;
    let operator = match operator {
        "Matches" => "matches",
        "Equals" => "==",
        "LessThan" => "<",
        "GreaterThan" => ">",
        "LessThanEquals" => "<=",
        "GreaterThanEquals" => ">=",
        _ => return None,
    };
    let operand = match operand.as_str() {
        Some(path) if is_path => path.to_owned(),
        _ => operand.to_string(),
    };
    Some(format!("{variable} {operator} {operand}"))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn rules_are_read_as_they_are_said() {
        for (rule, expected) in [
            (r#"{"Variable": "$.a", "NumericEquals": 3, "Next": "X"}"#, "$.a == 3"),
            (r#"{"Variable": "$.a", "StringEquals": "x", "Next": "X"}"#, r#"$.a == "x""#),
            (r#"{"Variable": "$.a", "StringMatches": "*.log"}"#, r#"$.a matches "*.log""#),
            (r#"{"Variable": "$.a", "NumericLessThanEqualsPath": "$.b"}"#, "$.a <= $.b"),
            (r#"{"Next": "X", "Comment": "c", "IsPresent": true, "Variable": "$.x"}"#, "$.x is present"),
            (r#"{"Variable": "$.x", "IsNumeric": false}"#, "$.x is not a number"),
            (r#"{"Not": {"Variable": "$.x", "IsNull": true}}"#, "not ($.x is null)"),
            (
                r#"{"And": [{"Variable": "$.a", "BooleanEquals": true}, {"Or": [
                    {"Variable": "$.b", "TimestampGreaterThan": "2024-01-01T00:00:00Z"}, {"Variable": "$.c", "IsPresent": true}
                ]}]}"#,
                r#"$.a == true and ($.b > "2024-01-01T00:00:00Z" or $.c is present)"#,
            ),
            (r#"{"Condition": "{% $states.input.a\n   > 3 %}"}"#, "$states.input.a > 3"),
            (r#"{"Condition": true}"#, "true"),
            (r#"{"Variable": "$.a"}"#, ""),
            ("[]", ""),
        ] {
            assert_eq!(text(&rule.parse().unwrap()), expected, "{rule}");
        }
    }
}
