//! The data on its way through one visit to a state.
//!
//! A history has what came in, what was sent, what was answered and what went out. What the fields of the state have made of it in
//! between is made again, by the interpreter, with what was recorded in the place of the work (`TestState`).

use std::path::Path;
use std::sync::Arc;

use asl_engine::model::StateNode;
use asl_engine::test_state::{Configuration, FieldValidation, HandlerKind, Mock, Stage, TestState, Tested, Verdict};
use asl_engine::{Failure, Program, StateType, Timestamp, Value};
use asl_history::{Answer, Attempt, Course, FrameKind, Visit, VisitAt};
use asl_project::yaml::{self, Tree};
use asl_project::{Details, LOGS, logged};
use asl_runtime::lambda::FunctionArn;

use super::course::{attempt_status, times};
use super::recorded::RecordedExecution;
use super::{Query, number, object};
use crate::api::error::ApiError;
use crate::server::Shared;

/// The attempts of which it is told which Retrier took the error.
const EXPLAINED_ATTEMPTS: usize = 20;

/// How many lines of a log are told.
const LOG_LINES: usize = 500;

/// What stands for a task token: the token is in no event.
const TOKEN: &str = "(the task token)";

/// What came of the work of a state.
enum Work {
    /// It has none.
    None,
    /// Nothing yet.
    Open,
    /// A result or an error.
    Done(Mock),
}

/// Whether the task of a resource has a token in its context object.
fn has_token(resource: &str) -> bool {
    [".sync", ".sync:2", ".waitForTaskToken"].iter().any(|pattern| resource.ends_with(pattern))
}

/// What there is to tell of a visit.
struct Subject<'a> {
    /// The folder for data.
    data: &'a Path,
    details: &'a Details,
    program: &'a Program,
    course: &'a Course,
    at: VisitAt,
    visit: &'a Visit,
    node: &'a StateNode,
    /// The state in the definition.
    fields: Option<&'a Tree>,
}

/// `stages`, `attempts` and all else of the visit at this position of the course.
pub(super) fn of_visit(shared: &Arc<Shared>, query: &Query) -> Result<Value, ApiError> {
    let RecordedExecution { details, program, course, .. } = RecordedExecution::asked(shared, query)?;
    let at = usize::try_from(query.number("visit")?).unwrap_or(usize::MAX);
    let unknown = || ApiError::validation(format!("the execution has no visit {at} to a state"));
    let visit = course.visits.get(at).ok_or_else(unknown)?;
    let node = program.model().states().iter().find(|state| state.name == visit.name).ok_or_else(unknown)?;
    // The source of a program is JSON, which is YAML.
    let document = yaml::read(program.source()).ok().and_then(|document| document.root);
    let fields = document.as_ref().and_then(|root| member_at(root, node.span.start));
    let data = &*shared.data;
    let subject = Subject { data, details: &details, program: &program, course: &course, at, visit, node, fields };
    Ok(subject.told())
}

/// The value of the member whose name stands at this place.
fn member_at(tree: &Tree, name: usize) -> Option<&Tree> {
    // The last one that begins before it is around it.
    let members = tree.members();
    if let Some(member) = members.iter().take_while(|member| member.span.start <= name).last() {
        return if member.span.start == name { Some(&member.value) } else { member_at(&member.value, name) };
    }
    let items = tree.items();
    member_at(items.iter().take_while(|item| item.span.start <= name).last()?, name)
}

