//! The service integrations on the embedded services.

mod support;

use std::collections::HashMap;

use asl_engine::Value;
use dynoxide::{AttributeValue, Database};
use support::{Fixture, call, router};

const PUT_ITEM: &str = "arn:aws:states:::dynamodb:putItem";
const PUBLISH: &str = "arn:aws:states:::sns:publish";

fn row(fixture: &Fixture, table: &str, key: &str) -> Option<HashMap<String, AttributeValue>> {
    let database = Database::new(fixture.path("dynamodb.sqlite").to_str().unwrap()).unwrap();
    let request = serde_json::json!({ "TableName": table, "Key": { "url": { "S": key } } });
    database.get_item(serde_json::from_value(request).unwrap()).unwrap().item
}

fn outbox(fixture: &Fixture) -> Vec<(String, serde_json::Value)> {
    let mut files: Vec<_> = std::fs::read_dir(fixture.path("sns"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// What is the same in every run: request ids, dates and lengths are replaced by their names.
fn masked(text: &str) -> String {
    let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        masked.push_str(&rest[..at]);
        let end = rest[at..].find(|c| !hex(c)).map_or(rest.len(), |end| at + end);
        let word = &rest[at..end];
        masked.push_str(if word.len() == 36 && word.matches('-').count() == 4 { "UUID" } else { word });
        rest = &rest[end..];
    }
    masked + rest
}

#[tokio::test]
async fn a_row_is_stored_and_answered_as_aws_answers() {
    let fixture = Fixture::new("[tables.urlToName]\nkey = 'url'");
    let input = r#"{"TableName":"urlToName","Item":{"url":{"S":"http://a/b.gif"},"filename":{"S":"a/b.gif"}}}"#;
    let output = fixture.call(PUT_ITEM, input).await.unwrap();
    let row = row(&fixture, "urlToName", "http://a/b.gif").unwrap();
    assert_eq!(row["filename"], AttributeValue::S("a/b.gif".to_owned()));

    assert_eq!(
        output.as_object().unwrap().iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
        ["SdkHttpMetadata", "SdkResponseMetadata"]
    );
    let http = &output["SdkHttpMetadata"];
    assert_eq!(http["HttpStatusCode"].as_i64(), Some(200));
    assert_eq!(http["HttpHeaders"]["Content-Length"].as_str(), Some("2"));
    assert_eq!(http["AllHttpHeaders"]["Content-Type"].to_string(), r#"["application/x-amz-json-1.0"]"#);
    // As recorded.
    let names = |member: &str| {
        http[member].as_object().unwrap().iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let all = "Server Connection x-amzn-RequestId x-amz-crc32 Content-Length Date Content-Type";
    let last = "Connection Content-Length Content-Type Date Server x-amz-crc32 x-amzn-RequestId";
    assert_eq!((names("AllHttpHeaders").as_str(), names("HttpHeaders").as_str()), (all, last));
    let sent = fixture.call("arn:aws:states:::sqs:sendMessage", r#"{"QueueUrl":"q","MessageBody":"m"}"#).await.unwrap();
    let all = sent["SdkHttpMetadata"]["AllHttpHeaders"].as_object().unwrap();
    let all: Vec<&str> = all.iter().map(|(name, _)| &**name).collect();
    assert_eq!(all.join(" "), "x-amzn-RequestId connection Content-Length Date Content-Type");
    let request_id = &output["SdkResponseMetadata"]["RequestId"];
    assert_eq!(request_id.as_str().map(str::len), Some(36));
    assert_eq!(http["HttpHeaders"]["x-amzn-RequestId"], *request_id);
}

#[tokio::test]
async fn all_parameters_reach_the_service() {
    let fixture = Fixture::new("[tables.rows]\nkey = 'url'");
    let put = |more: &str| format!(r#"{{"TableName":"rows","Item":{{"url":{{"S":"k"}},"n":{{"N":"1"}}}}{more}}}"#);
    fixture.call(PUT_ITEM, &put("")).await.unwrap();
    let output = fixture.call(PUT_ITEM, &put(r#","ReturnValues":"ALL_OLD""#)).await.unwrap();
    assert_eq!(output["Attributes"]["n"].to_string(), r#"{"N":"1"}"#);
    let condition = r##","ConditionExpression":"attribute_not_exists(#u)","ExpressionAttributeNames":{"#u":"url"}"##;
    let failure = fixture.call(PUT_ITEM, &put(condition)).await.unwrap_err();
    assert_eq!(
        masked(&failure.to_string()),
        "DynamoDB.ConditionalCheckFailedException: The conditional request failed (Service: AmazonDynamoDBv2; \
         Status Code: 400; Error Code: ConditionalCheckFailedException; Request ID: UUID; Proxy: null)"
    );
}

#[tokio::test]
async fn dynamodb_errors_have_the_names_and_texts_of_aws() {
    let fixture = Fixture::new("");
    // As where a definition makes its tables; otherwise, the run would end.
    fixture.router.note_task("Make", "arn:aws:states:::aws-sdk:dynamodb:createTable");
    for (input, expected) in [
        (
            r#"{"TableName":"no_such_table","Item":{"id":{"S":"id1"}}}"#,
            "DynamoDB.ResourceNotFoundException: Requested resource not found (Service: AmazonDynamoDBv2; \
             Status Code: 400; Error Code: ResourceNotFoundException; Request ID: UUID; Proxy: null)",
        ),
        (
            r#"{"TableName":"no_such_table","Item":null}"#,
            "DynamoDB.AmazonDynamoDBException: 1 validation error detected: Value null at 'item' failed to satisfy \
             constraint: Member must not be null (Service: AmazonDynamoDBv2; Status Code: 400; \
             Error Code: ValidationException; Request ID: UUID; Proxy: null)",
        ),
    ] {
        assert_eq!(masked(&fixture.call(PUT_ITEM, input).await.unwrap_err().to_string()), expected, "{input}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let fixture = Fixture::new("");
    std::fs::create_dir_all(fixture.path("dynamodb.sqlite")).unwrap();
    let failure = fixture.call(PUT_ITEM, r#"{"TableName":"t","Item":{}}"#).await.unwrap_err();
    let cause = failure.cause.unwrap();
    assert!(cause.starts_with("the embedded DynamoDb cannot serve the state '"), "{cause}");
    let file = fixture.path("dynamodb.sqlite");
    let why =
        format!("the database {0} cannot be opened: Internal error: unable to open database file: {0}", file.display());
    assert!(cause.ends_with(&why), "{cause}");
}

#[tokio::test]
async fn rows_and_objects_are_found_again_by_the_next_router() {
    let fixture = Fixture::new("[tables.rows]\nkey = 'url'");
    let put = |key: &str| format!(r#"{{"TableName":"rows","Item":{{"url":{{"S":"{key}"}}}}}}"#);
    fixture.call(PUT_ITEM, &put("one")).await.unwrap();
    // The first router is still open: two can use one folder.
    let next = router("[tables.rows]\nkey = 'url'", &fixture.path(""));
    call(&next, PUT_ITEM, &put("two")).await.unwrap();
    assert!(row(&fixture, "rows", "one").is_some() && row(&fixture, "rows", "two").is_some());
}

#[tokio::test]
async fn a_notification_is_a_file_in_the_outbox() {
    let fixture = Fixture::new("");
    let input =
        r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:T","Message":["Could not find: é"],"Subject":"Failed <&>"}"#;
    let output = fixture.call(PUBLISH, input).await.unwrap();
    fixture.call(PUBLISH, r#"{"TargetArn":"arn:aws:sns:us-east-1:1:endpoint/GCM/a/b","Message":"plain","MessageAttributes":{"a":{"DataType":"String","StringValue":"1"}}}"#).await.unwrap();

    let outbox = outbox(&fixture);
    let (name, first) = &outbox[0];
    let id = output["MessageId"].as_str().unwrap();
    assert!(name.ends_with(&format!("Z-{id}.json")), "{name}");
    assert_eq!(first["MessageId"].as_str(), Some(id));
    assert_eq!(first["TopicArn"], "arn:aws:sns:us-east-1:000000000000:T");
    assert_eq!(first["Message"], r#"["Could not find: é"]"#);
    assert_eq!(first["Subject"], "Failed <&>");
    assert!(first["Timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(first.as_object().unwrap().len(), 5);
    assert_eq!(outbox[1].1["Message"], "plain");
    assert_eq!(outbox[1].1["TargetArn"], "arn:aws:sns:us-east-1:1:endpoint/GCM/a/b");
    assert_eq!(outbox[1].1["MessageAttributes"], serde_json::json!({ "a": { "Type": "String", "Value": "1" } }));
    assert_eq!(outbox.len(), 2);

    let http = &output["SdkHttpMetadata"];
    assert_eq!(http["HttpStatusCode"].as_i64(), Some(200));
    assert_eq!(http["HttpHeaders"]["Content-Type"].as_str(), Some("text/xml"));
    assert_eq!(output["SdkResponseMetadata"]["RequestId"], http["HttpHeaders"]["x-amzn-RequestId"]);
}

#[tokio::test]
async fn sns_errors_have_the_names_and_texts_of_aws() {
    let fixture = Fixture::new("");
    let answered = |text: &str| {
        format!(
            "SNS.InvalidParameterException: Invalid parameter: {text} (Service: AmazonSNS; Status Code: 400; \
             Error Code: InvalidParameter; Request ID: UUID; Proxy: null)"
        )
    };
    let long =
        format!(r#"{{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":"{}"}}"#, "x".repeat(256 * 1024 + 1));
    for (input, expected) in [
        (r#"{"Message":"m"}"#, answered("TopicArn or TargetArn Reason: no value for required parameter")),
        (r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":""}"#, answered("Empty message")),
        (r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":null}"#, answered("Empty message")),
        (&long, answered("Message too long")),
        (r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":"m","Subject":"a\nb"}"#, answered("Subject")),
        (
            r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Messages":"m"}"#,
            "States.Runtime: The Parameters '{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"Messages\":\"m\"}' could not be used to start the Task: \
             [The field \"Messages\" is not supported by Step Functions]"
                .to_owned(),
        ),
        ("[]", "States.Runtime: The Parameters '[]' could not be used to start the Task: [The parameters must be a JSON object]".to_owned()),
        (
            r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":"m","MessageAttributes":{"a":{"StringValue":"b"}}}"#,
            "SNS.InvalidParameterValueException: The message attribute 'a' has an invalid message attribute type, the set of supported \
             type prefixes is Binary, Number, and String. (Service: AmazonSNS; Status Code: 400; Error Code: ParameterValueInvalid; \
             Request ID: UUID; Proxy: null)"
                .to_owned(),
        ),
    ] {
        assert_eq!(masked(&fixture.call(PUBLISH, input).await.unwrap_err().to_string()), expected);
    }
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_ends_the_run() {
    let fixture = Fixture::new("");
    std::fs::write(fixture.path("sns"), "in the way").unwrap();
    let failure = fixture
        .call(PUBLISH, r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":"m"}"#)
        .await
        .unwrap_err();
    assert_eq!(
        masked(&failure.to_string()),
        format!(
            "States.Runtime: the embedded Sns cannot serve the state 'S': the topics in {} cannot be read: Not a directory \
             (os error 20)",
            fixture.path("sns/.topics.json").display()
        )
    );
}

#[tokio::test]
async fn a_route_can_replace_an_integration() {
    let fixture = Fixture::new("[[routes]]\nresource = 'arn:aws:states:::sns:*'\nhandler = 'consolidate'");
    assert_eq!(fixture.call(PUBLISH, "[200]").await, Ok(Value::from(true)));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_told_as_the_sdk_tells_it() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let fixture = Fixture::new(&format!("services = {{ sns = {{ endpoint_url = 'http://127.0.0.1:{port}' }} }}"));
    let failure = fixture
        .call(PUBLISH, r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:t","Message":"m"}"#)
        .await
        .unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("SNS.SdkClientException"));
    let cause = failure.cause.unwrap();
    assert!(cause.starts_with("Unable to execute HTTP request: "), "{cause}");
}

/// Names are checked before anything else, with the errors of AWS. S3 user guide, "General purpose bucket naming rules";
/// API references of DynamoDB (`TableName`), SQS (`CreateQueue`) and SNS (`CreateTopic`), and what their users quote.
#[tokio::test]
async fn names_that_are_none_are_refused_as_aws_does() {
    let fixture = Fixture::new("buckets = ['images']");
    let put = r#"{"Bucket":"images","Key":"a","Body":"precious"}"#;
    fixture.call("arn:aws:states:::aws-sdk:s3:putObject", put).await.unwrap();
    let bucket = "S3.S3Exception: The specified bucket is not valid. (Service: S3, Status Code: 400, ";
    let table = "DynamoDb.DynamoDbException: ";
    for (resource, input, expected) in [
        ("aws-sdk:s3:createBucket", r#"{"Bucket":"images/a"}"#, bucket),
        ("aws-sdk:s3:deleteBucket", r#"{"Bucket":"images/a"}"#, bucket),
        ("aws-sdk:s3:createBucket", r#"{"Bucket":"../x"}"#, bucket),
        ("aws-sdk:s3:createBucket", r#"{"Bucket":"Images"}"#, bucket),
        ("aws-sdk:s3:createBucket", r#"{"Bucket":"xn--images"}"#, bucket),
        ("aws-sdk:s3:deleteObject", r#"{"Bucket":"images/","Key":"a"}"#, bucket),
        ("aws-sdk:s3:putObject", r#"{"Bucket":"images/a","Key":"b"}"#, bucket),
        (
            "s3:getObject",
            r#"{"Bucket":"images/x","Key":"a"}"#,
            "S3.InvalidBucketNameException: The specified bucket is not valid.",
        ),
        (
            "s3:listObjectsV2",
            r#"{"Bucket":"images/x"}"#,
            "S3.InvalidBucketNameException: The specified bucket is not valid.",
        ),
        ("dynamodb:getItem", r#"{"TableName":"a b","Key":{"id":{"S":"1"}}}"#, "DynamoDB.AmazonDynamoDBException: "),
        ("aws-sdk:dynamodb:deleteTable", r#"{"TableName":"a/b"}"#, table),
        ("aws-sdk:dynamodb:describeTable", r#"{"TableName":"ab"}"#, table),
        (
            "aws-sdk:sqs:createQueue",
            r#"{"QueueName":"a.b"}"#,
            "Sqs.SqsException: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length (Service: Sqs, ",
        ),
        (
            "sqs:sendMessage",
            r#"{"QueueUrl":"http://sqs/123456789012/a.b","MessageBody":"m"}"#,
            "SQS.InvalidAddressException: The address http://sqs/123456789012/a.b is not valid for this endpoint. (Service: AmazonSQS; Status Code: 400; Error Code: InvalidAddress; ",
        ),
        (
            "sns:publish",
            r#"{"TopicArn":"t","Message":"m"}"#,
            "SNS.InvalidParameterException: Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1 (Service: ",
        ),
        (
            "sns:publish",
            r#"{"TopicArn":"arn:aws:sns:us-east-1:123456789012:a/b","Message":"m"}"#,
            "SNS.InvalidParameterException: Invalid parameter: TopicArn (Service: ",
        ),
    ] {
        let failure = fixture.call(&format!("arn:aws:states:::{resource}"), input).await.unwrap_err().to_string();
        assert!(failure.starts_with(expected), "{resource} {input}\n{failure}");
    }
    assert_eq!(fixture.object("a").unwrap(), br#""precious""#);
    assert_eq!(fixture.stored(), ["images/a"]);
}

/// What an ItemReader cannot read is never taken for the end of the object.
#[tokio::test]
async fn objects_that_cannot_be_read_are_named() {
    let fixture = Fixture::new("buckets = ['images']");
    std::fs::create_dir_all(fixture.path("s3/images/in")).unwrap();
    for (key, bytes, expected) in [
        ("in/latin-1.csv", &b"a,b\n1,caf\xe9"[..], "in/latin-1.csv is not UTF-8 text"),
        ("in/latin-1.txt", b"\xe9", "in/latin-1.txt is not UTF-8 text"),
        ("in/n.jsonl.gz", b"{\"n\":1}\n", "in/n.jsonl.gz cannot be read as a gzip file: "),
        ("in/n.jsonl.zst", b"{\"n\":1}\n", "in/n.jsonl.zst cannot be read as a Zstandard file: "),
    ] {
        std::fs::write(fixture.path("s3/images").join(key), bytes).unwrap();
        let input = format!(r#"{{"Bucket":"images","Key":"{key}"}}"#);
        let failure = fixture.call("arn:aws:states:::s3:getObject", &input).await.unwrap_err();
        let cause = failure.cause.as_deref().unwrap_or_default();
        assert!(cause.starts_with(expected), "{key}: {failure}");
    }
}

/// What a ResultWriter began is given up where one of its requests fails.
#[tokio::test]
async fn files_in_parts_are_written_whole_or_given_up() {
    let fixture = Fixture::new("buckets = ['images']");
    let put = async |input: &str| fixture.call("arn:aws:states:::s3:putObject", input).await;
    // 5 MB is the least that all parts but the last one have.
    let large = "x".repeat(5 << 20);
    for (key, number, body) in [
        ("whole", 1, &*large),
        ("whole", 2, &large),
        ("whole", 3, "3,"),
        ("whole/file", 1, "1,"),
        ("whole/file", 2, "2,"),
        ("small", 1, "1,"),
    ] {
        let part = format!(r#"{{"Bucket":"images","Key":"{key}","PartNumber":{number},"Body":"{body}"}}"#);
        put(&part).await.unwrap();
    }
    // The first part of the second is too small.
    let manifest = r#"{"Bucket":"images","Key":"m","Body":"","Files":["whole","whole/file","small"]}"#;
    put(manifest).await.unwrap_err();
    fixture.router.stopped().await;
    assert!(fixture.object("whole").unwrap() == format!("{large}{large}3,").into_bytes());
    assert_eq!(fixture.stored(), ["images/whole"]);
    let again = |file: &str| format!(r#"{{"Bucket":"images","Key":"m","Body":"","Files":["{file}"]}}"#);
    put(&again("whole")).await.unwrap();
    let failure = put(&again("small")).await.unwrap_err().to_string();
    assert_eq!(failure, "S3.S3Exception: the first parts of small are not there any more");
    for (key, number) in [("whole", 4), ("whole/file", 3), ("small", 2)] {
        let part = format!(r#"{{"Bucket":"images","Key":"{key}","PartNumber":{number},"Body":"{number},"}}"#);
        let failure = put(&part).await.unwrap_err().to_string();
        assert_eq!(failure, format!("S3.S3Exception: the first parts of {key} are not there any more"));
    }
}

/// A reader that has enough says nothing: of each reader, the object that it read last is kept for it.
#[tokio::test]
async fn a_packed_object_is_read_on_also_after_another() {
    let fixture = Fixture::new("buckets = ['images']");
    let text: String = (0..900_000).map(|n| format!("{n}\n")).collect();
    std::fs::create_dir_all(fixture.path("s3/images")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    for key in ["a.gz", "b.gz"] {
        std::fs::write(fixture.path("s3/images").join(key), &packed).unwrap();
    }
    let first = 4 * 1024 * 1024;
    for (key, from, rest) in [("a.gz", 0, false), ("b.gz", 0, false), ("a.gz", first, true), ("b.gz", first, true)] {
        let input = format!(r#"{{"Bucket":"images","Key":"{key}","Range":"bytes={from}-"}}"#);
        let answer = fixture.call("arn:aws:states:::s3:getObject", &input).await.unwrap();
        let expected = if rest { &text[first..] } else { &text[..first] };
        assert!(answer["Body"].as_str() == Some(expected), "{key} {from}");
    }
}
