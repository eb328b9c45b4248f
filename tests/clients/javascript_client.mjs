// Drives a server of the Step Functions API with the AWS SDK for JavaScript: node javascript_client.mjs URL [FOLDER]
//
// The SDK is in FOLDER/node_modules; without FOLDER, the variable ASL_AWS_SDK_NPM names it. Makes each operation of the API at
// least once, compares what comes back with what AWS answers, and removes what it made. Ends at the first difference, with a
// message.

import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const [url, folder = process.env.ASL_AWS_SDK_NPM] = process.argv.slice(2);
if (!url || !folder) {
  console.error('usage: node javascript_client.mjs URL FOLDER');
  process.exit(2);
}
const load = createRequire(join(resolve(folder), 'package.json'));
// The SDK warns of the end of old versions of Node; that is no difference.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const sdk = load('@aws-sdk/client-sfn');
const { version } = load('@aws-sdk/client-sfn/package.json');

const PATIENCE = 60_000; // milliseconds that anything may take that is waited for
const ROLE = 'arn:aws:iam::000000000000:role/any';

class Difference extends Error {}

const show = (value) => JSON.stringify(value);

function same(what, got, wanted) {
  if (!isDeepStrictEqual(got, wanted)) throw new Difference(`${what}: got ${show(got)}, wanted ${show(wanted)}`);
}

function holds(what, condition, got) {
  if (!condition) throw new Difference(`${what}: got ${show(got)}`);
}

const client = new sdk.SFNClient({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  // Otherwise StartSyncExecution and TestState go to the host sync-127.0.0.1, which there is not.
  disableHostPrefix: true,
  maxAttempts: 1,
});

let calls = 0;
const called = new Set();

/** The answer of an operation, without what is about HTTP and without members that are not set. */
async function call(operation, parameters = {}) {
  calls += 1;
  called.add(operation);
  const { $metadata, ...answer } = await client.send(new sdk[`${operation}Command`](parameters));
  same(`${operation}: status`, $metadata.httpStatusCode, 200);
  holds(`${operation}: a request ID is there`, $metadata.requestId, $metadata);
  return answer;
}

/** Makes a call that has to be refused with this error, and gives the error. */
async function refused(operation, name, parameters, message) {
  let answer;
  try {
    answer = await call(operation, parameters);
  } catch (error) {
    if (error instanceof Difference) throw error;
    same(`${operation}: name of the error (${error.message})`, error.name, name);
    same(`${operation}: status of the error`, error.$metadata.httpStatusCode, 400);
    holds(`${operation}: class of the error`, error instanceof (sdk[name] ?? sdk.SFNServiceException), error.constructor.name);
    if (message !== undefined) same(`${operation}: message of the error`, error.message, message);
    return error;
  }
  throw new Difference(`${operation}: got ${show(answer)}, wanted the error ${name}`);
}

/** What `look` finds, which is looked for until it is there. */
async function until(look) {
  const ends = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    holds('it comes in time', Date.now() < ends, look.toString());
    await sleep(20);
  }
}

/** What an execution is when it has ended, as it has to. */
async function ended(executionArn, status) {
  const told = await until(async () => {
    const told = await call('DescribeExecution', { executionArn });
    return told.status !== 'RUNNING' && told;
  });
  same(`status of ${executionArn}: ${told.error} ${told.cause}`, told.status, status);
  return told;
}

/** What a listing has, page by page. */
async function pages(operation, member, parameters) {
  const found = [];
  let nextToken;
  do {
    const page = await call(operation, { ...parameters, nextToken });
    found.push(page[member]);
    nextToken = page.nextToken;
  } while (nextToken);
  return found;
}

/** The text of a definition that starts with the first of these states. */
const machine = (states) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });

const suffix = randomUUID().slice(0, 8);
const named = (stem) => `${stem}-${suffix}`;
const machines = [];

async function create(stem, definition, more = {}) {
  const made = await call('CreateStateMachine', { name: named(stem), definition, roleArn: ROLE, ...more });
  machines.push(made.stateMachineArn);
  holds('ARN of a state machine', made.stateMachineArn.endsWith(`:stateMachine:${named(stem)}`), made);
  holds('creationDate', made.creationDate instanceof Date && Math.abs(Date.now() - made.creationDate) < PATIENCE, made);
  return made.stateMachineArn;
}

