//! The embedded services over HTTP, as boto3 speaks to them.

mod support;

use std::sync::Arc;

use asl_engine::{TaskRequest, Value};
use asl_runtime::{Call, Report};
use support::Fixture;
use support::python::boto3;
use tokio::sync::mpsc;

/// Runs a program against the endpoint of `fixture`: the lines that it prints, or none where there is no boto3.
async fn run(fixture: &Fixture, program: &str) -> Option<Vec<String>> {
    let url = fixture.router.endpoint_url().await.unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    Some(boto3(program, &url).await?.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn boto3_stores_objects() {
    let fixture = Fixture::new("");
    let program = r#"
import boto3, io, urllib.request
from botocore.exceptions import ClientError
s3 = boto3.client("s3")
s3.create_bucket(Bucket="images")
s3.put_object(Bucket="images", Key="a/é b.txt", Body="hello")
s3.put_object(Bucket="images", Key="crc", Body=b"x" * 100000, ChecksumAlgorithm="CRC32")
s3.upload_fileobj(io.BytesIO(b"stream" * 10), "images", "stream")
print(s3.get_object(Bucket="images", Key="a/é b.txt")["Body"].read())
print(s3.head_object(Bucket="images", Key="crc")["ContentLength"], s3.get_object(Bucket="images", Key="stream")["Body"].read()[:6])
print([found["Key"] for found in s3.list_objects_v2(Bucket="images")["Contents"]])
url = s3.generate_presigned_url("get_object", Params={"Bucket": "images", "Key": "a/é b.txt"})
print(urllib.request.urlopen(url).read())
url = s3.generate_presigned_url("put_object", Params={"Bucket": "images", "Key": "presigned"})
urllib.request.urlopen(urllib.request.Request(url, data=b"put", method="PUT"))
print(s3.get_object(Bucket="images", Key="presigned")["Body"].read())
s3.delete_object(Bucket="images", Key="crc")
for call in (lambda: s3.get_object(Bucket="images", Key="crc"), lambda: s3.list_objects_v2(Bucket="none")):
    try:
        call()
    except ClientError as error:
        print(error.response["Error"]["Code"])
"#;
    let Some(printed) = run(&fixture, program).await else { return };
    let expected = [
        "b'hello'",
        "100000 b'stream'",
        "['a/é b.txt', 'crc', 'stream']",
        "b'hello'",
        "b'put'",
        "NoSuchKey",
        "NoSuchBucket",
    ];
    assert_eq!(printed, expected);
    // A file is the object's bytes and nothing of how they came.
    assert_eq!(fixture.object("a/é b.txt").unwrap(), b"hello");
    assert_eq!(fixture.object("stream").unwrap(), b"stream".repeat(10));
}

#[tokio::test]
async fn boto3_stores_rows_and_publishes() {
    let fixture = Fixture::new("[tables.rows]\nkey = 'id'");
    let program = r#"
import boto3
from botocore.exceptions import ClientError
rows = boto3.resource("dynamodb").Table("rows")
rows.put_item(Item={"id": "1", "n": 2})
print(rows.get_item(Key={"id": "1"})["Item"]["n"])
try:
    boto3.client("dynamodb").get_item(TableName="none", Key={"id": {"S": "1"}})
except ClientError as error:
    print(error)
sns = boto3.client("sns")
print(len(sns.publish(TopicArn="arn:aws:sns:us-east-1:000000000000:t", Message="one")["MessageId"]))
"#;
    let Some(printed) = run(&fixture, program).await else { return };
    let refused = "An error occurred (ResourceNotFoundException) when calling the GetItem operation: Requested resource not found";
    assert_eq!(printed, ["2", refused, "36"]);
    // The handlers of this process see the same rows.
    let rows = fixture.router.rows("rows").await.unwrap();
    assert_eq!(rows, [r#"{"id":{"S":"1"},"n":{"N":"2"}}"#.parse().unwrap()]);
}

#[tokio::test]
async fn boto3_uses_queues_and_puts_events() {
    let fixture = Fixture::new("");
    fixture.call("arn:aws:states:::sqs:sendMessage", r#"{"QueueUrl":"q","MessageBody":{"a":1}}"#).await.unwrap();
    let program = r#"
import boto3
from botocore.exceptions import ClientError
sqs = boto3.client("sqs")
url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
print([message["Body"] for message in received])
sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
attributes = {"k": {"DataType": "Binary", "BinaryValue": b"\0\1"}}
queue = boto3.resource("sqs").create_queue(QueueName="other")
queue.send_message(MessageBody="hi", MessageAttributes=attributes)
received = queue.receive_messages(MessageAttributeNames=["All"])
print(received[0].body, received[0].message_attributes)
print([url.rsplit("/", 1)[1] for url in sqs.list_queues()["QueueUrls"]])
try:
    sqs.get_queue_url(QueueName="none")
except sqs.exceptions.QueueDoesNotExist as error:
    print(error)
entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
print(boto3.client("events").put_events(Entries=[entry, entry | {"Detail": "1"}])["FailedEntryCount"])
"#;
    let Some(printed) = run(&fixture, program).await else { return };
    let expected = [
        r#"['{"a":1}']"#,
        r"hi {'k': {'BinaryValue': b'\x00\x01', 'DataType': 'Binary'}}",
        "['other', 'q']",
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: \
         The specified queue does not exist.",
        "1",
    ];
    assert_eq!(printed, expected);
}

#[tokio::test]
async fn boto3_works_on_activities_and_answers_tokens() {
    let fixture = Fixture::new("");
    let arn = "arn:aws:states:us-east-1:000000000000:activity:a";
    let (reports, mut reported) = mpsc::unbounded_channel();
    let request = TaskRequest {
        state: "S".into(),
        token: "arn:token".into(),
        ..TaskRequest::new(arn, Value::from([("n", Value::from(1))]))
    };
    let handler = fixture.router.handler(arn).unwrap();
    let call = Call::with_reports(request, move |report| {
        let _ = reports.send(report);
    });
    let task = tokio::spawn(async move { handler.call(&call).await });
    let program = r#"
import boto3
from botocore.exceptions import ClientError
sfn = boto3.client("stepfunctions")
task = sfn.get_activity_task(activityArn="arn:aws:states:us-east-1:000000000000:activity:a", workerName="w")
print(task["taskToken"], task["input"])
sfn.send_task_heartbeat(taskToken=task["taskToken"])
sfn.send_task_success(taskToken=task["taskToken"], output='{"done": true}')
for token in (task["taskToken"], "made up"):
    try:
        sfn.send_task_failure(taskToken=token, error="E", cause="c")
    except ClientError as error:
        print(error)
"#;
    let Some(printed) = run(&fixture, program).await else { return };
    assert_eq!(
        printed,
        [
            r#"arn:token {"n":1}"#,
            "An error occurred (TaskTimedOut) when calling the SendTaskFailure operation: \
             Task Timed Out: 'Provided task does not exist anymore'",
            "An error occurred (InvalidToken) when calling the SendTaskFailure operation: Invalid Token: 'Invalid token'",
        ]
    );
    assert_eq!(task.await.unwrap(), Ok(r#"{"done":true}"#.parse::<Value>().unwrap()));
    let worker_name = Some(Arc::from("w"));
    assert_eq!(reported.recv().await, Some(Report::Started { worker_name }));
    assert_eq!(reported.recv().await, Some(Report::Heartbeat));
}

#[tokio::test]
async fn what_is_not_embedded_is_told() {
    let fixture = Fixture::new("services = { sns = 'aws', dynamodb = { endpoint_url = 'http://127.0.0.1:1' } }");
    let program = r#"
import boto3
from botocore.exceptions import ClientError
for service, call in (
    ("sns", lambda sns: sns.publish(TopicArn="arn:aws:sns:us-east-1:000000000000:t", Message="m")),
    ("dynamodb", lambda dynamodb: dynamodb.list_tables()),
    ("lambda", lambda functions: functions.list_functions()),
    ("iam", lambda iam: iam.list_users()),
):
    try:
        call(boto3.client(service))
    except ClientError as error:
        print(error)
"#;
    let Some(printed) = run(&fixture, program).await else { return };
    assert_eq!(
        printed,
        [
            "An error occurred (ServiceNotEmbedded) when calling the Publish operation: \
             the routing file puts sns at AWS: send the request there",
            "An error occurred (ServiceNotEmbedded) when calling the ListTables operation: \
             the routing file puts dynamodb at http://127.0.0.1:1: send the request there",
            "An error occurred (UnknownOperationException) when calling the ListFunctions operation: \
             of Lambda, only Invoke is served here",
            "An error occurred (UnknownService) when calling the ListUsers operation: \
             the service iam is not embedded",
        ]
    );
}

#[tokio::test]
async fn it_listens_where_the_routes_say() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let routes = format!("endpoint = {{ listen = '127.0.0.1:{port}' }}");
    let (fixture, other) = (Fixture::new(&routes), Fixture::new(&routes));
    let url = fixture.router.endpoint_url().await.unwrap();
    assert_eq!(url, format!("http://127.0.0.1:{port}"));
    assert_eq!(fixture.router.endpoint_url().await.unwrap(), url);
    let taken = other.router.endpoint_url().await.unwrap_err();
    let expected = format!("the embedded services cannot be served at 127.0.0.1:{port}: ");
    assert!(taken.to_string().starts_with(&expected), "{taken}");
}
