//! What a mocked task answers.

use asl_engine::{Failure, Jsonata, Value};
use asl_project::yaml::{Tree, TreeKind};

use crate::fields::Fields;
use crate::matcher::{evaluate, expression, jsonata};
use crate::problem::{Problem, Problems};

/// One answer of a mocked task.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    /// What comes of it.
    pub(crate) work: Work,
    /// How long that takes, in milliseconds.
    pub(crate) after: i64,
    /// How often whoever works on it says so, in milliseconds; none where nobody does.
    pub(crate) heartbeat: Option<i64>,
    /// What the job that `.sync` waits for, or the token of `.waitForTaskToken`, was submitted as.
    pub(crate) submitted: Option<Template>,
    /// What the worker of an activity calls itself.
    pub(crate) worker: Option<String>,
}

/// What comes of a mocked task.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// A result.
    Result(Template),
    /// A failure.
    Fails(Failure),
    /// Nothing, until its time is over.
    TimesOut(Failure),
    /// Nothing at all.
    NeverAnswers,
    /// Nothing but time: of a Wait state.
    Takes,
}

/// A value in which texts with `{% … %}` are computed from what the task was sent.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    Value(Value),
    Computed(Jsonata, String),
    List(Vec<Template>),
    Object(Vec<(String, Template)>),
}

impl Template {
    pub(crate) fn read(tree: &Tree, problems: &mut Problems) -> Option<Self> {
        if let Some(text) = tree.text().and_then(expression) {
            return jsonata(tree, text, problems).map(|read| Self::Computed(read, text.to_owned()));
        }
        match &tree.kind {
            TreeKind::List(items) => {
                let items = items.iter().map(|item| Self::read(item, problems)).collect::<Option<Vec<_>>>()?;
                let plain = items.iter().map(Self::plain).collect::<Option<Value>>();
                Some(plain.map_or(Self::List(items), Self::Value))
            }
            TreeKind::Object(members) => {
                let read =
                    members.iter().map(|member| Some((member.name.to_string(), Self::read(&member.value, problems)?)));
                let members = read.collect::<Option<Vec<_>>>()?;
                let plain = members.iter().map(|(name, member)| Some((name.as_str(), member.plain()?)));
                Some(plain.collect::<Option<Value>>().map_or(Self::Object(members), Self::Value))
            }
            TreeKind::Plain(_) | TreeKind::Text(_) | TreeKind::Call(_) => Some(Self::Value(tree.value())),
        }
    }

    fn plain(&self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            _ => None,
        }
    }

    /// The value, for what a task was sent; the error says which expression gives none.
    pub(crate) fn value(&self, sent: &Value) -> Result<Value, String> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Computed(read, text) => match evaluate(read, sent) {
                Ok(Some(value)) => Ok(value),
                Ok(None) => Err(format!("{{% {text} %}} gives nothing for {sent}")),
                Err(error) => Err(format!("{{% {text} %}} fails for {sent}: {error}")),
            },
            Self::List(items) => items.iter().map(|item| item.value(sent)).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, member)| Ok((name.as_str(), member.value(sent)?))).collect()
            }
        }
    }
}

impl Response {
    /// Reads an answer; `None`, with problems, where it is none.
    pub(crate) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Self> {
        let before = problems.0.len();
        let computed = fields.take("result").map(|tree| Template::read(tree, problems));
        let as_is = |tree: &Tree| Template::Value(tree.value());
        let result = computed.or(fields.take("result_as_is").map(|tree| Some(as_is(tree))));
        // An error that has no name is `null`.
        let is_nameless = fields.take("error").is_some_and(|tree| tree.value() == Value::Null);
        let error = if is_nameless { None } else { fields.text("error", problems) };
        let cause = fields.text("cause", problems);
        let times_out = fields.truth("timeout", problems) == Some(true);
        let never = fields.truth("no_answer", problems) == Some(true);
        let after = fields.duration("after", problems);
        let heartbeat = fields.duration("heartbeat", problems);
        let submitted = fields.take("submitted").and_then(|tree| Template::read(tree, problems));
        let submitted = submitted.or(fields.take("submitted_as_is").map(as_is));
        let worker = fields.text("worker", problems).map(str::to_owned);
        let fails = !times_out && (is_nameless || error.is_some() || cause.is_some());
        let given = [result.is_some(), fails, times_out, never].into_iter().filter(|given| *given).count();
        let failure = Failure { error: error.map(Into::into), cause: cause.map(Into::into), ..Failure::default() };
        let work = match (given, result) {
            (1, Some(result)) => Work::Result(result?),
            (1, None) if times_out => {
                let error = failure.error.clone().or_else(|| Some("States.Timeout".into()));
                Work::TimesOut(Failure { error, ..failure })
            }
            (1, None) if never => Work::NeverAnswers,
            // AWS takes no error for a time that is over where nothing says how long it may take.
            (1, None) if failure.error.as_deref() == Some("States.Timeout") => Work::TimesOut(failure),
            (1, None) => Work::Fails(failure),
            (0, _) if after.is_some() => Work::Takes,
            // It says something that is no answer.
            (0, _) if problems.0.len() > before => return None,
            (0, _) => {
                let problem = Problem::new(fields.span(), "this answer says nothing");
                problems.add(problem.help("it needs one of result, error, timeout: true and no_answer: true"));
                return None;
            }
            _ => {
                let problem = Problem::new(fields.span(), "this answer says several things at once");
                problems.add(problem.help("it has one of result, error, timeout and no_answer"));
                return None;
            }
        };
        Some(Self { work, after: after.unwrap_or(0), heartbeat, submitted, worker })
    }
}
