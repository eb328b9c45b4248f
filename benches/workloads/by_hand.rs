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

/// Filters, maps, sorts, groups and adds up the items.
pub(crate) fn w6(input: &str) -> String {
    let input = read(input);
    let items = list(&input["items"]);
    let price = |item: &Value| item["price"].as_f64().expect("a price");
    let picked: Vec<Value> = items
        .iter()
        .filter(|item| price(item) > 50.0)
        .map(|item| json!({ "id": item["id"], "p": price(item) * 1.1, "cat": item["category"] }))
        .collect();
    let upper = |(at, item): (usize, &Value)| json!({ "i": at, "id": item["id"], "up": item["name"].as_str().expect("a name").to_uppercase() });
    let mapped: Vec<Value> = items.iter().enumerate().map(upper).collect();
    std::hint::black_box(json!({ "mapped": mapped, "prev": picked }));
    let mut sorted: Vec<&Value> = items.iter().collect();
    sorted.sort_by(|left, right| price(left).total_cmp(&price(right)));
    let mut by_category = serde_json::Map::new();
    for item in items {
        let category = item["category"].as_str().expect("a category");
        let sum = by_category.get(category).and_then(Value::as_f64).unwrap_or(0.0) + price(item);
        by_category.insert(category.to_owned(), sum.into());
    }
    let total: f64 = items.iter().map(price).sum();
    let result = json!({ "total": total, "cnt": items.len(), "n": sorted.len(), "byCat": by_category, "red": total });
    result.to_string()
}

/// Fifty edits of a large document.
pub(crate) fn w7(input: &str) -> String {
    let mut state = read(input);
    for step in 0..50 {
        state["edits"][format!("s{step}")] = json!({ "step": step, "k": state["key"] });
    }
    state.to_string()
}
