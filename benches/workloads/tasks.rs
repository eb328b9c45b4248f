//! What the tasks of W5 answer, at once.

use asl_engine::{TaskRequest, Value};

/// The answer of the task that the resource names.
pub(crate) fn answer(request: &TaskRequest) -> Value {
    let input = &request.input;
    match request.resource.rsplit(':').next() {
        Some("batch") => batch(input),
        Some("download") => download(input),
        Some("consolidate") => {
            let codes = input.as_array().map(|codes| codes.iter().all(|code| code.as_i64() == Some(200)));
            Value::from(codes.unwrap_or(false))
        }
        _ => Value::empty_object(),
    }
}

fn batch(input: &Value) -> Value {
    let paths: Vec<Value> = input["resourcePaths"].as_array().expect("a list").iter().cloned().collect();
    let shared = Value::from([("baseUrl", input["baseUrl"].clone()), ("lambdaConcur", input["lambdaConcur"].clone())]);
    let tasks: Value = paths
        .chunks(5)
        .map(|paths| {
            let paths: Value = paths.iter().cloned().collect();
            Value::from([("resourcePaths", paths), ("batchInput", shared.clone())])
        })
        .collect();
    [("tasks", tasks)].into()
}

fn download(input: &Value) -> Value {
    let base = input["batchInput"]["baseUrl"].as_str().expect("a text");
    let result = |path: &Value| {
        let path = path.as_str().expect("a text");
        let filename = path.rsplit('/').next().unwrap_or(path);
        Value::from([
            ("url", format!("{base}/{path}").into()),
            ("statusCode", 200.into()),
            ("filename", filename.into()),
        ])
    };
    input["resourcePaths"].as_array().expect("a list").iter().map(result).collect()
}
