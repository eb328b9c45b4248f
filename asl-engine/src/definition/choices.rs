use super::ast::Choice;
use super::fields::Fields;
use super::{SCHEMA, error};
use crate::choice::{IsTest, Operand, Operator, Rule, Test};
use crate::diagnostic::Diagnostic;
use crate::json::{Member, Node, NodeKind};
use crate::path::PathExpr;

/// The members of `Choices`: each a rule and the state that follows when it holds.
pub(super) fn choices(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Choice> {
    let location = fields.at("Choices");
    let Some(items) = fields.items("Choices", out) else { return Vec::new() };
    if items.is_empty() {
        out.push(error(SCHEMA, "Array size must be at least 1", &location, fields.start()));
    }
    let choice = |(index, item), out: &mut Vec<Diagnostic>| {
        let mut rule_fields = Fields::of(item, format!("{location}[{index}]").into(), out)?;
        rule_fields.require(&["Next"], out);
        let next = rule_fields.string("Next", out);
        let assign = rule_fields.template("Assign", out);
        rule_fields.string("Comment", out);
        let rule = rule(rule_fields, out);
        Some(Choice { rule: rule?, assign, next: next? })
    };
    items.iter().enumerate().filter_map(|item| choice(item, out)).collect()
}

/// A rule from the members that are left: a Boolean expression or a comparison.
fn rule(mut fields: Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Rule> {
    for name in ["And", "Or"] {
        if !fields.has(name) {
            continue;
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
    fields.require(&["Variable"], out);
    let variable = fields.path("Variable", out);
    let start = fields.start();
    let location = fields.location().clone();
    let operators = fields.take_the_rest();
    let [operator] = operators[..] else {
        let names: Vec<&str> = operators.iter().map(|member| &*member.name).collect();
        let message = format!("A rule needs exactly one comparison operator, found: [{}]", names.join(", "));
        out.push(error(SCHEMA, message, &location, start));
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
    let Some(operator) = Operator::parse(&member.name) else {
        out.push(error(SCHEMA, "Field is not supported", location, member.name_span));
        return None;
    };
    let operand = member.value.to_value();
    let test = match operator {
        Operator::Is(test) => operand.as_bool().map(|expected| Test::Is(test, expected)),
        Operator::StringMatches => match &member.value.kind {
            NodeKind::String(pattern) => Some(Test::StringMatches(pattern.clone())),
            _ => None,
        },
        Operator::Compare(domain, comparison, Operand::Literal) => {
            domain.takes(&operand).then(|| Test::Literal(domain, comparison, operand.clone()))
        }
        Operator::Compare(domain, comparison, Operand::Path) => match &member.value.kind {
            NodeKind::String(text) if text.starts_with('$') => match PathExpr::parse(text, span) {
                Ok(path) => Some(Test::Path(domain, comparison, path)),
                Err(reason) => {
                    out.push(Diagnostic {
                        help: Some(reason.message.to_string()),
                        ..error(SCHEMA, "Value must be a valid JSONPath.", location, span)
                    });
                    return None;
                }
            },
            _ => None,
        },
    };
    if test.is_none() {
        let wanted = match operator {
            Operator::Is(IsTest::Present | _) => "Expected value of type Boolean",
            Operator::StringMatches => "Expected value of type String",
            Operator::Compare(_, _, Operand::Path) => "Value must be a valid JSONPath.",
            Operator::Compare(crate::choice::Domain::Timestamp, ..) => "String does not match RFC3339 timestamp",
            Operator::Compare(crate::choice::Domain::String, ..) => "Expected value of type String",
            Operator::Compare(crate::choice::Domain::Numeric, ..) => "Expected value of type Number",
            Operator::Compare(crate::choice::Domain::Boolean, ..) => "Expected value of type Boolean",
        };
        out.push(error(SCHEMA, wanted, location, span));
    }
    test
}
