// Follows an evaluation by npm's `jsonata`, node by node, and notices where an outcome is one of JavaScript alone.

/** Beyond this an expression is left out rather than waited for. */
const MOST_STEPS = 200_000;
const MOST_LEVELS = 400;

/** Why an outcome is not compared. */
export class LeftOut extends Error {}

/**
 * Holds each item of a constructor back until the one before it is done. npm's evaluator begins all items of an array,
 * and all values of an object, at the same time: which of two errors is told depends on which takes fewer turns, and an
 * assignment comes too late for the item after it.
 */
export class Walk {
  /** Why the outcome is left out; an expression may catch what is thrown. */
  failure;
  #stack = [];
  #steps = 0;
  /** What nodes are for, as far as it matters: `{role, of}`. */
  #roles = new Map();

  async enter(node, input) {
    const { role, of } = this.#roles.get(node) ?? {};
    const frame = role === 'item' ? this.#stack.findLast(frame => frame.node === of) : undefined;
    if (frame?.busy) await new Promise(go => frame.waiting.push(go));
    if (frame) frame.busy = true;
    for (const [part, role] of parts(node)) this.#roles.set(part, { role, of: node });
    this.#stack.push({ node, input, role, frame, busy: false, waiting: [] });
    if (isLeaked(node, input)) this.#fail('the inside of an array');
    // By then the update may have put an object into itself.
    if (role === 'deletion') this.#check(input);
    if (++this.#steps > MOST_STEPS || this.#stack.length > MOST_LEVELS) this.#fail('takes long');
  }

  leave(result) {
    const { node, input, role, frame } = this.#stack.pop();
    const next = frame?.waiting.shift();
    if (next) next();
    else if (frame) frame.busy = false;
    if (isFunction(result)) {
      if (role === 'update') this.#fail('a function as an object');
      makeOpaque(result);
      // Some functions belong to one expression alone, and have no name yet.
      if (result._jsonata_function) result.token ??= node.value;
    }
    this.#check(role === 'name' && typeof result === 'string' ? { [result]: null } : result);
    if (role === 'member' && typeof result === 'object' && result !== null) this.#fail('which object it is');
    // An object constructor puts it into an empty array that it is evaluated on.
    if (Array.isArray(input) && !input.sequence && input.includes(undefined)) this.#fail('changes its input');
  }

  #check(value) {
    try {
      encoded(value);
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #fail(reason) {
    this.failure ??= new LeftOut(reason);
    throw this.failure;
  }
}

/** The parts of a node whose role matters. */
function parts(node) {
  const { type, value, group } = node;
  const pairs = [...(group?.lhs ?? []), ...(type === 'unary' && value === '{' ? node.lhs : [])];
  const found = pairs.map(([name]) => [name, 'name']);
  found.push(...pairs.map(([, item]) => [item, 'item']));
  if (type === 'unary' && value === '[') found.push(...node.expressions.map(item => [item, 'item']));
  if (type === 'transform') found.push([node.update, 'update'], [node.delete, 'deletion']);
  if (type === 'binary' && value === 'in') found.push([node.lhs, 'member']);
  return found;
}

/** Whether what npm's evaluator takes note of shows: the rows of a path, or what arrays have besides their items. */
function isLeaked(node, input) {
  if (Array.isArray(input)) {
    return node.type === 'wildcard' && !input.outerWrapper && Object.keys(input).length > input.length;
  }
  return typeof input === 'object' && input !== null && Object.hasOwn(input, '@');
}

function isFunction(value) {
  return Boolean(value?._jsonata_lambda || value?._jsonata_function);
}

/**
 * Makes a function false and without JSON, as the documentation has it and as functions given to functions are; but
 * npm's evaluator keeps most in objects, which are true because they have members.
 */
export function makeOpaque(value) {
  for (const name of [...Object.keys(value), 'token', 'position']) {
    Object.defineProperty(value, name, { value: value[name], enumerable: false, configurable: true, writable: true });
  }
  Object.defineProperty(value, 'toJSON', { value: () => () => {}, configurable: true });
}

/** The JSON of a value, as `JSON.stringify` makes it; but numbers that JSON has not are texts, as AWS writes them. */
export function encoded(value, depth = 0) {
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
  if (isFunction(value)) return undefined;
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
