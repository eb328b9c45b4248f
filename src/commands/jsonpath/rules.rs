//! The rules by which AWS and RFC 9535 differ, and which of them a path has met.

use asl_engine::jsonpath::{ExplainedStep, Explanation, FailedCriterion, LossKind, Match, StepKind};
use asl_engine::{ExpressionError, Value};

/// What each of the two does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// A short name, for programs.
    pub(super) id: &'static str,
    pub(super) aws: &'static str,
    pub(super) rfc: &'static str,
}

macro_rules! rules {
    ($($name:ident: $id:literal, $aws:literal, $rfc:literal;)*) => {
        $(const $name: Rule = Rule { id: $id, aws: $aws, rfc: $rfc };)*
    };
}

rules! {
    DEFINITE_MISS: "definite-miss",
        "a definite path that finds nothing is an error",
        "gives an empty list";
    LEAF_MISS: "leaf-miss",
        "a last member that is missing fails the path, except below [*] of an array",
        "leaves out what lacks the member";
    NOT_A_CONTAINER: "not-a-container",
        "a step that does not apply to a value fails the path, except below [*]",
        "leaves out values that the step does not apply to";
    OBJECT_WILDCARD: "object-wildcard",
        "below [*] of an object, every member has to have what follows",
        "leaves out members that lack it";
    NEGATIVE_INDEX: "negative-index",
        "[-1] gives null: indices count from the start",
        "[-1] counts from the end";
    OUT_OF_RANGE: "out-of-range",
        "an index that is out of range gives null",
        "leaves it out";
    NEGATIVE_RANGE: "negative-range",
        "in [a:b], negative numbers do not count from the end",
        "negative numbers count from the end";
    SLICE_STEP: "slice-step",
        "what stands behind the second ':' is ignored",
        "takes every n-th item";
    EMPTY_SLICE: "empty-slice",
        "[:] and [::2] are refused: a slice needs a start or an end",
        "takes the whole array";
    NAMES: "names",
        "['a','b'] gives one object with these members, and only at the end",
        "gives each member as a value of its own";
    MIXED: "mixed-selectors",
        "brackets hold one kind of selector: names, or indices, or a filter",
        "brackets hold any selectors in any order";
    DOUBLE_QUOTES: "double-quotes",
        "names and texts stand in single quotes; double quotes are part of a text",
        "takes single and double quotes";
    ESCAPES: "escapes",
        "there are no escapes in names",
        "a backslash escapes the character behind it";
    FUNCTIONS: "functions",
        "there are no functions: name() asks for a member of that name",
        "has length, count, value, match and search, in filters only";
    FILTER_PARENTHESES: "filter-parentheses",
        "a filter stands in [?(…)]",
        "takes [?…] with and without parentheses";
    FILTER_PATHS: "filter-paths",
        "a path in a filter has to be definite",
        "a path in a filter may be any, where it asks for existence";
    FILTER_GROUPS: "filter-groups",
        "parentheses and '!' do not group inside a filter",
        "parentheses group, and '!' negates a group";
    FILTER_OBJECT: "filter-object",
        "a filter on an object tests the object itself",
        "tests each member of the object";
    FILTER_SCALAR: "filter-scalar",
        "a filter on a value that is no array or object fails the path",
        "gives nothing for it";
    FILTER_NULL: "filter-null",
        "a member that is null does not exist for [?(@.a)]",
        "a member that is null exists";
    FILTER_ABSENT: "filter-absent",
        "no comparison holds where the member is missing, != neither",
        "what is missing is != any value, and == to what is missing";
    FILTER_COERCION: "filter-coercion",
        "a number and text compare as numbers, true and 'true' are equal",
        "values of different types are never equal or ordered";
    FILTER_NUMBER: "filter-number",
        "a number compared with text that is no number fails the path",
        "values of different types are never equal or ordered";
    FILTER_DEEP: "filter-deep",
        "arrays and objects are never equal, less or greater",
        "arrays and objects are equal when their contents are";
    FILTER_TEXT: "filter-text",
        "what is no path, pattern or quoted text is text by itself",
        "texts stand in quotes";
    PATTERN: "pattern",
        "=~ matches the whole text with a pattern",
        "has no =~ but the functions match and search";
    FROM_LENGTH: "from-length",
        "[(@.length-1)] is the last item",
        "has no expressions in brackets; [-1] is the last item";
    SCAN_LEAVES_OUT: "scan-leaves-out",
        "behind '..', a step that is not the last is left out for items of arrays",
        "applies the step to everything below";
    SCAN_ORDER: "scan-order",
        "behind '..', what a value gives comes before what its members give",
        "leaves the order of members open";
    SCAN_FILTER: "scan-filter",
        "behind '..', objects are tested as items and once more by themselves",
        "tests each value once";
    LOOSE_NUMBER: "loose-number",
        "reads [01], [+1], [1.5] and [0..1] as an index",
        "takes whole numbers without leading zeros only";
    LOOSE_NAME: "loose-name",
        "takes nearly any character in a name behind a dot",
        "takes letters, digits and _ there; others stand in ['…']";
    LOOSE_DOT: "loose-dot",
        "takes a dot before a bracket, at the end, and '$' in the middle",
        "takes a dot before a name or * only";
    SPACES: "spaces",
        "white space is dropped at both ends, and ends or spoils a path elsewhere",
        "white space may stand between the parts of a path, and not at its ends";
    PLACEHOLDER: "placeholder",
        "[?] stands for a filter that a calling program hands in",
        "has no such thing";
}

