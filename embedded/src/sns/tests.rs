//! Topics and subscriptions by the API.

use std::sync::Arc;

use asl_aws::{CallError, Clients, Service, Services, Style};
use asl_engine::Value;

use crate::{Declared, Embedded, Subscribers};

struct Fixture {
    data: tempfile::TempDir,
    clients: Arc<Clients>,
    embedded: Embedded,
}

impl Fixture {
    fn new(topics: Option<&[&str]>) -> Self {
        Self::at(tempfile::tempdir().unwrap(), topics)
    }

    fn at(data: tempfile::TempDir, topics: Option<&[&str]>) -> Self {
        let topics = topics.map(|topics| topics.iter().map(|name| (*name).to_owned()).collect());
        let declared = Declared { topics, ..Declared::default() };
        let embedded =
            Embedded::new(data.path(), declared, vec![Subscribers::default()], asl_aws::web::Caller::default());
        let clients = Arc::new(Clients::new(Services::default(), embedded.services()));
        embedded.reach_each_other_with(&clients);
        Self { data, clients, embedded }
    }

    async fn call(&self, service: &str, action: &str, parameters: &str) -> Result<Value, String> {
        let service = Service::find(service).unwrap();
        let operation = service.operation(action).unwrap();
        let parameters = parameters.parse().unwrap();
        match self.clients.call(service, operation, &parameters, Style::Sdk).await {
            Ok(called) => Ok(called.result.into()),
            Err(CallError::Service(refused)) => {
                Err(format!("{} {}", refused.code.unwrap_or_default(), refused.message.unwrap_or_default()))
            }
            Err(other) => panic!("{other}"),
        }
    }

    async fn sns(&self, action: &str, parameters: &str) -> Value {
        self.call("sns", action, parameters).await.unwrap_or_else(|error| panic!("{action}: {error}"))
    }

