use std::fs;
use std::path::Path;

use asl_tasks::Routes;

use crate::{Choices, Plan, StackFile, plan};

/// What a template with these resources comes to.
fn planned(resources: &str) -> Plan {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("code")).expect("a folder");
    let file = folder.path().join("template.yaml");
    fs::write(&file, format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}")).expect("a file");
    let choices = Choices {
        stack_name: "s".to_owned(),
        account: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
        base_url: "http://here".to_owned(),
        ..Choices::default()
    };
    let plan = plan(&[StackFile { file, ..StackFile::default() }], &choices).expect("a plan");
    // Whatever it comes to is a routing file.
    let files = plan.files_in(folder.path()).expect("files");
    Routes::parse(&files[0].1, Path::new("routes.toml")).unwrap_or_else(|error| panic!("{error}\n{}", files[0].1));
    plan
}

/// The routing file, without comments and empty lines, on one line.
fn routes(resources: &str) -> String {
    let text = planned(resources).files_in(Path::new("/nowhere")).expect("files").remove(0).1;
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>().join("; ")
}

const FUNCTION: &str = "  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: f, Runtime: python3.12, Handler: a.b, Code: {ZipFile: 'x = 1'}}}\n";
const MACHINE: &str = "  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      StateMachineName: m\n      DefinitionString: '{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succeed\"}}}'\n";

#[test]
fn resources_are_what_a_routing_file_says() {
    for (resources, expected) in [
        ("  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b-1}}\n", r#"buckets = ["b-1"]"#),
        ("  T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}\n", r#"topics = ["t"]"#),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q.fifo, FifoQueue: true, ContentBasedDeduplication: true, DelaySeconds: 3}}\n",
            r#"[queues."q.fifo"]; delay_seconds = 3; content_based_deduplication = true"#,
        ),
        (
            "  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: tab, KeySchema: [{AttributeName: a, KeyType: HASH}], AttributeDefinitions: [{AttributeName: a, AttributeType: N}]}}\n",
            r#"[tables.tab]; key = { name = "a", type = "N" }"#,
        ),
        (
            FUNCTION,
            r#"[[routes]]; resource = "arn:aws:lambda:*:*:function:f"; handler = "function"; runtime = "python3.12"; code = "code/f"; entry = "a.b""#,
        ),
        (MACHINE, r#"[state_machines.m]; definition = "definitions/m.asl.json""#),
    ] {
        assert_eq!(routes(resources), expected, "{resources}");
    }
}

#[test]
fn what_calls_something_is_a_trigger() {
    let with = |more: &str| {
        let text = routes(&format!("{MACHINE}{FUNCTION}{more}"));
        let start = text.find("[[triggers]]").unwrap_or_else(|| panic!("{more}: {text}"));
        let end = text.find("[[routes]]").expect("a route");
        text[start..end].trim_end_matches("; ").to_owned()
    };
    for (resources, expected) in [
        (
            "  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !GetAtt F.Arn, Input: '[1]'}]}}\n",
            r#"[[triggers]]; schedule = "rate(1 day)"; function = "f"; input = [1]"#,
        ),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !Ref M}]}}\n",
            r#"[[triggers]]; schedule = "rate(1 day)"; state_machine = "m"; input_path = "$""#,
        ),
        (
            "  R: {Type: AWS::Scheduler::Schedule, Properties: {ScheduleExpression: rate(1 day), Target: {Arn: !GetAtt M.Arn, Input: '{\"a\": 1}'}}}\n",
            r#"[[triggers]]; schedule = "rate(1 day)"; state_machine = "m"; [triggers.input]; a = 1"#,
        ),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref B, EventPattern: {source: [x]}, Targets: [{Id: a, Arn: !Ref M, InputPath: $.detail}]}}\n  B: {Type: AWS::Events::EventBus, Properties: {Name: bus}}\n",
            r#"[[triggers]]; bus = "bus"; state_machine = "m"; input_path = "$.detail"; [triggers.event]; source = ["x"]"#,
        ),
        (
            "  A: {Type: AWS::ApiGatewayV2::Api}\n  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref A, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn, PayloadFormatVersion: '2.0'}}\n  R: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref A, RouteKey: 'GET /a/{id}', Target: !Sub 'integrations/${I}'}}\n",
            r#"[[triggers]]; http = "GET /a/{id}"; function = "f""#,
        ),
        (
            "  A: {Type: AWS::ApiGateway::RestApi}\n  P: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref A, ParentId: !GetAtt A.RootResourceId, PathPart: '{proxy+}'}}\n  G: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref A, ResourceId: !Ref P, HttpMethod: ANY, Integration: {Type: AWS_PROXY, Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'}}}\n",
            r#"[[triggers]]; http = "ANY /{proxy+}"; function = "f"; payload = "1.0""#,
        ),
        (
            "  A: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionBody: {paths: {/a: {post: {x-amazon-apigateway-integration: {type: aws, uri: !Sub 'arn:aws:apigateway:${AWS::Region}:states:action/StartExecution', requestTemplates: {application/json: !Sub '{\"input\": \"$util.escapeJavaScript($input.json(''$''))\", \"stateMachineArn\": \"${M}\"}'}}}}}}}}\n",
            r#"[[triggers]]; http = "POST /a"; state_machine = "m""#,
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}\n  E: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Q.Arn, FunctionName: !Ref F, BatchSize: 1}}\n",
            r#"[[triggers]]; messages = "q"; function = "f"; batch_size = 1"#,
        ),
    ] {
        assert_eq!(with(resources), expected, "{resources}");
    }
}

