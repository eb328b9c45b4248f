//! The names that a stack makes up for resources that have none.
//!
//! CloudFormation user guide, "Name type": the name of the stack, the logical ID, and a text that is unique. Here that text is a digest,
//! so that a name is the same from run to run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// What is known of the stack that a template becomes.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// What the stacks around it export, by the name of the export.
    pub exports: BTreeMap<String, String>,
    /// Files that are told as objects in S3, by key.
    pub files: BTreeMap<String, PathBuf>,
}

/// How long the unique text is.
const UNIQUE_LEN: usize = 12;

/// How names of a type are made up.
struct Shape {
    /// How long a name may be.
    most: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// `Stack-LogicalId-Unique`
    Whole,
    /// The same without capital letters.
    Small,
    /// `LogicalId-Unique`
    WithoutStack,
    /// Ten small letters and digits.
    Id,
}

fn shape(resource_type: &str) -> Shape {
    let shape = |most, kind| Shape { most, kind };
    match resource_type {
        "AWS::S3::Bucket" => shape(63, Kind::Small),
        "AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine" => shape(80, Kind::WithoutStack),
        "AWS::ApiGateway::RestApi"
        | "AWS::ApiGatewayV2::Api"
        | "AWS::Serverless::Api"
        | "AWS::Serverless::HttpApi"
        | "AWS::ApiGateway::Resource"
        | "AWS::ApiGatewayV2::Integration" => shape(10, Kind::Id),
        "AWS::Lambda::Function" | "AWS::Serverless::Function" | "AWS::IAM::Role" | "AWS::Events::Rule" => {
            shape(64, Kind::Whole)
        }
        "AWS::SQS::Queue" | "AWS::StepFunctions::Activity" => shape(80, Kind::Whole),
        _ => shape(255, Kind::Whole),
    }
}

impl Stack {
    /// The name that a resource without one gets.
    pub fn physical_name(&self, id: &str, resource_type: &str) -> String {
        let Shape { most, kind } = shape(resource_type);
        let unique = self.unique(id, kind);
        match kind {
            Kind::Id => unique,
            Kind::WithoutStack => format!("{}-{unique}", cut(id, most - UNIQUE_LEN - 1)),
            Kind::Whole | Kind::Small => {
                let room = most - UNIQUE_LEN - 2;
                // Each has half of the room, and what the other one leaves.
                let stack = cut(&self.name, room.saturating_sub(id.len()).max(room / 2));
                let name = format!("{stack}-{}-{unique}", cut(id, room - stack.len()));
                if kind == Kind::Small { name.to_lowercase() } else { name }
            }
        }
    }

    fn unique(&self, id: &str, kind: Kind) -> String {
        const LETTERS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let (len, letters) = match kind {
            Kind::Id => (10, 36),
            Kind::Small => (UNIQUE_LEN, 36),
            Kind::Whole | Kind::WithoutStack => (UNIQUE_LEN, LETTERS.len()),
        };
        let digest = Sha256::digest(format!("{}/{id}", self.name));
        digest.iter().take(len).map(|byte| char::from(LETTERS[usize::from(*byte) % letters])).collect()
    }
}

/// The start of an ASCII name.
fn cut(text: &str, most: usize) -> &str {
    text.get(..most.min(text.len())).unwrap_or(text).trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_cloudformation_and_stay_the_same() {
        let stack = |name: &str| Stack { name: name.to_owned(), ..Stack::default() };
        let shop = stack("Shop");
        for (id, resource_type, start, len) in [
            ("Orders", "AWS::DynamoDB::Table", "Shop-Orders-", 24),
            ("Pictures", "AWS::S3::Bucket", "shop-pictures-", 26),
            ("Machine", "AWS::StepFunctions::StateMachine", "Machine-", 20),
            ("Api", "AWS::ApiGatewayV2::Api", "", 10),
        ] {
            let name = shop.physical_name(id, resource_type);
            assert!(name.starts_with(start) && name.len() == len, "{name}");
            assert_eq!(name, stack("Shop").physical_name(id, resource_type));
            assert_ne!(name, stack("Shop2").physical_name(id, resource_type));
        }
        let long = stack(&"s".repeat(100)).physical_name(&"i".repeat(100), "AWS::Lambda::Function");
        assert_eq!((long.len(), long.matches('s').count() >= 25, long.matches('i').count() >= 25), (64, true, true));
        assert_eq!(stack("s").physical_name(&"i".repeat(100), "AWS::Lambda::Function").len(), 64);
    }
}
