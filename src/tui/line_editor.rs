//! One line that a person edits.

use ratatui::crossterm::event::KeyCode;

/// A line, and where the cursor is in it.
#[derive(Debug, Default)]
pub(crate) struct LineEditor {
    before: String,
    /// What stands behind the cursor, the last character first.
    behind: Vec<char>,
}

/// What a key came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Edited {
    /// The line is edited on.
    Open,
    /// Enter: this is the line.
    Taken(String),
    /// Escape.
    Left,
}

impl LineEditor {
    /// A line that begins with this text.
    pub(crate) fn of(text: String) -> Self {
        Self { before: text, behind: Vec::new() }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyCode) -> Edited {
        match key {
            KeyCode::Char(c) => self.before.push(c),
            KeyCode::Backspace => _ = self.before.pop(),
            KeyCode::Delete => _ = self.behind.pop(),
            KeyCode::Left => self.behind.extend(self.before.pop()),
            KeyCode::Right => self.before.extend(self.behind.pop()),
            KeyCode::Home => self.behind.extend(std::mem::take(&mut self.before).chars().rev()),
            KeyCode::End => self.before.extend(self.behind.drain(..).rev()),
            KeyCode::Enter => return Edited::Taken(self.text()),
            KeyCode::Esc => return Edited::Left,
            _ => {}
        }
        Edited::Open
    }

    pub(crate) fn text(&self) -> String {
        self.before.chars().chain(self.behind.iter().rev().copied()).collect()
    }

    /// The line with its cursor, as far as it fits into so many columns.
    pub(crate) fn shown(&self, columns: usize) -> String {
        let count = self.before.chars().count();
        let skipped = (count + 2).saturating_sub(columns);
        let before = self.before.chars().skip(skipped);
        before.chain(['▏']).chain(self.behind.iter().rev().copied()).take(columns).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_where_the_cursor_is() {
        let mut line = LineEditor::of("{\"a\": 1}".to_owned());
        for key in
            [KeyCode::Left, KeyCode::Backspace, KeyCode::Char('2'), KeyCode::Home, KeyCode::Char(' '), KeyCode::Delete]
        {
            assert_eq!(line.key(key), Edited::Open);
        }
        assert_eq!(line.text(), " \"a\": 2}");
        assert_eq!(line.shown(5), " ▏\"a\"");
        assert_eq!(line.key(KeyCode::End), Edited::Open);
        assert_eq!(line.shown(4), "2}▏");
        assert_eq!(line.key(KeyCode::Enter), Edited::Taken(" \"a\": 2}".to_owned()));
        assert_eq!(line.key(KeyCode::Esc), Edited::Left);
    }
}
