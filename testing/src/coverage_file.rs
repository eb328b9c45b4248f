//! What earlier runs have taken of definitions, as `asl test --coverage-json` writes it.

use asl_engine::{Program, Value};

use crate::coverage::{Taken, goals};

/// The coverage that a run has written.
#[derive(Clone, Debug)]
pub struct CoverageFile(Vec<CoveredBefore>);

/// What was taken of one definition.
#[derive(Clone, Debug)]
pub struct CoveredBefore {
    /// The definition, as it was named then.
    pub definition: String,
    /// The fingerprint of its program.
    fingerprint: String,
    /// How often each goal was reached, in their order, and the first cases that did.
    goals: Vec<(u64, Vec<String>)>,
}

/// The text is no coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no coverage as --coverage-json writes it")]
pub struct NoCoverage;

impl CoverageFile {
    /// Reads the text of a file that `--coverage-json` has written.
    pub fn parse(text: &str) -> Result<Self, NoCoverage> {
        let read = text.parse::<Value>().map_err(|_| NoCoverage)?;
        let definitions = read.get("definitions").and_then(Value::as_array).ok_or(NoCoverage)?;
        definitions.iter().map(CoveredBefore::read).collect::<Option<_>>().map(Self).ok_or(NoCoverage)
    }

    /// The definitions that it is about.
    pub fn definitions(&self) -> &[CoveredBefore] {
        &self.0
    }
}

impl CoveredBefore {
    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let goals = value.get("goals")?.as_array()?.iter().map(|goal| {
            let names = goal.get("cases").and_then(Value::as_array).into_iter().flat_map(|names| names.iter());
            let names = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
            Some((u64::try_from(goal.get("count")?.as_i64()?).ok()?, names))
        });
        Some(Self {
            definition: text("definition")?,
            fingerprint: text("fingerprint")?,
            goals: goals.collect::<Option<_>>()?,
        })
    }

    /// Whether it is about this program, and no other version of it.
    pub fn is_of(&self, program: &Program) -> bool {
        *self.fingerprint == **program.fingerprint() && self.goals.len() == goals(program).len()
    }

    /// What was taken of the program that it is about.
    pub fn taken(&self, program: &Program) -> Taken {
        let counts = goals(program).into_iter().zip(self.goals.iter().map(|(count, _)| *count));
        Taken::of_counts(program.model(), counts)
    }

    /// The first cases that reached each goal, in the order of [`goals`].
    pub fn cases(&self) -> impl Iterator<Item = &[String]> {
        self.goals.iter().map(|(_, names)| &names[..])
    }
}
