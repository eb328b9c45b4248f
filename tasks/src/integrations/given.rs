//! Where the members of requests and results come from that Step Functions makes up: the data behind the tables of integrations.

use asl_engine::Value;

/// Where a value comes from. A path such as `Tasks.0.TaskArn` leads into an answer or the parameters; `*` stands for all items of a
/// list, and the empty path for all of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    /// What the parameters of the state have there.
    Parameter(&'static str),
    /// What the answer has there.
    Answer(&'static str),
    /// A list with this as its only item.
    Only(&'static Given),
    /// This text.
    Text(&'static str),
}

/// Members with where they come from.
pub(super) type Members = &'static [(&'static str, Given)];

impl Given {
    fn value(&self, parameters: &Value, answer: &Value) -> Value {
        match self {
            Self::Parameter(path) => at(parameters, path),
            Self::Answer(path) => at(answer, path),
            Self::Only(item) => Value::from(vec![item.value(parameters, answer)]),
            Self::Text(text) => Value::from(*text),
        }
    }
}

/// An object of members; those that come from nowhere are left out.
pub(super) fn made(members: Members, parameters: &Value, answer: &Value) -> Value {
    let made = members.iter().map(|(name, given)| (*name, given.value(parameters, answer)));
    made.filter(|(_, value)| *value != Value::Null).collect()
}

/// What `value` has at a path; null where it has nothing there.
pub(super) fn at(value: &Value, path: &str) -> Value {
    let Some((step, rest)) = path.split_once('.').or((!path.is_empty()).then_some((path, ""))) else {
        return value.clone();
    };
    if step == "*" {
        let items = value.as_array().into_iter().flat_map(|items| items.iter());
        return items.map(|item| at(item, rest)).collect();
    }
    match step.parse::<usize>() {
        Ok(index) => at(&value[index], rest),
        Err(_) => at(&value[step], rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_from_the_parameters_and_the_answer() {
        let parameters: Value = r#"{"Cluster":"c"}"#.parse().unwrap();
        let answer: Value = r#"{"Tasks":[{"TaskArn":"a"},{"TaskArn":"b"}],"Id":7}"#.parse().unwrap();
        let members: Members = &[
            ("Cluster", Given::Parameter("Cluster")),
            ("Group", Given::Parameter("Group")),
            ("All", Given::Answer("Tasks.*.TaskArn")),
            ("Second", Given::Answer("Tasks.1.TaskArn")),
            ("Third", Given::Answer("Tasks.2.TaskArn")),
            ("Ids", Given::Only(&Given::Answer("Id"))),
            ("Reason", Given::Text("r")),
        ];
        let expected = r#"{"Cluster":"c","All":["a","b"],"Second":"b","Ids":[7],"Reason":"r"}"#;
        assert_eq!(made(members, &parameters, &answer), expected.parse().unwrap());
        assert_eq!(at(&answer, ""), answer);
    }
}
