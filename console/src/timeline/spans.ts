// The rows of a timeline: states, what runs inside them, and attempts.

import type { Course, VisitStatus } from '../contract';

export interface Span {
  id: string;
  depth: number;
  label: string;
  kind: 'visit' | 'frame' | 'attempt';
  status: VisitStatus;
  from?: number | undefined;
  to?: number | undefined;
  visit?: number;
  frame?: number;
  /** How many rows are directly in it, where it can be opened and closed. */
  inside: number;
  isOpen: boolean;
}

/** With more visits than this, Maps are closed until they are opened. */
const MANY = 300;

/** The rows; `toggled` has the ids of those that are not as open as they would be by themselves. */
export function spansOf(course: Course, toggled: ReadonlySet<string>): Span[] {
  const visitsIn: number[][] = course.frames.map(() => []);
  course.visits.forEach((visit, index) => visitsIn[visit.frame]?.push(index));
  const framesOf = new Map<number, number[]>();
  course.frames.forEach(({ owner }, index) => {
    if (owner === undefined) return;
    const list = framesOf.get(owner);
    if (list) list.push(index);
    else framesOf.set(owner, [index]);
  });
  const byItself = course.visits.length <= MANY;
  const out: Span[] = [];

  const visitRow = (index: number, depth: number): void => {
    const visit = course.visits[index];
    if (!visit) return;
    const frames = framesOf.get(index) ?? [];
    const attempts = visit.attempts.length > 1 ? visit.attempts : [];
    const id = `v${index}`;
    const inside = frames.length + attempts.length;
    const isOpen = inside > 0 && toggled.has(id) !== byItself;
    out.push({ id, depth, label: visit.name, kind: 'visit', status: visit.status, from: visit.from, to: visit.to, visit: index, inside, isOpen });
    if (!isOpen) return;
    attempts.forEach((attempt, at) => {
      out.push({ id: `${id}a${at}`, depth: depth + 1, label: `Attempt ${at + 1}`, kind: 'attempt', status: attempt.status, from: attempt.from, to: attempt.to, visit: index, inside: 0, isOpen: false });
    });
    for (const frame of frames) frameRow(frame, depth + 1);
  };
  const frameRow = (index: number, depth: number): void => {
    const frame = course.frames[index];
    const visits = visitsIn[index] ?? [];
    if (!frame) return;
    const id = `f${index}`;
    const isOpen = visits.length > 0 && toggled.has(id) !== byItself;
    out.push({ id, depth, label: `${frame.kind} ${frame.index ?? ''}`.trim(), kind: 'frame', status: frame.status, from: frame.from, to: frame.to, frame: index, inside: visits.length, isOpen });
    if (isOpen) for (const visit of visits) visitRow(visit, depth + 1);
  };

  for (const visit of visitsIn[0] ?? []) visitRow(visit, 0);
  return out;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The distances of ticks, in milliseconds. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500], ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND), ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR), ...[1, 2, 5, 10, 30, 100, 400].map((count) => count * DAY),
];

/** Round times between two, at most `most` or one more. */
export function ticks(from: number, to: number, most: number): number[] {
  const rough = (to - from) / Math.max(1, most);
  if (!(rough > 0)) return [];
  const step = STEPS.find((one) => one >= rough) ?? rough;
  const all: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) all.push(tick);
  return all;
}
