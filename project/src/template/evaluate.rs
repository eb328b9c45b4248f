//! The intrinsic functions of CloudFormation, as far as a template alone decides what they give.
//!
//! CloudFormation template reference, "Intrinsic functions". What only a stack decides becomes a placeholder, `${Name}` or
//! `${Name.Attribute}`, for which a substitution can be given.

use asl_engine::{Span, placeholders};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::literal::{Composed, aligned};
use super::names::Stack;
use super::{Template, resources};
use crate::substitutions::Substitutions;
use crate::yaml::{Member, Tree, TreeKind};

/// A template with what is filled in in it, and the stack that it becomes, where it becomes one.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    pub(super) template: &'a Template<'a>,
    pub(super) substitutions: &'a Substitutions,
    pub(super) stack: Option<&'a Stack>,
}

/// How deeply functions and values that name each other are followed.
const MAX_DEPTH: usize = 32;

/// A function with its argument, written as a tag or as an object of one member: `Ref`, `Fn::Sub` and the like.
pub fn intrinsic(tree: &Tree) -> Option<(&str, &Tree)> {
    match &tree.kind {
        TreeKind::Call(call) => Some((&call.function, &call.argument)),
        TreeKind::Object(members) => match &members[..] {
            [Member { name, value, .. }] if &**name == "Ref" || name.starts_with("Fn::") => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Evaluation<'a> {
    /// What `template` comes to with these substitutions, which also have the values of its parameters (`Name`) and of attributes that
    /// nothing here knows (`LogicalId.Attribute`).
    pub fn new(template: &'a Template<'a>, substitutions: &'a Substitutions, stack: Option<&'a Stack>) -> Self {
        Self { template, substitutions, stack }
    }

    /// The template.
    pub fn template(&self) -> &'a Template<'a> {
        self.template
    }

    /// What is filled in.
    pub fn substitutions(&self) -> &'a Substitutions {
        self.substitutions
    }

    /// A value with what its functions give; `None` for `AWS::NoValue`. What nothing here decides is a placeholder.
    pub fn value(&self, tree: &Tree) -> Option<Tree> {
        self.value_at(tree, 0)
    }

    /// A value as a text; `None` for `AWS::NoValue`, and what is no text.
    pub fn text(&self, tree: &Tree) -> Option<String> {
        self.composed(tree).map(|composed| composed.text)
    }

    /// Whether a condition of the template holds; `None` where the template alone does not decide it.
    pub fn holds_condition(&self, name: &str) -> Option<bool> {
        self.condition(name, 0)
    }

    /// What `Ref` gives for a name, or `Fn::GetAtt` for `Name.Attribute`; `None` where nothing here knows it.
    pub fn reference(&self, name: &str) -> Option<String> {
        self.named(name, 0)
    }

    /// As [`Evaluation::text`], with the places of its pieces.
    pub(super) fn composed(&self, tree: &Tree) -> Option<Composed> {
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
        if let Some((function, argument)) = intrinsic(tree) {
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
            "Ref" => {
                let name = argument.text()?;
                let found = self.named(name, depth);
                found.map(|found| if self.is_list(name) { list(&found, ",", span) } else { text(found) })
            }
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
            "Fn::FindInMap" => return Some(self.find_in_map(argument, depth).unwrap_or_else(unknown)),
            "Fn::Select" => self.select(argument, depth).map(|found| found.kind),
            "Fn::Split" => self.split(argument, depth).map(|found| found.kind),
            "Fn::Base64" if self.stack.is_some() => {
                self.text_within(argument, depth).map(|it| text(BASE64_STANDARD.encode(it)))
            }
            // Those of `AWS::LanguageExtensions`.
            "Fn::Length" if self.stack.is_some() => {
                let list = self.value_at(argument, depth).filter(|it| matches!(it.kind, TreeKind::List(_)));
                list.map(|list| TreeKind::Plain(list.items().len().to_string()))
            }
            "Fn::ToJsonString" if self.stack.is_some() => self.value_at(argument, depth).map(|it| text(it.to_json().0)),
            "Fn::GetAZs" if self.stack.is_some() => {
                let region = self.substitutions.get("AWS::Region").unwrap_or_default();
                Some(list(&["a", "b", "c"].map(|zone| format!("{region}{zone}")).join(","), ",", span))
            }
            "Fn::ImportValue" => {
                let export = self.text_within(argument, depth)?;
                let exported = self.stack.and_then(|stack| stack.exports.get(&export)).map(String::as_str);
                exported.or_else(|| self.substitutions.get(&export)).map(|value| text(value.to_owned()))
            }
            _ => None,
        };
        Some(found.map_or_else(unknown, |kind| Tree { span, end, kind }))
    }

    fn text_at(&self, tree: &Tree, depth: usize) -> Option<Composed> {
        if depth <= MAX_DEPTH {
            match intrinsic(tree) {
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
        let made = intrinsic(texts).and_then(|_| self.value_at(texts, depth));
        let texts = made.as_ref().unwrap_or(texts);
        let mut out = Composed::default();
        for (index, text) in texts.items().iter().filter_map(|text| self.text_at(text, depth)).enumerate() {
            if index > 0 {
                out.push(delimiter.text()?, delimiter.span);
            }
            out.append(&text);
        }
        Some(out)
    }

    /// `Fn::Split`: a delimiter, and the text that it takes apart.
    fn split(&self, argument: &Tree, depth: usize) -> Option<Tree> {
        let [delimiter, text] = argument.items() else { return None };
        let whole = self.text_at(text, depth)?.text;
        Some(Tree { kind: list(&whole, delimiter.text()?, text.span), ..argument.clone() })
    }

    /// Whether a parameter is a list, whose value has commas.
    fn is_list(&self, name: &str) -> bool {
        let parameter = self.template.root.get("Parameters").and_then(|it| it.get(name));
        let kind = parameter.and_then(|parameter| parameter.get("Type")).and_then(Tree::text).unwrap_or_default();
        kind == "CommaDelimitedList" || kind.starts_with("List<")
    }

    fn find_in_map(&self, argument: &Tree, depth: usize) -> Option<Tree> {
        let mut found = self.template.root.get("Mappings")?;
        let (keys, more) = argument.items().split_at_checked(3)?;
        for key in keys {
            let key = self.text_at(key, depth)?.text;
            let Some(inner) = found.get(&key) else {
                // What stands there where there is no such key.
                let otherwise = more.first().and_then(|more| more.get("DefaultValue"))?;
                return self.value_at(otherwise, depth);
            };
            found = inner;
        }
        Some(found.clone())
    }

    fn select(&self, argument: &Tree, depth: usize) -> Option<Tree> {
        let [index, list] = argument.items() else { return None };
        let index: usize = self.text_at(index, depth)?.text.parse().ok()?;
        match intrinsic(list) {
            Some(_) => self.value_at(list, depth)?.items().get(index).cloned(),
            None => self.value_at(list.items().get(index)?, depth),
        }
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
        let parameter = self.template.root.get("Parameters").and_then(|it| it.get(name));
        // The value of such a parameter is the name of one of Systems Manager.
        let is_name = parameter
            .and_then(|parameter| parameter.get("Type")?.text())
            .is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value<"));
        let taken = |value: String| if is_name { format!("{{{{resolve:ssm:{value}}}}}") } else { value };
        if let Some(value) = self.substitutions.get(name) {
            return Some(taken(value.to_owned()));
        }
        if let Some(default) = parameter.and_then(|parameter| parameter.get("Default")) {
            return match &default.kind {
                TreeKind::Text(text) => Some(taken(text.to_string())),
                TreeKind::Plain(json) => Some(taken(json.clone())),
                _ => None,
            };
        }
        resources::named(self, name, depth)
    }
}

/// The parts of a text, as a list.
fn list(text: &str, delimiter: &str, span: Span) -> TreeKind {
    let part = |part: &str| Tree { span, end: span, kind: TreeKind::Text(part.trim_start().into()) };
    match text {
        "" => TreeKind::List(Vec::new()),
        _ if delimiter.is_empty() => TreeKind::List(vec![part(text)]),
        _ => TreeKind::List(text.split(delimiter).map(part).collect()),
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
