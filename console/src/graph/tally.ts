// What the visits of an execution come to, state by state, as the graph shows them.

import type { Course, Frame, Graph, GraphState, Visit } from '../contract';
import { duration, number } from '../format';

export interface Tally {
  count: number;
  running: number;
  /** Of those that run: Wait states, delays of Retriers and all else of which the end is known. */
  waiting: number;
  succeeded: number;
  caught: number;
  failed: number;
  aborted: number;
  retried: number;
  millis: number;
  /** When the first of those that run has begun, and when the first that waits goes on. */
  since?: number;
  until?: number;
}

/** One iteration for each Map, by the path of its state: what other iterations did is left out. */
export type Focus = ReadonlyMap<string, number>;

/** The focus on one iteration, with those that it is inside of. */
export function focusOn(course: Course, frame: number | undefined): Focus {
  const focus = new Map<string, number>();
  for (let at = frame; at !== undefined; ) {
    const of: Frame | undefined = course.frames[at];
    const owner: Visit | undefined = of?.owner === undefined ? undefined : course.visits[of.owner];
    if (of && owner && (of.kind === 'Iteration' || of.kind === 'Child')) focus.set(owner.state, at);
    at = owner?.frame;
  }
  return focus;
}

/** Which frames are in a focus. */
export function framesIn(course: Course, focus: Focus): boolean[] {
  const inside: boolean[] = [];
  course.frames.forEach((frame, at) => {
    const owner = frame.owner === undefined ? undefined : course.visits[frame.owner];
    const chosen = owner && focus.get(owner.state);
    inside.push(!owner || (inside[owner.frame] === true && (chosen === undefined || chosen === at)));
  });
  return inside;
}

const isOver = (visit: Visit): boolean => visit.to !== undefined || visit.status !== 'RUNNING';

export function tallies(course: Course, focus: Focus): Map<string, Tally> {
  const inside = framesIn(course, focus);
  const all = new Map<string, Tally>();
  for (const visit of course.visits) {
    if (!inside[visit.frame]) continue;
    let tally = all.get(visit.state);
    if (!tally) {
      tally = { count: 0, running: 0, waiting: 0, succeeded: 0, caught: 0, failed: 0, aborted: 0, retried: 0, millis: 0 };
      all.set(visit.state, tally);
    }
    add(tally, visit);
  }
  return all;
}

function add(tally: Tally, visit: Visit): void {
  tally.count += 1;
  tally.retried += Math.max(0, visit.attempts.length - 1);
  if (visit.from !== undefined && visit.to !== undefined) tally.millis += visit.to - visit.from;
  if (!isOver(visit)) {
    tally.running += 1;
    if (visit.from !== undefined) tally.since = Math.min(tally.since ?? visit.from, visit.from);
    if (visit.until !== undefined) tally.until = Math.min(tally.until ?? visit.until, visit.until);
    const last = visit.attempts.at(-1)?.status;
    if (visit.type === 'Wait' || (last === 'FAILED' || last === 'TIMED_OUT')) tally.waiting += 1;
  } else if (visit.status === 'SUCCEEDED') tally.succeeded += 1;
  else if (visit.status === 'CAUGHT') tally.caught += 1;
  else if (visit.status === 'ABORTED') tally.aborted += 1;
  else tally.failed += 1;
}

/** The paths of the Map states that have Map Runs. */
export const distributedIn = (course: Course): string[] =>
  [...new Set(course.visits.filter((visit) => visit.attempts.some((attempt) => attempt.mapRunArn)).map((visit) => visit.state))];

/** The worst that happened to a state. */
export function statusOf(tally: Tally | undefined): string {
  if (!tally) return 'NOT_REACHED';
  if (tally.failed > 0) return 'FAILED';
  if (tally.running > 0) return 'RUNNING';
  if (tally.aborted > 0) return 'ABORTED';
  return tally.caught > 0 ? 'CAUGHT' : 'SUCCEEDED';
}

