// What is different between two executions of one state machine, visit by visit.

import type { Course, HistoryEvent, Visit } from '../contract';
import { detailsOf, Places, visitsByEvent } from '../events/places';

export interface Side {
  course: Course;
  events: readonly HistoryEvent[];
}

export interface Compared {
  path: string;
  number: number;
  first?: number;
  second?: number;
  /** What is not the same: the statuses, the inputs, the outputs; or there is no such visit in one of them. */
  differs: ('status' | 'input' | 'output' | 'visit')[];
}

interface Texts {
  input?: string;
  output?: string;
}

/** The inputs and outputs of the visits, as the history has them. */
function textsOf({ course, events }: Side): Map<number, Texts> {
  const places = new Places();
  const visits = visitsByEvent(course);
  const texts = new Map<number, Texts>();
  for (const event of events) {
    const isEntry = event.type.endsWith('StateEntered');
    if (!isEntry && !event.type.endsWith('StateExited')) continue;
    const visit = visits.get(places.of(events, event.id)?.entered ?? 0);
    if (visit === undefined) continue;
    const { input, output } = detailsOf(event) as Texts;
    texts.set(visit, { ...texts.get(visit), ...(isEntry ? { input: input ?? '' } : { output: output ?? '' }) });
  }
  return texts;
}

const key = (visit: Visit): string => `${visit.path}\n${visit.number}`;

/** All visits of both, in the order of the first, with those that only the second has where they come in it. */
export function differences(first: Side, second: Side): Compared[] {
  const [texts, otherTexts] = [textsOf(first), textsOf(second)];
  const others = new Map(second.course.visits.map((visit, index) => [key(visit), index]));
  const all: Compared[] = first.course.visits.map((visit, index) => {
    const { path, number } = visit;
    const other = others.get(key(visit));
    others.delete(key(visit));
    if (other === undefined) return { path, number, first: index, differs: ['visit'] };
    const [mine, theirs] = [texts.get(index), otherTexts.get(other)];
    const differs: Compared['differs'] = [];
    if (visit.status !== second.course.visits[other]?.status) differs.push('status');
    if (mine?.input !== theirs?.input) differs.push('input');
    if (mine?.output !== theirs?.output) differs.push('output');
    return { path, number, first: index, second: other, differs };
  });
  for (const index of others.values()) {
    const visit = second.course.visits[index];
    if (visit) all.push({ path: visit.path, number: visit.number, second: index, differs: ['visit'] });
  }
  return all;
}
