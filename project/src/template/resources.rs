//! What the resources of a template are called here: their names and ARNs.
//!
//! A stack makes names up for resources that have none. Where a template is read without one, such a resource is called by its
//! logical ID.

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
    /// The ARN of its first version.
    Version,
}

/// The property that has the name of a resource of this type; none where names of it are not known here.
///
/// ```
/// assert_eq!(asl_project::name_property("AWS::SQS::Queue"), Some("QueueName"));
/// ```
pub fn name_property(resource_type: &str) -> Option<&'static str> {
    NAMINGS.iter().find(|naming| naming.types.contains(&resource_type)).map(|naming| naming.property)
}

/// CloudFormation template reference, the return values of each resource type.
const NAMINGS: [Naming; 19] = [
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
    Naming {
        types: &["AWS::IAM::Role"],
        property: "RoleName",
        reference: Reference::Name,
        arn: "iam::${AWS::AccountId}:role/*",
    },
    Naming {
        types: &["AWS::KMS::Key"],
        property: "-",
        reference: Reference::Name,
        arn: "kms:${AWS::Region}:${AWS::AccountId}:key/*",
    },
    Naming {
        types: &["AWS::Logs::LogGroup"],
        property: "LogGroupName",
        reference: Reference::Name,
        arn: "logs:${AWS::Region}:${AWS::AccountId}:log-group:*:*",
    },
    Naming {
        types: &["AWS::Events::Rule"],
        property: "Name",
        reference: Reference::Name,
        arn: "events:${AWS::Region}:${AWS::AccountId}:rule/*",
    },
    Naming {
        types: &["AWS::SSM::Parameter"],
        property: "Name",
        reference: Reference::Name,
        arn: "ssm:${AWS::Region}:${AWS::AccountId}:parameter/*",
    },
    Naming {
        types: &["AWS::SecretsManager::Secret"],
        property: "Name",
        reference: Reference::Arn,
        arn: "secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:*",
    },
    Naming {
        types: &["AWS::Events::Connection"],
        property: "Name",
        reference: Reference::Name,
        arn: "events:${AWS::Region}:${AWS::AccountId}:connection/*/1",
    },
    Naming {
        types: &[
            "AWS::ApiGatewayV2::Api",
            "AWS::ApiGateway::RestApi",
            "AWS::Serverless::Api",
            "AWS::Serverless::HttpApi",
        ],
        // Its name is no name that it is called by.
        property: "-",
        reference: Reference::Name,
        arn: "apigateway:${AWS::Region}::/apis/*",
    },
    Naming {
        types: &["AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"],
        property: "StageName",
        reference: Reference::Name,
        arn: "apigateway:${AWS::Region}::/stages/*",
    },
    Naming {
        types: &["AWS::Lambda::LayerVersion", "AWS::Serverless::LayerVersion"],
        property: "LayerName",
        reference: Reference::Version,
        arn: "lambda:${AWS::Region}:${AWS::AccountId}:layer:*",
    },
];

/// The types that SAM makes a role for, under the logical ID with `Role` behind it.
const WITH_ROLES: [&str; 2] = ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"];

/// The APIs that SAM makes where events name none.
///
/// SAM developer guide, "Generated AWS CloudFormation resources".
const IMPLICIT_APIS: [(&str, &str); 2] =
    [("ServerlessRestApi", "AWS::Serverless::Api"), ("ServerlessHttpApi", "AWS::Serverless::HttpApi")];

