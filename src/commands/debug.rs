//! `asl debug`

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use asl_engine::model::StateId;
use asl_engine::{Failure, Value};
use asl_project::{ExecutionOptions, Start, Started, StartsAt, StateMachine};
use asl_runtime::{Resume, now};
use ratatui::crossterm::event::KeyCode;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::run::{make_ready, read_mocks};
use crate::cli::{Debug, Running};
use crate::console::Console;
use crate::error::Error;
use crate::execute::{runtime, start_with};
use crate::input::{self, Input};
use crate::printable::line;
use crate::remote::Remote;
use crate::running::Ready;
use crate::tui::{Edited, ExecutionView, Happened, LineEditor, Row, Screen, draw_foot, parts, told};

/// How often it is looked what has happened.
const LOOKED_AT: Duration = Duration::from_millis(100);

const KEYS: &str =
    "s step  ← back  → forward  g go on  space breakpoint  e input  v variables  f fork  pgup/pgdn data  q quit";

/// Runs a definition step by step on the terminal.
pub(crate) fn run(arguments: &Debug) -> Result<ExitCode, Error> {
    let Ready { definition, routes, substitutions, input, states, quotas, .. } = Ready::of(&arguments.of)?;
    Screen::check("debug", "`asl run` runs it without one, and `asl run --open` shows it in the browser")?;
    let has_mocks = arguments.of.mocks.is_some();
    let options = ExecutionOptions {
        quotas,
        // What is mocked takes no time.
        skips_waits: arguments.of.skip_waits || has_mocks,
        ..ExecutionOptions::default()
    };
    runtime()?.block_on(async {
        let console = Console::of_definition(&definition, routes, substitutions, &arguments.of.data, options).await?;
        let machine = console.machine()?;
        if !has_mocks {
            make_ready(console.project(), &machine.program, true).await?;
        }
        let remote = Remote::at(console.url())?;
        let mut debugger = Debugger {
            console: &console,
            remote,
            machine: &machine,
            of: &arguments.of,
            breakpoints: states,
            view: ExecutionView::default(),
            started: None,
            input: input.clone(),
            asks: None,
            told: String::new(),
        };
        debugger.start(start_with(input))?;
        let done = match Screen::open() {
            Ok(screen) => debugger.work(screen).await,
            Err(error) => Err(error),
        };
        debugger.stop();
        console.shut_down().await;
        done.map(|()| ExitCode::SUCCESS)
    })
}

/// What a line that is edited is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Input,
    Variables,
    Fork,
}

impl Asked {
    fn title(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Variables => "variables",
            Self::Fork => "fork with the input",
        }
    }
}

struct Debugger<'a> {
    console: &'a Console,
    remote: Remote,
    machine: &'a StateMachine,
    of: &'a Running,
    breakpoints: BTreeSet<StateId>,
    view: ExecutionView,
    /// The execution, and the pause that it leaves.
    started: Option<(Started, Option<u64>)>,
    /// What it was started with.
    input: Input,
    asks: Option<(Asked, LineEditor)>,
    told: String,
}

