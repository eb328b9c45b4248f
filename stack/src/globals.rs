//! The `Globals` of a SAM template: what its resources have unless they say something else.
//!
//! SAM developer guide, "Globals section of the AWS SAM template".

use asl_project::intrinsic;
use asl_project::yaml::{Member, Tree, TreeKind};

/// The sections of `Globals`, and the types that they are for.
const SECTIONS: [(&str, &str); 5] = [
    ("Function", "AWS::Serverless::Function"),
    ("Api", "AWS::Serverless::Api"),
    ("HttpApi", "AWS::Serverless::HttpApi"),
    ("SimpleTable", "AWS::Serverless::SimpleTable"),
    ("StateMachine", "AWS::Serverless::StateMachine"),
];

/// The template with its globals in its resources.
pub(crate) fn applied(root: Tree) -> Tree {
    let Some(globals) = root.get("Globals").cloned() else { return root };
    let of = |resource: &Tree| {
        let kind = resource.get("Type").and_then(Tree::text)?;
        let (section, _) = SECTIONS.iter().find(|(_, of)| *of == kind)?;
        globals.get(section).cloned()
    };
    let with = |resource: &Tree| {
        let Some(global) = of(resource) else { return resource.clone() };
        let own = resource.get("Properties");
        let merged = own.map_or_else(|| global.clone(), |own| merged(&global, own));
        replaced(resource, "Properties", merged)
    };
    let Some(resources) = root.get("Resources").cloned() else { return root };
    let members = resources.members().iter().map(|member| Member { value: with(&member.value), ..member.clone() });
    let all = Tree { kind: TreeKind::Object(members.collect()), ..resources };
    replaced(&root, "Resources", all)
}

/// The object with another value for a member.
fn replaced(object: &Tree, name: &str, value: Tree) -> Tree {
    let span = value.span;
    let mut members: Vec<Member> = object.members().iter().filter(|member| &*member.name != name).cloned().collect();
    members.push(Member { name: name.into(), span, value });
    Tree { kind: TreeKind::Object(members), ..object.clone() }
}

/// Objects are merged, lists are put behind those of the globals, and of anything else the resource's own counts.
fn merged(global: &Tree, own: &Tree) -> Tree {
    match (&global.kind, &own.kind) {
        (TreeKind::Object(of_global), TreeKind::Object(of_own))
            if intrinsic(global).is_none() && intrinsic(own).is_none() =>
        {
            let kept = of_global.iter().filter(|member| own.get(&member.name).is_none()).cloned();
            let merged = of_own.iter().map(|member| match global.get(&member.name) {
                Some(of_global) => Member { value: merged(of_global, &member.value), ..member.clone() },
                None => member.clone(),
            });
            Tree { kind: TreeKind::Object(kept.chain(merged).collect()), ..own.clone() }
        }
        (TreeKind::List(of_global), TreeKind::List(of_own)) => {
            Tree { kind: TreeKind::List(of_global.iter().chain(of_own).cloned().collect()), ..own.clone() }
        }
        _ => own.clone(),
    }
}

#[cfg(test)]
mod tests {
    use asl_project::yaml;

    use super::*;

    #[test]
    fn a_resource_has_what_it_does_not_say_itself() {
        let text = "
Globals:
  Function: {Runtime: python3.12, Timeout: 10, Environment: {Variables: {A: 1, B: 2}}, Layers: [x]}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Timeout: 5, Environment: {Variables: {B: 3}}, Layers: [y]}}
  G: {Type: AWS::Serverless::Function}
  H: {Type: AWS::Lambda::Function, Properties: {Timeout: 5}}
";
        let root = applied(yaml::read(text).expect("YAML").root.expect("a value"));
        let properties = |id: &str| root.get("Resources")?.get(id)?.get("Properties").map(|it| it.value().to_string());
        let merged =
            r#"{"Runtime":"python3.12","Timeout":5,"Environment":{"Variables":{"A":1,"B":3}},"Layers":["x","y"]}"#;
        assert_eq!(properties("F").as_deref(), Some(merged));
        assert!(properties("G").is_some_and(|it| it.contains("\"Timeout\":10")));
        assert_eq!(properties("H").as_deref(), Some(r#"{"Timeout":5}"#));
    }
}
