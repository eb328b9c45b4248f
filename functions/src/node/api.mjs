// What the Lambda Runtime API takes and gives.

import http from 'node:http';

/** Header of an error of the start, and trailer of a stream that fails. */
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';

export class Api {
  // None of these waits for another: an error can be told while the next invocation is waited for, and while a stream goes on.
  // What is told arrives in the order in which it is told.
  #asking = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #telling = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #streaming = new http.Agent({ keepAlive: true });
  #server;

  /** The API at `address`, which is `host:port`. */
  constructor(address) {
    const [hostname, port] = address.split(':');
    this.#server = { hostname, port };
  }

  /** The next invocation: its event as text, and its headers. */
  next() {
    return this.#send({ agent: this.#asking, method: 'GET', path: path('invocation/next') });
  }

  /** Tells the result of an invocation, which is a text. */
  respond(id, body) {
    // JSON makes nothing of a function and of a symbol; then Lambda's client complains in these words.
    if (typeof body !== 'string') throw new TypeError('Wrong arguments');
    return this.#post(`invocation/${id}/response`, body);
  }

  /** Tells how an invocation failed. */
  fail(id, told) {
    return this.#post(`invocation/${id}/error`, JSON.stringify(told));
  }

  /** Tells why there will be no invocation. */
  failToStart(told) {
    return this.#post('init/error', JSON.stringify(told), { [ERROR_TYPE]: told.errorType });
  }

  /**
   * Begins to answer an invocation piece by piece: the request, a promise that is fulfilled when all of it has arrived, and
   * what makes an error of it.
   */
  stream(id, highWaterMark) {
    const headers = {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      Trailer: [ERROR_TYPE, 'Lambda-Runtime-Function-Error-Body'],
      'Content-Type': 'application/octet-stream',
    };
    const options = { agent: this.#streaming, method: 'POST', path: path(`invocation/${id}/response`), headers };
    if (highWaterMark) options.highWaterMark = highWaterMark;
    const { request, answer } = this.#open(options);
    const fail = (told) => {
      const body = Buffer.from(JSON.stringify(told)).toString('base64');
      request.addTrailers({ [ERROR_TYPE]: told.errorType, 'Lambda-Runtime-Function-Error-Body': body });
      return new Promise((resolve) => request.end(resolve));
    };
    return { request, arrived: answer, fail };
  }

  #post(operation, body, headers = {}) {
    const all = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers };
    return this.#send({ agent: this.#telling, method: 'POST', path: path(operation), headers: all }, body);
  }

  #send(options, body) {
    const { request, answer } = this.#open(options);
    request.end(body);
    return answer;
  }

  #open(options) {
    // What cannot be a header throws here and now.
    const request = http.request({ ...this.#server, ...options });
    const answer = new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      });
    });
    return { request, answer };
  }
}

function path(operation) {
  return `/2018-06-01/runtime/${operation}`;
}

/** What JSON makes of a result; nothing is `null` in JSON. */
export function json(result) {
  return JSON.stringify(result === undefined ? null : result);
}

/** What a context has of the function. */
export function ofFunction() {
  const { env } = process;
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

/** What a context has of the invocation with these headers. */
export function ofInvocation(headers) {
  const told = (name) => headers[`lambda-runtime-${name}`];
  const parsed = (name) => (told(name) ? JSON.parse(told(name)) : undefined);
  const deadline = Number(told('deadline-ms'));
  return {
    clientContext: parsed('client-context'),
    identity: parsed('cognito-identity'),
    invokedFunctionArn: told('invoked-function-arn'),
    awsRequestId: told('aws-request-id'),
    tenantId: told('aws-tenant-id'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Says in the environment where the invocation is traced; answers it. */
export function traceId(headers) {
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  return trace;
}
