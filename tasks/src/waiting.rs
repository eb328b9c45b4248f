//! The tasks that wait for whoever has their token, as other processes on this machine find them: a file for each, with the address
//! at which it is answered.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_aws::web::{loopback_client, transport_error};
use asl_engine::{Failure, TaskRequest, Value};

use crate::endpoint::LazyEndpoint;

/// The files of one data folder.
#[derive(Clone)]
pub(crate) struct WaitingFiles {
    pub(crate) folder: PathBuf,
    pub(crate) endpoint: Arc<LazyEndpoint>,
}

/// The file of a task that waits; it goes when the wait is over.
pub(crate) struct WaitingFile(PathBuf);

impl Drop for WaitingFile {
    fn drop(&mut self) {
        // One that stays is told apart by who reads it: nobody is at its address.
        let _ = fs::remove_file(&self.0);
    }
}

/// The folder below that for data.
pub(crate) const FOLDER: &str = "waiting";

impl WaitingFiles {
    /// Tells of a task that waits for its token. Where that cannot be told, it is answered all the same.
    pub(crate) async fn tell(&self, request: &TaskRequest) -> Option<WaitingFile> {
        let endpoint = self.endpoint.url().await.ok()?;
        let file = self.folder.join(&*request.token);
        let told = Value::from([
            ("endpoint", Value::from(endpoint)),
            ("execution", Value::from(&*request.execution)),
            ("state", request.state.clone().into()),
        ]);
        let folder = self.folder.clone();
        let write = move || -> io::Result<WaitingFile> {
            create_own_folder(&folder)?;
            // Where nobody waits for this any more, the file goes with what is returned.
            let file = WaitingFile(file);
            write_own_file(&file.0, &told.to_string())?;
            Ok(file)
        };
        asl_runtime::blocking(write).await.ok()
    }
}

/// Makes a folder that only this user looks into: the names of its files are tokens.
fn create_own_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_own_file(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

/// A task that waits for its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingTask {
    /// The token.
    pub token: String,
    /// The state.
    pub state: String,
    /// The ARN of its execution.
    pub execution: String,
    endpoint: String,
}

/// What is said to a task that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenAnswer {
    /// It succeeds with this output.
    Output(Value),
    /// It fails.
    Failed(Failure),
    /// Somebody works on it.
    Heartbeat,
}

/// Why a task is not answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No task waits for this token.
    #[error("no task waits for the token {0}")]
    NotWaiting(String),
    /// The program that waited has ended.
    #[error("the run that waited for this token is gone")]
    Gone,
    /// The program that waits cannot be asked, for this reason.
    #[error("the run that waits for this token does not answer: {0}")]
    NoAnswer(String),
    /// The task does not take the answer, for this reason.
    #[error("the answer is refused: {0}")]
    Refused(String),
    /// The folder cannot be read.
    #[error("the tasks that wait in {} cannot be read: {source}", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The tasks that wait for their tokens in runs with this folder for data, those of one run together.
fn waiting_tasks(data_dir: &Path) -> Result<Vec<WaitingTask>, AnswerError> {
    let folder = data_dir.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| AnswerError::Unreadable { folder: folder.clone(), source })?,
    };
    let mut waiting: Vec<WaitingTask> = entries.flatten().filter_map(|entry| read(&entry.path())).collect();
    waiting.sort_by(|one, other| {
        (&one.execution, &one.state, &one.token).cmp(&(&other.execution, &other.state, &other.token))
    });
    Ok(waiting)
}

fn read(file: &Path) -> Option<WaitingTask> {
    let told: Value = fs::read_to_string(file).ok()?.parse().ok()?;
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    Some(WaitingTask {
        token: file.file_name()?.to_str()?.to_owned(),
        state: text("state")?,
        execution: text("execution")?,
        endpoint: text("endpoint")?,
    })
}

/// The same without those whose run is gone, of which nothing is kept then.
pub async fn living_tasks(data_dir: &Path) -> Result<Vec<WaitingTask>, AnswerError> {
    let mut living = Vec::new();
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for task in waiting_tasks(data_dir)? {
        let address = task.endpoint.trim_start_matches("http://").to_owned();
        let is_there = match known.get(&address) {
            Some(is_there) => *is_there,
            None => tokio::net::TcpStream::connect(&address).await.is_ok(),
        };
        known.insert(address, is_there);
        match is_there {
            true => living.push(task),
            false => drop(WaitingFile(data_dir.join(FOLDER).join(&task.token))),
        }
    }
    Ok(living)
}

