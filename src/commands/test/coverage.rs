//! What the tests take of the definitions: as a table, for LCOV, as JSON and as a page.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use asl_engine::model::TransitionKind;
use asl_engine::{Program, Value};
use asl_graph::{Chart, Mark, Marks, Status, Theme, xml_text};
use asl_project::Definition;
use asl_testing::{CoverageFile, CoveredBefore, Goal, GoalKind, Taken, TestFile, goals};

use super::{Ran, text};
use crate::cli::{Test, TestFormat};
use crate::error::Error;
use crate::input;
use crate::lines::Lines;
use crate::output;
use crate::printable;

/// How many goals that were missed are shown of a definition.
const SHOWN: usize = 50;
/// How many cases are named beside a transition.
const CASES: usize = 10;

/// What was taken of one definition, which several test files may test.
struct Covered<'a> {
    definition: &'a Definition,
    program: &'a Arc<Program>,
    goals: Vec<Goal>,
    taken: Taken,
    /// Whether it has run.
    has_run: bool,
    /// The cases that reach each goal.
    takers: Vec<Takers>,
}

/// The cases that reach a goal: the first ones by name, and how many others.
#[derive(Clone, Default)]
struct Takers {
    names: Vec<String>,
    more: usize,
}

impl Takers {
    fn add(&mut self, name: &str) {
        match self.names.len() < CASES {
            true => self.names.push(name.to_owned()),
            false => self.more += 1,
        }
    }
}

/// Writes the reports that are asked for, of the cases that have run. False where less was taken than has to be.
pub(super) fn report(arguments: &Test, files: &[TestFile], ran: &[Ran<'_>]) -> Result<bool, Error> {
    let Test { coverage, coverage_lcov, coverage_json, coverage_html, min_coverage, .. } = arguments;
    let written = [coverage_lcov, coverage_json, coverage_html].iter().any(|file| file.is_some());
    if !*coverage && !written && min_coverage.is_none() {
        return Ok(true);
    }
    reports(arguments, covered(files, ran))
}

/// Writes the reports that are asked for, of what other runs have written.
pub(super) fn report_merged(arguments: &Test, files: &[TestFile]) -> Result<bool, Error> {
    let mut all = BTreeMap::new();
    for file in files {
        file.programs().for_each(|(definition, program)| _ = of(&mut all, definition, program));
    }
    let mut covered: Vec<Covered<'_>> = all.into_values().collect();
    for path in &arguments.merge {
        let file = file(path, "--merge")?;
        for before in file.definitions() {
            // Of several with the same text, that of the same name.
            let is_named = |covered: &Covered<'_>| covered.definition.full_name() == before.definition;
            let fitting = covered.iter_mut().filter(|covered| before.is_of(covered.program));
            let covered = fitting.max_by_key(|covered| is_named(covered)).ok_or_else(|| {
                Error::Usage(format!(
                    "--merge: {} has the coverage of {}, and no test file here tests it as it was then",
                    path.display(),
                    before.definition
                ))
            })?;
            covered.merge(before);
        }
    }
    reports(arguments, covered)
}

/// The coverage in a file that `--coverage-json` has written.
pub(crate) fn file(path: &Path, option: &str) -> Result<CoverageFile, Error> {
    let text = input::file_or_stdin("the coverage", path)?;
    CoverageFile::parse(&text).map_err(|error| Error::Usage(format!("{option}: {}: {error}", path.display())))
}

fn reports(arguments: &Test, mut covered: Vec<Covered<'_>>) -> Result<bool, Error> {
    let Test { coverage, coverage_lcov, coverage_json, coverage_html, min_coverage, .. } = arguments;
    // Of what was not selected, nothing could be covered.
    covered.retain(|covered| covered.has_run);
    let shows = *coverage || !arguments.merge.is_empty();
    if shows {
        let mut tables: String = covered.iter().map(Covered::table).collect();
        if covered.len() > 1 {
            let (reached, total) = covered.iter().map(Covered::sums).fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
            let _ = writeln!(tables, "\ncoverage of all: {:.1} %", percent(reached, total));
        }
        // A report for programs has stdout for itself.
        match arguments.format() {
            TestFormat::Text => output::print(&tables)?,
            _ => output::to_stderr(&tables),
        }
    }
    if let Some(file) = coverage_lcov {
        output::write_file(file, covered.iter().map(Covered::lcov).collect::<String>())?;
    }
    if let Some(file) = coverage_json {
        let all: Value = covered.iter().map(Covered::to_json).collect();
        output::write_file(file, format!("{:#}\n", Value::from([("definitions", all)])))?;
    }
    if let Some(file) = coverage_html {
        output::write_file(file, page(&covered))?;
    }
    let (reached, total) = covered.iter().map(Covered::sums).fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    let Some(least) = min_coverage else { return Ok(true) };
    let enough = percent(reached, total) >= *least;
    if !enough {
        let told = format!("coverage is {:.1} %, and {least} % is wanted\n", percent(reached, total));
        output::to_stderr(&told);
    }
    Ok(enough)
}

#[expect(clippy::cast_precision_loss, reason = "definitions have fewer goals than that")]
fn percent(reached: usize, total: usize) -> f64 {
    if total == 0 { 100.0 } else { reached as f64 * 100.0 / total as f64 }
}

fn covered<'a>(files: &'a [TestFile], ran: &'a [Ran<'a>]) -> Vec<Covered<'a>> {
    let mut all = BTreeMap::new();
    for file in files {
        let _ = of(&mut all, &file.definition, &file.program);
    }
    for ran in ran {
        of(&mut all, &ran.file.definition, &ran.file.program).add(&ran.result.taken, ran);
        for (name, taken) in &ran.result.started {
            if let Some((definition, program)) = ran.file.started(name) {
                of(&mut all, definition, program).add(taken, ran);
            }
        }
    }
    all.into_values().collect()
}

