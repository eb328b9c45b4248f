// From state to state by arrow keys.

import type { Graph, GraphState } from '../contract';

/** The state that runs a scope. */
function ownerOf(graph: Graph, scope: string): GraphState | undefined {
  const owners = graph.states.filter((state) => scope.startsWith(`${state.path}/`));
  return owners.sort((a, b) => b.path.length - a.path.length)[0];
}

/** Down and up along the arrows, into and out of what a state runs; left and right to the nearest beside it. */
export function walk(graph: Graph, from: string, key: string): string | undefined {
  const state = graph.states.find((one) => one.path === from);
  if (!state) return graph.states[0]?.path;
  switch (key) {
    case 'ArrowDown':
      return down(graph, state);
    case 'ArrowUp':
      return up(graph, state);
    case 'ArrowLeft':
      return beside(graph, state, -1);
    case 'ArrowRight':
      return beside(graph, state, 1);
    case 'Home':
      return graph.states[0]?.path;
    case 'End':
      return graph.states.at(-1)?.path;
    default:
      return undefined;
  }
}

function down(graph: Graph, state: GraphState): string | undefined {
  if (state.isContainer) {
    const inner = graph.arrows.find((arrow) => {
      const first = arrow.kind === 'Start' ? graph.states.find((one) => one.path === arrow.to) : undefined;
      return first && ownerOf(graph, first.scope)?.path === state.path;
    });
    if (inner?.to !== undefined) return inner.to;
  }
  return after(graph, state);
}

/** Where the arrows of a state lead; from the last one of a scope, where those of its owner do. */
function after(graph: Graph, state: GraphState): string | undefined {
  const leaving = graph.arrows.filter(
    (arrow) => arrow.from === state.path && arrow.to !== undefined && arrow.to !== state.path,
  );
  const next = leaving.find((arrow) => arrow.kind !== 'Catcher') ?? leaving[0];
  if (next) return next.to;
  const owner = ownerOf(graph, state.scope);
  return owner && after(graph, owner);
}

function up(graph: Graph, state: GraphState): string | undefined {
  const before = graph.arrows.find(
    (arrow) => arrow.to === state.path && arrow.from !== undefined && arrow.from !== state.path,
  );
  return before?.from ?? ownerOf(graph, state.scope)?.path;
}

function beside(graph: Graph, state: GraphState, sign: 1 | -1): string | undefined {
  const middle = ({ x, y, width, height }: GraphState) => ({ x: x + width / 2, y: y + height / 2 });
  const at = middle(state);
  let best: { path: string; far: number } | undefined;
  for (const other of graph.states) {
    if (other.path === state.path || other.isContainer) continue;
    const { x, y } = middle(other);
    const ahead = (x - at.x) * sign;
    if (ahead <= 1) continue;
    const far = ahead + 3 * Math.abs(y - at.y);
    if (!best || far < best.far) best = { path: other.path, far };
  }
  return best?.path;
}
