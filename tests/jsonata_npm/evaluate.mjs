// Evaluates cases with the `jsonata` of npm, and says of each outcome whether another program can be held against it.

import { isDeepStrictEqual } from 'node:util';

/** Beyond this an expression is left out rather than waited for. */
const MOST_STEPS = 200_000;
const MOST_LEVELS = 400;

const ENTRY = Symbol.for('jsonata.__evaluate_entry');
const EXIT = Symbol.for('jsonata.__evaluate_exit');

/** In a message, the name of what failed, where it failed inside of `and` or `or`. */
const MISNAMED = /"(and|or)"|\$(and|or)\?/;

const UNCHECKED = 'arguments that nobody checks';

/** Why an outcome is not compared. */
class LeftOut extends Error {}

/** Patterns are for texts and their characters: JavaScript makes a text of anything else, and takes halves of characters. */
class Pattern extends RegExp {
  exec(text) {
    if (typeof text !== 'string') throw new LeftOut('a pattern on what is no text');
    const { lastIndex } = this;
    const found = super.exec(text);
    if (/[^\0-\uffff]/u.test(text) && !isDeepStrictEqual(found, this.#byCharacters(text, lastIndex))) {
      throw new LeftOut('half a character');
    }
    return found;
  }

  #byCharacters(text, lastIndex) {
    const pattern = new RegExp(this.source, `${this.flags}u`);
    pattern.lastIndex = lastIndex;
    return pattern.exec(text);
  }
}

export class Reference {
  #jsonata;
  /** The functions of the language, which all expressions of a process share, by name. */
  #functions = new Map();

  constructor(jsonata) {
    this.#jsonata = jsonata;
  }

  async prepare(names) {
    for (const name of names) {
      const found = await this.#jsonata(`$${name}`).evaluate();
      found.implementation = guarded(name, found);
      makeOpaque(found);
      this.#functions.set(name, found);
    }
  }

  /** `{result}`, where undefined has none; `{code, message}`; or `{leftOut}`, with the reason. */
  async evaluate({ expr, data, variables }) {
    // Messages call a function what it was called by last, in whatever expression; here all begin with their own names.
    for (const [name, shared] of this.#functions) {
      shared.token = name;
      shared.position = undefined;
    }
    const given = structuredClone({ data, variables: variables ?? {} });
    const walk = new Walk();
    let compiled;
    try {
      compiled = this.#jsonata(expr, { RegexEngine: Pattern });
      compiled.assign(ENTRY, (node, input) => walk.enter(node, input));
      compiled.assign(EXIT, (node, input, environment, result) => walk.leave(result));
      const result = encoded(await compiled.evaluate(given.data, given.variables));
      if (!isDeepStrictEqual(given, { data, variables: variables ?? {} })) throw new LeftOut('changes its input');
      return { result };
    } catch (error) {
      const leftOut = walk.failure ?? (error instanceof LeftOut ? error : undefined);
      if (leftOut) return { leftOut: leftOut.message };
      if (!error?.code) return { leftOut: 'JavaScript itself throws' };
      // Nor can a function that has a default for a parameter get some of its arguments beforehand.
      if (compiled && error.code === 'S0208') return { leftOut: UNCHECKED };
      const message = String(error.message);
      return MISNAMED.test(message) ? { code: error.code } : { code: error.code, message };
    }
  }
}

/**
 * Makes a function false and without JSON, as the documentation has it and as functions given to functions are; but npm's
 * evaluator keeps most in objects, which are true because they have members.
 */
function makeOpaque(value) {
  for (const name of [...Object.keys(value), 'token', 'position']) {
    Object.defineProperty(value, name, { value: value[name], enumerable: false, configurable: true, writable: true });
  }
  Object.defineProperty(value, 'toJSON', { value: () => () => {}, configurable: true });
}

/** A function of the language that refuses what only JavaScript makes something of. */
function guarded(name, { implementation, signature }) {
  const guard = function (...given) {
    // With some of its arguments given beforehand, a function gets the others unchecked.
    if (!('input' in this) && !fits(signature, given)) throw new LeftOut(UNCHECKED);
    if (name === 'replace' && typeof given[1] === 'string' && typeof given[2] === 'function') throw new LeftOut('a function as text');
    // The search for the exponent of a number that is not greater than zero never ends.
    const [value, picture, options] = given;
    const endless = name === 'formatNumber' && !(value > 0 && value < Infinity);
    if (endless && picture.includes(options?.['exponent-separator'] ?? 'e')) throw new LeftOut('never ends');
    return implementation.apply(this, given);
  };
  // Names and number of the parameters are read from the function itself.
  guard.toString = () => implementation.toString();
  return Object.defineProperty(guard, 'length', { value: implementation.length });
}

