//! The stacks of a project: their templates, their parameters, and what they know of each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use asl_engine::nearest;
use asl_project::yaml::{Tree, TreeKind};
use asl_project::{Evaluation, Stack, Substitutions, Template, intrinsic, read_text};

use crate::assembly::StackFile;
use crate::globals;
use crate::loops;
use crate::parameters::refusal;
use crate::plan::Origin;
use crate::references::GIVEN;
use crate::resource::{self, origin};
use crate::validate::{EXTENSIONS, Fault, faults, transforms};

/// The type of a resource that is a stack itself.
pub(crate) const NESTED: [&str; 2] = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];

/// How deeply stacks may lie in each other.
const MAX_DEPTH: usize = 8;

/// What a person chooses.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The values of parameters, and of attributes that nothing here knows (`LogicalId.Attribute`).
    pub parameters: BTreeMap<String, String>,
    /// The name of the one stack that has none.
    pub stack_name: String,
    /// The account and the region that everything is in.
    pub account: String,
    /// The region.
    pub region: String,
    /// Where the server is that stands in the place of APIs: `http://127.0.0.1:8083`.
    pub base_url: String,
}

/// Why the templates of a project cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StacksError {
    /// A template cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The template.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A template is neither JSON nor YAML.
    #[error("{}:{line}: {message}", file.display())]
    Malformed {
        /// The template.
        file: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// Why.
        message: String,
    },
    /// Parameters have no value.
    #[error("{} has parameters without a value: {}", file.display(), names.join(", "))]
    NoValue {
        /// The template.
        file: PathBuf,
        /// The parameters.
        names: Vec<String>,
        /// The resource that is the stack, where it is in another one.
        nested_in: Option<Box<Origin>>,
    },
    /// A template is wrong, or a parameter has a value that it does not allow.
    #[error("{}", lines(file, faults))]
    Invalid {
        /// The template.
        file: PathBuf,
        /// What is wrong.
        faults: Vec<Fault>,
    },
    /// No template has what was given a value.
    #[error("no template has the parameter {name}{}", near.as_ref().map(|near| format!(", did you mean {near}?")).unwrap_or_default())]
    NoSuchParameter {
        /// The name.
        name: String,
        /// The one that may be meant.
        near: Option<String>,
    },
}

fn lines(file: &Path, faults: &[Fault]) -> String {
    let lines = faults.iter().map(|fault| format!("{}:{}: {fault}", file.display(), fault.line));
    lines.collect::<Vec<_>>().join("\n")
}

/// A template that was read.
pub(crate) struct Loaded {
    pub(crate) name: String,
    /// Its file, or that of the stack it is in with another template.
    stack: StackFile,
    text: String,
    root: Tree,
    /// The stack that it is in, and its logical ID there.
    parent: Option<(usize, String)>,
}

/// The line of a place in a text, from 1 on.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Reads the templates of stacks, and of the stacks in them: each behind the one that it is in.
pub(crate) fn load(stacks: &[StackFile], choices: &Choices) -> Result<Vec<Loaded>, StacksError> {
    let mut loaded = Vec::new();
    for stack in stacks {
        let name = stack.name.clone().unwrap_or_else(|| choices.stack_name.clone());
        load_one(stack, name, None, choices, &mut loaded)?;
    }
    Ok(loaded)
}

