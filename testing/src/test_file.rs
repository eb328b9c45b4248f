//! Test files: `NAME.test.yaml` beside a definition.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_engine::{Diagnostic, Program, Span, Timestamp, Value};
use asl_project::yaml::{self, Tree, TreeKind, YamlError};
use asl_project::{Definition, DefinitionError, DefinitionName, Substitution, Substitutions, read_text, read_text_of};

use crate::expectations::Expectations;
use crate::fields::{Fields, kind};
use crate::mock_config::{self, ConfiguredCase};
use crate::mocks::Mocks;
use crate::problem::{Problem, Problems};
use crate::state_case::StateCase;
use crate::state_machines::{StartedMocks, StateMachines};

/// What the names of test files end with.
pub const ENDINGS: [&str; 3] = [".test.yaml", ".test.yml", ".test.json"];

/// What the names of definitions end with that a test file of the same name is for.
pub(crate) const DEFINITIONS: [&str; 6] = [".asl.json", ".asl.yaml", ".asl.yml", ".json", ".yaml", ".yml"];

/// A test file, with the definition that it tests.
#[derive(Debug)]
pub struct TestFile {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The definition.
    pub definition: Definition,
    /// What runs.
    pub program: Arc<Program>,
    /// Its cases, in their order.
    pub cases: Vec<Case>,
    pub(crate) state_machines: StateMachines,
}

/// One case of a test file.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The place of its name.
    pub span: Span,
    /// What the execution is started with.
    pub(crate) input: Value,
    /// When it starts.
    pub(crate) start: Timestamp,
    /// The name or the ARN of the execution.
    pub(crate) execution: String,
    /// Its role.
    pub(crate) role: Option<String>,
    /// Where its random numbers start, where the case says so.
    pub(crate) seed: Option<u64>,
    pub(crate) mocks: Mocks,
    pub(crate) started_mocks: StartedMocks,
    pub(crate) expectations: Expectations,
    /// The one state that it is about, where it is not about an execution.
    pub(crate) state: Option<Box<StateCase>>,
}

impl Case {
    /// What the execution is started with; none where the case is about one state.
    pub fn input(&self) -> Option<&Value> {
        self.state.is_none().then_some(&self.input)
    }
}

/// Why the tests of a file cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TestFileError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its text is no test file.
    #[error("{} is no test file", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Its text.
        text: String,
        /// What is wrong.
        problems: Vec<Problem>,
    },
    /// There is no definition of its name beside it.
    #[error("{} tests no definition: there is none of {} beside it", file.display(), looked_for.join(", "))]
    NoDefinition {
        /// The file.
        file: PathBuf,
        /// The names that were looked for.
        looked_for: Vec<String>,
    },
    /// The definition cannot be read.
    #[error("{}: the definition cannot be read: {source}", file.display())]
    Definition {
        /// The test file.
        file: PathBuf,
        /// Why.
        source: DefinitionError,
    },
    /// The definition is not one that runs.
    #[error("{} tests a definition with errors", file.display())]
    Program {
        /// The test file.
        file: PathBuf,
        /// The definition.
        definition: Box<Definition>,
        /// What is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
}

impl TestFile {
    /// Reads a test file and the definition that it tests.
    pub fn read(path: &Path) -> Result<Self, TestFileError> {
        Self::parse(path, read(path)?)
    }

    /// As [`TestFile::read`]; a mock configuration file of AWS Step Functions Local has the cases of all its state machines, whose
    /// definitions stand beside it. They have to succeed.
    pub fn read_all(path: &Path) -> Result<Vec<Self>, TestFileError> {
        let text = read(path)?;
        match yaml::read(&text) {
            Ok(document) if document.root.as_ref().is_some_and(mock_config::is_mock_config) => {
                Self::configured(path, &text, document.root.as_ref())
            }
            _ => Ok(vec![Self::parse(path, text)?]),
        }
    }

    /// The test files that say what a mock configuration file says: one for each of its state machines, called like them and beside
    /// it, with its text. `None` for any other file.
    pub fn converted(path: &Path) -> Result<Option<Vec<(PathBuf, String)>>, TestFileError> {
        let text = read(path)?;
        let document = yaml::read(&text).ok();
        let Some(root) = document.and_then(|document| document.root).filter(mock_config::is_mock_config) else {
            return Ok(None);
        };
        let written = Self::configured(path, &text, Some(&root))?.into_iter().map(|file| {
            let cases = file.cases.iter().map(|case| (&*case.name, &case.mocks));
            let named = path.with_file_name(format!("{}{}", file.machine(), ENDINGS[0]));
            (named, mock_config::test_file(cases, &file.program))
        });
        Ok(Some(written.collect()))
    }