#[test]
fn what_is_not_done_here_is_told() {
    for (resources, expected) in [
        (
            "  B: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {QueueConfigurations: []}}}\n",
            "its notifications are not sent",
        ),
        (
            "  S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: t, Protocol: sms, Endpoint: '1'}}\n",
            "with the protocol sms",
        ),
        ("  R: {Type: AWS::Events::Rule, Properties: {State: DISABLED}}\n", "it is disabled"),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), Targets: [{Arn: 'arn:aws:ecs:a:b:c'}]}}\n",
            "nothing is delivered to arn:aws:ecs:a:b:c",
        ),
        (
            "  E: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: 'arn:aws:kinesis:a:b:stream/s', FunctionName: f}}\n",
            "nothing of kinesis calls a function here",
        ),
        (
            "  F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Code: code, Environment: {Variables: {A: !GetAtt D.Endpoint.Address}}}}\n  D: {Type: AWS::RDS::DBInstance}\n",
            "nothing here knows ${D.Endpoint.Address} of its environment variable A",
        ),
    ] {
        let plan = planned(resources);
        assert!(plan.notes.iter().any(|(_, note)| note.contains(expected)), "{resources}: {:?}", plan.notes);
    }
    let plan = planned(
        "  U: {Type: AWS::Cognito::UserPool}\n  R: {Type: AWS::IAM::Role}\n  C: {Type: AWS::SNS::Topic, Condition: Never}\n",
    );
    let passed: Vec<_> = plan.passed_over.iter().map(|(kind, it)| (kind.as_str(), it.is_missed)).collect();
    assert_eq!(passed, [("AWS::Cognito::UserPool", true), ("AWS::IAM::Role", false)]);
}

#[test]
fn stacks_know_what_others_export() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("a file");
        StackFile { name: Some(name.to_owned()), file, ..StackFile::default() }
    };
    // The one that imports comes first.
    let files = [
        write("b", "Resources: {}\nOutputs: {X: {Value: !Sub ['${A}/x', {A: !ImportValue name}]}}"),
        write(
            "a",
            "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}\nOutputs: {T: {Value: !GetAtt T.TopicName, Export: {Name: name}}}",
        ),
    ];
    let plan = plan(&files, &Choices::default()).expect("a plan");
    let outputs: Vec<_> = plan.stacks.iter().flat_map(|it| &it.outputs).map(|it| it.value.as_str()).collect();
    assert_eq!(outputs, ["t/x", "t"]);
}
