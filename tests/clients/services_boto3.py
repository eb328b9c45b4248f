"""Drives servers of SQS, SNS, EventBridge and DynamoDB with boto3: services_boto3.py URL

Makes each operation at least once, compares what comes back with what AWS answers, and removes what it made.
Ends at the first difference, with a message. The last line names the operations, each behind its service.
"""

import hashlib
import json
import sys
import time

import boto3
from botocore.exceptions import ClientError

from difference import Difference, holds, same


class Clients:
    """boto3, with the names of the operations that it has called."""

    def __init__(self, url, region):
        self.url, self.region, self.called = url, region, set()

    def of(self, service):
        made = boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        note = lambda model, **_: self.called.add(f"{service}:{model.name}")
        made.meta.events.register("before-call.*.*", note)
        return made


def refused(what, code, part, call, **parameters):
    try:
        answer = call(**parameters)
    except ClientError as error:
        same(f"{what}: code", error.response["Error"]["Code"], code)
        holds(f"{what}: text", part in error.response["Error"]["Message"], error.response["Error"]["Message"])
        return error.response
    raise Difference(f"{what}: it is taken: {answer!r}")


def eventually(what, get):
    """What `get` gives as soon as it gives something: deliveries take a moment."""
    for _ in range(200):
        if got := get():
            return got
        time.sleep(0.02)
    raise Difference(f"{what}: nothing came")


