// What came of an execution: the way it took, what failed on it and why, what went in and came out, who was told.

import { useMemo } from 'preact/hooks';
import { notifications } from '../api';
import { changes } from '../changes';
import type { Course, ExecutionDescription, HistoryEvent, Json } from '../contract';
import { detailsOf } from '../events/places';
import { duration, parsed, plural } from '../format';
import { useResource } from '../resource';
import { change } from '../route';
import { Message } from '../callbacks/message';
import { JsonView } from '../ui/json-view';
import { ToPlayground } from '../try/to-playground';
import { Prose } from '../ui/prose';
import { StatusIcon, statusWord } from '../ui/status';
import type { LiveExecution } from './live';

export function Outcome({ live, description }: { live: LiveExecution; description: ExecutionDescription }) {
  const course = live.course.value;
  const { status, input } = description;
  // How it ended is not known before.
  const { output, error, cause } = live.isWhole.value ? description : {};
  return (
    <div class="panel-body">
      {(error !== undefined || cause !== undefined) && (
        <section class="failure">
          <h2>
            {statusWord(status)}
            {error ? `: ${error}` : ''}
          </h2>
          {cause !== undefined && <Prose text={cause} label="Cause" />}
        </section>
      )}
      {course && <Failures course={course} />}
      {course && <Way course={course} />}
      <Sent live={live} />
      {input !== undefined && <Data title="Input" text={input} />}
      {output !== undefined && <Data title="Output" text={output} />}
    </div>
  );
}

function Data({ title, text }: { title: string; text: string }) {
  const value = useMemo(() => parsed(text) as Json, [text]);
  return (
    <section>
      <h2>{title}</h2>
      <JsonView label={title} value={value} actions={<ToPlayground data={value} />} />
    </section>
  );
}

const show = (course: Course, visit: number) => change({ state: course.visits[visit]?.state, visit, part: undefined });

const MOST = 50;

/** The visits that failed, the innermost only, and those whose error was caught or retried. */
function failures(course: Course): { visit: number; word: string }[] {
  const isBad = (status: string) => status === 'FAILED' || status === 'TIMED_OUT';
  const around = new Set<number>();
  for (const { status, frame } of course.visits) {
    const owner = isBad(status) ? course.frames[frame]?.owner : undefined;
    if (owner !== undefined) around.add(owner);
  }
  return course.visits.flatMap(({ status, attempts }, visit) => {
    if (isBad(status)) return around.has(visit) ? [] : [{ visit, word: statusWord(status).toLowerCase() }];
    if (status === 'CAUGHT') return [{ visit, word: 'error caught' }];
    const retried = status === 'ABORTED' ? 0 : attempts.filter((attempt) => isBad(attempt.status)).length;
    return retried > 0 ? [{ visit, word: plural(retried, 'failed attempt') }] : [];
  });
}

function Failures({ course }: { course: Course }) {
  const all = useMemo(() => failures(course), [course]);
  if (all.length === 0) return null;
  return (
    <section>
      <h2>What failed</h2>
      <ul class="way" aria-label="What failed">
        {all.slice(0, MOST).map(({ visit, word }) => {
          const { path, status, attempts } = course.visits[visit] ?? { path: '', status: 'FAILED', attempts: [] };
          const error = attempts.findLast((attempt) => attempt.error)?.error;
          return (
            <li key={visit}>
              <StatusIcon status={status === 'SUCCEEDED' || status === 'RUNNING' ? 'CAUGHT' : status} />
              <button type="button" class="link" onClick={() => show(course, visit)}>
                {path}
              </button>
              <span class="muted">
                {word}
                {error ? `: ${error}` : ''}
              </span>
            </li>
          );
        })}
      </ul>
      {all.length > MOST && <p class="note">and {plural(all.length - MOST, 'more')}</p>}
    </section>
  );
}

/** The states of the outermost scope in the order in which they were entered. */
function Way({ course }: { course: Course }) {
  const all = useMemo(() => course.visits.flatMap((visit, index) => (visit.frame === 0 ? [index] : [])), [course]);
  if (all.length === 0) return null;
  return (
    <section>
      <h2>The way it took</h2>
      {all.length > MOST && (
        <p class="note">
          The last {MOST} of {plural(all.length, 'visit')}
        </p>
      )}
      <ol class="way" aria-label="The way it took">
        {all.slice(-MOST).map((index) => {
          const visit = course.visits[index];
          if (!visit) return null;
          return (
            <li key={index}>
              <StatusIcon status={visit.status} />
              <button type="button" class="link" onClick={() => show(course, index)}>
                {visit.name}
              </button>
              <span class="muted">
                {visit.status === 'SUCCEEDED' ? '' : `${statusWord(visit.status).toLowerCase()} `}
                {visit.from !== undefined && visit.to !== undefined ? duration(visit.to - visit.from) : ''}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** What it published to topics: what SNS answered stands in its history. */
function messageIds(events: readonly HistoryEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    if (event.type !== 'TaskSucceeded') continue;
    const { resourceType, output } = detailsOf(event) as { resourceType?: string; output?: string };
    if (!resourceType?.endsWith('sns')) continue;
    for (const [, id] of output?.matchAll(/"MessageId":\s*"([^"]+)"/g) ?? []) if (id) ids.add(id);
  }
  return ids;
}

function Sent({ live }: { live: LiveExecution }) {
  const count = Math.min(live.count.value, live.until.value ?? Infinity);
  const ids = useMemo(() => messageIds(live.events.slice(0, count)), [count]);
  return ids.size > 0 ? <Messages ids={ids} /> : null;
}

function Messages({ ids }: { ids: Set<string> }) {
  const all = useResource('notifications', notifications, `${ids.size} ${changes.value}`);
  const sent = all.data?.notifications.filter((one) => ids.has(one.MessageId)) ?? [];
  if (sent.length === 0) return null;
  return (
    <section>
      <h2>Notifications that it sent</h2>
      {sent.slice(0, MOST).map((one) => (
        <Message key={one.MessageId} of={one} />
      ))}
    </section>
  );
}