/// What a resource is called, by its logical ID, or what one of its attributes is, by `LogicalId.Attribute`.
pub(super) fn named(evaluation: &Evaluation<'_>, name: &str, depth: usize) -> Option<String> {
    let (id, attribute) = name.split_once('.').map_or((name, None), |(id, attribute)| (id, Some(attribute)));
    let template = evaluation.template;
    if template.root.get("functions").and_then(|functions| functions.get(id)).is_some() {
        // The Serverless Framework takes the name of a function for its logical ID.
        return value(evaluation, &NAMINGS[0], id, attribute);
    }
    let resource = template.resources().find(|(known, _)| *known == id).map(|(_, resource)| resource);
    let Some(resource) = resource else { return generated(evaluation, id, attribute) };
    let resource_type = resource.get("Type")?.text()?;
    let property = |name: &str| resource.get("Properties").and_then(|properties| properties.get(name));
    if let Some(of) = version(evaluation, resource_type, property, depth) {
        return of.filter(|_| attribute.is_none_or(|it| it.ends_with("Arn")));
    }
    let Some(naming) = NAMINGS.iter().find(|naming| naming.types.contains(&resource_type)) else {
        // Nothing is known of what it has, but it has a name.
        return evaluation.stack.filter(|_| attribute.is_none()).map(|stack| stack.physical_name(id, resource_type));
    };
    let named_by = match resource_type {
        "AWS::Serverless::StateMachine" => "Name",
        _ => naming.property,
    };
    let given = property(named_by).and_then(|given: &Tree| evaluation.text_within(given, depth));
    let given = given.filter(|given| !given.contains("${"));
    let is_fifo = ["FifoQueue", "FifoTopic"].iter().any(|name| {
        property(name).and_then(|flag| evaluation.text_within(flag, depth)).is_some_and(|flag| flag == "true")
    });
    let name = match (given, resource_type, evaluation.stack) {
        (Some(given), ..) => given,
        (None, _, Some(stack)) if is_fifo => format!("{}.fifo", stack.physical_name(id, resource_type)),
        (None, _, Some(stack)) => stack.physical_name(id, resource_type),
        // A bucket has no capital letters.
        (None, "AWS::S3::Bucket", None) => id.to_lowercase(),
        (None, ..) => id.to_owned(),
    };
    match (attribute, resource_type) {
        (Some("ApiEndpoint"), "AWS::ApiGatewayV2::Api" | "AWS::Serverless::HttpApi") => {
            Some(api_endpoint(evaluation, &name))
        }
        (Some("Value"), "AWS::SSM::Parameter") => {
            property("Value").and_then(|value| evaluation.text_within(value, depth))
        }
        // SAM: what it makes of an API with its stage.
        (Some("Stage"), "AWS::Serverless::Api" | "AWS::Serverless::HttpApi") => {
            property("StageName").and_then(|stage| evaluation.text_within(stage, depth))
        }
        (Some("RootResourceId"), _) => Some(format!("{name}-root")),
        (Some("DomainName"), "AWS::S3::Bucket") => Some(format!("{name}.s3.amazonaws.com")),
        (Some("RegionalDomainName"), "AWS::S3::Bucket") => {
            Some(evaluation.substitutions.fill_in(&format!("{name}.s3.${{AWS::Region}}.amazonaws.com")))
        }
        // SAM: the alias and the version that `AutoPublishAlias` makes.
        (Some("Alias" | "Version"), "AWS::Serverless::Function") => {
            let arn = value(evaluation, naming, &name, Some("Arn"))?;
            let alias = property("AutoPublishAlias").and_then(|alias| evaluation.text_within(alias, depth));
            Some(format!("{arn}:{}", alias.filter(|_| attribute == Some("Alias")).unwrap_or_else(|| "1".to_owned())))
        }
        _ => value(evaluation, naming, &name, attribute),
    }
}

/// What SAM makes beside the resources of the template.
fn generated(evaluation: &Evaluation<'_>, id: &str, attribute: Option<&str>) -> Option<String> {
    let stack = evaluation.stack?;
    if let Some((id, resource_type)) = IMPLICIT_APIS.iter().find(|(implicit, _)| *implicit == id) {
        let name = stack.physical_name(id, resource_type);
        return match attribute {
            None => Some(name),
            Some("RootResourceId") => Some(format!("{name}-root")),
            Some("ApiEndpoint") if *id == "ServerlessHttpApi" => Some(api_endpoint(evaluation, &name)),
            Some(_) => None,
        };
    }
    if let Some(api) = id.strip_suffix("ProdStage").or_else(|| id.strip_suffix("Stage")) {
        let is_rest = IMPLICIT_APIS.iter().any(|(implicit, _)| api.starts_with(implicit));
        return is_rest.then(|| if id.ends_with("ProdStage") { "Prod" } else { "$default" }.to_owned());
    }
    let owner = id.strip_suffix("Role")?;
    let (_, resource) = evaluation.template.resources().find(|(known, _)| *known == owner)?;
    let is_owner = WITH_ROLES.contains(&resource.get("Type")?.text()?);
    let naming = NAMINGS.iter().find(|naming| naming.types == ["AWS::IAM::Role"]).filter(|_| is_owner)?;
    value(evaluation, naming, &stack.physical_name(id, "AWS::IAM::Role"), attribute)
}

/// The ARN of a version or an alias; `None` where the type is neither, and nothing in it where it is not known of what.
fn version<'t>(
    evaluation: &Evaluation<'_>,
    resource_type: &str,
    property: impl Fn(&str) -> Option<&'t Tree>,
    depth: usize,
) -> Option<Option<String>> {
    let (of, naming) = match resource_type {
        "AWS::Lambda::Version" | "AWS::Lambda::Alias" => ("FunctionName", &NAMINGS[0]),
        "AWS::StepFunctions::StateMachineVersion" => ("StateMachineArn", &NAMINGS[1]),
        "AWS::StepFunctions::StateMachineAlias" => ("RoutingConfiguration", &NAMINGS[1]),
        _ => return None,
    };
    let text = |tree: &Tree| evaluation.text_within(tree, depth);
    let whose = match of {
        // The version of the first route, whose machine it is.
        "RoutingConfiguration" => property(of)
            .and_then(|routes| routes.items().first()?.get("StateMachineVersionArn"))
            .and_then(text)
            .and_then(|arn| arn.rsplit_once(':').map(|(machine, _)| machine.to_owned())),
        of => property(of).and_then(text),
    };
    let arn = |whose: String| match whose.starts_with("arn:") {
        true => Some(whose),
        false => value(evaluation, naming, &whose, Some("Arn")),
    };
    let name = property("Name").filter(|_| resource_type.ends_with("Alias")).and_then(text);
    Some(whose.and_then(arn).map(|arn| format!("{arn}:{}", name.unwrap_or_else(|| "1".to_owned()))))
}

/// Where an HTTP API is reached.
fn api_endpoint(evaluation: &Evaluation<'_>, id: &str) -> String {
    evaluation.substitutions.fill_in(&format!("https://{id}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"))
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
        (None, Reference::Version) => here(format!("arn:${{AWS::Partition}}:{}:1", naming.arn.replace('*', name))),
        _ => None,
    }
}
