//! Functions as processes, by a custom runtime that does as it is told: well, badly and not at all.

mod support;

use asl_engine::{TaskRequest, Value};
use asl_runtime::Call;
use futures_util::future::join_all;
use support::functions::{FUNCTION, Function, Held, route, without_ids};
use support::router;

fn json(text: &str) -> Value {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_function_gets_its_input_and_gives_its_result() {
    let Some(function) = Function::custom("") else { return };
    for input in ["{}", "3", "null", "\"é\\u0000\"", r#"{"a":[1,2.5,{"b":null}]}"#] {
        // What is no object is given back as a text of its JSON.
        let expected = if input.starts_with('{') { json(input) } else { Value::from(input) };
        assert_eq!(function.call(input).await, Ok(expected), "{input}");
    }
    for text in ["null", "[1, 2]", "\"a\"", " 1.50 ", "true\n"] {
        let input = Value::from([("do", "answer".into()), ("text", Value::from(text))]).to_string();
        assert_eq!(function.call(&input).await, Ok(json(text)));
    }
}

#[tokio::test]
async fn what_a_function_is_told() {
    let settings = "memory_mb = 512\ntimeout_seconds = 60\n\
                    environment = { GREETING = 'hello', HOME = '/home/f', SECRET = { file = 'secret.txt' } }";
    let Some(function) = Function::custom(settings) else { return };
    // Paths start at the folder of the routing file, which is the current folder here.
    let routes = route(function.code.path(), &format!("runtime = 'provided'\n{settings}"));
    let secret = function.code.path().join("secret.txt");
    std::fs::write(&secret, "top secret\n").unwrap();
    let routes = routes.replace("'secret.txt'", &format!("'{}'", secret.display()));
    let router = router(&routes, &function.fixture.path(""));
    let told = support::call(&router, FUNCTION, r#"{"do": "tell"}"#).await.unwrap();
    assert_eq!(without_ids(told["aws-request-id"].as_str().unwrap()), "ID");
    assert_eq!(told["invoked-function-arn"].as_str(), Some(FUNCTION));
    assert!(told["trace-id"].as_str().unwrap().starts_with("Root=1-"));
    assert_eq!(told["client-context"], Value::Null);
    let deadline: u128 = told["deadline-ms"].as_str().unwrap().parse().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    assert!(deadline > now && deadline <= now + 60_000);
    let code = function.code.path().canonicalize().unwrap();
    assert_eq!(told["cwd"].as_str(), code.to_str());
    let env = &told["env"];
    for (name, expected) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("_HANDLER", "bootstrap"),
        ("LAMBDA_TASK_ROOT", code.to_str().unwrap()),
        ("TZ", ":UTC"),
        ("GREETING", "hello"),
        ("HOME", "/home/f"),
        ("SECRET", "top secret"),
        ("AWS_ACCESS_KEY_ID", "local"),
    ] {
        assert_eq!(env[name].as_str(), Some(expected), "{name}");
    }
    // Cargo gives this to the test, and nobody gives it to the function.
    assert!(std::env::var_os("CARGO_PKG_NAME").is_some() && env["CARGO_PKG_NAME"] == Value::Null);
}

#[tokio::test]
async fn functions_that_fail_give_the_errors_of_lambda_and_the_next_call_works() {
    let Some(function) = Function::custom("timeout_seconds = 20") else { return };
    let exit = |how: &str| {
        format!(r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited {how}"}}"#)
    };
    let unknown = |payload: &str| {
        format!(
            "The cause could not be determined because Lambda did not return an error type. Returned payload: {payload}"
        )
    };
    let too_large = r#"{"errorMessage":"Response payload size (10000000 bytes) exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#;
    for (event, error, cause) in [
        (r#"{"do":"exit","code":1}"#, "Runtime.ExitError", exit("with error: exit status 1")),
        (r#"{"do":"exit","code":0}"#, "Runtime.ExitError", exit("without providing a reason")),
        (r#"{"do":"signal","name":"SIGTERM"}"#, "Runtime.ExitError", exit("with error: signal: terminated")),
        (r#"{"do":"signal","name":"SIGKILL"}"#, "Runtime.ExitError", exit("with error: signal: killed")),
        (r#"{"do":"answer so many bytes","bytes":10000000}"#, "Function.ResponseSizeTooLarge", too_large.to_owned()),
        (r#"{"do":"answer","text":"NaN"}"#, "Lambda.Unknown", unknown("NaN")),
        (r#"{"do":"answer","text":"{\"a\": Infinity}"}"#, "Lambda.Unknown", unknown("{\"a\": Infinity}")),
        (r#"{"do":"answer","text":""}"#, "Lambda.Unknown", unknown("")),
        (r#"{"do":"answer","text":"\u00ff\u00fe"}"#, "Lambda.Unknown", unknown("\u{fffd}\u{fffd}")),
        (
            r#"{"do":"fail","text":"{\"errorType\":\"E\",\"errorMessage\":\"m\"}"}"#,
            "E",
            r#"{"errorType":"E","errorMessage":"m"}"#.to_owned(),
        ),
        (r#"{"do":"fail","text":"{\"errorMessage\":\"m\"}"}"#, "Lambda.Unknown", unknown(r#"{"errorMessage":"m"}"#)),
        (r#"{"do":"fail","text":"no JSON"}"#, "Lambda.Unknown", unknown("no JSON")),
    ] {
        assert_eq!(function.failure(event).await, (error.to_owned(), cause), "{event}");
        assert_eq!(function.call("{}").await, Ok(Value::empty_object()), "after {event}");
    }
    let six_mb = function.call(r#"{"do":"answer so many bytes","bytes":6291556}"#).await.unwrap();
    assert_eq!(six_mb.json_len(), 6_291_556);
}

#[tokio::test]
async fn an_answer_counts_although_the_process_ends_after_it() {
    let Some(function) = Function::custom("timeout_seconds = 20") else { return };
    for _ in 0..20 {
        assert_eq!(function.call(r#"{"do":"answer and exit"}"#).await, Ok("last words".into()));
    }
}

#[tokio::test]
async fn what_does_not_belong_to_the_api_is_refused() {
    let Some(function) = Function::custom("") else { return };
    assert_eq!(function.call(r#"{"do":"answer wrongly first"}"#).await, Ok(json("[400,404,404]")));
    // The next invocation finds what was printed after the first was answered.
    function.call("{}").await.unwrap();
    assert_eq!(function.printed(), ["again 403"]);
}

#[tokio::test]
async fn output_is_kept_whatever_it_is() {
    let Some(function) = Function::custom("timeout_seconds = 20\nenvironment = { AT_START = 'here I am' }") else {
        return;
    };
    let print = |text: &str, times: u32| {
        Value::from([("do", "print and answer".into()), ("text", Value::from(text)), ("times", Value::from(times))])
            .to_string()
    };
    let printed = async |text: &str, times: u32| {
        assert_eq!(function.call(&print(text, times)).await, Ok(Value::Null));
        // Whoever has the answer has all that was printed before it.
        function.printed()
    };
    assert_eq!(printed("one\ntwo\r\nthree", 1).await, ["here I am", "one", "two", "three"]);
    assert_eq!(printed("\u{1b}[31m\u{ff}\u{0}", 1).await, ["\\u{1b}[31m\u{fffd}\\u{0}"]);
    let long = printed("x", 1_000_000).await;
    assert_eq!((long.len(), long[0].len(), long.concat().len()), (16, 65536, 1_000_000));
    let many = printed("line\n", 100_000).await;
    assert!(many.len() == 100_000 && many.iter().all(|line| line == "line"));
    let log = std::fs::read_to_string(function.fixture.path("logs/f.log")).unwrap();
    assert!(log.lines().next().unwrap().ends_with("Z - here I am"), "{log}");
    assert!(log.lines().nth(1).unwrap().ends_with(" one"));
}

#[tokio::test]
async fn what_was_printed_before_a_failure_is_remembered() {
    let Some(function) = Function::custom("environment = { AT_START = 'here I am' }") else { return };
    function.call(r#"{"do":"print and answer","text":"all well\n"}"#).await.unwrap();
    let failure = function.call(r#"{"do":"exit","code":3}"#).await.unwrap_err();
    let printed = function.fixture.router.printed(&failure).unwrap();
    assert_eq!((printed.function.as_str(), printed.lines), ("f", Vec::new()));
    let failure = function.call(r#"{"do":"exit","code":3}"#).await.unwrap_err();
    let printed = function.fixture.router.printed(&failure).unwrap();
    assert_eq!(printed.file, function.fixture.path("logs/f.log"));
}

#[tokio::test]
async fn a_call_that_takes_too_long_ends_with_its_children() {
    let Some(function) = Function::custom("timeout_seconds = 0.3") else { return };
    function.prepare().await.unwrap();
    let held = Held::new();
    let event = format!(r#"{{"do":"hold and hang","port":{},"child":true}}"#, held.port());
    let (failure, parent, child) = tokio::join!(function.failure(&event), held.next(), held.next());
    let cause =
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 0.30 seconds"}"#;
    assert_eq!(failure, ("Sandbox.Timedout".to_owned(), cause.to_owned()));
    parent.ended().await;
    child.ended().await;
    assert_eq!(function.call("{}").await, Ok(Value::empty_object()));
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_with_its_children() {
    let Some(function) = Function::custom("timeout_seconds = 60") else { return };
    let held = Held::new();
    let event = format!(r#"{{"do":"hold and hang","port":{},"child":true}}"#, held.port());
    let (parent, child) = tokio::select! {
        outcome = function.call(&event) => panic!("{outcome:?}"),
        holding = async { (held.next().await, held.next().await) } => holding,
    };
    // The call was dropped.
    parent.ended().await;
    child.ended().await;
    assert_eq!(function.call("{}").await, Ok(Value::empty_object()));
}

#[tokio::test]
async fn a_child_that_a_process_leaves_behind_ends() {
    let Some(function) = Function::custom("timeout_seconds = 60") else { return };
    let held = Held::new();
    let event = format!(r#"{{"do":"leave a child and exit","port":{},"code":5}}"#, held.port());
    let (failure, holding) = tokio::join!(function.failure(&event), async {
        let holding = held.next().await;
        holding.release();
        holding
    });
    assert_eq!(failure.0, "Runtime.ExitError");
    holding.ended().await;
}

#[tokio::test]
async fn processes_end_with_the_router() {
    let Some(function) = Function::custom("timeout_seconds = 60") else { return };
    let held = Held::new();
    let event = format!(r#"{{"do":"hold and answer","port":{}}}"#, held.port());
    let (outcome, holding) = tokio::join!(function.call(&event), async {
        let holding = held.next().await;
        holding.release();
        holding
    });
    assert_eq!(outcome, Ok(Value::Null));
    drop(function);
    holding.ended().await;
}

#[tokio::test]
async fn too_much_memory_ends_a_call() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let Some(function) = Function::custom("timeout_seconds = 60\nmemory_mb = 150") else { return };
    let held = Held::new();
    let event = |mb: u32| format!(r#"{{"do":"take memory","mb":{mb},"port":{}}}"#, held.port());
    let failure = function.failure(&event(200)).await;
    let cause = r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"}"#;
    assert_eq!(failure, ("Runtime.ExitError".to_owned(), cause.to_owned()));
    let printed = function.printed().pop().unwrap();
    assert!(printed.starts_with("Memory Size: 150 MB, Memory Used: "), "{printed}");
}

#[tokio::test]
async fn a_process_that_does_not_start_tells_why_at_each_call() {
    let init = r#"{"errorType":"Runtime.Unlucky","errorMessage":"no"}"#;
    for (settings, error, cause) in [
        (format!("environment = {{ FAIL_AT_START = '{init}' }}"), "Runtime.Unlucky", init),
        (
            "environment = { EXIT_AT_START = '7' }".to_owned(),
            "Runtime.ExitError",
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 7"}"#,
        ),
    ] {
        let Some(function) = Function::custom(&settings) else { return };
        // The state machine may be made for that.
        function.prepare().await.unwrap();
        for _ in 0..2 {
            assert_eq!(function.failure("{}").await, (error.to_owned(), cause.to_owned()), "{settings}");
        }
    }
}

#[tokio::test]
async fn an_executable_that_is_none_is_an_invalid_entrypoint() {
    let function = Function::new(&[("bootstrap", "#!/no/such/interpreter\n")], "runtime = 'provided.al2023'");
    let bootstrap = function.code.path().canonicalize().unwrap().join("bootstrap");
    let cause = format!(
        r#"{{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ID Error: fork/exec {}: no such file or directory"}}"#,
        bootstrap.display()
    );
    assert_eq!(function.failure("{}").await, ("Runtime.InvalidEntrypoint".to_owned(), cause));
}

#[tokio::test]
async fn calls_at_the_same_time_get_processes_of_their_own_up_to_a_bound() {
    const BOUND: usize = 4;
    let Some(function) = Function::custom(&format!("timeout_seconds = 60\nmax_processes = {BOUND}")) else { return };
    let held = Held::new();
    let event = format!(r#"{{"do":"hold and answer","port":{}}}"#, held.port());
    let calls = join_all((0..2 * BOUND).map(|_| function.call(&event)));
    let releases = async {
        let mut first = Vec::new();
        for _ in 0..BOUND {
            first.push(held.next().await);
        }
        // All places are taken: each of the others gets one when one is free.
        for holding in first {
            holding.release();
            held.next().await.release();
        }
    };
    let (outcomes, ()) = tokio::join!(calls, releases);
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(Value::Null)), "{outcomes:?}");
}

#[tokio::test]
async fn a_process_is_kept_for_the_next_call() {
    let Some(function) = Function::custom("environment = { AT_START = 'start' }") else { return };
    function.prepare().await.unwrap();
    for _ in 0..50 {
        function.call("{}").await.unwrap();
    }
    assert_eq!(function.printed(), ["start"]);
    // Several at once go through the same process, if there may be one only.
    let Some(function) = Function::custom("max_processes = 1\nenvironment = { AT_START = 'start' }") else { return };
    let outcomes = join_all((0..50).map(|_| function.call("{}"))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(function.printed(), ["start"]);
}

#[tokio::test]
async fn lambda_invoke_and_the_arn_share_processes_that_are_ready() {
    let Some(function) = Function::custom("environment = { AT_START = 'start' }") else { return };
    let resource = "arn:aws:states:::lambda:invoke";
    function.fixture.router.handler(resource).unwrap().prepare(resource).await.unwrap();
    assert_eq!(function.printed(), ["start"]);
    invoke(&function, r#"{"FunctionName":"f"}"#).await.unwrap();
    function.call("{}").await.unwrap();
    assert_eq!(function.printed(), Vec::<String>::new());
}

#[tokio::test]
async fn a_function_can_be_led_to_aws_itself_which_is_told() {
    for (settings, expected, reaches) in [
        ("environment = { AWS_ENDPOINT_URL = 'http://other' }", Value::from("http://other"), None),
        ("environment = { AWS_ENDPOINT_URL = '', AWS_PROFILE = 'p' }", Value::Null, Some("whatever its code calls")),
    ] {
        let Some(function) = Function::custom(settings) else { return };
        let env = function.call(r#"{"do": "tell"}"#).await.unwrap()["env"].clone();
        assert_eq!(env["AWS_ENDPOINT_URL"], expected);
        assert_eq!(env["AWS_ACCESS_KEY_ID"] == Value::Null, reaches.is_some(), "credentials of its own");
        let reached = function.fixture.router.handler(FUNCTION).unwrap().reaches_aws(FUNCTION).await;
        assert_eq!(reached.first().map(String::as_str), reaches);
    }
}

#[tokio::test]
async fn a_function_finds_the_services_that_are_elsewhere() {
    const SERVICES: &str = "[services]\nsecretsmanager = { endpoint_url = 'http://127.0.0.1:5000' }\nkms = 'aws'";
    let Some(function) = Function::custom(&format!("timeout_seconds = 60\n{SERVICES}")) else { return };
    let env = function.call(r#"{"do": "tell"}"#).await.unwrap()["env"].clone();
    assert_eq!(env["AWS_ENDPOINT_URL_SECRETS_MANAGER"].as_str(), Some("http://127.0.0.1:5000"));
    assert_eq!(env["AWS_ENDPOINT_URL_KMS"], Value::Null);
}

#[tokio::test]
async fn a_call_that_waits_for_a_process_can_be_given_up() {
    let Some(function) = Function::custom("timeout_seconds = 60\nmax_processes = 1") else { return };
    let held = Held::new();
    let event = format!(r#"{{"do":"hold and answer","port":{}}}"#, held.port());
    let first = function.call(&event);
    let second = async {
        let holding = held.next().await;
        // It is polled once, and waits.
        let waits = function.call("{}");
        tokio::select! {
            biased;
            outcome = waits => panic!("{outcome:?}"),
            () = std::future::ready(()) => {}
        }
        holding.release();
    };
    let (outcome, ()) = tokio::join!(first, second);
    assert_eq!(outcome, Ok(Value::Null));
    assert_eq!(function.call("{}").await, Ok(Value::empty_object()));
}

#[tokio::test]
async fn a_start_that_hangs_is_given_up() {
    let Some(function) = Function::custom("environment = { HANG_AT_START = '1', AT_START = 'start' }") else { return };
    let call = function.call("{}");
    let mut call = std::pin::pin!(call);
    // Nothing comes of it before the limit, and dropping the router ends the process: the test would not end otherwise.
    tokio::select! {
        biased;
        outcome = &mut call => panic!("{outcome:?}"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), "").unwrap();
    std::fs::write(folder.path().join("index.js"), "").unwrap();
    let real = folder.path().canonicalize().unwrap();
    let (shown, real) = (folder.path().display(), real.display());
    for (settings, expected) in [
        ("runtime = 'python3'", "entry is missing: the module and the function, such as \"app.handler\"".to_owned()),
        (
            "runtime = 'python3'\nentry = 'ap.handler'",
            format!("there is no ap.py in {real}, which the entry \"ap.handler\" asks for"),
        ),
        (
            "runtime = 'nodejs'\nentry = 'app.handler'",
            format!("there is no app.js, app.mjs or app.cjs in {real}, which the entry \"app.handler\" asks for"),
        ),
        ("runtime = 'provided'", format!("the executable {real}/bootstrap: No such file or directory (os error 2)")),
        ("runtime = 'provided'\nentry = 'app.py'", format!("{real}/app.py is not executable; `chmod +x` makes it so")),
    ] {
        let router = router(&route(folder.path(), settings), folder.path());
        let error = router.handler(FUNCTION).unwrap().prepare(FUNCTION).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{settings}");
        let failure = support::call(&router, FUNCTION, "{}").await.unwrap_err();
        assert_eq!(
            (failure.error.as_deref(), failure.cause.as_deref()),
            (Some("Runtime.InvalidEntrypoint"), Some(expected.as_str()))
        );
    }
    for (code, expected) in [
        ("none", format!("code = {shown}/none: No such file or directory (os error 2)")),
        ("app.py", format!("code = {shown}/app.py is not a folder")),
    ] {
        let router = router(&route(&folder.path().join(code), "runtime = 'provided'"), folder.path());
        let error = router.handler(FUNCTION).unwrap().prepare(FUNCTION).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let Some(function) = Function::custom("environment = { TOKEN = { env = 'ASL_NO_SUCH_VARIABLE' } }") else { return };
    assert_eq!(
        function.prepare().await.unwrap_err(),
        "environment: TOKEN: the environment variable ASL_NO_SUCH_VARIABLE is not set"
    );
}

/// `lambda:invoke` of a function by its parameters.
async fn invoke(function: &Function, parameters: &str) -> asl_engine::Outcome {
    let resource = "arn:aws:states:::lambda:invoke";
    let request = TaskRequest {
        state: "S".into(),
        execution: "arn:aws:states:us-east-1:123456789012:execution:m:e".into(),
        ..TaskRequest::new(resource, json(parameters))
    };
    function.fixture.router.handler(resource).unwrap().call(&Call::new(request)).await
}

#[tokio::test]
async fn lambda_invoke_gives_the_envelope_of_the_api() {
    let Some(function) = Function::custom("") else { return };
    let answer = invoke(&function, r#"{"FunctionName":"f","Payload":{"a":1}}"#).await.unwrap();
    let text = without_ids(&answer.to_string());
    let (date, trace) = (
        &answer["SdkHttpMetadata"]["HttpHeaders"]["Date"],
        &answer["SdkHttpMetadata"]["HttpHeaders"]["X-Amzn-Trace-Id"],
    );
    let text = text.replace(date.as_str().unwrap(), "DATE").replace(trace.as_str().unwrap(), "TRACE");
    assert_eq!(
        text,
        concat!(
            r#"{"ExecutedVersion":"$LATEST","Payload":{"a":1},"SdkHttpMetadata":{"AllHttpHeaders":{"#,
            r#""X-Amz-Executed-Version":["$LATEST"],"x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"#,
            r#""x-amzn-RequestId":["ID"],"Content-Length":["7"],"Date":["DATE"],"X-Amzn-Trace-Id":["TRACE"],"#,
            r#""Content-Type":["application/json"]},"HttpHeaders":{"Connection":"keep-alive","Content-Length":"7","#,
            r#""Content-Type":"application/json","Date":"DATE","X-Amz-Executed-Version":"$LATEST","#,
            r#""x-amzn-Remapped-Content-Length":"0","x-amzn-RequestId":"ID","X-Amzn-Trace-Id":"TRACE"},"HttpStatusCode":200},"#,
            r#""SdkResponseMetadata":{"RequestId":"ID"},"StatusCode":200}"#
        )
    );
    for (parameters, payload, version) in [
        (r#"{"FunctionName":"f"}"#, "{}", "$LATEST"),
        (r#"{"FunctionName":"f","Payload":null}"#, "{}", "$LATEST"),
        (r#"{"FunctionName":"f","Payload":"{\"b\":2}"}"#, r#"{"b":2}"#, "$LATEST"),
        (r#"{"FunctionName":"f","Payload":"\"text\""}"#, r#""\"text\"""#, "$LATEST"),
        (r#"{"FunctionName":"f:7"}"#, "{}", "7"),
        (r#"{"FunctionName":"f","Qualifier":"7"}"#, "{}", "7"),
        (r#"{"FunctionName":"f","Qualifier":"live"}"#, "{}", "$LATEST"),
        (r#"{"FunctionName":"123456789012:function:f"}"#, "{}", "$LATEST"),
        (r#"{"FunctionName":"arn:aws:lambda:us-east-1:123456789012:function:f"}"#, "{}", "$LATEST"),
        (r#"{"FunctionName":"arn:aws:lambda:eu-west-1:1:function:f:$LATEST"}"#, "{}", "$LATEST"),
    ] {
        let answer = invoke(&function, parameters).await.unwrap();
        assert_eq!(
            (answer["Payload"].to_string().as_str(), answer["ExecutedVersion"].as_str()),
            (payload, Some(version)),
            "{parameters}"
        );
    }
    let told =
        invoke(&function, r#"{"FunctionName":"f:7","Payload":{"do":"tell"},"ClientContext":"eyJjbGllbnQiOiAiYSJ9"}"#);
    let told = told.await.unwrap();
    assert_eq!(told["Payload"]["client-context"].as_str(), Some(r#"{"client":"a"}"#));
    assert_eq!(told["Payload"]["invoked-function-arn"].as_str(), Some(format!("{FUNCTION}:7").as_str()));
    assert_eq!(told["Payload"]["env"]["AWS_LAMBDA_FUNCTION_VERSION"].as_str(), Some("7"));
}

#[tokio::test]
async fn lambda_invoke_can_do_without_the_result() {
    let Some(function) = Function::custom("timeout_seconds = 60") else { return };
    let dry = invoke(&function, r#"{"FunctionName":"f","InvocationType":"DryRun","Payload":{"do":"exit","code":1}}"#);
    assert_eq!(dry.await.unwrap()["StatusCode"].as_i64(), Some(204));
    let held = Held::new();
    let event = format!(
        r#"{{"FunctionName":"f","InvocationType":"Event","Payload":{{"do":"hold and answer","port":{}}}}}"#,
        held.port()
    );
    let answer = invoke(&function, &event).await.unwrap();
    assert_eq!((answer["StatusCode"].as_i64(), answer["Payload"].as_str()), (Some(202), Some("")));
    // The function still runs, and the end is waited for.
    let holding = held.next().await;
    holding.release();
    function.fixture.router.idle().await;
}

#[tokio::test]
async fn lambda_invoke_fails_as_the_function_or_the_api_does() {
    let Some(function) = Function::custom("") else { return };
    for (parameters, error, cause) in [
        (r#"{"FunctionName":"f","Payload":{"do":"fail","text":"{\"errorType\":\"E\"}"}}"#, "E", r#"{"errorType":"E"}"#),
        (
            r#"{"FunctionName":"f","Payload":"no JSON"}"#,
            "Lambda.InvalidRequestContentException",
            "Could not parse request body into json: expected a value, found 'no' (Service: AWSLambda; Status Code: 400; \
             Error Code: InvalidRequestContentException; Request ID: ID; Proxy: null)",
        ),
        (
            r#"{"Payload":1}"#,
            "States.Runtime",
            "The Parameters '{\"Payload\":1}' could not be used to start the Task: [The field 'FunctionName' is required but was missing]",
        ),
        (
            r#"{"FunctionName":3}"#,
            "States.Runtime",
            "The Parameters '{\"FunctionName\":3}' could not be used to start the Task: [The value for the field \
             'FunctionName' must be a STRING]",
        ),
    ] {
        let failure = invoke(&function, parameters).await.unwrap_err();
        assert_eq!(failure.error.as_deref(), Some(error), "{parameters}");
        assert_eq!(without_ids(failure.cause.as_deref().unwrap()), cause);
    }
    // What nothing serves is no failure of the function; see `a_function_without_a_route_ends_the_run`.
    let failure = invoke(&function, r#"{"FunctionName":"g"}"#).await.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
    let cause = failure.cause.unwrap();
    assert!(
        cause.contains(" has no route for the resource arn:aws:lambda:us-east-1:123456789012:function:g\n"),
        "{cause}"
    );
}
