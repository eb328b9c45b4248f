// Serves a Node.js handler by the Lambda Runtime API, as the runtimes of Lambda do:
// `node main.mjs GENERATION ENTRY [INSTALLED]`, where GENERATION is `callbacks` (nodejs18.x to nodejs22.x) or `promises` (from
// nodejs24.x), ENTRY is MODULE.FUNCTION below LAMBDA_TASK_ROOT, and INSTALLED is a node_modules that counts as one in there.

import { Api } from './api.mjs';
import * as callbacks from './callbacks.mjs';
import { onlyWhatLambdaHas } from './modules.mjs';
import * as promises from './promises.mjs';

// The code sees the arguments that it sees on Lambda: none.
const [generation, entry, installed] = process.argv.splice(2);
// Node.js has no such method of its own.
console.fatal ??= console.error;

const api = new Api(process.env.AWS_LAMBDA_RUNTIME_API);
onlyWhatLambdaHas(process.env.LAMBDA_TASK_ROOT, installed);
if (generation === 'promises') {
  // Not awaited: a handler that never settles ends the process with 0.
  promises.serve(api, entry);
} else {
  await callbacks.serve(api, entry);
}
