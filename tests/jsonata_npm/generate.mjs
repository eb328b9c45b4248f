// Makes expressions, with the documents that they are evaluated on, from a seed.
//
// Expressions know the names and paths of their document, so that most of them find something. `depth` bounds how far
// they nest: each level makes its parts with one less, down to literals, names and variables.

import { call, functionValue, functionsOf, lambda } from './calls.mjs';
import { damaged } from './damage.mjs';
import { Random } from './random.mjs';
import { documents, numbers, oddities, patterns, texts } from './vocabulary.mjs';
import { anyNumber, anyPattern, anyText } from './words.mjs';

/** How often each family of expressions comes up, and what makes one. */
const FAMILIES = {
  path: [5, g => g.path(g.depth)],
  operator: [5, g => g.operator(g.depth)],
  constructor: [3, g => g.constructed(g.depth)],
  'sort and group': [2, g => g.random.pick(g.paths) + g.random.weighted([[1, () => g.sort(g.depth)], [1, () => g.group(g.depth)]])],
  join: [2, g => g.join(g.depth)],
  transform: [2, g => g.transform(g.depth)],
  block: [3, g => g.block(g.depth)],
  lambda: [3, g => g.lambdaUse(g.depth)],
  chain: [3, g => g.chain(g.depth)],
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
    return random.chance(0.92) ? random.pick(this.names) : random.pick(['nothing', 'foo', '`x y`', '_u', 'and', 'or', 'in', 'é']);
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
      [1.5, () => this.chain(depth)],
      [1.2, () => this.block(depth)],
      [1, () => this.lambdaUse(depth)],
      [0.7, () => this.transform(depth)],
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
      [1, () => random.pick(['[3,1,2]', '["b","a","c"]', '[1,"a",null]', '[1]', '[]', '[[1,2],[3]]', '[{"a":1},{"a":2,"b":3}]', '[true,false]', '[2,2,"2",1]'])],
    ]);
  }

  object(depth) {
    return this.random.weighted([
      [2, () => this.random.pick(this.paths)],
      [3, () => this.objectOf(depth)],
      [1, () => this.random.pick(['{"a":1,"b":"x"}', '{}', '{"a":{"b":[1,2]}}', '[{"a":1},{"b":2}]'])],
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
      [1.5, () => `${this.operand(depth)} ? ${this.operand(depth)}${random.chance(0.8) ? ` : ${this.operand(depth)}` : ''}`],
      [0.7, () => `${this.operand(depth)} in ${this.operand(depth)}`],
      [0.5, () => `-${this.operand(depth)}`],
    ]);
  }

  arithmetic(depth) {
    const side = () => (this.random.chance(0.75) ? this.number(depth - 1) : this.operand(depth));
    return `${side()} ${this.random.pick(ARITHMETIC)} ${side()}`;
  }

  comparison(depth) {
    const side = this.random.pick([() => this.number(depth - 1), () => this.text(depth - 1), () => this.operand(depth), () => this.operand(depth)]);
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
      ]));
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
    const term = () => random.weighted([
      [4, () => this.name()],
      [1, () => '$'],
      [1, () => this.any(depth - 1)],
      [0.5, () => `%.${this.name()}`],
    ]);
    return `^(${random.times(1 + random.below(2), () => random.pick(['', '<', '>']) + term()).join(', ')})`;
  }

  group(depth) {
    const { random } = this;
    const key = () => random.weighted([
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
    const made = this.binding(names, () =>
      random.pick(this.paths) + random.times(1 + random.below(4), () => {
        const outer = this.bound.length;
        const part = random.weighted([
          [2, () => bind('@$', random.pick(['v', 'w']))],
          [2, () => bind('#$', random.pick(['i', 'j']))],
          [3, () => `.${this.step(depth)}`],
          [1, () => this.predicate(depth)],
          [0.7, () => `[$${random.pick(['v', 'w'])}.${this.name()} = ${this.name()}]`],
          [0.7, () => this.sort(depth)],
          [0.2, () => '[]'],
        ]);
        this.bound.length = outer;
        this.bound.push(...names.filter(name => !this.bound.includes(name)));
        return part;
      }).join(''));
    this.bound.length = 0;
    if (!names.length) return made;
    const pairs = names.map(name => `"${name}": $${name}`).join(', ');
    return made + random.pick(['', `.{${pairs}}`, `.[$${names.join(', $')}]`, `{"k" & $${names[0]}: $}`, `.($${names[0]})`]);
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
    const range = () => `${random.pick(['0', '1', '-2', random.pick(numbers)])}..${random.pick(['3', '1', '5', '2', '0', '1.5', '"a"', 'nothing'])}`;
    return `[${random.times(random.below(4), () => (random.chance(0.15) ? range() : this.any(depth - 1))).join(', ')}]`;
  }

  objectOf(depth) {
    const { random } = this;
    const key = index => (random.chance(0.8) ? `"${'abcd'[index]}"` : this.any(depth - 1));
    return `{${random.times(random.below(4), index => `${key(index)}: ${this.any(depth - 1)}`).join(', ')}}`;
  }

  // ---- blocks, functions, chains, transforms ----

  block(depth) {
    const { random } = this;
    const names = ['x', 'y', 'z'].slice(0, 1 + random.below(2));
    return this.binding([], () => {
      const lines = names.map(name => {
        const line = `$${name} := ${random.chance(0.3) ? lambda(this, depth - 1) : this.any(depth - 1)}`;
        this.bound.push(name);
        return line;
      });
      const last = random.chance(0.25) ? `$${random.pick(names)}(${this.list(random.below(3), depth - 1)})` : this.any(depth - 1);
      return `(${lines.join('; ')}; ${last}${random.chance(0.1) ? ';' : ''})`;
    });
  }

  list(count, depth) {
    return this.random.times(count, () => this.any(depth)).join(', ');
  }

  lambdaUse(depth) {
    const { random } = this;
    const inside = names => this.binding(names, () => this.any(depth - 1));
    const recursion = ['$n * $f($n - 1)', '$f($n - 1)', '$append($f($n - 1), $n)', '$f($n - 1) & $n', '$f($n - 1) + $f($n - 2)', '{"n": $f($n - 1)}'];
    return random.weighted([
      [2, () => `${lambda(this, depth)}(${this.list(random.below(4), depth - 1)})`],
      [1, () => `($f := function($n){$n <= 1 ? ${random.pick(['1', '0', '[]', '"x"'])} : ${random.pick(recursion)}}; $f(${random.below(9)}))`],
      [1, () => `($mk := function($p){function($q){${inside(['p', 'q'])}}}; $g := $mk(${this.any(depth - 1)}); $g(${this.any(depth - 1)}))`],
      [1, () => `($h := $${random.pick(['substring', 'power', 'append', 'replace', 'pad', 'join', 'formatNumber'])}(?, ${this.leaf()}${random.chance(0.3) ? ', ?' : ''}); $h(${this.list(1 + random.below(2), depth - 1)}))`],
      [0.7, () => `(function($a, $b){${inside(['a', 'b'])}})(?, ${this.leaf()})(${this.leaf()})`],
      [0.5, () => `($c := ${functionValue(this, 0)} ~> ${functionValue(this, 0)}; $c(${this.leaf()}))`],
      [1.3, () => `${random.pick(['$nope', this.name(), this.literal(), 'sum', '$states'])}(${this.leaf()})`],
    ]);
  }

  chain(depth) {
    const { random } = this;
    const unary = ['sum', 'count', 'string', 'keys', 'reverse', 'uppercase', 'sort', 'distinct', 'max', 'number', 'boolean', 'not', 'type', 'length', 'trim', 'spread', 'merge', 'exists', 'average'];
    const link = () => random.weighted([
      [3, () => `$${random.pick(unary)}`],
      [3, () => call(this, functionsOf(), depth - 1)],
      [1, () => `$map(${functionValue(this, depth - 1)})`],
      [1, () => `$filter(${functionValue(this, depth - 1)})`],
      [1, () => lambda(this, depth - 1, 1)],
      [0.5, () => this.transform(0)],
      [0.3, () => this.leaf()],
      [0.5, () => `$substring(?, ${random.pick(numbers)})`],
    ]);
    return [this.operand(depth), ...random.times(1 + random.below(2), link)].join(' ~> ');
  }

  transform(depth) {
    const { random } = this;
    const member = () => JSON.stringify(this.name().replaceAll('`', ''));
    const pattern = random.weighted([[3, () => random.pick(this.paths)], [2, () => random.pick(['$', '**'])], [1, () => this.name()]]);
    const update = random.chance(0.9) ? this.objectOf(depth - 1) : this.leaf();
    const remove = () => `, ${random.weighted([[3, member], [2, () => `[${member()}, ${member()}]`], [0.7, () => this.leaf()]])}`;
    const made = `|${pattern}|${update}${random.chance(0.5) ? remove() : ''}|`;
    return random.weighted([
      [17, () => `${random.pick(['$', '$$', random.pick(this.paths)])} ~> ${made}`],
      [2, () => `(${made})(${this.leaf()})`],
      [1, () => made],
    ]);
  }
}
