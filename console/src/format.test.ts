import { expect, test } from 'vitest';
import { duration, plural, size } from './format';

test('durations', () => {
  expect([0, 999, 1000, 9949, 59_949, 59_950, 61_000, 3_600_000, 7_505_000, 90_000_000].map(duration)).toEqual([
    '0 ms',
    '999 ms',
    '1.0 s',
    '9.9 s',
    '60 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '2 h 5 min',
    '1 d 1 h',
  ]);
});

test('sizes and counts', () => {
  expect([0, 1023, 1024, 262_144, 3_000_000].map(size)).toEqual(['0 B', '1,023 B', '1.0 KiB', '256 KiB', '2.9 MiB']);
  expect([plural(1, 'visit'), plural(10_000, 'visit')]).toEqual(['1 visit', '10,000 visits']);
});