async function start(stateMachineArn, more = {}) {
  const started = await call('StartExecution', { stateMachineArn, ...more });
  same('members of StartExecution', Object.keys(started).sort(), ['executionArn', 'startDate']);
  return started.executionArn;
}

const doubles = machine({
  Double: { Type: 'Pass', Parameters: { 'doubled.$': 'States.MathAdd($.n, $.n)' }, Next: 'Done' },
  Done: { Type: 'Succeed' },
});

async function stateMachines() {
  const arn = await create('double', doubles);
  const { creationDate, ...told } = await call('DescribeStateMachine', { stateMachineArn: arn });
  same('DescribeStateMachine', told, {
    stateMachineArn: arn,
    name: named('double'),
    status: 'ACTIVE',
    definition: doubles,
    roleArn: ROLE,
    type: 'STANDARD',
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
    encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
  });
  const again = await call('CreateStateMachine', { name: named('double'), definition: doubles, roleArn: ROLE });
  same('creating the same again', again, { stateMachineArn: arn, creationDate });
  const other = { name: named('double'), definition: `${doubles} `, roleArn: ROLE };
  await refused('CreateStateMachine', 'StateMachineAlreadyExists', other, `State Machine Already Exists: '${arn}'`);
  await refused('CreateStateMachine', 'InvalidName', { ...other, name: 'a b' });
  await refused(
    'CreateStateMachine',
    'InvalidDefinition',
    { name: named('none'), definition: '{"States":{"P":{"Type":"Pass","End":true}}}', roleArn: ROLE },
    "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /'",
  );
  const nowhere = `${arn}-not`;
  const text = `State Machine Does Not Exist: '${nowhere}'`;
  await refused('DescribeStateMachine', 'StateMachineDoesNotExist', { stateMachineArn: nowhere }, text);
  const invalid = "Invalid Arn: 'Invalid ARN prefix: x'";
  await refused('DescribeStateMachine', 'InvalidArn', { stateMachineArn: 'x' }, invalid);
  // What the client itself does not check, and the server does.
  const long = { stateMachineArn: arn, name: 'n'.repeat(81) };
  await refused(
    'StartExecution',
    'ValidationException',
    long,
    `1 validation error detected: Value '${long.name}' at 'name' failed to satisfy constraint: ` +
      'Member must have length less than or equal to 80',
  );
  return arn;
}

async function executions(double) {
  const name = named('once');
  const executionArn = await start(double, { name, input: '{"n": 21}' });
  same('ARN of an execution', executionArn, `${double.replace(':stateMachine:', ':execution:')}:${name}`);
  const { startDate, stopDate, ...told } = await ended(executionArn, 'SUCCEEDED');
  holds('startDate and stopDate', startDate <= stopDate, [startDate, stopDate]);
  same('DescribeExecution', told, {
    executionArn,
    stateMachineArn: double,
    name,
    status: 'SUCCEEDED',
    input: '{"n": 21}',
    inputDetails: { included: true },
    output: '{"doubled":42}',
    outputDetails: { included: true },
    redriveCount: 0,
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
  });
  const again = { stateMachineArn: double, name, input: '{"n": 22}' };
  const text = `Execution Already Exists: '${executionArn}'`;
  await refused('StartExecution', 'ExecutionAlreadyExists', again, text);
  await refused('StartExecution', 'InvalidExecutionInput', { stateMachineArn: double, input: '{' });

  const history = await pages('GetExecutionHistory', 'events', { executionArn, maxResults: 2 });
  same('sizes of the pages of the history', history.map((page) => page.length), [2, 2, 2]);
  const events = history.flat();
  same('the history', events.map(({ id, previousEventId, type }) => [id, previousEventId, type]), [
    [1, 0, 'ExecutionStarted'],
    [2, 0, 'PassStateEntered'],
    [3, 2, 'PassStateExited'],
    [4, 3, 'SucceedStateEntered'],
    [5, 4, 'SucceedStateExited'],
    [6, 5, 'ExecutionSucceeded'],
  ]);
  same('details of ExecutionStarted', events[0].executionStartedEventDetails, {
    input: '{"n": 21}',
    inputDetails: { truncated: false },
    roleArn: ROLE,
  });
  const reversed = await pages('GetExecutionHistory', 'events', { executionArn, maxResults: 4, reverseOrder: true });
  same('the history from its end', reversed.flat(), events.toReversed());
  const paginated = [];
  for await (const page of sdk.paginateGetExecutionHistory({ client, pageSize: 1 }, { executionArn })) {
    paginated.push(...page.events);
    calls += 1;
  }
  same('the paginator of the SDK', paginated, events);
  const bare = await call('GetExecutionHistory', { executionArn, includeExecutionData: false });
  holds('a history without data', !/"(input|output)"/.test(show(bare)), bare);
  const token = "Invalid Token: 'Invalid token'";
  await refused('GetExecutionHistory', 'InvalidToken', { executionArn, nextToken: 'no token' }, token);
  const of = await call('DescribeStateMachineForExecution', { executionArn });
  const got = [of.stateMachineArn, of.name, of.definition, of.roleArn];
  same('DescribeStateMachineForExecution', got, [double, named('double'), doubles, ROLE]);

  const failing = await create('failing', machine({ No: { Type: 'Fail', Error: 'Wrong', Cause: 'it is' } }));
  const failed = await ended(await start(failing), 'FAILED');
  same('why an execution failed', [failed.error, failed.cause, failed.output], ['Wrong', 'it is', undefined]);
  const nowhere = `${executionArn}-not`;
  const none = `Execution Does Not Exist: '${nowhere}'`;
  await refused('DescribeExecution', 'ExecutionDoesNotExist', { executionArn: nowhere }, none);
}