    fn configured(path: &Path, text: &str, root: Option<&Tree>) -> Result<Vec<Self>, TestFileError> {
        let mut files = Vec::new();
        for machine in root.map(mock_config::machines).unwrap_or_default() {
            let definition = beside(path, &machine.name, &Substitutions::default())?;
            let program = program(path, definition)?;
            let (definition, program) = (program.0, program.1);
            let mut problems = Problems::default();
            let cases = root.map(|root| mock_config::cases(root, machine, &program, &mut problems)).unwrap_or_default();
            if !problems.0.is_empty() {
                return Err(TestFileError::Invalid {
                    file: path.to_owned(),
                    text: text.to_owned(),
                    problems: problems.0,
                });
            }
            let cases = cases.into_iter().map(|case| Case {
                name: case.name,
                span: case.span,
                input: Value::empty_object(),
                start: START,
                execution: "test".to_owned(),
                role: None,
                seed: None,
                mocks: case.mocks,
                started_mocks: StartedMocks::new(),
                expectations: Expectations::at(case.span),
                state: None,
            });
            let cases = cases.collect();
            let state_machines = StateMachines::read(None, path, &program, &Substitutions::default(), &mut problems)?;
            let (path, text) = (path.to_owned(), text.to_owned());
            files.push(Self { path, text, definition, program, cases, state_machines });
        }
        Ok(files)
    }

    /// Reads the text of a test file; its definition is read from its file.
    pub fn parse(path: &Path, text: String) -> Result<Self, TestFileError> {
        let mut problems = Problems::default();
        let root = match yaml::read(&text) {
            Ok(document) => document.root,
            Err(YamlError { message, span }) => {
                let problem = Problem::new(span, format!("this is not YAML: {message}"));
                let is_tab = message.starts_with("tabs ");
                problems.add(if is_tab { problem.help("YAML is indented with spaces") } else { problem });
                None
            }
        };
        let invalid = |text: String, Problems(mut problems): Problems| {
            problems.sort_by_key(|problem| problem.span.start);
            Err(TestFileError::Invalid { file: path.to_owned(), text, problems })
        };
        let Some(root) = root else {
            if problems.0.is_empty() {
                problems.add(Problem::new(Span::default(), "the file is empty").help(SHAPE));
            }
            return invalid(text, problems);
        };
        if root.get("StartAt").is_some() && root.get("cases").is_none() {
            let problem = Problem::new(root.span, "this is a definition, and no test file");
            problems.add(problem.help("its test file is called like it: order.test.yaml for order.asl.json"));
            return invalid(text, problems);
        }
        repeated(&root, &mut problems);
        let Some(mut fields) = Fields::of(&root, "a test file", &mut problems) else {
            problems.0.iter_mut().rev().take(1).for_each(|problem| problem.help = Some(SHAPE.to_owned()));
            return invalid(text, problems);
        };
        let named = fields.text("definition", &mut problems);
        let substitutions = substitutions(fields.take("substitutions"), &mut problems);
        let state_machines = fields.take("state_machines");
        let defaults = fields.take("defaults");
        let cases = fields.take("cases");
        let config = fields.text("mock_config", &mut problems).map(|config| (config, fields.name_span("mock_config")));
        fields.end(&mut problems);
        let definition = match definition(path, named, &substitutions) {
            // `defintion: order.asl.json` is the reason why there is none.
            Err(TestFileError::NoDefinition { .. }) if !problems.0.is_empty() => return invalid(text, problems),
            definition => definition?,
        };
        let (definition, program) = program(path, definition)?;
        let folder = folder_of(path);
        let state_machines = StateMachines::read(state_machines, path, &program, &substitutions, &mut problems)?;
        let reader = Reader { program: &program, folder, state_machines: &state_machines };
        let defaults = defaults.map(|tree| reader.given(tree, "'defaults'", &mut problems)).unwrap_or_default();
        let mut cases = match cases {
            Some(tree) => reader.cases(tree, &defaults, &mut problems),
            None if config.is_some() => Vec::new(),
            None => {
                problems.add(Problem::new(root.span, "the file has no cases").help(SHAPE));
                Vec::new()
            }
        };
        if let Some((config, span)) = config {
            let configured = reader.configured(&folder.join(config), span, &definition.name(), &mut problems);
            for ConfiguredCase { name, mocks, .. } in configured {
                match cases.iter_mut().find(|case| case.name == name) {
                    Some(case) => case.mocks = std::mem::take(&mut case.mocks).or(&mocks),
                    None => {
                        let given = Given { mocks, ..Given::default() };
                        cases.push(reader.case(name, span, given, None, &defaults));
                    }
                }
            }
        }
        if !problems.0.is_empty() {
            return invalid(text, problems);
        }
        Ok(Self { path: path.to_owned(), text, definition, program, cases, state_machines })
    }

