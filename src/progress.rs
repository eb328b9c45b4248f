//! What an execution is doing, live on stderr: drawn anew on a terminal, line by line in CI. Elsewhere nothing is shown.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use asl_engine::history::Iteration;
use asl_engine::model::{StateId, TransitionId, TransitionKind};
use asl_engine::{EventKind, Program, TaskRequest, Timestamp};
use asl_project::Watcher;
use asl_runtime::{Batch, Effect, FrameId, Recorded};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output;
use crate::preview::cut;
use crate::printable::{self, line};

/// Where progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// stderr is a terminal.
    Terminal,
    /// `CI` is set: somebody may read what came to stderr.
    Ci,
}

/// Where a person looks, if one does.
pub(crate) fn place() -> Option<Place> {
    if io::stderr().is_terminal() {
        return Some(Place::Terminal);
    }
    // As GitHub Actions, GitLab and most others set it.
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false").then_some(Place::Ci)
}

/// The option that names a folder for data, where it has to be named.
pub(crate) fn data_option(data: &Path) -> String {
    let shown = data.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    match shown.chars().all(is_plain) {
        _ if data == Path::new(".asl") => String::new(),
        true => format!(" --data {shown}"),
        false => format!(" --data '{}'", shown.replace('\'', r"'\''")),
    }
}

/// Shows what happens in an execution of `program`, whose data lies in `data`, until this is dropped.
pub(crate) fn watcher(program: &Arc<Program>, data: &Path, is_wanted: bool) -> Option<Watcher> {
    let place = place().filter(|_| is_wanted)?;
    let mut view = View::new(program.clone(), data, place);
    Some(Box::new(move |batch: &Batch| view.show(batch)))
}

/// The live view of one execution.
struct View {
    program: Arc<Program>,
    drawn: Option<Drawn>,
    outermost: Option<(Arc<str>, Timestamp)>,
    /// Tasks that have failed, until it is known what comes of it.
    failed: BTreeMap<FrameId, Failed>,
    /// How often each Frame has tried its state.
    attempts: HashMap<(FrameId, StateId), u64>,
    /// The tasks that will wait for their tokens.
    with_token: HashMap<FrameId, Arc<TaskRequest>>,
    /// What `asl answer` has to be told beside the token.
    data: String,
}

/// A task that has failed.
struct Failed {
    state: Option<StateId>,
    at: Timestamp,
    text: String,
}

/// What is drawn anew on a terminal.
struct Drawn {
    lines: MultiProgress,
    /// The state that the execution itself is in.
    current: ProgressBar,
    states_entered: u64,
    maps: BTreeMap<Arc<str>, Items>,
}

struct Items {
    line: ProgressBar,
    failed: u64,
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.current.finish_and_clear();
        self.maps.values().for_each(|items| items.line.finish_and_clear());
    }
}

impl View {
    fn new(program: Arc<Program>, data: &Path, place: Place) -> Self {
        let drawn = (place == Place::Terminal).then(Drawn::new);
        let (failed, attempts, with_token) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        Self { program, drawn, outermost: None, failed, attempts, with_token, data: data_option(data) }
    }

    fn show(&mut self, batch: &Batch) {
        for recorded in &batch.recorded {
            self.recorded(recorded, batch);
        }
        for effect in &batch.effects {
            if let Effect::Call(wait, request) = effect
                && request.resource.ends_with(".waitForTaskToken")
            {
                self.with_token.insert(wait.frame, request.clone());
            }
        }
        for (frame, transition) in &batch.taken {
            self.taken(*frame, *transition, batch);
        }
        // What is not taken by now is taken by nothing.
        if !batch.is_busy {
            for failed in std::mem::take(&mut self.failed).into_values() {
                self.tell(&format!("✗ {}", failed.text));
            }
        }
    }

