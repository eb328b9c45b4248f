// Serves a Node.js handler by the Lambda Runtime API. `node client.mjs ENTRY`, where ENTRY is MODULE.FUNCTION below
// LAMBDA_TASK_ROOT.

import { existsSync } from 'node:fs';
import http from 'node:http';
import Module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
// One connection, which is kept. While it is idle, it does not keep the process alive.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** Sends a request, and gives the head and the text of the answer. */
function send(method, operation, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { hostname, port, agent, method, path: `/2018-06-01/runtime/${operation}`, headers };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** An error of the runtime, by Lambda's name for it. */
class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** What Lambda tells of something that was thrown. */
function told(thrown) {
  if (thrown instanceof Error || (thrown && typeof thrown === 'object' && 'message' in thrown && 'stack' in thrown)) {
    const trace = String(thrown.stack ?? '').split('\n');
    return { errorType: thrown.name || 'Error', errorMessage: thrown.message, trace };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}

function sendError(operation, thrown) {
  const error = told(thrown);
  console.error(error.trace.length ? error.trace.join('\n') : `${error.errorType}: ${error.errorMessage}`);
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': error.errorType };
  return send('POST', operation, JSON.stringify(error), headers);
}

/** Lets `import` find what was installed beside the folder of the code. */
function findInstalled() {
  const installed = process.env.ASL_NODE_INSTALLED;
  delete process.env.ASL_NODE_INSTALLED;
  if (!installed) return;
  const parentURL = pathToFileURL(path.join(installed, 'package.json')).href;
  const hooks = `
    export async function resolve(specifier, context, next) {
      try {
        return await next(specifier, context);
      } catch (error) {
        const bare = !/^(\\.{0,2}\\/|[a-z]+:|#)/i.test(specifier);
        if (!bare || error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
        return next(specifier, { ...context, parentURL: ${JSON.stringify(parentURL)} });
      }
    }`;
  if (!Module.register) throw new Error('Node.js 18.19 or later is needed to import what package.json depends on');
  Module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}

/** The handler that ENTRY names. */
async function load(entry) {
  findInstalled();
  const root = process.env.LAMBDA_TASK_ROOT;
  const folder = path.dirname(entry);
  const [name, ...members] = path.basename(entry).split('.');
  const base = path.resolve(root, folder, name);
  const file = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find((candidate) => existsSync(candidate));
  if (!file) throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${path.join(folder, name)}'`);
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`);
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw new RuntimeError('Runtime.ImportModuleError', `Error: ${error.message}`);
    }
    throw error;
  }
  const find = (from) => members.reduce((value, member) => value?.[member], from);
  const handler = find(loaded) ?? find(loaded.default);
  if (handler === undefined) throw new RuntimeError('Runtime.HandlerNotFound', `${entry} is undefined or not exported`);
  if (typeof handler !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${entry} is not a function`);
  return handler;
}

/** Runs the handler for one event: it may give a promise, or call back. */
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    // A handler that neither gives a promise nor calls back has ended when nothing is left to do.
    const idle = () => resolve(null);
    process.once('beforeExit', idle);
    let waits = true;
    const settle = (settled) => (value) => {
      process.removeListener('beforeExit', idle);
      settled(value);
    };
    const callback = (error, result) => {
      const settled = error === undefined || error === null ? settle(resolve) : settle(reject);
      const value = error ?? result;
      if (!waits || !context.callbackWaitsForEmptyEventLoop) return settled(value);
      process.removeListener('beforeExit', idle);
      process.once('beforeExit', () => settled(value));
    };
    Object.assign(context, { done: callback, succeed: (value) => callback(null, value), fail: (error) => callback(error) });
    const result = handler(event, context, callback);
    if (typeof result?.then === 'function') {
      waits = false;
      result.then(settle(resolve), settle(reject));
    }
  });
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** The invocation that is worked on: what nobody catches ends it, and the process. */
let current;

async function crash(thrown, code) {
  try {
    await sendError(current ? `invocation/${current}/error` : 'init/error', thrown);
  } finally {
    process.exit(code);
  }
}

process.on('uncaughtException', (error) => crash(error, 129));
process.on('unhandledRejection', (reason) => {
  crash(new RuntimeError('Runtime.UnhandledPromiseRejection', reason instanceof Error ? `${reason}` : String(reason)), 128);
});

async function serve(handler) {
  for (;;) {
    const { headers, text } = await send('GET', 'invocation/next');
    current = headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
    const operation = `invocation/${current}`;
    let body;
    try {
      // Nothing is `null` in JSON.
      const result = await run(handler, JSON.parse(text), contextOf(headers));
      body = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch (error) {
      await sendError(`${operation}/error`, error);
      continue;
    }
    await send('POST', `${operation}/response`, body, { 'Content-Type': 'application/json' });
  }
}

let handler;
try {
  handler = await load(process.argv[2]);
} catch (error) {
  await crash(error, 1);
}
// Without a server there is nothing to do: `asl` has ended.
serve(handler).catch(() => process.exit(1));
