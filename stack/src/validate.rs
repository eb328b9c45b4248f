//! What is wrong with a template by itself, which CloudFormation says before anything is made.
//!
//! CloudFormation user guide, "Template anatomy". The words are those of `ValidateTemplate`, where they are known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use asl_engine::nearest;
use asl_project::intrinsic;
use asl_project::yaml::{Member, Tree, TreeKind};

use crate::loops::FOR_EACH;
use crate::stacks::line;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1 on.
    pub line: usize,
    /// What.
    pub what: String,
    /// What may be meant.
    pub near: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.near {
            Some(near) => write!(f, ", did you mean {near}?"),
            None => Ok(()),
        }
    }
}

/// The transform whose names are known here.
const SAM: &str = "AWS::Serverless-2016-10-31";
/// The transform that has more functions.
pub(crate) const EXTENSIONS: &str = "AWS::LanguageExtensions";
/// The sections whose members have names.
const SECTIONS: [&str; 5] = ["Parameters", "Mappings", "Conditions", "Resources", "Outputs"];
/// What SAM makes beside what it makes of a resource, whose names begin with that of the resource.
const GENERATED: [&str; 7] = [
    "ServerlessRestApi",
    "ServerlessHttpApi",
    "ServerlessUsagePlan",
    "ServerlessApiKey",
    "ServerlessDeploymentApplication",
    "ApiGatewayDomainName",
    "CodeDeployServiceRole",
];

/// How deeply values are looked into: the reader refuses what nests more deeply.
const MAX_DEPTH: usize = 500;

/// Everything that is wrong; `may_be_empty` where a template without resources is none that is deployed.
pub(crate) fn faults(root: &Tree, text: &str, may_be_empty: bool) -> Vec<Fault> {
    let mut check = Check { root, text, names: Names::of(root), faults: BTreeMap::new() };
    check.sections(may_be_empty);
    if check.names.are_all_known {
        for section in ["Conditions", "Resources", "Outputs"] {
            for member in check.members(section) {
                check.walk(&member.value, section);
            }
        }
    }
    let mut faults: Vec<Fault> = check.faults.into_values().collect();
    faults.sort_by_key(|fault| fault.line);
    faults
}

/// The transforms that a template names.
pub(crate) fn transforms(root: &Tree) -> Vec<&str> {
    let named = root
        .get("Transform")
        .into_iter()
        .flat_map(|it| it.text().into_iter().chain(it.items().iter().filter_map(Tree::text)));
    named.collect()
}

/// What a template has names for.
struct Names<'a> {
    parameters: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
    conditions: BTreeSet<&'a str>,
    maps: BTreeSet<&'a str>,
    /// Whether SAM makes more resources.
    has_sam: bool,
    /// Whether nothing else makes any: a macro, or a loop.
    are_all_known: bool,
}

impl<'a> Names<'a> {
    fn of(root: &'a Tree) -> Self {
        let names = |section: &str| -> BTreeSet<&'a str> {
            root.get(section).into_iter().flat_map(Tree::members).map(|member| &*member.name).collect()
        };
        let transforms = transforms(root);
        let are_plain = transforms.iter().all(|it| [SAM, EXTENSIONS].contains(it));
        // An object, alone or in the list, names a macro with its parameters.
        let has_object = root
            .get("Transform")
            .is_some_and(|it| !it.members().is_empty() || it.items().iter().any(|item| item.text().is_none()));
        Self {
            parameters: names("Parameters"),
            resources: names("Resources"),
            conditions: names("Conditions"),
            maps: names("Mappings"),
            has_sam: transforms.contains(&SAM),
            are_all_known: are_plain && !has_object && !generates(root, 0),
        }
    }

    fn has_resource(&self, name: &str) -> bool {
        let is_generated = |of: &str| name.starts_with(of);
        self.resources.contains(name)
            || self.has_sam
                && (self.resources.iter().any(|of| is_generated(of)) || GENERATED.iter().any(|of| is_generated(of)))
    }

    fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.parameters.iter().chain(&self.resources).copied()).map(str::to_owned)
    }
}

/// Whether something in it makes parts of a template.
fn generates(tree: &Tree, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match &tree.kind {
        TreeKind::Call(call) => call.function == "Fn::Transform" || generates(&call.argument, depth + 1),
        TreeKind::List(items) => items.iter().any(|item| generates(item, depth + 1)),
        TreeKind::Object(members) => members.iter().any(|member| {
            member.name.starts_with(FOR_EACH) || &*member.name == "Fn::Transform" || generates(&member.value, depth + 1)
        }),
        TreeKind::Plain(_) | TreeKind::Text(_) => false,
    }
}

