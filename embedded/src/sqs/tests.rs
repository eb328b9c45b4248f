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

    async fn send(&self, queue: &str, body: &str) -> Result<String, SqsError> {
        self.sqs.send(&json!({ "QueueUrl": queue, "MessageBody": body })).await
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
    assert_eq!(fixture.run("ReceiveMessage", asked.clone()).await, Value::Null);
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
    fixture.send("arn:aws:sqs:us-east-1:000000000000:other", "x").await.unwrap();
    assert_eq!(fixture.run("ListQueues", json!({})).await["QueueUrls"].as_array().unwrap().len(), 2);
    assert_eq!(
        fixture.run("ListQueues", json!({ "QueueNamePrefix": "q" })).await["QueueUrls"],
        json!([created["QueueUrl"]])
    );
    fixture.send("q", "late").await.unwrap();
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
    fixture.send("q", "at last").await.unwrap();
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

fn ids(answer: &Value, member: &str) -> Vec<String> {
    let entries = answer[member].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn batches_are_refused_as_by_sqs() {
    let fixture = Fixture::new();
    let entry = |id: &str, size: usize| json!({ "Id": id, "MessageBody": "x".repeat(size) });
    for (entries, expected) in [
        (
            json!([entry("a", 1), entry("a", 1)]),
            "BatchEntryIdsNotDistinct AWS.SimpleQueueService.BatchEntryIdsNotDistinct Id a repeated.",
        ),
        (
            json!([entry("a b", 1)]),
            "InvalidBatchEntryId AWS.SimpleQueueService.InvalidBatchEntryId A batch entry id can only",
        ),
        (json!([]), "There should be at least one SendMessageBatchRequestEntry in the request."),
        (
            (0..11).map(|n| entry(&n.to_string(), 1)).collect(),
            "Maximum number of entries per request are 10. You have sent 11.",
        ),
        (
            json!([entry("a", 600_000), entry("b", 500_000)]),
            "BatchRequestTooLong AWS.SimpleQueueService.BatchRequestTooLong Batch requests cannot be longer than 1048576 bytes. \
             You have sent 1100000 bytes.",
        ),
    ] {
        let refusal = fixture.refusal("SendMessageBatch", json!({ "QueueUrl": "q", "Entries": entries })).await;
        assert!(refusal.contains(expected), "{refusal}");
    }
    fixture.run("SendMessageBatch", json!({ "QueueUrl": "q", "Entries": [entry("a", 1), entry("b", 2)] })).await;
    let received = fixture.run("ReceiveMessage", json!({ "QueueUrl": "q", "MaxNumberOfMessages": 2 })).await;
    let handles: Vec<&Value> = received["Messages"].as_array().unwrap().iter().map(|it| &it["ReceiptHandle"]).collect();
    let entries = json!([
        { "Id": "1", "ReceiptHandle": handles[0], "VisibilityTimeout": 0 },
        { "Id": "2", "ReceiptHandle": handles[1], "VisibilityTimeout": 43_201 },
        { "Id": "3", "ReceiptHandle": "99-x", "VisibilityTimeout": 1 },
    ]);
    let changed = fixture.run("ChangeMessageVisibilityBatch", json!({ "QueueUrl": "q", "Entries": entries })).await;
    assert_eq!(
        (ids(&changed, "Successful"), ids(&changed, "Failed")),
        (vec!["1".to_owned()], vec!["2".into(), "3".into()])
    );
}

#[tokio::test]
async fn a_message_that_is_received_too_often_goes_to_the_dead_letter_queue() {
    let fixture = Fixture::new();
    fixture.run("CreateQueue", json!({ "QueueName": "dead" })).await;
    let policy = json!({ "deadLetterTargetArn": arn("dead"), "maxReceiveCount": 1 }).to_string();
    fixture
        .run(
            "CreateQueue",
            json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": policy, "VisibilityTimeout": "0" } }),
        )
        .await;
    fixture.send("q", "poison").await.unwrap();
    let receive = |queue: &str| json!({ "QueueUrl": queue, "MessageSystemAttributeNames": ["All"] });
    assert_eq!(fixture.run("ReceiveMessage", receive("q")).await["Messages"][0]["Body"], "poison");
    assert_eq!(fixture.run("ReceiveMessage", receive("q")).await, Value::Null);
    let dead = fixture.run("ReceiveMessage", receive("dead")).await;
    assert_eq!(dead["Messages"][0]["Attributes"]["DeadLetterQueueSourceArn"], arn("q"));
    let sources = fixture.run("ListDeadLetterSourceQueues", json!({ "QueueUrl": "dead" })).await;
    assert_eq!(sources, json!({ "queueUrls": ["http://q/000000000000/q"] }));
    let policy = json!({ "deadLetterTargetArn": arn("dead.fifo"), "maxReceiveCount": 1 }).to_string();
    let other = json!({ "QueueUrl": "q", "Attributes": { "RedrivePolicy": policy } });
    assert!(fixture.refusal("SetQueueAttributes", other).await.contains("must be same type of queue as the source"));
}

#[tokio::test]
async fn queues_have_attributes_and_tags() {
    let fixture = Fixture::new();
    let create = |timeout: &str| json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": timeout }, "tags": { "a": "1" } });
    let created = fixture.run("CreateQueue", create("31")).await;
    assert_eq!(fixture.run("CreateQueue", create("31")).await, created);
    assert_eq!(
        fixture.refusal("CreateQueue", create("32")).await,
        "QueueNameExists QueueAlreadyExists A queue already exists with the same name and a different value for attribute \
         VisibilityTimeout"
    );
    fixture.run("TagQueue", json!({ "QueueUrl": "q", "Tags": { "b": "2" } })).await;
    fixture.run("UntagQueue", json!({ "QueueUrl": "q", "TagKeys": ["a"] })).await;
    assert_eq!(fixture.run("ListQueueTags", json!({ "QueueUrl": "q" })).await, json!({ "Tags": { "b": "2" } }));
    let asked = json!({ "QueueUrl": "q", "AttributeNames": ["VisibilityTimeout", "MessageRetentionPeriod"] });
    let expected = json!({ "VisibilityTimeout": "31", "MessageRetentionPeriod": "345600" });
    assert_eq!(fixture.run("GetQueueAttributes", asked).await["Attributes"], expected);
    let unknown = json!({ "QueueUrl": "q", "AttributeNames": ["Colour"] });
    assert!(fixture.refusal("GetQueueAttributes", unknown).await.contains("Unknown Attribute Colour."));
    for name in ["r", "s"] {
        fixture.run("CreateQueue", json!({ "QueueName": name })).await;
    }
    let first = fixture.run("ListQueues", json!({ "MaxResults": 2 })).await;
    let next = fixture.run("ListQueues", json!({ "MaxResults": 2, "NextToken": first["NextToken"] })).await;
    assert_eq!(
        (first["QueueUrls"].as_array().map(Vec::len), next),
        (Some(2), json!({ "QueueUrls": ["http://q/000000000000/s"] }))
    );
}

#[tokio::test]
async fn a_fifo_queue_has_a_message_once_and_gives_an_attempt_the_same_again() {
    let fixture = Fixture::new();
    let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    fixture.run("CreateQueue", json!({ "QueueName": "q.fifo", "Attributes": attributes })).await;
    let message = json!({ "QueueUrl": "q.fifo", "MessageBody": "m", "MessageGroupId": "g" });
    let first = fixture.run("SendMessage", message.clone()).await;
    let again = fixture.run("SendMessage", message).await;
    assert_eq!((&again["MessageId"], &again["SequenceNumber"]), (&first["MessageId"], &first["SequenceNumber"]));
    let attempt = json!({ "QueueUrl": "q.fifo", "ReceiveRequestAttemptId": "a", "AttributeNames": ["All"], "MaxNumberOfMessages": 10 });
    let received = fixture.run("ReceiveMessage", attempt.clone()).await;
    let attributes = &received["Messages"][0]["Attributes"];
    assert_eq!((&attributes["SequenceNumber"], &attributes["MessageGroupId"]), (&first["SequenceNumber"], &json!("g")));
    // SHA-256 of the body.
    assert_eq!(
        attributes["MessageDeduplicationId"],
        "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"
    );
    let once_more = fixture.run("ReceiveMessage", attempt).await;
    assert_eq!(once_more["Messages"][0]["MessageId"], first["MessageId"]);
    assert_eq!(once_more["Messages"].as_array().map(Vec::len), Some(1));
    // A receipt is worth nothing when its time is over.
    let handle = once_more["Messages"][0]["ReceiptHandle"].clone();
    let change = json!({ "QueueUrl": "q.fifo", "ReceiptHandle": handle, "VisibilityTimeout": 0 });
    fixture.run("ChangeMessageVisibility", change.clone()).await;
    let late = fixture.refusal("DeleteMessage", json!({ "QueueUrl": "q.fifo", "ReceiptHandle": handle })).await;
    assert!(late.contains("Reason: The receipt handle has expired."), "{late}");
    assert!(fixture.refusal("ChangeMessageVisibility", change).await.starts_with("MessageNotInflight "));
}