async function stopAndRedrive() {
  const waiting = await create('waiting', machine({ W: { Type: 'Wait', Seconds: 3600, End: true } }));
  const asked = { name: named('stopped'), input: '{"a":1}' };
  const executionArn = await start(waiting, asked);
  same('the same start again', await start(waiting, asked), executionArn);
  let told = await call('DescribeExecution', { executionArn });
  same('redrive of what runs', [told.stopDate, told.redriveStatus, told.redriveStatusReason], [
    undefined,
    'NOT_REDRIVABLE',
    'Execution is RUNNING and cannot be redriven',
  ]);
  await refused('RedriveExecution', 'ExecutionNotRedrivable', { executionArn });
  const stopped = await call('StopExecution', { executionArn, error: 'Enough', cause: 'of it' });
  told = await ended(executionArn, 'ABORTED');
  same('how it was stopped', [told.stopDate, told.error, told.cause, told.redriveStatus, told.redriveStatusReason], [
    stopped.stopDate,
    'Enough',
    'of it',
    'REDRIVABLE',
    undefined,
  ]);
  const { events: [last] } = await call('GetExecutionHistory', { executionArn, reverseOrder: true, maxResults: 1 });
  same('the last event', [last.type, last.previousEventId, last.executionAbortedEventDetails], [
    'ExecutionAborted',
    0,
    { error: 'Enough', cause: 'of it' },
  ]);

  const { redriveDate } = await call('RedriveExecution', { executionArn });
  told = await call('DescribeExecution', { executionArn });
  const got = [told.status, told.redriveCount, told.redriveDate, told.stopDate, told.error, told.cause];
  same('a redriven execution', got, ['RUNNING', 1, redriveDate, undefined, undefined, undefined]);
  const { events } = await call('GetExecutionHistory', { executionArn });
  const event = events.find(({ type }) => type === 'ExecutionRedriven');
  same('ExecutionRedriven', event?.executionRedrivenEventDetails, { redriveCount: 1 });
  const listed = await call('ListExecutions', { stateMachineArn: waiting, redriveFilter: 'REDRIVEN' });
  same('executions that were redriven', listed.executions.map((one) => one.executionArn), [executionArn]);
  await call('StopExecution', { executionArn });
  told = await ended(executionArn, 'ABORTED');
  same('stopped without a reason', [told.error, told.cause], [undefined, undefined]);
  await refused('StopExecution', 'ExecutionDoesNotExist', { executionArn: `${executionArn}-not` });
  return { waiting, stopped: executionArn };
}

