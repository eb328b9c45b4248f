// The graph of a state machine, and what an execution of it did.

import { computed } from '@preact/signals';
import { memo } from 'preact/compat';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Box, Course, Graph, GraphArrow, GraphState, GraphTerminal } from '../contract';
import { number } from '../format';
import { Icon } from '../ui/icon';
import { useCamera } from './camera';
import { StateShape } from './state-shape';
import { distributedIn, focusOn, statusOf, takings, tallies, type Tally } from './tally';
import { walk } from './walk';

interface View {
  graph: Graph;
  course?: Course | undefined;
  /** The frame whose iteration alone is shown. */
  frame?: number | undefined;
  selected?: string | undefined;
  /** The states that have a problem. */
  problems?: ReadonlySet<string> | undefined;
  onChoose: (path: string) => void;
}

const NONE = new Map<string, Tally>();

export function GraphView({ graph, course, frame, selected, problems, onChoose }: View) {
  const place = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState<string>();
  const focus = useMemo(() => focusOn(course ?? EMPTY, frame), [course, frame]);
  const all = useMemo(() => (course ? tallies(course, focus) : NONE), [course, focus]);
  const first = useMemo(() => {
    const box = (of: (path: string) => boolean) => graph.states.find((state) => !state.isContainer && of(state.path));
    return box((path) => path === selected) ?? box((path) => statusOf(all.get(path)) === 'FAILED') ?? box((path) => statusOf(all.get(path)) === 'RUNNING');
  }, [graph, course === undefined]);
  const { camera, zoom, fit, show } = useCamera(place, graph, first);
  const transform = useMemo(() => computed(() => `translate(${camera.value.x} ${camera.value.y}) scale(${camera.value.scale})`), [camera]);
  const percent = useMemo(() => computed(() => `${Math.round(camera.value.scale * 100)} %`), [camera]);
  const at = [selected, stop].find((path) => path !== undefined && graph.states.some((state) => state.path === path)) ?? graph.states[0]?.path;

  const chosen = useRef(onChoose);
  chosen.current = onChoose;
  const choose = useCallback((path: string) => chosen.current(path), []);
  useEffect(() => {
    const state = graph.states.find((one) => one.path === selected);
    if (state) show(headOf(state));
  }, [selected, graph]);

  const onKeyDown = (event: KeyboardEvent) => {
    const path = (event.target as Element).closest<SVGGElement>('.box')?.dataset['path'];
    if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === '0') fit();
    else if (path !== undefined && (event.key === 'Enter' || event.key === ' ')) choose(path);
    else {
      const to = path === undefined ? undefined : walk(graph, path, event.key);
      if (to === undefined) return;
      setStop(to);
      place.current?.querySelector<SVGGElement>(`.box[data-path="${CSS.escape(to)}"]`)?.focus({ preventScroll: true });
    }
    event.preventDefault();
  };

  const onFocus = (event: FocusEvent) => {
    const path = (event.target as Element).closest<SVGGElement>('.box')?.dataset['path'];
    const state = graph.states.find((one) => one.path === path);
    if (state) show(headOf(state));
  };

  const distributed = useMemo(() => distributedIn(course ?? EMPTY), [course]);
  const counts = useMemo(() => (course ? takings(graph, course, focus, all) : undefined), [graph, course, focus, all]);
  const shape = (state: GraphState) => (
    <StateShape
      key={state.path}
      state={state}
      tally={all.get(state.path)}
      marked={course !== undefined}
      selected={state.path === selected}
      isStop={state.path === at}
      isElsewhere={distributed.some((path) => state.path.startsWith(`${path}/`))}
      problem={problems?.has(state.path)}
      onChoose={choose}
    />
  );
  return (
    <div class="graph" ref={place}>
      <svg role="group" aria-label="Graph of the state machine. Arrow keys go from state to state, Enter chooses one." onKeyDown={onKeyDown} onFocusIn={onFocus}>
        <g transform={transform}>
          {behind(graph).map((box) => (isState(box) ? shape(box) : <rect key={`${box.x} ${box.y}`} class="branch" x={box.x} y={box.y} width={box.width} height={box.height} rx={6} />))}
          <Arrows arrows={graph.arrows} counts={counts} />
          {graph.terminals.map((terminal) => <Terminal key={`${terminal.kind}${terminal.scope}`} terminal={terminal} />)}
          {graph.states.filter((state) => !state.isContainer).map(shape)}
          <Labels arrows={graph.arrows} counts={counts} />
        </g>
      </svg>
      <div class="graph-tools" role="group" aria-label="Zoom">
        <button type="button" aria-label="Larger" title="Larger (+)" onClick={() => zoom(1.25)}><Icon name="plus" /></button>
        <button type="button" aria-label="Smaller" title="Smaller (-)" onClick={() => zoom(0.8)}><Icon name="minus" /></button>
        <button type="button" aria-label="Show all" title="Show all (0)" onClick={fit}><Icon name="fit" /></button>
        <span class="percent">{percent}</span>
      </div>
      {graph.missing > 0 && <p class="note graph-note">{number(graph.missing)} transitions are not drawn: there are too many long ones.</p>}
    </div>
  );
}