/// Why AWS refuses what RFC 9535 takes.
pub(super) fn of_refusal(text: &str, error: &ExpressionError) -> Vec<Rule> {
    let part = text.get(error.span.start..error.span.end).unwrap_or(text);
    let filter = part.starts_with("[?");
    let inner = part.trim_start_matches("[?").trim_end_matches(']').trim();
    let has_function = ["length(", "count(", "value(", "match(", "search("].iter().any(|name| inner.contains(name));
    vec![match () {
        () if filter && has_function => FUNCTIONS,
        () if filter && !inner.starts_with('(') => FILTER_PARENTHESES,
        () if filter && inner.contains("!(") => FILTER_GROUPS,
        () if filter && error.message.contains("is not definite") => FILTER_PATHS,
        () if filter && inner.matches('(').count() > 1 => FILTER_GROUPS,
        () if filter => FILTER_PATHS,
        () if part.contains('\\') => ESCAPES,
        () if part.contains('"') => DOUBLE_QUOTES,
        () if part.starts_with('[') && part.contains(',') => MIXED,
        () if part.starts_with('[') && part.contains(':') => EMPTY_SLICE,
        () if part.trim().is_empty() => SPACES,
        () if part.starts_with('[') => MIXED,
        () if part.contains(char::is_whitespace) => SPACES,
        () => return Vec::new(),
    }]
}

/// Why RFC 9535 refuses, at a byte of the path, what AWS takes.
pub(super) fn of_rfc_refusal(text: &str, explanation: &Explanation, at: Option<usize>) -> Vec<Rule> {
    let inside = |step: &&ExplainedStep| at.is_none_or(|at| (step.span.start..=step.span.end).contains(&at));
    let rule = explanation.steps.iter().filter(inside).find_map(loose);
    // Where reading stops is not always where the fault is.
    let rule = rule.or_else(|| explanation.steps.iter().find_map(loose));
    let dots = text.contains(".[") || text.ends_with('.');
    let spaces = text.trim() != text;
    rule.or(dots.then_some(LOOSE_DOT)).or(spaces.then_some(SPACES)).into_iter().collect()
}

/// What RFC 9535 does not take about a step.
fn loose(step: &ExplainedStep) -> Option<Rule> {
    let text = &*step.text;
    match step.kind {
        StepKind::FromLength => Some(FROM_LENGTH),
        StepKind::Placeholder => Some(PLACEHOLDER),
        StepKind::Root => Some(LOOSE_DOT),
        StepKind::Name if text.ends_with("()") => Some(FUNCTIONS),
        StepKind::Name if !text.starts_with('[') => {
            let name = text.trim_start_matches('.');
            let plain = !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c >= '\u{80}');
            (!plain).then_some(LOOSE_NAME)
        }
        StepKind::Name | StepKind::Names if text.contains('\\') => Some(ESCAPES),
        StepKind::Name => (text.matches('\'').count() > 2).then_some(LOOSE_NAME),
        StepKind::Index | StepKind::Indices | StepKind::Slice => {
            let inner = text.trim_start_matches('[').trim_end_matches(']');
            let plain = |number: &str| {
                let digits = number.trim().trim_start_matches('-');
                digits.is_empty()
                    || digits == "0"
                    || !digits.starts_with('0') && digits.chars().all(|c| c.is_ascii_digit())
            };
            (!inner.split([',', ':']).all(plain)).then_some(LOOSE_NUMBER)
        }
        StepKind::Filter if text.contains("=~") => Some(PATTERN),
        StepKind::Filter => Some(FILTER_TEXT),
        _ => None,
    }
}

/// Why AWS raises an error where RFC 9535 gives something.
pub(super) fn of_failure(explanation: &Explanation) -> Vec<Rule> {
    let Some(failed) = &explanation.failed else { return Vec::new() };
    let steps = &explanation.steps;
    let before = steps.get(..failed.step).unwrap_or_default();
    let step = steps.get(failed.step);
    let below_object = before.iter().any(|step| step.kind == StepKind::Wildcard && step.objects > 0);
    let below_many = before.iter().any(many);
    let kind = step.map(|step| step.kind);
    let loss = failed.loss.as_ref().map(|(loss, _)| loss);
    if let Some(rule) = before.last().and_then(of_beyond) {
        return vec![rule];
    }
    vec![match (loss, kind) {
        (Some(LossKind::NoMember(name)), _) if name.ends_with("()") => FUNCTIONS,
        (Some(LossKind::NotLast), _) => NAMES,
        (Some(LossKind::FilterFailed), _) => FILTER_NUMBER,
        (Some(LossKind::NoChildren), Some(StepKind::Filter)) => FILTER_SCALAR,
        (Some(LossKind::NoMember(_) | LossKind::NotAnObject), _) if below_object => OBJECT_WILDCARD,
        (Some(LossKind::NoMember(_)), _) if below_many => LEAF_MISS,
        (Some(LossKind::NotAnArray), Some(StepKind::Slice | StepKind::Indices)) => NOT_A_CONTAINER,
        (Some(LossKind::NotAnObject | LossKind::NotAnArray | LossKind::NoChildren), _) if below_many => NOT_A_CONTAINER,
        (Some(_), _) => DEFINITE_MISS,
        (None, Some(StepKind::Placeholder)) => PLACEHOLDER,
        (None, _) => return Vec::new(),
    }]
}