async function versionsAndAliases(stateMachineArn) {
  const version = (number) => `${stateMachineArn}:${number}`;
  const first = await call('PublishStateMachineVersion', { stateMachineArn, description: 'the first' });
  same('the first version', first.stateMachineVersionArn, version(1));
  same('publishing what is published', await call('PublishStateMachineVersion', { stateMachineArn }), first);
  const definition = machine({ Triple: { Type: 'Pass', Parameters: { tripled: true }, End: true } });
  const updated = await call('UpdateStateMachine', { stateMachineArn, definition, publish: true });
  same('the second version', updated.stateMachineVersionArn, version(2));
  let told = await call('DescribeStateMachine', { stateMachineArn });
  same('an updated state machine', [told.revisionId, told.definition], [updated.revisionId, definition]);
  told = await call('DescribeStateMachine', { stateMachineArn: version(1) });
  same('a version', [told.stateMachineArn, told.definition, told.description], [version(1), doubles, 'the first']);
  await refused(
    'UpdateStateMachine',
    'MissingRequiredParameter',
    { stateMachineArn },
    'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
  );
  await refused(
    'PublishStateMachineVersion',
    'ConflictException',
    { stateMachineArn, revisionId: 'nonsense' },
    'Failed to publish the State Machine version for revision nonsense. ' +
      `The current State Machine revision is ${updated.revisionId}.`,
  );
  const versions = await pages('ListStateMachineVersions', 'stateMachineVersions', { stateMachineArn, maxResults: 1 });
  const arns = versions.flat().map((one) => one.stateMachineVersionArn);
  same('versions, the newest first', arns, [version(2), version(1)]);

  const routing = (...weights) =>
    weights.map((weight, index) => ({ stateMachineVersionArn: version(index + 1), weight }));
  const asked = { name: 'live', description: 'an alias', routingConfiguration: routing(0, 100) };
  const { stateMachineAliasArn: alias } = await call('CreateStateMachineAlias', asked);
  same('ARN of an alias', alias, `${stateMachineArn}:live`);
  await refused(
    'CreateStateMachineAlias',
    'ValidationException',
    { name: 'other', routingConfiguration: routing(70, 29) },
    'Sum of routing configuration weights must equal 100. Received: [70, 29]',
  );
  for (const [weights, number, output] of [
    [[0, 100], 2, '{"tripled":true}'],
    [[100, 0], 1, '{"doubled":2}'],
  ]) {
    const routingConfiguration = routing(...weights);
    await call('UpdateStateMachineAlias', { stateMachineAliasArn: alias, routingConfiguration });
    const told = await ended(await start(alias, { input: '{"n":1}' }), 'SUCCEEDED');
    const got = [told.stateMachineArn, told.stateMachineVersionArn, told.stateMachineAliasArn, told.output];
    same('what an alias has started', got, [stateMachineArn, version(number), alias, output]);
  }
  told = await call('DescribeStateMachineAlias', { stateMachineAliasArn: alias });
  const got = [told.name, told.description, told.routingConfiguration];
  same('an alias', got, ['live', 'an alias', routing(100, 0)]);
  const { executions } = await call('ListExecutions', { stateMachineArn: alias });
  same('executions of an alias', executions.map((one) => one.stateMachineAliasArn), [alias, alias]);
  const { stateMachineAliases } = await call('ListStateMachineAliases', { stateMachineArn });
  same('aliases', stateMachineAliases.map((one) => one.stateMachineAliasArn), [alias]);
  await refused(
    'DeleteStateMachineVersion',
    'ConflictException',
    { stateMachineVersionArn: version(1) },
    'Version to be deleted must not be referenced by an alias. ' +
      'Current list of aliases referencing this version: [live]',
  );
  told = await ended(await start(version(1), { input: '{"n":4}' }), 'SUCCEEDED');
  same('what a version has started', [told.stateMachineVersionArn, told.stateMachineAliasArn], [version(1), undefined]);
  for (let times = 0; times < 2; times += 1) {
    same('DeleteStateMachineAlias', await call('DeleteStateMachineAlias', { stateMachineAliasArn: alias }), {});
  }
  await refused('DescribeStateMachineAlias', 'ResourceNotFound', { stateMachineAliasArn: alias });
  const deleted = await call('DeleteStateMachineVersion', { stateMachineVersionArn: version(1) });
  same('DeleteStateMachineVersion', deleted, {});
}