/// What is taken of a definition, whichever test file names it.
fn of<'a, 'b>(
    all: &'b mut BTreeMap<String, Covered<'a>>,
    definition: &'a Definition,
    program: &'a Arc<Program>,
) -> &'b mut Covered<'a> {
    let new = || {
        let goals = goals(program);
        let takers = vec![Takers::default(); goals.len()];
        Covered { definition, program, goals, taken: Taken::new(program.model()), has_run: false, takers }
    };
    all.entry(definition.full_name()).or_insert_with(new)
}

impl Covered<'_> {
    /// Adds what a case has taken.
    fn add(&mut self, taken: &Taken, ran: &Ran<'_>) {
        self.has_run = true;
        self.taken.merge(taken);
        let name = text::name(ran.file, ran.case);
        for (goal, takers) in self.goals.iter().zip(&mut self.takers) {
            if taken.count(*goal) > 0 {
                takers.add(&name);
            }
        }
    }

    /// Adds what another run has taken.
    fn merge(&mut self, before: &CoveredBefore) {
        self.has_run = true;
        self.taken.merge(&before.taken(self.program));
        for (takers, names) in self.takers.iter_mut().zip(before.cases()) {
            names.iter().for_each(|name| takers.add(name));
        }
    }

    /// How many goals of a kind are reached, and how many there are.
    fn of_kind(&self, kind: GoalKind) -> (usize, usize) {
        let of_kind = self.goals.iter().filter(|goal| goal.kind() == kind);
        let (reached, all): (Vec<_>, Vec<_>) = of_kind.map(|goal| (self.taken.count(*goal) > 0, ())).unzip();
        (reached.into_iter().filter(|reached| *reached).count(), all.len())
    }

    fn sums(&self) -> (usize, usize) {
        (self.goals.iter().filter(|goal| self.taken.count(**goal) > 0).count(), self.goals.len())
    }

    /// The line of a goal in the definition's file.
    fn line(&self, goal: Goal, lines: &Lines<'_>) -> usize {
        lines.place(self.definition.place(goal.span(self.program)).start).0
    }

    fn missed(&self) -> impl Iterator<Item = Goal> {
        self.goals.iter().copied().filter(|goal| self.taken.count(*goal) == 0)
    }

    /// The counts, and what is missing with its line.
    fn table(&self) -> String {
        let (reached, total) = self.sums();
        let mut out = format!(
            "\ncoverage of {}: {:.1} %\n",
            printable::line(&self.definition.full_name()),
            percent(reached, total)
        );
        let kinds =
            [(GoalKind::State, "states"), (GoalKind::Transition, "transitions"), (GoalKind::Condition, "conditions")];
        for (kind, word) in kinds {
            let (reached, total) = self.of_kind(kind);
            let _ = writeln!(out, "  {word:<12} {reached:>4} of {total}");
        }
        let lines = Lines::new(self.definition.text());
        let file = self.definition.file().display();
        let missed: Vec<Goal> = self.missed().collect();
        for goal in missed.iter().take(SHOWN) {
            let told = goal.unreached(self.program);
            let _ = writeln!(out, "  {}", printable::line(&format!("{file}:{}: {told}", self.line(*goal, &lines))));
        }
        if let Some(more) = missed.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(out, "  and {more} more; --coverage-html has all");
        }
        out
    }

    /// A record of LCOV: lines with states and transitions, and the branches of states that have several ways out.
    ///
    /// <https://github.com/linux-test-project/lcov>, "geninfo": tracefile format.
    fn lcov(&self) -> String {
        let lines = Lines::new(self.definition.text());
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        let mut branches = String::new();
        let (mut found, mut hit) = (0, 0);
        for goal in self.goals.iter().copied() {
            let count = self.taken.count(goal);
            if matches!(goal, Goal::State(_) | Goal::Transition(_)) {
                let seen = counts.entry(self.line(goal, &lines)).or_default();
                *seen = (*seen).max(count);
            }
        }
        let model = self.program.model();
        for state in model.states() {
            let ways = model.transitions_of(state.id);
            if ways.len() < 2 {
                continue;
            }
            for (at, way) in ways.iter().enumerate() {
                let goal = Goal::Transition(way.id);
                let count = self.taken.count(goal);
                // A state that was never entered has no ways that were left out.
                let shown =
                    if self.taken.count(Goal::State(state.id)) == 0 { "-".to_owned() } else { count.to_string() };
                let _ = writeln!(branches, "BRDA:{},{},{at},{shown}", self.line(goal, &lines), state.id.index());
                found += 1;
                hit += usize::from(count > 0);
            }
        }
        let mut out = format!("TN:\nSF:{}\n{branches}BRF:{found}\nBRH:{hit}\n", self.definition.file().display());
        for (line, count) in &counts {
            let _ = writeln!(out, "DA:{line},{count}");
        }
        let hit = counts.values().filter(|count| **count > 0).count();
        let _ = writeln!(out, "LF:{}\nLH:{hit}\nend_of_record", counts.len());
        out
    }

    fn to_json(&self) -> Value {
        let lines = Lines::new(self.definition.text());
        let number = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        let goals = self.goals.iter().zip(&self.takers).map(|(goal, takers)| {
            let count = self.taken.count(*goal);
            let mut members = vec![
                ("line", number(self.line(*goal, &lines))),
                ("count", i64::try_from(count).unwrap_or(i64::MAX).into()),
            ];
            if count == 0 {
                members.push(("missing", goal.unreached(self.program).into()));
            } else {
                members.push(("cases", takers.names.iter().map(|name| Value::from(&**name)).collect()));
            }
            members.into_iter().collect::<Value>()
        });
        let kind = |kind| {
            let (reached, total) = self.of_kind(kind);
            Value::from([("reached", number(reached)), ("total", number(total))])
        };
        Value::from([
            ("definition", Value::from(self.definition.full_name())),
            ("fingerprint", Value::from(&**self.program.fingerprint())),
            ("states", kind(GoalKind::State)),
            ("transitions", kind(GoalKind::Transition)),
            ("conditions", kind(GoalKind::Condition)),
            ("goals", goals.collect()),
        ])
    }

    /// The definition as a picture, with what was taken of it.
    fn picture(&self) -> String {
        Chart::new(self.program).with_marks(marks(self.program, &self.taken)).svg(Theme::Auto)
    }

    fn section(&self) -> String {
        let (reached, total) = self.sums();
        let mut out = format!(
            "<section>\n<h2>{} <small>{:.1} %</small></h2>\n",
            xml_text(&self.definition.full_name()),
            percent(reached, total)
        );
        let lines = Lines::new(self.definition.text());
        let missed: Vec<Goal> = self.missed().collect();
        if !missed.is_empty() {
            out.push_str("<h3>Missing</h3>\n<ul>\n");
            for goal in missed {
                let told = xml_text(&goal.unreached(self.program));
                let _ = writeln!(out, "<li>line {}: {told}</li>", self.line(goal, &lines));
            }
            out.push_str("</ul>\n");
        }
        let _ = write!(
            out,
            "<figure>{}</figure>\n<details><summary>Each way, and the cases that take it</summary>\n<table>\n",
            self.picture()
        );
        out.push_str("<tr><th>line</th><th>state</th><th>way</th><th>times</th><th>cases</th></tr>\n");
        let model = self.program.model();
        let takers: BTreeMap<Goal, &Takers> = self.goals.iter().copied().zip(&self.takers).collect();
        for transition in model.transitions() {
            let goal = Goal::Transition(transition.id);
            let name = |id| model.state(id).map_or("", |state| &*state.name);
            let Takers { names, more } = takers.get(&goal).copied().cloned().unwrap_or_default();
            let mut shown = names.iter().map(|name| xml_text(name)).collect::<Vec<_>>().join("<br>");
            if more > 0 {
                let _ = write!(shown, "<br>and {more} more");
            }
            let to = transition.to.map_or("", name);
            let count = self.taken.count(goal);
            let class = if count == 0 { " class=\"missed\"" } else { "" };
            let _ = writeln!(
                out,
                "<tr{class}><td>{}</td><td>{}</td><td>{}{}</td><td>{count}</td><td>{shown}</td></tr>",
                self.line(goal, &lines),
                xml_text(name(transition.from)),
                xml_text(&way(transition.kind)),
                if to.is_empty() { String::new() } else { format!(" → {}", xml_text(to)) },
            );
        }
        out.push_str("</table>\n</details>\n</section>\n");
        out
    }
}

