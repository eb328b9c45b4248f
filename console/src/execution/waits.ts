// When running Wait states end, as far as their definition alone tells.

import type { Course, Json } from '../contract';
import { valueAt } from '../pointer';

/** The course with `until` where it is known. Where the server tells it, or nothing waits, it is the course as it was. */
export function withWaits(course: Course, definition: Json | undefined): Course {
  const ends = new Map<number, number>();
  course.visits.forEach((visit, index) => {
    if (visit.type !== 'Wait' || visit.status !== 'RUNNING' || visit.until !== undefined || visit.from === undefined) return;
    const state = definition === undefined ? undefined : valueAt(definition, visit.state);
    if (typeof state !== 'object' || state === null || Array.isArray(state)) return;
    const { Seconds: seconds, Timestamp: timestamp } = state;
    if (typeof seconds === 'number') ends.set(index, visit.from + seconds * 1000);
    else if (typeof timestamp === 'string' && !Number.isNaN(Date.parse(timestamp))) ends.set(index, Date.parse(timestamp));
  });
  if (ends.size === 0) return course;
  return { ...course, visits: course.visits.map((visit, index) => (ends.has(index) ? { ...visit, until: ends.get(index) } : visit)) };
}

export const hasWait = (course: Course): boolean =>
  course.visits.some((visit) => visit.type === 'Wait' && visit.status === 'RUNNING' && visit.until === undefined);
