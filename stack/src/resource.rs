//! A resource of a stack, with its properties evaluated.

use asl_project::yaml::{Call, Member, Tree, TreeKind};
use asl_project::{Evaluation, Template};

use crate::plan::Origin;
use crate::stacks::{Resolved, line};

/// A resource that is made.
pub(crate) struct Resource<'a> {
    pub(crate) of: &'a Resolved<'a>,
    pub(crate) id: &'a str,
    pub(crate) kind: &'a str,
    tree: &'a Tree,
    /// The place of its logical ID.
    at: usize,
    /// Its properties; without those that hold a definition.
    pub(crate) properties: Tree,
}

/// What is evaluated by itself, with its places.
const DEFINITIONS: [&str; 3] = ["DefinitionString", "Definition", "DefinitionSubstitutions"];

impl<'a> Resource<'a> {
    pub(crate) fn new(of: &'a Resolved<'a>, id: &'a str, kind: &'a str, tree: &'a Tree, at: usize) -> Self {
        let span = asl_engine::Span { start: at, end: at };
        let empty = Tree { span, end: span, kind: TreeKind::Object(Vec::new()) };
        let mut properties = tree.get("Properties").cloned().unwrap_or(empty);
        if let TreeKind::Object(members) = &mut properties.kind {
            members.retain(|member| !DEFINITIONS.contains(&&*member.name));
        }
        let properties = of.evaluation().value(&properties).unwrap_or(properties);
        Self { of, id, kind, tree, at, properties }
    }

    /// What the template says of it.
    pub(crate) fn tree(&self) -> &'a Tree {
        self.tree
    }

    pub(crate) fn evaluation(&self) -> Evaluation<'a> {
        self.of.evaluation()
    }

    pub(crate) fn origin(&self) -> Origin {
        origin(&self.of.template, self.id, self.tree, self.at)
    }

    /// As [`Resource::origin`], at the line of a property.
    pub(crate) fn origin_of(&self, property: &str) -> Origin {
        let at = self.get(property).map(|tree| line(self.of.template.text(), tree.span.start));
        let origin = self.origin();
        Origin { line: at.unwrap_or(origin.line), ..origin }
    }

    pub(crate) fn metadata(&self, name: &str) -> Option<String> {
        self.tree.get("Metadata")?.get(name).and_then(text)
    }

    /// A property, by its path: `Environment.Variables`.
    pub(crate) fn get(&self, path: &str) -> Option<&Tree> {
        path.split('.').try_fold(&self.properties, Tree::get)
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.get(path).and_then(text)
    }

    pub(crate) fn number(&self, path: &str) -> Option<u32> {
        self.text(path)?.parse().ok()
    }

    pub(crate) fn flag(&self, path: &str) -> bool {
        self.text(path).as_deref() == Some("true")
    }

    /// What `Ref` gives, or `Fn::GetAtt` for an attribute.
    pub(crate) fn reference(&self, attribute: Option<&str>) -> String {
        let name = attribute.map_or_else(|| self.id.to_owned(), |attribute| format!("{}.{attribute}", self.id));
        self.evaluation().reference(&name).unwrap_or_else(|| self.id.to_owned())
    }
}

/// Where a resource stands: `at` is the place of its logical ID.
pub(crate) fn origin(template: &Template<'_>, id: &str, resource: &Tree, at: usize) -> Origin {
    let construct = resource.get("Metadata").and_then(|it| it.get("aws:cdk:path")).and_then(Tree::text);
    Origin {
        file: template.file().to_owned(),
        line: line(template.text(), at),
        id: id.to_owned(),
        construct: construct.map(str::to_owned),
    }
}

/// A text, a number or a Boolean, as a text.
pub(crate) fn text(tree: &Tree) -> Option<String> {
    match &tree.kind {
        TreeKind::Text(text) => Some(text.to_string()),
        TreeKind::Plain(json) if json != "null" => Some(json.clone()),
        _ => None,
    }
}

/// The value with others in the place of those in it: items, members, and what a function is told.
pub(crate) fn with_children(tree: &Tree, mut each: impl FnMut(&Tree) -> Tree) -> Tree {
    let kind = match &tree.kind {
        TreeKind::Object(members) => TreeKind::Object(
            members.iter().map(|member| Member { value: each(&member.value), ..member.clone() }).collect(),
        ),
        TreeKind::List(items) => TreeKind::List(items.iter().map(each).collect()),
        TreeKind::Call(call) => {
            TreeKind::Call(Box::new(Call { argument: each(&call.argument), function: call.function.clone() }))
        }
        other => other.clone(),
    };
    Tree { kind, ..tree.clone() }
}

/// A value as TOML writes it; `null` is left out, since TOML has none.
pub(crate) fn toml(tree: &Tree) -> Option<toml::Value> {
    json_toml(&serde_json::from_str(&tree.value().to_string()).ok()?)
}

/// JSON as TOML writes it.
pub(crate) fn json_toml(value: &serde_json::Value) -> Option<toml::Value> {
    use serde_json::Value;
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => toml::Value::Boolean(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => toml::Value::Integer(whole),
            (None, number) => toml::Value::Float(number?),
        },
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Array(items) => toml::Value::Array(items.iter().filter_map(json_toml).collect()),
        Value::Object(members) => {
            let members = members.iter().filter_map(|(name, value)| Some((name.clone(), json_toml(value)?)));
            toml::Value::Table(members.collect())
        }
    })
}
