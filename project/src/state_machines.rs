//! `arn:aws:states:::states:startExecution` in this process: one state machine starts another.
//!
//! AWS developer guide, "Start a new AWS Step Functions state machine from a running execution".

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use asl_engine::{Execution, Failure, Object, Outcome, Program, Quotas, TaskRequest, Timestamp, Value};
use asl_runtime::tokio_host::{self, GivenUp};
use asl_runtime::{BoxFuture, Call, Finished, Handler, Ledger, Report, Status, now};
use asl_tasks::{Router, answered_here, is_step_functions_name};
use tokio::sync::watch;

/// The state machines that others can start by name.
///
/// An execution that nobody waits for goes on by itself; [`StateMachines::ended`] waits for those.
pub struct StateMachines {
    programs: BTreeMap<String, Arc<Program>>,
    quotas: Quotas,
    router: OnceLock<Weak<Router>>,
    started: Mutex<BTreeMap<Arc<str>, Started>>,
}

/// An execution that was started.
struct Started {
    input: Value,
    at: Timestamp,
    /// Whether the task that started it waits for its end.
    waited_for: bool,
    /// What became of it, once it has ended.
    ended: watch::Receiver<Option<Ended>>,
}

#[derive(Clone)]
struct Ended {
    finished: Finished,
    at: Timestamp,
    /// Why it was given up, if it was: then so is the execution that waits for it.
    given_up: Option<Report>,
}

/// An execution that runs.
struct Begun {
    ended: watch::Receiver<Option<Ended>>,
    at: Timestamp,
    /// For the task that has started it.
    stop: Option<Stop>,
}

/// What a task asks to start.
struct Asked {
    arn: Arc<str>,
    machine: String,
    name: String,
    input: Value,
    /// How long the text of the input is.
    input_bytes: usize,
    /// Whether the name comes from the task, so that only this task can have started an execution of that name.
    is_own_name: bool,
}

impl StateMachines {
    /// State machines by their names, each of whose executions keeps `quotas`.
    pub fn new(programs: BTreeMap<String, Arc<Program>>, quotas: Quotas) -> Arc<Self> {
        Arc::new(Self { programs, quotas, router: OnceLock::new(), started: Mutex::default() })
    }

    /// Lets the tasks that `router` serves start these machines, whose own tasks it serves, too.
    pub fn served_by(self: &Arc<Self>, router: Router) -> Arc<Router> {
        if self.programs.is_empty() {
            return Arc::new(router);
        }
        let start = StartExecution(Arc::clone(self));
        let router = Arc::new(router.with_handler("arn:aws:states:::states:startExecution*", Arc::new(start)));
        // Weak: the router holds these machines.
        let _ = self.router.set(Arc::downgrade(&router));
        router
    }

    /// The programs, by name.
    pub fn programs(&self) -> impl Iterator<Item = (&str, &Program)> {
        self.programs.iter().map(|(name, program)| (name.as_str(), &**program))
    }

    /// The ARNs of the executions that have not ended.
    pub fn running(&self) -> Vec<Arc<str>> {
        let started = self.lock();
        let running = started.iter().filter(|(_, started)| started.ended.borrow().is_none());
        running.map(|(arn, _)| arn.clone()).collect()
    }

