import { expect, test } from 'vitest';
import { href, parse } from './route';

test('a route survives the hash', () => {
  const arn = 'arn:aws:states:us-east-1:000000000000:execution:ünï/cödé?#x:%2F a';
  const parameters = { state: '/States/Is it "paid"?', visit: '3', text: 'a&b=c' };
  expect(parse(href('execution', arn, parameters))).toEqual({ view: 'execution', of: arn, parameters });
});

test('what is no route leads to the executions', () => {
  expect(parse('')).toEqual({ view: 'find', of: '', parameters: {} });
  expect(parse('#/nowhere/%').view).toBe('find');
  expect(href('find', '', { status: '', name: undefined })).toBe('#/');
});
