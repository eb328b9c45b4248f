//! What an execution is doing, live on stderr. Nothing is shown where stderr is no terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use asl_engine::history::Iteration;
use asl_engine::{EventKind, Failure, Program};
use asl_runtime::Recorded;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::printable::{self, line};

/// The live view of one execution.
pub(crate) struct Progress {
    view: Option<View>,
}

struct View {
    program: Arc<Program>,
    lines: MultiProgress,
    /// The state that the execution itself is in.
    current: ProgressBar,
    outermost: Option<Arc<str>>,
    states_entered: u64,
    maps: BTreeMap<Arc<str>, Items>,
}

struct Items {
    line: ProgressBar,
    failed: u64,
}

impl Progress {
    /// Shows nothing where stderr is no terminal, and with `hidden`.
    pub(crate) fn new(program: &Arc<Program>, hidden: bool) -> Self {
        Self { view: is_shown(hidden).then(|| View::new(program.clone())) }
    }

    /// Takes an event into the view.
    pub(crate) fn show(&mut self, recorded: &Recorded) {
        if let Some(view) = &mut self.view {
            view.show(recorded);
        }
    }

    /// Takes the view away.
    pub(crate) fn finish(self) {
        if let Some(view) = self.view {
            view.current.finish_and_clear();
            view.maps.values().for_each(|items| items.line.finish_and_clear());
        }
    }
}

impl View {
    fn new(program: Arc<Program>) -> Self {
        let lines = MultiProgress::new();
        let current = lines.add(ProgressBar::no_length());
        current.set_style(style("{spinner} {wide_msg} {elapsed}"));
        current.enable_steady_tick(Duration::from_millis(100));
        Self { program, lines, current, outermost: None, states_entered: 0, maps: BTreeMap::new() }
    }

    fn show(&mut self, Recorded { frame, state, event, .. }: &Recorded) {
        let is_outermost = *frame == 0;
        let state = state.and_then(|id| Some(self.program.model().state(id)?.name.clone()));
        match &event.kind {
            EventKind::StateEntered { name, .. } => {
                self.states_entered += 1;
                if is_outermost {
                    self.outermost = Some(name.clone());
                }
                // States inside the outermost one are counted but not named: many run at once.
                let state = self.outermost.as_deref().unwrap_or_default();
                self.current.set_message(format!("{} (states entered: {})", line(state), self.states_entered));
            }
            EventKind::StateExited { name, .. } if is_outermost => {
                // `println` takes care of the lines that are drawn anew.
                let _ = self.lines.println(format!("✓ {}", line(name)));
                self.maps.remove(name).inspect(|items| items.line.finish_and_clear());
            }
            EventKind::MapStateStarted { length } => {
                if let Some(name) = state {
                    self.items(&name).line.inc_length(*length as u64);
                }
            }
            EventKind::MapIterationSucceeded(Iteration { name, .. }) => self.items(name).line.inc(1),
            EventKind::MapIterationFailed(Iteration { name, .. }) => {
                let items = self.items(name);
                items.failed += 1;
                items.line.set_message(format!("{}, {} failed", line(name), items.failed));
                items.line.inc(1);
            }
            EventKind::TaskFailed { failure, .. }
            | EventKind::TaskTimedOut { failure, .. }
            | EventKind::LambdaFunctionFailed(failure)
            | EventKind::LambdaFunctionTimedOut(failure) => {
                self.failed(state.as_deref().unwrap_or("a task"), failure);
            }
            _ => {}
        }
    }

    fn items(&mut self, name: &Arc<str>) -> &mut Items {
        let lines = &self.lines;
        self.maps.entry(name.clone()).or_insert_with(|| {
            let line = lines.add(ProgressBar::new(0));
            line.set_style(style("  {wide_msg} {bar:20} {pos}/{len}"));
            line.set_message(printable::line(name));
            Items { line, failed: 0 }
        })
    }

    fn failed(&self, state: &str, failure: &Failure) {
        const LONGEST: usize = 300;
        let mut text = line(&format!("✗ {state}: {failure}"));
        if let Some((at, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(at);
            text.push('…');
        }
        let _ = self.lines.println(text);
    }
}

/// A line for the time before an execution; to be cleared.
pub(crate) fn preparing(hidden: bool) -> ProgressBar {
    if !is_shown(hidden) {
        return ProgressBar::hidden();
    }
    let line = ProgressBar::no_length().with_message("Making functions ready");
    line.set_style(style("{spinner} {wide_msg} {elapsed}"));
    line.enable_steady_tick(Duration::from_millis(100));
    line
}

fn is_shown(hidden: bool) -> bool {
    !hidden && io::stderr().is_terminal()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