/** Whether a function gets these arguments as they are. */
function fits(signature, given) {
  const last = given.findLastIndex(argument => argument !== undefined);
  const kept = given.slice(0, last + 1);
  try {
    const checked = signature.validate(kept);
    return kept.every((argument, index) => Object.is(argument, checked[index]));
  } catch {
    return false;
  }
}

/**
 * Follows an evaluation.
 *
 * npm's evaluator begins all items of an array, and all values of an object, at the same time: which of two errors is told
 * depends on which takes fewer turns, and an assignment comes too late for the item after it. Both are accidents of
 * JavaScript; so each item is held back here until the one before it is done.
 */
class Walk {
  failure;
  #stack = [];
  #steps = 0;
  /** The constructor that a node is an item of. */
  #constructors = new Map();
  /** The nodes that give the names of members. */
  #names = new Set();
  /** The nodes that give what a transform changes. */
  #updates = new Set();

  async enter(node, input) {
    const constructor = this.#constructors.get(node);
    const frame = constructor && this.#stack.findLast(frame => frame.node === constructor);
    if (frame?.busy) await new Promise(go => frame.waiting.push(go));
    if (frame) frame.busy = true;
    if (node.type === 'transform') this.#updates.add(node.update);
    for (const pair of pairs(node)) this.#names.add(pair[0]);
    for (const item of items(node)) this.#constructors.set(item, node);
    this.#stack.push({ node, input, frame, busy: false, waiting: [] });
    if (isLeaked(node, input)) this.#fail('the inside of an array');
    if (++this.#steps > MOST_STEPS || this.#stack.length > MOST_LEVELS) this.#fail('takes long');
  }

  leave(result) {
    const { node, frame, input } = this.#stack.pop();
    const next = frame?.waiting.shift();
    if (next) next();
    else if (frame) frame.busy = false;
    if (result?._jsonata_lambda || result?._jsonata_function) {
      if (this.#updates.has(node)) this.#fail('a function as an object');
      makeOpaque(result);
      // Some functions belong to one expression alone.
      if (result._jsonata_function) result.token ??= node.value;
    }
    try {
      encoded(this.#names.has(node) && typeof result === 'string' ? { [result]: null } : result);
    } catch (error) {
      this.#fail(error.message);
    }
    // An object constructor puts it into an empty array that it is evaluated on.
    if (Array.isArray(input) && !input.sequence && input.includes(undefined)) this.#fail('changes its input');
  }

  #fail(reason) {
    this.failure ??= new LeftOut(reason);
    throw this.failure;
  }
}

/** Whether what npm's evaluator takes note of shows: in the rows of a path, and in arrays that have more than their items. */
function isLeaked(node, input) {
  if (Array.isArray(input)) return node.type === 'wildcard' && !input.outerWrapper && Object.keys(input).length > input.length;
  return typeof input === 'object' && input !== null && Object.hasOwn(input, '@');
}

/** The names and values of an object constructor, or of a group. */
function pairs({ type, value, lhs, group }) {
  return [...(group?.lhs ?? []), ...(type === 'unary' && value === '{' ? lhs : [])];
}

/** The nodes that npm's evaluator begins at the same time. */
function items(node) {
  const values = pairs(node).map(pair => pair[1]);
  return node.type === 'unary' && node.value === '[' ? [...values, ...node.expressions] : values;
}

/** The JSON of a value, as `JSON.stringify` makes it; but numbers that JSON has not are texts, as AWS writes them. */
function encoded(value, depth = 0) {
  if (depth > 100) throw new LeftOut('nests deep');
  switch (typeof value) {
    case 'string':
      return whole(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      break;
    default:
      return typeof value === 'boolean' ? value : undefined;
  }
  if (value === null) return null;
  if (value._jsonata_lambda || value._jsonata_function) return undefined;
  if (Array.isArray(value)) {
    const items = value.tupleStream ? value.map(row => row['@']) : value;
    return Array.from(items, item => encoded(item, depth + 1) ?? null);
  }
  if (Object.hasOwn(value, '@')) throw new LeftOut('the inside of an array');
  const members = Object.keys(value).map(name => [name, encoded(value[name], depth + 1)]);
  if (members.some(([name]) => /^(0|[1-9]\d*)$/.test(whole(name)))) throw new LeftOut('JavaScript reorders members');
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

/** A text, unless it holds half a surrogate pair. */
function whole(text) {
  if (/\p{Surrogate}/u.test(text)) throw new LeftOut('half a character');
  return text;
}
