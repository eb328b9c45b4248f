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
            "  B: {Type: AWS::S3::Bucket, Properties: {BucketName: b-1, NotificationConfiguration: {EventBridgeConfiguration: {}}}}\n",
            r#"buckets = ["b-1"]; event_buckets = ["b-1"]"#,
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q.fifo, FifoQueue: true, ContentBasedDeduplication: true, DelaySeconds: 3, ReceiveMessageWaitTimeSeconds: 20}}\n",
            r#"[queues."q.fifo"]; delay_seconds = 3; receive_wait_seconds = 20; content_based_deduplication = true"#,
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
        let trigger = text[start..end].trim_end_matches("; ");
        // An API has a name of ten letters and digits.
        match trigger.split_once("api = \"") {
            Some((before, after)) => format!("{before}api = \"API{}", &after[10..]),
            None => trigger.to_owned(),
        }
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
            r#"[[triggers]]; http = "GET /a/{id}"; api = "API"; function = "f""#,
        ),
        (
            "  A: {Type: AWS::ApiGateway::RestApi}\n  P: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref A, ParentId: !GetAtt A.RootResourceId, PathPart: '{proxy+}'}}\n  G: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref A, ResourceId: !Ref P, HttpMethod: ANY, Integration: {Type: AWS_PROXY, Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'}}}\n",
            r#"[[triggers]]; http = "ANY /{proxy+}"; api = "API"; function = "f"; payload = "1.0""#,
        ),
        (
            "  A: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionBody: {paths: {/a: {post: {x-amazon-apigateway-integration: {type: aws, uri: !Sub 'arn:aws:apigateway:${AWS::Region}:states:action/StartExecution', requestTemplates: {application/json: !Sub '{\"input\": \"$util.escapeJavaScript($input.json(''$''))\", \"stateMachineArn\": \"${M}\"}'}}}}}}}}\n",
            r#"[[triggers]]; http = "POST /a"; api = "API"; state_machine = "m""#,
        ),
        (
            "  B: {Type: AWS::S3::Bucket, Properties: {BucketName: pics, NotificationConfiguration: {LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt F.Arn, Filter: {S3Key: {Rules: [{Name: suffix, Value: .jpg}]}}}]}}}\n",
            r#"[[triggers]]; objects = "pics"; events = ["s3:ObjectCreated:*"]; suffix = ".jpg"; function = "f""#,
        ),
        (
            "  C: {Type: Custom::S3BucketNotifications, Properties: {ServiceToken: x, BucketName: pics, NotificationConfiguration: {EventBridgeConfiguration: {}, LambdaFunctionConfigurations: [{Events: ['s3:ObjectRemoved:*'], LambdaFunctionArn: !GetAtt F.Arn, Filter: {Key: {FilterRules: [{Name: Prefix, Value: in/}]}}}]}}}\n",
            r#"[[triggers]]; objects = "pics"; events = ["s3:ObjectRemoved:*"]; prefix = "in/"; function = "f""#,
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
            "  F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Code: code, DeadLetterConfig: {TargetArn: q}}}\n",
            "DeadLetterConfig: a call that fails goes nowhere",
        ),
        (
            "  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, CodeUri: code, EventInvokeConfig: {MaximumRetryAttempts: 0}}}\n",
            "EventInvokeConfig: nothing goes to its destinations",
        ),
        (
            "  E: {Type: AWS::Lambda::EventInvokeConfig, Properties: {FunctionName: f, DestinationConfig: {OnFailure: {Destination: q}}}}\n",
            "DestinationConfig: nothing goes to its destinations",
        ),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), Targets: [{Arn: 'arn:aws:sqs:a:b:c', DeadLetterConfig: {Arn: q}}]}}\n",
            "what cannot be delivered is dropped: DeadLetterConfig is not read",
        ),
        (
            "  F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Code: code, Environment: {Variables: {A: '{{resolve:ssm:/no/where:1}}'}}}}\n",
            "nothing here knows {{resolve:ssm:/no/where:1}}: --parameter 'resolve:ssm:/no/where:1=VALUE' says it",
        ),
        (
            "  M: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: '{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"Result\": \"{{resolve:ssm:a}}\", \"End\": true}}}'}}\n",
            "{{resolve:ssm:a}} stays in its definition as it is",
        ),
        (
            "  F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Code: code, Environment: {Variables: {A: !ImportValue other-url}}}}\n",
            "No export named other-url found: --parameter 'other-url=VALUE' says it",
        ),
        (
            "  D: {Type: AWS::RDS::DBInstance}\nOutputs: {Address: {Value: !GetAtt D.Endpoint.Address}}\n",
            "nothing here knows ${D.Endpoint.Address} of this output",
        ),
        (
            "  B: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {QueueConfigurations: [{Event: 's3:*', Queue: 'arn:aws:kinesis:a:b:c'}]}}}\n",
            "nothing of a bucket goes to arn:aws:kinesis:a:b:c",
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
        "  U: {Type: AWS::Cognito::UserPool}\n  R: {Type: AWS::IAM::Role}\n  C: {Type: AWS::SNS::Topic, Condition: Never}\nConditions: {Never: !Equals [a, b]}\n",
    );
    let passed: Vec<_> = plan.passed_over.iter().map(|(kind, it)| (kind.as_str(), it.is_missed)).collect();
    assert_eq!(passed, [("AWS::Cognito::UserPool", true), ("AWS::IAM::Role", false)]);
}

