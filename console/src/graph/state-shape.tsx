// A state in the graph: the shape and the symbol of its type, its text, and how it went.

import { memo } from 'preact/compat';
import type { GraphState, StateType } from '../contract';
import { useNow } from '../now';
import { statusWord } from '../ui/status';
import { markOf, nameOfState, statusOf, type Tally } from './tally';

const SYMBOLS: Record<StateType, string> = {
  Task: 'M9 1 3 9h4l-1 6 7-8.5H8.5Z',
  Choice: 'M8 1l7 7-7 7-7-7Z',
  Wait: 'M8 1.5a6.5 6.5 0 1 0 .01 0ZM8 4.5V8l2.5 2',
  Pass: 'M2 8h11M9 4l4 4-4 4',
  Succeed: 'M2.5 8.5l4 4 7-8.5',
  Fail: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  Map: 'M2 2h8v8H2ZM13 5.5V13H5.5',
  Parallel: 'M3 2v12M8 2v12M13 2v12',
};
const RADII: Record<StateType, number> = { Succeed: 20, Fail: 20, Wait: 14, Pass: 1, Map: 10, Parallel: 10, Task: 6, Choice: 6 };

const POINT = 12;
const PADDING = 10;
const SYMBOL = 26;
const NAME_LEADING = 17;
const LINE_LEADING = 15;
/** The width of a letter of a mark, about. */
const LETTER = 6.6;

interface Shape {
  state: GraphState;
  tally: Tally | undefined;
  /** Whether there is an execution to tell of. */
  marked: boolean;
  selected: boolean;
  isStop: boolean;
  /** Whether child executions run it, of which this one does not tell. */
  isElsewhere: boolean;
  problem?: boolean | undefined;
  onChoose: (path: string) => void;
}

export const StateShape = memo(function StateShape({ state, tally, marked, selected, isStop, isElsewhere, problem, onChoose }: Shape) {
  const present = useNow(tally !== undefined && tally.running > 0);
  const status = statusOf(tally);
  const { x, y, width, height, type } = state;
  const inset = type === 'Choice' ? POINT : 0;
  const left = x + PADDING + inset + SYMBOL;
  const room = Math.floor((x + width - inset - 6 - left) / LETTER);
  const mark = !marked ? undefined : isElsewhere && !tally ? '↗ in child executions' : markOf(tally, present, room);
  const isTerminal = type === 'Succeed' || type === 'Fail';
  const classes = ['state', type.toLowerCase(), marked ? `is-${status.toLowerCase().replace('_', '-')}` : '', selected ? 'selected' : '', problem ? 'problem' : ''];
  const name = marked ? nameOfState(state, tally, isElsewhere && !tally ? 'in child executions' : statusWord(status)) : `${state.name}, ${type}`;
  let baseline = y + 3;
  const text = (kind: string, line: string, leading: number, key: string) => {
    baseline += leading;
    return <text key={key} class={kind} x={left} y={baseline}>{line}</text>;
  };
  return (
    <g class={classes.filter(Boolean).join(' ')} onClick={() => onChoose(state.path)}>
      <title>{mark ? `${state.title}\n${mark}` : state.title}</title>
      <g class="box" role="button" tabindex={isStop ? 0 : -1} aria-label={name} aria-pressed={selected} data-path={state.path}>
        {type === 'Choice' ? (
          <path class="shape" d={choice(state)} />
        ) : (
          <rect class={`shape${isTerminal ? ' terminal' : ''}${state.isContainer ? ' inner' : ''}`} x={x} y={y} width={width} height={height} rx={Math.min(RADII[type], height / 2, width / 2)} />
        )}
        <path class="symbol" transform={`translate(${x + PADDING + inset} ${y + 9})`} d={SYMBOLS[type]} />
      </g>
      <g aria-hidden="true">
        {state.nameLines.map((line, index) => text('name', line, NAME_LEADING, `n${index}`))}
        {state.lines.map((line, index) => text('line', line, LINE_LEADING, `l${index}`))}
        {mark !== undefined && text('mark', mark, LINE_LEADING, 'mark')}
      </g>
    </g>
  );
});

function choice({ x, y, width, height }: GraphState): string {
  const [right, middle, bottom] = [x + width, y + height / 2, y + height];
  return `M${x + POINT} ${y}H${right - POINT}L${right} ${middle}L${right - POINT} ${bottom}H${x + POINT}L${x} ${middle}Z`;
}
