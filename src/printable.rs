//! Text that does nothing to a terminal, whatever is in the data that it is made of.

use std::borrow::Cow;

/// `text` without what a terminal obeys: control characters but for line ends and tabs, and what turns the direction of
/// writing. They are shown as JSON has them, such as `\u001b`.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    // Text of elsewhere may have lines that end as on Windows.
    let text = text.replace("\r\n", "\n");
    Cow::Owned(text.chars().fold(String::with_capacity(text.len()), |out, c| add(out, c, obeyed(c))))
}

/// As [`clean`], on one line.
pub(crate) fn line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// `text` in which the colours of our own reports are kept.
pub(crate) fn clean_but_colours(text: &str) -> Cow<'_, str> {
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match colour(rest) {
            Some(length) => {
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
            None => {
                out = add(out, c, obeyed(c));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Cow::Owned(out)
}

fn add(mut out: String, c: char, is_obeyed: bool) -> String {
    if is_obeyed {
        out.push_str(&format!("\\u{:04x}", u32::from(c)));
    } else {
        out.push(c);
    }
    out
}

fn obeyed(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The length of the escape sequence for a colour or a style at the start.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        for (text, shown) in [
            ("plain é\n\t", "plain é\n\t"),
            ("\u{1b}[31mred", "\\u001b[31mred"),
            ("a\u{7}\u{8}\rb\r\nc", "a\\u0007\\u0008\\u000db\nc"),
            ("\u{9b}2J\u{7f}\u{0}", "\\u009b2J\\u007f\\u0000"),
            ("\u{202e}x", "\\u202ex"),
        ] {
            assert_eq!(clean(text), shown);
        }
        assert_eq!(line("a\nb\tc\u{1b}"), "a b c\\u001b");
    }

    #[test]
    fn our_own_colours_are_kept() {
        let ours = "\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: é";
        assert_eq!(clean_but_colours(ours), ours);
        for (text, shown) in [
            ("\u{1b}[2J", "\\u001b[2J"),
            ("\u{1b}]0;title\u{7}", "\\u001b]0;title\\u0007"),
            ("\u{1b}[31", "\\u001b[31"),
            ("\u{1b}", "\\u001b"),
            ("\u{9b}31m", "\\u009b31m"),
        ] {
            assert_eq!(clean_but_colours(text), shown);
        }
    }
}
