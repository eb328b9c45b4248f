// The runtime from nodejs24.x on: what a handler returns is its result, or the promise of it. There are no callbacks, and what
// nobody catches ends the process.

import { json, ofFunction, ofInvocation, traceId } from './api.mjs';
import { defineGlobal, importAlways, load, streaming } from './load.mjs';
import { writable } from './stream.mjs';

const CALLBACKS_ARE_GONE =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify ' +
  'this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

/** An error of the runtime, by the part of its name after `Runtime.`. */
function failed(kind, about) {
  const error = new Error(String(about));
  error.name = `Runtime.${kind}`;
  if (kind === 'UserCodeSyntaxError') error.stack = about.stack;
  return error;
}

/** What Lambda tells of something that was thrown. */
function told(thrown) {
  try {
    if (thrown instanceof Error) {
      const text = (value) => value?.replaceAll('\x7f', '%7F');
      return {
        errorType: text(thrown.name),
        errorMessage: text(thrown.message),
        trace: text(thrown.stack)?.split('\n') || [],
      };
    }
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  } catch {
    const errorMessage =
      'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, ' +
      'and stack';
    return { errorType: 'handled', errorMessage, trace: [] };
  }
}

/** Prints what was thrown, which becomes an error before: that may fail, and counts. */
function print(thrown) {
  const { errorType, errorMessage, trace } = told(thrown instanceof Error ? thrown : new Error(String(thrown)));
  console.error(trace.length ? trace.join('\n') : `${errorType}: ${errorMessage}`);
}

/** Loads the handler, and serves it for as long as there are invocations. */
export async function serve(api, entry) {
  const store = defineStore();
  defineGlobal();
  let handler, streams;
  try {
    const isMissing = (error) => error instanceof Error && error.code === 'MODULE_NOT_FOUND';
    handler = await load(entry, { loadFile: importAlways, looksAtDefault: true, isMissing, failed });
    streams = streaming(handler, () => failed('MalformedStreamingHandler', 'Only response streaming is supported.'));
    if (handler.length >= 3 && !streams) throw failed('CallbackHandlerDeprecated', CALLBACKS_ARE_GONE);
  } catch (error) {
    print(error);
    await api.failToStart(told(error));
    throw error;
  }
  const answer = (event, context) =>
    streams ? answerByStream(api, handler, streams, event, context) : answerAtOnce(api, handler, event, context);
  for (;;) {
    const { headers, text } = await api.next();
    const { getRemainingTimeInMillis, ...told } = ofInvocation(headers);
    const context = { ...told, xRayTraceId: traceId(headers), getRemainingTimeInMillis, ...ofFunction() };
    const event = JSON.parse(text);
    await store.run(context, () => answer(event, context));
  }
}

/** Lets what was rejected meanwhile end the process before there is an answer. */
function turn() {
  return new Promise((resolve) => setImmediate(resolve));
}

async function answerAtOnce(api, handler, event, context) {
  const id = context.awsRequestId;
  try {
    const result = await handler(event, context);
    await turn();
    let body;
    try {
      body = json(result);
    } catch {
      throw failed('JSONStringifyError', 'Unable to stringify response body');
    }
    await api.respond(id, body);
  } catch (error) {
    await turn();
    print(error);
    await api.fail(id, told(error));
  }
}

async function answerByStream(api, handler, { highWaterMark }, event, context) {
  const { request, arrived, fail } = api.stream(context.awsRequestId, highWaterMark);
  const stream = writable(request, failed, true);
  try {
    const promise = handler(event, stream, context);
    if (typeof promise?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
    if ((await promise) !== undefined) console.warn('Streaming handlers ignore return values.');
    await arrived;
    if (!request.writableFinished) throw new Error('Response stream is not finished.');
  } catch (error) {
    await turn();
    print(error);
    // Not awaited: it fails where the type of the error cannot be a trailer.
    void fail(told(error));
  }
}

/** Where code finds what it works on: `awslambda.InvokeStore`, which the tools of AWS ask. */
function defineStore() {
  const keys = {
    REQUEST_ID: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
    X_RAY_TRACE_ID: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
    TENANT_ID: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
  };
  let current;
  const store = {
    getContext: () => current,
    hasContext: () => current !== undefined,
    get: (key) => current?.[key],
    set(key, value) {
      if (Object.values(keys).includes(key)) {
        throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
      }
      current = { ...current, [key]: value };
    },
    getRequestId: () => current?.[keys.REQUEST_ID] ?? '-',
    getXRayTraceId: () => current?.[keys.X_RAY_TRACE_ID],
    getTenantId: () => current?.[keys.TENANT_ID],
  };
  globalThis.awslambda = { ...globalThis.awslambda, InvokeStore: store };
  const run = ({ awsRequestId, xRayTraceId }, work) => {
    current = { [keys.REQUEST_ID]: awsRequestId, [keys.X_RAY_TRACE_ID]: xRayTraceId };
    return work();
  };
  return { run };
}
