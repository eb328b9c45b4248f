//! How much room text takes. A drawing has no fonts: widths are estimates for the fonts of systems, rather too large.

/// The width of a text in a font of this size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The advance width of a character, in parts of the size of the font.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '|' | '!' | '\'' | '.' | ',' | ':' | ';' => 0.32,
        'f' | 't' | 'r' | ' ' | '\u{a0}' | '(' | ')' | '[' | ']' | '/' | '\\' | '-' | '·' | '"' | '`' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 0.95,
        'A'..='Z' | '=' | '<' | '>' | '+' | '~' | '&' | '×' => 0.72,
        'a'..='z' | '0'..='9' | '$' | '_' | '#' | '*' | '?' | '{' | '}' | '^' => 0.62,
        // Marks that stand on another character.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        // Scripts of wide characters, and pictures.
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 1.05,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f000}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => {
            1.3
        }
        _ => 0.72,
    }
}

/// Breaks a text into lines of at most this width: between words, and inside those that are too long. What does not fit into
/// the lines is cut.
pub(super) fn wrapped(text: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split([' ', '\n', '\t', '\r']).filter(|word| !word.is_empty()) {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined, size) <= most {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            out.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if !line.is_empty() && width(&line, size) + advance(c) * size > most {
                // A name in one word is broken where a person sees its parts.
                let part = line.char_indices().rev().take(12).find(|(_, c)| matches!(c, '-' | '_' | '.' | '/' | ':'));
                let rest = part.map(|(at, c)| line.split_off(at + c.len_utf8())).unwrap_or_default();
                let full = std::mem::replace(&mut line, rest);
                if full.is_empty() {
                    continue;
                }
                out.push(full);
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        out.push(line);
    }
    if out.len() > lines {
        out.truncate(lines);
        if let Some(last) = out.last_mut() {
            while width(last, size) + size > most && last.pop().is_some() {}
            last.push('…');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_cut_at_the_end() {
        for (text, expected) in [
            ("Charge the card", vec!["Charge the", "card"]),
            ("order-service-charge", vec!["order-", "service-", "charge"]),
            ("Abcdefghijklmnopqrstuvwxyz", vec!["Abcdefghij", "klmnopqrst", "uvwxyz"]),
            ("one two three four five six seven", vec!["one two", "three four", "five six…"]),
            ("", vec![]),
        ] {
            let lines = wrapped(text, 10.0, 60.0, 3);
            assert_eq!(lines, expected, "{text}");
            assert!(lines.iter().all(|line| width(line, 10.0) <= 62.0), "{lines:?}");
        }
    }
}
