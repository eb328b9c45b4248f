// An execution: what came of it, its graph, its time line, its events; and beside them the chosen state.

import { useEffect, useRef, useState } from 'preact/hooks';
import { CompareView } from '../compare/compare-view';
import { EventsView } from '../events/events-view';
import { GraphView } from '../graph/graph-view';
import { Moment } from '../now';
import { change, href, route } from '../route';
import { StatePanel } from '../state/state-panel';
import { TimelineView } from '../timeline/timeline-view';
import { Loading, Trouble } from '../ui/notice';
import { Tabs } from '../ui/tabs';
import { FocusBar } from './focus-bar';
import { Header } from './header';
import { LiveExecution } from './live';
import { MapRuns } from './map-runs';
import { Outcome } from './outcome';
import { untilIn } from './past';
import { PauseBar } from './pause-bar';
import { Stepper } from './stepper';

/** What shows the execution as it was: the others know now alone. */
const WITH_PAST = ['graph', 'timeline', 'events'];
const TABS = ['graph', 'timeline', 'events', 'runs', 'compare'];

export function ExecutionView({ arn }: { arn: string }) {
  const [live, setLive] = useState<LiveExecution>();
  useEffect(() => {
    const opened = new LiveExecution(arn);
    setLive(opened);
    return () => opened.close();
  }, [arn]);
  if (!live) return <Loading what="the execution" />;
  return <Present live={live} />;
}

function Present({ live }: { live: LiveExecution }) {
  const { tab = 'graph', state, until: asked } = route.value.parameters;
  const until = untilIn(asked);
  const course = live.newest.value;
  const description = live.description.value;
  const error = live.error.value;
  useEffect(() => live.show(until), [live, until]);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where the panel stands below the graph, it would be out of sight.
    if (state !== undefined && matchMedia('(max-width: 760px)').matches)
      panel.current?.scrollIntoView({ block: 'start' });
  }, [state]);
  if (!description) {
    return error === undefined ? (
      <Loading what="the execution" />
    ) : (
      <Trouble message={error} again={() => live.retry()}>
        <a href={href('find')}>All executions</a>
      </Trouble>
    );
  }
  const hasRuns = course?.visits.some((visit) => visit.attempts.some((attempt) => attempt.mapRunArn)) ?? false;
  const tabs = [
    { id: 'graph', title: 'Graph' },
    { id: 'timeline', title: 'Timeline' },
    { id: 'events', title: 'Events', count: live.count.value },
    ...(hasRuns ? [{ id: 'runs', title: 'Map Runs' }] : []),
    { id: 'compare', title: 'Compare' },
  ];
  const at = TABS.includes(tab) ? tab : 'graph';
  return (
    <div class="execution">
      <Header live={live} description={description} />
      {error !== undefined && <Trouble message={error} />}
      {course?.pause && <PauseBar live={live} pause={course.pause} />}
      {WITH_PAST.includes(at) && <Stepper live={live} />}
      <Moment.Provider value={live.moment.value}>
        <div class="execution-body">
          <Tabs
            label="Views of the execution"
            tabs={tabs}
            at={at}
            onChange={(id) => change({ tab: id })}
            class="execution-tabs"
          >
            {at === 'graph' && <GraphTab live={live} />}
            {at === 'timeline' && <TimelineView live={live} />}
            {at === 'events' && <EventsView live={live} />}
            {at === 'runs' && <MapRuns live={live} />}
            {at === 'compare' && <CompareView live={live} description={description} />}
          </Tabs>
          {at !== 'compare' && (
            <aside class="panel" ref={panel} aria-label={state === undefined ? 'Outcome' : 'State'}>
              {state === undefined ? (
                <Outcome live={live} description={description} />
              ) : (
                <StatePanel live={live} state={state} />
              )}
            </aside>
          )}
        </div>
      </Moment.Provider>
    </div>
  );
}

function GraphTab({ live }: { live: LiveExecution }) {
  const { state, frame } = route.value.parameters;
  const graph = live.graph.value;
  const course = live.course.value;
  if (!graph)
    return live.graphError.value === undefined ? (
      <Loading what="the graph" />
    ) : (
      <Trouble message={live.graphError.value} />
    );
  const focus = frame === undefined ? undefined : Number(frame);
  return (
    <div class="graph-tab">
      {course && focus !== undefined && <FocusBar course={course} frame={focus} />}
      <GraphView
        graph={graph}
        course={course}
        frame={focus}
        selected={state}
        onChoose={(path) => change({ state: path, visit: undefined, part: undefined })}
      />
    </div>
  );
}