    /// The definition of a state machine that was started in a case.
    pub fn started(&self, name: &str) -> Option<(&Definition, &Arc<Program>)> {
        self.state_machines.definition(name)
    }

    /// The definitions that it is about, with what runs of them: its own, and those of state machines that may be started.
    pub fn programs(&self) -> impl Iterator<Item = (&Definition, &Arc<Program>)> {
        std::iter::once((&self.definition, &self.program)).chain(self.state_machines.programs())
    }

    /// The name of the state machine.
    pub fn machine(&self) -> String {
        self.definition.name()
    }
}

const SHAPE: &str = "cases:\n  - name: what is tested\n    input: {}\n    expect: {status: SUCCEEDED}";

/// Whether a file is called as test files are.
pub fn is_test_file(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    ENDINGS.iter().any(|ending| name.ends_with(ending) && name.len() > ending.len())
}

/// The definition that a test file names, or that is called like it.
fn definition(path: &Path, named: Option<&str>, substitutions: &Substitutions) -> Result<Definition, TestFileError> {
    let folder = folder_of(path);
    let read = |named: &Path| {
        let read = DefinitionName::from(named).read(substitutions);
        read.map_err(|source| TestFileError::Definition { file: path.to_owned(), source })
    };
    if let Some(named) = named {
        return read(&folder.join(named));
    }
    beside(path, &stem(path), substitutions)
}

/// What a test file is called, and its definition where it names none.
pub(crate) fn stem(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name).to_owned()
}

/// The folder that names in a test file start at. Stdin and the files of a process have none: there they start at the working folder.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let is_of_process = path == Path::new("-") || ["/dev/fd", "/proc"].iter().any(|folder| path.starts_with(folder));
    path.parent().filter(|_| !is_of_process).unwrap_or(Path::new(""))
}

fn read(path: &Path) -> Result<String, TestFileError> {
    let text = if path == Path::new("-") { read_text_of(io::stdin()) } else { read_text(path) };
    text.map_err(|source| TestFileError::Io { file: path.to_owned(), source })
}

/// What runs.
pub(crate) fn program(path: &Path, definition: Definition) -> Result<(Definition, Arc<Program>), TestFileError> {
    match definition.unfilled_program() {
        Ok(program) => Ok((definition, Arc::new(program))),
        Err(diagnostics) => {
            Err(TestFileError::Program { file: path.to_owned(), definition: Box::new(definition), diagnostics })
        }
    }
}

/// The definition of this name beside a file.
pub(crate) fn beside(path: &Path, stem: &str, substitutions: &Substitutions) -> Result<Definition, TestFileError> {
    let folder = folder_of(path);
    let read = |named: &Path| {
        let read = DefinitionName::from(named).read(substitutions);
        read.map_err(|source| TestFileError::Definition { file: path.to_owned(), source })
    };
    let looked_for: Vec<String> = DEFINITIONS.iter().map(|ending| format!("{stem}{ending}")).collect();
    match looked_for.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
        Some(found) => read(&found),
        None => Err(TestFileError::NoDefinition { file: path.to_owned(), looked_for }),
    }
}

/// Reports the names that stand twice in an object, where one of the two would be passed over.
fn repeated(tree: &Tree, problems: &mut Problems) {
    let mut names = HashSet::new();
    for member in tree.members() {
        if !names.insert(&*member.name) {
            problems.add(Problem::new(member.span, format!("'{}' stands twice in this object", member.name)));
        }
        repeated(&member.value, problems);
    }
    tree.items().iter().for_each(|item| repeated(item, problems));
}