    async fn create(&self, name: &str) -> String {
        let attributes = if name.ends_with(".fifo") { r#","Attributes":{"FifoTopic":"true"}"# } else { "" };
        let created = self.sns("createTopic", &format!(r#"{{"Name":"{name}"{attributes}}}"#)).await;
        created["TopicArn"].as_str().unwrap().to_owned()
    }

    /// Lets a queue have the messages of a topic as they are.
    async fn subscribe_raw(&self, topic: &str, queue: &str) {
        let endpoint = queue_arn(queue);
        let subscribe = format!(
            r#"{{"TopicArn":"{topic}","Protocol":"sqs","Endpoint":"{endpoint}","Attributes":{{"RawMessageDelivery":"true"}}}}"#
        );
        self.sns("subscribe", &subscribe).await;
    }

    /// The bodies of messages in a queue, as soon as there is one, with an attribute of each.
    async fn received(&self, queue: &str, attribute: &str) -> Vec<(String, Value)> {
        let asked = format!(
            r#"{{"QueueUrl":"{queue}","WaitTimeSeconds":20,"MaxNumberOfMessages":10,"AttributeNames":["All"],
                "MessageAttributeNames":["All"]}}"#
        );
        let received = self.call("sqs", "receiveMessage", &asked).await.unwrap();
        let messages = received["Messages"].as_array().unwrap().iter().map(|message| {
            let of_message = message["MessageAttributes"][attribute]["StringValue"].clone();
            let of_queue = message["Attributes"][attribute].clone();
            (
                message["Body"].as_str().unwrap().to_owned(),
                if of_message == Value::Null { of_queue } else { of_message },
            )
        });
        messages.collect()
    }
}

fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

#[tokio::test]
async fn topics_are_made_listed_and_deleted() {
    let fixture = Fixture::new(None);
    let arn = fixture.create("t").await;
    assert_eq!((arn.as_str(), fixture.create("t").await), ("arn:aws:sns:us-east-1:000000000000:t", arn.clone()));
    fixture.create("t.fifo").await;
    let set = format!(r#"{{"TopicArn":"{arn}","AttributeName":"DisplayName","AttributeValue":"<T & T>"}}"#);
    fixture.sns("setTopicAttributes", &set).await;
    let asked = format!(r#"{{"TopicArn":"{arn}"}}"#);
    assert_eq!(fixture.sns("getTopicAttributes", &asked).await["Attributes"]["DisplayName"], Value::from("<T & T>"));
    let tags = format!(r#"{{"ResourceArn":"{arn}","Tags":[{{"Key":"a","Value":"1"}},{{"Key":"b","Value":"2"}}]}}"#);
    fixture.sns("tagResource", &tags).await;
    fixture.sns("untagResource", &format!(r#"{{"ResourceArn":"{arn}","TagKeys":["a"]}}"#)).await;
    let tags = fixture.sns("listTagsForResource", &format!(r#"{{"ResourceArn":"{arn}"}}"#)).await;
    assert_eq!(tags.to_string(), r#"{"Tags":[{"Key":"b","Value":"2"}]}"#);
    // Another program finds them.
    let Fixture { data, .. } = fixture;
    let fixture = Fixture::at(data, None);
    let listed = fixture.sns("listTopics", "{}").await;
    assert_eq!(listed["Topics"].as_array().map(|topics| topics.len()), Some(2));
    fixture.sns("deleteTopic", &asked).await;
    let gone = fixture.call("sns", "getTopicAttributes", &asked).await;
    assert_eq!(gone.unwrap_err(), "NotFound Topic does not exist");
}

#[tokio::test]
async fn subscriptions_get_what_they_want() {
    let fixture = Fixture::new(None);
    let topic = fixture.create("t").await;
    let subscribe = |queue: &str, attributes: &str| {
        let endpoint = queue_arn(queue);
        format!(r#"{{"TopicArn":"{topic}","Protocol":"sqs","Endpoint":"{endpoint}","Attributes":{attributes}}}"#)
    };
    let all = fixture.sns("subscribe", &subscribe("all", "{}")).await;
    assert_eq!(fixture.sns("subscribe", &subscribe("all", "{}")).await, all);
    let policy = r#"{"FilterPolicy":"{\"kind\":[{\"prefix\":\"or\"}]}","RawMessageDelivery":"true"}"#;
    fixture.sns("subscribe", &subscribe("orders", policy)).await;
    let publish = |kind: &str| {
        let attributes = format!(r#"{{"kind":{{"DataType":"String","StringValue":"{kind}"}}}}"#);
        format!(r#"{{"TopicArn":"{topic}","Message":"of {kind}","MessageAttributes":{attributes}}}"#)
    };
    for kind in ["bill", "order"] {
        fixture.sns("publish", &publish(kind)).await;
    }
    fixture.embedded.finish_deliveries(std::future::pending()).await;
    let orders = fixture.received("orders", "kind").await;
    assert_eq!(orders, [("of order".to_owned(), Value::from("order"))]);
    let all_messages = fixture.received("all", "kind").await;
    let kind =
        |(envelope, _): &(String, Value)| envelope.parse::<Value>().unwrap()["MessageAttributes"]["kind"].to_string();
    let mut kinds: Vec<String> = all_messages.iter().map(kind).collect();
    // A standard topic keeps no order.
    kinds.sort();
    assert_eq!(kinds, [r#"{"Type":"String","Value":"bill"}"#, r#"{"Type":"String","Value":"order"}"#]);

    let arn = all["SubscriptionArn"].as_str().unwrap();
    let told = fixture.sns("getSubscriptionAttributes", &format!(r#"{{"SubscriptionArn":"{arn}"}}"#)).await;
    assert_eq!(told["Attributes"]["Endpoint"], Value::from(queue_arn("all")));
    fixture.sns("unsubscribe", &format!(r#"{{"SubscriptionArn":"{arn}"}}"#)).await;
    let listed = fixture.sns("listSubscriptionsByTopic", &format!(r#"{{"TopicArn":"{topic}"}}"#)).await;
    assert_eq!(listed["Subscriptions"].as_array().map(|listed| listed.len()), Some(1));
}

#[tokio::test]
async fn a_fifo_topic_hands_its_order_on_and_has_a_message_once() {
    let fixture = Fixture::new(None);
    let topic = fixture.create("t.fifo").await;
    fixture.subscribe_raw(&topic, "q.fifo").await;
    let entry = |id: &str, known_by: &str| {
        format!(r#"{{"Id":"{id}","Message":"{id}","MessageGroupId":"g","MessageDeduplicationId":"{known_by}"}}"#)
    };
    let entries = [entry("a", "1"), entry("b", "2"), entry("c", "1")].join(",");
    let batch =
        format!(r#"{{"TopicArn":"{topic}","PublishBatchRequestEntries":[{entries},{{"Id":"d","Message":"d"}}]}}"#);
    let published = fixture.sns("publishBatch", &batch).await;
    let successful = published["Successful"].as_array().unwrap();
    assert_eq!((successful.len(), &successful[2]["MessageId"]), (3, &successful[0]["MessageId"]));
    assert_eq!(successful[2]["SequenceNumber"], successful[0]["SequenceNumber"]);
    let failed = &published["Failed"][0];
    assert_eq!((&failed["Id"], &failed["Code"]), (&Value::from("d"), &Value::from("InvalidParameter")));
    fixture.embedded.finish_deliveries(std::future::pending()).await;
    let received = fixture.received("q.fifo", "MessageDeduplicationId").await;
    assert_eq!(received, [("a".to_owned(), Value::from("1")), ("b".to_owned(), Value::from("2"))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_published_to_a_group_is_delivered_in_its_order() {
    let fixture = Fixture::new(None);
    let topic = fixture.create("t.fifo").await;
    fixture.subscribe_raw(&topic, "q.fifo").await;
    for number in 10..50 {
        let message = format!(
            r#"{{"TopicArn":"{topic}","Message":"{number}","MessageGroupId":"g","MessageDeduplicationId":"{number}"}}"#
        );
        fixture.sns("publish", &message).await;
    }
    fixture.embedded.finish_deliveries(std::future::pending()).await;
    let messages = fixture.embedded.messages("q.fifo").await.unwrap().unwrap();
    let bodies: Vec<String> = messages.iter().map(|it| it["Body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(bodies, (10..50).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn refusals_are_those_of_sns() {
    let fixture = Fixture::new(Some(&["known"]));
    let topic = fixture.create("t").await;
    let unknown = "arn:aws:sns:us-east-1:000000000000:unknown";
    for (action, parameters, expected) in [
        ("createTopic", r#"{"Name":"a b"}"#.to_owned(), "InvalidParameter Invalid parameter: Topic Name"),
        ("createTopic", r#"{"Name":"a.fifo"}"#.to_owned(), "Invalid parameter: Topic Name"),
        (
            "createTopic",
            r#"{"Name":"a","Attributes":{"FifoTopic":"true"}}"#.to_owned(),
            "Invalid parameter: Fifo Topic names must end with .fifo",
        ),
        ("publish", format!(r#"{{"TopicArn":"{unknown}","Message":"m"}}"#), "NotFound Topic does not exist"),
        (
            "publish",
            format!(
                r#"{{"TopicArn":"{topic}","Message":"m","MessageAttributes":{{"a":{{"DataType":"Foo","StringValue":"x"}}}}}}"#
            ),
            "ParameterValueInvalid The message attribute 'a' has an invalid message attribute type, the set of supported type",
        ),
        ("getTopicAttributes", format!(r#"{{"TopicArn":"{unknown}"}}"#), "NotFound Topic does not exist"),
        ("listTagsForResource", format!(r#"{{"ResourceArn":"{unknown}"}}"#), "NotFound Resource does not exist"),
        (
            "subscribe",
            format!(r#"{{"TopicArn":"{topic}","Protocol":"sqs","Endpoint":"q"}}"#),
            "Invalid parameter: SQS endpoint ARN",
        ),
        (
            "subscribe",
            format!(r#"{{"TopicArn":"{topic}","Protocol":"http","Endpoint":"https://a"}}"#),
            "Invalid parameter: Endpoint must match the specified protocol",
        ),
        (
            "subscribe",
            format!(r#"{{"TopicArn":"{topic}","Protocol":"pigeon","Endpoint":"a"}}"#),
            "Invalid parameter: Amazon SNS does not support this protocol string: pigeon",
        ),
        (
            "subscribe",
            format!(r#"{{"TopicArn":"{topic}","Protocol":"sms","Endpoint":"+1"}}"#),
            "sms is not part of the embedded SNS",
        ),
        (
            "subscribe",
            format!(r#"{{"TopicArn":"{topic}","Protocol":"sqs","Endpoint":"{}"}}"#, queue_arn("q.fifo")),
            "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        ),
        (
            "subscribe",
            format!(
                r#"{{"TopicArn":"{topic}","Protocol":"sqs","Endpoint":"{}","Attributes":{{"FilterPolicy":"{{\"a\":{{\"b\":[1]}}}}"}}}}"#,
                queue_arn("q")
            ),
            "Filter policy scope MessageAttributes does not support nested filter policy",
        ),
        (
            "getSubscriptionAttributes",
            format!(r#"{{"SubscriptionArn":"{topic}:x"}}"#),
            "NotFound Subscription does not exist",
        ),
        ("publishBatch", format!(r#"{{"TopicArn":"{topic}","PublishBatchRequestEntries":[]}}"#), "EmptyBatchRequest"),
    ] {
        let refused = fixture.call("sns", action, &parameters).await.expect_err(action);
        assert!(refused.contains(expected), "{action} {parameters}: {refused}");
    }
    let known = r#"{"TopicArn":"arn:aws:sns:us-east-1:000000000000:known","Message":"m"}"#;
    assert!(fixture.call("sns", "publish", known).await.is_ok());
}
