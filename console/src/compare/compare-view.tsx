// The difference of two executions of a state machine.

import { useMemo, useState } from 'preact/hooks';
import { course, dataFlow, history, listExecutions } from '../api';
import { nameOf } from '../arn';
import type { Course, DataFlow, ExecutionDescription, Json } from '../contract';
import { number, plural, time } from '../format';
import type { LiveExecution } from '../execution/live';
import { useResource } from '../resource';
import { change, route } from '../route';
import { Dialog } from '../ui/dialog';
import { JsonView } from '../ui/json-view';
import { Empty, Loaded } from '../ui/notice';
import { Rows } from '../ui/rows';
import { Status, statusWord } from '../ui/status';
import { changes } from '../ui/json-lines';
import { differences, type Compared } from './differences';

export function CompareView({ live, description }: { live: LiveExecution; description: ExecutionDescription }) {
  const { with: other = '' } = route.value.parameters;
  const { stateMachineArn, executionArn } = description;
  const executions = useResource(`compare ${stateMachineArn}`, (stop) =>
    listExecutions({ stateMachineArn, maxResults: 100 }, stop),
  );
  return (
    <div class="compare padded">
      <Loaded of={executions} what="executions">
        {({ executions: all }) => {
          const others = all.filter((one) => one.executionArn !== executionArn);
          if (others.length === 0)
            return (
              <Empty>
                <p>There is no other execution of this state machine.</p>
              </Empty>
            );
          return (
            <label class="label">
              Compare {description.name} with
              <select value={other} onChange={(event) => change({ with: event.currentTarget.value })}>
                <option value="">Choose an execution…</option>
                {others.map((one) => (
                  <option key={one.executionArn} value={one.executionArn}>
                    {one.name}, {statusWord(one.status).toLowerCase()}, {time(one.startDate * 1000)}
                  </option>
                ))}
              </select>
            </label>
          );
        }}
      </Loaded>
      {other && live.newest.value && <Comparison key={other} live={live} mine={live.newest.value} other={other} />}
    </div>
  );
}

function Comparison({ live, mine, other }: { live: LiveExecution; mine: Course; other: string }) {
  const theirs = useResource(`compared ${other}`, async (stop) => {
    const [read, events] = await Promise.all([course(other, stop), history(other, stop)]);
    return { course: read, events };
  });
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const [open, setOpen] = useState<Compared>();
  const all = useMemo(
    () => (theirs.data ? differences({ course: mine, events: live.events }, theirs.data) : []),
    [mine, live.count.value, theirs.data],
  );
  const different = all.filter((one) => one.differs.length > 0);
  const found = onlyDifferent ? different : all;
  return (
    <Loaded of={theirs} what="the other execution">
      {(second) => (
        <>
          <div class="filters">
            <label>
              <input type="checkbox" checked={onlyDifferent} onChange={() => setOnlyDifferent(!onlyDifferent)} /> Only
              what is different
            </label>
            <span class="note" role="status">
              {different.length === 0
                ? `All ${plural(all.length, 'visit')} are the same.`
                : `${number(different.length)} of ${plural(all.length, 'visit')} differ.`}
            </span>
          </div>
          {found.length > 0 && (
            <Rows
              label="Differences"
              class="compared"
              count={found.length}
              rowHeight={32}
              onChoose={(index) => setOpen(found[index])}
              header={
                <>
                  <span role="columnheader">Visit</span>
                  <span role="columnheader">This one</span>
                  <span role="columnheader" class="cut">
                    {nameOf(other)}
                  </span>
                  <span role="columnheader">Different</span>
                </>
              }
              row={(index) => found[index] && <Row of={found[index]} mine={mine} second={second.course} />}
            />
          )}
          {open && <Both of={open} live={live} other={other} onClose={() => setOpen(undefined)} />}
        </>
      )}
    </Loaded>
  );
}

function Row({ of, mine, second }: { of: Compared; mine: Course; second: Course }) {
  const status = (visit: number | undefined, course: Course) => {
    const found = visit === undefined ? undefined : course.visits[visit];
    return found ? <Status status={found.status} /> : <span class="muted">not reached</span>;
  };
  const words = of.differs
    .map((one) => (one === 'visit' ? (of.first === undefined ? 'only in the other' : 'only in this one') : one))
    .join(', ');
  return (
    <>
      <span role="gridcell" class="cut" title={of.path}>
        {of.path}
        {of.number > 1 ? <span class="muted"> visit {of.number}</span> : null}
      </span>
      <span role="gridcell">{status(of.first, mine)}</span>
      <span role="gridcell">{status(of.second, second)}</span>
      <span role="gridcell" class="cut">
        {words || <span class="muted">the same</span>}
      </span>
    </>
  );
}

interface BothOf {
  of: Compared;
  live: LiveExecution;
  other: string;
  onClose: () => void;
}

function Both({ of, live, other, onClose }: BothOf) {
  const flows = useResource(`both ${of.path} ${of.number} ${other}`, async (stop) => {
    const one = (arn: string, visit: number | undefined) =>
      visit === undefined ? undefined : dataFlow(arn, visit, stop);
    const [mine, theirs] = await Promise.all([one(live.arn, of.first), one(other, of.second)]);
    return { mine, theirs };
  });
  return (
    <Dialog title={of.path} wide onClose={onClose}>
      <div class="dialog-body">
        <p class="note">What has a + is of {nameOf(other)}, what has a − of this execution.</p>
        <Loaded of={flows} what="the data">
          {({ mine, theirs }) => (
            <>
              {['Input', 'Output'].map((stage) => (
                <OneStage key={stage} stage={stage} mine={mine} theirs={theirs} />
              ))}
            </>
          )}
        </Loaded>
        {of.first !== undefined && (
          <p class="buttons start">
            <button
              type="button"
              onClick={() =>
                change({
                  tab: 'graph',
                  state: live.newest.value?.visits[of.first ?? -1]?.state,
                  visit: of.first,
                  until: undefined,
                })
              }
            >
              Show it in the graph
            </button>
          </p>
        )}
      </div>
    </Dialog>
  );
}

function OneStage({
  stage,
  mine,
  theirs,
}: {
  stage: string;
  mine: DataFlow | undefined;
  theirs: DataFlow | undefined;
}) {
  const of = (flow: DataFlow | undefined): Json | undefined => flow?.stages.find((one) => one.name === stage)?.data;
  const [first, second] = [of(mine), of(theirs)];
  if (first === undefined && second === undefined) return null;
  const isSame = first !== undefined && second !== undefined && changes(first, second) === undefined;
  return (
    <section class="stage">
      <h3>
        {stage}
        {isSame ? ': the same' : ''}
      </h3>
      <JsonView
        label={stage}
        value={second ?? (first as Json)}
        before={isSame || second === undefined ? undefined : first}
      />
    </section>
  );
}
