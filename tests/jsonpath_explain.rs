//! What `JsonPath::explain` tells is what `JsonPath::evaluate` does, for generated paths and documents.

#[path = "jayway/generate.rs"]
mod generate;

use asl_engine::jsonpath::{ExplainedStep, LossKind, StepKind};
use asl_engine::{JsonPath, Value};
use proptest::prelude::*;

fn entered(step: &ExplainedStep) -> usize {
    step.arrays + step.objects + step.scalars
}

fn lost(step: &ExplainedStep) -> usize {
    step.lost.iter().map(|lost| lost.count).sum()
}

/// How many items or members there are.
fn children(value: &Value) -> usize {
    value.as_array().map(|items| items.len()).or(value.as_object().map(|members| members.iter().count())).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_agrees_with_the_evaluation(path in generate::path(), document in generate::document()) {
        let Ok(path) = JsonPath::parse(&path) else { return Ok(()) };
        let document: Value = document.parse().unwrap();
        let explanation = path.explain(&document, usize::MAX);
        prop_assert_eq!(&explanation.outcome, &path.evaluate(&document));
        prop_assert_eq!(explanation.definite, path.is_definite());
        let Ok(matches) = path.matches(&document) else {
            prop_assert!(explanation.failed.is_some() || path.is_root() || document == Value::Null);
            return Ok(());
        };
        prop_assert_eq!(explanation.found, matches.len());
        let Some(last) = explanation.steps.last() else { return Ok(()) };
        prop_assert_eq!(&last.examples, &matches);

        let mut before = vec![document.clone()];
        for (at, step) in explanation.steps.iter().enumerate() {
            let later_losses: usize = explanation.steps[at + 1..].iter().map(lost).sum();
            let children: usize = before.iter().map(children).sum();
            match step.kind {
                _ if step.left_out > 0 => {}
                StepKind::Root => prop_assert_eq!(entered(step), step.passed),
                StepKind::Name | StepKind::Names | StepKind::Index | StepKind::FromLength => {
                    prop_assert_eq!(entered(step), step.passed + lost(step));
                }
                // What is lost later may end the walk through the items that are still to come.
                StepKind::Wildcard if later_losses == 0 => prop_assert_eq!(children, step.passed),
                StepKind::Wildcard => prop_assert!(step.passed <= children),
                _ => {}
            }
            for lost in &step.lost {
                prop_assert_eq!(lost.count, lost.examples.len());
                let told = lost.examples.iter().all(|example| !example.criteria.is_empty());
                prop_assert_eq!(told, lost.kind == LossKind::Filtered);
            }
            before = step.examples.iter().map(|example| example.value.clone()).collect();
        }
    }

    #[test]
    fn the_steps_of_a_path_are_its_text(path in generate::path()) {
        let Ok(parsed) = JsonPath::parse(&path) else { return Ok(()) };
        let steps: String = parsed.explain(&Value::empty_object(), 0).steps.iter().map(|step| &*step.text).collect();
        // A dot that nothing follows but a bracket is no step.
        let without = |text: &str| text.replace(|c| c <= ' ' || matches!(c, '.' | '$' | '@'), "");
        prop_assert_eq!(without(&steps), without(&path));
    }
}
