//! What changed from one JSON text to the next, line by line.

/// A line of either text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// Texts with more lines are not compared: all of the one is gone, and all of the other is new.
const MOST_LINES: usize = 2000;

/// The lines of both texts in order. Neither a comma at the end of a line nor its indentation makes a difference.
pub(super) fn lines<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = before.iter().zip(&after).take_while(|(left, right)| same(left, right)).count();
    let (left, right) = (&before[start..], &after[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| same(left, right)).count();
    let (left, right) = (&left[..left.len() - end], &right[..right.len() - end]);
    let mut lines: Vec<Line<'_>> = after[..start].iter().map(|line| Line::Same(line)).collect();
    if left.len().max(right.len()) > MOST_LINES {
        lines.extend(left.iter().map(|line| Line::Gone(line)));
        lines.extend(right.iter().map(|line| Line::New(line)));
    } else {
        middle(left, right, &mut lines);
    }
    lines.extend(after[after.len() - end..].iter().map(|line| Line::Same(line)));
    lines
}

fn same(left: &str, right: &str) -> bool {
    left.trim_start().trim_end_matches(',') == right.trim_start().trim_end_matches(',')
}

/// Keeps as many lines as can be kept: their longest common subsequence.
fn middle<'a>(before: &[&'a str], after: &[&'a str], out: &mut Vec<Line<'a>>) {
    let width = after.len() + 1;
    // How many lines can be kept of what follows each pair of positions.
    let mut kept = vec![0u16; (before.len() + 1) * width];
    for left in (0..before.len()).rev() {
        for right in (0..after.len()).rev() {
            kept[left * width + right] = if same(before[left], after[right]) {
                kept[(left + 1) * width + right + 1] + 1
            } else {
                kept[(left + 1) * width + right].max(kept[left * width + right + 1])
            };
        }
    }
    let (mut left, mut right) = (0, 0);
    while left < before.len() || right < after.len() {
        if left < before.len() && right < after.len() && same(before[left], after[right]) {
            out.push(Line::Same(after[right]));
            (left, right) = (left + 1, right + 1);
        } else if right == after.len()
            || left < before.len() && kept[(left + 1) * width + right] >= kept[left * width + right + 1]
        {
            out.push(Line::Gone(before[left]));
            left += 1;
        } else {
            out.push(Line::New(after[right]));
            right += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let line = |line: &Line<'_>| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Gone(text) => format!("-{text}"),
            Line::New(text) => format!("+{text}"),
        };
        lines(before, after).iter().map(line).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_are_kept_gone_or_new() {
        let cases = [
            ("a\nb\nc", "a\nb\nc", " a| b| c"),
            ("a\nb\nc", "a\nc", " a|-b| c"),
            ("a\nc", "a\nb\nc", " a|+b| c"),
            ("a\nb", "a,\nb,\nc", " a,| b,|+c"),
            ("a\nx\nb\ny\nc", "a\nb\nz\nc", " a|-x| b|-y|+z| c"),
            ("{\n  {\n    a\n  }\n}", "{\n  a\n}", " {|-  {|   a|-  }| }"),
            ("", "a", "+a"),
            ("a", "", "-a"),
        ];
        for (before, after, expected) in cases {
            assert_eq!(shown(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn long_texts_are_not_compared() {
        let text = |c: &str| format!("{c}\n").repeat(MOST_LINES + 1);
        let (before, after) = (text("a"), text("b"));
        assert_eq!(lines(&before, &after).len(), 2 * (MOST_LINES + 1));
    }
}
