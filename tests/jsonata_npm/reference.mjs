// node reference.mjs FOLDER NOW SEED COUNT
//
// Generates expressions and evaluates them with the `jsonata` in FOLDER/node_modules, at the time NOW (milliseconds).
// For each there is a line `{family, expr, data?, variables?, outcome}`; the last line counts what was left out, and
// why.

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { functionNames } from './calls.mjs';
import { Reference } from './evaluate.mjs';
import { Generator } from './generate.mjs';

const VERSION = '2.0.6';

const [folder, now, seed, count] = process.argv.slice(2);

// What an expression takes from the clock is the same each time.
const Clock = Date;
globalThis.Date = class extends Clock {
  constructor(...given) {
    super(...(given.length ? given : [Number(now)]));
  }
};

const load = createRequire(join(folder, 'package.json'));
const { version } = load('jsonata/package.json');
if (version !== VERSION) throw new Error(`${folder} has jsonata ${version} rather than ${VERSION}`);

const reference = new Reference(load('jsonata'));
await reference.prepare(functionNames);
const generator = new Generator(Number(seed));
const leftOut = {};
let made = 0;
while (made < Number(count)) {
  const next = generator.next();
  const outcome = await reference.evaluate(next);
  if (outcome.leftOut) {
    leftOut[outcome.leftOut] = (leftOut[outcome.leftOut] ?? 0) + 1;
  } else {
    process.stdout.write(`${JSON.stringify({ ...next, outcome })}\n`);
    made++;
  }
}
process.stdout.write(`${JSON.stringify({ leftOut })}\n`);
