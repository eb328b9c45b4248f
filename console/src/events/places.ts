// Which state and which visit an event belongs to.

import type { Course, HistoryEvent } from '../contract';

/** What an event tells beside its type: the member `…EventDetails`. */
export function detailsOf(event: HistoryEvent): Record<string, unknown> {
  for (const name in event) {
    if (name.endsWith('EventDetails')) return event[name] as Record<string, unknown>;
  }
  return {};
}

export interface Place {
  /** The name of the state. */
  state: string;
  /** The id of the event with which the state was entered. */
  entered: number;
  /** The place of the Map or Parallel state that this one runs in. */
  outer?: Place | undefined;
}

/** Finds the places of events, which may become more. */
export class Places {
  private readonly byId = new Map<number, Place>();
  private readonly exits = new Set<number>();
  private known = 0;

  of(events: readonly HistoryEvent[], id: number): Place | undefined {
    for (; this.known < events.length; this.known += 1) {
      const event = events[this.known];
      if (event) this.learn(event);
    }
    return this.byId.get(id);
  }

  private learn(event: HistoryEvent): void {
    if (event.type.startsWith('Execution')) return;
    const previous = event.previousEventId ?? 0;
    const before = this.byId.get(previous);
    const name = detailsOf(event)['name'];
    if (event.type.endsWith('StateExited')) this.exits.add(event.id);
    if (event.type.endsWith('StateEntered') && typeof name === 'string') {
      // After an exit comes the next state of the same scope; after anything else, the first of an inner one.
      this.byId.set(event.id, { state: name, entered: event.id, outer: this.exits.has(previous) ? before?.outer : before });
      return;
    }
    // Iterations and exits name the state that they are of, which may be around the one before.
    let place = before;
    while (place && typeof name === 'string' && place.state !== name) place = place.outer;
    if (place ?? before) this.byId.set(event.id, (place ?? before) as Place);
  }
}

const cache = new WeakMap<Course, Map<number, number>>();

/** The visits by the ids of the events with which they began. */
export function visitsByEvent(course: Course): Map<number, number> {
  const known = cache.get(course);
  if (known) return known;
  const byEvent = new Map(course.visits.map(({ event }, index) => [event, index]));
  cache.set(course, byEvent);
  return byEvent;
}
