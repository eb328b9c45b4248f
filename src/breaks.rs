//! Breakpoints: asks on the terminal how an execution goes on that pauses.

use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use asl_engine::model::{StateId, StateNode};
use asl_engine::{Program, Value, nearest};
use asl_runtime::{Pause, Resume};
use tokio::sync::mpsc;

use crate::error::Error;
use crate::input;
use crate::output;
use crate::preview;
use crate::printable;

const COMMANDS: &str = "\
g         go on to the next breakpoint
s         step: go on to the next state
d         show the input and the variables, whole
i INPUT   give the state another input: a file, or the JSON itself
v OBJECT  give it other variables
r         remove this breakpoint, and go on
q         stop the execution
";

/// The states that names on the command line stand for.
pub(crate) fn states(names: &[String], program: &Program, definition: &Path) -> Result<BTreeSet<StateId>, Error> {
    let known = || program.model().states().iter();
    let find = |name: &String| {
        let found = known().find(|state| *state.name == **name).map(|state| state.id);
        found.ok_or_else(|| {
            let (shown, definition) = (printable::line(name), definition.display());
            let help = match nearest(name, known().map(|state| &*state.name)) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("asl graph {definition} draws its states"),
            };
            Error::Usage(format!("--break: {definition} has no state '{shown}'\nhelp: {help}"))
        })
    };
    names.iter().map(find).collect()
}

/// Who is asked on the terminal.
pub(crate) struct Prompt(mpsc::UnboundedReceiver<String>);

/// What a line asks for.
enum Command {
    GoOn,
    Step,
    Show,
    Input(Value),
    Variables(Value),
    Remove,
    Stop,
}

impl Prompt {
    /// On the terminal, where there is one.
    pub(crate) fn new() -> Result<Self, Error> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            let text = "--break asks on the terminal how to go on, and there is none\n\
                        help: --open asks on the page in the browser instead";
            return Err(Error::Usage(text.to_owned()));
        }
        let (tell, lines) = mpsc::unbounded_channel();
        // Not one of the runtime's: it would wait for the line that never comes.
        std::thread::spawn(move || {
            io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Ok(Self(lines))
    }

    /// How the execution goes on; none where it is to be stopped.
    pub(crate) async fn ask(&mut self, program: &Program, pause: &Pause) -> Option<Resume> {
        let mut resume = Resume { pause: pause.number, ..Resume::default() };
        output::to_stderr(&shown(program, pause));
        loop {
            output::to_stderr("[g]o on, [s]tep, [d]ata, [i]nput, [v]ariables, [r]emove, [q]uit > ");
            // The end of stdin (Ctrl-D) ends it, too.
            let line = self.0.recv().await?;
            match command(&line) {
                Ok(Command::GoOn) => return Some(resume),
                Ok(Command::Step) => return Some(Resume { is_step: true, ..resume }),
                Ok(Command::Remove) => {
                    let left = pause.breakpoints.iter().copied().filter(|state| *state != pause.state).collect();
                    return Some(Resume { breakpoints: Some(Arc::new(left)), ..resume });
                }
                Ok(Command::Stop) => return None,
                Ok(Command::Show) => {
                    let input = resume.input.as_ref().unwrap_or(&pause.input);
                    let variables = resume.variables.as_ref().unwrap_or(&pause.variables);
                    output::to_stderr(&printable::clean(&format!("input: {input:#}\nvariables: {variables:#}\n")));
                }
                Ok(Command::Input(value)) => resume.input = Some(value),
                Ok(Command::Variables(value)) => resume.variables = Some(value),
                Err(told) => output::to_stderr(&told),
            }
        }
    }
}

/// What a line of a person asks for, or what to tell them.
fn command(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    Ok(match name {
        "g" | "go" => Command::GoOn,
        "s" | "step" => Command::Step,
        "d" | "data" => Command::Show,
        "r" | "remove" => Command::Remove,
        "q" | "quit" => Command::Stop,
        "i" | "input" if !rest.is_empty() => {
            Command::Input(input::typed("the input", "i", rest).map_err(|error| error.report())?)
        }
        "v" | "variables" if !rest.is_empty() => {
            let value = input::typed("the variables", "v", rest);
            let value = value.and_then(|value| input::as_object("the variables", "v", value));
            Command::Variables(value.map_err(|error| error.report())?)
        }
        _ => return Err(COMMANDS.to_owned()),
    })
}

fn shown(program: &Program, pause: &Pause) -> String {
    let state = program.model().state(pause.state);
    let (name, kind) = state.map_or(("", ""), |StateNode { name, state_type, .. }| (name, state_type.name()));
    let around = around(&pause.path);
    let around = if around.is_empty() { around } else { format!(" in {around}") };
    let title = printable::line(&format!("paused before the state '{name}' ({kind}){around}"));
    let has_variables = pause.variables.as_object().is_some_and(|variables| !variables.is_empty());
    let variables = if has_variables { preview::line("  variables: ", &pause.variables) } else { String::new() };
    let data = preview::line("  input: ", &pause.input);
    format!("{title}\n{}", printable::clean(&(data + &variables)))
}

/// Where a Frame stands, for a person: `/Fetch all@2#0[3]` is `Fetch all[3]`.
pub(crate) fn around(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    while let Some(at) = rest.find('@') {
        let number = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (before, behind) = rest.split_at(at);
        let visit = number(&behind[1..]);
        let attempt = behind[1 + visit..].strip_prefix('#').map(number).filter(|digits| visit > 0 && *digits > 0);
        let taken = attempt.map_or(1, |attempt| 2 + visit + attempt);
        out += before;
        if attempt.is_none() {
            out.push('@');
        }
        rest = &behind[taken..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_told_without_visits_and_attempts() {
        for (path, expected) in [
            ("", ""),
            ("/Fetch all@2#0[3]", "Fetch all[3]"),
            ("/A@1#0[3]/B@12#1[0]", "A[3]/B[0]"),
            ("/a@b@1#0[1]", "a@b[1]"),
            ("/a@1[1]", "a@1[1]"),
        ] {
            assert_eq!(around(path), expected, "{path}");
        }
    }

    #[test]
    fn a_line_that_is_no_command_shows_them() {
        for line in ["", "x", "i", "v ", "go!"] {
            assert_eq!(command(line).err().as_deref(), Some(COMMANDS), "{line}");
        }
        for line in ["i nowhere.json", "v 3", "i {"] {
            assert!(command(line).is_err_and(|told| told.contains("error")), "{line}");
        }
        assert!(matches!(command(" i {\"a\": 1} "), Ok(Command::Input(_))));
    }
}
