//! `asl top`

use std::process::ExitCode;
use std::time::Duration;

use asl_engine::{Object, Value};
use asl_runtime::now;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Constraint;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Row as TableRow, Table};

use super::logs::event_line;
use super::ps::row;
use crate::cli::Top;
use crate::error::Error;
use crate::execute::runtime;
use crate::printable::line;
use crate::remote::{Remote, millis};
use crate::tui::{Edited, ExecutionView, Happened, LineEditor, Screen, draw_foot, first_row, parts, sign, style, told};

/// How often a server is asked what has happened.
const LOOKED_AT: Duration = Duration::from_millis(500);

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(3);

const KEYS: &str = "enter look  / filter  s sort  a all  x stop  r redrive  q quit";
const KEYS_OF_ONE: &str = "↑↓ states  tab events  pgup/pgdn data  x stop  r redrive  esc back  q quit";

/// The columns of the list.
const COLUMNS: [&str; 5] = ["NAME", "STATE MACHINE", "STATUS", "STARTED", "FOR"];

/// Watches the executions of a server on the terminal.
pub(crate) fn run(arguments: &Top) -> Result<ExitCode, Error> {
    let remote = Remote::new(&arguments.server)?;
    runtime()?.block_on(async {
        let mut top = TopView { all: arguments.all, sorted_by: 3, ..TopView::default() };
        // That there is no server is told where it can be read.
        top.refresh(&remote).await?;
        Screen::check("top", "`asl ps` lists the executions without one")?;
        let mut screen = Screen::open()?;
        loop {
            screen.draw(|frame| top.draw(frame))?;
            match screen.next(LOOKED_AT).await {
                Happened::End => return Ok(ExitCode::SUCCESS),
                Happened::Look => {}
                Happened::Key(key) => {
                    let before = top.shows();
                    match in_time(top.key(key, &remote)).await {
                        Ok(true) => {}
                        Ok(false) => return Ok(ExitCode::SUCCESS),
                        Err(error) => top.told = told(&error),
                    }
                    // What is there already is only looked at otherwise.
                    if top.shows() == before {
                        continue;
                    }
                }
            }
            // A server that is away may come back.
            match in_time(top.refresh(&remote)).await {
                Err(error) => (top.told, top.is_away) = (told(&error), true),
                Ok(()) if std::mem::take(&mut top.is_away) => top.told.clear(),
                Ok(()) => {}
            }
        }
    })
}

/// Waits for a server only so long: no key is seen meanwhile.
async fn in_time<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| Err(Error::Usage("the server does not answer".to_owned()));
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(late)
}

/// What is shown.
#[derive(Default)]
struct TopView {
    all: bool,
    /// As the API has them.
    executions: Vec<Value>,
    /// The ARN of the one that is selected.
    selected: Option<String>,
    /// What those that are shown have in a column, in small letters.
    filter: String,
    /// The text that is typed for that.
    filtering: Option<LineEditor>,
    sorted_by: usize,
    /// What is done when somebody says yes.
    asked: Option<(&'static str, String)>,
    one: Option<One>,
    told: String,
    /// Whether the server did not answer.
    is_away: bool,
}

/// One execution that is looked at.
struct One {
    view: ExecutionView,
    /// Its events, where these are shown, and how far from the last one.
    events: Option<(Vec<String>, usize)>,
}

impl TopView {
    /// What of the server is shown.
    fn shows(&self) -> (bool, Option<String>, bool) {
        let one = self.one.as_ref();
        (self.all, one.map(|one| one.view.arn.clone()), one.is_some_and(|one| one.events.is_some()))
    }

    async fn refresh(&mut self, remote: &Remote) -> Result<(), Error> {
        if let Some(one) = &mut self.one {
            one.view.refresh(remote).await?;
            if let Some((events, _)) = &mut one.events {
                let asked = Object::default()
                    .with("executionArn", one.view.arn.as_str().into())
                    .with("maxResults", 1_000.into());
                let all = remote.list("GetExecutionHistory", &asked.into(), "events").await?;
                *events = all.iter().map(|event| line(event_line(event).trim_end())).collect();
            }
            return Ok(());
        }
        self.executions = remote.executions((!self.all).then_some("RUNNING")).await?;
        Ok(())
    }

    /// Those that are shown, as rows, with their ARNs.
    fn rows(&self) -> Vec<(String, [String; 5])> {
        let has = |row: &[String; 5]| row.iter().take(3).any(|cell| cell.to_lowercase().contains(&self.filter));
        let rows = self.executions.iter().map(|execution| (execution, row(execution))).filter(|(_, row)| has(row));
        let mut rows: Vec<_> = rows.collect();
        let took = |execution: &Value| {
            let started = millis(&execution["startDate"]);
            execution.get("stopDate").map_or_else(|| now().0, millis).saturating_sub(started)
        };
        match self.sorted_by {
            // The newest, or those that take longest, first.
            3 => rows.sort_by_key(|(execution, _)| std::cmp::Reverse(millis(&execution["startDate"]))),
            4 => rows.sort_by_key(|(execution, _)| std::cmp::Reverse(took(execution))),
            column => rows.sort_by(|(_, a), (_, b)| a[column].cmp(&b[column])),
        }
        let arn = |execution: &Value| execution["executionArn"].as_str().unwrap_or_default().to_owned();
        rows.into_iter().map(|(execution, row)| (arn(execution), row)).collect()
    }

