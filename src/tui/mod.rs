//! What `asl debug` and `asl top` have in common: the terminal, its keys, and one execution on it.

mod execution;
mod line_editor;

use std::io::{self, IsTerminal};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::{DefaultTerminal, Frame};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::error::Error;
use crate::interrupt::interrupted;
use crate::printable::line;

pub(crate) use execution::{ExecutionView, Row};
pub(crate) use line_editor::{Edited, LineEditor};

/// The terminal while something is drawn on it. Dropping it brings back what was there before.
pub(crate) struct Screen {
    terminal: DefaultTerminal,
    events: UnboundedReceiver<Event>,
}

/// What there is to do.
pub(crate) enum Happened {
    /// A key was pressed.
    Key(KeyCode),
    /// It is time to look again, or to draw on a screen of another size.
    Look,
    /// Ctrl-C, or a signal.
    End,
}

impl Screen {
    /// Says what to use instead of a verb where there is no terminal.
    pub(crate) fn check(verb: &str, instead: &str) -> Result<(), Error> {
        match io::stdin().is_terminal() && io::stdout().is_terminal() {
            true => Ok(()),
            false => Err(Error::Usage(format!("asl {verb} draws on a terminal, and there is none\nhelp: {instead}"))),
        }
    }

    /// Takes the terminal.
    pub(crate) fn open() -> Result<Self, Error> {
        let told = |error| Error::Usage(format!("cannot draw on this terminal: {error}"));
        let terminal = ratatui::try_init().map_err(told)?;
        let (tell, events) = unbounded_channel();
        // Not a thread of the runtime: it would wait for the key that never comes.
        std::thread::spawn(move || while event::read().is_ok_and(|event| tell.send(event).is_ok()) {});
        Ok(Self { terminal, events })
    }

    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<(), Error> {
        let told = |error| Error::Usage(format!("cannot draw on this terminal: {error}"));
        self.terminal.draw(view).map(|_| ()).map_err(told)
    }

    /// Waits for a key, `every` so long at most.
    pub(crate) async fn next(&mut self, every: Duration) -> Happened {
        tokio::select! {
            biased;
            event = self.events.recv() => match event {
                Some(Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, .. })) => {
                    match code {
                        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Happened::End,
                        code => Happened::Key(code),
                    }
                }
                Some(_) => Happened::Look,
                // The terminal is gone.
                None => Happened::End,
            },
            _ = interrupted() => Happened::End,
            () = tokio::time::sleep(every) => Happened::Look,
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// The body of a screen between its title and what is told at its foot.
pub(crate) fn parts(area: Rect) -> [Rect; 3] {
    Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(2)]).areas(area)
}

/// The foot of a screen: what was told last or is asked, and the keys.
pub(crate) fn draw_foot(frame: &mut Frame<'_>, area: Rect, told: &str, keys: &str) {
    let lines = [Line::from(told.to_owned()), Line::styled(keys.to_owned(), Style::new().add_modifier(Modifier::DIM))];
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// What is wrong, on one line.
pub(crate) fn told(error: &Error) -> String {
    let report = anstream::adapter::strip_str(&error.report()).to_string();
    line(report.lines().next().unwrap_or_default())
}

/// A sign for a status that is told apart without colours, too.
pub(crate) fn sign(status: &str) -> &'static str {
    match status {
        "SUCCEEDED" => "✓",
        "CAUGHT" => "!",
        "RUNNING" => "…",
        "ABORTED" | "PENDING_REDRIVE" => "⊘",
        _ => "✗",
    }
}

/// The colour of a status.
pub(crate) fn style(status: &str) -> Style {
    Style::new().fg(match status {
        "SUCCEEDED" => Color::Green,
        "RUNNING" => Color::Cyan,
        "CAUGHT" | "ABORTED" => Color::Yellow,
        _ => Color::Red,
    })
}

/// The first of the rows that are shown, so that the selected one is among them.
pub(crate) fn first_row(selected: usize, rows: usize, height: usize) -> usize {
    selected.saturating_sub(height / 2).min(rows.saturating_sub(height))
}
