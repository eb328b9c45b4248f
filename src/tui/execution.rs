//! One execution: the states that it has visited, and the data of one of them.

use std::cell::Cell;
use std::cmp::Ordering;

use asl_engine::Value;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

use super::{first_row, sign, style};
use crate::breaks;
use crate::error::Error;
use crate::printable::{clean, line};
use crate::progress::seconds;
use crate::remote::Remote;

/// From how many columns on the data stands beside the states.
const WIDE: u16 = 60;

/// How many lines of one value are shown.
const LINES: usize = 300;

/// An execution as a server tells of it.
#[derive(Default)]
pub(crate) struct ExecutionView {
    pub(crate) arn: String,
    /// Of `GET /_asl/course`.
    pub(crate) course: Value,
    /// Of `DescribeExecution`, once it has ended.
    ended: Option<Value>,
    /// Of `GET /_asl/data-flow`, and of which visit it is, as that was then.
    flow: (Option<(usize, String)>, Value),
    selected: usize,
    /// Whether the last row is selected, whichever that comes to be.
    follows: bool,
    scrolled: u16,
    /// How far the data can be moved, as it was drawn last.
    most: Cell<u16>,
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// The visit at this position of the course.
    Visit(usize),
    /// The state before which the execution pauses.
    Pause,
    /// The end.
    End,
}

impl ExecutionView {
    /// An execution of which nothing is known yet.
    pub(crate) fn of(arn: String) -> Self {
        Self { arn, follows: true, ..Self::default() }
    }

    /// Asks the server for what has happened since.
    pub(crate) async fn refresh(&mut self, remote: &Remote) -> Result<(), Error> {
        if self.ended.is_none() {
            self.course = remote.console("course", &[("executionArn", &self.arn)]).await?;
            if !matches!(self.status(), "RUNNING" | "PENDING_REDRIVE") {
                let asked = [("executionArn", Value::from(self.arn.as_str()))];
                self.ended = Some(remote.call("DescribeExecution", asked.into()).await?);
            }
        }
        let last = self.rows().saturating_sub(1);
        self.selected = if self.follows { last } else { self.selected.min(last) };
        let Row::Visit(at) = self.row() else { return Ok(()) };
        // Whose data may be another one by now is told by its attempts, too.
        let visit = &self.visits()[at];
        let wanted = Some((at, format!("{}{}", visit["status"], visit["attempts"])));
        if self.flow.0 != wanted {
            let visit = at.to_string();
            let flow = remote.console("data-flow", &[("executionArn", &self.arn), ("visit", &visit)]).await?;
            self.flow = (wanted, flow);
        }
        Ok(())
    }

    /// Lets it be asked anew: an execution that is redriven goes on.
    pub(crate) fn goes_on(&mut self) {
        self.ended = None;
        self.follows = true;
    }

    pub(crate) fn status(&self) -> &str {
        self.course["status"].as_str().unwrap_or("RUNNING")
    }

    pub(crate) fn visits(&self) -> &[Value] {
        self.course["visits"].as_array().map(|visits| &**visits).unwrap_or_default()
    }

    /// Where it pauses, if it does.
    pub(crate) fn pause(&self) -> Option<&Value> {
        self.course.get("pause")
    }

    fn rows(&self) -> usize {
        self.visits().len() + usize::from(self.pause().is_some() || self.ended.is_some())
    }

    fn row_at(&self, at: usize) -> Row {
        match at < self.visits().len() {
            true => Row::Visit(at),
            false if self.pause().is_some() => Row::Pause,
            false => Row::End,
        }
    }

    /// The row that is selected.
    pub(crate) fn row(&self) -> Row {
        self.row_at(self.selected)
    }

    /// The data of the visit that is selected, where it is known.
    pub(crate) fn flow(&self) -> Option<&Value> {
        self.flow.0.as_ref().filter(|(at, _)| Row::Visit(*at) == self.row()).map(|_| &self.flow.1)
    }

    /// The name of the state of the row that is selected.
    pub(crate) fn state(&self) -> Option<&str> {
        match self.row() {
            Row::Visit(at) => self.visits().get(at)?["name"].as_str(),
            Row::Pause => self.pause()?["name"].as_str(),
            Row::End => None,
        }
    }

    /// Whether what is selected is the newest.
    pub(crate) fn is_at_end(&self) -> bool {
        self.selected + 1 >= self.rows()
    }

    /// Selects a row so many further on.
    pub(crate) fn go(&mut self, rows: isize) {
        self.selected = self.selected.saturating_add_signed(rows).min(self.rows().saturating_sub(1));
        self.follows = self.is_at_end();
        self.scrolled = 0;
    }

    /// Selects the newest row from now on.
    pub(crate) fn follow(&mut self) {
        (self.follows, self.scrolled) = (true, 0);
    }

    /// Moves the data by so many lines.
    pub(crate) fn scroll(&mut self, lines: i16) {
        self.scrolled = self.scrolled.saturating_add_signed(lines).min(self.most.get());
    }