fn load_one(
    stack: &StackFile,
    name: String,
    parent: Option<(usize, String)>,
    choices: &Choices,
    loaded: &mut Vec<Loaded>,
) -> Result<(), StacksError> {
    let (file, files) = (stack.file.as_path(), &stack.assets);
    let text = read_text(file).map_err(|source| StacksError::Unreadable { file: file.to_owned(), source })?;
    let root = Template::read(file, &text).map(|template| template.root().clone());
    let root = root.map_err(|error| StacksError::Malformed {
        file: file.to_owned(),
        line: line(&text, error.span.start),
        message: error.message,
    })?;
    let root = match transforms(&root).contains(&EXTENSIONS) {
        true => loops::written_out(&root, &|parameter| values_of(&root, parameter, choices)),
        false => root,
    };
    // The CDK writes stacks without resources, too, and does not deploy them.
    let faults = faults(&root, &text, parent.is_none() && stack.name.is_some());
    if !faults.is_empty() {
        return Err(StacksError::Invalid { file: file.to_owned(), faults });
    }
    let root = globals::applied(root);
    let mut nested = Vec::new();
    for member in root.get("Resources").into_iter().flat_map(Tree::members) {
        let is_nested = member.value.get("Type").and_then(Tree::text).is_some_and(|it| NESTED.contains(&it));
        if let Some(inner) = is_nested.then(|| nested_file(&member.value, file, files)).flatten() {
            nested.push((member.name.to_string(), inner));
        }
    }
    let around = Stack { name: name.clone(), ..Stack::default() };
    let place = loaded.len();
    loaded.push(Loaded { name, stack: stack.clone(), text, root, parent });
    let depth = std::iter::successors(Some(place), |place| loaded[*place].parent.as_ref().map(|(parent, _)| *parent));
    let is_too_deep = depth.count() > MAX_DEPTH;
    for (id, inner) in nested.into_iter().filter(|_| !is_too_deep) {
        let name = around.physical_name(&id, NESTED[0]);
        load_one(&StackFile { file: inner, ..stack.clone() }, name, Some((place, id)), choices, loaded)?;
    }
    Ok(())
}

/// The values of a parameter that is a list, where they are known before anything is evaluated.
fn values_of(root: &Tree, parameter: &str, choices: &Choices) -> Option<Vec<String>> {
    let default = || root.get("Parameters")?.get(parameter)?.get("Default").and_then(resource::text);
    let value = choices.parameters.get(parameter).cloned().or_else(default)?;
    Some(value.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
}

/// The template of a nested stack, where it is a file here.
fn nested_file(resource: &Tree, file: &Path, assets: &BTreeMap<String, PathBuf>) -> Option<PathBuf> {
    let properties = resource.get("Properties")?;
    let url = properties.get("TemplateURL").or_else(|| properties.get("Location"))?;
    if let Some(path) = url.text().filter(|text| !text.contains("://")) {
        return Some(file.with_file_name(path)).filter(|file| file.is_file());
    }
    // The CDK names the asset, and has its key in the address.
    let address = url.value().to_string();
    let by_key = assets.iter().find(|(key, _)| address.contains(&***key)).map(|(_, path)| path.clone());
    let by_metadata = || {
        let path = resource.get("Metadata").and_then(|it| it.get("aws:asset:path")).and_then(Tree::text);
        path.map(|path| file.with_file_name(path))
    };
    by_key.or_else(by_metadata).filter(|file| file.is_file())
}

/// A stack whose values are known.
#[derive(Debug)]
pub(crate) struct Resolved<'a> {
    pub(crate) template: Template<'a>,
    pub(crate) substitutions: Substitutions,
    pub(crate) stack: Stack,
    /// Whether it is in another one.
    pub(crate) is_nested: bool,
}

impl Resolved<'_> {
    pub(crate) fn evaluation(&self) -> Evaluation<'_> {
        Evaluation::new(&self.template, &self.substitutions, Some(&self.stack))
    }

    /// Where a resource stands.
    fn origin_of(&self, id: &str) -> Origin {
        let members = self.template.root().get("Resources").map(Tree::members).unwrap_or_default();
        let member = members.iter().find(|member| &*member.name == id);
        member.map(|it| origin(&self.template, id, &it.value, it.span.start)).unwrap_or_default()
    }

    /// Whether a value asks for an export.
    fn imports(&self, tree: &Tree, export: &str) -> bool {
        let mut names = Vec::new();
        self.imported(tree, &mut names);
        names.iter().any(|name| name == export)
    }

    /// The exports that a value asks for.
    pub(crate) fn imported(&self, tree: &Tree, names: &mut Vec<String>) {
        match (intrinsic(tree), &tree.kind) {
            (Some(("Fn::ImportValue", argument)), _) => names.extend(self.evaluation().text(argument)),
            (Some((_, argument)), _) => self.imported(argument, names),
            (_, TreeKind::List(items)) => items.iter().for_each(|item| self.imported(item, names)),
            (_, TreeKind::Object(members)) => members.iter().for_each(|member| self.imported(&member.value, names)),
            _ => {}
        }
    }
}