    fn selected_of(&self, rows: &[(String, [String; 5])]) -> usize {
        rows.iter().position(|(arn, _)| Some(arn) == self.selected.as_ref()).unwrap_or_default()
    }

    /// The execution that a key is about.
    fn current(&self) -> Option<String> {
        match &self.one {
            Some(one) => Some(one.view.arn.clone()),
            None => {
                let rows = self.rows();
                rows.get(self.selected_of(&rows)).map(|(arn, _)| arn.clone())
            }
        }
    }

    /// Takes a key; false where it ends the program.
    async fn key(&mut self, key: KeyCode, remote: &Remote) -> Result<bool, Error> {
        self.told.clear();
        if let Some((operation, arn)) = self.asked.take() {
            if key == KeyCode::Char('y') {
                remote.call(operation, [("executionArn", Value::from(arn.as_str()))].into()).await?;
                self.told = format!("{operation}: done");
                if let Some(one) = &mut self.one {
                    one.view.goes_on();
                }
            }
            return Ok(true);
        }
        if let Some(editor) = &mut self.filtering {
            match editor.key(key) {
                Edited::Open => self.filter = editor.text().to_lowercase(),
                Edited::Taken(_) => self.filtering = None,
                Edited::Left => (self.filtering, self.filter) = (None, String::new()),
            }
            return Ok(true);
        }
        match key {
            KeyCode::Char('q') => return Ok(false),
            KeyCode::Char('x') => self.asked = self.current().map(|arn| ("StopExecution", arn)),
            KeyCode::Char('r') => self.asked = self.current().map(|arn| ("RedriveExecution", arn)),
            key => match &mut self.one {
                Some(one) if key == KeyCode::Tab => {
                    one.events = if one.events.is_some() { None } else { Some((Vec::new(), 0)) };
                }
                Some(_) if matches!(key, KeyCode::Esc | KeyCode::Left) => self.one = None,
                Some(one) => one.key(key),
                None => self.key_of_list(key),
            },
        }
        Ok(true)
    }

    fn key_of_list(&mut self, key: KeyCode) {
        let rows = self.rows();
        let at = self.selected_of(&rows);
        let to = match key {
            KeyCode::Up | KeyCode::Char('k') => at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => at + 1,
            KeyCode::PageUp => at.saturating_sub(10),
            KeyCode::PageDown => at + 10,
            KeyCode::Home => 0,
            KeyCode::End => usize::MAX,
            KeyCode::Char('/') => return self.filtering = Some(LineEditor::of(self.filter.clone())),
            KeyCode::Char('s') => return self.sorted_by = (self.sorted_by + 1) % COLUMNS.len(),
            KeyCode::Char('a') => return self.all = !self.all,
            KeyCode::Enter | KeyCode::Right => {
                let view = rows.get(at).map(|(arn, _)| ExecutionView::of(arn.clone()));
                return self.one = view.map(|view| One { view, events: None });
            }
            _ => at,
        };
        self.selected = rows.get(to.min(rows.len().saturating_sub(1))).map(|(arn, _)| arn.clone());
    }

    fn draw(&self, frame: &mut ratatui::Frame<'_>) {
        let [head, body, foot] = parts(frame.area());
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let keys = match &self.one {
            Some(one) => {
                let name = one.view.arn.rsplit(':').next().unwrap_or_default();
                frame.render_widget(Line::styled(line(&format!("{name}  {}", one.view.status())), bold), head);
                one.draw(frame, body);
                KEYS_OF_ONE
            }
            None => {
                let rows = self.rows();
                let which = if self.all { "executions" } else { "running" };
                let filter = if self.filter.is_empty() { String::new() } else { format!("  with '{}'", self.filter) };
                let title =
                    line(&format!("{} {which}{filter}  by {}", rows.len(), COLUMNS[self.sorted_by].to_lowercase()));
                frame.render_widget(Line::styled(title, bold), head);
                self.draw_list(frame, body, &rows);
                KEYS
            }
        };
        let told = match (&self.asked, &self.filtering) {
            (Some((operation, arn)), _) => {
                line(&format!("{operation} {}? y/n", arn.rsplit(':').next().unwrap_or_default()))
            }
            (None, Some(editor)) => line(&format!("/{}", editor.shown(usize::from(foot.width).saturating_sub(1)))),
            (None, None) if self.told.is_empty() && self.one.is_none() && self.rows().is_empty() => {
                let has_others = !self.executions.is_empty();
                let why = if has_others {
                    "none has this text; / changes it"
                } else {
                    "nothing runs; a shows what has ended"
                };
                why.to_owned()
            }
            (None, None) => self.told.clone(),
        };
        draw_foot(frame, foot, &told, keys);
    }