def queues(clients):
    sqs = clients.of("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url = sqs.create_queue(
        QueueName="orders", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}, tags={"team": "a"}
    )["QueueUrl"]
    same("the URL by name", sqs.get_queue_url(QueueName="orders")["QueueUrl"], url)
    same("queues", sqs.list_queues(QueueNamePrefix="ord")["QueueUrls"], [url])
    pages = [page["QueueUrls"] for page in sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 1})]
    same("pages of queues", pages, [[dead], [url]])
    same("sources", sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
    refused(
        "another queue of the same name",
        "QueueAlreadyExists",
        "different value for attribute VisibilityTimeout",
        sqs.create_queue,
        QueueName="orders",
        Attributes={"VisibilityTimeout": "7"},
    )
    response = refused(
        "no queue",
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist",
        sqs.get_queue_url,
        QueueName="nobody",
    )
    same("its name in JSON", response["Error"]["QueryErrorCode"], "QueueDoesNotExist")
    attributes = {"kind": {"DataType": "String", "StringValue": "b"}, "bytes": {"DataType": "Binary", "BinaryValue": b"\0\1"}}
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes=attributes,
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-x"}},
    )
    same("MD5 of the body", sent["MD5OfMessageBody"], hashlib.md5(b"hello").hexdigest())
    got = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    message = got["Messages"][0]
    same("attributes", message["MessageAttributes"], attributes)
    same("the trace header", message["Attributes"]["AWSTraceHeader"], "Root=1-x")
    # It was received once, and that is the most.
    same("nothing is left", sqs.receive_message(QueueUrl=url).get("Messages"), None)
    found = sqs.receive_message(QueueUrl=dead, MessageSystemAttributeNames=["DeadLetterQueueSourceArn"])["Messages"][0]
    same("dead letter", (found["Body"], found["Attributes"]["DeadLetterQueueSourceArn"][-7:]), ("hello", ":orders"))
    sqs.change_message_visibility(QueueUrl=dead, ReceiptHandle=found["ReceiptHandle"], VisibilityTimeout=0)
    again = sqs.receive_message(QueueUrl=dead)["Messages"][0]
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=again["ReceiptHandle"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": "", "VisibilityTimeout": "30"})

    entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(3)]
    same("a batch", len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]), 3)
    refused(
        "an id twice",
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "Id 0 repeated.",
        sqs.send_message_batch,
        QueueUrl=url,
        Entries=[entries[0], entries[0]],
    )
    refused(
        "too long a batch",
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes.",
        sqs.send_message_batch,
        QueueUrl=url,
        Entries=[{"Id": name, "MessageBody": "x" * 600_000} for name in "ab"],
    )
    refused(
        "characters that are no XML",
        "InvalidMessageContents",
        "Invalid characters found.",
        sqs.send_message,
        QueueUrl=url,
        MessageBody="a\x0b",
    )
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    handles = [{"Id": str(place), "ReceiptHandle": it["ReceiptHandle"]} for place, it in enumerate(received)]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[{**it, "VisibilityTimeout": 60} for it in handles])
    same("visibility of a batch", len(changed["Successful"]), 3)
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[*handles, {"Id": "x", "ReceiptHandle": "made up"}])
    same("a batch is deleted", (len(deleted["Successful"]), deleted["Failed"][0]["Code"]), (3, "ReceiptHandleIsInvalid"))

    fifo = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    fifo = fifo["QueueUrl"]
    first = sqs.send_message(QueueUrl=fifo, MessageBody="1", MessageGroupId="g")
    same("the same message", sqs.send_message(QueueUrl=fifo, MessageBody="1", MessageGroupId="g")["MessageId"], first["MessageId"])
    sqs.send_message(QueueUrl=fifo, MessageBody="2", MessageGroupId="g")
    one = sqs.receive_message(QueueUrl=fifo, MessageSystemAttributeNames=["All"])["Messages"][0]
    same("its place", one["Attributes"]["SequenceNumber"], first["SequenceNumber"])
    same("its group is worked on", sqs.receive_message(QueueUrl=fifo).get("Messages"), None)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=one["ReceiptHandle"])
    same("the next one", sqs.receive_message(QueueUrl=fifo)["Messages"][0]["Body"], "2")

    sqs.tag_queue(QueueUrl=url, Tags={"more": "1"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    same("tags", sqs.list_queue_tags(QueueUrl=url)["Tags"], {"more": "1"})
    sqs.purge_queue(QueueUrl=url)
    for queue in (dead, url, fifo):
        sqs.delete_queue(QueueUrl=queue)
    refused("permissions", "AWS.SimpleQueueService.UnsupportedOperation", "AddPermission is not part", sqs.add_permission,
            QueueUrl=url, Label="l", AWSAccountIds=["1"], Actions=["*"])


def topics(clients):
    sns, sqs = clients.of("sns"), clients.of("sqs")
    topic = sns.create_topic(Name="told", Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]
    queue = sqs.create_queue(QueueName="listens")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"FilterPolicy": json.dumps({"total": [{"numeric": [">", 100]}]}), "RawMessageDelivery": "true"},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    holds("topics", topic in [it["TopicArn"] for it in sns.list_topics()["Topics"]], sns.list_topics()["Topics"])
    attributes = lambda total: {"total": {"DataType": "Number", "StringValue": str(total)}}
    sns.publish(TopicArn=topic, Message="small", MessageAttributes=attributes(5))
    sns.publish(TopicArn=topic, Message="large", MessageAttributes=attributes(500))
    got = eventually("a notification", lambda: sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages"))
    same("what is wanted", (got[0]["Body"], got[0]["MessageAttributes"]["total"]["StringValue"]), ("large", "500"))
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue="{}")
    told = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    same("the endpoint", (told["Endpoint"], told["RawMessageDelivery"]), (arn, "true"))
    entries = [{"Id": name, "Message": name} for name in "ab"]
    same("a batch", [it["Id"] for it in sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]], ["a", "b"])
    bodies = set()
    def more():
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            bodies.add(message["Body"])
        return bodies >= {"a", "b"}
    eventually("the batch", more)
    refused("no topic", "NotFound", "Topic does not exist", sns.get_topic_attributes, TopicArn=topic + "x")
    refused(
        "an id twice",
        "BatchEntryIdsNotDistinct",
        "Two or more batch entries in the request have the same Id.",
        sns.publish_batch,
        TopicArn=topic,
        PublishBatchRequestEntries=[entries[0], entries[0]],
    )
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Told & heard")
    same("the name", sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"], "Told & heard")
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "more", "Value": "1"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["team"])
    same("tags", sns.list_tags_for_resource(ResourceArn=topic)["Tags"], [{"Key": "more", "Value": "1"}])
    same("subscriptions", len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]), 1)
    holds("all subscriptions", sns.list_subscriptions()["Subscriptions"], [])

    fifo = sns.create_topic(Name="told.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    refused(
        "no group",
        "InvalidParameter",
        "The MessageGroupId parameter is required for FIFO topics",
        sns.publish,
        TopicArn=fifo,
        Message="m",
    )
    send = lambda: sns.publish(TopicArn=fifo, Message="m", MessageGroupId="g", MessageDeduplicationId="d")
    same("the same message", send()["SequenceNumber"], send()["SequenceNumber"])
    sns.unsubscribe(SubscriptionArn=subscription)
    for made in (topic, fifo):
        sns.delete_topic(TopicArn=made)
    sqs.delete_queue(QueueUrl=queue)


