import { json } from '@codemirror/lang-json';
import { expect, test } from 'vitest';
import { rangeOf } from './json-place';

const text = '{"States": {"a/b": {"Retry": [{"MaxAttempts": 3}], "Type": "Tusk"}}}';
const at = (pointer: string) => {
  const { from, to } = rangeOf(json().language.parser.parse(text), (start, end) => text.slice(start, end), pointer);
  return text.slice(from, to);
};

test('a pointer leads to the value, or to the last part of it that is there', () => {
  expect(at('/States/a~1b/Type')).toBe('"Tusk"');
  expect(at('/States/a~1b/Retry/0/MaxAttempts')).toBe('3');
  expect(at('/States/a~1b')).toBe('"a/b"');
  expect(at('/States/a~1b/Missing')).toBe('"a/b"');
  expect(at('')).toBe('{');
});
