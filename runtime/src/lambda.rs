//! What Step Functions makes of Lambda functions, whoever runs them: their ARNs and their errors.

use asl_engine::{Failure, Value};

/// The parts of the ARN of a function, or of what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionArn {
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// The name of the function.
    pub name: String,
    /// The version or the alias.
    pub qualifier: Option<String>,
}

/// Where functions are that do not say it.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

impl FunctionArn {
    /// The parts of `resource`, also of a pattern. What is no ARN of a function is named by its last part.
    pub fn of(resource: &str) -> Self {
        let parts: Vec<&str> = resource.split(':').collect();
        let own = |text: &str, other: &str| if text.is_empty() || text.contains('*') { other } else { text }.to_owned();
        match parts.as_slice() {
            ["arn", _, "lambda", region, account, "function", name, rest @ ..] => Self {
                region: own(region, REGION),
                account: own(account, ACCOUNT),
                name: (*name).to_owned(),
                qualifier: rest.first().map(|qualifier| (*qualifier).to_owned()),
            },
            parts => Self {
                region: REGION.to_owned(),
                account: ACCOUNT.to_owned(),
                name: parts.last().copied().unwrap_or_default().to_owned(),
                qualifier: None,
            },
        }
    }

    /// The parts of a `FunctionName` of Lambda's API: a name, a part of an ARN (`account:function:name`) or an ARN, each
    /// with or without a qualifier. What it does not say is that of `caller`, the ARN of the one who calls.
    pub fn named(function_name: &str, caller: &str) -> Self {
        let mut caller = caller.split(':').skip(3);
        let mut given = || caller.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let (region, account) = (given().unwrap_or_else(|| REGION.to_owned()), given());
        let account = account.unwrap_or_else(|| ACCOUNT.to_owned());
        let parts: Vec<&str> = function_name.split(':').collect();
        let (account, name, rest) = match parts.as_slice() {
            ["arn", ..] => return Self::of(function_name),
            [account, "function", name, rest @ ..] => ((*account).to_owned(), *name, rest),
            ["function", name, rest @ ..] => (account, *name, rest),
            [name, rest @ ..] => (account, *name, rest),
            [] => (account, "", [].as_slice()),
        };
        Self { region, account, name: name.to_owned(), qualifier: rest.first().map(|part| (*part).to_owned()) }
    }

    /// The ARN without the qualifier.
    pub fn unqualified(&self) -> String {
        let Self { region, account, name, .. } = self;
        format!("arn:aws:lambda:{region}:{account}:function:{name}")
    }

    /// The version that is run: a number, or `$LATEST`.
    pub fn version(&self) -> &str {
        let number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        self.qualifier.as_deref().filter(number).unwrap_or("$LATEST")
    }
}

/// The failure of a function that gave an error: `payload`, hopefully JSON, as Lambda gives it.
pub fn payload_failure(payload: String) -> Failure {
    let parsed = payload.parse::<Value>().unwrap_or_default();
    match parsed.get("errorType").and_then(Value::as_str) {
        Some(error_type) if !error_type.is_empty() => Failure::new(error_type, payload),
        _ => unknown_payload(&payload),
    }
}

/// What Step Functions says of a payload that it can make nothing of.
pub fn unknown_payload(payload: &str) -> Failure {
    /// AWS's bound of a cause is 32 KB.
    const LONGEST: usize = 30_000;
    let shown = &payload[..payload.floor_char_boundary(LONGEST)];
    let cause = format!(
        "The cause could not be determined because Lambda did not return an error type. Returned payload: {shown}"
    );
    Failure::new("Lambda.Unknown", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_have_their_parts() {
        let arn = FunctionArn::of("arn:aws:lambda:eu-west-1:123456789012:function:f:7");
        assert_eq!((arn.region.as_str(), arn.account.as_str(), arn.name.as_str()), ("eu-west-1", "123456789012", "f"));
        assert_eq!(arn.version(), "7");
        assert_eq!(arn.unqualified(), "arn:aws:lambda:eu-west-1:123456789012:function:f");
        let pattern = FunctionArn::of("arn:aws:lambda:*:*:function:f");
        assert_eq!(pattern.unqualified(), "arn:aws:lambda:us-east-1:000000000000:function:f");
        assert_eq!(FunctionArn::of("arn:aws:states:::activity:work").name, "work");
        assert_eq!(FunctionArn::of("download").name, "download");
    }

    #[test]
    fn function_names_are_completed() {
        let caller = "arn:aws:states:eu-west-1:123456789012:execution:m:e";
        for (name, expected, version) in [
            ("f", "arn:aws:lambda:eu-west-1:123456789012:function:f", "$LATEST"),
            ("f:2", "arn:aws:lambda:eu-west-1:123456789012:function:f", "2"),
            ("f:alias", "arn:aws:lambda:eu-west-1:123456789012:function:f", "$LATEST"),
            ("9:function:f", "arn:aws:lambda:eu-west-1:9:function:f", "$LATEST"),
            ("function:f", "arn:aws:lambda:eu-west-1:123456789012:function:f", "$LATEST"),
            ("arn:aws:lambda:us-east-2:1:function:f:3", "arn:aws:lambda:us-east-2:1:function:f", "3"),
        ] {
            let arn = FunctionArn::named(name, caller);
            assert_eq!((arn.unqualified().as_str(), arn.version()), (expected, version), "{name}");
        }
        assert_eq!(FunctionArn::named("f", "t").unqualified(), "arn:aws:lambda:us-east-1:000000000000:function:f");
    }

    #[test]
    fn an_error_without_a_type_is_unknown() {
        for (payload, error) in [
            (r#"{"errorType":"E","errorMessage":"m"}"#, "E"),
            (r#"{"errorMessage":"m"}"#, "Lambda.Unknown"),
            (r#"{"errorType":3}"#, "Lambda.Unknown"),
            ("no JSON", "Lambda.Unknown"),
            ("", "Lambda.Unknown"),
        ] {
            let failure = payload_failure(payload.to_owned());
            assert_eq!(failure.error.as_deref(), Some(error), "{payload}");
            assert!(failure.cause.unwrap().ends_with(payload));
        }
    }
}
