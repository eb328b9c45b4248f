// What the server answers: AWS's own operations (times in seconds) and asl's (times in milliseconds).

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';
export type VisitStatus = 'RUNNING' | 'SUCCEEDED' | 'CAUGHT' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
export type StateType = 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

export interface StateMachine {
  stateMachineArn: string;
  name: string;
  type: 'STANDARD' | 'EXPRESS';
  creationDate: number;
}

export interface StateMachineDescription extends StateMachine {
  definition: string;
  roleArn?: string;
  status?: string;
  revisionId?: string;
}

export interface Execution {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: ExecutionStatus;
  startDate: number;
  stopDate?: number;
  mapRunArn?: string;
  itemCount?: number;
  redriveCount?: number;
}

export interface ExecutionDescription extends Execution {
  input?: string;
  output?: string;
  error?: string;
  cause?: string;
  redriveStatus?: string;
  redriveStatusReason?: string;
}

export interface HistoryEvent {
  id: number;
  previousEventId?: number;
  timestamp: number;
  type: string;
  [details: string]: unknown;
}

export interface MapRun {
  mapRunArn: string;
  executionArn: string;
  stateMachineArn?: string;
  startDate: number;
  stopDate?: number;
}

export interface MapRunDescription extends MapRun {
  status: ExecutionStatus;
  maxConcurrency: number;
  toleratedFailurePercentage: number;
  toleratedFailureCount: number;
  itemCounts: Record<string, number>;
  executionCounts: Record<string, number>;
}

export interface Problem {
  severity: 'ERROR' | 'WARNING';
  code: string;
  message: string;
  location?: string;
}

export interface Validation {
  result: 'OK' | 'FAIL';
  diagnostics: Problem[];
  truncated?: boolean;
}

export interface TestedState {
  status: 'SUCCEEDED' | 'FAILED' | 'RETRIABLE' | 'CAUGHT_ERROR';
  output?: string;
  error?: string;
  cause?: string;
  nextState?: string;
  inspectionData?: Record<string, Json>;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface GraphState extends Box {
  path: string;
  name: string;
  type: StateType;
  scope: string;
  nameLines: string[];
  lines: string[];
  title: string;
  isContainer: boolean;
}

export interface GraphTerminal extends Box {
  kind: 'Start' | 'End';
  scope: string;
  isOutermost: boolean;
}

export interface GraphArrow {
  id?: number;
  kind: 'Next' | 'End' | 'ChoiceRule' | 'Default' | 'Catcher' | 'Start';
  from?: string;
  to?: string;
  way: string;
  head: string;
  label?: Box & { lines: string[] };
  title: string;
}

export interface Graph {
  width: number;
  height: number;
  states: GraphState[];
  branches: Box[];
  terminals: GraphTerminal[];
  arrows: GraphArrow[];
  missing: number;
}

export interface Attempt {
  from?: number;
  to?: number;
  status: VisitStatus;
  resource?: string;
  error?: string;
  mapRunArn?: string;
}

export interface Visit {
  frame: number;
  path: string;
  state: string;
  name: string;
  type: StateType;
  number: number;
  status: VisitStatus;
  from?: number;
  to?: number;
  /** When what it waits for is due. */
  until?: number;
  /** The id of its StateEntered event. */
  event: number;
  attempts: Attempt[];
}

export interface Frame {
  kind: 'Execution' | 'Branch' | 'Iteration' | 'Child';
  index?: number;
  owner?: number;
  path: string;
  from?: number;
  to?: number;
  status: VisitStatus;
}

/** Where an execution pauses: before a state, with the data that the state is given. */
export interface Pause {
  number: number;
  name: string;
  state: string;
  frame: string;
  input: Json;
  variables: Record<string, Json>;
}

export interface Course {
  events: number;
  pause?: Pause;
  /** The names of the states that a running execution pauses before. */
  breakpoints?: string[];
  marks: {
    states: Record<string, { status: string; count: number; millis?: number }>;
    transitions: Record<string, number>;
  };
  frames: Frame[];
  visits: Visit[];
}

export interface Stage {
  name: string;
  data: Json;
  size: number;
  expression?: { text: string; line?: number; column?: number };
  comparedWith?: string;
  /** Whether it comes from elsewhere, so that it is compared with nothing. */
  isNew?: boolean;
}

export interface AttemptData {
  number: number;
  from?: number;
  to?: number;
  status: VisitStatus;
  sent?: Json;
  submitted?: Json;
  output?: Json;
  error?: string;
  cause?: Json;
  log?: string[];
  retrier?: { index: number; waitMillis: number };
}

export interface DataFlow {
  visit: number;
  path: string;
  state: string;
  type: StateType;
  queryLanguage: 'JSONPath' | 'JSONata';
  stages: Stage[];
  variables?: Record<string, Json>;
  assigned?: Record<string, Json>;
  attempts: AttemptData[];
  catcher?: { index: number; next: string };
  next?: string;
  error?: string;
  cause?: Json;
  problem?: string;
}

export interface Callback {
  taskToken: string;
  executionArn: string;
  state?: string;
  resource: string;
  since?: number;
  input?: Json;
}

export interface Callbacks {
  callbacks: Callback[];
  activities: { activityArn: string; queued: number }[];
}

/** What was published to a topic, as SNS writes it, and how far its deliveries are. */
/** A bucket, table, queue, topic or event bus, and how much it has. */
export interface Stored {
  url: string;
  count: number;
  has: string;
}

export interface StoredObject {
  key: string;
  size: number;
  /** Milliseconds since 1970. */
  modified?: number;
}

/** What is in an object; bytes that are no text in Base64. */
export interface StoredContent {
  size: number;
  contentType?: string;
  isPart: boolean;
  text?: string;
  base64?: string;
}

export interface Notification {
  MessageId: string;
  Timestamp: string;
  TopicArn?: string;
  TargetArn?: string;
  PhoneNumber?: string;
  Subject?: string;
  Message: string;
  MessageStructure?: string;
  Deliveries?: Delivery[];
}

export interface Delivery {
  Protocol: string;
  Endpoint: string;
  State: 'pending' | 'delivered' | 'failed';
  Attempts: number;
  LastError?: string;
}

export interface TestCase {
  name: string;
  input: Json;
  file?: string;
}

/** What an expression gives: `result`, or `error`. */
export interface Evaluated {
  result?: Json;
  error?: string | { name?: string; message: string; hints?: string[] };
  definite?: boolean;
  warnings?: Json[];
  steps?: ExplainedStep[];
  arguments?: ExplainedArgument[];
  parts?: ExplainedPart[];
}

export interface ExplainedStep {
  step: string;
  in: number;
  out: number;
  examples: { path: string; value: Json }[];
  lost: { text: string; count: number; examples: { path: string; value: Json; because?: string[] }[] }[];
  failed?: boolean;
}

/** A part of an expression of JSONata, and what it gave. */
export interface ExplainedPart {
  part: string;
  depth: number;
  count: number;
  nothing: number;
  values: Json[];
  failed: boolean;
}

export interface ExplainedArgument {
  depth: number;
  text: string;
  value?: Json;
  error?: string;
  steps?: ExplainedStep[];
}
