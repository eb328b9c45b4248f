//! `asl start`

use std::process::ExitCode;
use std::time::Duration;

use asl_engine::Value;

use crate::cli::Start;
use crate::error::Error;
use crate::execute::runtime;
use crate::input;
use crate::interrupt::interrupted;
use crate::output;
use crate::printable;
use crate::remote::Remote;
use crate::report;

/// How often a server is asked whether an execution has ended.
const LOOKED_AT: Duration = Duration::from_millis(200);

/// Starts an execution at a server, and waits for its end if asked to.
pub(crate) fn run(arguments: &Start) -> Result<ExitCode, Error> {
    let given = input::with_text("the input", "--input", &arguments.input)?;
    let remote = Remote::new(&arguments.server)?;
    runtime()?.block_on(async {
        let machine = remote.state_machine(&arguments.state_machine).await?;
        let text = given.text.map_or_else(|| given.value.to_string(), |text| text.to_string());
        let asked = [("stateMachineArn", Value::from(machine)), ("input", text.into())];
        let name = arguments.name.as_deref().map(|name| ("name", name.into()));
        let started = remote.call("StartExecution", asked.into_iter().chain(name).collect()).await?;
        let arn = started["executionArn"].as_str().unwrap_or_default().to_owned();
        if !arguments.wait {
            match arguments.json {
                true => output::print_json(&started)?,
                false => output::print(&format!("{}\n", printable::line(&arn)))?,
            }
            return Ok(ExitCode::SUCCESS);
        }
        let described = tokio::select! {
            described = ended(&remote, &arn) => described?,
            _ = interrupted() => {
                output::to_stderr(&report::note(&format!("{arn} goes on; asl stop stops it")));
                return Ok(ExitCode::from(130));
            }
        };
        let has_succeeded = described["status"].as_str() == Some("SUCCEEDED");
        if arguments.json {
            output::print_json(&described)?;
        } else if has_succeeded {
            output::print(&format!("{}\n", described["output"].as_str().unwrap_or_default()))?;
        } else {
            let text = |name: &str| described[name].as_str().map(printable::line);
            let mut told = format!("execution: {}\n", text("status").unwrap_or_default());
            for name in ["error", "cause"] {
                told.extend(text(name).map(|text| format!("{name}: {text}\n")));
            }
            output::to_stderr(&told);
        }
        Ok(if has_succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// The description of an execution that has ended.
async fn ended(remote: &Remote, arn: &str) -> Result<Value, Error> {
    loop {
        let described = remote.call("DescribeExecution", [("executionArn", arn.into())].into()).await?;
        if described["status"].as_str() != Some("RUNNING") {
            return Ok(described);
        }
        tokio::time::sleep(LOOKED_AT).await;
    }
}
