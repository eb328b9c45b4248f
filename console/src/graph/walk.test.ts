import { expect, test } from 'vitest';
import type { Graph, GraphState } from '../contract';
import { walk } from './walk';

const state = (path: string, scope: string, x: number, y: number, isContainer = false) =>
  ({ path, scope, x, y, width: 10, height: 10, isContainer }) as GraphState;
const inner = '/States/Each/ItemProcessor';
const graph = {
  states: [
    state('/States/Each', '', 0, 0, true),
    state(`${inner}/States/A`, inner, 0, 20),
    state(`${inner}/States/B`, inner, 40, 20),
    state('/States/After', '', 0, 60),
  ],
  arrows: [
    { kind: 'Start', to: '/States/Each' },
    { kind: 'Start', to: `${inner}/States/A` },
    { kind: 'Catcher', from: `${inner}/States/A`, to: `${inner}/States/B` },
    { kind: 'End', from: `${inner}/States/A` },
    { kind: 'End', from: `${inner}/States/B` },
    { kind: 'Next', from: '/States/Each', to: '/States/After' },
  ],
} as unknown as Graph;

test('along the arrows, into what a state runs and out of it', () => {
  expect(walk(graph, '/States/Each', 'ArrowDown')).toBe(`${inner}/States/A`);
  expect(walk(graph, `${inner}/States/A`, 'ArrowDown')).toBe(`${inner}/States/B`);
  expect(walk(graph, `${inner}/States/B`, 'ArrowDown')).toBe('/States/After');
  expect(walk(graph, '/States/After', 'ArrowUp')).toBe('/States/Each');
  expect(walk(graph, `${inner}/States/A`, 'ArrowUp')).toBe('/States/Each');
  expect(walk(graph, `${inner}/States/A`, 'ArrowRight')).toBe(`${inner}/States/B`);
  expect(walk(graph, `${inner}/States/A`, 'x')).toBeUndefined();
});
