// The runtime of nodejs18.x to nodejs22.x: a handler gives a promise or calls back, and has ended with nothing when there is
// nothing left to do.

import util from 'node:util';

import { json, ofFunction, ofInvocation, traceId } from './api.mjs';
import { defineGlobal, load, requireFirst, streaming } from './load.mjs';
import { writable } from './stream.mjs';

/** An error of the runtime, by the part of its name after `Runtime.`. */
function failed(kind, about) {
  class RuntimeError extends Error {}
  // Before the stack is made, which begins with the name.
  RuntimeError.prototype.name = `Runtime.${kind}`;
  return new RuntimeError(about);
}

/** What Lambda tells of something that was thrown. */
function told(thrown) {
  try {
    const isText = (value) => value && typeof value === 'string';
    const looksLikeError = () => isText(thrown.name) && isText(thrown.message) && isText(thrown.stack);
    if (util.types.isNativeError(thrown) || (thrown && looksLikeError())) {
      const text = (value) => value?.replace(/\x7f/g, '%7F');
      const trace = text(thrown.stack).split('\n');
      return { errorType: text(thrown.name), errorMessage: text(thrown.message), trace };
    }
    return { errorType: typeof thrown, errorMessage: thrown.toString(), trace: [] };
  } catch {
    const errorMessage =
      'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, ' +
      'and stack';
    return { errorType: 'handled', errorMessage };
  }
}

/** Prints what was thrown, which becomes an error before: that may fail, and counts. */
function print(thrown) {
  const { errorType, errorMessage, trace } = told(thrown instanceof Error ? thrown : new Error(thrown));
  console.error(trace ? trace.join('\n') : `${errorType}: ${errorMessage}`);
}

/** Where what nobody catches is told: at the start, or by the invocation that is worked on. */
let tell;

/** What is done when nothing is left to do. */
let whenIdle = () => {};

/** Whether the process is about to end: then it asks for nothing more. */
let ends = false;

/** Tells what nobody has caught, and ends the process. Where that throws at once, Node.js ends it. */
function end(thrown, code) {
  ends = true;
  print(thrown);
  const exit = () => process.exit(code);
  tell(told(thrown)).then(exit, exit);
}

/** Loads the handler, and serves it for as long as there are invocations. */
export async function serve(api, entry) {
  tell = (error) => api.failToStart(error);
  process.on('uncaughtException', (error) => end(error, 129));
  process.on('unhandledRejection', (reason) => end(failed('UnhandledPromiseRejection', reason), 128));
  process.on('beforeExit', () => whenIdle());
  defineGlobal();
  // What is thrown here is caught by nobody.
  // Also what is thrown about a `null` that the code has thrown.
  const isMissing = (error) => error.code === 'MODULE_NOT_FOUND';
  const handler = await load(entry, { loadFile: requireFirst, looksAtDefault: false, isMissing, failed });
  // Lambda's runtime has forgotten to import what it means to throw.
  const streams = streaming(handler, () => new ReferenceError('MalformedStreamingHandler is not defined'));
  const once = streams ? () => answerByStream(api, handler, streams, again) : () => answerByCall(api, handler, again);
  function again() {
    setImmediate(() => ends || once().catch((error) => end(error, 129)));
  }
  again();
}

/** The next invocation: its event as text, its id, and its context on top of `context`. */
async function next(api, makeContext) {
  const { headers, text } = await api.next();
  const id = headers['lambda-runtime-aws-request-id'];
  tell = (error) => api.fail(id, error);
  traceId(headers);
  const { functionName, functionVersion, ...rest } = ofFunction();
  const all = (context) => Object.assign(context, { functionVersion, functionName, ...rest }, ofInvocation(headers));
  return { id, text, all };
}

async function answerByCall(api, handler, again) {
  const { id, text, all } = await next(api);
  // Of all ways to answer, the first one counts.
  let answered = false;
  // It has ended with nothing, and something is told later.
  let isLate = false;
  const fail = (error) => {
    print(error);
    api.fail(id, told(error)).then(again);
  };
  const complete = (result) => {
    if (isLate) {
      console.error('Invocation has already been reported as done. Cannot call complete more than once per invocation.');
      return;
    }
    const sent = api.respond(id, body(result));
    isLate = true;
    sent.then(again);
  };
  const first = (answer) => (...values) => {
    if (answered) return;
    whenIdle = () => {};
    answer(...values);
    answered = true;
  };
  const isError = (error) => error !== undefined && error !== null;
  const done = (error, result) => (isError(error) ? fail(error) : complete(result));
  const callback = first((error, result) => {
    if (isError(error)) fail(error);
    else if (!context.callbackWaitsForEmptyEventLoop) complete(result);
    else whenIdle = () => setImmediate(complete, result);
  });
  const context = all({
    callbackWaitsForEmptyEventLoop: true,
    succeed: first((result) => done(null, result)),
    fail: first((error) => done(isError(error) ? error : 'handled')),
    done: first(done),
  });
  whenIdle = () => {
    isLate = true;
    whenIdle = () => {};
    api.respond(id, 'null').then(again);
  };
  try {
    const result = handler(JSON.parse(text), context, callback);
    const { succeed, fail } = context;
    if (result && typeof result.then === 'function') result.then(succeed, fail).catch(fail);
  } catch (error) {
    callback(error);
  }
}

function body(result) {
  try {
    return json(result);
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

async function answerByStream(api, handler, { highWaterMark }, again) {
  const { id, text, all } = await next(api);
  const { request, arrived, fail } = api.stream(id, highWaterMark);
  const stream = writable(request, failed, false);
  const context = all({ callbackWaitsForEmptyEventLoop: true });
  const goOn = () => {
    if (context.callbackWaitsForEmptyEventLoop) whenIdle = () => setImmediate(again);
    else again();
  };
  const failStream = (error) => {
    print(error);
    return fail(told(error)).then(goOn);
  };
  whenIdle = again;
  try {
    const promise = handler(JSON.parse(text), stream, context);
    if (!promise || typeof promise.then !== 'function') {
      return await failStream('Streaming does not support non-async handlers.');
    }
    if ((await promise) !== undefined) console.warn('Streaming handlers ignore return values.');
    await arrived;
    if (!request.writableFinished) return await failStream('Response stream is not finished.');
    goOn();
  } catch (error) {
    await failStream(error);
  }
}
