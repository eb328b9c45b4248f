//! What the workloads compute, each as a programmer would write it over `serde_json`.

use serde_json::{Value, json};

fn read(input: &str) -> Value {
    serde_json::from_str(input).expect("the input is JSON")
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// Counts up, with a new object for each number.
pub(crate) fn w1(input: &str) -> String {
    let mut state = read(input);
    while state["i"].as_i64() < state["n"].as_i64() {
        state = json!({ "i": state["i"].as_i64().expect("a number") + 1, "n": state["n"] });
    }
    state.to_string()
}

/// Picks three members of each item.
pub(crate) fn w2(input: &str) -> String {
    let input = read(input);
    let pick = |item: &Value| json!({ "id": item["id"], "url": item["meta"]["url"], "name": item["name"] });
    Value::from(list(&input["items"]).iter().map(pick).collect::<Vec<_>>()).to_string()
}

/// Flattens the lists, keeps the good ones, and gives their number and the first.
pub(crate) fn w3(input: &str) -> String {
    let input = read(input);
    let results: Vec<Value> = list(&input["lists"]).iter().flat_map(list).cloned().collect();
    let ok: Vec<Value> = results.into_iter().filter(|result| result["statusCode"] == 200).collect();
    json!({ "n": ok.len(), "first": ok[0] }).to_string()
}

/// Fifty branches write the number of each of their twenty steps into the input.
pub(crate) fn w4(input: &str) -> String {
    let input = read(input);
    let branch = |_| {
        let mut state = input.clone();
        for step in 0..20 {
            state["last"] = json!({ "id": state["id"], "step": step });
        }
        state
    };
    Value::from((0..50).map(branch).collect::<Vec<_>>()).to_string()
}

/// Batches, downloads, flattens, consolidates and stores.
pub(crate) fn w5(input: &str) -> String {
    let mut state = read(input);
    let shared = json!({ "baseUrl": state["baseUrl"], "lambdaConcur": state["lambdaConcur"] });
    let tasks: Vec<Value> = list(&state["resourcePaths"])
        .chunks(5)
        .map(|paths| json!({ "resourcePaths": paths, "batchInput": shared }))
        .collect();
    let mut results = Vec::new();
    for task in &tasks {
        for path in list(&task["resourcePaths"]) {
            let base = task["batchInput"]["baseUrl"].as_str().expect("a text");
            let path = path.as_str().expect("a text");
            let filename = path.rsplit('/').next().unwrap_or(path);
            results.push(json!({ "url": format!("{base}/{path}"), "statusCode": 200, "filename": filename }));
        }
    }
    let succeeded = results.iter().all(|result| result["statusCode"] == 200);
    let rows: Vec<Value> = results
        .iter()
        .filter(|result| result["statusCode"] == 200)
        .map(|result| json!({ "TableName": "t", "Item": { "url": { "S": result["url"] }, "filename": { "S": result["filename"] } } }))
        .collect();
    std::hint::black_box(rows);
    state = json!({ "results": results });
    state["allSucceeded"] = succeeded.into();
    state.to_string()
}

/// Fifty edits of a large document.
pub(crate) fn w7(input: &str) -> String {
    let mut state = read(input);
    for step in 0..50 {
        state["edits"][format!("s{step}")] = json!({ "step": step, "k": state["key"] });
    }
    state.to_string()
}
