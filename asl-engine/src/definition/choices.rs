use super::ast::{Choice, Name};
use super::fields::Fields;
use super::language::{self, Language};
use super::queries::Sees;
use super::{SCHEMA, error, paths, warnings};
use crate::choice::{Domain, OPERATORS, Operand, Operator, Rule, Test};
use crate::diagnostic::Diagnostic;
use crate::json::{Member, Node, NodeKind};
use crate::nearest::nearest;

/// The members of `Choices`: each a rule and the state that follows when it holds. `None` where a transition is lost.
pub(super) fn choices(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Vec<Choice>> {
    let location = fields.at("Choices");
    let items = fields.items("Choices", out)?;
    let choice = |(index, item), out: &mut Vec<Diagnostic>| {
        let mut rule_fields = fields.inside(item, format!("{location}[{index}]").into(), out)?;
        rule_fields.require(&["Next"], out);
        let next = rule_fields.string("Next", out);
        rule_fields.string("Comment", out);
        language::refuse_other(rule_fields.language(), &mut rule_fields, out);
        let assign = rule_fields.assign(Sees::Input, out);
        let output = rule_fields.output(Sees::Input, out);
        let rule = match rule_fields.language() {
            Language::JsonPath => rule(rule_fields, out),
            Language::Jsonata => condition(rule_fields, out),
        };
        // Where it leads is known, whatever is wrong with the rule itself.
        let rule = rule.unwrap_or_else(|| Rule::Or(Vec::new()));
        Some(Choice { span: item.span, rule, assign, output, next: next? })
    };
    let found: Vec<_> = items.iter().enumerate().map(|item| choice(item, out)).collect();
    found.into_iter().collect()
}

/// The fields of which a rule has exactly one.
const FORMS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

/// Reports a rule that is of no form, or of two.
///
/// The text is one that cdk-preflight measured (`pf-sfn-asl-choice-rules`, 2026-09-05); one source.
fn one_form(fields: &Fields<'_>, out: &mut Vec<Diagnostic>) {
    // Of the form that only the other language has, that has been told.
    let foreign = match fields.language() {
        Language::JsonPath => "Condition",
        Language::Jsonata => "Variable",
    };
    let mut found = FORMS.iter().filter(|form| **form != foreign && fields.has(form));
    let span = match (found.next(), found.next()) {
        (Some(_), None) => return,
        (None, _) if fields.has(foreign) => return,
        (_, Some(second)) => fields.span_of(second),
        (None, None) => fields.start(),
    };
    let message = format!("The object must have only one of the following fields, [{}]", FORMS.join(", "));
    out.push(error(SCHEMA, message, fields.location(), span));
}

/// `Condition`: an expression, or the result itself.
fn condition(mut fields: Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Rule> {
    one_form(&fields, out);
    let rule = match fields.expression("Condition", out) {
        Some(query) => query.map(Rule::Query),
        None => fields.boolean("Condition", out).map(Rule::Literal),
    };
    fields.refuse_the_rest(out);
    rule
}

/// A rule from the members that are left: a Boolean expression or a comparison.
fn rule(mut fields: Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Rule> {
    one_form(&fields, out);
    for name in ["And", "Or"] {
        if !fields.has(name) {
            continue;
        }
        // Which other form it has as well has been told.
        for other in FORMS.iter().filter(|form| **form != name) {
            fields.take(other);
        }
        let location = fields.at(name);
        let rules: Vec<Rule> = fields
            .items(name, out)
            .unwrap_or_default()
            .iter()
            .enumerate()
            .filter_map(|(index, item)| nested(item, format!("{location}[{index}]"), out))
            .collect();
        fields.refuse_the_rest(out);
        return Some(if name == "And" { Rule::And(rules) } else { Rule::Or(rules) });
    }
    if let Some(node) = fields.take("Not") {
        let negated = nested(node, fields.at("Not").to_string(), out);
        fields.refuse_the_rest(out);
        return Some(Rule::Not(Box::new(negated?)));
    }
    let variable = fields.string("Variable", out).and_then(|text| paths::choice_path(&text, out));
    let has_variable = fields.has("Variable");
    let start = fields.start();
    let location = fields.location().clone();
    let (operators, others): (Vec<_>, Vec<_>) =
        fields.take_the_rest().into_iter().partition(|member| Operator::parse(&member.name).is_some());
    for member in &others {
        let message = format!("Field '{}' is not supported", member.name);
        let near = nearest(&member.name, OPERATORS.into_iter().chain(["Variable", "And", "Or", "Not", "Next"]));
        let help = near.map(|near| format!("did you mean '{near}'?"));
        out.push(Diagnostic { help, ..error(SCHEMA, message, &location, member.name_span) });
    }
    let [operator] = operators[..] else {
        if let Some(second) = operators.get(1) {
            let message = format!("There should only be one of the following fields: [{}]", OPERATORS.join(", "));
            out.push(error(SCHEMA, message, &location, second.name_span));
        } else if has_variable {
            let message =
                format!("This object should have only one of the following fields: [{}]", OPERATORS.join(", "));
            let help = Some("it says how to compare: 'StringEquals', 'IsPresent' and the like".to_owned());
            out.push(Diagnostic { help, ..error(SCHEMA, message, &location, start) });
        }
        return None;
    };
    let test = test(operator, &format!("{location}/{}", operator.name), out);
    Some(Rule::Compare { variable: variable?, test: test? })
}

/// A rule below `And`, `Or` or `Not`: it has no `Next`.
fn nested(node: &Node, location: String, out: &mut Vec<Diagnostic>) -> Option<Rule> {
    let mut fields = Fields::of(node, location.into(), out)?;
    fields.string("Comment", out);
    rule(fields, out)
}

fn test(member: &Member, location: &str, out: &mut Vec<Diagnostic>) -> Option<Test> {
    let span = member.value.span;
    let operator = Operator::parse(&member.name)?;
    let text = match &member.value.kind {
        NodeKind::String(text) => Some(Name { text: text.clone(), span, location: location.into() }),
        _ => None,
    };
    let operand = member.value.to_value();
    let test = match operator {
        Operator::Is(test) => operand.as_bool().map(|expected| Test::Is(test, expected)),
        Operator::StringMatches => text.map(|pattern| Test::StringMatches(pattern.text)),
        Operator::Compare(domain, comparison, Operand::Literal) => {
            if let Some(text) = text.as_ref().filter(|_| domain == Domain::String) {
                warnings::no_path(&member.name, &text.text, location, span, out);
            }
            domain.takes(&operand).then(|| Test::Literal(domain, comparison, operand.clone()))
        }
        Operator::Compare(domain, comparison, Operand::Path) => match text {
            Some(text) => {
                return Some(Test::Path(domain, comparison, paths::choice_path(&text, out)?));
            }
            None => None,
        },
    };
    if test.is_none() {
        let wanted = match operator {
            Operator::Is(_) | Operator::Compare(Domain::Boolean, _, Operand::Literal) => {
                "Expected value of type Boolean"
            }
            Operator::Compare(Domain::Timestamp, _, Operand::Literal) => "String does not match RFC3339 timestamp",
            Operator::Compare(Domain::Numeric, _, Operand::Literal) => "Expected value of type Number",
            Operator::StringMatches | Operator::Compare(..) => "Expected value of type String",
        };
        let path = matches!(&member.value.kind, NodeKind::String(text) if text.starts_with('$'));
        let help = path.then(|| format!("a path goes into the field '{}Path'", member.name));
        out.push(Diagnostic { help, ..error(SCHEMA, wanted, location, span) });
    }
    test
}
