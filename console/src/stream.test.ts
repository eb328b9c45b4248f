import { expect, test, vi } from 'vitest';

vi.stubGlobal('sessionStorage', { getItem: () => null });
const { cut } = await import('./stream');

test('whole events are cut off, and the rest is kept', () => {
  expect(cut(': here\n\nevent: events\ndata: [1,\ndata: 2]\n\ndata:x\r\n\r\nevent: en')).toEqual({
    events: [
      { event: 'events', data: '[1,\n2]' },
      { event: 'message', data: 'x' },
    ],
    rest: 'event: en',
  });
});
