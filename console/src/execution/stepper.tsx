// Steps through the events of an execution: it is shown as it was after each of them.

import { useRef } from 'preact/hooks';
import { duration, fullTime, number, plural } from '../format';
import { change, route } from '../route';
import { Icon, type IconName } from '../ui/icon';
import type { LiveExecution } from './live';
import { untilIn } from './past';

export function Stepper({ live }: { live: LiveExecution }) {
  const slider = useRef<HTMLInputElement>(null);
  const count = live.count.value;
  const until = untilIn(route.value.parameters['until']);
  const last = Math.max(count, until ?? 0);
  if (last === 0) return null;
  const at = until ?? last;

  const now = () => {
    change({ until: undefined });
    slider.current?.focus();
  };
  // The way into the past and out of it are steps to come back to, each event in between is none.
  const show = (id: number) => {
    const next = Math.max(1, Math.min(last, id));
    if (next !== until) change({ until: next }, until === undefined ? 'step' : 'drag');
  };
  const forward = () => until !== undefined && show(until + 1);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'ArrowLeft') show(at - 1);
    else if (event.key === 'ArrowRight') forward();
    else if (event.key === 'Home') show(1);
    else if (event.key === 'End') show(last);
    else if (event.key === 'Escape' && until !== undefined) now();
    else return;
    event.preventDefault();
  };
  return (
    <section class={`stepper${until === undefined ? '' : ' in-past'}`} aria-label="Time travel" onKeyDown={onKeyDown}>
      <Step name="first" label="First event" isOff={at === 1} go={() => show(1)} />
      <Step name="left" label="One event back" isOff={at === 1} go={() => show(at - 1)} />
      <input
        ref={slider}
        type="range"
        aria-label="Event"
        aria-valuetext={`${until === undefined ? 'Now, event' : 'Event'} ${at} of ${last}`}
        title="Arrow keys step, Home and End go to the first and the last event, Escape comes back to now"
        min={1}
        max={last}
        value={at}
        onInput={(event) => show(event.currentTarget.valueAsNumber)}
      />
      <Step name="right" label="One event forward" isOff={until === undefined || until === last} go={forward} />
      <Step name="last" label="Last event" isOff={until === last} go={() => show(last)} />
      <p class="stepper-text" role="status">
        {until === undefined ? `Now, after ${plural(count, 'event')}` : <Told live={live} until={until} last={last} />}
      </p>
      {until !== undefined && (
        <button type="button" class="small" onClick={now}>
          Back to now
        </button>
      )}
    </section>
  );
}

interface StepOf {
  name: IconName;
  label: string;
  /** One that leads nowhere keeps the focus, so that the keys go on to work. */
  isOff: boolean;
  go: () => void;
}

function Step({ name, label, isOff, go }: StepOf) {
  return (
    <button
      type="button"
      class="small"
      aria-label={label}
      title={label}
      aria-disabled={isOff}
      onClick={isOff ? undefined : go}
    >
      <Icon name={name} />
    </button>
  );
}

function Told({ live, until, last }: { live: LiveExecution; until: number; last: number }) {
  const event = live.event(until);
  const state = live.places.of(live.events, until)?.state;
  const began = live.events[0]?.timestamp ?? 0;
  return (
    <>
      <strong>The past:</strong> after event {number(until)} of {number(last)}
      {event && (
        <>
          , <span class="event-type">{event.type}</span>
          {state !== undefined && ` of ${state}`},{' '}
          <span title={fullTime(event.timestamp * 1000)}>
            {duration((event.timestamp - began) * 1000)} after the start
          </span>
        </>
      )}
    </>
  );
}
