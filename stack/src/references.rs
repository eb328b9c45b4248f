//! Dynamic references, `{{resolve:ssm:/name}}`: values that CloudFormation fetches of other services.
//!
//! CloudFormation user guide, "Get values stored in other services using dynamic references".

use std::collections::BTreeMap;

use asl_project::yaml::{Tree, TreeKind};
use sha2::{Digest, Sha256};

use crate::resource::{Resource, with_children};

/// How a reference begins.
const START: &str = "{{resolve:";

/// What a person says of a reference: `resolve:ssm:/name`.
pub(crate) const GIVEN: &str = "resolve:";

/// The values that the templates have, and those that a person gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct References {
    parameters: BTreeMap<String, String>,
    /// By name and by ARN.
    secrets: BTreeMap<String, String>,
    /// By what stands between the braces.
    given: BTreeMap<String, String>,
}

impl References {
    pub(crate) fn of(resources: &[Resource<'_>], given: &BTreeMap<String, String>) -> Self {
        let given = given.iter().filter(|(name, _)| name.starts_with(GIVEN));
        let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut references = Self { given, ..Self::default() };
        for resource in resources {
            match resource.kind {
                "AWS::SSM::Parameter" => {
                    references.parameters.extend(resource.text("Value").map(|value| (resource.reference(None), value)));
                }
                "AWS::SecretsManager::Secret" => {
                    let value = resource.text("SecretString").unwrap_or_else(|| generated(resource));
                    references.secrets.insert(resource.reference(Some("Name")), value.clone());
                    references.secrets.insert(resource.reference(None), value);
                }
                _ => {}
            }
        }
        references
    }

    /// The value with what its references stand for; those that nobody knows stay, and are added to `unknown`.
    pub(crate) fn fill_in(&self, tree: &Tree, unknown: &mut Vec<String>) -> Tree {
        match &tree.kind {
            TreeKind::Text(text) if text.contains(START) => {
                Tree { kind: TreeKind::Text(self.filled_in(text, unknown).as_str().into()), ..tree.clone() }
            }
            _ => with_children(tree, |child| self.fill_in(child, unknown)),
        }
    }

    fn filled_in(&self, text: &str, unknown: &mut Vec<String>) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once(START) {
            let Some((reference, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            match self.value(reference) {
                Some(value) => out.push_str(&value),
                None => {
                    unknown.push(format!("{GIVEN}{reference}"));
                    out.push_str(&format!("{START}{reference}}}}}"));
                }
            }
            rest = behind;
        }
        out + rest
    }

    /// The value of `ssm:/name`, `ssm-secure:/name:1` or `secretsmanager:name:SecretString:key`.
    fn value(&self, reference: &str) -> Option<String> {
        if let Some(given) = self.given.get(&format!("{GIVEN}{reference}")) {
            return Some(given.clone());
        }
        let (service, rest) = reference.split_once(':')?;
        match service {
            "ssm" | "ssm-secure" => {
                // The name, and its version.
                let name = rest.split(':').next()?;
                self.parameters.get(name).cloned()
            }
            "secretsmanager" => {
                let parts: Vec<&str> = rest.split(':').collect();
                // An ARN has seven parts.
                let (id, more) = parts.split_at(if rest.starts_with("arn:") { 7.min(parts.len()) } else { 1 });
                let secret = self.secrets.get(&id.join(":"))?;
                match more.get(1).filter(|key| !key.is_empty()) {
                    Some(key) => {
                        let object: serde_json::Value = serde_json::from_str(secret).ok()?;
                        let member = object.get(*key)?;
                        Some(member.as_str().map_or_else(|| member.to_string(), str::to_owned))
                    }
                    None => Some(secret.clone()),
                }
            }
            _ => None,
        }
    }
}

/// What `GenerateSecretString` makes: here always the same for a secret, so that what knows it stays right.
fn generated(secret: &Resource<'_>) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let property = |name: &str| secret.text(&format!("GenerateSecretString.{name}"));
    let excluded = property("ExcludeCharacters").unwrap_or_default();
    let letters: Vec<char> = LETTERS.iter().map(|byte| char::from(*byte)).filter(|c| !excluded.contains(*c)).collect();
    let length = property("PasswordLength").and_then(|length| length.parse().ok()).unwrap_or(32).clamp(1, 4096);
    let name = secret.reference(None);
    let digests = (0_u32..).flat_map(|round| Sha256::digest(format!("{name}/{round}")).to_vec());
    let password: String =
        digests.take(length).filter_map(|byte| letters.get(usize::from(byte) % letters.len().max(1))).collect();
    match (property("SecretStringTemplate"), property("GenerateStringKey")) {
        (Some(template), Some(key)) => match serde_json::from_str::<serde_json::Value>(&template) {
            Ok(serde_json::Value::Object(mut members)) => {
                members.insert(key, password.into());
                serde_json::Value::Object(members).to_string()
            }
            _ => password,
        },
        _ => password,
    }
}

/// The first reference in the text of a definition.
pub(crate) fn first_in(text: &str) -> Option<&str> {
    let start = text.find(START)?;
    let len = text[start..].find("}}")?;
    Some(&text[start..start + len + 2])
}
