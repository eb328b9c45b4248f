//! What parameters allow.
//!
//! CloudFormation user guide, "Parameters syntax": the words are those of `CreateStack`.

use asl_project::yaml::Tree;
use fancy_regex::Regex;

use crate::resource::text;

/// Why a parameter does not take a value; nothing where it does.
pub(crate) fn refusal(name: &str, parameter: &Tree, value: &str) -> Option<String> {
    // What is not known may be anything.
    if value.contains("${") {
        return None;
    }
    let broken = broken(parameter, value)?;
    let described = parameter.get("ConstraintDescription").and_then(Tree::text);
    let told = match described {
        Some(description) => format!("Parameter '{name}' failed to satisfy constraint: {description}"),
        None => format!("Parameter '{name}' {broken}"),
    };
    let is_secret = parameter.get("NoEcho").and_then(text).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    Some(if is_secret { told } else { format!("{told}; it is {value:?}") })
}

/// The constraint that a value does not satisfy.
fn broken(parameter: &Tree, value: &str) -> Option<String> {
    let kind = parameter.get("Type").and_then(Tree::text).unwrap_or("String");
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let parts: Vec<&str> = match is_list {
        true if value.is_empty() => Vec::new(),
        true => value.split(',').map(str::trim).collect(),
        false => vec![value],
    };
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    if kind == "Number" && number(value).is_none() {
        return Some("must be a number".to_owned());
    }
    if kind == "List<Number>" && parts.iter().any(|part| number(part).is_none()) {
        return Some("must be a list of numbers".to_owned());
    }
    let allowed: Vec<String> =
        parameter.get("AllowedValues").map(Tree::items).unwrap_or_default().iter().filter_map(text).collect();
    let is_allowed = |part: &&str| {
        let is_equal =
            |it: &String| it == part || kind == "Number" && number(it).is_some() && number(it) == number(part);
        allowed.iter().any(is_equal)
    };
    if !allowed.is_empty() && !parts.iter().all(is_allowed) {
        return Some(format!("must be one of AllowedValues: {}", allowed.join(", ")));
    }
    let limit = |property: &str| parameter.get(property).and_then(text);
    if kind == "Number" {
        let below = limit("MinValue").filter(|least| number(least).is_some_and(|least| number(value) < Some(least)));
        let above = limit("MaxValue").filter(|most| number(most).is_some_and(|most| number(value) > Some(most)));
        return match (below, above) {
            (Some(least), _) => Some(format!("must be a number not less than {least}")),
            (_, Some(most)) => Some(format!("must be a number not greater than {most}")),
            _ => None,
        };
    }
    if !is_list {
        let len = value.chars().count();
        let length = |property: &str| limit(property).and_then(|it| it.parse::<usize>().ok());
        if let Some(least) = length("MinLength").filter(|least| len < *least) {
            return Some(format!("must contain at least {least} characters"));
        }
        if let Some(most) = length("MaxLength").filter(|most| len > *most) {
            return Some(format!("must contain at most {most} characters"));
        }
    }
    let pattern = limit("AllowedPattern")?;
    // It has to fit the whole value. One that is none here is one of Java.
    let whole = Regex::new(&format!("^(?:{pattern})$")).ok()?;
    let fits = |part: &&str| whole.is_match(part).unwrap_or(true);
    (!parts.iter().all(fits)).then(|| format!("must match pattern {pattern}"))
}

#[cfg(test)]
mod tests {
    use asl_project::yaml;

    use super::*;

    #[test]
    fn a_value_is_what_its_parameter_allows() {
        for (parameter, allowed, refused, expected) in [
            ("Type: Number", "-1.5", "two", "must be a number; it is \"two\""),
            ("Type: List<Number>", "1, 2", "1,a", "must be a list of numbers; it is \"1,a\""),
            ("Type: String, AllowedValues: [a, 1]", "1", "c", "must be one of AllowedValues: a, 1; it is \"c\""),
            ("Type: Number, AllowedValues: [1, 2]", "1.0", "3", "must be one of AllowedValues: 1, 2; it is \"3\""),
            (
                "Type: CommaDelimitedList, AllowedValues: [a, b]",
                "b, a",
                "a,c",
                "must be one of AllowedValues: a, b; it is \"a,c\"",
            ),
            (
                "Type: CommaDelimitedList, AllowedPattern: '[a-z]+'",
                "a,b",
                "a,B",
                "must match pattern [a-z]+; it is \"a,B\"",
            ),
            ("Type: String, AllowedPattern: '[a-z]*|x'", "abc", "abc1", "must match pattern [a-z]*|x; it is \"abc1\""),
            ("Type: String, MinLength: 2", "ab", "é", "must contain at least 2 characters; it is \"é\""),
            ("Type: String, MaxLength: '2'", "", "abc", "must contain at most 2 characters; it is \"abc\""),
            ("Type: Number, MinValue: 1", "1", "0.5", "must be a number not less than 1; it is \"0.5\""),
            ("Type: Number, MaxValue: 10", "10", "11", "must be a number not greater than 10; it is \"11\""),
            ("Type: String, MinLength: 8, NoEcho: true", "12345678", "secret", "must contain at least 8 characters"),
            (
                "Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters",
                "a",
                "A",
                "failed to satisfy constraint: small letters; it is \"A\"",
            ),
        ] {
            let tree = yaml::read(&format!("{{{parameter}}}")).expect("YAML").root.expect("a value");
            assert_eq!(refusal("P", &tree, allowed), None, "{parameter}");
            let told = refusal("P", &tree, refused).unwrap_or_else(|| panic!("{parameter} takes {refused}"));
            assert_eq!(told.strip_prefix("Parameter 'P' "), Some(expected), "{parameter}");
            assert_eq!(refusal("P", &tree, "${Unknown}"), None);
        }
        // A pattern of another language refuses nothing.
        let tree = yaml::read("{Type: String, AllowedPattern: '('}").expect("YAML").root.expect("a value");
        assert_eq!(refusal("P", &tree, "x"), None);
    }
}
