//! What an execution is doing, live on stderr. Nothing is shown where stderr is no terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use asl_engine::history::Iteration;
use asl_engine::{EventId, EventKind, Failure, HistoryEvent};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The live view of one execution.
pub(crate) struct Progress {
    view: Option<View>,
}

struct View {
    lines: MultiProgress,
    /// The state that the execution itself is in.
    current: ProgressBar,
    states_entered: u64,
    /// The Map states that have been entered, by their entered events: what follows one belongs to it.
    entered: BTreeMap<EventId, Arc<str>>,
    maps: BTreeMap<Arc<str>, Items>,
    /// The innermost state of the execution itself; states inside it are counted but not named.
    outer: Option<Arc<str>>,
}

struct Items {
    line: ProgressBar,
    failed: u64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { view: io::stderr().is_terminal().then(View::new) }
    }

    /// Takes an event into the view.
    pub(crate) fn show(&mut self, event: &HistoryEvent) {
        if let Some(view) = &mut self.view {
            view.show(event);
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
    fn new() -> Self {
        let lines = MultiProgress::new();
        let current = lines.add(ProgressBar::no_length());
        current.set_style(style("{spinner} {wide_msg} {elapsed}"));
        current.enable_steady_tick(Duration::from_millis(100));
        Self { lines, current, states_entered: 0, entered: BTreeMap::new(), maps: BTreeMap::new(), outer: None }
    }

    fn show(&mut self, event: &HistoryEvent) {
        match &event.kind {
            EventKind::StateEntered { state_type, name, .. } => {
                self.states_entered += 1;
                if state_type.name() == "Map" {
                    self.entered.insert(event.id, name.clone());
                }
                let outer = self.outer.get_or_insert_with(|| name.clone());
                self.current.set_message(format!("{outer} ({} states entered)", self.states_entered));
            }
            EventKind::StateExited { name, .. } if self.outer.as_ref() == Some(name) => {
                self.outer = None;
                // `println` takes care of the lines that are drawn anew.
                let _ = self.lines.println(format!("✓ {name}"));
                if let Some(items) = self.maps.remove(name) {
                    items.line.finish_and_clear();
                }
            }
            EventKind::MapStateStarted { length } => {
                let name = self.entered.get(&event.previous_id).cloned().or_else(|| self.outer.clone());
                if let Some(name) = name {
                    self.items(&name).line.inc_length(*length as u64);
                }
            }
            EventKind::MapIterationSucceeded(Iteration { name, .. }) => self.items(name).line.inc(1),
            EventKind::MapIterationFailed(Iteration { name, .. }) => {
                let items = self.items(name);
                items.failed += 1;
                items.line.set_message(format!("{name}, {} failed", items.failed));
                items.line.inc(1);
            }
            EventKind::TaskFailed { failure, task } | EventKind::TaskTimedOut { failure, task } => {
                self.failed(&format!("{}:{}", task.resource_type, task.resource), failure);
            }
            EventKind::LambdaFunctionFailed(failure) | EventKind::LambdaFunctionTimedOut(failure) => {
                self.failed("function", failure);
            }
            _ => {}
        }
    }

    fn items(&mut self, name: &Arc<str>) -> &mut Items {
        let lines = &self.lines;
        self.maps.entry(name.clone()).or_insert_with(|| {
            let line = lines.add(ProgressBar::new(0));
            line.set_style(style("  {wide_msg} {bar:20} {pos}/{len}"));
            line.set_message(name.to_string());
            Items { line, failed: 0 }
        })
    }

    fn failed(&self, what: &str, failure: &Failure) {
        const LONGEST: usize = 300;
        let mut text = format!("✗ {what}: {failure}");
        if let Some((at, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(at);
            text.push('…');
        }
        let _ = self.lines.println(text);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
