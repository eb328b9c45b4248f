use super::*;

struct Fixture {
    _data: tempfile::TempDir,
    sqs: Arc<Sqs>,
}

impl Fixture {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let sqs = Arc::new(Sqs::new(data.path().join("sqs.sqlite"), Queues::default()));
        Self { _data: data, sqs }
    }

    async fn run(&self, operation: &str, parameters: Value) -> Value {
        self.sqs.run(operation, &parameters, "http://q").await.unwrap()
    }

    async fn refusal(&self, operation: &str, parameters: Value) -> String {
        let SqsError { name, code, message, .. } = self.sqs.run(operation, &parameters, "http://q").await.unwrap_err();
        format!("{name} {code} {message}")
    }
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let fixture = Fixture::new();
    let attributes = json!({ "a": { "DataType": "String", "StringValue": "1" } });
    let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/q";
    let sent = json!({ "QueueUrl": queue, "MessageBody": "hello", "MessageAttributes": attributes });
    let sent = fixture.run("SendMessage", sent).await;
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    let asked = json!({ "QueueUrl": "q", "AttributeNames": ["All"], "MessageAttributeNames": ["All"] });
    let received = fixture.run("ReceiveMessage", asked.clone()).await;
    let message = &received["Messages"][0];
    assert_eq!((&message["Body"], &message["MessageId"]), (&json!("hello"), &sent["MessageId"]));
    assert_eq!(
        (&message["MessageAttributes"], &message["Attributes"]["ApproximateReceiveCount"]),
        (&attributes, &json!("1"))
    );
    assert_eq!(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    // Somebody works on it.
    assert_eq!(fixture.run("ReceiveMessage", asked.clone()).await, json!({}));
    let handle = &message["ReceiptHandle"];
    fixture
        .run("ChangeMessageVisibility", json!({ "QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": 0 }))
        .await;
    let again = fixture.run("ReceiveMessage", asked).await;
    assert_eq!(again["Messages"][0]["Attributes"]["ApproximateReceiveCount"], "2");
    fixture
        .run("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": again["Messages"][0]["ReceiptHandle"] }))
        .await;
    let counted = fixture.run("GetQueueAttributes", json!({ "QueueUrl": "q", "AttributeNames": ["All"] })).await;
    let attributes = &counted["Attributes"];
    assert_eq!(
        (&attributes["ApproximateNumberOfMessages"], &attributes["ApproximateNumberOfMessagesNotVisible"]),
        (&json!("0"), &json!("0"))
    );
    assert_eq!(attributes["QueueArn"], "arn:aws:sqs:us-east-1:000000000000:q");
}

#[tokio::test]
async fn queues_are_made_listed_and_emptied() {
    let fixture = Fixture::new();
    assert_eq!(
        fixture.refusal("GetQueueUrl", json!({ "QueueName": "q" })).await,
        "QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue The specified queue does not exist."
    );
    let created =
        fixture.run("CreateQueue", json!({ "QueueName": "q", "Attributes": { "DelaySeconds": "900" } })).await;
    assert_eq!(created["QueueUrl"], "http://q/000000000000/q");
    assert_eq!(fixture.run("GetQueueUrl", json!({ "QueueName": "q" })).await, created);
    fixture.sqs.send("arn:aws:sqs:us-east-1:000000000000:other", "x").await.unwrap();
    assert_eq!(fixture.run("ListQueues", json!({})).await["QueueUrls"].as_array().unwrap().len(), 2);
    assert_eq!(
        fixture.run("ListQueues", json!({ "QueueNamePrefix": "q" })).await["QueueUrls"],
        json!([created["QueueUrl"]])
    );
    fixture.sqs.send("q", "late").await.unwrap();
    let attributes =
        json!({ "QueueUrl": "q", "AttributeNames": ["ApproximateNumberOfMessagesDelayed", "DelaySeconds"] });
    let expected = json!({ "ApproximateNumberOfMessagesDelayed": "1", "DelaySeconds": "900" });
    assert_eq!(fixture.run("GetQueueAttributes", attributes.clone()).await["Attributes"], expected);
    fixture.run("PurgeQueue", json!({ "QueueUrl": "q" })).await;
    fixture.run("SetQueueAttributes", json!({ "QueueUrl": "q", "Attributes": { "DelaySeconds": "0" } })).await;
    let expected = json!({ "ApproximateNumberOfMessagesDelayed": "0", "DelaySeconds": "0" });
    assert_eq!(fixture.run("GetQueueAttributes", attributes).await["Attributes"], expected);
    fixture.run("DeleteQueue", json!({ "QueueUrl": "q" })).await;
    assert!(fixture.refusal("GetQueueUrl", json!({ "QueueName": "q" })).await.starts_with("QueueDoesNotExist "));
}