const EMPTY: Course = { events: 0, marks: { states: {}, transitions: {} }, frames: [], visits: [] };

/** The part of a state that has its text. */
const headOf = (state: GraphState): Box => ({ x: state.x, y: state.y, width: state.width, height: Math.min(state.height, 90) });

const isState = (box: Box | GraphState): box is GraphState => 'path' in box;

/** What stands behind the rest: boxes of states, and of branches in them, the outer first. */
function behind(graph: Graph): (Box | GraphState)[] {
  const boxes: (Box | GraphState)[] = [...graph.states.filter((state) => state.isContainer), ...graph.branches];
  return boxes.sort((a, b) => b.width * b.height - a.width * a.height);
}

interface ArrowsOf {
  arrows: GraphArrow[];
  counts: number[] | undefined;
}

const classOf = (arrow: GraphArrow, count: number | undefined): string =>
  `${arrow.kind === 'Catcher' ? ' catch' : ''}${count === undefined ? '' : count > 0 ? ' taken' : ' untaken'}`;

/** Those that were taken lie on top. */
const Arrows = memo(function Arrows({ arrows, counts }: ArrowsOf) {
  const order = arrows.map((_, index) => index).sort((a, b) => Number((counts?.[a] ?? 0) > 0) - Number((counts?.[b] ?? 0) > 0));
  return (
    <>
      {order.map((index) => {
        const arrow = arrows[index];
        if (!arrow || (arrow.way === '' && arrow.head === '')) return null;
        const count = counts?.[index];
        return (
          <g key={index} class={`arrow${classOf(arrow, count)}`}>
            <title>{count ? `${arrow.title}\ntaken ${number(count)}×` : arrow.title}</title>
            <path class="reach" d={arrow.way} />
            <path class="way" d={arrow.way} />
            <path class="head" d={arrow.head} />
          </g>
        );
      })}
    </>
  );
});

const Labels = memo(function Labels({ arrows, counts }: ArrowsOf) {
  return (
    <>
      {arrows.map((arrow, index) => {
        const { label, title } = arrow;
        if (!label) return null;
        const middle = label.x + label.width / 2;
        return (
          <g key={index} class={`arrow-label${classOf(arrow, counts?.[index])}`}>
            <title>{title}</title>
            <rect x={label.x} y={label.y} width={label.width} height={label.height} rx={4} />
            {label.lines.map((line, at) => <text key={at} x={middle} y={label.y + 12 + at * 14}>{line}</text>)}
          </g>
        );
      })}
    </>
  );
});

function Terminal({ terminal: { kind, isOutermost, x, y, width, height } }: { terminal: GraphTerminal }) {
  const [cx, cy] = [x + width / 2, y + height / 2];
  if (isOutermost) {
    return (
      <g>
        <rect class="ring" x={x} y={y} width={width} height={height} rx={11} />
        <text class="end" x={cx} y={cy + 4}>{kind}</text>
      </g>
    );
  }
  return (
    <g>
      <title>{kind}</title>
      {kind === 'End' && <circle class="ring" cx={cx} cy={cy} r={6} />}
      <circle class="dot" cx={cx} cy={cy} r={kind === 'End' ? 3 : 5} />
    </g>
  );
}
