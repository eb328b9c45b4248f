// Blocks, functions as values, chains and transforms.

import { call, functionsOf } from './calls.mjs';
import { natives, numbers, partials, recursions, signatures, unaries } from './vocabulary.mjs';

/** `($x := …; $x)` */
export function block(g, depth) {
  const { random } = g;
  const names = ['x', 'y', 'z'].slice(0, 1 + random.below(2));
  return g.binding([], () => {
    const lines = names.map(name => {
      const line = `$${name} := ${random.chance(0.3) ? lambda(g, depth - 1) : g.any(depth - 1)}`;
      g.bound.push(name);
      return line;
    });
    const called = () => `$${random.pick(names)}(${g.list(random.below(3), depth - 1)})`;
    const last = random.chance(0.25) ? called() : g.any(depth - 1);
    return `(${lines.join('; ')}; ${last}${random.chance(0.1) ? ';' : ''})`;
  });
}

/** A lambda with `count` parameters, or with any number of them; some declare a signature. */
export function lambda(g, depth, count = g.random.below(4)) {
  const { random } = g;
  const names = ['p', 'q', 'w', 'u'].slice(0, count);
  const parameters = names.map(name => `$${name}`).join(', ');
  const signature = random.chance(0.1) ? random.pick(signatures) : '';
  const body = g.binding(names, () => g.any(depth - 1));
  return `${random.pick(['function', 'function', 'λ'])}(${parameters})${signature}{${body}}`;
}

/** Something to give to a function that takes a function: mostly one. */
export function functionValue(g, depth, count = 1) {
  const { random } = g;
  return random.weighted([
    [6, () => lambda(g, depth, count)],
    [1, () => lambda(g, depth)],
    [2, () => `$${random.pick(natives)}`],
    [0.7, () => `$${random.pick(partials)}(?, ${g.leaf()})`],
    [0.3, () => g.leaf()],
    [0.3, () => g.pattern()],
    [0.2, () => '($uppercase ~> $trim)'],
  ]);
}

/** A function that is called where it is made, or close to that. */
export function lambdaUse(g, depth) {
  const { random } = g;
  const inner = () => g.any(depth - 1);
  const inside = names => g.binding(names, inner);
  return random.weighted([
    [2, () => `${lambda(g, depth)}(${g.list(random.below(4), depth - 1)})`],
    [1, () => recursive(random)],
    [1, () => `($mk := function($p){function($q){${inside(['p', 'q'])}}}; $g := $mk(${inner()}); $g(${inner()}))`],
    [1, () => partial(g, depth)],
    [0.7, () => `(function($a, $b){${inside(['a', 'b'])}})(?, ${g.leaf()})(${g.leaf()})`],
    [0.5, () => `($c := ${functionValue(g, 0)} ~> ${functionValue(g, 0)}; $c(${g.leaf()}))`],
    [1.3, () => `${random.pick(['$nope', g.name(), g.literal(), 'sum', '$states'])}(${g.leaf()})`],
  ]);
}

function recursive(random) {
  const end = random.pick(['1', '0', '[]', '"x"']);
  return `($f := function($n){$n <= 1 ? ${end} : ${random.pick(recursions)}}; $f(${random.below(9)}))`;
}

function partial(g, depth) {
  const { random } = g;
  const made = `$${random.pick(partials)}(?, ${g.leaf()}${random.chance(0.3) ? ', ?' : ''})`;
  return `($h := ${made}; $h(${g.list(1 + random.below(2), depth - 1)}))`;
}

/** `a ~> $f ~> $g(1)` */
export function chain(g, depth) {
  const { random } = g;
  const link = () =>
    random.weighted([
      [3, () => `$${random.pick(unaries)}`],
      [3, () => call(g, functionsOf(), depth - 1)],
      [1, () => `$map(${functionValue(g, depth - 1)})`],
      [1, () => `$filter(${functionValue(g, depth - 1)})`],
      [1, () => lambda(g, depth - 1, 1)],
      [0.5, () => transform(g, 0)],
      [0.3, () => g.leaf()],
      [0.5, () => `$substring(?, ${random.pick(numbers)})`],
    ]);
  return [g.operand(depth), ...random.times(1 + random.below(2), link)].join(' ~> ');
}

/** `$ ~> |pattern|update,delete|`, mostly */
export function transform(g, depth) {
  const { random } = g;
  const pattern = random.weighted([
    [3, () => random.pick(g.paths)],
    [2, () => random.pick(['$', '**'])],
    [1, () => g.name()],
  ]);
  const update = random.chance(0.9) ? g.objectOf(depth - 1) : g.leaf();
  const member = () => JSON.stringify(g.name().replaceAll('`', ''));
  const deletion = () =>
    random.weighted([
      [3, member],
      [2, () => `[${member()}, ${member()}]`],
      [0.7, () => g.leaf()],
    ]);
  const made = `|${pattern}|${update}${random.chance(0.5) ? `, ${deletion()}` : ''}|`;
  return random.weighted([
    [17, () => `${random.pick(['$', '$$', random.pick(g.paths)])} ~> ${made}`],
    [2, () => `(${made})(${g.leaf()})`],
    [1, () => made],
  ]);
}
