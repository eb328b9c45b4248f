//! A server that shows executions in the browser, and nothing else.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use asl_engine::Value;
use asl_project::{Definition, ExecutionOptions, Notice, Project, StateMachine, Substitutions};
use asl_server::{Explain, Identity, Server, ServerOptions};
use asl_tasks::{MachineFile, Routes};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::commands::{jsonata, jsonpath, serve};
use crate::error::Error;
use crate::interrupt::{interrupted, listen};
use crate::output;
use crate::report;

/// What an ARN in an address is written otherwise in.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// What the page tells of expressions: what `asl jsonpath` and `asl jsonata` tell.
pub(crate) fn explain() -> Explain {
    Explain { jsonpath: jsonpath::explained, jsonata: jsonata::explained }
}

/// A server at a free port that keeps what it shows in memory.
pub(crate) struct Console {
    server: Server,
    /// The name of its state machine.
    machine: String,
}

impl Console {
    /// A server of a state machine and of those that the routing file names.
    pub(crate) async fn of_definition(
        definition: &Definition,
        mut routes: Routes,
        substitutions: Substitutions,
        data: &Path,
        executions: ExecutionOptions,
    ) -> Result<Self, Error> {
        // Whoever is told of the page may end it at once.
        listen();
        let named = std::path::absolute(definition.file()).unwrap_or_else(|_| definition.file().to_owned());
        let name = definition.name();
        // EXPRESS executions have no history.
        routes.state_machines.insert(name.clone(), MachineFile { definition: named, is_express: false, logging: None });
        let server = Server::start(ServerOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            folder: None,
            removed: Vec::new(),
            routes,
            routes_below: Vec::new(),
            substitutions,
            data: data.to_owned(),
            is_in_memory: true,
            identity: Identity::default(),
            executions,
            most_polls: 1_000,
            // Also what has ended years ago.
            kept_days: u32::MAX,
            token: None,
            tls: None,
            otlp: None,
            mocks: None,
            explain: explain(),
        });
        let server = server.await?;
        for error in &server.not_registered {
            output::to_stderr(&serve::told(error));
        }
        Ok(Self { server, machine: name })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn project(&self) -> &Project {
        self.server.project()
    }

    /// Its state machine.
    pub(crate) fn machine(&self) -> Result<StateMachine, Error> {
        let registered = self.server.registered.iter().find(|registered| registered.name == self.machine);
        // What is wrong with it was told.
        let registered = registered.ok_or_else(|| Error::Usage("the state machine is not there".to_owned()))?;
        self.project().executions().state_machine(&registered.arn).map_err(|error| Error::Usage(error.to_string()))
    }

    /// The address of the page of an execution.
    fn page_of(&self, arn: &str) -> String {
        format!("{}/#/executions/{}", self.server.url(), utf8_percent_encode(arn, ENCODED))
    }

    /// Shows an execution in the browser, and says where.
    pub(crate) fn show(&self, arn: &str) {
        let url = self.page_of(arn);
        output::to_stderr(&report::note(&format!("the execution is shown at {url}, until Ctrl-C")));
        // Where no browser can be opened, the address was told.
        let _ = open::that_detached(url);
    }

    /// Shows an execution that was run elsewhere, from its history.
    /// Where that is, is told as JSON to a program that asks for it.
    pub(crate) fn show_elsewhere(&self, name: &str, history: &Value, is_json: bool) -> Result<(), Error> {
        let shown = self.server.show(&self.machine()?, name, history);
        let arn = shown.map_err(|error| Error::Usage(error.to_string()))?;
        match arn {
            Some(arn) if is_json => {
                let url = self.page_of(&arn);
                output::print_json(&Value::from([("url", Value::from(url)), ("executionArn", arn.into())]))
            }
            Some(arn) => {
                self.show(&arn);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Waits until somebody has seen enough.
    pub(crate) async fn stay(&self) {
        interrupted().await;
    }

    /// Takes no more requests, and tries to deliver what is left.
    pub(crate) async fn shut_down(&self) {
        for undelivered in self.server.shut_down().await {
            output::to_stderr(&report::notice(&Notice::Undelivered(undelivered)));
        }
    }
}