/// Why AWS goes on with null where RFC 9535 finds nothing, or another item.
fn of_beyond(step: &ExplainedStep) -> Option<Rule> {
    let LossKind::NoItem(index) = step.beyond.first()?.kind else { return None };
    Some(match step.kind {
        StepKind::Slice => NEGATIVE_RANGE,
        _ if index < 0 => NEGATIVE_INDEX,
        _ => OUT_OF_RANGE,
    })
}

fn many(step: &ExplainedStep) -> bool {
    matches!(step.kind, StepKind::Scan | StepKind::Wildcard | StepKind::Indices | StepKind::Slice | StepKind::Filter)
}

/// Why both give something, and not the same.
pub(super) fn of_difference(explanation: &Explanation, only_aws: &[Match], only_rfc: &[Match]) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut scanned = false;
    for step in &explanation.steps {
        match step.kind {
            _ if is_mixed(step) => rules.push(MIXED),
            StepKind::Names => rules.push(NAMES),
            StepKind::Index | StepKind::Slice if step.text.contains(|c: char| c.is_whitespace() && c != ' ') => {
                rules.push(SPACES);
            }
            StepKind::Slice if step.text.matches(':').count() > 1 => rules.push(SLICE_STEP),
            StepKind::Slice if step.text.contains('-') => rules.push(NEGATIVE_RANGE),
            StepKind::Filter => {
                let before = rules.len();
                of_filter(step, only_aws, only_rfc, &mut rules);
                if scanned && rules.len() == before {
                    rules.push(SCAN_FILTER);
                }
            }
            _ => {}
        }
        if step.left_out > 0 {
            rules.push(SCAN_LEAVES_OUT);
        }
        rules.extend(of_beyond(step).filter(|rule| !rules.contains(rule)));
        if step.given_up > 0 {
            rules.push(LEAF_MISS);
        }
        scanned |= step.kind == StepKind::Scan;
    }
    if scanned && only_aws.is_empty() && only_rfc.is_empty() && rules.is_empty() {
        rules.push(SCAN_ORDER);
    }
    rules
}

/// Whether brackets hold more than AWS reads in them: `[*,1]`, `[1,5:7]`.
fn is_mixed(step: &ExplainedStep) -> bool {
    let kinds = [step.text.contains(':'), step.text.contains('*'), step.text.contains('?'), step.text.contains('\'')];
    step.text.starts_with('[')
        && step.text.contains(',')
        && match step.kind {
            StepKind::Filter => false,
            StepKind::Names | StepKind::Name => kinds[0] || kinds[1],
            _ => kinds.contains(&true),
        }
}

fn of_filter(step: &ExplainedStep, only_aws: &[Match], only_rfc: &[Match], rules: &mut Vec<Rule>) {
    if step.objects > 0 {
        rules.push(FILTER_OBJECT);
    }
    // Values that only AWS drops: what the filter has looked at tells why.
    let dropped = step.lost.iter().filter(|lost| lost.kind == LossKind::Filtered).flat_map(|lost| &lost.examples);
    for lost in dropped.filter(|lost| only_rfc.iter().any(|found| within(&found.path, &lost.path))) {
        for criterion in &lost.criteria {
            let rule = of_criterion(criterion);
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    // Values that only AWS keeps: RFC 9535 does not mix types.
    let kept = step.examples.iter().any(|kept| only_aws.iter().any(|found| within(&found.path, &kept.path)));
    if kept && step.objects == 0 {
        rules.push(if step.text.contains('"') { DOUBLE_QUOTES } else { FILTER_COERCION });
    }
}

/// Why AWS takes a criterion not to hold that holds in RFC 9535.
fn of_criterion(criterion: &FailedCriterion) -> Rule {
    let missing = criterion.operands.iter().any(|(_, value)| value.is_none());
    let null = criterion.operands.iter().any(|(_, value)| matches!(value, Some(Value::Null)));
    let compares = ["==", "!=", "<", ">"].iter().any(|sign| criterion.text.contains(sign));
    match () {
        () if criterion.incomparable => FILTER_DEEP,
        () if compares && missing => FILTER_ABSENT,
        () if compares && criterion.text.contains('"') => DOUBLE_QUOTES,
        () if compares => FILTER_COERCION,
        () if null => FILTER_NULL,
        () => FILTER_PATHS,
    }
}

/// Whether a place is another, or below it.
fn within(place: &str, other: &str) -> bool {
    place.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}