    /// Draws the states, those with a breakpoint marked, and the data of the one that is selected.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, has_breakpoint: impl Fn(&str) -> bool) {
        let halves = [Constraint::Percentage(40), Constraint::Percentage(60)];
        let [list, data] = match area.width >= WIDE {
            true => Layout::horizontal(halves).areas(area),
            false => Layout::vertical(halves).areas(area),
        };
        let height = usize::from(list.height);
        let first = first_row(self.selected, self.rows(), height);
        for (at, row) in (first..self.rows()).zip(list.rows()) {
            let (text, how) = self.row_text(self.row_at(at), &has_breakpoint);
            let how = how.add_modifier(match at.cmp(&self.selected) {
                Ordering::Equal => Modifier::REVERSED,
                // What is still to come from where one looks.
                Ordering::Greater => Modifier::DIM,
                Ordering::Less => Modifier::empty(),
            });
            frame.render_widget(Line::styled(text, how), row);
        }
        let borders = if area.width >= WIDE { Borders::LEFT } else { Borders::TOP };
        let block = Block::new().borders(borders);
        let lines: Vec<Line<'_>> = self.data().into_iter().map(Line::from).collect();
        // A long line has several rows.
        let width = usize::from(block.inner(data).width.max(1));
        let rows: usize = lines.iter().map(|line| line.width().div_ceil(width).max(1)).sum();
        let most = u16::try_from(rows.saturating_sub(1)).unwrap_or(u16::MAX);
        self.most.set(most);
        let text = Paragraph::new(lines).block(block).wrap(Wrap { trim: false });
        frame.render_widget(text.scroll((self.scrolled.min(most), 0)), data);
    }

    fn row_text(&self, row: Row, has_breakpoint: &impl Fn(&str) -> bool) -> (String, Style) {
        match row {
            Row::Visit(at) => {
                let visit = &self.visits()[at];
                let (name, status) =
                    (visit["name"].as_str().unwrap_or_default(), visit["status"].as_str().unwrap_or_default());
                let frame = &self.course["frames"]
                    [usize::try_from(visit["frame"].as_i64().unwrap_or_default()).unwrap_or_default()];
                let index = frame["index"].as_i64().map(|index| format!("[{index}]")).unwrap_or_default();
                let took = visit["to"].as_i64().zip(visit["from"].as_i64()).map(|(to, from)| seconds(to - from));
                let tries = visit["attempts"].as_array().map_or(0, |attempts| attempts.len());
                let tries = if tries > 1 { format!(" {tries}×") } else { String::new() };
                let mark = if has_breakpoint(name) { "●" } else { " " };
                let text = format!(
                    "{mark}{}{} {name}{index}{tries}  {}",
                    "  ".repeat(self.depth(visit)),
                    sign(status),
                    took.unwrap_or_default()
                );
                (line(text.trim_end()), style(status))
            }
            Row::Pause => {
                let name = self.pause().and_then(|pause| pause["name"].as_str()).unwrap_or_default();
                let mark = if has_breakpoint(name) { "●" } else { " " };
                (line(&format!("{mark}‖ {name}  paused")), Style::new().add_modifier(Modifier::BOLD))
            }
            Row::End => (format!(" ■ {}", self.status()), style(self.status())),
        }
    }

    /// In how many Map and Parallel states a visit is.
    fn depth(&self, visit: &Value) -> usize {
        let owner = |visit: &Value| -> Option<&Value> {
            let frame = usize::try_from(visit["frame"].as_i64()?).ok()?;
            let owner = usize::try_from(self.course["frames"][frame]["owner"].as_i64()?).ok()?;
            self.visits().get(owner)
        };
        std::iter::successors(owner(visit), |visit| owner(visit)).take(32).count()
    }

    /// The data of the row that is selected, line by line.
    fn data(&self) -> Vec<String> {
        let mut out = Vec::new();
        match self.row() {
            Row::Pause => {
                let pause = self.pause().unwrap_or(&Value::Null);
                let within = breaks::around(pause["frame"].as_str().unwrap_or_default());
                let within = if within.is_empty() { within } else { format!(" in {within}") };
                out.push(line(&format!("paused before {}{within}", pause["name"].as_str().unwrap_or_default())));
                add(&mut out, "input", pause.get("input"));
                add(&mut out, "variables", pause.get("variables"));
            }
            Row::End => {
                let ended = self.ended.as_ref().unwrap_or(&Value::Null);
                for name in ["error", "cause", "output", "input"] {
                    let value = ended.get(name).map(parsed);
                    add(&mut out, name, value.as_ref());
                }
            }
            Row::Visit(_) => match self.flow() {
                None => {}
                Some(flow) => {
                    let text = |name: &str| flow[name].as_str().unwrap_or_default();
                    out.push(line(&format!("{} ({}) {}", text("path"), text("type"), text("status"))));
                    for stage in flow["stages"].as_array().map(|stages| &**stages).unwrap_or_default() {
                        let name = stage["name"].as_str().or_else(|| stage["stage"].as_str()).unwrap_or_default();
                        let made_by = stage["expression"]["text"].as_str().filter(|text| !text.contains('\n'));
                        let title = made_by.map_or_else(|| name.to_owned(), |text| format!("{name} {text}"));
                        add(&mut out, &title, stage.get("data"));
                    }
                    add(
                        &mut out,
                        "variables",
                        flow.get("variables").filter(|all| all.as_object().is_some_and(|all| !all.is_empty())),
                    );
                    add(&mut out, "assigned", flow.get("assigned"));
                    for attempt in flow["attempts"].as_array().map(|attempts| &**attempts).unwrap_or_default() {
                        let status = attempt["status"].as_str().unwrap_or_default();
                        out.push(format!("attempt {} {status}", attempt["number"]));
                        for name in ["sent", "submitted", "output", "error", "cause", "log"] {
                            add(&mut out, &format!("  {name}"), attempt.get(name));
                        }
                    }
                    for name in ["error", "cause", "problem"] {
                        add(&mut out, name, flow.get(name));
                    }
                }
            },
        }
        out
    }
}

