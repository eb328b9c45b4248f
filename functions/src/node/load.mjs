// Finds the handler that an entry names.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/** What marks a handler that answers by a stream. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

/** What an HTTP answer begins with: its head as JSON, and eight zero bytes. */
class HttpResponseStream {
  static from(stream, head) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    const text = JSON.stringify(head);
    stream._onBeforeFirstWrite = (write) => {
      write(text);
      write(new Uint8Array(8));
    };
    return stream;
  }
}

/** The global `awslambda`, by which code marks handlers. */
export function defineGlobal() {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  const streamifyResponse = (handler, options) => {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    return handler;
  };
  globalThis.awslambda = { ...globalThis.awslambda, streamifyResponse, HttpResponseStream };
}

/** How a handler answers: the size of the buffer where it is by a stream. `refused` makes the error for what is neither. */
export function streaming(handler, refused) {
  const marked = handler[STREAMING];
  if (marked === undefined || marked === null || marked === false) return undefined;
  if (marked !== 'response') throw refused();
  return { highWaterMark: Number.parseInt(handler[HIGH_WATER_MARK], 10) || undefined };
}

/**
 * The handler that `entry` names. The generations differ in how they load a file (`loadFile`), in whether the members of a
 * module's default export are looked at, in what says that a module is missing (`isMissing`), and in how their own errors are made
 * (`failed`).
 */
export async function load(entry, { loadFile, looksAtDefault, isMissing, failed }) {
  if (entry.includes('..')) {
    const advice = 'Use absolute paths when specifying root directories in handler names.';
    throw failed('MalformedHandlerName', `'${entry}' is not a valid handler name. ${advice}`);
  }
  const name = path.basename(entry);
  const folder = entry.slice(0, entry.indexOf(name));
  const dot = name.indexOf('.');
  if (dot < 0) throw failed('MalformedHandlerName', 'Bad handler');
  const [stem, members] = [name.slice(0, dot), name.slice(dot + 1).split('.')];
  let module;
  try {
    module = await loadModule(folder, stem, loadFile);
  } catch (error) {
    if (error instanceof SyntaxError) throw failed('UserCodeSyntaxError', error);
    // An ES module that is missing has another code, and is told as it is.
    if (isMissing(error)) throw failed('ImportModuleError', error);
    throw error;
  }
  const find = (from) => members.reduce((value, member) => (value ? value[member] : undefined), from);
  const handler = find(module) || (looksAtDefault && find(module?.default));
  if (!handler) throw failed('HandlerNotFound', `${entry} is undefined or not exported`);
  if (typeof handler !== 'function') throw failed('HandlerNotFound', `${entry} is not a function`);
  return handler;
}

async function loadModule(folder, stem, loadFile) {
  const root = process.env.LAMBDA_TASK_ROOT;
  const base = path.resolve(root, folder, stem);
  const loaded = await loadFile(base);
  if (loaded) return loaded;
  // A package, as Node.js finds it.
  return require(require.resolve(stem, { paths: [root, path.resolve(root, folder)] }));
}

/** Files are CommonJS modules unless their names or a package.json say otherwise: nodejs18.x to nodejs22.x. */
export async function requireFirst(base) {
  const asModule = (extension) => existsSync(base + extension) && import(pathToFileURL(base + extension).href);
  const asCommon = (extension) => existsSync(base + extension) && require(base + extension);
  const isModule = existsSync(`${base}.js`) && saysModule(path.dirname(base));
  return (
    asCommon('') ||
    (isModule ? await asModule('.js') : asCommon('.js')) ||
    (await asModule('.mjs')) ||
    asCommon('.cjs')
  );
}

/** Files are imported, whatever they are: from nodejs24.x. */
export async function importAlways(base) {
  const extension = ['', '.js', '.mjs', '.cjs'].find((candidate) => existsSync(base + candidate));
  return extension === undefined ? undefined : import(pathToFileURL(base + extension).href);
}

/** Whether the nearest package.json says that files are ES modules. Above the code there is none on Lambda. */
function saysModule(folder) {
  const file = path.join(folder, 'package.json');
  if (existsSync(file)) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))?.type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const above = path.dirname(folder);
  const ends = folder === process.env.LAMBDA_TASK_ROOT || above === folder || path.basename(above) === 'node_modules';
  return !ends && saysModule(above);
}
