// Makes expressions, with the documents that they are evaluated on, from a seed.
//
// Expressions know the names and paths of their document, so that most of them find something. `depth` bounds how far
// they nest: each level makes its parts with one less, down to literals, names and variables.

import { block, chain, lambda, lambdaUse, transform } from './blocks.mjs';
import { call, functionsOf } from './calls.mjs';
import { damaged } from './damage.mjs';
import { Random } from './random.mjs';
import { arrays, documents, numbers, objects, oddities, patterns, strangers, texts } from './vocabulary.mjs';
import { anyNumber, anyPattern, anyText } from './words.mjs';

/** How often each family of expressions comes up, and what makes one. */
const FAMILIES = {
  path: [5, g => g.path(g.depth)],
  operator: [5, g => g.operator(g.depth)],
  constructor: [3, g => g.constructed(g.depth)],
  'sort and group': [2, g => g.random.pick(g.paths) + (g.random.chance(0.5) ? g.sort(g.depth) : g.group(g.depth))],
  join: [2, g => g.join(g.depth)],
  transform: [2, g => transform(g, g.depth)],
  block: [3, g => block(g, g.depth)],
  lambda: [3, g => lambdaUse(g, g.depth)],
  chain: [3, g => chain(g, g.depth)],
  'text function': [4, g => call(g, functionsOf('text'), g.depth)],
  'pattern function': [3, g => call(g, functionsOf('pattern'), g.depth)],
  'number function': [4, g => call(g, functionsOf('number'), g.depth)],
  'picture function': [4, g => call(g, functionsOf('picture'), g.depth)],
  'date function': [4, g => call(g, functionsOf('date'), g.depth)],
  'array function': [4, g => call(g, functionsOf('array'), g.depth)],
  'object function': [3, g => call(g, functionsOf('object'), g.depth)],
  'higher-order function': [4, g => call(g, functionsOf('higher-order'), g.depth)],
  'other function': [3, g => call(g, functionsOf('other'), g.depth)],
};

const ARITHMETIC = ['+', '-', '*', '/', '%'];
const COMPARISONS = ['=', '!=', '<', '>', '<=', '>='];

export class Generator {
  constructor(seed) {
    this.random = new Random(seed);
  }

  /** The next case: `{family, expr, data?, variables?}`. */
  next() {
    const { random } = this;
    const document = random.weighted(documents.map(document => [document.weight, () => document]));
    this.names = document.names;
    this.paths = document.paths;
    this.bound = [];
    this.depth = 1 + random.below(4);
    let [family, [, make]] = random.weighted(Object.entries(FAMILIES).map(entry => [entry[1][0], () => entry]));
    let expr = make(this);
    if (random.chance(0.2)) {
      family = 'broken';
      expr = random.chance(0.1) ? random.pick(oddities) : damaged(random, expr);
    }
    return { family, expr, data: document.input, variables: document.variables };
  }

  // ---- leaves ----

  name() {
    const { random } = this;
    return random.chance(0.92) ? random.pick(this.names) : random.pick(strangers);
  }

  numberLiteral() {
    return this.random.chance(0.7) ? this.random.pick(numbers) : anyNumber(this.random);
  }

  textLiteral() {
    return this.random.chance(0.7) ? this.random.pick(texts) : anyText(this.random);
  }

  pattern() {
    return this.random.chance(0.5) ? this.random.pick(patterns) : anyPattern(this.random);
  }

  literal() {
    const { random } = this;
    return random.weighted([
      [4, () => this.numberLiteral()],
      [4, () => this.textLiteral()],
      [3, () => random.pick(['true', 'false', 'null'])],
      [1, () => random.pick(['[]', '{}'])],
    ]);
  }

  variable() {
    const { bound, random } = this;
    return bound.length && random.chance(0.9) ? `$${random.pick(bound)}` : random.pick(['$', '$$', '$nope', '$']);
  }

  /** What `make` makes while some more variables are bound. */
  binding(names, make) {
    const outer = this.bound.length;
    this.bound.push(...names);
    const made = make();
    this.bound.length = outer;
    return made;
  }

  /** `count` expressions, as arguments. */
  list(count, depth) {
    return this.random.times(count, () => this.any(depth)).join(', ');
  }

  leaf() {
    return this.random.weighted([
      [3, () => this.literal()],
      [3, () => this.random.pick(this.paths)],
      [2, () => this.name()],
      [this.bound.length ? 4 : 0.5, () => this.variable()],
    ]);
  }

  // ---- any expression, and expressions of a kind ----

