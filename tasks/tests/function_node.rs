//! Node.js functions, by the runtime that comes with `asl`. What handlers come to, one by one, is in `functions/tests`.

mod support;

use asl_engine::Value;
use support::functions::{FUNCTION, Function, has, without_ids};

fn with_files(files: &[(&str, &str)], entry: &str) -> Option<Function> {
    let settings = format!("runtime = 'nodejs22.x'\nentry = '{entry}'\ntimeout_seconds = 60");
    has("node", &["--version"]).then(|| Function::new(files, &settings))
}

#[tokio::test]
async fn a_handler_runs_unchanged() {
    let index = "let count = 0;\n\
                 export const handler = async (event, context) => {\n  \
                   console.log('call', ++count);\n  \
                   const { functionName, functionVersion, invokedFunctionArn, memoryLimitInMB, awsRequestId } = context;\n  \
                   const left = context.getRemainingTimeInMillis();\n  \
                   return { event, count, functionName, functionVersion, invokedFunctionArn, memoryLimitInMB, awsRequestId, time: left > 0 && left <= 60000 };\n\
                 };\n";
    let Some(function) = with_files(&[("index.mjs", index)], "index.handler") else { return };
    for count in 1..=3 {
        let answer = function.call(r#"{"a": "é"}"#).await.unwrap();
        let expected = format!(
            r#"{{"event":{{"a":"é"}},"count":{count},"functionName":"f","functionVersion":"$LATEST","invokedFunctionArn":"{FUNCTION}","memoryLimitInMB":"128","awsRequestId":"ID","time":true}}"#
        );
        assert_eq!(without_ids(&answer.to_string()), expected);
    }
    let printed = function.printed();
    let printed: Vec<_> = printed.iter().filter(|line| !line.starts_with("there is no Node.js 22")).collect();
    assert_eq!(printed, ["call 1", "call 2", "call 3"]);
}

#[tokio::test]
async fn handlers_of_every_form_are_called() {
    let module = |text: &str| format!("module.exports = {{ {text} }};");
    let package = r#"{ "type": "module" }"#;
    for (file, text, entry, expected) in [
        ("index.js", module("handler: async () => 'promise'"), "index.handler", r#""promise""#),
        (
            "index.cjs",
            module("handler: (event, context, callback) => setTimeout(callback, 1, null, 'called back')"),
            "index.handler",
            r#""called back""#,
        ),
        ("index.js", module("handler: (event, context) => context.succeed('done')"), "index.handler", r#""done""#),
        ("index.js", module("handler: () => 'what it returns does not count'"), "index.handler", "null"),
        ("index.js", module("handler: async () => {}"), "index.handler", "null"),
        ("index.js", module("handler: async () => ({ nan: NaN, not: undefined })"), "index.handler", r#"{"nan":null}"#),
        ("lib/app.js", module("api: { handler: async () => 'deep' }"), "lib/app.api.handler", r#""deep""#),
    ] {
        let Some(function) = with_files(&[(file, &text)], entry) else { return };
        assert_eq!(function.call("{}").await.unwrap().to_string(), expected, "{text}");
        assert_eq!(function.call("{}").await.unwrap().to_string(), expected, "again: {text}");
    }
    let text = "export const handler = async () => 'module';";
    let Some(function) = with_files(&[("index.js", text), ("package.json", package)], "index.handler") else { return };
    assert_eq!(function.call("{}").await, Ok(Value::from("module")));
}

#[tokio::test]
async fn errors_are_those_of_the_handler() {
    let index = "class Unlucky extends Error { constructor(m) { super(m); this.name = 'Unlucky'; } }\n\
                 export const handler = (event, context, callback) => {\n  \
                   switch (event.how) {\n    \
                     case 'throw': throw new Unlucky('no luck');\n    \
                     case 'reject': return Promise.reject(new TypeError('no type'));\n    \
                     case 'call back': return callback(new RangeError('no range'));\n    \
                     case 'text': throw 'no error';\n    \
                     case 'circle': { const a = {}; a.a = a; return Promise.resolve(a); }\n    \
                     case 'nobody catches': setTimeout(() => { throw new Unlucky('later'); }); return new Promise(() => setTimeout(() => {}, 60000));\n    \
                     case 'nobody waits': Promise.reject(new Error('lost')); return new Promise(() => setTimeout(() => {}, 60000));\n    \
                     case 'exit': process.exit(7);\n  \
                   }\n\
                 };\n";
    let Some(function) = with_files(&[("index.mjs", index)], "index.handler") else { return };
    for (how, error, message) in [
        ("throw", "Unlucky", "no luck"),
        ("reject", "TypeError", "no type"),
        ("call back", "RangeError", "no range"),
        ("text", "string", "no error"),
        ("circle", "Error", "Unable to stringify response body"),
        ("nobody catches", "Unlucky", "later"),
        ("nobody waits", "Runtime.UnhandledPromiseRejection", "Error: lost"),
        ("exit", "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 7"),
    ] {
        let (found, cause) = function.failure(&format!(r#"{{"how": "{how}"}}"#)).await;
        assert_eq!(found, error, "{how}: {cause}");
        let cause: Value = cause.parse().unwrap();
        assert!(cause["errorMessage"].as_str().unwrap().starts_with(message), "{how}: {cause}");
        assert_eq!(cause["errorType"].as_str(), Some(error));
        assert_eq!(function.call(r#"{"how": "nothing"}"#).await, Ok(Value::Null), "after {how}");
    }
}

#[tokio::test]
async fn code_that_cannot_be_loaded_fails_as_on_lambda() {
    for (text, error, message) in [
        ("import 'nothing-of-this-name';", "Error", "Cannot find package 'nothing-of-this-name'"),
        ("export const other = 1;", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("export const handler = 1;", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("export const handler = (;", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        ("throw new RangeError('at once');", "RangeError", "at once"),
    ] {
        let Some(function) = with_files(&[("index.mjs", text)], "index.handler") else { return };
        let (found, cause) = function.failure("{}").await;
        let message_found = cause.parse::<Value>().unwrap()["errorMessage"].as_str().unwrap().to_owned();
        assert_eq!(found, error, "{cause}");
        assert!(message_found.starts_with(message), "{cause}");
    }
}

#[tokio::test]
async fn dependencies_are_installed_beside_the_code() {
    if !has("npm", &["--version"]) {
        return;
    }
    // A package of this machine: nothing is fetched for it.
    let package = tempfile::tempdir().unwrap();
    std::fs::write(package.path().join("package.json"), r#"{"name":"greeting","version":"1.0.0","main":"index.js"}"#)
        .unwrap();
    std::fs::write(package.path().join("index.js"), "exports.text = 'hello';").unwrap();
    let depends = format!(r#"{{"dependencies":{{"greeting":"file:{}"}}}}"#, package.path().display());
    let module = "import { text } from 'greeting';\nexport const handler = async () => text;";
    let common = "const { text } = require('greeting');\nexports.handler = async () => text;";
    for (file, text) in [("index.mjs", module), ("index.cjs", common)] {
        let Some(function) = with_files(&[(file, text), ("package.json", &depends)], "index.handler") else { return };
        function.prepare().await.unwrap();
        assert_eq!(function.call("{}").await, Ok(Value::from("hello")), "{file}");
        assert_eq!(std::fs::read_dir(function.code.path()).unwrap().count(), 2, "nothing was added to the code");
    }
    let depends = r#"{"dependencies":{"greeting":"file:/no/such/package.tgz"}}"#;
    let Some(function) = with_files(&[("index.mjs", module), ("package.json", depends)], "index.handler") else {
        return;
    };
    let error = function.prepare().await.unwrap_err();
    let file = function.code.path().canonicalize().unwrap().join("package.json");
    assert!(error.starts_with(&format!("cannot install what {} depends on: npm failed", file.display())), "{error}");
}