/// An output of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Finds the values of parameters, exports, and outputs of nested stacks.
pub(crate) fn resolve<'a>(loaded: &'a [Loaded], choices: &Choices) -> Result<Vec<Resolved<'a>>, StacksError> {
    let mut resolved: Vec<Resolved<'a>> = loaded
        .iter()
        .map(|one| {
            let template = Template::new(&one.stack.file, &one.text, one.root.clone());
            let stack = Stack { name: one.name.clone(), files: one.stack.assets.clone(), ..Stack::default() };
            let substitutions = pseudo_parameters(&one.name, &one.stack, choices);
            Resolved { template, substitutions, stack, is_nested: one.parent.is_some() }
        })
        .collect();
    let mut unknown = Vec::new();
    for (name, value) in &choices.parameters {
        let mut is_known = name.contains('.') || name.starts_with(GIVEN);
        for one in &mut resolved {
            let parameter = one.template.root().get("Parameters").is_some_and(|all| all.get(name).is_some());
            // Those of a nested stack come from the one around it; what nothing here knows may be in any.
            if parameter && !one.is_nested || name.contains('.') {
                is_known = true;
                one.substitutions.set(name, value.clone());
            }
        }
        if !is_known {
            unknown.push((name, value));
        }
    }
    for (name, value) in unknown {
        // It may be what another stack exports, which is not here.
        let imports: Vec<bool> = resolved.iter().map(|one| one.imports(one.template.root(), name)).collect();
        if !imports.contains(&true) {
            let top = resolved.iter().filter(|one| !one.is_nested);
            let known: Vec<&str> = top.flat_map(|one| parameters(&one.template)).map(|it| it.0).collect();
            let near = nearest(name, known).map(str::to_owned);
            return Err(StacksError::NoSuchParameter { name: name.clone(), near });
        }
        for one in resolved.iter_mut().zip(imports).filter_map(|(one, imports)| imports.then_some(one)) {
            one.substitutions.set(name, value.clone());
        }
    }
    // What one stack tells another is known a round later; in a chain of all of them, that takes as many rounds.
    for _ in 0..=loaded.len() {
        if !exchange(loaded, &mut resolved) {
            break;
        }
    }
    for (place, of) in loaded.iter().enumerate() {
        check_parameters(&resolved, of, place)?;
    }
    Ok(resolved)
}

