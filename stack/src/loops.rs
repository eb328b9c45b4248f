//! `Fn::ForEach`, which repeats a part of a template for each of some values.
//!
//! CloudFormation template reference, "Fn::ForEach": `${Name}` is a value, and `&{Name}` what of it is a letter or a digit.

use asl_project::intrinsic;
use asl_project::yaml::{Member, Tree, TreeKind};

use crate::resource::with_children;

/// How the name of a loop begins.
pub(crate) const FOR_EACH: &str = "Fn::ForEach::";

/// How deeply loops are followed: they may stand in each other.
const MAX_DEPTH: usize = 500;

/// The template with its loops written out; `list` gives the values of a parameter. A loop over what is not known stays.
pub(crate) fn written_out(tree: &Tree, list: &dyn Fn(&str) -> Option<Vec<String>>) -> Tree {
    at_depth(tree, list, 0)
}

fn at_depth(tree: &Tree, list: &dyn Fn(&str) -> Option<Vec<String>>, depth: usize) -> Tree {
    if depth > MAX_DEPTH {
        return tree.clone();
    }
    let inner = |tree: &Tree| at_depth(tree, list, depth + 1);
    let TreeKind::Object(members) = &tree.kind else { return with_children(tree, inner) };
    let members = members.iter().flat_map(|member| match repeated(member, list) {
        Some(repeated) => inner(&repeated).members().to_vec(),
        None => vec![Member { value: inner(&member.value), ..member.clone() }],
    });
    Tree { kind: TreeKind::Object(members.collect()), ..tree.clone() }
}

/// An object with the members that a loop makes; none where it is no loop, or what it is over is not known.
fn repeated(member: &Member, list: &dyn Fn(&str) -> Option<Vec<String>>) -> Option<Tree> {
    if !member.name.starts_with(FOR_EACH) {
        return None;
    }
    let [identifier, collection, template] = member.value.items() else { return None };
    let identifier = identifier.text()?;
    let values = match intrinsic(collection) {
        Some(("Ref", parameter)) => list(parameter.text()?)?,
        Some(_) => return None,
        None => collection.items().iter().map(crate::resource::text).collect::<Option<Vec<_>>>()?,
    };
    let made = values.iter().flat_map(|value| {
        let one = With { identifier, value }.replaced(template, 0);
        one.members().to_vec()
    });
    Some(Tree { kind: TreeKind::Object(made.collect()), ..template.clone() })
}

/// A value in the place of its name.
struct With<'a> {
    identifier: &'a str,
    value: &'a str,
}

impl With<'_> {
    fn replaced(&self, tree: &Tree, depth: usize) -> Tree {
        let is_self = |argument: &Tree| argument.text() == Some(self.identifier);
        if intrinsic(tree).is_some_and(|(function, argument)| function == "Ref" && is_self(argument)) {
            return Tree { kind: TreeKind::Text(self.value.into()), ..tree.clone() };
        }
        if depth > MAX_DEPTH {
            return tree.clone();
        }
        let mut replaced = with_children(tree, |child| self.replaced(child, depth + 1));
        match &mut replaced.kind {
            TreeKind::Text(text) => *text = self.text(text).as_str().into(),
            TreeKind::Object(members) => {
                members.iter_mut().for_each(|member| member.name = self.text(&member.name).as_str().into());
            }
            _ => {}
        }
        replaced
    }

    fn text(&self, text: &str) -> String {
        let plain: String = self.value.chars().filter(char::is_ascii_alphanumeric).collect();
        text.replace(&format!("${{{}}}", self.identifier), self.value)
            .replace(&format!("&{{{}}}", self.identifier), &plain)
    }
}

#[cfg(test)]
mod tests {
    use asl_project::yaml;

    use super::*;

    #[test]
    fn a_loop_is_what_it_repeats() {
        let list = |name: &str| (name == "Names").then(|| vec!["a.b".to_owned(), "c".to_owned()]);
        for (text, expected) in [
            (
                "{'Fn::ForEach::All': [N, [x, 1], {'T${N}': {Type: T, Name: !Ref N, Sub: !Sub '${N}-${Other}'}}], Q: {}}",
                r#"{"Tx":{"Type":"T","Name":"x","Sub":"${Sub}"},"T1":{"Type":"T","Name":"1","Sub":"${Sub}"},"Q":{}}"#,
            ),
            ("{'Fn::ForEach::All': [N, {Ref: Names}, {'T&{N}': '${N}'}]}", r#"{"Tab":"a.b","Tc":"c"}"#),
            (
                "{'Fn::ForEach::Outer': [A, [1, 2], {'Fn::ForEach::Inner': [B, [x], {'T${A}${B}': 0}]}]}",
                r#"{"T1x":0,"T2x":0}"#,
            ),
            ("{'Fn::ForEach::All': [N, !Ref Unknown, {T: 1}]}", r#"{"Fn::ForEach::All":["N","${Unknown}",{"T":1}]}"#),
        ] {
            let tree = yaml::read(text).expect("YAML").root.expect("a value");
            assert_eq!(written_out(&tree, &list).value().to_string(), expected, "{text}");
        }
    }
}
