import { expect, test } from 'vitest';
import { partsOf, valueAt } from './pointer';

const document = { States: { 'a/b': { Branches: [{ n: 1 }, { n: 2 }] }, 'c[0]': 3 } };

test('paths of definitions, whatever names are like', () => {
  expect(valueAt(document, '/States/a~1b/Branches[1]/n')).toBe(2);
  expect(valueAt(document, '/States/a/b/Branches/0/n')).toBe(1);
  expect(valueAt(document, '/States/c[0]')).toBe(3);
  expect(valueAt(document, '/States/none')).toBeUndefined();
  expect(valueAt(document, '/States/constructor')).toBeUndefined();
  expect(valueAt(document, '')).toBe(document);
  expect(partsOf('/States/a~1b~0')).toEqual(['States', 'a/b~']);
});
