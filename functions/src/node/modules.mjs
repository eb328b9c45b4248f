// Where the code finds modules: in its own folder, and in those of NODE_PATH, which is layers and what Lambda brings along. What
// only a folder above the code has, Lambda does not have.

import { existsSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';

/** Makes `require` and `import` see what they see on Lambda. `installed` is a node_modules that stands in for one of `root`. */
export function onlyWhatLambdaHas(root, installed) {
  const folders = Module._nodeModulePaths;
  const owners = [root, ...(installed ? [path.dirname(installed)] : [])];
  Module._nodeModulePaths = (from) => {
    const found = folders.call(Module, from);
    const owner = owners.find((folder) => isBelow(from, folder));
    if (!owner) return found;
    const own = found.filter((folder) => isBelow(folder, owner));
    return owner === root && installed ? [...own, installed] : own;
  };

  const paths = (process.env.NODE_PATH ?? '').split(path.delimiter);
  const shared = paths.filter((folder) => path.basename(folder) === 'node_modules' && existsSync(folder));
  if (installed) shared.unshift(installed);
  const above = folders.call(Module, path.dirname(root)).some((folder) => existsSync(folder));
  // `import` looks by itself at what lies beside and above only. Telling it otherwise takes a thread, which takes time.
  if (shared.length === 0 && !above) return;
  // Before Node.js 18.19 there is no way to tell it.
  if (!Module.register) return;
  Module.register('./hooks.mjs', { parentURL: import.meta.url, data: { owners, shared } });
}

/** Whether something is in a folder, or is that. */
export function isBelow(inner, folder) {
  return inner === folder || inner.startsWith(folder + path.sep);
}
