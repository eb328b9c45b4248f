//! What the tests against Jayway share.

use std::path::PathBuf;

use asl_engine::jsonpath::{JsonPath, PathError, Provider};
use asl_engine::{Number, Value};

/// The cases that stand outside of the repository, or why there are none. `ASL_JSONPATH_CASES=FILE` names a file.
pub(crate) fn cases() -> Result<Vec<Value>, String> {
    let named = std::env::var_os("ASL_JSONPATH_CASES").map(PathBuf::from);
    let file = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/jsonpath/cases.json"));
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("the JSONPath cases cannot be read from {}: {error}", file.display()))?;
    let cases: Value = text.parse().map_err(|error| format!("{} is not JSON: {error}", file.display()))?;
    Ok(cases.as_array().map(|cases| cases.to_vec()).unwrap_or_default())
}

/// What a path gives for a document, in the words of this project or of Jayway.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) definite: Option<bool>,
    pub(crate) compiled: Option<String>,
    pub(crate) value: Option<Value>,
    pub(crate) paths: Vec<String>,
    pub(crate) error: Option<Problem>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) stage: String,
    pub(crate) class: String,
    pub(crate) message: String,
}

impl Answer {
    /// What `asl_engine` gives for one of Jackson's providers.
    pub(crate) fn ours(path: &str, document: &Value, provider: Provider) -> Self {
        let mut answer = Self::default();
        let outcome = JsonPath::parse(path).and_then(|path| {
            let path = path.with_provider(provider);
            answer.definite = Some(path.is_definite());
            answer.compiled = Some(path.to_string());
            let value = path.evaluate(document)?;
            Ok((value, path.matches(document)?))
        });
        match outcome {
            Ok((value, matches)) => {
                let single = answer.definite == Some(true);
                let of_matches = matches.iter().map(|found| found.value.clone());
                let agreed = if single { matches[0].value.clone() } else { of_matches.collect() };
                assert!(agreed == value, "{path}: evaluate gives {value}, matches give {agreed}");
                answer.value = Some(value);
                answer.paths = matches.into_iter().map(|found| found.path).collect();
            }
            Err(error) => answer.error = Some(error.into()),
        }
        answer
    }

    /// Reads `{"definite", "compiled", "value", "paths", "error": {"stage", "class", "message"}}`.
    pub(crate) fn read(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            definite: value["definite"].as_bool(),
            compiled: text(&value["compiled"]),
            value: value.get("value").cloned(),
            paths: value["paths"].as_array().map_or(Vec::new(), |paths| paths.iter().filter_map(text).collect()),
            error: value.get("error").map(|error| Problem {
                stage: text(&error["stage"]).unwrap_or_default(),
                class: text(&error["class"]).unwrap_or_default(),
                message: text(&error["message"]).unwrap_or("null".to_owned()),
            }),
        }
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        let stage = format!("{:?}", error.stage).to_lowercase();
        Self { stage, class: error.class.to_string(), message: error.message }
    }
}

/// Whether two values are the same, numbers taken by value.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same_member = |((a, one), (b, other)): ((&_, _), (&_, _))| a == b && same(one, other);
            one.len() == other.len() && one.iter().zip(other.iter()).all(same_member)
        }
        _ => one == other,
    }
}

fn same_number(one: &Number, other: &Number) -> bool {
    match (one.is_integer(), other.is_integer()) {
        (true, true) => one.to_string() == other.to_string() || one.as_f64() == 0.0 && other.as_f64() == 0.0,
        _ => one.as_f64() == other.as_f64(),
    }
}
