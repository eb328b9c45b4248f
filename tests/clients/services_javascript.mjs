// Drives servers of SQS, SNS, EventBridge and DynamoDB with the AWS SDK for JavaScript: node services_javascript.mjs URL [FOLDER]
//
// The SDK is in FOLDER/node_modules; without FOLDER, the variable ASL_AWS_SDK_NPM names it. Compares what comes back with what AWS
// answers, and removes what it made. Ends at the first difference, with a message. The last line names the operations.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const [url, folder = process.env.ASL_AWS_SDK_NPM] = process.argv.slice(2);
if (!url || !folder) {
  console.error('usage: node services_javascript.mjs URL FOLDER');
  process.exit(2);
}
const load = createRequire(join(resolve(folder), 'package.json'));
// The SDK warns of the end of old versions of Node; that is no difference.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

class Difference extends Error {}

const show = (value) => JSON.stringify(value);

function same(what, got, wanted) {
  if (!isDeepStrictEqual(got, wanted)) throw new Difference(`${what}: got ${show(got)}, wanted ${show(wanted)}`);
}

const called = new Set();

// Calls an operation of a service: `await sqs('SendMessage', {...})`.
function service(name, packageName, clientName) {
  const sdk = load(`@aws-sdk/${packageName}`);
  const client = new sdk[clientName]({
    endpoint: url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
  return async (operation, input = {}) => {
    called.add(`${name}:${operation}`);
    return client.send(new sdk[`${operation}Command`](input));
  };
}

async function refused(what, name, part, call) {
  try {
    await call();
  } catch (error) {
    same(`${what}: name`, error.name, name);
    if (!error.message.includes(part)) throw new Difference(`${what}: ${error.message}`);
    return;
  }
  throw new Difference(`${what}: it is taken`);
}

const sqs = service('sqs', 'client-sqs', 'SQSClient');
const sns = service('sns', 'client-sns', 'SNSClient');
const events = service('events', 'client-eventbridge', 'EventBridgeClient');
const dynamodb = service('dynamodb', 'client-dynamodb', 'DynamoDBClient');

async function queues() {
  const { QueueUrl } = await sqs('CreateQueue', { QueueName: 'js' });
  same('by name', (await sqs('GetQueueUrl', { QueueName: 'js' })).QueueUrl, QueueUrl);
  const attributes = { kind: { DataType: 'String', StringValue: 'b' } };
  await sqs('SendMessage', { QueueUrl, MessageBody: 'hello', MessageAttributes: attributes });
  const received = await sqs('ReceiveMessage', { QueueUrl, MessageAttributeNames: ['All'] });
  const [message] = received.Messages;
  same('message', [message.Body, message.MessageAttributes.kind.StringValue], ['hello', 'b']);
  await sqs('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 });
  const again = (await sqs('ReceiveMessage', { QueueUrl })).Messages[0];
  await sqs('DeleteMessage', { QueueUrl, ReceiptHandle: again.ReceiptHandle });
  // The client compares the digest of each with what it has sent.
  const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: Id }));
  same('batch', (await sqs('SendMessageBatch', { QueueUrl, Entries })).Successful.length, 2);
  await refused('an id twice', 'BatchEntryIdsNotDistinct', 'Id a repeated.', () =>
    sqs('SendMessageBatch', { QueueUrl, Entries: [Entries[0], Entries[0]] }));
  await refused('no queue', 'QueueDoesNotExist', 'does not exist', () => sqs('GetQueueUrl', { QueueName: 'nobody' }));
  const handles = (await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 })).Messages;
  await sqs('DeleteMessageBatch', {
    QueueUrl, Entries: handles.map(({ ReceiptHandle }, place) => ({ Id: `${place}`, ReceiptHandle })),
  });
  const { Attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
  same('counts', Attributes.ApproximateNumberOfMessages, '0');
  await sqs('SetQueueAttributes', { QueueUrl, Attributes: { DelaySeconds: '1' } });
  await sqs('PurgeQueue', { QueueUrl });
  same('queues', (await sqs('ListQueues', { QueueNamePrefix: 'js' })).QueueUrls, [QueueUrl]);
  await sqs('DeleteQueue', { QueueUrl });
}