struct Check<'a> {
    root: &'a Tree,
    text: &'a str,
    names: Names<'a>,
    /// By what they say: each is told once.
    faults: BTreeMap<String, Fault>,
}

impl<'a> Check<'a> {
    fn members(&self, section: &str) -> &'a [Member] {
        self.root.get(section).map(Tree::members).unwrap_or_default()
    }

    fn tell(&mut self, at: usize, what: String, near: Option<String>) {
        let line = line(self.text, at);
        self.faults.entry(what.clone()).or_insert(Fault { line, what, near });
    }

    fn sections(&mut self, may_be_empty: bool) {
        self.loops(self.root, 0);
        self.doubles(self.root.members(), "the template");
        for section in SECTIONS {
            self.doubles(self.members(section), section);
        }
        if !self.names.are_all_known {
            return;
        }
        if self.members("Resources").is_empty() && !may_be_empty {
            let at = self.root.get("Resources").map_or(0, |it| it.span.start);
            let what = "Template format error: At least one Resources member must be defined.";
            self.tell(at, what.to_owned(), None);
        }
        for section in ["Parameters", "Resources"] {
            for member in self.members(section).iter().filter(|it| !it.name.starts_with("Fn::")) {
                if member.value.get("Type").and_then(Tree::text).is_none() {
                    let path = format!("[/{section}/{}]", member.name);
                    let what =
                        format!("Template format error: {path} Every {section} object must contain a Type member.");
                    self.tell(member.span.start, what, None);
                }
            }
        }
        for section in ["Resources", "Outputs"] {
            for member in self.members(section) {
                if let Some(condition) = member.value.get("Condition") {
                    self.condition(condition, section);
                }
            }
        }
        for member in self.members("Resources") {
            let Some(depends_on) = member.value.get("DependsOn") else { continue };
            for name in std::iter::once(depends_on).chain(depends_on.items()) {
                let unknown = name.text().filter(|text| !self.names.has_resource(text));
                if let Some(unknown) = unknown {
                    let near = nearest(unknown, self.names.resources.iter().copied()).map(str::to_owned);
                    self.tell(name.span.start, unresolved(unknown, "Resources"), near);
                }
            }
        }
    }

    /// Loops that could not be written out.
    fn loops(&mut self, tree: &Tree, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for Member { name, value, span } in tree.members() {
            if name.starts_with(FOR_EACH) {
                let what = match transforms(self.root).contains(&EXTENSIONS) {
                    true => format!("{name} is over what is not known here: a list, or a parameter with one, is"),
                    false => format!("{name} is part of the transform {EXTENSIONS}, which the template does not name"),
                };
                self.tell(span.start, what, None);
            }
            self.loops(value, depth + 1);
        }
        tree.items().iter().for_each(|item| self.loops(item, depth + 1));
    }

    fn doubles(&mut self, members: &[Member], of: &str) {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for member in members {
            match first.get(&*member.name) {
                Some(at) => {
                    let before = line(self.text, *at);
                    self.tell(
                        member.span.start,
                        format!("{of} has {} twice: in line {before}, too", member.name),
                        None,
                    );
                }
                None => _ = first.insert(&member.name, member.span.start),
            }
        }
    }

    fn condition(&mut self, tree: &Tree, section: &str) {
        let unknown = tree.text().filter(|name| !self.names.conditions.contains(name));
        if let Some(name) = unknown {
            let what = format!(
                "Template format error: Unresolved condition dependency {name} in the {section} block of the template"
            );
            let near = nearest(name, self.names.conditions.iter().copied()).map(str::to_owned);
            self.tell(tree.span.start, what, near);
        }
    }

    /// Checks what a value names.
    fn walk(&mut self, tree: &Tree, section: &str) {
        match (intrinsic(tree), &tree.kind) {
            (Some((function, argument)), _) => self.called(function, argument, section),
            (_, TreeKind::List(items)) => items.iter().for_each(|item| self.walk(item, section)),
            (_, TreeKind::Object(members)) => {
                for Member { name, value, .. } in members {
                    match &**name {
                        "Condition" if section == "Conditions" && members.len() == 1 => self.condition(value, section),
                        _ => self.walk(value, section),
                    }
                }
            }
            _ => {}
        }
    }

    fn called(&mut self, function: &str, argument: &Tree, section: &str) {
        match function {
            "Ref" => self.reference(argument.text().unwrap_or_default(), argument.span.start, section),
            "Condition" => self.condition(argument, section),
            "Fn::GetAtt" => {
                let name = argument.text().or_else(|| argument.items().first()?.text()).unwrap_or_default();
                let name = name.split('.').next().unwrap_or_default();
                if !name.is_empty() && !self.names.has_resource(name) {
                    let what = format!("Template error: instance of Fn::GetAtt references undefined resource {name}");
                    let near = nearest(name, self.names.resources.iter().copied()).map(str::to_owned);
                    self.tell(argument.span.start, what, near);
                }
            }
            "Fn::Sub" => {
                let (tree, values) = match argument.items() {
                    [tree, values, ..] => (tree, Some(values)),
                    [tree] => (tree, None),
                    [] => (argument, None),
                };
                for name in variables(tree.text().unwrap_or_default()) {
                    let is_given = values.is_some_and(|values| values.get(name).is_some());
                    if !is_given {
                        self.reference(name.split('.').next().unwrap_or_default(), tree.span.start, section);
                    }
                }
                for member in values.into_iter().flat_map(Tree::members) {
                    self.walk(&member.value, section);
                }
            }
            "Fn::If" => {
                if let [condition, branches @ ..] = argument.items() {
                    self.condition(condition, section);
                    branches.iter().for_each(|branch| self.walk(branch, section));
                }
            }
            "Fn::FindInMap" => {
                let map = argument.items().first();
                if let Some(name) = map.and_then(Tree::text).filter(|name| !self.names.maps.contains(name)) {
                    let what = format!(
                        "Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
                    );
                    let near = nearest(name, self.names.maps.iter().copied()).map(str::to_owned);
                    self.tell(argument.span.start, what, near);
                }
                argument.items().iter().for_each(|item| self.walk(item, section));
            }
            _ => self.walk(argument, section),
        }
    }

    /// A name that is that of a parameter or a resource.
    fn reference(&mut self, name: &str, at: usize, section: &str) {
        let is_pseudo = name.starts_with("AWS::");
        if name.is_empty() || is_pseudo || self.names.parameters.contains(name) {
            return;
        }
        if section == "Conditions" {
            let what = format!(
                "Template format error: Unresolved dependencies [{name}]. Cannot reference resources in the Conditions block of the template"
            );
            return self.tell(at, what, nearest(name, self.names.parameters.iter().copied()).map(str::to_owned));
        }
        if !self.names.has_resource(name) {
            let near = self.names.nearest(name);
            self.tell(at, unresolved(name, section), near);
        }
    }
}

