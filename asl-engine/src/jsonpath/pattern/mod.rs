//! The patterns of `=~`: those of `java.util.regex`, matched against a whole text.
//!
//! A pattern is translated to the syntax of the `fancy-regex` crate, which knows back-references and look-ahead as Java
//! does and hands everything else to a matcher that cannot run away. Java's `\d \w \s .` and `i` mean ASCII, so each is
//! written out.

mod escape;
mod translate;

use fancy_regex::{Regex, RegexBuilder};

use self::translate::{Fault, translate};
use super::error::{ErrorClass, PathError};

/// How far a pattern with back-references or look-ahead may backtrack in one text.
const BACKTRACK_LIMIT: usize = 1_000_000;

#[derive(Debug)]
pub(super) struct Pattern {
    source: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles what stands between the slashes. The error is the text of Java's exception.
    pub(super) fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        let refuse = |(what, at): Fault| {
            let pattern = "java.util.regex.PatternSyntaxException: ";
            let caret = if at < source.chars().count() { format!("\n{}^", " ".repeat(at)) } else { String::new() };
            format!("{pattern}{what} near index {at}\n{source}{caret}")
        };
        let translated = format!(r"\A(?:{})\z", translate(source, ignore_case).map_err(refuse)?);
        let regex = RegexBuilder::new(&translated).backtrack_limit(BACKTRACK_LIMIT).build();
        match regex {
            Ok(regex) => Ok(Self { source: source.into(), regex }),
            Err(_) => Err(refuse(("The pattern is too large or uses what is not supported here", 0))),
        }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn matches(&self, text: &str) -> Result<bool, PathError> {
        self.regex.is_match(text).map_err(|_| {
            let message = format!("The pattern /{}/ takes too many steps on a text", self.source);
            PathError::evaluate(ErrorClass::Limit, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, false).unwrap().matches(text).unwrap()
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text) in [
            ("a", "a"),
            (".*b", "aab"),
            ("^a$", "a"),
            ("a$\\n", "a\n"),
            ("\\d+\\s\\w", "12 a"),
            ("[\\d.]+", "1.2"),
            ("(a)(b)?\\1", "aa"),
            ("(?=a)..", "ab"),
            ("(?!b)+a", "a"),
            ("\\.{2}", ".."),
            ("a{2}{3}", "aa"),
            ("{2}a", "a"),
            ("(?i)A(?-i)b", "ab"),
            ("(?x) a b # c", "ab"),
            ("\\Qa.b\\E.", "a.bc"),
            ("\\x61\\u0062\\0143", "abc"),
            ("[]a]+", "]a"),
            ("[[ab]c]*", "abc"),
            ("[^[ab]]", "c"),
            ("\\p{Lu}\\p{Alpha}\\pL", "Éaé"),
            ("a*?b", "aab"),
            (".", "😀"),
            ("é|日", "日"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a", "ab"),
            ("^a$", "a\n"),
            ("\\d", "٣"),
            ("\\w", "é"),
            (".", "\u{2028}"),
            ("a*+a", "aa"),
            ("(?i)É", "é"),
            ("(a)\\2", "aa"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn case_is_ignored_for_ascii_letters_only() {
        let pattern = Pattern::new("[b-cÉ]É?k", true).unwrap();
        for (text, expected) in [("Bk", true), ("cÉK", true), ("éK", false), ("b\u{212a}", false)] {
            assert_eq!(pattern.matches(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn broken_patterns_are_refused_in_the_words_of_java() {
        for (pattern, message) in [
            ("*", "Dangling meta character '*' near index 0\n*\n^"),
            ("a?+*", "Dangling meta character '*' near index 3\na?+*\n   ^"),
            ("{", "Illegal repetition near index 1\n{"),
            ("a{3,2}", "Illegal repetition range near index 5\na{3,2}\n     ^"),
            ("a(b", "Unclosed group near index 3\na(b"),
            ("[a", "Unclosed character class near index 1\n[a\n ^"),
            ("[b-a]", "Illegal character range near index 3\n[b-a]\n   ^"),
            ("(?a)", "Unknown inline modifier near index 2\n(?a)\n  ^"),
            ("\\q", "Illegal/unsupported escape sequence near index 1\n\\q\n ^"),
        ] {
            let error = Pattern::new(pattern, false).unwrap_err();
            assert_eq!(error, format!("java.util.regex.PatternSyntaxException: {message}"));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for open in ["(", "[", "(?:"] {
            assert!(Pattern::new(&open.repeat(100_000), false).is_err());
        }
    }
}
