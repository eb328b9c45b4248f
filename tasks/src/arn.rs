//! The ARNs of functions.

/// The parts of the ARN of a function, or of what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionArn {
    /// The region.
    pub(crate) region: String,
    /// The account.
    pub(crate) account: String,
    /// The name of the function.
    pub(crate) name: String,
    /// The version or the alias.
    pub(crate) qualifier: Option<String>,
}

/// Where functions are that do not say it.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

impl FunctionArn {
    /// The parts of `resource`, also of a pattern. What is no ARN of a function is named by its last part.
    pub(crate) fn of(resource: &str) -> Self {
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
    pub(crate) fn named(function_name: &str, caller: &str) -> Self {
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
    pub(crate) fn unqualified(&self) -> String {
        let Self { region, account, name, .. } = self;
        format!("arn:aws:lambda:{region}:{account}:function:{name}")
    }

    /// The version that is run: a number, or `$LATEST`.
    pub(crate) fn version(&self) -> &str {
        let number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        self.qualifier.as_deref().filter(number).unwrap_or("$LATEST")
    }
}

/// `arn:aws:states:::SERVICE:ACTION` of an integration that is written with a region and an account, or in another partition:
/// they mean nothing there. `None` where it is written so already, or is no integration.
pub(crate) fn integration(resource: &str) -> Option<String> {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts[..] {
        ["arn", "aws", "states", "", "", _] => None,
        ["arn", _, "states", _, _, rest] if !rest.starts_with("activity:") => Some(format!("arn:aws:states:::{rest}")),
        _ => None,
    }
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
}