  any(depth) {
    if (depth <= 0) return this.leaf();
    return this.random.weighted([
      [4, () => this.path(depth)],
      [4, () => this.leaf()],
      [7, () => this.operator(depth)],
      [7, () => call(this, functionsOf(), depth)],
      [2, () => this.constructed(depth)],
      [1.5, () => chain(this, depth)],
      [1.2, () => block(this, depth)],
      [1, () => lambdaUse(this, depth)],
      [0.7, () => transform(this, depth)],
      [0.2, () => lambda(this, depth)],
      [0.15, () => this.pattern()],
    ]);
  }

  /** An operand: in brackets, unless it needs none. */
  operand(depth) {
    const made = this.any(depth - 1 - this.random.below(2));
    return /^[\w$`".]+$/.test(made) || this.random.chance(0.15) ? made : `(${made})`;
  }

  number(depth) {
    const { random } = this;
    if (depth <= 0 || random.chance(0.5)) return random.chance(0.8) ? this.numberLiteral() : random.pick(this.paths);
    return random.weighted([
      [2, () => this.arithmetic(depth - 1)],
      [1, () => `$count(${this.array(depth - 1)})`],
      [1, () => `$sum(${this.array(depth - 1)})`],
      [1, () => `$length(${this.text(depth - 1)})`],
      [1, () => `$number(${this.text(depth - 1)})`],
    ]);
  }

  text(depth) {
    const { random } = this;
    if (depth <= 0 || random.chance(0.6)) return random.chance(0.75) ? this.textLiteral() : random.pick(this.paths);
    return random.weighted([
      [2, () => `$string(${this.any(depth - 1)})`],
      [1, () => `$uppercase(${this.text(depth - 1)})`],
      [1, () => `(${this.any(depth - 1)} & ${this.text(depth - 1)})`],
      [1, () => `$substring(${this.text(depth - 1)}, ${this.number(0)})`],
    ]);
  }

  array(depth) {
    const { random } = this;
    return random.weighted([
      [4, () => random.pick(this.paths)],
      [2, () => this.arrayOf(depth)],
      [1, () => `[1..${random.below(6)}]`],
      [depth > 0 ? 2 : 0, () => this.path(depth - 1)],
      [1, () => random.pick(arrays)],
    ]);
  }

  object(depth) {
    return this.random.weighted([
      [2, () => this.random.pick(this.paths)],
      [3, () => this.objectOf(depth)],
      [1, () => this.random.pick(objects)],
    ]);
  }

  boolean(depth) {
    return this.random.weighted([
      [2, () => this.random.pick(['true', 'false'])],
      [4, () => this.comparison(depth)],
      [1, () => this.any(depth - 1)],
    ]);
  }

  // ---- operators ----

  operator(depth) {
    const { random } = this;
    return random.weighted([
      [2, () => this.arithmetic(depth)],
      [2, () => this.comparison(depth)],
      [1.3, () => `${this.operand(depth)} ${random.pick(['and', 'or'])} ${this.operand(depth)}`],
      [2, () => `${this.operand(depth)} & ${this.operand(depth)}`],
      [1.5, () => this.condition(depth)],
      [0.7, () => `${this.operand(depth)} in ${this.operand(depth)}`],
      [0.5, () => `-${this.operand(depth)}`],
    ]);
  }

  condition(depth) {
    const made = `${this.operand(depth)} ? ${this.operand(depth)}`;
    return this.random.chance(0.8) ? `${made} : ${this.operand(depth)}` : made;
  }

  arithmetic(depth) {
    const side = () => (this.random.chance(0.75) ? this.number(depth - 1) : this.operand(depth));
    return `${side()} ${this.random.pick(ARITHMETIC)} ${side()}`;
  }

  comparison(depth) {
    const any = () => this.operand(depth);
    const side = this.random.pick([() => this.number(depth - 1), () => this.text(depth - 1), any, any]);
    return `${side()} ${this.random.pick(COMPARISONS)} ${side()}`;
  }

  // ---- paths ----

  path(depth) {
    const { random } = this;
    const start = random.weighted([
      [5, () => random.pick(this.paths)],
      [3, () => this.name()],
      [0.7, () => `(${this.any(depth - 1)})`],
      [1, () => this.variable()],
      [0.5, () => '$$'],
      [0.5, () => this.arrayOf(depth - 1)],
    ]);
    const more = random.times(random.below(4), () =>
      random.weighted([
        [6, () => `.${this.step(depth)}`],
        [3, () => this.predicate(depth)],
        [0.8, () => '[]'],
        [0.8, () => this.sort(depth)],
      ]),
    );
    return start + more.join('') + (random.chance(0.12) ? this.group(depth) : '');
  }

  step(depth) {
    const { random } = this;
    return random.weighted([
      [8, () => this.name()],
      [1, () => '*'],
      [0.7, () => '**'],
      [0.9, () => `(${this.any(depth - 1)})`],
      [0.7, () => this.objectOf(depth - 1)],
      [0.6, () => this.arrayOf(depth - 1)],
      [0.8, () => '%'],
      [0.6, () => `%.${this.name()}`],
      [0.8, () => call(this, functionsOf(), depth - 1)],
      [0.5, () => '$'],
      [0.2, () => this.textLiteral()],
      [0.1, () => this.numberLiteral()],
    ]);
  }

  predicate(depth) {
    const { random } = this;
    const made = random.weighted([
      [3, () => random.below(4)],
      [1, () => -1 - random.below(3)],
      [2, () => `${this.name()} ${random.pick(['=', '>', '<', '!='])} ${this.leaf()}`],
      [1, () => this.any(depth - 1)],
      [1.4, () => random.pick(['[0..1]', '[0,-1,9]', '1.7', '[]', '-0.5'])],
      [0.5, () => `$ ${random.pick(['>', '<'])} ${this.numberLiteral()}`],
      [0.3, () => random.pick(['true', 'false', '"x"', 'null', '$$', 'nothing'])],
      [0.5, () => `%.${this.name()} = ${this.leaf()}`],
    ]);
    return `[${made}]`;
  }

  sort(depth) {
    const { random } = this;
    const term = () =>
      random.weighted([
        [4, () => this.name()],
        [1, () => '$'],
        [1, () => this.any(depth - 1)],
        [0.5, () => `%.${this.name()}`],
      ]);
    return `^(${random.times(1 + random.below(2), () => random.pick(['', '<', '>']) + term()).join(', ')})`;
  }

  group(depth) {
    const { random } = this;
    const key = () =>
      random.weighted([
        [5, () => this.name()],
        [2, () => this.textLiteral()],
        [1, () => `"k" & ${this.operand(depth - 1)}`],
        [0.7, () => this.any(depth - 1)],
      ]);
    return `{${random.times(1 + random.below(2), () => `${key()}: ${this.any(depth - 1)}`).join(', ')}}`;
  }

  /** A path with variables for values (`@`) and positions (`#`), which later steps use. */
  join(depth) {
    const { random } = this;
    const names = [];
    const bind = (sign, name) => {
      if (!names.includes(name)) names.push(name);
      return sign + name;
    };
    const made = this.binding(
      names,
      () =>
        random.pick(this.paths) +
        random
          .times(1 + random.below(4), () => {
            const outer = this.bound.length;
            const part = random.weighted([
              [2, () => bind('@$', random.pick(['v', 'w']))],
              [2, () => bind('#$', random.pick(['i', 'j']))],
              [3, () => `.${this.step(depth)}`],
              // Not `[[0,-1]]`: npm's evaluator gives a row that is chosen twice one position.
              [1, () => this.predicate(depth).replace('[0,-1,9]', '[0,9]')],
              [0.7, () => `[$${random.pick(['v', 'w'])}.${this.name()} = ${this.name()}]`],
              [0.7, () => this.sort(depth)],
              [0.2, () => '[]'],
            ]);
            this.bound.length = outer;
            this.bound.push(...names.filter(name => !this.bound.includes(name)));
            return part;
          })
          .join(''),
    );
    this.bound.length = 0;
    if (!names.length) return made;
    const first = `$${names[0]}`;
    const pairs = names.map(name => `"${name}": $${name}`).join(', ');
    return made + random.pick(['', `.{${pairs}}`, `.[$${names.join(', $')}]`, `{"k" & ${first}: $}`, `.(${first})`]);
  }

  // ---- constructors ----

  constructed(depth) {
    const { random } = this;
    return random.weighted([
      [2, () => this.arrayOf(depth)],
      [2, () => this.objectOf(depth)],
      [1, () => `${random.pick(this.paths)}.${this.objectOf(depth)}`],
      [0.7, () => `${random.pick(this.paths)}.${this.arrayOf(depth)}`],
      [0.7, () => `${random.pick(this.paths)}[]`],
      [0.4, () => `${this.objectOf(depth)}.${this.name()}`],
    ]);
  }

  arrayOf(depth) {
    const { random } = this;
    const item = () => {
      if (random.chance(0.85)) return this.any(depth - 1);
      const start = random.pick(['0', '1', '-2', random.pick(numbers)]);
      return `${start}..${random.pick(['3', '1', '5', '2', '0', '1.5', '"a"', 'nothing'])}`;
    };
    return `[${random.times(random.below(4), item).join(', ')}]`;
  }

  objectOf(depth) {
    const { random } = this;
    const key = index => (random.chance(0.8) ? `"${'abcd'[index]}"` : this.any(depth - 1));
    return `{${random.times(random.below(4), index => `${key(index)}: ${this.any(depth - 1)}`).join(', ')}}`;
  }
}