/// The environment of the function `F`, which the template gives these values.
fn environment(values: &str, more: &str) -> Vec<String> {
    let function = format!(
        "  F: {{Type: AWS::Lambda::Function, Properties: {{Runtime: python3.12, Code: code, Environment: {{Variables: {{{values}}}}}}}}}\n{more}"
    );
    let plan = planned(&function);
    plan.routing.functions[0].1.environment.values().cloned().collect()
}

#[test]
fn parameters_and_secrets_are_values() {
    let more = r#"
  P: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/url, Type: String, Value: !Sub 'http://${AWS::Region}'}}
  S: {Type: AWS::SecretsManager::Secret, Properties: {Name: db, SecretString: '{"user": "me", "port": 1}'}}
  G: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {SecretStringTemplate: '{"user": "you"}', GenerateStringKey: password, PasswordLength: 8}}}
Parameters: {Url: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/url}}
"#;
    for (value, expected) in [
        ("!GetAtt P.Value", "http://us-east-1"),
        ("!Ref P", "/shop/url"),
        ("!Ref Url", "http://us-east-1"),
        ("!Sub '${Url}/b'", "http://us-east-1/b"),
        ("'{{resolve:ssm:/shop/url}}/a'", "http://us-east-1/a"),
        ("'{{resolve:ssm-secure:/shop/url:3}}'", "http://us-east-1"),
        ("'{{resolve:secretsmanager:db}}'", r#"{"user": "me", "port": 1}"#),
        ("'{{resolve:secretsmanager:db:SecretString:user}}'", "me"),
        ("!Sub '{{resolve:secretsmanager:${S}:SecretString:port::}}'", "1"),
        ("!Sub '{{resolve:secretsmanager:${G}:SecretString:user}}'", "you"),
    ] {
        assert_eq!(environment(&format!("A: {value}"), more), [expected], "{value}");
    }
    let password = || environment("A: !Sub '{{resolve:secretsmanager:${G}:SecretString:password}}'", more);
    assert!(password()[0].len() == 8 && password() == password(), "{:?}", password());
}

