//! Python functions, by the runtime that Lambda has.

mod support;

use asl_engine::Value;
use support::functions::{FUNCTION, Function, has, route, without_ids};
use support::{call, not_run, router};

const PYTHON: &str = "runtime = 'python3'\nentry = 'app.handler'\ntimeout_seconds = 60";

/// A function whose requirements are installed; none, and a word about it, where they cannot be.
async fn with_app(app: &str) -> Option<Function> {
    with(&[("app.py", app)], PYTHON).await
}

async fn with(files: &[(&str, &str)], settings: &str) -> Option<Function> {
    if !has("python3", &["-c", "import ensurepip, venv"]) {
        return None;
    }
    let function = Function::new(files, settings);
    match function.prepare().await {
        Ok(()) => Some(function),
        Err(error) if error.starts_with("cannot install awslambdaric") => {
            not_run(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_handler_runs_unchanged() {
    let app = "import os\n\
               count = 0\n\
               def handler(event, context):\n    \
                   global count\n    \
                   count += 1\n    \
                   print('call', count)\n    \
                   return {'event': event, 'count': count, 'name': context.function_name, 'version': context.function_version,\n            \
                           'arn': context.invoked_function_arn, 'memory': context.memory_limit_in_mb, 'id': context.aws_request_id,\n            \
                           'time': 0 < context.get_remaining_time_in_millis() <= 60000, 'runtime': os.environ['AWS_EXECUTION_ENV']}\n";
    let Some(function) = with_app(app).await else { return };
    for count in 1..=3 {
        let answer = function.call(r#"{"a": "é"}"#).await.unwrap();
        let text = without_ids(&answer.to_string());
        let (text, runtime) = text.split_once(r#","runtime":"AWS_Lambda_python3."#).unwrap();
        assert!(runtime.trim_end_matches("\"}").parse::<u32>().is_ok(), "{runtime}");
        let expected = format!(
            r#"{{"event":{{"a":"é"}},"count":{count},"name":"f","version":"$LATEST","arn":"{FUNCTION}","memory":"128","id":"ID","time":true"#
        );
        assert_eq!(text, expected);
    }
    assert_eq!(function.printed(), ["call 1", "call 2", "call 3"]);
    // Nothing was added to the code.
    assert_eq!(std::fs::read_dir(function.code.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn exceptions_are_those_of_the_handler() {
    let app = "class Unlucky(Exception): pass\n\
               def handler(event, context):\n    \
                   raise Unlucky('no ' + event['what'])\n";
    let Some(function) = with_app(app).await else { return };
    let folder = function.code.path().canonicalize().unwrap();
    let (error, cause) = function.failure(r#"{"what": "luck"}"#).await;
    assert_eq!(error, "Unlucky");
    let file = folder.join("app.py").display().to_string();
    assert_eq!(
        cause,
        format!(
            r#"{{"errorMessage": "no luck", "errorType": "Unlucky", "requestId": "ID", "stackTrace": ["  File \"{file}\", line 3, in handler\n    raise Unlucky('no ' + event['what'])\n"]}}"#
        )
    );
    let failure = function.call("{}").await.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("KeyError"));
    let printed = function.fixture.router.printed(&failure).unwrap().lines;
    assert_eq!(printed[..2], ["[ERROR] KeyError: 'what'", "Traceback (most recent call last):"]);
}

#[tokio::test]
async fn code_that_cannot_be_loaded_fails_as_on_lambda() {
    let init = |kind: &str, message: &str| {
        format!(r#"{{"errorMessage": "{message}", "errorType": "{kind}", "requestId": "", "stackTrace": []}}"#)
    };
    for (app, kind, message) in [
        (
            "import nothing_of_this_name",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nothing_of_this_name'",
        ),
        ("def other(): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
    ] {
        let Some(function) = with_app(app).await else { return };
        assert_eq!(function.failure("{}").await, (kind.to_owned(), init(kind, message)));
    }
    let Some(function) = with_app("def handler(:").await else { return };
    assert_eq!(function.failure("{}").await.0, "Runtime.UserCodeSyntaxError");
    let Some(function) = with_app("import os; os._exit(9)").await else { return };
    let (error, cause) = function.failure("{}").await;
    assert_eq!(error, "Runtime.ExitError");
    assert!(cause.contains("Runtime exited with error: exit status 9"), "{cause}");
}

#[tokio::test]
async fn what_json_does_not_have_is_no_answer() {
    let app = "def handler(event, context):\n    \
                   return {'nan': float('nan'), 'bytes': 3 + 4j, 'big': 'x' * 10_000_000}[event['kind']]\n";
    let Some(function) = with_app(app).await else { return };
    assert_eq!(function.failure(r#"{"kind": "nan"}"#).await.0, "Lambda.Unknown");
    let (error, cause) = function.failure(r#"{"kind": "bytes"}"#).await;
    assert_eq!(error, "Runtime.MarshalError");
    assert!(cause.contains("Unable to marshal response"), "{cause}");
    assert_eq!(function.failure(r#"{"kind": "big"}"#).await.0, "Function.ResponseSizeTooLarge");
    assert_eq!(function.failure(r#"{"kind": "nan"}"#).await.0, "Lambda.Unknown");
}

#[tokio::test]
async fn requirements_are_installed_once_and_told_when_they_cannot_be() {
    // A package of this machine: nothing is fetched for it.
    let package = tempfile::tempdir().unwrap();
    let project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n";
    // The smallest build backend that there can be.
    let backend = "import zipfile\n\
                   def build_wheel(folder, *rest):\n    \
                       name = 'greeting-1.0-py3-none-any.whl'\n    \
                       with zipfile.ZipFile(f'{folder}/{name}', 'w') as wheel:\n        \
                           wheel.writestr('greeting.py', \"TEXT = 'hello'\")\n        \
                           info = 'greeting-1.0.dist-info/'\n        \
                           wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: greeting\\nVersion: 1.0\\n')\n        \
                           wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n        \
                           wheel.writestr(info + 'RECORD', '')\n    \
                       return name\n";
    std::fs::write(package.path().join("pyproject.toml"), project).unwrap();
    std::fs::write(package.path().join("backend.py"), backend).unwrap();
    let app = "import greeting\ndef handler(event, context): return greeting.TEXT\n";
    let requirements = format!("{}\n", package.path().display());
    let Some(function) = with(&[("app.py", app), ("requirements.txt", &requirements)], PYTHON).await else { return };
    assert_eq!(function.call("{}").await, Ok(Value::from("hello")));
    // It is there now: without the package, the same requirements are met.
    drop(package);
    let again = Function::new(&[("app.py", app), ("requirements.txt", &requirements)], PYTHON);
    assert_eq!(again.call("{}").await, Ok(Value::from("hello")));

    let lost = Function::new(&[("app.py", app), ("requirements.txt", "./no-such-package\n")], PYTHON);
    let error = lost.prepare().await.unwrap_err();
    let file = lost.code.path().canonicalize().unwrap().join("requirements.txt");
    assert!(error.starts_with("cannot install awslambdaric==") && error.contains(file.to_str().unwrap()), "{error}");
    assert!(error.contains("no-such-package"), "{error}");
}

#[tokio::test]
async fn another_version_than_there_is_is_told() {
    let app = "def handler(event, context): pass\n";
    let settings = PYTHON.replace("'python3'", "'python3.1'");
    let Some(function) = with(&[("app.py", app)], &settings).await else { return };
    let printed = function.printed();
    assert!(printed[0].starts_with("there is no python3.1: Python 3."), "{printed:?}");
    assert_eq!(function.call("{}").await, Ok(Value::Null));
}

#[tokio::test]
async fn one_route_serves_several_functions_by_their_names() {
    let app = "import os\ndef handler(event, context): return [context.function_name, os.environ['AWS_REGION']]\n";
    let Some(function) = with_app(app).await else { return };
    let routes = route(function.code.path(), PYTHON).replace(FUNCTION, "arn:aws:lambda:*:*:function:Stack-*");
    let router = router(&routes, &function.fixture.path("other"));
    for (resource, expected) in [
        ("arn:aws:lambda:us-east-1:1:function:Stack-one", r#"["Stack-one","us-east-1"]"#),
        ("arn:aws:lambda:eu-west-1:1:function:Stack-two", r#"["Stack-two","eu-west-1"]"#),
    ] {
        assert_eq!(call(&router, resource, "{}").await.unwrap().to_string(), expected);
    }
}
