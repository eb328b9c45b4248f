// How `import` finds packages; runs in a thread of Node.js of its own.

import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { hasPackage, isBelow } from './modules.mjs';

/** The folders with packages of the code, those with what everybody has, and whether `.js` is CommonJS whatever lies above. */
let owners, shared, commonAlways;

export function initialize(data) {
  ({ owners, shared, commonAlways } = data);
}

export async function resolve(specifier, context, next) {
  const found = await find(specifier, context, next);
  const file = commonAlways && found.url.startsWith('file:') ? fileURLToPath(found.url) : '';
  const isCommon = file.endsWith('.js') && isBelow(file, owners[0]) && !hasPackage(path.dirname(file), owners[0]);
  return isCommon ? { ...found, format: 'commonjs' } : found;
}

async function find(specifier, context, next) {
  const isBare = !/^(\.{0,2}\/|\.{1,2}$|[a-z][a-z+.-]*:|#)/i.test(specifier);
  if (!isBare || isBuiltin(specifier)) return next(specifier, context);
  let missing;
  try {
    const found = await next(specifier, context);
    if (isItsOwn(found.url, specifier, context.parentURL)) return found;
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    missing = error;
  }
  const name = packageOf(specifier);
  const folder = shared.find((candidate) => existsSync(path.join(candidate, name)));
  if (folder) {
    const parentURL = pathToFileURL(path.join(path.dirname(folder), 'package.json')).href;
    return next(specifier, { ...context, parentURL });
  }
  if (missing) throw missing;
  const from = context.parentURL ? fileURLToPath(context.parentURL) : owners[0];
  throw Object.assign(new Error(`Cannot find package '${name}' imported from ${from}`), { code: 'ERR_MODULE_NOT_FOUND' });
}

function packageOf(specifier) {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Whether what the code asks for is in its own folder; links in there may lead anywhere. */
function isItsOwn(url, specifier, parentURL) {
  if (!url.startsWith('file:') || !parentURL?.startsWith('file:')) return true;
  let folder = path.dirname(fileURLToPath(parentURL));
  const owner = owners.find((candidate) => isBelow(folder, candidate));
  if (!owner || isBelow(fileURLToPath(url), owner)) return true;
  for (; isBelow(folder, owner); folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'node_modules', packageOf(specifier)))) return true;
  }
  return false;
}
