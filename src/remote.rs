//! A server of the Step Functions API, asked by `asl ps`, `asl start`, `asl stop`, `asl top`, `asl debug` and `asl logs --follow`.

use std::time::Duration;

use asl_aws::web::{LoopbackClient, LoopbackRequest, loopback_client, transport_error};
use asl_engine::Value;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cli::AtServer;
use crate::error::Error;

/// Where `asl serve` listens where nothing else is said.
const URL: &str = "http://127.0.0.1:8083";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A server.
pub(crate) struct Remote {
    url: String,
    token: Option<String>,
    client: LoopbackClient,
}

impl Remote {
    /// The server that the arguments name, or the environment.
    pub(crate) fn new(arguments: &AtServer) -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = arguments.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL_SFN"));
        let url = named.or_else(|| variable("AWS_ENDPOINT_URL")).unwrap_or_else(|| URL.to_owned());
        let token = match &arguments.auth_token_file {
            None => None,
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|error| Error::Usage(format!("cannot read {}: {error}", file.display())))?;
                Some(text.trim().to_owned())
            }
        };
        Ok(Self { token, ..Self::at(url)? })
    }

    /// The server at this address, which wants no token.
    pub(crate) fn at(url: String) -> Result<Self, Error> {
        let client = loopback_client().map_err(|error| Error::Usage(error.to_string()))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), token: None, client })
    }

    /// What the server tells its page: a path below `/_asl/`, with its query.
    pub(crate) async fn console(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        let query =
            query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        let query = query.collect::<Vec<_>>().join("&");
        self.answer(self.client.get(format!("{}/_asl/{path}?{query}", self.url))).await
    }

    /// Calls an operation of the API.
    pub(crate) async fn call(&self, operation: &str, parameters: Value) -> Result<Value, Error> {
        let request = self.client.post(format!("{}/", self.url));
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let request = request.header("x-amz-target", format!("AWSStepFunctions.{operation}"));
        self.answer(request.body(parameters.to_string())).await
    }

    async fn answer(&self, request: LoopbackRequest) -> Result<Value, Error> {
        let request = request.timeout(PATIENCE);
        let request = match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let answered = async {
            let response = request.send().await?;
            let is_success = response.status().is_success();
            response.text().await.map(|body| (is_success, body))
        };
        let (is_success, body) = answered.await.map_err(|error| {
            let why = transport_error(error);
            let help = "is it running? `asl serve` starts one; --endpoint URL or AWS_ENDPOINT_URL names another";
            Error::Usage(format!("the server at {} does not answer: {why}\nhelp: {help}", self.url))
        })?;
        let parsed = body.parse::<Value>();
        match (is_success, parsed) {
            (true, Ok(answer)) => Ok(answer),
            (false, Ok(refusal)) if refusal.get("__type").is_some() => {
                let code = refusal["__type"].as_str().unwrap_or_default();
                let code = code.rsplit('#').next().unwrap_or_default();
                let message = refusal["message"].as_str().unwrap_or_default();
                Err(Error::Usage(format!("{code}: {message}")))
            }
            _ => Err(Error::Usage(format!("what answers at {} is no server of Step Functions", self.url))),
        }
    }

    /// All entries of a list, page by page.
    pub(crate) async fn list(&self, operation: &str, parameters: &Value, name: &str) -> Result<Vec<Value>, Error> {
        let mut all = Vec::new();
        let mut asked = parameters.as_object().cloned().unwrap_or_default();
        loop {
            let page = self.call(operation, asked.clone().into()).await?;
            all.extend(page[name].as_array().into_iter().flat_map(|entries| entries.iter().cloned()));
            match page.get("nextToken") {
                Some(token) => asked = asked.with("nextToken", token.clone()),
                None => return Ok(all),
            }
        }
    }

    /// The ARN of the state machine that a person calls so: by its name or its ARN.
    pub(crate) async fn state_machine(&self, named: &str) -> Result<String, Error> {
        if named.starts_with("arn:") {
            return Ok(named.to_owned());
        }
        let all = self.list("ListStateMachines", &Value::empty_object(), "stateMachines").await?;
        // A version, an alias or a test case may stand behind the name.
        let (name, qualifier) = match named.find([':', '#']) {
            Some(at) => named.split_at(at),
            None => (named, ""),
        };
        let found = all.iter().find(|machine| machine["name"].as_str() == Some(name));
        let arn = found.and_then(|machine| machine["stateMachineArn"].as_str());
        arn.map(|arn| format!("{arn}{qualifier}")).ok_or_else(|| {
            let names: Vec<&str> = all.iter().filter_map(|machine| machine["name"].as_str()).collect();
            let help = match asl_engine::nearest(name, names.iter().copied()) {
                Some(near) => format!("help: did you mean {near}?"),
                None if names.is_empty() => "help: it has none: `asl serve FOLDER` has those of a folder".to_owned(),
                None => format!("help: it has {}", names.join(", ")),
            };
            Error::Usage(format!("the server at {} has no state machine {name}\n{help}", self.url))
        })
    }

    /// The ARN of the execution that a person calls so: by its ARN, or by its name or the start of that.
    pub(crate) async fn execution(&self, named: &str) -> Result<String, Error> {
        if named.starts_with("arn:") {
            return Ok(named.to_owned());
        }
        let mut found = Vec::new();
        for execution in self.executions(None).await? {
            if execution["name"].as_str().is_some_and(|name| name.starts_with(named)) {
                found.push(execution);
            }
        }
        let exact = found.iter().position(|execution| execution["name"].as_str() == Some(named));
        let arn = |execution: &Value| execution["executionArn"].as_str().unwrap_or_default().to_owned();
        match (exact, &found[..]) {
            (Some(exact), _) => Ok(arn(&found[exact])),
            (None, [one]) => Ok(arn(one)),
            (None, []) => {
                Err(Error::Usage(format!("the server at {} has no execution {named}\nhelp: asl ps --all", self.url)))
            }
            (None, several) => {
                let names: Vec<&str> = several.iter().filter_map(|execution| execution["name"].as_str()).collect();
                Err(Error::Usage(format!("several executions begin so: {}", names.join(", "))))
            }
        }
    }

    /// The executions of all state machines, or those of one status, the newest first.
    pub(crate) async fn executions(&self, status: Option<&str>) -> Result<Vec<Value>, Error> {
        let mut all = Vec::new();
        for machine in self.list("ListStateMachines", &Value::empty_object(), "stateMachines").await? {
            // The service does not list those of EXPRESS.
            if machine["type"].as_str() == Some("EXPRESS") {
                continue;
            }
            let asked = [("stateMachineArn", machine["stateMachineArn"].clone()), ("maxResults", 1_000.into())];
            let status = status.map(|status| ("statusFilter", status.into()));
            let asked: Value = asked.into_iter().chain(status).collect();
            all.extend(self.list("ListExecutions", &asked, "executions").await?);
        }
        let started = |execution: &Value| millis(&execution["startDate"]);
        all.sort_by_key(|execution| std::cmp::Reverse(started(execution)));
        Ok(all)
    }
}

/// A time of the API, in milliseconds.
pub(crate) fn millis(date: &Value) -> i64 {
    let (seconds, millis) = date.to_string().split_once('.').map_or_else(
        || (date.to_string(), "0".to_owned()),
        |(seconds, fraction)| (seconds.to_owned(), format!("{fraction:0<3}")[..3].to_owned()),
    );
    seconds.parse::<i64>().unwrap_or_default() * 1_000 + millis.parse::<i64>().unwrap_or_default()
}
