// Calls of JSONata's functions: mostly with the arguments that they take, sometimes with others.

import { functionValue } from './blocks.mjs';
import * as words from './vocabulary.mjs';
import { anyPicture } from './words.mjs';

/** Names with the kinds of their parameters; one with `?` may be left out. */
const FUNCTIONS = {
  text: [
    ['string', 'any', 'boolean?'],
    ['string', 'number'],
    ['string', 'any'],
    ['length', 'text'],
    ['substring', 'text', 'position', 'position?'],
    ['substringBefore', 'text', 'text'],
    ['substringAfter', 'text', 'text'],
    ['uppercase', 'text'],
    ['lowercase', 'text'],
    ['trim', 'text'],
    ['pad', 'text', 'position', 'text?'],
    ['join', 'texts', 'text?'],
    ['base64encode', 'text'],
    ['base64decode', 'text'],
    ['encodeUrl', 'url'],
    ['encodeUrlComponent', 'url'],
    ['decodeUrl', 'url'],
    ['decodeUrlComponent', 'url'],
  ],
  pattern: [
    ['contains', 'text', 'text or pattern'],
    ['split', 'text', 'text or pattern', 'position?'],
    ['match', 'text', 'pattern', 'position?'],
    ['replace', 'text', 'text or pattern', 'replacement', 'position?'],
    ['replace', 'text', 'pattern', 'replacement'],
  ],
  number: [
    ['number', 'any'],
    ['number', 'text'],
    ['abs', 'number'],
    ['floor', 'number'],
    ['ceil', 'number'],
    ['round', 'number', 'position?'],
    ['power', 'number', 'position'],
    ['sqrt', 'number'],
    ['sum', 'numbers'],
    ['max', 'numbers'],
    ['min', 'numbers'],
    ['average', 'numbers'],
    ['formatBase', 'number', 'radix?'],
  ],
  picture: [
    ['formatNumber', 'number', 'number picture', 'number options?'],
    ['formatNumber', 'number', 'number picture'],
    ['formatInteger', 'number', 'integer picture'],
    ['parseInteger', 'text', 'integer picture'],
    ['parsed back', 'number', 'integer picture'],
  ],
  date: [
    ['fromMillis', 'moment', 'date picture?', 'zone?'],
    ['fromMillis', 'moment', 'date picture'],
    ['toMillis', 'stamp', 'date picture?'],
    ['toMillis', 'stamp', 'date picture'],
    ['there and back', 'moment', 'date picture'],
    ['now', 'date picture?', 'zone?'],
    ['millis'],
  ],
  array: [
    ['count', 'array'],
    ['append', 'array', 'array'],
    ['sort', 'array', 'order?'],
    ['reverse', 'array'],
    ['distinct', 'array'],
    ['zip', 'array', 'array', 'array?'],
  ],
  object: [
    ['keys', 'object'],
    ['lookup', 'object', 'text'],
    ['spread', 'object'],
    ['merge', 'array'],
    ['sift', 'object', 'function of 3'],
    ['each', 'object', 'function of 2'],
    ['type', 'any'],
  ],
  'higher-order': [
    ['map', 'array', 'function of 1'],
    ['map', 'array', 'function of 3'],
    ['filter', 'array', 'function of 1'],
    ['filter', 'array', 'function of 3'],
    ['reduce', 'array', 'reducer', 'any?'],
    ['single', 'array', 'function of 1?'],
    ['sift', 'object', 'function of 1'],
  ],
  other: [
    ['boolean', 'any'],
    ['not', 'any'],
    ['exists', 'any'],
    ['error', 'text?'],
    ['assert', 'boolean', 'text?'],
    ['eval', 'expression', 'any?'],
    ['clone', 'object'],
    ['type', 'any'],
  ],
};

const ALL = Object.values(FUNCTIONS).flat();

/** All names, without the calls that are two in one. */
export const functionNames = [...new Set(ALL.map(([name]) => name))].filter(name => !name.includes(' '));

/** The functions of a group; without one, all of them. */
export function functionsOf(group) {
  return group ? FUNCTIONS[group] : ALL;
}

/** Makes an argument of each kind. */
const ARGUMENTS = {
  any: (g, depth) => g.any(depth),
  text: (g, depth) => g.text(depth),
  number: (g, depth) => g.number(depth),
  position: g => (g.random.chance(0.8) ? String(g.random.below(9) - 3) : g.number(0)),
  array: (g, depth) => g.array(depth),
  object: (g, depth) => g.object(depth),
  boolean: (g, depth) => g.boolean(depth),
  numbers: (g, depth) => usually(g, words.numberArrays, () => g.array(depth)),
  texts: (g, depth) => usually(g, words.textArrays, () => g.array(depth)),
  pattern: g => (g.random.chance(0.95) ? g.pattern() : g.random.pick(words.matchers)),
  'text or pattern': g => (g.random.chance(0.5) ? ARGUMENTS.pattern(g) : g.text(0)),
  replacement: (g, depth) =>
    g.random.weighted([
      [6, () => g.random.pick(words.replacements)],
      [3, () => g.random.pick(words.replacers)],
      [1, () => functionValue(g, depth)],
    ]),
  'number picture': g => picture(g, 'number picture', words.numberPictures),
  'number options': g => g.random.pick(words.numberOptions),
  'integer picture': g => picture(g, 'integer picture', words.integerPictures),
  'date picture': g => (g.random.chance(0.95) ? picture(g, 'date picture', words.datePictures) : g.leaf()),
  moment: (g, depth) => usually(g, words.moments, () => g.any(depth)),
  stamp: (g, depth) => usually(g, words.stamps, () => g.any(depth)),
  zone: g => g.random.pick(words.zones),
  radix: g => g.random.pick(['2', '8', '16', '36', '10', '1', '37', '2.5', '"2"', 'nothing']),
  'function of 1': (g, depth) => functionValue(g, depth, 1),
  'function of 2': (g, depth) => functionValue(g, depth, 2),
  'function of 3': (g, depth) => functionValue(g, depth, 1 + g.random.below(3)),
  order: (g, depth) => usually(g, words.orders, () => functionValue(g, depth, 2)),
  reducer: (g, depth) => usually(g, words.reducers, () => functionValue(g, depth, 2)),
  expression: g => JSON.stringify(g.random.pick(words.evaluated)),
  url: g => usually(g, words.urls, () => g.text(0)),
};

function picture(g, kind, known) {
  return JSON.stringify(g.random.chance(0.5) ? g.random.pick(known) : anyPicture(g.random, kind));
}

function usually(g, choices, other) {
  return g.random.chance(0.8) ? g.random.pick(choices) : other();
}

/** A call of one of some functions. */
export function call(g, functions, depth) {
  const { random } = g;
  const [name, ...kinds] = random.pick(functions);
  const optional = kinds.filter(kind => kind.endsWith('?')).length;
  let count = kinds.length - random.below(optional + 1);
  if (random.chance(0.1)) count += random.pick([-1, 1]);
  const inner = Math.max(0, depth - 1);
  const list = random.times(Math.max(count, 0), index => {
    const kind = random.chance(0.1) ? 'any' : (kinds[index] ?? 'any').replace('?', '');
    return ARGUMENTS[kind](g, inner);
  });
  switch (name) {
    case 'parsed back':
      return `$parseInteger($formatInteger(${list.join(', ')}), ${list[1] ?? '"0"'})`;
    case 'there and back':
      return `$toMillis($fromMillis(${list.join(', ')}), ${list[1] ?? '"[Y]"'})`;
    default:
      return `$${name}(${list.join(', ')})`;
  }
}