async function topics() {
  const { TopicArn } = await sns('CreateTopic', { Name: 'js' });
  const { QueueUrl } = await sqs('CreateQueue', { QueueName: 'js-listens' });
  const { Attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  const { SubscriptionArn } = await sns('Subscribe', {
    TopicArn, Protocol: 'sqs', Endpoint: Attributes.QueueArn, Attributes: { RawMessageDelivery: 'true' },
  });
  await sns('Publish', { TopicArn, Message: 'told' });
  const received = await sqs('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
  same('notification', received.Messages[0].Body, 'told');
  const PublishBatchRequestEntries = [{ Id: 'a', Message: 'a' }];
  same('batch', (await sns('PublishBatch', { TopicArn, PublishBatchRequestEntries })).Successful[0].Id, 'a');
  same('attributes', (await sns('GetTopicAttributes', { TopicArn })).Attributes.SubscriptionsConfirmed, '1');
  same('subscriptions', (await sns('ListSubscriptionsByTopic', { TopicArn })).Subscriptions.length, 1);
  same('topics', (await sns('ListTopics')).Topics.some((topic) => topic.TopicArn === TopicArn), true);
  await refused('no topic', 'NotFoundException', 'Topic does not exist', () =>
    sns('GetTopicAttributes', { TopicArn: `${TopicArn}x` }));
  await sns('Unsubscribe', { SubscriptionArn });
  await sns('DeleteTopic', { TopicArn });
  await sqs('DeleteQueue', { QueueUrl });
}

async function buses() {
  await events('PutRule', { Name: 'js', EventPattern: '{"source":["shop"]}' });
  const put = await events('PutEvents', {
    Entries: [{ Source: 'shop', DetailType: 'order', Detail: '{}' }, { Source: 'aws.s3', DetailType: 't', Detail: '{}' }],
  });
  same('refused', [put.FailedEntryCount, put.Entries[1].ErrorCode], [1, 'NotAuthorizedForSourceException']);
  same('rules', (await events('ListRules')).Rules.map((rule) => rule.Name), ['js']);
  await events('DeleteRule', { Name: 'js' });
}

async function tables() {
  const TableName = 'js-orders';
  const { TableDescription } = await dynamodb('CreateTable', {
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  same('region', TableDescription.TableArn.split(':')[3], 'eu-west-1');
  const Item = { id: { S: 'a' }, n: { N: '1' } };
  await dynamodb('PutItem', { TableName, Item });
  // The client checks the CRC of what it gets.
  same('item', (await dynamodb('GetItem', { TableName, Key: { id: { S: 'a' } } })).Item, Item);
  await dynamodb('UpdateItem', {
    TableName, Key: { id: { S: 'a' } }, UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: { ':one': { N: '1' } },
  });
  const query = { KeyConditionExpression: 'id = :a', ExpressionAttributeValues: { ':a': { S: 'a' } } };
  same('query', (await dynamodb('Query', { TableName, ...query })).Items[0].n, { N: '2' });
  await dynamodb('TransactWriteItems', { TransactItems: [{ Put: { TableName, Item: { id: { S: 'b' } } } }] });
  await dynamodb('BatchWriteItem', { RequestItems: { [TableName]: [{ PutRequest: { Item: { id: { S: 'c' } } } }] } });
  same('scan', (await dynamodb('Scan', { TableName })).Count, 3);
  await refused('a condition', 'ConditionalCheckFailedException', 'The conditional request failed', () =>
    dynamodb('PutItem', { TableName, Item, ConditionExpression: 'attribute_not_exists(id)' }));
  await dynamodb('DeleteItem', { TableName, Key: { id: { S: 'a' } } });
  same('table', (await dynamodb('DescribeTable', { TableName })).Table.TableName, TableName);
  await dynamodb('DeleteTable', { TableName });
}

for (const part of [queues, topics, buses, tables]) await part();
const { version } = load('@aws-sdk/client-sqs/package.json');
console.log(`ok: @aws-sdk ${version}, ${called.size} calls of ${[...called].sort().join(' ')}`);