async function lists(double, { waiting, stopped }) {
  const listed = (await pages('ListStateMachines', 'stateMachines', { maxResults: 2 })).flat();
  const own = listed.filter(({ name }) => name.includes(suffix));
  same('state machines', own.map((one) => one.stateMachineArn).sort(), machines.toSorted());
  same('members of one', Object.keys(own[0]).sort(), ['creationDate', 'name', 'stateMachineArn', 'type']);
  const each = await pages('ListExecutions', 'executions', { stateMachineArn: double, maxResults: 1 });
  same('executions, one a page', each.map((page) => page.length), [1, 1, 1, 1]);
  const dates = each.map(([{ stopDate }]) => stopDate.getTime());
  same('executions, the newest first', dates, dates.toSorted((a, b) => b - a));
  for (const [statusFilter, wanted] of [['ABORTED', [stopped]], ['RUNNING', []]]) {
    const { executions } = await call('ListExecutions', { stateMachineArn: waiting, statusFilter });
    same(`executions that are ${statusFilter}`, executions.map((one) => one.executionArn), wanted);
  }
  await refused('ListExecutions', 'ValidationException', {});
}

async function tags() {
  const resourceArn = await create('tagged', doubles, { tags: [{ key: 'team', value: 'blue' }] });
  const more = [{ key: 'stage', value: 'test' }, { key: 'empty', value: '' }];
  await call('TagResource', { resourceArn, tags: more });
  await call('UntagResource', { resourceArn, tagKeys: ['team', 'unknown'] });
  const { tags } = await call('ListTagsForResource', { resourceArn });
  same('tags', Object.fromEntries(tags.map(({ key, value }) => [key, value])), { stage: 'test', empty: '' });
  const nowhere = `${resourceArn}-not`;
  const text = `Resource not found: '${nowhere}'`;
  await refused('ListTagsForResource', 'ResourceNotFound', { resourceArn: nowhere }, text);
}