/// Says something to the task that waits for a token in a run with this folder for data.
pub async fn answer(data_dir: &Path, token: &str, said: &TokenAnswer) -> Result<WaitingTask, AnswerError> {
    let waiting = waiting_tasks(data_dir)?.into_iter().find(|task| task.token == token);
    let task = waiting.ok_or_else(|| AnswerError::NotWaiting(token.to_owned()))?;
    let token = ("taskToken", Value::from(token));
    let text = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::from);
    let (operation, parameters) = match said {
        TokenAnswer::Output(output) => ("SendTaskSuccess", Value::from([token, ("output", output.to_string().into())])),
        TokenAnswer::Failed(failure) => {
            let (error, cause) = (text(&failure.error), text(&failure.cause));
            ("SendTaskFailure", Value::from([token, ("error", error), ("cause", cause)]))
        }
        TokenAnswer::Heartbeat => ("SendTaskHeartbeat", Value::from([token])),
    };
    let client = loopback_client().map_err(|error| AnswerError::NoAnswer(error.to_string()))?;
    let request = client
        .post(&task.endpoint)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
        .body(parameters.to_string());
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            // Nobody is there: it was killed, and could not take its files with it.
            if error.is_connect() {
                drop(WaitingFile(data_dir.join(FOLDER).join(&task.token)));
                return Err(AnswerError::Gone);
            }
            return Err(AnswerError::NoAnswer(transport_error(error)));
        }
    };
    let is_taken = response.status().is_success();
    let body = response.text().await.unwrap_or_default();
    if is_taken {
        return Ok(task);
    }
    let why = body.parse::<Value>().ok().and_then(|told| told["message"].as_str().map(str::to_owned));
    Err(AnswerError::Refused(why.unwrap_or(body)))
}

#[cfg(test)]
mod tests {
    use asl_engine::Outcome;
    use asl_runtime::{BoxFuture, Call, Handler};

    use super::*;
    use crate::{Router, Routes};

    /// Takes its message at once, as a queue does.
    struct Taken;

    impl Handler for Taken {
        fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Outcome> {
            Box::pin(std::future::ready(Ok(Value::Null)))
        }

        fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
            Box::pin(async { Vec::new() })
        }
    }

    const TOKEN: &str = "0123456789abcdefghijABCDEFGHIJ-_0123456789a";

    /// What a task gives that waits for its token, and what comes of what is said to it.
    async fn waits(data: &Path, said: &[TokenAnswer]) -> Outcome {
        let resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
        let router = Router::new(Routes::default(), data).with_handler("*sqs*", Arc::new(Taken));
        let (tell, told) = tokio::sync::oneshot::channel();
        let tell = std::sync::Mutex::new(Some(tell));
        let request =
            TaskRequest { state: "Approve".into(), token: TOKEN.into(), ..TaskRequest::new(resource, Value::Null) };
        let call = Call::with_reports(request, move |report| {
            if let asl_runtime::Report::Submitted(_) = report
                && let Some(tell) = tell.lock().unwrap().take()
            {
                tell.send(()).unwrap();
            }
        });
        let handler = router.handler(resource).unwrap();
        let says = async {
            told.await.unwrap();
            let listed = waiting_tasks(data).unwrap();
            assert_eq!(
                listed.iter().map(|task| (&*task.state, &*task.token)).collect::<Vec<_>>(),
                [("Approve", TOKEN)]
            );
            for said in said {
                answer(data, TOKEN, said).await.unwrap();
            }
        };
        tokio::join!(handler.call(&call), says).0
    }

    #[tokio::test]
    async fn who_waits_is_found_and_answered() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path();
        assert_eq!(waiting_tasks(data).unwrap(), []);
        assert_eq!(waits(data, &[TokenAnswer::Heartbeat, TokenAnswer::Output(7.into())]).await, Ok(7.into()));
        let failure = Failure::new("Refused", "not today");
        assert_eq!(waits(data, &[TokenAnswer::Failed(failure.clone())]).await, Err(failure));
        assert_eq!(waiting_tasks(data).unwrap(), []);
        let nobody = answer(data, TOKEN, &TokenAnswer::Heartbeat).await.unwrap_err();
        assert_eq!(nobody.to_string(), format!("no task waits for the token {TOKEN}"));
    }

    #[tokio::test]
    async fn what_a_killed_run_has_left_is_told_and_taken_away() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join(FOLDER).join(TOKEN);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        // Nothing listens at the port 1 of this machine.
        fs::write(&file, r#"{"endpoint":"http://127.0.0.1:1","execution":"e","state":"S"}"#).unwrap();
        let gone = answer(data.path(), TOKEN, &TokenAnswer::Output(1.into())).await.unwrap_err();
        assert!(matches!(gone, AnswerError::Gone), "{gone}");
        assert!(!file.exists());
        fs::write(&file, r#"{"endpoint":"http://127.0.0.1:1","execution":"e","state":"S"}"#).unwrap();
        assert_eq!((waiting_tasks(data.path()).unwrap().len(), living_tasks(data.path()).await.unwrap()), (1, vec![]));
        assert!(!file.exists());
    }
}