    fn draw_list(&self, frame: &mut ratatui::Frame<'_>, area: ratatui::layout::Rect, rows: &[(String, [String; 5])]) {
        // What is left out first says least.
        let columns: &[usize] = match area.width {
            100.. => &[0, 1, 2, 3, 4],
            60.. => &[0, 1, 2, 4],
            25.. => &[0, 2],
            _ => &[0],
        };
        let widths = columns.iter().map(|column| match column {
            0 => Constraint::Fill(2),
            1 => Constraint::Fill(1),
            2 => Constraint::Length(12),
            3 => Constraint::Length(24),
            _ => Constraint::Length(10),
        });
        let selected = self.selected_of(rows);
        let first = first_row(selected, rows.len(), usize::from(area.height).saturating_sub(1));
        let shown = rows.iter().enumerate().skip(first).take(usize::from(area.height));
        let shown = shown.map(|(at, (_, row))| {
            let how = style(&row[2]);
            let how = if at == selected { how.add_modifier(Modifier::REVERSED) } else { how };
            let cells = columns.iter().map(|column| match column {
                2 => format!("{} {}", sign(&row[2]), row[2]),
                column => row[*column].clone(),
            });
            TableRow::new(cells.collect::<Vec<_>>()).style(how)
        });
        let head = TableRow::new(columns.iter().map(|column| COLUMNS[*column]))
            .style(Style::new().add_modifier(Modifier::DIM));
        frame.render_widget(Table::new(shown.collect::<Vec<_>>(), widths).header(head), area);
    }
}

impl One {
    fn key(&mut self, key: KeyCode) {
        let rows: isize = match key {
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -10,
            KeyCode::PageDown => 10,
            KeyCode::Home => -1_000_000,
            KeyCode::End => 1_000_000,
            _ => return,
        };
        match &mut self.events {
            Some((events, back)) => *back = back.saturating_add_signed(-rows).min(events.len().saturating_sub(1)),
            None if matches!(key, KeyCode::PageUp | KeyCode::PageDown) => {
                self.view.scroll(i16::try_from(rows).unwrap_or_default())
            }
            None => self.view.go(rows),
        }
    }

    fn draw(&self, frame: &mut ratatui::Frame<'_>, area: ratatui::layout::Rect) {
        let Some((events, back)) = &self.events else { return self.view.draw(frame, area, |_| false) };
        let last = events.len().saturating_sub(*back);
        let first = last.saturating_sub(usize::from(area.height));
        for (event, row) in events[first..last].iter().zip(area.rows()) {
            frame.render_widget(Line::from(event.as_str()), row);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn view(columns: u16, view: &TopView) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, 6)).expect("a terminal");
        terminal.draw(|frame| view.draw(frame)).expect("it draws");
        let rows = terminal.backend().to_string();
        rows.lines().map(|row| row.trim_matches('"').trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn executions_are_listed_at_any_width() {
        let execution = |name: &str, status: &str, from: i64| {
            let arn = format!("arn:aws:states:us-east-1:000000000000:execution:m:{name}");
            Value::from([
                ("executionArn", Value::from(arn)),
                ("stateMachineArn", "arn:aws:states:us-east-1:000000000000:stateMachine:orders".into()),
                ("name", name.into()),
                ("status", status.into()),
                ("startDate", from.into()),
                ("stopDate", (from + 2).into()),
            ])
        };
        let executions = vec![execution("first", "SUCCEEDED", 1), execution("second", "FAILED", 2)];
        let mut top = TopView { executions, all: true, sorted_by: 3, ..TopView::default() };
        for (columns, expected) in [
            (80, ["2 executions  by started", "NAME", "second", "first"]),
            (30, ["2 executions  by started", "NAME", "second", "first"]),
            (8, ["2 execut", "NAME", "second", "first"]),
        ] {
            let shown = view(columns, &top);
            assert!(expected.iter().zip(shown.lines()).all(|(part, row)| row.contains(part)), "{columns}:\n{shown}");
        }
        assert!(view(80, &top).contains("orders") && view(80, &top).contains("✗ FAILED"));
        top.key_of_list(KeyCode::Down);
        assert!(top.current().is_some_and(|arn| arn.ends_with(":first")), "{:?}", top.selected);
        top.key_of_list(KeyCode::Char('s'));
        top.key_of_list(KeyCode::Char('s'));
        assert!(view(80, &top).contains("by name"));
        top.filter = "fail".to_owned();
        let shown = view(80, &top);
        assert!(shown.starts_with("1 executions  with 'fail'") && !shown.contains("first"), "{shown}");
        top.filter = "no".to_owned();
        assert!(view(80, &top).contains("none has this text"));
    }
}