    /// Waits until all executions that were started have ended, and gives the ARNs of those for which no task waited, and
    /// how they ended.
    pub async fn ended(&self) -> Vec<(Arc<str>, Finished)> {
        loop {
            let running =
                self.lock().values().find(|started| started.ended.borrow().is_none()).map(|it| it.ended.clone());
            // What ends may have started others.
            let Some(running) = running else { break };
            wait(running).await;
        }
        let started = self.lock();
        let alone = started.iter().filter(|(_, started)| !started.waited_for);
        alone.filter_map(|(arn, it)| Some((arn.clone(), it.ended.borrow().as_ref()?.finished.clone()))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Started>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts an execution, or finds the one that runs with the same name and input; also one that has ended, where the task has
    /// started it before a crash. A guard that is dropped stops it.
    fn start(&self, asked: &Asked, waited_for: bool, was_started: bool) -> Result<Begun, Failure> {
        let router = self.router.get().and_then(Weak::upgrade);
        let (Some(program), Some(router)) = (self.programs.get(&asked.machine), router) else {
            let message = format!("State Machine Does Not Exist: '{}'", machine_arn(asked));
            return Err(refused("StateMachineDoesNotExist", &message));
        };
        if let Some(most) = self.quotas.payload_bytes.filter(|most| asked.input_bytes > *most) {
            let constraint = format!("Member must have length less than or equal to {most}");
            let message =
                format!("1 validation error detected: Value at 'input' failed to satisfy constraint: {constraint}");
            return Err(refused("ValidationException", &message));
        }
        let mut started = self.lock();
        let at = now();
        let slot = match started.entry(asked.arn.clone()) {
            Entry::Vacant(slot) => slot,
            Entry::Occupied(known) => {
                let known = known.get();
                // AWS takes the same call again while the execution runs.
                let is_its_own = was_started || asked.is_own_name;
                if known.input == asked.input && (is_its_own || known.ended.borrow().is_none()) {
                    return Ok(Begun { ended: known.ended.clone(), at: known.at, stop: None });
                }
                let message = format!("Execution Already Exists: '{}'", asked.arn);
                return Err(refused("ExecutionAlreadyExists", &message));
            }
        };
        let seed = at.0.unsigned_abs() ^ started_seed(&asked.arn);
        let mut execution = Execution::local(&asked.machine, &asked.name, asked.input.clone(), at, seed);
        execution.arn = asked.arn.clone();
        execution.state_machine_arn = machine_arn(asked).into();
        execution.quotas = self.quotas;
        execution.token_secret = uuid::Uuid::new_v4().to_string().into();
        let (tell, ended) = watch::channel(None);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        slot.insert(Started { input: asked.input.clone(), at, waited_for, ended: ended.clone() });
        tokio::spawn(run(program.clone(), execution, router, stopped, tell));
        Ok(Begun { ended, at, stop: Some(Stop(Some(stop))) })
    }
}

/// Runs an execution, which goes on when the other end of `stopped` is dropped without a word.
async fn run(
    program: Arc<Program>,
    execution: Execution,
    router: Arc<Router>,
    stopped: tokio::sync::oneshot::Receiver<()>,
    tell: watch::Sender<Option<Ended>>,
) {
    let handler = |request: &TaskRequest| {
        let found = router.handler_of(&request.state, &request.resource);
        found.map_err(|error| Failure::new("States.Runtime", error.to_string()))
    };
    let stop = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        Failure { cause: Some("the execution that waited for it was stopped".into()), ..Failure::default() }
    };
    let at = execution.start_time;
    let finished = tokio_host::run(Ledger::new(program, execution), at, handler, |_, _| Ok(()), stop).await;
    let (finished, given_up) = match finished {
        Ok(finished) => (finished, None),
        Err(error) => {
            let failure = Failure::new("States.Runtime", error.to_string());
            let given_up = match error {
                GivenUp::Refused(reason) => Report::Refused(reason),
                GivenUp::Bug(_) | GivenUp::Journal(_) => Report::Bug(error.to_string()),
            };
            (Finished { status: Status::Failed, outcome: Err(failure), failed_in: Vec::new() }, Some(given_up))
        }
    };
    tell.send_replace(Some(Ended { finished, at: now(), given_up }));
}

async fn wait(mut ended: watch::Receiver<Option<Ended>>) -> Ended {
    match ended.wait_for(Option::is_some).await.map(|ended| ended.clone()) {
        Ok(Some(ended)) => ended,
        // The runtime shuts down.
        _ => std::future::pending().await,
    }
}

/// Stops an execution when it is dropped; unless it was let go.
struct Stop(Option<tokio::sync::oneshot::Sender<()>>);

impl Stop {
    fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(stop) = self.0.take() {
            // It may have ended at this moment.
            let _ = stop.send(());
        }
    }
}

/// The handler of `states:startExecution`, with `.sync` and `.sync:2`.
struct StartExecution(Arc<StateMachines>);

impl Handler for StartExecution {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call, false))
    }

    /// What was started is not started again: its execution has the same name.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call, told.iter().any(|report| matches!(report, Report::Submitted(_)))))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

impl StartExecution {
    async fn run(&self, call: &Call, was_started: bool) -> Outcome {
        let asked = asked(&call.request)?;
        let parsed = match call.request.resource.rsplit_once('.') {
            Some((_, "sync")) => Some(false),
            Some((_, "sync:2")) => Some(true),
            _ => None,
        };
        let Begun { ended, at: start, stop } = self.0.start(&asked, parsed.is_some(), was_started)?;
        let submitted =
            Object::default().with("ExecutionArn", asked.arn.clone().into()).with("StartDate", Value::from(start.0));
        let submitted = answered_here(submitted);
        let Some(parsed) = parsed else {
            if let Some(stop) = stop {
                stop.let_go();
            }
            return Ok(submitted);
        };
        call.report(Report::Submitted(submitted));
        let ended = wait(ended).await;
        if let Some(given_up) = &ended.given_up {
            call.report(given_up.clone());
        }
        describe(&asked, start, &ended, parsed)
    }
}

