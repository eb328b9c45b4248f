use std::fmt;

/// Which resources a route serves: an ARN in which `*` stands for any text, also none and also with colons.
///
/// ```
/// use asl_runtime::Pattern;
///
/// let pattern = Pattern::from("arn:aws:lambda:*:*:function:*download*");
/// assert!(pattern.matches("arn:aws:lambda:us-east-1:123456789012:function:Stack-downloadLambdaE01C1EBE"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether the whole `resource` fits this pattern.
    pub fn matches(&self, resource: &str) -> bool {
        let Some((prefix, rest)) = self.0.split_once('*') else {
            return self.0 == resource;
        };
        let Some(mut resource) = resource.strip_prefix(prefix) else { return false };
        // The first place of each middle piece is the best one: it leaves the most for the pieces after it.
        let (middle, suffix) = rest.rsplit_once('*').unwrap_or(("", rest));
        for piece in middle.split('*') {
            let Some(at) = resource.find(piece) else { return false };
            resource = &resource[at + piece.len()..];
        }
        resource.ends_with(suffix)
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, resource, expected) in [
            ("a:b", "a:b", true),
            ("a:b", "a:bc", false),
            ("", "", true),
            ("*", "", true),
            ("*", "a:b", true),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*b", "ab", true),
            ("*b", "ba", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
            ("a*bc*c", "abc", false),
            ("a**c", "abc", true),
            ("*ab*ab*", "xabyabz", true),
            ("*ab*ab*", "xabyz", false),
            ("*é*", "aéb", true),
            ("A*", "abc", false),
        ] {
            assert_eq!(Pattern::from(pattern).matches(resource), expected, "{pattern} {resource}");
        }
    }
}