impl Subject<'_> {
    fn told(&self) -> Value {
        let is_jsonata = self.is_jsonata();
        let variables = variables(self.course, self.at);
        let retries = self.visit.attempts.len().saturating_sub(1);
        let work = self.work();
        let is_open = matches!(work, Ok(Work::Open));
        let tested = work.and_then(|work| self.test(&variables, work, retries));
        let last = self.visit.attempts.last();
        let failure = self.visit.evaluation.as_ref().or_else(|| last?.answer.as_ref());
        let (error, cause) = match failure {
            Some(Answer::Failed { error, cause }) => (error.clone(), cause.clone()),
            _ => (None, None),
        };
        let catcher = tested.as_ref().ok().and_then(|tested| {
            let taken = tested
                .handlers
                .iter()
                .find(|handler| is_taken_by(handler.kind, handler.verdict, HandlerKind::Catcher))?;
            Some(object([("index", Some(number(taken.index))), ("next", tested.next_state.clone().map(Value::from))]))
        });
        let problem = match &tested {
            Err(why) => Some(why.clone()),
            Ok(tested) => self.difference(tested).filter(|_| !is_open),
        };
        let catcher = catcher.filter(|_| !is_open);
        object([
            ("visit", Some(number(self.at))),
            ("path", Some(self.course.path(self.at).into())),
            ("state", Some(self.node.path.clone().into())),
            ("type", Some(self.node.state_type.name().into())),
            ("status", Some(self.visit.status.name().into())),
            ("queryLanguage", Some(if is_jsonata { "JSONata" } else { "JSONPath" }.into())),
            ("stages", Some(self.stages(tested.as_ref().ok(), is_jsonata))),
            ("variables", Some(variables.clone())),
            ("assigned", self.visit.assigned.clone()),
            ("attempts", Some(self.attempts(&variables))),
            ("catcher", catcher),
            ("next", self.next().map(Value::from)),
            ("error", error.map(Value::from)),
            ("cause", cause),
            ("problem", problem.map(Value::from)),
        ])
    }

    fn is_jsonata(&self) -> bool {
        let language = |tree: Option<&Tree>| tree?.get("QueryLanguage")?.text().map(|language| language == "JSONata");
        let machine =
            || self.program.source().parse::<Value>().ok()?["QueryLanguage"].as_str().map(|it| it == "JSONata");
        language(self.fields).or_else(machine).unwrap_or_default()
    }

    /// What came of the work of the state. An error where nothing is known of it.
    fn work(&self) -> Result<Work, String> {
        let answer = self.visit.attempts.last().and_then(|last| last.answer.as_ref());
        match (self.node.state_type, answer) {
            (StateType::Task | StateType::Map | StateType::Parallel, None) => Ok(Work::Open),
            (StateType::Task | StateType::Map | StateType::Parallel, Some(failed @ Answer::Failed { .. })) => {
                Ok(Work::Done(Mock::error(failure(failed))))
            }
            (StateType::Task, Some(Answer::Succeeded(result))) => {
                Ok(Work::Done(Mock::result(result.clone().unwrap_or_default())))
            }
            (StateType::Map | StateType::Parallel, Some(Answer::Succeeded(_))) => {
                match self.visit.attempts.last().is_some_and(|last| last.map_run_arn.is_some()) {
                    true => Err("the results are those of the child executions of its Map Run".to_owned()),
                    false => Ok(Work::Done(Mock::result(self.results()))),
                }
            }
            _ => Ok(Work::None),
        }
    }

    /// What the branches or iterations of the last attempt gave, in their order.
    fn results(&self) -> Value {
        let attempt = self.visit.attempts.len().saturating_sub(1);
        let frames = self.course.frames.iter().filter(|frame| frame.owner == Some((self.at, attempt)));
        let mut frames: Vec<_> = frames.collect();
        frames.sort_by_key(|frame| match frame.kind {
            FrameKind::Iteration(index) | FrameKind::Child(index) => index,
            FrameKind::Branch | FrameKind::Execution => 0,
        });
        let output = |visits: &[VisitAt]| self.course.visits.get(*visits.last()?)?.output.clone();
        frames.into_iter().map(|frame| output(&frame.visits).unwrap_or_default()).collect()
    }

    /// Runs the state again with this in the place of its work.
    fn test(&self, variables: &Value, work: Work, retries: usize) -> Result<Tested, String> {
        let mock = match work {
            Work::None => None,
            // What it is asked with is known all the same.
            Work::Open => Some(Mock::error(Failure::new("States.TaskFailed", "it has not ended"))),
            Work::Done(mock) => Some(mock),
        };
        let input = self.visit.input.clone().ok_or("its input is not in the history")?;
        let test = TestState {
            state_name: Some(&self.node.name),
            variables: variables.clone(),
            mock: mock.map(|mock| Mock { field_validation: FieldValidation::None, ..mock }),
            configuration: Configuration {
                retrier_retry_count: u32::try_from(retries).ok().filter(|_| !self.visit.attempts.is_empty()),
                ..Configuration::default()
            },
            context: Some(self.context(retries)),
            at: self.visit.span.from.unwrap_or_default(),
            ..TestState::new(self.program.source(), input)
        };
        test.run().map_err(|refused| refused.message)
    }

    /// The context object, as far as a history tells.
    fn context(&self, retries: usize) -> Value {
        let Details { arn, started, more, .. } = self.details;
        let time = |at: Timestamp| Value::from(at.to_string());
        let machine = more.state_machine_arn.split('/').next().unwrap_or_default();
        let execution = Value::from([
            ("Id", Value::from(arn.clone())),
            ("Input", more.input.parse().unwrap_or_default()),
            ("Name", more.name.clone().into()),
            ("StartTime", time(*started)),
        ]);
        let state = Value::from([
            ("EnteredTime", time(self.visit.span.from.unwrap_or_default())),
            ("Name", self.visit.name.clone().into()),
            ("RetryCount", number(retries)),
        ]);
        let name = machine.rsplit(':').next().unwrap_or_default();
        let machine = Value::from([("Id", Value::from(machine)), ("Name", name.into())]);
        let mut members = vec![("Execution", execution), ("State", state), ("StateMachine", machine)];
        if has_token(self.field("Resource").and_then(Tree::text).unwrap_or_default()) {
            members.push(("Task", Value::from([("Token", Value::from(TOKEN))])));
        }
        members.into_iter().collect()
    }

    /// The data at each stage that the state has a field for, and what came in, of it, and out.
    fn stages(&self, tested: Option<&Tested>, is_jsonata: bool) -> Value {
        let mut stages = Vec::new();
        let made = tested.map(|tested| &*tested.stages).unwrap_or_default();
        let input = self.visit.input.clone();
        stages.extend(input.map(|input| self.stage("Input", None, None, input)));
        for (stage, data) in made {
            let (name, field) = named(*stage);
            let compared = match stage {
                Stage::AfterResultPath => Some("Input"),
                _ => None,
            };
            let is_told = field.is_none_or(|field| self.field(field).is_some());
            if is_told && !stage.is_number() && *stage != Stage::Input {
                // What was sent is known as it was, with the token.
                let sent = || self.visit.attempts.last()?.sent.as_ref()?.get("parameters").cloned();
                let is_sent = matches!(stage, Stage::AfterParameters | Stage::AfterArguments);
                let data = if is_sent { sent() } else { None }.unwrap_or_else(|| data.clone());
                stages.push(self.stage(name, field, compared, data));
            }
        }
        let field = if is_jsonata { "Output" } else { "OutputPath" };
        let output = self.visit.output.clone();
        stages.extend(output.map(|output| self.stage("Output", Some(field), None, output)));
        stages.into_iter().collect()
    }

    fn stage(&self, name: &str, field: Option<&str>, compared: Option<&str>, data: Value) -> Value {
        let size = data.to_string().len();
        object([
            ("name", Some(name.into())),
            ("isNew", (name == "Result").then(|| true.into())),
            ("comparedWith", compared.map(Value::from)),
            ("size", Some(number(size))),
            ("expression", field.and_then(|field| self.expression(field))),
            ("data", Some(data)),
        ])
    }

    fn field(&self, name: &str) -> Option<&Tree> {
        self.fields?.get(name)
    }

    /// A field of the state as it stands in the definition, and where.
    fn expression(&self, field: &str) -> Option<Value> {
        let tree = self.field(field)?;
        let text = tree.text().map_or_else(|| format!("{:#}", tree.value()), str::to_owned);
        let (line, column) = tree.span.line_column(self.program.source());
        Some(Value::from([
            ("field", Value::from(field)),
            ("text", text.into()),
            ("line", number(line)),
            ("column", number(column)),
        ]))
    }

    fn attempts(&self, variables: &Value) -> Value {
        let attempts = &self.visit.attempts;
        attempts
            .iter()
            .enumerate()
            .map(|(at, attempt)| self.attempt(at, attempt, attempts.get(at + 1), variables))
            .collect()
    }

    fn attempt(&self, at: usize, attempt: &Attempt, next: Option<&Attempt>, variables: &Value) -> Value {
        let [from, to] = times(attempt.span);
        let (output, error, cause) = match &attempt.answer {
            Some(Answer::Succeeded(output)) => (output.clone(), None, None),
            Some(Answer::Failed { error, cause }) => (None, error.clone(), cause.clone()),
            None => (None, None, None),
        };
        let retrier = match (&attempt.answer, next) {
            (Some(failed @ Answer::Failed { .. }), Some(next)) if at < EXPLAINED_ATTEMPTS => {
                let tested = self.test(variables, Work::Done(Mock::error(failure(failed))), at).ok();
                let taken = tested.as_ref().and_then(|tested| {
                    tested
                        .handlers
                        .iter()
                        .find(|handler| is_taken_by(handler.kind, handler.verdict, HandlerKind::Retrier))
                });
                let waited = attempt.span.to.zip(next.span.from).map(|(to, from)| from.0.saturating_sub(to.0));
                Some(object([
                    ("index", taken.map(|taken| number(taken.index))),
                    ("waitMillis", waited.map(Value::from)),
                ]))
            }
            _ => None,
        };
        object([
            ("number", Some(number(at + 1))),
            ("from", from),
            ("to", to),
            ("status", Some(attempt_status(attempt).into())),
            ("sent", attempt.sent.clone()),
            ("submitted", attempt.submitted.as_ref().map(|(_, output)| output.clone())),
            ("output", output),
            ("error", error.map(Value::from)),
            ("cause", cause),
            ("retrier", retrier),
            ("log", self.log(attempt)),
            ("mapRunArn", attempt.map_run_arn.clone().map(Value::from)),
        ])
    }

    /// What the function that was called has printed meanwhile, also for others that have called it then.
    fn log(&self, attempt: &Attempt) -> Option<Value> {
        let sent = attempt.sent.as_ref()?;
        let function = match sent["parameters"]["FunctionName"].as_str() {
            Some(named) => FunctionArn::named(named, &self.details.arn),
            None => {
                sent["resource"].as_str().filter(|resource| resource.contains(":function:")).map(FunctionArn::of)?
            }
        };
        let lines = logged(&self.data.join(LOGS), attempt.span.from?, attempt.span.to).ok()?;
        let lines = lines.into_iter().filter(|line| line.function == function.name).take(LOG_LINES);
        let lines: Vec<Value> = lines.map(|line| format!("{} {}", line.at, line.text).into()).collect();
        (!lines.is_empty()).then(|| lines.into())
    }

    /// The state that was entered next in the same Frame.
    fn next(&self) -> Option<Arc<str>> {
        let visits = &self.course.frames.get(self.visit.frame)?.visits;
        let next = visits.iter().skip_while(|visit| **visit != self.at).nth(1)?;
        Some(self.course.visits.get(*next)?.name.clone())
    }

    /// What is said where the state comes to something else than it did, now that it is run again.
    fn difference(&self, tested: &Tested) -> Option<String> {
        let is_other = match (&tested.output, &self.visit.output) {
            (Some(made), Some(recorded)) => made != recorded,
            (None, Some(_)) => true,
            _ => false,
        };
        let what = "made again with what was recorded, the state gives another output: its fields depend on the time, on chance or on \
                    the item of a Map state, and the stages between input and output may have been others";
        is_other.then(|| what.to_owned())
    }
}

