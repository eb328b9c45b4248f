//! Reads the objects of a test file field by field; what nobody takes is unknown.

use asl_engine::{Span, Value};
use asl_project::yaml::{Tree, TreeKind};

use crate::duration::duration;
use crate::problem::{Problem, Problems};

/// The fields of an object that are not taken yet.
pub(crate) struct Fields<'a> {
    tree: &'a Tree,
    /// What the object is, for messages: `a case`.
    what: &'static str,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of an object; none, and a problem, where there is something else.
    pub(crate) fn of(tree: &'a Tree, what: &'static str, problems: &mut Problems) -> Option<Self> {
        if !matches!(tree.kind, TreeKind::Object(_)) {
            problems.add(Problem::new(tree.span, format!("{what} is an object with fields, not {}", kind(tree))));
            return None;
        }
        Some(Self { tree, what, known: Vec::new() })
    }

    /// The place of the object.
    pub(crate) fn span(&self) -> Span {
        self.tree.span
    }

    /// Takes a field.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<&'a Tree> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.tree.get(name)
    }

    /// The place of a field's name.
    pub(crate) fn name_span(&self, name: &str) -> Span {
        self.tree.members().iter().find(|member| &*member.name == name).map_or(self.tree.span, |member| member.span)
    }

    /// Takes a field that is a text.
    pub(crate) fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'a str> {
        let tree = self.take(name)?;
        let text = tree.text();
        if text.is_none() {
            let problem = Problem::new(tree.span, format!("'{name}' is a text, not {}", kind(tree)));
            let is_bare = matches!(&tree.kind, TreeKind::Plain(json) if json != "null");
            problems.add(if is_bare {
                problem.help(format!("in quotes it is one: \"{}\"", kind(tree)))
            } else {
                problem
            });
        }
        text
    }

    /// Takes a field that is `true` or `false`.
    pub(crate) fn truth(&mut self, name: &'static str, problems: &mut Problems) -> Option<bool> {
        let tree = self.take(name)?;
        let truth = tree.value().as_bool();
        if truth.is_none() {
            problems.add(Problem::new(tree.span, format!("'{name}' is true or false, not {}", kind(tree))));
        }
        truth
    }

    /// Takes a field that is a whole number from 0 on.
    pub(crate) fn count(&mut self, name: &'static str, problems: &mut Problems) -> Option<u64> {
        let tree = self.take(name)?;
        let count = tree.value().as_i64().and_then(|count| u64::try_from(count).ok());
        if count.is_none() {
            problems.add(Problem::new(tree.span, format!("'{name}' is a whole number from 0 on, not {}", kind(tree))));
        }
        count
    }

    /// Takes a field that is a duration; in milliseconds.
    pub(crate) fn duration(&mut self, name: &'static str, problems: &mut Problems) -> Option<i64> {
        let tree = self.take(name)?;
        let millis = millis(tree);
        if millis.is_none() {
            problems.add(Problem::new(tree.span, format!("'{name}' is a duration, not {}", kind(tree))).help(DURATION));
        }
        millis
    }

    /// Reports the fields that nobody took.
    pub(crate) fn end(self, problems: &mut Problems) {
        for member in self.tree.members() {
            if !self.known.contains(&&*member.name) {
                let message = format!("{} has no field '{}'", self.what, member.name);
                let problem = Problem::new(member.span, message);
                let near = problem.clone().did_you_mean(&member.name, self.known.iter().copied());
                let known = || format!("its fields are {}", self.known.join(", "));
                problems.add(if near.help.is_some() { near } else { problem.help(known()) });
            }
        }
    }
}

/// How durations are written.
pub(crate) const DURATION: &str = "durations are 500ms, 30s, 1m30s, 2h, 1d, or a number of seconds";

/// The milliseconds that a duration stands for, or a number of seconds.
pub(crate) fn millis(tree: &Tree) -> Option<i64> {
    match tree.text() {
        Some(text) => duration(text),
        None => {
            let Value::Number(seconds) = tree.value() else { return None };
            let seconds = Some(seconds.as_f64()).filter(|seconds| (0.0..=1e12).contains(seconds))?;
            // At most 1e15: a whole number in both.
            #[expect(clippy::cast_possible_truncation)]
            Some((seconds * 1000.0).round() as i64)
        }
    }
}

/// What a value is, for a message.
pub(crate) fn kind(tree: &Tree) -> String {
    match &tree.kind {
        TreeKind::Plain(json) if json == "null" => "nothing".to_owned(),
        TreeKind::Plain(json) => json.clone(),
        TreeKind::Text(text) => Value::from(&**text).to_string(),
        TreeKind::List(_) => "a list".to_owned(),
        TreeKind::Object(_) => "an object".to_owned(),
        TreeKind::Call(call) => format!("!{}", call.function),
    }
}