#[test]
fn functions_of_the_language_extensions_are_evaluated() {
    for (value, expected) in [
        ("{'Fn::Length': [a, b]}", "2"),
        ("{'Fn::ToJsonString': {a: [1, !Ref AWS::Region]}}", r#"{"a":[1,"us-east-1"]}"#),
    ] {
        assert_eq!(environment(&format!("A: {value}"), ""), [expected], "{value}");
    }
}

#[test]
fn what_the_routes_of_an_api_share_is_said_once() {
    const INTEGRATION: &str = "  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref A, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn}}\n  R: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref A, RouteKey: 'GET /a', Target: !Sub 'integrations/${I}'}}\n";
    const METHODS: &str = "  G: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref A, ResourceId: !GetAtt A.RootResourceId, HttpMethod: GET, Integration: {Type: AWS_PROXY, Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'}}}\n";
    for (resources, expected) in [
        (
            format!(
                "  A: {{Type: AWS::ApiGatewayV2::Api, Properties: {{CorsConfiguration: {{AllowOrigins: ['https://a.b'], AllowMethods: [GET], MaxAge: 5, AllowCredentials: true}}}}}}\n  S: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref A, StageName: dev}}}}\n{INTEGRATION}"
            ),
            r#"type = "HTTP"; stage = "dev"; [CORS]; allow_origins = ["https://a.b"]; allow_methods = ["GET"]; max_age_seconds = 5; allow_credentials = true; "#,
        ),
        (
            format!(
                "  A: {{Type: AWS::ApiGatewayV2::Api}}\n  S: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref A, StageName: $default}}}}\n{INTEGRATION}"
            ),
            r#"type = "HTTP"; "#,
        ),
        (
            format!(
                "  A: {{Type: AWS::ApiGateway::RestApi}}\n  D: {{Type: AWS::ApiGateway::Deployment, Properties: {{RestApiId: !Ref A, StageName: prod}}}}\n  O: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref A, ResourceId: !GetAtt A.RootResourceId, HttpMethod: OPTIONS, Integration: {{Type: MOCK, IntegrationResponses: [{{StatusCode: 204, ResponseParameters: {{method.response.header.Access-Control-Allow-Origin: \"'*'\", method.response.header.Access-Control-Allow-Methods: \"'OPTIONS,GET'\"}}}}]}}}}}}\n{METHODS}"
            ),
            r#"type = "REST"; stage = "prod"; [CORS]; allow_origins = ["*"]; allow_methods = ["OPTIONS", "GET"]; "#,
        ),
        (
            "  H: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: a.b, InlineCode: x, Events: {A: {Type: Api, Properties: {Path: /, Method: get}}}}}\n"
                .to_owned(),
            r#"type = "REST"; stage = "Prod"; "#,
        ),
    ] {
        let text = routes(&format!("{FUNCTION}{resources}"));
        let (_, api) = text.split_once("[apis.").unwrap_or_else(|| panic!("{resources}: {text}"));
        let (_, api) = api.split_once("]; ").expect("its name");
        let (api, _) = api.split_once("[[triggers]]").expect("a trigger");
        let api = api.find("[apis.").map_or_else(
            || api.to_owned(),
            |at| format!("{}[CORS]{}", &api[..at], api[at..].split_once(']').expect("its name").1),
        );
        assert_eq!(api, expected, "{resources}");
    }
}

#[test]
fn an_http_api_is_where_the_server_is() {
    for (api, endpoint) in [
        ("  A: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}\n", "!GetAtt A.ApiEndpoint"),
        ("  A: {Type: AWS::Serverless::HttpApi}\n", "!GetAtt A.ApiEndpoint"),
        (
            "  H: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, CodeUri: code, Events: {A: {Type: HttpApi}}}}\n",
            "!GetAtt ServerlessHttpApi.ApiEndpoint",
        ),
    ] {
        assert_eq!(environment(&format!("A: {endpoint}"), api), ["http://here"], "{api}");
    }
}

#[test]
fn a_stack_is_in_its_own_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = |name: &str, account: Option<&str>| {
        let file = folder.path().join(name);
        let text = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {A: {Value: !Ref AWS::AccountId}}";
        fs::write(&file, text).expect("a file");
        StackFile { name: Some(name.to_owned()), file, account: account.map(str::to_owned), ..StackFile::default() }
    };
    let choices = Choices { account: "000000000000".to_owned(), ..Choices::default() };
    let plan = plan(&[stack("a", Some("123456789012")), stack("b", None)], &choices).expect("a plan");
    let accounts: Vec<_> = plan.stacks.iter().flat_map(|it| &it.outputs).map(|it| it.value.as_str()).collect();
    assert_eq!(accounts, ["123456789012", "000000000000"]);
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
        write(
            "b",
            "Resources: {}\nOutputs: {X: {Value: !Sub ['${A}/x', {A: !ImportValue name}]}, Y: {Value: !ImportValue else}}",
        ),
        write(
            "a",
            "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}\nOutputs: {T: {Value: !GetAtt T.TopicName, Export: {Name: name}}}",
        ),
    ];
    let parameters = [("else".to_owned(), "given".to_owned())].into();
    let plan = plan(&files, &Choices { parameters, ..Choices::default() }).expect("a plan");
    let outputs: Vec<_> = plan.stacks.iter().flat_map(|it| &it.outputs).map(|it| it.value.as_str()).collect();
    assert_eq!(outputs, ["t/x", "given", "t"]);
}
