import { expect, test } from 'vitest';
import type { Course } from '../contract';
import { spansOf, ticks } from './spans';

const course = {
  frames: [{ kind: 'Execution', path: '', status: 'SUCCEEDED' }, { kind: 'Iteration', index: 0, owner: 0, path: 'Each[0]/', status: 'SUCCEEDED' }],
  visits: [
    { frame: 0, name: 'Each', attempts: [] },
    { frame: 1, name: 'Work', attempts: [{ status: 'FAILED' }, { status: 'SUCCEEDED' }] },
  ],
} as unknown as Course;

test('rows for states, iterations and attempts, which can be closed', () => {
  const labels = (toggled: string[]) => spansOf(course, new Set(toggled)).map(({ depth, label }) => `${depth} ${label}`);
  expect(labels([])).toEqual(['0 Each', '1 Iteration 0', '2 Work', '3 Attempt 1', '3 Attempt 2']);
  expect(labels(['f1'])).toEqual(['0 Each', '1 Iteration 0']);
});

test('ticks are round', () => {
  expect(ticks(0, 1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(ticks(130, 190, 3)).toEqual([140, 160, 180]);
  expect(ticks(0, 200_000, 4)).toEqual([0, 60_000, 120_000, 180_000]);
  expect(ticks(5, 5, 3)).toEqual([]);
});