/// `Catcher 1`
fn way(kind: TransitionKind) -> String {
    match kind {
        TransitionKind::Next => "Next".to_owned(),
        TransitionKind::End => "End".to_owned(),
        TransitionKind::Default => "Default".to_owned(),
        TransitionKind::ChoiceRule(at) => format!("rule {}", at + 1),
        TransitionKind::Retrier(at) => format!("Retrier {}", at + 1),
        TransitionKind::Catcher(at) => format!("Catcher {}", at + 1),
    }
}

/// How often each state and each transition was taken.
pub(crate) fn marks(program: &Program, taken: &Taken) -> Marks {
    let mut marks = Marks::default();
    let status = |count| if count > 0 { Status::Succeeded } else { Status::NotReached };
    let model = program.model();
    for state in model.states() {
        let count = taken.count(Goal::State(state.id));
        marks.mark_state(state.id, Mark { status: status(count), count, millis: None });
    }
    for transition in model.transitions() {
        let count = taken.count(Goal::Transition(transition.id));
        marks.mark_transition(transition.id, Mark { status: status(count), count, millis: None });
    }
    marks
}

/// One page with all definitions; it needs nothing else.
fn page(covered: &[Covered<'_>]) -> String {
    const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
h2 small{font-weight:normal;opacity:.7}figure{margin:1rem 0;overflow:auto}table{border-collapse:collapse;width:100%}\
td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;text-align:left;vertical-align:top}\
.missed td{color:#b00020}@media(prefers-color-scheme:dark){.missed td{color:#ff8a80}}";
    let sections: String = covered.iter().map(Covered::section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Coverage</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>Coverage</h1>\n{sections}</body>\n</html>\n"
    )
}
