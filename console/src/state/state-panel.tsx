// The chosen state: its visits, the data that went through it, its attempts, its definition.

import { useMemo } from 'preact/hooks';
import { pauseBefore } from '../api';
import type { Course } from '../contract';
import type { LiveExecution } from '../execution/live';
import { focusOn, framesIn } from '../graph/tally';
import { Duration } from '../now';
import { textOf } from '../resource';
import { change, route } from '../route';
import { Icon } from '../ui/icon';
import { Empty, Loading } from '../ui/notice';
import { Status } from '../ui/status';
import { Tabs } from '../ui/tabs';
import { AttemptsPart, DataPart } from './data-part';
import { DefinitionPart } from './definition-part';
import { IterationsPart } from './iterations-part';
import { VisitPicker } from './visit-picker';

/** The visits of a state, by their positions, in the iterations that are looked at. */
function visitsOf(course: Course, state: string, frame: number | undefined): number[] {
  const inside = framesIn(course, focusOn(course, frame));
  return course.visits.flatMap((visit, index) => (visit.state === state && inside[visit.frame] ? [index] : []));
}

/** The visit that matters most: the last that failed, or that runs, or of all. */
function foremost(course: Course, visits: number[]): number | undefined {
  const last = (...statuses: string[]) =>
    visits.findLast((index) => statuses.includes(course.visits[index]?.status ?? ''));
  return last('FAILED', 'TIMED_OUT') ?? last('RUNNING') ?? visits.at(-1);
}

export function StatePanel({ live, state }: { live: LiveExecution; state: string }) {
  const course = live.course.value;
  const { visit: asked, frame, part = 'data' } = route.value.parameters;
  const visits = useMemo(
    () => (course ? visitsOf(course, state, frame === undefined ? undefined : Number(frame)) : []),
    [course, state, frame],
  );
  const box = live.graph.value?.states.find((one) => one.path === state);
  if (!course) return <Loading what="the state" />;
  const at =
    asked !== undefined && course.visits[Number(asked)]?.state === state ? Number(asked) : foremost(course, visits);
  const visit = at === undefined ? undefined : course.visits[at];
  const name = visit?.name ?? box?.name ?? state;
  const type = visit?.type ?? box?.type;
  const iterations = type === 'Map' && at !== undefined;
  const tabs = [
    { id: 'data', title: 'Data flow' },
    ...(visit && visit.attempts.length > 0
      ? [{ id: 'attempts', title: 'Attempts', count: visit.attempts.length }]
      : []),
    ...(iterations ? [{ id: 'iterations', title: 'Iterations' }] : []),
    { id: 'definition', title: 'Definition' },
  ];
  const present = tabs.some((tab) => tab.id === part) ? part : 'data';
  return (
    <div class="state-panel">
      <header class="panel-head">
        <h2 class="cut" title={name}>
          {name}
        </h2>
        <span class="tag">{type}</span>
        {visit && <Status status={visit.status} />}
        {visit && (
          <span class="muted">
            <Duration from={visit.from} to={visit.to ?? (visit.status === 'RUNNING' ? undefined : visit.from)} />
          </span>
        )}
        {live.description.value?.status === 'RUNNING' && <Breakpoint live={live} name={name} />}
        <button
          type="button"
          class="plain"
          aria-label="Close the state"
          onClick={() => change({ state: undefined, visit: undefined, part: undefined })}
        >
          <Icon name="close" />
        </button>
      </header>
      {visits.length > 1 && at !== undefined && <VisitPicker key={state} course={course} visits={visits} at={at} />}
      <Tabs
        label="Parts of the state"
        tabs={tabs}
        at={present}
        onChange={(id) => change({ part: id })}
        class="panel-tabs"
      >
        {present === 'definition' && <DefinitionPart live={live} state={state} />}
        {present !== 'definition' && at === undefined && (
          <Empty>
            <p>This state was not reached.</p>
          </Empty>
        )}
        {present === 'data' && at !== undefined && visit && <DataPart live={live} index={at} visit={visit} />}
        {present === 'attempts' && at !== undefined && visit && <AttemptsPart live={live} index={at} visit={visit} />}
        {present === 'iterations' && at !== undefined && (
          <IterationsPart course={course} events={live.events} owner={at} />
        )}
      </Tabs>
    </div>
  );
}

/** Whether a running execution pauses before the state. */
function Breakpoint({ live, name }: { live: LiveExecution; name: string }) {
  const all = live.breakpoints.value;
  const isSet = all.includes(name);
  const toggle = async () => {
    const next = isSet ? all.filter((one) => one !== name) : [...all, name];
    try {
      await pauseBefore(live.arn, next);
      live.breakpoints.value = next;
    } catch (trouble) {
      live.error.value = textOf(trouble);
    }
  };
  return (
    <label>
      <input type="checkbox" checked={isSet} onChange={toggle} /> Pause before it
    </label>
  );
}
