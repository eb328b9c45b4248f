// The event table of an execution.

import { useMemo, useState } from 'preact/hooks';
import type { Course, HistoryEvent, Json } from '../contract';
import { useDeferred } from '../deferred';
import { duration, fullTime, number } from '../format';
import type { LiveExecution } from '../execution/live';
import { change, route } from '../route';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { JsonView } from '../ui/json-view';
import { Empty, Loading } from '../ui/notice';
import { Rows } from '../ui/rows';
import { detailsOf, type Places, visitsByEvent } from './places';

export function EventsView({ live }: { live: LiveExecution }) {
  const count = live.count.value;
  const { type = '', text = '' } = route.value.parameters;
  const { places } = live;
  const until = live.until.value;
  const [texts] = useState<string[]>(() => []);
  const wanted = useDeferred(text.toLowerCase());
  const { events } = live;
  const types = useMemo(() => [...new Set(events.map((event) => event.type))].sort(), [count]);
  const found = useMemo(() => filtered(events, type, wanted, texts), [count, type, wanted]);
  const { event: shownId } = route.value.parameters;
  const shown = shownId === undefined ? undefined : events.find((event) => event.id === Number(shownId));
  const course = live.newest.value;
  if (count === 0)
    return live.description.value ? (
      <Empty>
        <p>No events yet.</p>
      </Empty>
    ) : (
      <Loading what="events" />
    );

  const began = events[0]?.timestamp ?? 0;
  return (
    <div class="events-view">
      <div class="filters">
        <label>
          Type{' '}
          <select value={type} onChange={(event) => change({ type: event.currentTarget.value }, 'refinement')}>
            <option value="">All</option>
            {types.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label class="grow">
          Text{' '}
          <input
            type="search"
            value={text}
            onInput={(event) => change({ text: event.currentTarget.value }, 'refinement')}
          />
        </label>
        <span class="note" role="status">
          {found.length === count ? `${number(count)} events` : `${number(found.length)} of ${number(count)} events`}
        </span>
      </div>
      <Rows
        label="Events"
        class="events"
        count={found.length}
        rowHeight={28}
        selected={shown ? found.indexOf(shown) : undefined}
        onChoose={(index) => change({ event: found[index]?.id })}
        header={
          <>
            <span role="columnheader" class="right">
              Id
            </span>
            <span role="columnheader">Type</span>
            <span role="columnheader">State</span>
            <span role="columnheader" class="right">
              Since start
            </span>
            <span role="columnheader" class="right of-previous">
              Previous
            </span>
            <span role="columnheader">
              <span class="unseen">As it was then</span>
            </span>
          </>
        }
        rowClass={(index) => classOf(found[index], until)}
        row={(index) => {
          const event = found[index];
          return event && <Row event={event} state={places.of(events, event.id)?.state} began={began} />;
        }}
      />
      {shown && <Whole event={shown} events={events} places={places} course={course} />}
    </div>
  );
}

function filtered(events: readonly HistoryEvent[], type: string, text: string, texts: string[]): HistoryEvent[] {
  if (text)
    for (let at = texts.length; at < events.length; at += 1) texts.push(JSON.stringify(events[at]).toLowerCase());
  if (!type && !text) return [...events];
  return events.filter((event, at) => (!type || event.type === type) && (!text || texts[at]?.includes(text)));
}

function classOf(event: HistoryEvent | undefined, until: number | undefined): string {
  if (!event) return '';
  const bad = /Failed|TimedOut|Aborted/.test(event.type) ? ' bad' : '';
  if (until === undefined || event.id < until) return bad;
  return event.id === until ? `${bad} moment` : ' later';
}

function Row({ event, state, began }: { event: HistoryEvent; state: string | undefined; began: number }) {
  return (
    <>
      <span role="gridcell" class="right muted">
        {event.id}
      </span>
      <span role="gridcell" class="cut" title={event.type}>
        {event.type}
      </span>
      <span role="gridcell" class="cut" title={state}>
        {state}
      </span>
      <span role="gridcell" class="right" title={fullTime(event.timestamp * 1000)}>
        {duration((event.timestamp - began) * 1000)}
      </span>
      <span role="gridcell" class="right muted of-previous">
        {event.previousEventId ? event.previousEventId : ''}
      </span>
      <span role="gridcell">
        <button
          type="button"
          class="plain then"
          tabIndex={-1}
          aria-label={`As it was after event ${event.id}`}
          title="As it was then"
          onClick={() => change({ tab: 'graph', event: undefined, until: event.id })}
        >
          <Icon name="clock" />
        </button>
      </span>
    </>
  );
}

interface WholeEvent {
  event: HistoryEvent;
  events: readonly HistoryEvent[];
  places: Places;
  course: Course | undefined;
}

function Whole({ event, events, places, course }: WholeEvent) {
  const place = places.of(events, event.id);
  const visit = course && place ? visitsByEvent(course).get(place.entered) : undefined;
  const state = visit === undefined ? undefined : course?.visits[visit];
  return (
    <Dialog title={`${event.id} ${event.type}`} wide onClose={() => change({ event: undefined })}>
      <div class="dialog-body">
        <div class="buttons">
          {state && (
            <button
              type="button"
              class="primary"
              onClick={() => change({ event: undefined, tab: 'graph', state: state.state, visit, until: undefined })}
            >
              Show {state.path} in the graph
            </button>
          )}
          <button
            type="button"
            onClick={() => change({ event: undefined, tab: 'graph', state: state?.state, visit, until: event.id })}
          >
            <Icon name="clock" /> As it was then
          </button>
          {event.previousEventId ? (
            <button type="button" onClick={() => change({ event: event.previousEventId })}>
              Previous event {event.previousEventId}
            </button>
          ) : null}
        </div>
        <JsonView label={`Event ${event.id}`} value={readable(event)} />
      </div>
    </Dialog>
  );
}

/** JSON texts in an event as the JSON that they are. */
function readable(event: HistoryEvent): Json {
  const details = detailsOf(event);
  const open = Object.entries(details).map(([name, value]) => [
    name,
    ['input', 'output', 'parameters'].includes(name) ? opened(value) : value,
  ]);
  const key = Object.keys(event).find((name) => name.endsWith('EventDetails'));
  return { ...event, ...(key ? { [key]: Object.fromEntries(open) as Json } : {}) } as unknown as Json;
}

function opened(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
