import { expect, test } from 'vitest';
import type { HistoryEvent } from '../contract';
import { Places } from './places';

/** A Map of one item, and the state behind it. */
const events: HistoryEvent[] = ([
  ['ExecutionStarted'], ['MapStateEntered', 'Each'], ['MapStateStarted'], ['MapIterationStarted', 'Each'], ['PassStateEntered', 'Work'], ['PassStateExited', 'Work'],
  ['MapIterationSucceeded', 'Each'], ['MapStateSucceeded'], ['MapStateExited', 'Each'], ['PassStateEntered', 'After'], ['PassStateExited', 'After'], ['ExecutionSucceeded'],
] as [string, string?][]).map(([type, name], index) => ({ id: index + 1, previousEventId: index, timestamp: 0, type, anyEventDetails: { name } }));

test('each event is of the state that it tells of, in or around the one before', () => {
  const places = new Places();
  expect(events.map(({ id }) => { const place = places.of(events, id); return place && `${place.state}@${place.entered}`; })).toEqual([
    undefined, 'Each@2', 'Each@2', 'Each@2', 'Work@5', 'Work@5', 'Each@2', 'Each@2', 'Each@2', 'After@10', 'After@10', undefined,
  ]);
});