/** What the graph says of a state in at most `room` letters. */
export function markOf(tally: Tally | undefined, now: number, room: number): string {
  if (!tally) return '– not reached';
  const { count, running, waiting, succeeded, caught, failed, aborted, retried } = tally;
  const isOne = count === 1;
  const part = (one: string, of: number, word: string) => (of > 0 ? [isOne ? `${one} ${word}` : `${one} ${number(of)} ${word}`] : []);
  const left = tally.until === undefined ? '' : `, ${duration(tally.until - now)} left`;
  const runs = running === 0 ? [] : waiting === running
    ? part('⧗', waiting, `${isOne || waiting === 1 ? 'waits' : 'wait'}${left}`)
    : part('…', running, `running${left}`);
  const only = [failed, running, aborted, caught, succeeded].filter((of) => of > 0).length === 1;
  const words = [
    ...part('✗', failed, 'failed'), ...runs, ...part('■', aborted, 'aborted'), ...part('!', caught, 'caught'), ...part('✓', succeeded, 'succeeded'),
  ];
  const again = retried > 0 ? [`↻ ${number(retried)}`] : [];
  const millis = running > 0 ? now - (tally.since ?? now) : tally.millis;
  const time = left ? [] : [duration(millis)];
  const short = [
    failed > 0 && `✗ ${number(failed)}`, running > 0 && `… ${number(running)}`, aborted > 0 && `■ ${number(aborted)}`,
    caught > 0 && `! ${number(caught)}`, succeeded > 0 && `✓ ${number(succeeded)}`,
  ].filter((text): text is string => text !== false);
  const forms = only
    ? [[...words, ...again, ...time], [...words, ...time], words, short]
    : [[...words, ...again], [...short, ...again, ...time], [...short, ...again], short];
  return forms.map((form) => form.join(' · ')).find((form) => form.length <= room) ?? short.slice(0, 1).join('');
}

/** The accessible name of a state. */
export function nameOfState(state: GraphState, tally: Tally | undefined, word: string): string {
  const visits = tally && tally.count > 1 ? `, ${number(tally.count)} visits` : '';
  const retried = tally && tally.retried > 0 ? `, ${number(tally.retried)} retried` : '';
  return `${state.name}, ${state.type}, ${word.toLowerCase()}${visits}${retried}`;
}

/** How often each arrow was taken, in the order of the graph. */
export function takings(graph: Graph, course: Course, focus: Focus, all: Map<string, Tally>): number[] {
  const steps = focus.size > 0 ? stepsIn(course, focus) : undefined;
  return graph.arrows.map((arrow) => {
    if (arrow.kind === 'Start') return all.get(arrow.to ?? '')?.count ?? 0;
    if (!steps) return arrow.id === undefined ? 0 : (course.marks.transitions[arrow.id] ?? 0);
    const from = arrow.from ?? '';
    if (arrow.kind === 'End' || arrow.to === undefined) return steps.get(`${from}\n`) ?? 0;
    return steps.get(`${from}\n${arrow.to}\n${arrow.kind === 'Catcher'}`) ?? 0;
  });
}

/** Which steps from state to state the frames of a focus made. */
function stepsIn(course: Course, focus: Focus): Map<string, number> {
  const inside = framesIn(course, focus);
  const last = new Map<number, Visit>();
  const steps = new Map<string, number>();
  const count = (step: string) => steps.set(step, (steps.get(step) ?? 0) + 1);
  for (const visit of course.visits) {
    if (!inside[visit.frame]) continue;
    const before = last.get(visit.frame);
    if (before) count(`${before.state}\n${visit.state}\n${before.status === 'CAUGHT'}`);
    last.set(visit.frame, visit);
  }
  for (const visit of last.values()) if (visit.status === 'SUCCEEDED') count(`${visit.state}\n`);
  return steps;
}
