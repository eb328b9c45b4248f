import { expect, test } from 'vitest';
import type { Course, Visit } from '../contract';
import { focusOn, markOf, statusOf, tallies } from './tally';

const visit = (frame: number, state: string, status: Visit['status'], more: Partial<Visit> = {}): Visit =>
  ({ frame, state: `/States/${state}`, name: state, path: state, type: 'Task', number: 1, status, from: 0, to: status === 'RUNNING' ? undefined : 1000, event: 0, attempts: [], ...more });

/** A Map of three with one state, of which one fails, one is retried and one waits. */
const course: Course = {
  events: 0,
  marks: { states: {}, transitions: {} },
  frames: [
    { kind: 'Execution', path: '', status: 'RUNNING' },
    ...[0, 1, 2].map((index) => ({ kind: 'Iteration' as const, index, owner: 0, path: `Each[${index}]/`, status: 'RUNNING' as const })),
  ],
  visits: [
    visit(0, 'Each', 'RUNNING', { type: 'Map' }),
    visit(1, 'Work', 'FAILED'),
    visit(2, 'Work', 'SUCCEEDED', { attempts: [{ status: 'FAILED' }, { status: 'SUCCEEDED' }] }),
    visit(3, 'Work', 'RUNNING', { type: 'Wait', until: 5000 }),
  ],
};

test('what all iterations come to, as long as there is room', () => {
  const work = tallies(course, new Map()).get('/States/Work');
  expect(work).toMatchObject({ count: 3, failed: 1, succeeded: 1, running: 1, waiting: 1, retried: 1, until: 5000 });
  expect(statusOf(work)).toBe('FAILED');
  expect(markOf(work, 2000, 80)).toBe('✗ 1 failed · ⧗ 1 waits, 3.0 s left · ✓ 1 succeeded · ↻ 1');
  expect(markOf(work, 2000, 20)).toBe('✗ 1 · … 1 · ✓ 1');
  expect(markOf(work, 2000, 3)).toBe('✗ 1');
});

test('one iteration alone', () => {
  const focus = focusOn(course, 2);
  expect([...focus]).toEqual([['/States/Each', 2]]);
  const work = tallies(course, focus).get('/States/Work');
  expect(markOf(work, 2000, 40)).toBe('✓ succeeded · ↻ 1 · 1.0 s');
  expect(markOf(undefined, 0, 40)).toBe('– not reached');
});