pub(crate) fn substitutions(tree: Option<&Tree>, problems: &mut Problems) -> Substitutions {
    let mut all = Vec::new();
    for member in tree.map(Tree::members).unwrap_or_default() {
        let value = match &member.value.kind {
            TreeKind::Text(text) => text.to_string(),
            TreeKind::Plain(json) => json.clone(),
            _ => {
                let message = format!("a substitution is a text, a number or a Boolean, not {}", kind(&member.value));
                problems.add(Problem::new(member.value.span, message));
                continue;
            }
        };
        match format!("{}={value}", member.name).parse::<Substitution>() {
            Ok(substitution) => all.push(substitution),
            Err(_) => {
                let problem = Problem::new(member.span, format!("no placeholder is called '{}'", member.name));
                problems.add(problem.help("the name is what stands between the braces of ${NAME}"));
            }
        }
    }
    all.into_iter().collect()
}

/// What a case says, or all of them.
#[derive(Clone, Debug, Default)]
struct Given {
    input: Option<Value>,
    start: Option<Timestamp>,
    execution: Option<String>,
    role: Option<String>,
    seed: Option<u64>,
    mocks: Mocks,
    started_mocks: StartedMocks,
    expectations: Expectations,
}

struct Reader<'a> {
    program: &'a Program,
    folder: &'a Path,
    state_machines: &'a StateMachines,
}