fn unresolved(name: &str, section: &str) -> String {
    format!("Template format error: Unresolved resource dependencies [{name}] in the {section} block of the template")
}

/// The names in a text of `Fn::Sub`, without those that it writes as they are (`${!Name}`).
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim());
    names.filter(|name| !name.starts_with('!') && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use asl_project::yaml;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let root = yaml::read(text).expect("YAML").root.expect("a value");
        faults(&root, text, false).iter().map(|fault| format!("{}: {fault}", fault.line)).collect()
    }

    /// Words of `ValidateTemplate` and `CreateStack`, as people have reported them; those of conditions and what is there twice are ours.
    #[test]
    fn a_template_that_is_wrong_is_refused() {
        const TOPIC: &str = "Resources:\n  Orders: {Type: AWS::SNS::Topic";
        let unresolved = |line: usize, name: &str, section: &str, near: &str| {
            format!(
                "{line}: Template format error: Unresolved resource dependencies [{name}] in the {section} block of the template{near}"
            )
        };
        for (text, expected) in [
            ("Description: x".to_owned(), "1: Template format error: At least one Resources member must be defined.".to_owned()),
            ("Resources: {}".to_owned(), "1: Template format error: At least one Resources member must be defined.".to_owned()),
            (
                "Resources: {Orders: {Properties: {}}}".to_owned(),
                "1: Template format error: [/Resources/Orders] Every Resources object must contain a Type member.".to_owned(),
            ),
            (format!("{TOPIC}}}\n  Orders: {{Type: AWS::SQS::Queue}}"), "3: Resources has Orders twice: in line 2, too".to_owned()),
            (format!("{TOPIC}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}"), "3: the template has Resources twice: in line 1, too".to_owned()),
            (
                r#"{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "Q": {"Type": "AWS::SQS::Queue"}}}"#.to_owned(),
                "1: Resources has Q twice: in line 1, too".to_owned(),
            ),
            (
                format!("{TOPIC}, Condition: IsPord}}\nConditions: {{IsProd: !Equals [a, b]}}"),
                "2: Template format error: Unresolved condition dependency IsPord in the Resources block of the template, did you mean IsProd?".to_owned(),
            ),
            (
                format!("{TOPIC}, Properties: {{TopicName: !If [Never, a, b]}}}}"),
                "2: Template format error: Unresolved condition dependency Never in the Resources block of the template".to_owned(),
            ),
            (
                format!("{TOPIC}}}\nConditions: {{A: !Not [!Condition B]}}"),
                "3: Template format error: Unresolved condition dependency B in the Conditions block of the template".to_owned(),
            ),
            (
                format!("{TOPIC}}}\nConditions: {{A: !Equals [!Ref Orders, b]}}"),
                "3: Template format error: Unresolved dependencies [Orders]. Cannot reference resources in the Conditions block of the template".to_owned(),
            ),
            (format!("{TOPIC}, DependsOn: [Order]}}"), unresolved(2, "Order", "Resources", ", did you mean Orders?")),
            (format!("{TOPIC}, DependsOn: Else}}"), unresolved(2, "Else", "Resources", "")),
            (format!("{TOPIC}, Properties: {{TopicName: !Ref Oders}}}}"), unresolved(2, "Oders", "Resources", ", did you mean Orders?")),
            (format!("{TOPIC}, Properties: {{TopicName: !Sub '${{Gone}}-${{!Here}}-${{AWS::Region}}'}}}}"), unresolved(2, "Gone", "Resources", "")),
            (format!("{TOPIC}}}\nOutputs: {{A: {{Value: {{Ref: Gone}}}}}}"), unresolved(3, "Gone", "Outputs", "")),
            (
                format!("{TOPIC}}}\nOutputs: {{A: {{Value: !GetAtt Order.Arn}}}}"),
                "3: Template error: instance of Fn::GetAtt references undefined resource Order, did you mean Orders?".to_owned(),
            ),
            (
                format!("{TOPIC}, Properties: {{TopicName: !FindInMap [Names, a, b]}}}}"),
                "2: Template error: Mapping named 'Names' is not present in the 'Mappings' section of template.".to_owned(),
            ),
        ] {
            assert_eq!(told(&text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_made_by_a_transform_is_there() {
        const FUNCTION: &str = "Resources: {F: {Type: AWS::Serverless::Function, DependsOn: FRole}}";
        const USES: &str = "Outputs: {A: {Value: !Sub '${ServerlessHttpApi}${F.Alias}${FRole.Arn}${ServerlessApiKey}'}, B: {Value: !Ref FAliaslive}}";
        for transform in [SAM, "[AWS::LanguageExtensions, AWS::Serverless-2016-10-31]"] {
            assert!(told(&format!("Transform: {transform}\n{FUNCTION}\n{USES}")).is_empty(), "{transform}");
        }
        assert_eq!(told(&format!("{FUNCTION}\n{USES}")).len(), 5);
        // Nobody knows what a macro makes.
        for macros in ["[Mine]", "[AWS::Serverless-2016-10-31, {Name: AWS::Include, Parameters: {Location: a.yaml}}]"] {
            let made = "Resources: {T: {Type: AWS::SNS::Topic, DependsOn: Made}, U: {Is: made}}";
            assert!(told(&format!("Transform: {macros}\n{made}")).is_empty(), "{macros}");
        }
        // Nobody knows what a loop makes that could not be written out.
        const LOOP: &str = "Resources: {'Fn::ForEach::All': [N, !Ref Names, {'T${N}': {Type: AWS::SNS::Topic}}]}\nOutputs: {A: {Value: !Ref Ta}}";
        let is_part =
            "1: Fn::ForEach::All is part of the transform AWS::LanguageExtensions, which the template does not name";
        assert_eq!(told(LOOP), [is_part]);
        let unknown = "2: Fn::ForEach::All is over what is not known here: a list, or a parameter with one, is";
        assert_eq!(told(&format!("Transform: AWS::LanguageExtensions\n{LOOP}")), [unknown]);
    }
}