/// The variables as they were when a state was entered: those of the states before it in its Frame, over those that this was forked with.
pub(super) fn variables(course: &Course, at: VisitAt) -> Value {
    let mut frames = vec![(course.visits[at].frame, at)];
    while let Some((owner, _)) = frames.last().and_then(|(frame, _)| course.frames.get(*frame)?.owner) {
        frames.push((course.visits[owner].frame, owner));
    }
    let assigned = frames.into_iter().rev().flat_map(|(frame, before)| {
        let visits = course.frames[frame].visits.iter().take_while(move |visit| **visit != before);
        visits.filter_map(|visit| course.visits.get(*visit)?.assigned.as_ref()?.as_object())
    });
    let mut variables: Vec<(Arc<str>, Value)> = Vec::new();
    for (name, value) in assigned.flat_map(|assigned| assigned.iter()) {
        // Assigned values are texts of JSON.
        let value = value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| value.clone());
        variables.retain(|(known, _)| known != name);
        variables.push((name.clone(), value));
    }
    variables.into_iter().collect()
}

fn is_taken_by(kind: HandlerKind, verdict: Verdict, wanted: HandlerKind) -> bool {
    kind == wanted && verdict == Verdict::Takes
}

fn failure(answer: &Answer) -> Failure {
    match answer {
        Answer::Succeeded(_) => Failure::default(),
        Answer::Failed { error, cause } => {
            let cause = cause.as_ref().map(|cause| cause.as_str().map_or_else(|| cause.to_string().into(), Into::into));
            Failure { error: error.clone(), cause, ..Failure::default() }
        }
    }
}

/// What a stage is called, and the field that makes it.
fn named(stage: Stage) -> (&'static str, Option<&'static str>) {
    let field = match stage {
        Stage::Input => return ("Input", None),
        Stage::Result => return ("Result", None),
        Stage::AfterInputPath => "InputPath",
        Stage::AfterParameters => "Parameters",
        Stage::AfterArguments => "Arguments",
        Stage::AfterItemsPath => "ItemsPath",
        Stage::AfterItemsPointer => "ItemsPointer",
        Stage::AfterItemSelector => "ItemSelector",
        Stage::AfterItemBatcher => "ItemBatcher",
        Stage::AfterResultSelector => "ResultSelector",
        Stage::AfterResultPath => "ResultPath",
        Stage::MaxConcurrency => "MaxConcurrency",
        Stage::ToleratedFailureCount => "ToleratedFailureCount",
        Stage::ToleratedFailurePercentage => "ToleratedFailurePercentage",
    };
    (field, Some(field))
}