/// Adds a value below its name, where it is there.
fn add(out: &mut Vec<String>, name: &str, value: Option<&Value>) {
    let Some(value) = value else { return };
    let text = value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned);
    let text = clean(&text);
    let mut lines: Vec<&str> = text.lines().take(LINES + 1).collect();
    if lines.len() > LINES {
        lines[LINES] = "…";
    }
    match &lines[..] {
        [one] => out.push(line(&format!("{name}: {one}"))),
        lines => {
            out.push(line(&format!("{name}:")));
            out.extend(lines.iter().map(|text| format!("  {}", text.replace('\t', " "))));
        }
    }
}

/// What is JSON text in the API, as JSON.
fn parsed(value: &Value) -> Value {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| value.clone())
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    const COURSE: &str = r#"{"status": "RUNNING",
        "frames": [{"kind": "Execution"}, {"kind": "Iteration", "index": 0, "owner": 0}],
        "visits": [
            {"frame": 0, "path": "Each", "name": "Each", "status": "RUNNING", "from": 0},
            {"frame": 1, "path": "Each[0]/Work\u001b[2J", "name": "Work\u001b[2J", "status": "FAILED", "from": 0, "to": 1500, "attempts": [{}, {}]}],
        "pause": {"number": 3, "name": "Tell", "frame": "/Each@1#0[0]", "input": {"a": [1, "two"]}, "variables": {}}}"#;

    fn view() -> ExecutionView {
        let mut view = ExecutionView { course: COURSE.parse().expect("JSON"), ..ExecutionView::of("arn".to_owned()) };
        view.go(1_000);
        view
    }

    fn drawn(view: &ExecutionView, columns: u16, rows: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
        terminal.draw(|frame| view.draw(frame, frame.area(), |name| name == "Tell")).expect("it draws");
        let screen = terminal.backend().to_string();
        screen.lines().map(|row| row.trim_matches('"').trim_end().to_owned()).collect()
    }

    #[test]
    fn the_states_stand_beside_the_data_or_above_it() {
        assert_eq!(
            drawn(&view(), 70, 6),
            [
                " … Each                     │paused before Tell in Each[0]",
                "   ✗ Work\\u001b[2J[0] 2×  1.│input:",
                "●‖ Tell  paused             │  {",
                "                            │    \"a\": [",
                "                            │      1,",
                "                            │      \"two\"",
            ]
        );
        let narrow = drawn(&view(), 24, 10);
        assert_eq!(narrow[..4], [" … Each", "   ✗ Work\\u001b[2J[0] 2×", "●‖ Tell  paused", ""]);
        assert!(narrow[4].starts_with("───") && narrow[5].starts_with("paused before Tell in"), "{narrow:?}");
        // Nothing is so small that it cannot be drawn.
        for (columns, rows) in [(1, 1), (60, 1), (2, 20)] {
            drawn(&view(), columns, rows);
        }
    }

    #[test]
    fn the_selected_row_is_among_those_that_are_shown() {
        let mut view = view();
        view.go(-1_000);
        assert_eq!((view.row(), view.state()), (Row::Visit(0), Some("Each")));
        view.go(1);
        assert_eq!((view.row(), view.is_at_end()), (Row::Visit(1), false));
        view.go(1);
        assert_eq!((view.row(), view.state(), view.is_at_end()), (Row::Pause, Some("Tell"), true));
        assert!(drawn(&view, 70, 1)[0].contains("Tell  paused"));
        view.scroll(1_000);
        assert!(drawn(&view, 70, 3)[0].contains("variables"), "{:?}", drawn(&view, 70, 3));
    }
}