def events(clients):
    bus, sqs = clients.of("events"), clients.of("sqs")
    queue = sqs.create_queue(QueueName="of-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.create_event_bus(Name="shop")
    bus.put_rule(Name="large", EventBusName="shop", EventPattern=json.dumps({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}))
    targets = [{"Id": "q", "Arn": arn, "InputPath": "$.detail"}]
    same("targets", bus.put_targets(Rule="large", EventBusName="shop", Targets=targets)["FailedEntryCount"], 0)
    same("rules", [rule["Name"] for rule in bus.list_rules(EventBusName="shop")["Rules"]], ["large"])
    same("its targets", bus.list_targets_by_rule(Rule="large", EventBusName="shop")["Targets"], targets)
    entry = lambda total, source="shop": {
        "Source": source, "DetailType": "order", "EventBusName": "shop", "Detail": json.dumps({"total": total})
    }
    put = bus.put_events(Entries=[entry(5), entry(500), entry(1, "aws.shop")])
    same("refused entries", (put["FailedEntryCount"], put["Entries"][2]["ErrorCode"]), (1, "NotAuthorizedForSourceException"))
    got = eventually("an event", lambda: sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"))
    same("what is wanted", [message["Body"] for message in got], ['{"total":500}'])
    matches = bus.test_event_pattern(EventPattern='{"source":["a"]}', Event=json.dumps(
        {"id": "1", "account": "1", "source": "a", "time": "2026-01-01T00:00:00Z", "region": "r", "resources": [], "detail-type": "t"}
    ))
    same("a pattern", matches["Result"], True)
    refused("too much", "ValidationException", "Total size of the entries", bus.put_events,
            Entries=[{**entry(1), "Detail": json.dumps({"a": "x" * 1_048_576})}])
    bus.remove_targets(Rule="large", EventBusName="shop", Ids=["q"])
    bus.delete_rule(Name="large", EventBusName="shop")
    bus.delete_event_bus(Name="shop")
    sqs.delete_queue(QueueUrl=queue)


def tables(clients):
    dynamodb = clients.of("dynamodb")
    key = lambda name, role: {"AttributeName": name, "KeyType": role}
    made = dynamodb.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in [("c", "S"), ("n", "N"), ("d", "S")]],
        KeySchema=[key("c", "HASH"), key("n", "RANGE")],
        GlobalSecondaryIndexes=[{"IndexName": "by_d", "KeySchema": [key("d", "HASH")], "Projection": {"ProjectionType": "ALL"}}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]
    same("its region", made["TableArn"].split(":")[3], clients.region)
    dynamodb.get_waiter("table_exists").wait(TableName="orders", WaiterConfig={"Delay": 1})
    item = lambda n: {"c": {"S": "a"}, "n": {"N": str(n)}, "d": {"S": "mon"}}
    dynamodb.put_item(TableName="orders", Item=item(1))
    refused(
        "a condition",
        "ConditionalCheckFailedException",
        "The conditional request failed",
        dynamodb.put_item,
        TableName="orders",
        Item=item(1),
        ConditionExpression="attribute_not_exists(c)",
    )
    dynamodb.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": item(n)}} for n in (2, 3)]})
    same("a batch", len(dynamodb.batch_get_item(RequestItems={"orders": {"Keys": [{k: item(n)[k] for k in "cn"} for n in (1, 2)]}})["Responses"]["orders"]), 2)
    query = dict(KeyConditionExpression="d = :d", ExpressionAttributeValues={":d": {"S": "mon"}})
    same("an index", dynamodb.query(TableName="orders", IndexName="by_d", **query)["Count"], 3)
    updated = dynamodb.update_item(
        TableName="orders", Key={k: item(1)[k] for k in "cn"}, UpdateExpression="ADD seen :one",
        ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="ALL_NEW",
    )
    same("a count", updated["Attributes"]["seen"], {"N": "1"})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": item(4)}}])
    got = dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": "orders", "Key": {k: item(4)[k] for k in "cn"}}}])
    same("in a transaction", got["Responses"][0]["Item"], item(4))
    same("PartiQL", len(dynamodb.execute_statement(Statement="SELECT * FROM orders WHERE c = 'a' AND n > 2")["Items"]), 2)
    statement = {"Statement": "SELECT d FROM orders WHERE c = 'a' AND n = 2"}
    same("statements", dynamodb.batch_execute_statement(Statements=[statement])["Responses"][0]["Item"], {"d": {"S": "mon"}})
    same("in one transaction", dynamodb.execute_transaction(TransactStatements=[statement])["Responses"][0]["Item"], {"d": {"S": "mon"}})
    same("all of them", dynamodb.scan(TableName="orders")["Count"], 4)
    dynamodb.delete_item(TableName="orders", Key={k: item(4)[k] for k in "cn"})
    same("gone", dynamodb.get_item(TableName="orders", Key={k: item(4)[k] for k in "cn"}).get("Item"), None)
    dynamodb.update_time_to_live(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    same("until", dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]["AttributeName"], "until")
    dynamodb.tag_resource(ResourceArn=made["TableArn"], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    dynamodb.untag_resource(ResourceArn=made["TableArn"], TagKeys=["b"])
    same("tags", dynamodb.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"], [{"Key": "a", "Value": "1"}])
    dynamodb.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    same("by its ARN", dynamodb.describe_table(TableName=made["TableArn"])["Table"]["ItemCount"] >= 0, True)
    holds("tables", "orders" in dynamodb.list_tables()["TableNames"], dynamodb.list_tables()["TableNames"])
    dynamodb.delete_table(TableName="orders")


def main():
    clients = Clients(sys.argv[1], "eu-west-1")
    for part in (queues, topics, events, tables):
        part(clients)
    # It is refused.
    clients.called.discard("sqs:AddPermission")
    names = " ".join(sorted(clients.called))
    print(f"ok: boto3 {boto3.__version__}, {len(clients.called)} calls of {names}")


main()
