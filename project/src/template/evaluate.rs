//! The intrinsic functions of CloudFormation, as far as a template alone decides what they give.
//!
//! CloudFormation template reference, "Intrinsic functions". What only a stack decides becomes a placeholder, `${Name}` or
//! `${Name.Attribute}`, for which a substitution can be given.

use asl_engine::{Span, placeholders};

use super::Template;
use super::literal::{Composed, aligned};
use super::resources;
use crate::substitutions::Substitutions;
use crate::yaml::{Member, Tree, TreeKind};

pub(super) struct Evaluation<'a> {
    pub(super) template: &'a Template<'a>,
    pub(super) substitutions: &'a Substitutions,
}

/// How deeply functions and values that name each other are followed.
const MAX_DEPTH: usize = 32;

/// A function with its argument, written as a tag or as an object of one member.
fn call(tree: &Tree) -> Option<(&str, &Tree)> {
    match &tree.kind {
        TreeKind::Call(call) => Some((&call.function, &call.argument)),
        TreeKind::Object(members) => match &members[..] {
            [Member { name, value, .. }] if &**name == "Ref" || name.starts_with("Fn::") => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

impl Evaluation<'_> {
    /// A value with what its functions give; `None` for `AWS::NoValue`.
    pub(super) fn value(&self, tree: &Tree) -> Option<Tree> {
        self.value_at(tree, 0)
    }

    /// A value as a text; `None` for `AWS::NoValue`, and what is no text.
    pub(super) fn text(&self, tree: &Tree) -> Option<Composed> {
        self.text_at(tree, 0)
    }

    /// As [`Evaluation::text`], from within another value.
    pub(super) fn text_within(&self, tree: &Tree, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.text_at(tree, depth + 1).map(|composed| composed.text)
    }

    fn value_at(&self, tree: &Tree, depth: usize) -> Option<Tree> {
        if let Some((function, argument)) = call(tree) {
            return self.called(function, argument, tree.span, depth);
        }
        let kind = match &tree.kind {
            TreeKind::List(items) => {
                TreeKind::List(items.iter().filter_map(|item| self.value_at(item, depth)).collect())
            }
            TreeKind::Object(members) => {
                let evaluated = members.iter().filter_map(|member| {
                    Some(Member { value: self.value_at(&member.value, depth)?, ..member.clone() })
                });
                TreeKind::Object(evaluated.collect())
            }
            TreeKind::Text(text) => TreeKind::Text(self.variables(text).as_str().into()),
            other => other.clone(),
        };
        Some(Tree { kind, ..tree.clone() })
    }

    /// `${self:custom.name}` of the Serverless Framework, where the file says it.
    fn variables(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (span, name) in placeholders(text).collect::<Vec<_>>().into_iter().rev() {
            let Some(path) = name.strip_prefix("self:") else { continue };
            let found = path.split('.').try_fold(&self.template.root, Tree::get);
            let value = match found.map(|found| &found.kind) {
                Some(TreeKind::Text(text)) => text,
                Some(TreeKind::Plain(json)) => json.as_str(),
                _ => continue,
            };
            out.replace_range(span.start..span.end, value);
        }
        out
    }

    fn called(&self, function: &str, argument: &Tree, span: Span, depth: usize) -> Option<Tree> {
        let (end, text) = (span, |text: String| TreeKind::Text(text.into()));
        let unknown = || Tree { span, end, kind: text(placeholder(function, argument)) };
        if depth > MAX_DEPTH {
            return Some(unknown());
        }
        let depth = depth + 1;
        let found = match function {
            "Ref" if argument.text() == Some("AWS::NoValue") => return None,
            "Ref" => self.named(argument.text()?, depth).map(text),
            "Fn::GetAtt" => self.named(&attribute(argument)?, depth).map(text),
            "Fn::Sub" | "Fn::Join" => {
                let composed = match function {
                    "Fn::Sub" => self.sub(argument, depth),
                    _ => self.join(argument, depth),
                };
                composed.map(|composed| text(composed.text))
            }
            "Fn::If" => {
                let [condition, then, otherwise] = argument.items() else { return Some(unknown()) };
                let holds = condition.text().and_then(|name| self.condition(name, depth));
                // Of what only a stack decides, one has to be taken.
                return self.value_at(if holds == Some(false) { otherwise } else { then }, depth);
            }
            "Fn::FindInMap" => self.find_in_map(argument, depth).map(|found| found.kind),
            "Fn::Select" => self.select(argument, depth).map(|found| found.kind),
            _ => None,
        };
        Some(found.map_or_else(unknown, |kind| Tree { span, end, kind }))
    }

    fn text_at(&self, tree: &Tree, depth: usize) -> Option<Composed> {
        if depth <= MAX_DEPTH {
            match call(tree) {
                Some(("Fn::Sub", argument)) => return self.sub(argument, depth + 1),
                Some(("Fn::Join", argument)) => return self.join(argument, depth + 1),
                _ => {}
            }
        }
        match &tree.kind {
            TreeKind::Text(text) => Some(Composed::literal(text, self.template.text, tree.span)),
            TreeKind::Plain(json) => Some(Composed::made(json, tree.span)),
            _ => match self.value_at(tree, depth)?.kind {
                TreeKind::Text(text) => Some(Composed::made(&text, tree.span)),
                TreeKind::Plain(json) => Some(Composed::made(&json, tree.span)),
                _ => None,
            },
        }
    }

    /// `Fn::Sub`: a text, or a text and values for some of its names.
    fn sub(&self, argument: &Tree, depth: usize) -> Option<Composed> {
        let (tree, values) = match argument.items() {
            [tree, values] => (tree, Some(values)),
            _ => (argument, None),
        };
        let text = tree.text()?;
        let places = aligned(text, self.template.text, tree.span);
        let (mut out, mut copied) = (Composed::default(), 0);
        for (start, _) in text.match_indices("${") {
            let Some(len) = text[start..].find('}') else { break };
            let (name, end) = (text[start + 2..start + len].trim(), start + len + 1);
            if start < copied {
                continue;
            }
            let place = Span { start: places[start], end: places[end - 1] + 1 };
            let value = match name.strip_prefix('!') {
                // `${!Name}` is how it writes `${Name}`.
                Some(name) => Some(Composed::made(&format!("${{{name}}}"), place)),
                None => match values.and_then(|values| values.get(name)) {
                    Some(value) => self.text_at(value, depth),
                    None => self.named(name, depth).map(|value| Composed::made(&value, place)),
                },
            };
            if let Some(value) = value {
                out.push_copied(&text[copied..start], &places[copied..start]);
                out.append(&value);
                copied = end;
            }
        }
        out.push_copied(&text[copied..], &places[copied..]);
        Some(out)
    }

    /// `Fn::Join`: a delimiter and the texts that it stands between.
    fn join(&self, argument: &Tree, depth: usize) -> Option<Composed> {
        let [delimiter, texts] = argument.items() else { return None };
        let mut out = Composed::default();
        for text in texts.items().iter().filter_map(|text| self.text_at(text, depth)) {
            if !out.text.is_empty() {
                out.push(delimiter.text()?, delimiter.span);
            }
            out.append(&text);
        }
        Some(out)
    }

    fn find_in_map(&self, argument: &Tree, depth: usize) -> Option<Tree> {
        let mut found = self.template.root.get("Mappings")?;
        for key in argument.items().get(..3)? {
            found = found.get(&self.text_at(key, depth)?.text)?;
        }
        Some(found.clone())
    }

    fn select(&self, argument: &Tree, depth: usize) -> Option<Tree> {
        let [index, list] = argument.items() else { return None };
        let index: usize = self.text_at(index, depth)?.text.parse().ok()?;
        let Some(("Fn::Split", split)) = call(list) else {
            return self.value_at(list.items().get(index)?, depth);
        };
        let [delimiter, text] = split.items() else { return None };
        let text = self.text_at(text, depth)?.text;
        let part = text.split(delimiter.text()?).nth(index)?;
        Some(Tree { kind: TreeKind::Text(part.into()), ..list.clone() })
    }

    /// What a condition of the template comes to, where the template alone decides it.
    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        self.holds(self.template.root.get("Conditions")?.get(name)?, depth + 1)
    }

    fn holds(&self, tree: &Tree, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (function, argument) = match (&tree.kind, tree.members()) {
            (TreeKind::Call(call), _) => (&*call.function, &call.argument),
            (_, [Member { name, value, .. }]) => (&**name, value),
            _ => return None,
        };
        let mut each = argument.items().iter().map(|item| self.holds(item, depth + 1));
        match function {
            "Condition" => self.condition(argument.text()?, depth),
            "Fn::Not" => each.next()?.map(|holds| !holds),
            "Fn::And" => each.collect::<Option<Vec<_>>>().map(|all| all.into_iter().all(|holds| holds)),
            "Fn::Or" => each.collect::<Option<Vec<_>>>().map(|all| all.into_iter().any(|holds| holds)),
            "Fn::Equals" => {
                let [one, other] = argument.items() else { return None };
                let (one, other) = (self.text_at(one, depth)?.text, self.text_at(other, depth)?.text);
                // A placeholder may be anything.
                let is_known = |text: &str| placeholders(text).next().is_none();
                (is_known(&one) && is_known(&other)).then_some(one == other)
            }
            _ => None,
        }
    }

    /// What `Ref` gives for a name, or `Fn::GetAtt` for `Name.Attribute`.
    pub(super) fn named(&self, name: &str, depth: usize) -> Option<String> {
        if let Some(value) = self.substitutions.get(name) {
            return Some(value.to_owned());
        }
        let parameter = self.template.root.get("Parameters").and_then(|it| it.get(name));
        if let Some(default) = parameter.and_then(|parameter| parameter.get("Default")) {
            return match &default.kind {
                TreeKind::Text(text) => Some(text.to_string()),
                TreeKind::Plain(json) => Some(json.clone()),
                _ => None,
            };
        }
        resources::named(self, name, depth)
    }
}

/// `Name.Attribute`, which `Fn::GetAtt` is told as a text or as a list.
fn attribute(argument: &Tree) -> Option<String> {
    match argument.text() {
        Some(text) => Some(text.to_owned()),
        None => argument.items().iter().map(Tree::text).collect::<Option<Vec<_>>>().map(|parts| parts.join(".")),
    }
}

/// What stands for the value of a function that is not known.
fn placeholder(function: &str, argument: &Tree) -> String {
    let name = match function {
        "Ref" | "Fn::GetAtt" | "Fn::ImportValue" => attribute(argument),
        _ => None,
    };
    let name = name.filter(|name| placeholders(&format!("${{{name}}}")).next().is_some());
    format!("${{{}}}", name.as_deref().unwrap_or(function.trim_start_matches("Fn::")))
}
