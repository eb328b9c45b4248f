import { expect, test } from 'vitest';
import type { Json } from '../contract';
import { changes, isLarge, lines } from './json-lines';

const told = (before: Json, after: Json) =>
  lines(after, new Set(), changes(before, after)).map(
    ({ sign, depth, name, text }) => `${sign}${'  '.repeat(depth)}${name === undefined ? '' : `${name}: `}${text}`,
  );

test('a difference shows the way to what changed, what is gone and what is new', () => {
  expect(
    told({ a: { x: 1, y: [1, 2] }, b: { c: 1 }, gone: 'g' }, { a: { x: 2, y: [1, 2, 3] }, b: { c: 1 }, new: null }),
  ).toEqual([
    ' {',
    '-  gone: "g"',
    '   a: {',
    '-    x: 1',
    '+    x: 2',
    '     y: [',
    '       1',
    '       2',
    '+      3',
    '     ]',
    '   }',
    '   b: {…}',
    '+  new: null',
    ' }',
  ]);
});

test('values of other kinds are replaced as a whole, and the same ones do not differ', () => {
  expect(told([1], { a: 1 })).toEqual(['-[', '-  1', '-]', '+{', '+  a: 1', '+}']);
  expect(told('a', null)).toEqual(['-"a"', '+null']);
  expect(changes({ a: [{}] }, { a: [{}] })).toBeUndefined();
});

test('members with names of JavaScript are members as others', () => {
  expect(told(JSON.parse('{"constructor": 1, "a/b~": 1}'), { 'a/b~': 2 })).toEqual([
    ' {',
    '-  constructor: 1',
    '-  a/b~: 1',
    '+  a/b~: 2',
    ' }',
  ]);
});

test('deep and large values', () => {
  let deep: Json = 1;
  for (let level = 0; level < 200; level += 1) deep = { deep };
  expect(lines(deep, new Set())).toHaveLength(401);
  const many = Array.from({ length: 3000 }, (_, index) => ({ index }));
  expect(isLarge(many, 2000)).toBe(true);
  expect(lines(many, new Set())).toHaveLength(3000 * 3 + 2);
  expect(lines(many, new Set([' ']))).toHaveLength(1);
});