/// Hands parameters to nested stacks, and outputs and exports to those around them; says whether anything is new.
fn exchange(loaded: &[Loaded], resolved: &mut [Resolved<'_>]) -> bool {
    let mut has_changed = false;
    let mut exports = BTreeMap::new();
    for place in 0..resolved.len() {
        if let Some((parent, id)) = &loaded[place].parent {
            let (above, below) = resolved.split_at_mut(place);
            let evaluation = above[*parent].evaluation();
            let resource = evaluation.template().resources().find(|(known, _)| known == id).map(|(_, it)| it);
            let given = resource.and_then(|it| it.get("Properties")).and_then(|it| it.get("Parameters"));
            for member in given.into_iter().flat_map(Tree::members) {
                if let Some(value) = given_text(&evaluation, &member.value) {
                    has_changed |= below[0].substitutions.set(&member.name, value);
                }
            }
        }
        let outputs = outputs_of(&resolved[place].evaluation(), |output, value| {
            let name = output.get("Export").and_then(|export| export.get("Name"));
            if let Some(name) = name.and_then(|name| resolved[place].evaluation().text(name)) {
                exports.insert(name, value.to_owned());
            }
        });
        if let Some((parent, id)) = &loaded[place].parent {
            for Output { name, value } in outputs {
                has_changed |= resolved[*parent].substitutions.set(&format!("{id}.Outputs.{name}"), value);
            }
        }
    }
    for one in resolved.iter_mut().filter(|one| one.stack.exports != exports) {
        has_changed = true;
        one.stack.exports.clone_from(&exports);
    }
    has_changed
}

/// The value of a parameter that a nested stack is given: a list as a text with commas.
fn given_text(evaluation: &Evaluation<'_>, value: &Tree) -> Option<String> {
    let list = evaluation.value(value).filter(|it| matches!(it.kind, TreeKind::List(_)));
    match list {
        Some(list) => Some(list.items().iter().filter_map(Tree::text).collect::<Vec<_>>().join(",")),
        None => evaluation.text(value),
    }
}

/// The outputs of a stack; `each` sees what the template says of one, and its value.
pub(crate) fn outputs_of(evaluation: &Evaluation<'_>, mut each: impl FnMut(&Tree, &str)) -> Vec<Output> {
    let outputs = evaluation.template().root().get("Outputs");
    let made = outputs.into_iter().flat_map(Tree::members).filter(|member| is_made(evaluation, &member.value));
    let with_value = made.filter_map(|member| {
        let value = member.value.get("Value").and_then(|value| given_text(evaluation, value))?;
        each(&member.value, &value);
        Some(Output { name: member.name.to_string(), value })
    });
    with_value.collect()
}

/// Whether the condition of a resource or an output holds.
pub(crate) fn is_made(evaluation: &Evaluation<'_>, tree: &Tree) -> bool {
    let condition = tree.get("Condition").and_then(Tree::text);
    condition.is_none_or(|name| evaluation.holds_condition(name) != Some(false))
}

fn parameters<'t>(template: &'t Template<'_>) -> impl Iterator<Item = (&'t str, &'t Tree)> {
    let all = template.root().get("Parameters").into_iter().flat_map(Tree::members);
    all.map(|member| (&*member.name, &member.value))
}

fn check_parameters(resolved: &[Resolved<'_>], of: &Loaded, place: usize) -> Result<(), StacksError> {
    let (one, file) = (&resolved[place], of.stack.file.clone());
    let (mut without, mut faults) = (Vec::new(), Vec::new());
    for (name, parameter) in parameters(&one.template) {
        let Some(value) = one.evaluation().reference(name) else {
            without.push(name.to_owned());
            continue;
        };
        if let Some(what) = refusal(name, parameter, &value) {
            faults.push(Fault { line: line(&of.text, parameter.span.start), what, near: None });
        }
    }
    if !without.is_empty() {
        let nested_in = of.parent.as_ref().map(|(parent, id)| Box::new(resolved[*parent].origin_of(id)));
        return Err(StacksError::NoValue { file, names: without, nested_in });
    }
    if faults.is_empty() { Ok(()) } else { Err(StacksError::Invalid { file, faults }) }
}

/// CloudFormation template reference, "Pseudo parameters reference".
fn pseudo_parameters(name: &str, stack: &StackFile, choices: &Choices) -> Substitutions {
    let account = stack.account.as_ref().unwrap_or(&choices.account);
    let region = stack.region.as_ref().unwrap_or(&choices.region);
    let (partition, suffix) = match region {
        region if region.starts_with("cn-") => ("aws-cn", "amazonaws.com.cn"),
        region if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
        _ => ("aws", "amazonaws.com"),
    };
    // A unique id stands at its end, of which templates take parts; here always the same.
    let id =
        format!("arn:{partition}:cloudformation:{region}:{account}:stack/{name}/00000000-0000-4000-8000-000000000000");
    let values = [
        ("AWS::AccountId", account.as_str()),
        ("AWS::Partition", partition),
        ("AWS::Region", region),
        ("AWS::StackId", &id),
        ("AWS::StackName", name),
        ("AWS::URLSuffix", suffix),
        ("AWS::NotificationARNs", ""),
    ];
    let mut substitutions = Substitutions::default();
    for (name, value) in values {
        substitutions.set(name, value.to_owned());
    }
    substitutions
}
