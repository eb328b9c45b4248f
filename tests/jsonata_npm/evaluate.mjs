// Evaluates cases with the `jsonata` of npm, and says of each outcome whether another program can be held against it.

import { isDeepStrictEqual } from 'node:util';

import { encoded, LeftOut, makeOpaque, Walk } from './walk.mjs';

const ENTRY = Symbol.for('jsonata.__evaluate_entry');
const EXIT = Symbol.for('jsonata.__evaluate_exit');

/** In a message, the name of what failed, where it failed inside of `and` or `or`. */
const MISNAMED = /"(and|or)"|\$(and|or)\?/;
/** A function that has some of its arguments given beforehand gets the others unchecked. */
const UNCHECKED = 'arguments that nobody checks';

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
      // Nor can a function that has a default for a parameter have arguments given beforehand.
      if (compiled && error.code === 'S0208') return { leftOut: UNCHECKED };
      const message = String(error.message);
      return MISNAMED.test(message) ? { code: error.code } : { code: error.code, message };
    }
  }
}

/** A function of the language that refuses what only JavaScript makes something of. */
function guarded(name, { implementation, signature }) {
  const guard = function (...given) {
    if (!('input' in this) && !fits(signature, given)) throw new LeftOut(UNCHECKED);
    const [first, second, third] = given;
    if (name === 'replace' && typeof second === 'string' && typeof third === 'function')
      throw new LeftOut('a function as a text');
    // The search for the exponent of a number that is not greater than zero never ends.
    const hasExponent = name === 'formatNumber' && second?.includes(third?.['exponent-separator'] ?? 'e');
    if (hasExponent && !(first > 0 && first < Infinity)) throw new LeftOut('never ends');
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

/** Patterns are for texts: JavaScript makes a text of anything else, and takes halves of characters. */
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