/// What the parameters ask to start.
fn asked(request: &TaskRequest) -> Result<Asked, Failure> {
    let parameters = &request.input;
    let invalid = |text: &str| refused("InvalidArn", &format!("Invalid Arn: '{text}'"));
    let arn = parameters["StateMachineArn"].as_str().ok_or_else(|| invalid("null"))?;
    // A version or an alias is the machine itself here.
    let (["arn", _, "states", _, _, "stateMachine", machine] | ["arn", _, "states", _, _, "stateMachine", machine, _]) =
        arn.split(':').collect::<Vec<_>>()[..]
    else {
        return Err(invalid(arn));
    };
    let before = arn.split(":stateMachine:").next().unwrap_or_default();
    let machine = Some(machine).filter(|name| is_step_functions_name(name)).ok_or_else(|| invalid(arn))?.to_owned();
    let unknown = |name: &&str| !["StateMachineArn", "Name", "Input", "TraceHeader"].contains(name);
    let mut given = parameters.as_object().into_iter().flat_map(|members| members.iter().map(|(name, _)| &**name));
    if let Some(unknown) = given.find(unknown) {
        let cause = format!("The field \"{unknown}\" is not supported by Step Functions");
        return Err(Failure::new("States.Runtime", cause));
    }
    let name = match parameters.get("Name") {
        // The same when the task is issued again.
        None | Some(Value::Null) => request.uuid(),
        Some(Value::String(name)) if is_step_functions_name(name) => name.to_string(),
        Some(name) => return Err(refused("InvalidName", &format!("Invalid Name: '{name}'"))),
    };
    let arn = format!("{before}:execution:{machine}:{name}").into();
    let (input, input_bytes) = match parameters.get("Input") {
        None | Some(Value::Null) => (Object::default().into(), 2),
        // Also as the text of JSON, as the API has it.
        Some(Value::String(text)) => {
            let refuse =
                |error| refused("InvalidExecutionInput", &format!("Invalid State Machine Execution Input: '{error}'"));
            (text.parse().map_err(refuse)?, text.len())
        }
        Some(input) => (input.clone(), input.json_len()),
    };
    let is_own_name = parameters.get("Name").is_none_or(|name| *name == Value::Null);
    Ok(Asked { arn, machine, name, input, input_bytes, is_own_name })
}

fn machine_arn(asked: &Asked) -> String {
    let before = asked.arn.split(":execution:").next().unwrap_or_default();
    format!("{before}:stateMachine:{}", asked.machine)
}

/// Another seed for each execution of the same moment.
fn started_seed(arn: &str) -> u64 {
    arn.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// What `.sync` gives: the execution, with its data as JSON text, or with `parsed` as it is.
fn describe(asked: &Asked, start: Timestamp, ended: &Ended, parsed: bool) -> Outcome {
    // A failure is text, and so is all in it.
    let parsed = parsed && ended.finished.status == Status::Succeeded;
    let data = |value: &Value| if parsed { value.clone() } else { Value::from(value.to_string()) };
    let included = || Value::from([("Included", Value::from(true))]);
    let text = |text: &Option<Arc<str>>| text.clone().map(Value::from);
    let (output, error, cause) = match &ended.finished.outcome {
        Ok(output) => (Some(data(output)), None, None),
        Err(failure) => (None, text(&failure.error), text(&failure.cause)),
    };
    let details = output.is_some().then(included);
    // Recorded in December 2024 for executions that succeeded, reported from 2026 for others.
    let (redrive_status, reason) = match ended.finished.status {
        Status::Succeeded => ("NOT_REDRIVABLE", Some("Execution is SUCCEEDED and cannot be redriven".into())),
        Status::Failed | Status::TimedOut | Status::Aborted => ("REDRIVABLE", None),
    };
    let members = [
        ("Cause", cause),
        ("Error", error),
        ("ExecutionArn", Some(asked.arn.clone().into())),
        ("Input", Some(data(&asked.input))),
        ("InputDetails", Some(included())),
        ("Name", Some(asked.name.as_str().into())),
        ("Output", output),
        ("OutputDetails", details),
        ("RedriveCount", Some(0.into())),
        ("RedriveStatus", Some(redrive_status.into())),
        ("RedriveStatusReason", reason),
        ("StartDate", Some(start.0.into())),
        ("StateMachineArn", Some(machine_arn(asked).into())),
        ("Status", Some(ended.finished.status.name().into())),
        ("StopDate", Some(ended.at.0.into())),
    ];
    let described: Value = members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    match ended.finished.status {
        Status::Succeeded => Ok(described),
        _ => Err(Failure::new("States.TaskFailed", described.to_string())),
    }
}

/// A refusal of the API, as Step Functions tells it.
fn refused(code: &str, message: &str) -> Failure {
    let cause = format!(
        "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
        uuid::Uuid::new_v4()
    );
    let class = code.strip_suffix("Exception").unwrap_or(code);
    Failure::new(format!("StepFunctions.{class}Exception"), cause)
}