impl Reader<'_> {
    fn cases(&self, tree: &Tree, defaults: &Given, problems: &mut Problems) -> Vec<Case> {
        let TreeKind::List(items) = &tree.kind else {
            problems.add(Problem::new(tree.span, format!("'cases' is a list, not {}", kind(tree))).help(SHAPE));
            return Vec::new();
        };
        if items.is_empty() {
            problems.add(Problem::new(tree.span, "the list of cases is empty").help(SHAPE));
        }
        let (mut cases, mut names): (Vec<Case>, HashSet<String>) = (Vec::new(), HashSet::new());
        for item in items {
            let Some(mut fields) = Fields::of(item, "a case", problems) else { continue };
            let name = fields.text("name", problems).map(str::to_owned);
            let span = fields.name_span("name");
            let state = fields.text("state", problems);
            let state = state.map(|state| Box::new(StateCase::read(state, &mut fields, self.program, problems)));
            let given = match &state {
                Some(_) => self.given_to_a_state(&mut fields, problems),
                None => self.given_in(&mut fields, problems),
            };
            fields.end(problems);
            let Some(name) = name else {
                if item.get("name").is_none() {
                    problems.add(Problem::new(item.span, "the case has no name").help("name: what is tested"));
                }
                continue;
            };
            let span = item.get("name").map_or(span, |name| name.span);
            if !names.insert(name.clone()) {
                problems.add(Problem::new(span, format!("two cases are called '{name}'")));
            }
            cases.push(self.case(name, span, given, state, defaults));
        }
        cases
    }

    /// A case, with what is said of all cases where it says nothing itself.
    fn case(&self, name: String, span: Span, given: Given, state: Option<Box<StateCase>>, defaults: &Given) -> Case {
        let mut expectations = given.expectations.or(&defaults.expectations);
        if expectations.span == Span::default() {
            expectations.span = span;
        }
        Case {
            name,
            span,
            input: given.input.or_else(|| defaults.input.clone()).unwrap_or_else(Value::empty_object),
            start: given.start.or(defaults.start).unwrap_or(START),
            execution: given.execution.or_else(|| defaults.execution.clone()).unwrap_or_else(|| "test".to_owned()),
            role: given.role.or_else(|| defaults.role.clone()),
            seed: given.seed.or(defaults.seed),
            mocks: given.mocks.or(&defaults.mocks),
            started_mocks: or(given.started_mocks, &defaults.started_mocks),
            expectations,
            state,
        }
    }

    /// The cases that a mock configuration file has for the machine.
    fn configured(&self, file: &Path, span: Span, machine: &str, problems: &mut Problems) -> Vec<ConfiguredCase> {
        let told = |why: String| Problem::new(span, format!("{}: {why}", file.display()));
        let read = read_text(file).map_err(|error| told(error.to_string()));
        let read = read.and_then(|text| yaml::read(&text).map_err(|error| told(error.message)));
        let root = match read {
            Ok(document) => document.root,
            Err(problem) => {
                problems.add(problem);
                return Vec::new();
            }
        };
        let Some(root) = root.filter(mock_config::is_mock_config) else {
            problems.add(told("this is no mock configuration file: it has no StateMachines".to_owned()));
            return Vec::new();
        };
        let machines = mock_config::machines(&root);
        let found = machines.iter().find(|member| &*member.name == machine);
        let Some(found) = found.or(if let [only] = machines { Some(only) } else { None }) else {
            let problem = told(format!("it has no state machine '{machine}'"));
            problems.add(problem.did_you_mean(machine, machines.iter().map(|member| &*member.name)));
            return Vec::new();
        };
        let mut inside = Problems::default();
        let cases = mock_config::cases(&root, found, self.program, &mut inside);
        // They have their places in the other file.
        for problem in inside.0 {
            let problem_here = told(problem.message);
            problems.add(Problem { help: problem.help, ..problem_here });
        }
        cases
    }

    fn given(&self, tree: &Tree, what: &'static str, problems: &mut Problems) -> Given {
        let Some(mut fields) = Fields::of(tree, what, problems) else { return Given::default() };
        let given = self.given_in(&mut fields, problems);
        fields.end(problems);
        given
    }

    /// What a case of one state has in common with others.
    fn given_to_a_state(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Given {
        let (input, start) = (self.input(fields, problems), start(fields, problems));
        Given { input, start, ..Given::default() }
    }

    fn given_in(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Given {
        let (input, start) = (self.input(fields, problems), start(fields, problems));
        let execution = fields.text("execution", problems).map(str::to_owned);
        let role = fields.text("role", problems).map(str::to_owned);
        let seed = fields.count("seed", problems);
        let mocks = fields.take("mocks").map(|tree| Mocks::read(tree, self.program, problems)).unwrap_or_default();
        let started_mocks = fields.take("state_machines").map(|tree| self.state_machines.mocks(tree, problems));
        let expectations =
            fields.take("expect").map(|tree| Expectations::read(tree, self.program, self.folder, problems));
        let (started_mocks, expectations) = (started_mocks.unwrap_or_default(), expectations.unwrap_or_default());
        Given { input, start, execution, role, seed, mocks, started_mocks, expectations }
    }

    fn input(&self, fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Value> {
        let input = fields.take("input").map(Tree::value);
        let input_file = fields.text("input_file", problems);
        let span = fields.name_span("input_file");
        match (input, input_file) {
            (Some(_), Some(_)) => {
                problems.add(Problem::new(span, "'input' and 'input_file' cannot both be there"));
                None
            }
            (input, None) => input,
            (None, Some(file)) => self.input_file(file, span, problems),
        }
    }

    fn input_file(&self, file: &str, span: Span, problems: &mut Problems) -> Option<Value> {
        let path = self.folder.join(file);
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) => {
                problems.add(Problem::new(span, format!("cannot read {}: {error}", path.display())));
                return None;
            }
        };
        // Read as a definition is: JSON, or YAML by its ending.
        let read = Definition::new(&path, text);
        let parsed = read
            .json()
            .map_err(|error| error.message)
            .and_then(|json| json.parse::<Value>().map_err(|error| error.to_string()));
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                problems.add(Problem::new(span, format!("{} is no JSON: {error}", path.display())));
                None
            }
        }
    }
}

/// The mocks of each state machine, and those of all cases that they do not replace.
fn or(mut own: StartedMocks, defaults: &StartedMocks) -> StartedMocks {
    for (name, mocks) in defaults {
        let of_case = own.remove(name).unwrap_or_default();
        own.insert(name.clone(), of_case.or(mocks));
    }
    own
}

fn start(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Timestamp> {
    fields.text("start", problems).and_then(|text| {
        let start = Timestamp::parse(text);
        if start.is_none() {
            let problem = Problem::new(fields.name_span("start"), format!("'start' is no time: {text:?}"));
            problems.add(problem.help("a time is written like 2024-02-29T12:00:00Z"));
        }
        start
    })
}

/// When executions start where nothing else is said: 2024-01-01T00:00:00Z.
const START: Timestamp = Timestamp(1_704_067_200_000);
