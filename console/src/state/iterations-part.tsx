// The iterations of a Map: one is picked by its index, its status or a text, and then the graph shows it alone.

import { useMemo, useState } from 'preact/hooks';
import type { Course, HistoryEvent } from '../contract';
import { useDeferred } from '../deferred';
import { detailsOf, visitsByEvent } from '../events/places';
import { plural } from '../format';
import { Duration } from '../now';
import { change, href, route } from '../route';
import { Empty } from '../ui/notice';
import { Rows } from '../ui/rows';
import { Status } from '../ui/status';
import { StatusFilter } from './status-filter';

export function IterationsPart({ course, events, owner }: { course: Course; events: readonly HistoryEvent[]; owner: number }) {
  const [status, setStatus] = useState('');
  const [text, setText] = useState('');
  const wanted = useDeferred(text.trim().toLowerCase());
  const chosen = route.value.parameters['frame'];
  const all = useMemo(() => course.frames.flatMap((frame, index) => (frame.owner === owner ? [index] : [])), [course, owner]);
  const errors = useMemo(() => errorsIn(course, new Set(all)), [course, all]);
  const isText = wanted !== '' && !INDEX.test(wanted);
  const inputs = useMemo(() => (isText ? inputsIn(course, events, new Set(all)) : NONE), [course, all, isText]);
  const found = useMemo(() => all.filter((index) => {
    const frame = course.frames[index];
    if (!frame || (status && frame.status !== status)) return false;
    if (!wanted) return true;
    if (!isText) return String(frame.index).startsWith(wanted);
    return [frame.path, errors.get(index), inputs.get(index)].some((text) => text?.toLowerCase().includes(wanted));
  }), [course, all, errors, inputs, status, wanted]);
  const mapRun = course.visits[owner]?.attempts.find((attempt) => attempt.mapRunArn)?.mapRunArn;
  return (
    <div class="part">
      {mapRun && <p><a class="button" href={href('map-run', mapRun)}>Child executions of the Map Run</a></p>}
      {all.length === 0 && !mapRun && <Empty><p>No iterations yet.</p></Empty>}
      {all.length > 0 && (
        <>
          <div class="filters">
            <StatusFilter value={status} onChange={setStatus} />
            <label class="grow">Index or text <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
          </div>
          <p class="note" role="status">{found.length === all.length ? plural(all.length, 'iteration') : `${found.length.toLocaleString('en')} of ${plural(all.length, 'iteration')}`}</p>
          <Rows
            label="Iterations"
            role="listbox"
            class="picked tall"
            count={found.length}
            rowHeight={28}
            selected={chosen === undefined ? undefined : found.indexOf(Number(chosen))}
            onChoose={(index) => change({ frame: found[index], tab: 'graph' })}
            row={(index) => {
              const at = found[index] ?? -1;
              const frame = course.frames[at];
              return frame && (
                <>
                  <span class="cut">{frame.path.replace(/\/$/, '')} <span class="muted">{errors.get(at)}</span></span>
                  <Status status={frame.status} />
                  <span class="right muted"><Duration from={frame.from} to={frame.to} /></span>
                </>
              );
            }}
          />
        </>
      )}
    </div>
  );
}

const INDEX = /^\d+$/;
const NONE: ReadonlyMap<number, string> = new Map();

/** The input of the first state in each frame. */
function inputsIn(course: Course, events: readonly HistoryEvent[], frames: ReadonlySet<number>): ReadonlyMap<number, string> {
  const visits = visitsByEvent(course);
  const inputs = new Map<number, string>();
  for (const event of events) {
    const frame = course.visits[visits.get(event.id) ?? -1]?.frame;
    const input = frame === undefined || !frames.has(frame) || inputs.has(frame) ? undefined : detailsOf(event)['input'];
    if (frame !== undefined && typeof input === 'string') inputs.set(frame, input);
  }
  return inputs;
}

/** The last error in each frame. */
function errorsIn(course: Course, frames: ReadonlySet<number>): Map<number, string> {
  const errors = new Map<number, string>();
  for (const visit of course.visits) {
    const error = frames.has(visit.frame) ? visit.attempts.findLast((attempt) => attempt.error)?.error : undefined;
    if (error) errors.set(visit.frame, error);
  }
  return errors;
}
