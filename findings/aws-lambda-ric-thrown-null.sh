#!/usr/bin/env bash
# aws-lambda-ric 3.3.0, the runtime of Lambda for Node.js up to 22: a handler that throws null.
#   (event) => { throw null }        ->  success: the result is null
#   async (event) => { throw null }  ->  an error, errorType "string", errorMessage "handled"
# undefined is as null; every other value, such as 0, is an error in both.
#
# The script installs the package from npm without its native part, an HTTP client, in whose place stands a module that prints what it is
# given. It fails when the behaviour is another one. Needs Node.js 18 or later and npm.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . aws-lambda-ric@3.3.0

cat >native.cjs <<'JS'
const Module = require('node:module');
const find = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => (name.endsWith('rapid-client.node') ? __filename : find.call(Module, name, ...rest));
const say = (what) => require('node:fs').writeSync(1, `${process.env.CASE}: ${what}\n`);
let asked = 0;
module.exports = {
  next: async () => {
    if (asked++) process.exit(0);
    return { bodyJson: '{}', headers: { 'lambda-runtime-aws-request-id': '1', 'lambda-runtime-deadline-ms': String(Date.now() + 60000) } };
  },
  done: (_, body) => { say(`success ${body}`); return null; },
  error: (_, body) => {
    const { errorType, errorMessage } = JSON.parse(body);
    say(`error ${JSON.stringify([errorType, errorMessage])}`);
    return null;
  },
};
JS
cat >app.cjs <<'JS'
const thrown = { null: null, undefined, 0: 0 }[process.env.THROWN];
exports.plain = () => { throw thrown; };
exports.async = async () => { throw thrown; };
JS

seen="$(for thrown in null undefined 0; do
    for kind in plain async; do
        AWS_LAMBDA_RUNTIME_API=127.0.0.1:9 AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128 LAMBDA_TASK_ROOT="$folder" THROWN=$thrown CASE="$kind $thrown" \
            node --require "$folder/native.cjs" --input-type=module \
            -e "import { run } from '$folder/node_modules/aws-lambda-ric/dist/index.mjs'; await run('$folder', 'app.$kind');" 2>&1 |
            grep "^$kind $thrown: " || echo "$kind $thrown: nothing"
    done
done)"
echo "$seen"

diff <(echo "$seen") - <<'EXPECTED'
plain null: success null
async null: error ["string","handled"]
plain undefined: success null
async undefined: error ["string","handled"]
plain 0: error ["number","0"]
async 0: error ["number","0"]
EXPECTED
echo 'aws-lambda-ric 3.3.0: as described'
