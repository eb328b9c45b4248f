// Every call of the server.

import type {
  Callbacks,
  Course,
  DataFlow,
  Evaluated,
  Execution,
  ExecutionDescription,
  ExecutionStatus,
  Graph,
  HistoryEvent,
  Json,
  MapRun,
  MapRunDescription,
  Notification,
  StateMachine,
  StateMachineDescription,
  Stored,
  StoredContent,
  StoredObject,
  TestCase,
  TestedState,
  Validation,
} from './contract';
import { request } from './server';

type Stop = AbortSignal | undefined;

async function operation<T>(name: string, parameters: object, signal?: Stop): Promise<T> {
  const response = await request('/', {
    method: 'POST',
    headers: { 'X-Amz-Target': `AWSStepFunctions.${name}`, 'Content-Type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(parameters),
    signal: signal ?? null,
  });
  return (await response.json()) as T;
}

async function get<T>(path: string, query: Record<string, string | number> = {}, signal?: Stop): Promise<T> {
  const response = await request(address(path, query), { signal: signal ?? null });
  return (await response.json()) as T;
}

async function post<T>(path: string, body: object | string, signal?: Stop): Promise<T> {
  const response = await request(`/_asl/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: signal ?? null,
  });
  return (await response.json()) as T;
}

export function address(path: string, query: Record<string, string | number> = {}): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `/_asl/${path}${pairs.length > 0 ? '?' : ''}${pairs.join('&')}`;
}

/** A role that every server of asl takes: nobody is authenticated there. */
const ROLE = 'arn:aws:iam::000000000000:role/console';

export async function listStateMachines(signal?: Stop): Promise<StateMachine[]> {
  const all: StateMachine[] = [];
  let nextToken: string | undefined;
  do {
    const page = await operation<{ stateMachines: StateMachine[]; nextToken?: string }>(
      'ListStateMachines',
      { maxResults: 1000, nextToken },
      signal,
    );
    all.push(...page.stateMachines);
    nextToken = page.nextToken;
  } while (nextToken);
  return all;
}

export const describeStateMachine = (stateMachineArn: string, signal?: Stop) =>
  operation<StateMachineDescription>('DescribeStateMachine', { stateMachineArn }, signal);

export const describeStateMachineForExecution = (executionArn: string, signal?: Stop) =>
  operation<StateMachineDescription>('DescribeStateMachineForExecution', { executionArn }, signal);

export const createStateMachine = (name: string, definition: string, type: 'STANDARD' | 'EXPRESS') =>
  operation<{ stateMachineArn: string }>('CreateStateMachine', { name, definition, type, roleArn: ROLE });

export const updateStateMachine = (stateMachineArn: string, definition: string) =>
  operation<{ updateDate: number }>('UpdateStateMachine', { stateMachineArn, definition });

export const validateDefinition = (definition: string, signal?: Stop) =>
  operation<Validation>('ValidateStateMachineDefinition', { definition, severity: 'WARNING' }, signal);

export interface ExecutionsOf {
  stateMachineArn?: string;
  mapRunArn?: string;
  statusFilter?: ExecutionStatus;
  maxResults?: number;
  nextToken?: string;
}

export const listExecutions = (of: ExecutionsOf, signal?: Stop) =>
  operation<{ executions: Execution[]; nextToken?: string }>('ListExecutions', of, signal);

export const describeExecution = (executionArn: string, signal?: Stop) =>
  operation<ExecutionDescription>('DescribeExecution', { executionArn }, signal);

export const startExecution = (stateMachineArn: string, input: string, name?: string) =>
  operation<{ executionArn: string }>('StartExecution', { stateMachineArn, input, name: name || undefined });

export interface SyncExecution {
  executionArn: string;
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  output?: string;
  error?: string;
  cause?: string;
}

export const startSyncExecution = (stateMachineArn: string, input: string, name?: string) =>
  operation<SyncExecution>('StartSyncExecution', { stateMachineArn, input, name: name || undefined });

export const stopExecution = (executionArn: string, error?: string, cause?: string) =>
  operation<object>('StopExecution', { executionArn, error: error || undefined, cause: cause || undefined });

export const redriveExecution = (executionArn: string) => operation<object>('RedriveExecution', { executionArn });

export const listMapRuns = (executionArn: string, signal?: Stop) =>
  operation<{ mapRuns: MapRun[] }>('ListMapRuns', { executionArn, maxResults: 1000 }, signal);

export const describeMapRun = (mapRunArn: string, signal?: Stop) =>
  operation<MapRunDescription>('DescribeMapRun', { mapRunArn }, signal);

export const sendTaskSuccess = (taskToken: string, output: string) =>
  operation<object>('SendTaskSuccess', { taskToken, output });

export const sendTaskFailure = (taskToken: string, error: string, cause: string) =>
  operation<object>('SendTaskFailure', { taskToken, error, cause });

export const sendTaskHeartbeat = (taskToken: string) => operation<object>('SendTaskHeartbeat', { taskToken });

export interface StateTest {
  definition: string;
  stateName?: string;
  input: string;
  variables?: string;
  mock?: { result?: string; errorOutput?: { error: string; cause: string } };
}

export const testState = (test: StateTest) =>
  operation<TestedState>('TestState', { ...test, roleArn: ROLE, inspectionLevel: 'DEBUG' });

export const graphOfExecution = (executionArn: string, signal?: Stop) => get<Graph>('graph', { executionArn }, signal);

export const graphOfDefinition = (definition: string, signal?: Stop) => post<Graph>('graph', { definition }, signal);

/** The id of the event after which an execution is looked at; without it, as it is now. */
type Until = number | undefined;
const past = (until: Until): Record<string, number> => (until === undefined ? {} : { until });

export const course = (executionArn: string, signal?: Stop, until?: Until) =>
  get<Course>('course', { executionArn, ...past(until) }, signal);

export const dataFlow = (executionArn: string, visit: number, signal?: Stop, until?: Until) =>
  get<DataFlow>('data-flow', { executionArn, visit, ...past(until) }, signal);

/** Where an execution is run on from. What is left out is as it was. */
export interface Fork {
  executionArn: string;
  visit: number;
  /** JSON texts: their numbers stay as they are written. */
  input?: string | undefined;
  variables?: string | undefined;
  name?: string | undefined;
  newest?: boolean;
}

export const fork = (fork: Fork) => post<{ executionArn: string }>('forks', withTexts(fork));

/** Lets an execution go on from a pause, or stay there with other data. */
export const resume = (how: {
  executionArn: string;
  pause: number;
  step?: boolean;
  stay?: boolean;
  input?: string | undefined;
  variables?: string | undefined;
}) => post<object>('resume', withTexts(how));

/** Lets an execution pause before the states of these names from now on. */
export const pauseBefore = (executionArn: string, breakpoints: string[]) =>
  post<object>('breakpoints', { executionArn, breakpoints });

/** JSON with data in it that is text already, and stays as it is. */
function withTexts({
  input,
  variables,
  ...more
}: {
  input?: string | undefined;
  variables?: string | undefined;
}): string {
  const texts = Object.entries({ input, variables }).filter(([, text]) => text !== undefined);
  return `{${[JSON.stringify(more).slice(1, -1), ...texts.map(([name, text]) => `"${name}":${text}`)].join(',')}}`;
}

export const callbacks = (signal?: Stop) => get<Callbacks>('callbacks', {}, signal);

export const notifications = (signal?: Stop) => get<{ notifications: Notification[] }>('notifications', {}, signal);

/** Of what the embedded services keep. */
export const stored = (signal?: Stop) => get<{ stored: Stored[] }>('data', {}, signal);

export const storedValues = (url: string, signal?: Stop) =>
  get<{ values: Json[]; count: number }>('data', { url }, signal);

export const storedObjects = (url: string, signal?: Stop) =>
  get<{ objects: StoredObject[]; count: number }>('data', { url }, signal);

export const objectContent = (url: string, signal?: Stop) => get<StoredContent>('object', { url }, signal);

export const testCases = (stateMachineArn: string, signal?: Stop) =>
  get<{ cases: TestCase[] }>('test-cases', { stateMachineArn }, signal);

export const recordTestCase = (executionArn: string, name?: string) =>
  post<{ text: string }>('test-case', { executionArn, name: name || undefined });

export const evaluateJsonPath = (path: string, input: Json, signal?: Stop) =>
  post<Evaluated>('jsonpath', { path, input }, signal);

export const evaluateJsonata = (expression: string, input: Json, variables: Json, signal?: Stop) =>
  post<Evaluated>('jsonata', { expression, input, variables }, signal);

/** All events of an execution. */
export async function history(executionArn: string, signal?: Stop): Promise<HistoryEvent[]> {
  const all: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await operation<{ events: HistoryEvent[]; nextToken?: string }>(
      'GetExecutionHistory',
      { executionArn, maxResults: 1000, nextToken },
      signal,
    );
    all.push(...page.events);
    nextToken = page.nextToken;
  } while (nextToken);
  return all;
}