async function activities() {
  const made = await call('CreateActivity', { name: named('work') });
  const { activityArn } = made;
  same('creating an activity again', await call('CreateActivity', { name: named('work') }), made);
  same('DescribeActivity', await call('DescribeActivity', { activityArn }), {
    ...made,
    name: named('work'),
    encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
  });
  const listed = (await pages('ListActivities', 'activities', { maxResults: 1 })).flat();
  const own = listed.filter(({ name }) => name.includes(suffix));
  same('activities', own.map((one) => one.activityArn), [activityArn]);

  const work = machine({ Work: { Type: 'Task', Resource: activityArn, HeartbeatSeconds: 600, End: true } });
  const executionArn = await start(await create('worker', work), { input: '{"job":7}' });
  const task = await call('GetActivityTask', { activityArn, workerName: 'one' });
  same('input of a task', task.input, '{"job":7}');
  const { taskToken } = task;
  same('SendTaskHeartbeat', await call('SendTaskHeartbeat', { taskToken }), {});
  await refused('SendTaskSuccess', 'InvalidOutput', { taskToken, output: '{' });
  same('SendTaskFailure', await call('SendTaskFailure', { taskToken, error: 'Broken' }), {});
  let told = await ended(executionArn, 'FAILED');
  same('an execution whose task fails', [told.error, told.redriveStatus], ['Broken', 'REDRIVABLE']);
  const late = "Task Timed Out: 'Provided task does not exist anymore'";
  await refused('SendTaskSuccess', 'TaskTimedOut', { taskToken, output: '1' }, late);
  await call('RedriveExecution', { executionArn });
  const again = await call('GetActivityTask', { activityArn });
  holds('a new token', again.taskToken && again.taskToken !== taskToken, again);
  const done = await call('SendTaskSuccess', { taskToken: again.taskToken, output: '{"done":7}' });
  same('SendTaskSuccess', done, {});
  told = await ended(executionArn, 'SUCCEEDED');
  same('an execution that was redriven', [told.output, told.redriveCount], ['{"done":7}', 1]);
  const { events } = await call('GetExecutionHistory', { executionArn });
  same('history of a redriven execution', events.map(({ type }) => type), [
    'ExecutionStarted',
    'TaskStateEntered',
    'ActivityScheduled',
    'ActivityStarted',
    'ActivityFailed',
    'ExecutionFailed',
    'ExecutionRedriven',
    'ActivityScheduled',
    'ActivityStarted',
    'ActivitySucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  const invalid = "Invalid Token: 'Invalid token'";
  await refused('SendTaskHeartbeat', 'InvalidToken', { taskToken: 'no token at all' }, invalid);
  const nowhere = `${activityArn}-not`;
  const none = `Activity Does Not Exist: '${nowhere}'`;
  await refused('GetActivityTask', 'ActivityDoesNotExist', { activityArn: nowhere }, none);
  return activityArn;
}

async function mapRuns() {
  const distributed = (state, more = {}) => {
    const ProcessorConfig = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };
    const ItemProcessor = { ProcessorConfig, StartAt: 'Each', States: { Each: state } };
    return machine({ All: { Type: 'Map', Label: 'All', ItemProcessor, End: true, ...more } });
  };
  const mapping = await create('map', distributed({ Type: 'Pass', End: true }));
  let executionArn = await start(mapping, { input: '[1,2,3]' });
  same('output of a Map Run', JSON.parse((await ended(executionArn, 'SUCCEEDED')).output), [1, 2, 3]);
  const { mapRuns: runs } = await call('ListMapRuns', { executionArn });
  const whose = runs.map((run) => [run.executionArn, run.stateMachineArn]);
  same('Map Runs', whose, [[executionArn, `${mapping}/All`]]);
  const [{ mapRunArn }] = runs;
  let told = await call('DescribeMapRun', { mapRunArn });
  same('status of a Map Run', [told.status, told.redriveCount], ['SUCCEEDED', 0]);
  for (const counts of [told.itemCounts, told.executionCounts]) {
    const got = Object.fromEntries(Object.entries(counts).filter(([, count]) => count));
    same('counts of a Map Run', got, { succeeded: 3, total: 3 });
  }
  const children = (await pages('ListExecutions', 'executions', { mapRunArn, maxResults: 2 })).flat();
  const child = ['SUCCEEDED', mapRunArn];
  same('children', children.map((one) => [one.status, one.mapRunArn]), [child, child, child]);
  told = await call('DescribeExecution', { executionArn: children[0].executionArn });
  same('a child', [told.mapRunArn, told.stateMachineArn], [mapRunArn, `${mapping}/All`]);
  const error = await refused('UpdateMapRun', 'ValidationException', { mapRunArn, maxConcurrency: 2 });
  same('reason of the error', error.reason, 'CANNOT_UPDATE_COMPLETED_MAP_RUN');

  const slow = distributed({ Type: 'Wait', Seconds: 3600, End: true }, { MaxConcurrency: 1 });
  executionArn = await start(await create('slow-map', slow), { input: '[1,2,3,4]' });
  const [run] = await until(async () => {
    const { mapRuns } = await call('ListMapRuns', { executionArn });
    return mapRuns.length && mapRuns;
  });
  const running = { mapRunArn: run.mapRunArn };
  const withRunning = (count) =>
    until(async () => {
      const told = await call('DescribeMapRun', running);
      return told.executionCounts.running === count && told;
    });
  told = await withRunning(1);
  same('a Map Run that runs', [told.status, told.stopDate], ['RUNNING', undefined]);
  const changes = { maxConcurrency: 3, toleratedFailurePercentage: 12.5, toleratedFailureCount: 2 };
  same('UpdateMapRun', await call('UpdateMapRun', { ...running, ...changes }), {});
  told = await withRunning(3);
  const changed = Object.fromEntries(Object.keys(changes).map((name) => [name, told[name]]));
  same('a changed Map Run', changed, changes);
  await call('StopExecution', { executionArn });
  await ended(executionArn, 'ABORTED');
  told = await call('DescribeMapRun', running);
  same('a Map Run whose execution is stopped', told.status, 'ABORTED');
  const nowhere = run.mapRunArn.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  await refused('DescribeMapRun', 'ResourceNotFound', { mapRunArn: nowhere });
}

async function express(double) {
  const definition = machine({
    Check: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericGreaterThan: 1, Next: 'Large' }], Default: 'Small' },
    Large: { Type: 'Pass', Result: 'large', End: true },
    Small: { Type: 'Fail', Error: 'TooSmall' },
  });
  const stateMachineArn = await create('quick', definition, { type: 'EXPRESS' });
  let told = await call('StartSyncExecution', { stateMachineArn, name: 'now', input: '{"n":2}' });
  const got = [told.stateMachineArn, told.name, told.status, told.input, told.output];
  same('StartSyncExecution', got, [stateMachineArn, 'now', 'SUCCEEDED', '{"n":2}', '"large"']);
  const prefix = `${stateMachineArn.replace(':stateMachine:', ':express:')}:now:`;
  holds('ARN of an Express execution', told.executionArn.startsWith(prefix), told);
  const { billedDurationInMilliseconds: billed } = told.billingDetails;
  holds('what is billed', billed >= 0 && billed % 100 === 0, told);
  told = await call('StartSyncExecution', { stateMachineArn, input: '{"n":0}' });
  same('one that fails', [told.status, told.error, told.output], ['FAILED', 'TooSmall', undefined]);
  const unsupported = 'This operation is not supported by this type of state machine';
  const standard = { stateMachineArn: double };
  await refused('StartSyncExecution', 'StateMachineTypeNotSupported', standard, unsupported);
  const executionArn = await start(stateMachineArn, { input: '{"n":2}' });
  const invalid = "Invalid Arn: 'Resource type not valid in this context: express'";
  await refused('DescribeExecution', 'InvalidArn', { executionArn }, invalid);
  await refused('ListExecutions', 'StateMachineTypeNotSupported', { stateMachineArn });
}