#[tokio::test]
async fn a_call_that_is_made_again_sends_once() {
    let fixture = Fixture::new();
    let message = |call: &str| json!({ "QueueUrl": "q", "MessageBody": "x", "amz-sdk-invocation-id": call });
    let first = fixture.run("SendMessage", message("a")).await;
    assert_eq!(fixture.run("SendMessage", message("a")).await["MessageId"], first["MessageId"]);
    assert_ne!(fixture.run("SendMessage", message("b")).await["MessageId"], first["MessageId"]);
    let asked = json!({ "QueueUrl": "q", "MaxNumberOfMessages": 10 });
    assert_eq!(fixture.run("ReceiveMessage", asked).await["Messages"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_receiver_waits_for_a_message() {
    let fixture = Fixture::new();
    let sqs = Arc::clone(&fixture.sqs);
    let asked = json!({ "QueueUrl": "q", "WaitTimeSeconds": 20 });
    let waiting = tokio::spawn(async move { sqs.run("ReceiveMessage", &asked, "").await.unwrap() });
    // Its look at the empty queue creates the queue.
    while fixture.sqs.run("GetQueueUrl", &json!({ "QueueName": "q" }), "").await.is_err() {
        tokio::task::yield_now().await;
    }
    fixture.sqs.send("q", "at last").await.unwrap();
    assert_eq!(waiting.await.unwrap()["Messages"][0]["Body"], "at last");
}

#[tokio::test]
async fn batches_tell_what_became_of_each_entry() {
    let fixture = Fixture::new();
    let entries = json!([{ "Id": "1", "MessageBody": "a" }, { "Id": "2" }, { "Id": "3", "MessageBody": "b", "DelaySeconds": 901 }]);
    let answer = fixture.run("SendMessageBatch", json!({ "QueueUrl": "q", "Entries": entries })).await;
    assert_eq!(answer["Successful"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&answer["Successful"][0]["Id"], &answer["Failed"][0]["Code"]),
        (&json!("1"), &json!("MissingParameter"))
    );
    assert_eq!(answer["Failed"][1]["Id"], "3");
    let received = fixture.run("ReceiveMessage", json!({ "QueueUrl": "q", "MaxNumberOfMessages": 10 })).await;
    let handle = &received["Messages"][0]["ReceiptHandle"];
    let entries = json!([{ "Id": "1", "ReceiptHandle": handle }, { "Id": "2", "ReceiptHandle": "made up" }]);
    let answer = fixture.run("DeleteMessageBatch", json!({ "QueueUrl": "q", "Entries": entries })).await;
    assert_eq!(
        (&answer["Successful"], &answer["Failed"][0]["Code"]),
        (&json!([{ "Id": "1" }]), &json!("ReceiptHandleIsInvalid"))
    );
    assert!(fixture.refusal("SendMessageBatch", json!({ "QueueUrl": "q" })).await.starts_with("EmptyBatchRequest "));
}

#[tokio::test]
async fn refusals_are_those_of_sqs() {
    let fixture = Fixture::new();
    for (operation, parameters, expected) in [
        (
            "SendMessage",
            json!({ "MessageBody": "m" }),
            "MissingParameter MissingParameter The request must contain the parameter QueueUrl.",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": "q" }),
            "MissingParameter MissingParameter The request must contain the parameter MessageBody.",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": "q.fifo", "MessageBody": "m" }),
            "The request must contain the parameter MessageGroupId.",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": "q", "MessageBody": "x".repeat(MESSAGE_MAX + 1) }),
            "Message must be shorter than 1048576 bytes.",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": "a/b", "MessageBody": "m" }),
            "InvalidAddress InvalidAddress The address a/b is not valid for this endpoint.",
        ),
        (
            "PurgeQueue",
            json!({ "QueueUrl": "arn:aws:sns:us-east-1:1:q" }),
            "InvalidAddress InvalidAddress The address arn:aws:sns:us-east-1:1:q is not valid for this endpoint.",
        ),
        (
            "CreateQueue",
            json!({ "QueueName": "a.b" }),
            "InvalidParameterValue InvalidParameterValue \
             Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ),
        (
            "ReceiveMessage",
            json!({ "QueueUrl": "q", "WaitTimeSeconds": 21 }),
            "Value 21 for parameter WaitTimeSeconds is invalid.",
        ),
        ("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": "x" }), "ReceiptHandleIsInvalid"),
        ("AddPermission", json!({}), "UnsupportedOperation"),
    ] {
        let refusal = fixture.refusal(operation, parameters).await;
        assert!(refusal.contains(expected), "{operation}: {refusal}");
    }
    let fifo =
        fixture.run("SendMessage", json!({ "QueueUrl": "q.fifo", "MessageBody": "m", "MessageGroupId": "g" })).await;
    assert_eq!(fifo["SequenceNumber"].as_str().map(str::len), Some(20));
}
