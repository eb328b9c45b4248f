//! The codes of findings, and which of them are left out or fail a check.

use asl_engine::nearest;

/// What findings of a code are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) name: &'static str,
    pub(crate) is_error: bool,
    /// As `docs/check.md` has it.
    pub(crate) about: &'static str,
}

macro_rules! codes {
    ($($name:literal $severity:ident $about:literal;)*) => {
        /// Every code, in the order of `docs/check.md`.
        pub(crate) const CODES: &[Code] =
            &[$(Code { name: $name, is_error: codes!(@$severity), about: $about }),*];
    };
    (@error) => { true };
    (@warning) => { false };
}

codes! {
    "SCHEMA_VALIDATION_FAILED" error "A field is missing, unknown, or holds what it cannot hold";
    "MISSING_TRANSITION_TARGET" error "A transition to a state that is not there, or a state that no transition leads to";
    "MISSING_END_STATE" error "No state ends anything: neither the execution nor a branch";
    "DUPLICATE_STATE_NAME" error "Two states of the machine share a name";
    "INVALID_STATE_NAME" error "A name that is too long, has a character it cannot have, or is there twice";
    "INVALID_LABEL_NAME" error "A name that is too long, has a character it cannot have, or is there twice";
    "DUPLICATE_LABEL_NAME" error "A name that is too long, has a character it cannot have, or is there twice";
    "INVALID_JSONATA_EXPRESSION" error "An expression `{% … %}` that cannot be read";
    "UNSUPPORTED_JSONATA_EXPRESSION" error "An expression that reads what it may not: a bare name, `$`, `$$`, or a field that `$states` does not have there";
    "INVALID_VARIABLE_NAME" error "`Assign` names a variable as none can be named";
    "RESERVED_VARIABLE_NAME" error "`Assign` names a variable as none can be named";
    "DUPLICATE_VARIABLE_NAME" error "A branch or an iteration assigns a variable that may have been assigned before it";
    "INVALID_JSON_DESCRIPTION" error "The text is not JSON";
    "TOO_DEEPLY_NESTED" error "More than 32 levels of branches and iterations";
    "NO_DOLLAR" warning "A path or a call in a field whose name does not end in `.$`: it is passed on as text";
    "NO_PATH" warning "A path in a field that takes a text, where `…Path` takes a path";
    "NO_OBJECT" warning "`Parameters` that are a text or a number: they are passed on as they are";
    "NO_EXPRESSION" warning "A path in a state in JSONata: it is passed on as text";
    "INVALID_ARGUMENTS" warning "An intrinsic function or a function of JSONata is called with a wrong number of arguments: the state will fail";
    "NO_END" warning "No state ends a branch, an iteration or the execution, where another one has an end";
    "PASS_RESULT_IS_STATIC" warning "A path in the `Result` of a Pass state, which is not evaluated";
    "PLACEHOLDER" warning "Placeholders that nothing here fills in, all in one finding";
    "UNKNOWN_ERROR_NAME" warning "`ErrorEquals` names an error `States.…` that does not exist";
    "UNKNOWN_FIELD" warning "Parameters of an integration have a field that its action does not have: the task will fail";
    "UNKNOWN_FUNCTION" warning "An expression calls a function that neither JSONata nor AWS has: the state will fail";
    "TOKEN_NOT_PASSED" warning "A state waits for its task token and tells it to nobody";
    "UNKNOWN_SERVICE" warning "An `aws-sdk:` service that is not known here: it may be new, gone or mistyped";
    "UNASSIGNED_VARIABLE" warning "A variable is read that no state on the way to there assigns: an expression gets nothing, a path fails";
    "UNREACHABLE_STATE" warning "Only states that cannot be reached themselves lead to this one";
    "UNREACHABLE_RETRIER" warning "Those before it take every error that it names";
    "UNREACHABLE_CATCHER" warning "Those before it take every error that it names";
    "UNCATCHABLE_ERROR" warning "`ErrorEquals` names `States.Runtime`, which no Retrier and no Catcher takes";
    "RULE_NEVER_HOLDS" warning "The tests of a Choice Rule exclude each other";
    "UNREACHABLE_RULE" warning "A Choice Rule or a Default behind a rule that holds wherever it would";
    "ENDLESS_LOOP" warning "A loop without a Wait that no way leads out of, or in which nothing changes";
    "MISSING_FIELD" warning "A path asks for a member that no state before hands on: the state will fail";
    "JSONPATH_DIALECT" warning "A step of a path never means on AWS what it means in RFC 9535";
    "NOT_JSONATA" warning "An expression `{% … %}` in a state in JSONPath: it is passed on as text";
    "UNUSED_VARIABLE" warning "Nothing in the machine reads a variable that is assigned";
    "DEFINITION_TOO_LARGE" error "More than 1 MiB";
    "INVALID_YAML" error "The text is not YAML";
    "YAML_1_1" warning "`yes`, `010`, `12:30` without quotes: the YAML 1.1 of CloudFormation and SAM makes a Boolean, a number or a time of it";
    "NOT_SUPPORTED_YET" warning "AWS takes it, `asl run` refuses it: it cannot run it yet";
}

/// What fails a check besides errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Every warning.
    Warnings,
    /// Those of a code.
    Code(&'static str),
}

/// The code of an argument of `--allow`.
pub(crate) fn warning(text: &str) -> Result<&'static str, String> {
    let warnings = || CODES.iter().filter(|code| !code.is_error);
    if let Some(code) = warnings().find(|code| code.name == text) {
        return Ok(code.name);
    }
    if CODES.iter().any(|code| code.name == text) {
        return Err(format!("'{text}' is an error: AWS refuses the definition"));
    }
    let upper = text.to_ascii_uppercase();
    let near = warnings().find(|code| code.name == upper).map(|code| code.name);
    Err(match near.or_else(|| nearest(&upper, warnings().map(|code| code.name))) {
        Some(near) => format!("there is no warning '{text}': did you mean '{near}'?"),
        None => format!("there is no warning '{text}'"),
    })
}

/// An argument of `--deny`: a code, or `warnings`.
pub(crate) fn denied(text: &str) -> Result<Denied, String> {
    match text {
        "warnings" => Ok(Denied::Warnings),
        _ => warning(text).map(Denied::Code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_lists_every_code() {
        let guide = include_str!("../../../docs/check.md");
        let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
        let mut listed: Vec<(String, bool, String)> = Vec::new();
        for row in rows {
            let [names, severity, about] = row.splitn(3, " | ").collect::<Vec<_>>()[..] else { continue };
            for name in names.split(", ") {
                listed.push((name.trim_matches('`').to_owned(), severity == "error", about.to_owned()));
            }
        }
        let known: Vec<_> =
            CODES.iter().map(|code| (code.name.to_owned(), code.is_error, code.about.to_owned())).collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn codes_that_are_no_warnings() {
        assert_eq!(warning("NO_END"), Ok("NO_END"));
        assert_eq!(denied("warnings"), Ok(Denied::Warnings));
        for (text, expected) in [
            ("NO_ENDS", "there is no warning 'NO_ENDS': did you mean 'NO_END'?"),
            ("no_end", "there is no warning 'no_end': did you mean 'NO_END'?"),
            ("anything", "there is no warning 'anything'"),
            ("MISSING_END_STATE", "'MISSING_END_STATE' is an error: AWS refuses the definition"),
        ] {
            assert_eq!(warning(text), Err(expected.to_owned()));
            assert_eq!(denied(text), Err(expected.to_owned()));
        }
    }
}
