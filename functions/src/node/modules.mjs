// Where the code finds modules: in its own folder and in those of NODE_PATH, which is layers and what Lambda brings along. What
// only a folder above the code has, Lambda does not have.

import { existsSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';

/** Makes `require` and `import` see what they see on Lambda. */
export function onlyWhatLambdaHas(root) {
  const folders = Module._nodeModulePaths;
  const isBelow = (folder) => folder === root || folder.startsWith(root + path.sep);
  Module._nodeModulePaths = (from) => folders.call(Module, from).filter((folder) => isBelow(folder) || !isBelow(from));

  const shared = (process.env.NODE_PATH ?? '').split(path.delimiter).filter((folder) => {
    return path.basename(folder) === 'node_modules' && existsSync(folder);
  });
  const above = folders.call(Module, path.dirname(root)).some((folder) => existsSync(folder));
  // `import` looks by itself at what lies beside and above only. Telling it otherwise takes a thread, which takes time.
  if (shared.length === 0 && !above) return;
  // Before that, Node.js has no way to tell it.
  if (!Module.register) return;
  Module.register('./hooks.mjs', { parentURL: import.meta.url, data: { root, shared } });
}