    fn recorded(&mut self, Recorded { frame, state, event, transition, .. }: &Recorded, batch: &Batch) {
        if let Some(transition) = transition {
            self.taken(*frame, *transition, batch);
        }
        let is_outermost = *frame == 0;
        let name = state.and_then(|id| Some(self.program.model().state(id)?.name.clone()));
        match &event.kind {
            EventKind::StateEntered { name, .. } => {
                if is_outermost {
                    self.outermost = Some((name.clone(), event.timestamp));
                }
                if let Some(id) = state {
                    self.attempts.remove(&(*frame, *id));
                }
                // States inside the outermost one are counted but not named: many run at once.
                let outermost = self.outermost.as_ref().map_or("", |(name, _)| name);
                if let Some(drawn) = &mut self.drawn {
                    drawn.entered(outermost);
                }
            }
            EventKind::StateExited { name, .. } if is_outermost => {
                let since = self.outermost.take().map_or(event.timestamp, |(_, since)| since);
                let took = event.timestamp.0 - since.0;
                // On a terminal a person has seen that it was soon over, and lines are short.
                let took =
                    if self.drawn.is_some() && took < 1_000 { String::new() } else { format!(" {}", seconds(took)) };
                self.tell(&format!("✓ {name}{took}"));
                if let Some(drawn) = &mut self.drawn {
                    drawn.maps.remove(name).inspect(|items| items.line.finish_and_clear());
                }
            }
            EventKind::TaskSubmitted { .. } => {
                if let Some(request) = self.with_token.remove(frame) {
                    self.waits(&request, event.timestamp);
                }
            }
            EventKind::TaskFailed { failure, .. }
            | EventKind::TaskTimedOut { failure, .. }
            | EventKind::LambdaFunctionFailed(failure)
            | EventKind::LambdaFunctionTimedOut(failure) => {
                self.with_token.remove(frame);
                // What comes of it is told behind that.
                let text = cut(&format!("{}: {failure}", name.as_deref().unwrap_or("a task")), 240);
                self.failed.insert(*frame, Failed { state: *state, at: event.timestamp, text });
            }
            kind => {
                if let Some(drawn) = &mut self.drawn {
                    drawn.items_of(kind, name);
                }
            }
        }
    }

    /// That a state waits for its token, and how it is answered.
    fn waits(&self, request: &TaskRequest, now: Timestamp) {
        let bounds = [
            // What was told it may have taken some milliseconds.
            request.deadline.map(|deadline| {
                format!("{} at most", seconds((deadline.0 - now.0).saturating_add(999) / 1_000 * 1_000))
            }),
            request.heartbeat_seconds.map(|heartbeat| format!("{} between heartbeats", seconds(heartbeat * 1_000))),
        ];
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        let bounds = if bounds.is_empty() { String::new() } else { format!(", {}", bounds.join(", ")) };
        let (state, token, data) = (&request.state, &request.token, &self.data);
        self.tell(&format!("⏸ {state} waits for its task token{bounds}: asl answer {token} --output '{{}}'{data}"));
    }

    /// What came of a failure.
    fn taken(&mut self, frame: FrameId, transition: TransitionId, batch: &Batch) {
        let kind = self.program.model().transition(transition).map(|transition| transition.kind);
        let Some(kind @ (TransitionKind::Retrier(_) | TransitionKind::Catcher(_))) = kind else { return };
        let Some(Failed { state, at, text }) = self.failed.remove(&frame) else { return };
        if let TransitionKind::Catcher(_) = kind {
            return self.tell(&format!("↷ {text}; caught"));
        }
        let attempts = self.attempts.entry((frame, state.unwrap_or_default())).or_insert(1);
        *attempts += 1;
        let most = self.program.attempts(transition).map_or(String::new(), |most| format!(" of {most}"));
        let until = batch.effects.iter().find_map(|effect| match effect {
            Effect::Sleep(wait, until) if wait.frame == frame => Some(*until),
            _ => None,
        });
        let after = until.map_or(String::new(), |until| format!(" in {}", seconds(until.0 - at.0)));
        let told = format!("↻ {text}; attempt {attempts}{most}{after}");
        self.tell(&told);
    }

    fn tell(&self, text: &str) {
        let text = cut(&line(text), 300);
        match &self.drawn {
            // `println` takes care of the lines that are drawn anew.
            Some(drawn) => _ = drawn.lines.println(text),
            None => output::to_stderr(&format!("{text}\n")),
        }
    }
}

impl Drawn {
    fn new() -> Self {
        let lines = MultiProgress::new();
        let current = lines.add(ProgressBar::no_length());
        current.set_style(style("{spinner} {wide_msg} {elapsed}"));
        current.enable_steady_tick(Duration::from_millis(100));
        Self { lines, current, states_entered: 0, maps: BTreeMap::new() }
    }

    fn entered(&mut self, outermost: &str) {
        self.states_entered += 1;
        self.current.set_message(format!("{} (states entered: {})", line(outermost), self.states_entered));
    }

    /// Takes note of the items of Map states.
    fn items_of(&mut self, event: &EventKind, state: Option<Arc<str>>) {
        match event {
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
}

/// `1.2 s`, `3 min 20 s`
pub(crate) fn seconds(millis: i64) -> String {
    match millis {
        ..1_000 => format!("{:.2} s", millis as f64 / 1000.0),
        1_000..60_000 => format!("{:.1} s", millis as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
        _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

/// A line for the time before an execution; to be cleared.
pub(crate) fn preparing(is_wanted: bool) -> ProgressBar {
    if !is_wanted || place() != Some(Place::Terminal) {
        return ProgressBar::hidden();
    }
    let line = ProgressBar::no_length().with_message("Making functions ready");
    line.set_style(style("{spinner} {wide_msg} {elapsed}"));
    line.enable_steady_tick(Duration::from_millis(100));
    line
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