impl Debugger<'_> {
    /// Starts an execution that pauses before its first state.
    fn start(&mut self, start: Start) -> Result<(), Error> {
        let mocks = match &self.of.mocks {
            // Read again: they count their answers.
            Some(mocks) => Some(Arc::new(read_mocks(mocks, self.machine)?)),
            None => None,
        };
        let breakpoints = Arc::new(self.breakpoints.clone());
        let start = Start { breakpoints, pauses_first: true, mocks, ..start };
        let started = self.console.project().executions().start(self.machine, start);
        let started = started.map_err(|refused| Error::Usage(refused.to_string()))?;
        self.stop();
        self.view = ExecutionView::of(started.execution.arn.to_string());
        self.started = Some((started, Some(0)));
        Ok(())
    }

    /// Stops the execution, if it runs.
    fn stop(&self) {
        let cause = Some("the execution was stopped by asl debug".into());
        let _ = self.console.project().executions().stop(&self.view.arn, Failure { cause, ..Failure::default() });
    }

    async fn work(&mut self, mut screen: Screen) -> Result<(), Error> {
        loop {
            // Nothing goes on while a line is edited.
            if self.asks.is_none() {
                self.settled().await;
                self.view.refresh(&self.remote).await?;
            }
            screen.draw(|frame| self.draw(frame))?;
            match screen.next(LOOKED_AT).await {
                Happened::End => return Ok(()),
                Happened::Look => {}
                Happened::Key(key) => {
                    if self.asks.is_some() {
                        self.edit(key);
                    } else if key == KeyCode::Char('q') {
                        return Ok(());
                    } else {
                        self.key(key);
                    }
                }
            }
        }
    }

    /// Waits until it pauses again, so that keys that are typed ahead find it there; not for long where it waits for something.
    async fn settled(&mut self) {
        let Some((started, left)) = &mut self.started else { return };
        if let Some(pause) = left.take() {
            // Nobody can be told of one that is not kept yet; why it is not, is told then.
            let _ = started.kept().await;
            let _ = tokio::time::timeout(LOOKED_AT, started.paused(pause)).await;
        }
    }

    fn key(&mut self, key: KeyCode) {
        self.told.clear();
        match key {
            KeyCode::Left | KeyCode::Up | KeyCode::Char('b' | 'k') => self.view.go(-1),
            KeyCode::Char('s') | KeyCode::Right if self.view.is_at_end() => {
                self.go_on(Resume { is_step: true, ..Resume::default() })
            }
            KeyCode::Right | KeyCode::Down | KeyCode::Char('s' | 'j') => self.view.go(1),
            KeyCode::Home => self.view.go(isize::MIN),
            KeyCode::End => self.view.go(isize::MAX),
            KeyCode::PageUp => self.view.scroll(-10),
            KeyCode::PageDown => self.view.scroll(10),
            KeyCode::Char('g') => self.go_on(Resume::default()),
            KeyCode::Char(' ') => self.toggle(),
            KeyCode::Char('e') => self.ask(Asked::Input),
            KeyCode::Char('v') => self.ask(Asked::Variables),
            KeyCode::Char('f') => self.ask(Asked::Fork),
            _ => {}
        }
    }

    /// Lets the execution go on from where it pauses.
    fn go_on(&mut self, resume: Resume) {
        let number = self.view.pause().and_then(|pause| u64::try_from(pause["number"].as_i64()?).ok());
        let Some(pause) = number else {
            self.told = match self.view.status() {
                "RUNNING" => "it runs; what it waits for has not come yet".to_owned(),
                status => format!("it is over: {status}; f at a state runs on from there"),
            };
            return;
        };
        let breakpoints = Some(Arc::new(self.breakpoints.clone()));
        let _ = self.console.project().executions().end_pause(&self.view.arn, Resume { pause, breakpoints, ..resume });
        if let Some((_, left)) = &mut self.started {
            *left = Some(pause);
        }
        self.view.follow();
    }

    /// Sets a breakpoint at the state that is selected, or removes it.
    fn toggle(&mut self) {
        let states = self.machine.program.model().states();
        let Some(state) = states.iter().find(|state| Some(&*state.name) == self.view.state()) else { return };
        if !self.breakpoints.remove(&state.id) {
            self.breakpoints.insert(state.id);
        }
        let _ = self.console.project().executions().pause_before(&self.view.arn, Arc::new(self.breakpoints.clone()));
    }

    /// Lets a line be edited, which begins with the data as it is.
    fn ask(&mut self, asked: Asked) {
        let data = match asked {
            Asked::Fork => match self.view.row() {
                Row::Visit(at) if self.view.visits()[at]["frame"].as_i64() == Some(0) => {
                    self.view.flow().map(|flow| flow["stages"][0]["data"].clone())
                }
                Row::Pause => self.view.pause().map(|pause| pause["input"].clone()),
                Row::Visit(_) => {
                    self.told = "an execution begins outside of Map and Parallel states: choose one there".to_owned();
                    return;
                }
                Row::End => None,
            },
            Asked::Input => self.view.pause().map(|pause| pause["input"].clone()),
            Asked::Variables => self.view.pause().map(|pause| pause["variables"].clone()),
        };
        match data {
            Some(data) => self.asks = Some((asked, LineEditor::of(data.to_string()))),
            None if asked == Asked::Fork => self.told = "choose the state to run on from".to_owned(),
            None => self.told = "its data can be changed where it pauses; f at a state runs on from there".to_owned(),
        }
    }

    fn edit(&mut self, key: KeyCode) {
        let Some((asked, editor)) = &mut self.asks else { return };
        let asked = *asked;
        match editor.key(key) {
            Edited::Open => {}
            Edited::Left => self.asks = None,
            Edited::Taken(text) => match self.take(asked, &text) {
                Ok(()) => self.asks = None,
                Err(told) => self.told = told,
            },
        }
    }

    /// Does what a line was for.
    fn take(&mut self, asked: Asked, text: &str) -> Result<(), String> {
        let value = match asked {
            Asked::Variables => {
                input::typed("the variables", "v", text).and_then(|value| input::as_object("the variables", "v", value))
            }
            _ => input::typed("the input", "e", text),
        };
        let value = value.map_err(|error| told(&error))?;
        self.told.clear();
        match asked {
            // The same pause again, with other data.
            Asked::Input => self.go_on(Resume { input: Some(value), stays: true, ..Resume::default() }),
            Asked::Variables => self.go_on(Resume { variables: Some(value), stays: true, ..Resume::default() }),
            Asked::Fork => self.fork(value).map_err(|error| told(&error))?,
        }
        Ok(())
    }

    /// Runs on from the state that is selected, with another input: an execution of its own.
    fn fork(&mut self, input: Value) -> Result<(), Error> {
        let variables = match self.view.row() {
            Row::Pause => self.view.pause().map(|pause| pause["variables"].clone()),
            _ => self.view.flow().map(|flow| flow["variables"].clone()),
        };
        let Some(state) = self.view.state() else { return Ok(()) };
        let starts_at =
            Some(StartsAt { state: state.into(), input, variables: variables.unwrap_or_else(Value::empty_object) });
        // `$$.Execution.Input` stays what it was.
        let start = start_with(self.input.clone());
        self.start(Start { name: format!("fork-{}", now().0), starts_at, ..start })?;
        self.told = "a fork: what came before is as it was".to_owned();
        Ok(())
    }

    fn draw(&self, frame: &mut ratatui::Frame<'_>) {
        let [head, body, foot] = parts(frame.area());
        let status = match self.view.pause() {
            Some(_) => "paused",
            None => self.view.status(),
        };
        let name = self.view.arn.rsplit(':').next().unwrap_or_default();
        let title = format!("{}  {}  {status}", line(&self.machine.name), line(name));
        frame.render_widget(Line::styled(title, Style::new().add_modifier(Modifier::BOLD)), head);
        let states = self.machine.program.model().states();
        let has_breakpoint =
            |name: &str| states.iter().any(|state| &*state.name == name && self.breakpoints.contains(&state.id));
        self.view.draw(frame, body, has_breakpoint);
        match &self.asks {
            None => draw_foot(frame, foot, &self.told, KEYS),
            Some((asked, editor)) => {
                let title = format!("{}: ", asked.title());
                let room = usize::from(foot.width).saturating_sub(title.len());
                let keys = if self.told.is_empty() { "enter takes it  esc leaves it as it is" } else { &self.told };
                draw_foot(frame, foot, &line(&format!("{title}{}", editor.shown(room))), keys);
            }
        }
    }
}
