//! What the resources of a template are called here: their names and ARNs.
//!
//! A stack makes names up for resources that have none. Here a resource without a name is called by its logical ID.

use super::STATE_MACHINES;
use super::evaluate::Evaluation;
use crate::yaml::Tree;

/// What names of resources look like.
struct Naming {
    types: &'static [&'static str],
    /// The property that has the name.
    property: &'static str,
    /// What `Ref` gives.
    reference: Reference,
    /// Its ARN behind the partition, with `*` for the name.
    arn: &'static str,
}

enum Reference {
    Name,
    Arn,
    QueueUrl,
}

/// CloudFormation template reference, the return values of each resource type.
const NAMINGS: [Naming; 9] = [
    Naming {
        types: &["AWS::Lambda::Function", "AWS::Serverless::Function"],
        property: "FunctionName",
        reference: Reference::Name,
        arn: "lambda:${AWS::Region}:${AWS::AccountId}:function:*",
    },
    Naming {
        types: &STATE_MACHINES,
        property: "StateMachineName",
        reference: Reference::Arn,
        arn: "states:${AWS::Region}:${AWS::AccountId}:stateMachine:*",
    },
    Naming {
        types: &["AWS::StepFunctions::Activity"],
        property: "Name",
        reference: Reference::Arn,
        arn: "states:${AWS::Region}:${AWS::AccountId}:activity:*",
    },
    Naming {
        types: &["AWS::SNS::Topic"],
        property: "TopicName",
        reference: Reference::Arn,
        arn: "sns:${AWS::Region}:${AWS::AccountId}:*",
    },
    Naming {
        types: &["AWS::SQS::Queue"],
        property: "QueueName",
        reference: Reference::QueueUrl,
        arn: "sqs:${AWS::Region}:${AWS::AccountId}:*",
    },
    Naming {
        types: &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable"],
        property: "TableName",
        reference: Reference::Name,
        arn: "dynamodb:${AWS::Region}:${AWS::AccountId}:table/*",
    },
    Naming { types: &["AWS::S3::Bucket"], property: "BucketName", reference: Reference::Name, arn: "s3:::*" },
    Naming {
        types: &["AWS::Events::EventBus"],
        property: "Name",
        reference: Reference::Name,
        arn: "events:${AWS::Region}:${AWS::AccountId}:event-bus/*",
    },
    Naming {
        types: &["AWS::ECS::Cluster"],
        property: "ClusterName",
        reference: Reference::Name,
        arn: "ecs:${AWS::Region}:${AWS::AccountId}:cluster/*",
    },
];

/// What a resource is called, by its logical ID, or what one of its attributes is, by `LogicalId.Attribute`.
pub(super) fn named(evaluation: &Evaluation<'_>, name: &str, depth: usize) -> Option<String> {
    let (id, attribute) = name.split_once('.').map_or((name, None), |(id, attribute)| (id, Some(attribute)));
    let template = evaluation.template;
    if template.root.get("functions").and_then(|functions| functions.get(id)).is_some() {
        // The Serverless Framework takes the name of a function for its logical ID.
        return value(evaluation, &NAMINGS[0], id, attribute);
    }
    let (_, resource) = template.resources().find(|(known, _)| *known == id)?;
    let resource_type = resource.get("Type")?.text()?;
    let naming = NAMINGS.iter().find(|naming| naming.types.contains(&resource_type))?;
    let property = if resource_type == "AWS::Serverless::StateMachine" { "Name" } else { naming.property };
    let given = resource.get("Properties").and_then(|properties| properties.get(property));
    let given = given.and_then(|given: &Tree| evaluation.text_within(given, depth));
    let given = given.filter(|given| !given.contains("${"));
    let name = match (given, resource_type) {
        (Some(given), _) => given,
        // A bucket has no capital letters.
        (None, "AWS::S3::Bucket") => id.to_lowercase(),
        (None, _) => id.to_owned(),
    };
    value(evaluation, naming, &name, attribute)
}

fn value(evaluation: &Evaluation<'_>, naming: &Naming, name: &str, attribute: Option<&str>) -> Option<String> {
    let here = |text: String| Some(evaluation.substitutions.fill_in(&text));
    match (attribute, &naming.reference) {
        (None, Reference::Arn) | (Some("Arn" | "TopicArn"), _) => {
            here(format!("arn:${{AWS::Partition}}:{}", naming.arn.replace('*', name)))
        }
        (None, Reference::Name) | (Some("Name" | "QueueName" | "TopicName"), _) => Some(name.to_owned()),
        (None, Reference::QueueUrl) | (Some("QueueUrl"), _) => {
            here(format!("https://sqs.${{AWS::Region}}.${{AWS::URLSuffix}}/${{AWS::AccountId}}/{name}"))
        }
        _ => None,
    }
}
