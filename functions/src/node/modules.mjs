// Where the code finds modules: in its own folder, and in those of NODE_PATH, which is layers and what Lambda brings along. What
// only a folder above the code has, Lambda does not have.

import { existsSync, readFileSync } from 'node:fs';
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

  const commonAlways = saysModuleAbove(root);
  if (commonAlways) {
    const load = Module._extensions['.js'];
    Module._extensions['.js'] = (module, file) => {
      if (!isBelow(file, root) || hasPackage(path.dirname(file), root)) return load(module, file);
      module._compile(readFileSync(file, 'utf8'), file);
    };
  }

  const paths = (process.env.NODE_PATH ?? '').split(path.delimiter);
  const shared = paths.filter((folder) => path.basename(folder) === 'node_modules' && existsSync(folder));
  if (installed) shared.unshift(installed);
  const above = folders.call(Module, path.dirname(root)).some((folder) => existsSync(folder));
  // `import` looks by itself at what lies beside and above only. Telling it otherwise takes a thread, which takes time.
  if (shared.length === 0 && !above && !commonAlways) return;
  // Before Node.js 18.19 there is no way to tell it.
  if (!Module.register) return;
  Module.register('./hooks.mjs', { parentURL: import.meta.url, data: { owners, shared, commonAlways } });
}

/** Whether something is in a folder, or is that. */
export function isBelow(inner, folder) {
  return inner === folder || inner.startsWith(folder + path.sep);
}

/** Whether a `package.json` above the code says that files are ES modules: Lambda does not have it. */
function saysModuleAbove(root) {
  for (let folder = path.dirname(root); ; folder = path.dirname(folder)) {
    try {
      return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch {
      // There is none, or none that says so.
    }
    if (folder === path.dirname(folder)) return false;
  }
}

/** Whether a file in `folder` has a `package.json` in the code. */
export function hasPackage(folder, root) {
  for (; isBelow(folder, root); folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return true;
  }
  return false;
}
