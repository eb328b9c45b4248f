//! What a route to a function says.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use asl_settings::Setting;
use asl_settings::seconds;

/// The settings of a route to a function.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What runs the code.
    pub(super) runtime: Runtime,
    /// The folder of the code, from the folder of the routing file.
    pub(super) code: PathBuf,
    /// What Lambda calls the handler, such as `app.handler`; of a custom runtime its executable, `bootstrap` if not told.
    pub(super) entry: Option<String>,
    /// Folders with what Lambda unpacks into `/opt`, from the folder of the routing file; later ones lie above earlier ones.
    #[serde(default)]
    pub(super) layers: Vec<PathBuf>,
    /// Environment variables of the function.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Setting>,
    /// Whether what the code asks for is installed; code that was packed for Lambda has it already.
    #[serde(default = "install")]
    pub(super) install: bool,
    /// How much memory the function is told to have, and ended for exceeding; in MB, as in Lambda 128 unless told.
    #[serde(default = "memory")]
    pub(super) memory_mb: u32,
    /// How many seconds a call may take; as in Lambda 3 unless told.
    #[serde(default = "timeout", deserialize_with = "seconds")]
    timeout_seconds: f64,
    /// How many processes there may be at once: further calls wait.
    #[serde(default = "processes")]
    pub(super) max_processes: NonZeroUsize,
}

impl Settings {
    /// How long a call may take.
    pub(super) fn timeout(&self) -> Duration {
        // It was read from a duration.
        Duration::try_from_secs_f64(self.timeout_seconds).unwrap_or(Duration::MAX)
    }

    /// Whether the SDKs of AWS in the function are led to AWS itself.
    pub(super) fn has_no_endpoint(&self) -> bool {
        self.environment.get(ENDPOINT_URL) == Some(&Setting::Plain(String::new()))
    }
}

/// Where the SDKs of AWS find the services.
pub(super) const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

fn install() -> bool {
    true
}

fn memory() -> u32 {
    128
}

fn timeout() -> f64 {
    3.0
}

fn processes() -> NonZeroUsize {
    const FIFTY: NonZeroUsize = NonZeroUsize::new(50).unwrap();
    FIFTY
}

/// What runs the code, by Lambda's names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Runtime {
    /// `python3`, or with the version that is preferred, such as `python3.12`.
    Python {
        /// Such as `3.12`.
        version: Option<String>,
    },
    /// `nodejs`, or with the version that is preferred, such as `nodejs22.x`.
    Node {
        /// Such as `22`.
        version: Option<String>,
    },
    /// `java` with a version, such as `java21`.
    Java {
        /// Such as `21`.
        version: String,
    },
    /// `provided`, also as `provided.al2023`: an executable that speaks the Lambda Runtime API by itself.
    Provided,
}

/// Why a runtime cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownRuntime {
    /// No runtime of Lambda that is known here has this name.
    #[error(
        "unknown runtime {0:?}; allowed: \"python3\" or \"python3.12\", \"nodejs\" or \"nodejs22.x\", \"java21\", \"provided\" for an \
         executable that speaks the Lambda Runtime API"
    )]
    Name(String),
    /// Lambda manages it, and nothing here does.
    #[error(
        "Lambda's runtime {name:?} is not among those of asl (Python, Node.js, Java); {advice}, with runtime = \"provided\". A \
         mock of the state or another handler can stand in for the function"
    )]
    Managed { name: String, advice: &'static str },
}

/// Runtimes of Lambda by how they begin, and what runs the same code as an executable.
const MANAGED: [(&str, &str); 3] = [
    ("ruby", "a bootstrap that runs aws_lambda_ric FILE.METHOD serves the code, by the gem aws_lambda_ric"),
    ("dotnet", "an executable that is built with Amazon.Lambda.RuntimeSupport has the code"),
    ("go", "an executable that is built with aws-lambda-go has the code"),
];

impl TryFrom<String> for Runtime {
    type Error = UnknownRuntime;

    fn try_from(text: String) -> Result<Self, UnknownRuntime> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(rest) = text.strip_prefix("python3") {
            match rest.strip_prefix('.') {
                None if rest.is_empty() => return Ok(Self::Python { version: None }),
                Some(minor) if digits(minor) => return Ok(Self::Python { version: Some(format!("3.{minor}")) }),
                _ => {}
            }
        } else if let Some(rest) = text.strip_prefix("nodejs") {
            match rest.strip_suffix(".x") {
                None if rest.is_empty() => return Ok(Self::Node { version: None }),
                Some(major) if digits(major) => return Ok(Self::Node { version: Some(major.to_owned()) }),
                _ => {}
            }
        } else if let Some(version) = text.strip_prefix("java") {
            // `java8.al2` is 8 on another system.
            let version = version.strip_suffix(".al2").unwrap_or(version);
            if digits(version) {
                return Ok(Self::Java { version: version.to_owned() });
            }
        } else if text == "provided" || text.starts_with("provided.al") {
            return Ok(Self::Provided);
        }
        let begins =
            |name: &str| text.strip_prefix(name).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        match MANAGED.into_iter().find(|(name, _)| begins(name)) {
            Some((_, advice)) => Err(UnknownRuntime::Managed { name: text, advice }),
            None => Err(UnknownRuntime::Name(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_have_the_names_that_lambda_gives_them() {
        let python = |version: Option<&str>| Runtime::Python { version: version.map(str::to_owned) };
        let node = |version: Option<&str>| Runtime::Node { version: version.map(str::to_owned) };
        for (text, expected) in [
            ("python3", python(None)),
            ("python3.12", python(Some("3.12"))),
            ("nodejs", node(None)),
            ("nodejs22.x", node(Some("22"))),
            ("java21", Runtime::Java { version: "21".to_owned() }),
            ("java8.al2", Runtime::Java { version: "8".to_owned() }),
            ("provided", Runtime::Provided),
            ("provided.al2023", Runtime::Provided),
        ] {
            assert_eq!(Runtime::try_from(text.to_owned()).unwrap(), expected, "{text}");
        }
        for text in
            ["", "python", "python2.7", "python3.", "python312", "nodejs22", "node", "java", "ruby", "provideds"]
        {
            let error = Runtime::try_from(text.to_owned()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("unknown runtime {text:?}; allowed: \"python3\"")), "{error}");
        }
        for (text, advice) in [("ruby3.3", "aws_lambda_ric"), ("dotnet8", "RuntimeSupport"), ("go1.x", "aws-lambda-go")]
        {
            let error = Runtime::try_from(text.to_owned()).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("Lambda's runtime {text:?} is not")) && error.contains(advice),
                "{error}"
            );
        }
    }
}