async function statesAndDefinitions() {
  const state = { Type: 'Pass', Parameters: { 'b.$': '$.a' }, ResultPath: '$.c', Next: 'N' };
  const tested = { definition: JSON.stringify(state), input: '{"a":1}', inspectionLevel: 'DEBUG' };
  let told = await call('TestState', tested);
  const got = [told.status, JSON.parse(told.output), told.nextState];
  same('TestState', got, ['SUCCEEDED', { a: 1, c: { b: 1 } }, 'N']);
  same('inspectionData', JSON.parse(told.inspectionData.afterParameters), { b: 1 });
  const task = JSON.stringify({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: 'f' },
    Catch: [{ ErrorEquals: ['Broken'], Next: 'Caught' }],
    End: true,
  });
  const mock = { errorOutput: { error: 'Broken', cause: 'it is' } };
  told = await call('TestState', { definition: task, input: '{}', mock });
  const caught = [told.status, told.error, told.cause, told.nextState];
  same('TestState of a mocked task', caught, ['CAUGHT_ERROR', 'Broken', 'it is', 'Caught']);
  told = await call('ValidateStateMachineDefinition', { definition: doubles });
  same('a valid definition', told, { result: 'OK', diagnostics: [], truncated: false });
  told = await call('ValidateStateMachineDefinition', { definition: '{}', type: 'STANDARD' });
  const diagnostic = {
    severity: 'ERROR',
    code: 'SCHEMA_VALIDATION_FAILED',
    message: 'These fields are required: [States, StartAt]',
    location: '/',
  };
  same('an empty definition', told, { result: 'FAIL', diagnostics: [diagnostic], truncated: false });
}

async function remove(double, activityArn) {
  for (const stateMachineArn of machines) {
    same('DeleteStateMachine', await call('DeleteStateMachine', { stateMachineArn }), {});
  }
  for (const stateMachineArn of machines) {
    // One whose execution is just being stopped may be DELETING for a moment.
    await until(async () => {
      try {
        const told = await call('DescribeStateMachine', { stateMachineArn });
        same('status of what is deleted', told.status, 'DELETING');
        return false;
      } catch (error) {
        if (error instanceof sdk.StateMachineDoesNotExist) return true;
        throw error;
      }
    });
  }
  for (let times = 0; times < 2; times += 1) {
    same('DeleteActivity', await call('DeleteActivity', { activityArn }), {});
  }
  await refused('DescribeActivity', 'ActivityDoesNotExist', { activityArn });
  await refused('StartExecution', 'StateMachineDoesNotExist', { stateMachineArn: double });
}

async function scenario() {
  const double = await stateMachines();
  await executions(double);
  const stopped = await stopAndRedrive();
  await versionsAndAliases(double);
  await lists(double, stopped);
  await tags();
  const activity = await activities();
  await mapRuns();
  await express(double);
  await statesAndDefinitions();
  await remove(double, activity);
  const commands = Object.keys(sdk).filter((name) => /^[A-Z].*Command$/.test(name) && name !== '$Command');
  const missed = commands.map((name) => name.replace(/Command$/, '')).filter((name) => !called.has(name));
  same('operations that were not called', missed, []);
}

try {
  await scenario();
  console.log(`ok: ${calls} calls`);
} catch (error) {
  const told = error instanceof Difference ? error.message : error.stack;
  console.error(`@aws-sdk/client-sfn ${version}: after ${calls} calls: ${told}`);
  process.exitCode = 1;
} finally {
  client.destroy();
}
