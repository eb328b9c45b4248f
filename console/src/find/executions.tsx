// The executions of state machines or of a Map Run: filtered, searched, live.

import { useMemo, useState } from 'preact/hooks';
import { listExecutions } from '../api';
import { nameOf } from '../arn';
import { changes } from '../changes';
import type { Execution, ExecutionStatus } from '../contract';
import { fullTime, plural, time } from '../format';
import { Duration } from '../now';
import { useResource } from '../resource';
import { change, go, href, route } from '../route';
import { Empty, Loaded } from '../ui/notice';
import { Rows } from '../ui/rows';
import { Status, statusWord } from '../ui/status';

const STATUSES: ExecutionStatus[] = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];
const PAGE = 100;
/** With more state machines than this, the newest executions of each are fewer. */
const MANY_MACHINES = 20;

interface Page {
  executions: Execution[];
  hasMore: boolean;
}

/** The newest executions of each, up to `pages` pages. */
async function load(of: Of, status: string, pages: number, stop: AbortSignal): Promise<Page> {
  const sources = of.mapRunArn ? [{ mapRunArn: of.mapRunArn }] : of.machines.map((stateMachineArn) => ({ stateMachineArn }));
  const maxResults = sources.length > MANY_MACHINES ? 20 : PAGE;
  const lists = await Promise.all(sources.map(async (source) => {
    const found: Execution[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < pages; page += 1) {
      const statusFilter = (status || undefined) as ExecutionStatus | undefined;
      const answer = await listExecutions({ ...source, statusFilter, maxResults, nextToken }, stop);
      found.push(...answer.executions);
      nextToken = answer.nextToken;
      if (!nextToken) break;
    }
    return { found, hasMore: nextToken !== undefined };
  }));
  const executions = lists.flatMap((list) => list.found).sort((a, b) => b.startDate - a.startDate);
  return { executions, hasMore: lists.some((list) => list.hasMore) };
}

interface Of {
  machines: string[];
  mapRunArn?: string;
}

export function Executions({ of, mapRunArn }: { of: string[]; mapRunArn?: string }) {
  const { status = '', name = '' } = route.value.parameters;
  const [pages, setPages] = useState(1);
  const key = `executions ${mapRunArn ?? of.join(' ')} ${status}`;
  const executions = useResource(key, (stop) => load({ machines: of, ...(mapRunArn ? { mapRunArn } : {}) }, status, pages, stop), `${changes.value} ${pages}`);
  return (
    <>
      <div class="filters">
        <label>Status{' '}
          <select value={status} onChange={(event) => change({ status: event.currentTarget.value }, 'refinement')}>
            <option value="">All</option>
            {STATUSES.map((one) => <option key={one} value={one}>{statusWord(one)}</option>)}
          </select>
        </label>
        <label class="grow">Name{' '}
          <input type="search" value={name} onInput={(event) => change({ name: event.currentTarget.value }, 'refinement')} />
        </label>
      </div>
      <Loaded of={executions} what="executions">
        {(page) => <Table page={page} name={name} showMachine={of.length > 1} more={() => setPages(pages + 1)} />}
      </Loaded>
    </>
  );
}

interface TableOf {
  page: Page;
  name: string;
  showMachine: boolean;
  more: () => void;
}

function Table({ page, name, showMachine, more }: TableOf) {
  const wanted = name.toLowerCase();
  const found = useMemo(() => page.executions.filter((one) => one.name.toLowerCase().includes(wanted)), [page, wanted]);
  const note = wanted ? `${found.length} of the ${plural(page.executions.length, 'newest execution')}` : plural(found.length, 'execution');
  return (
    <>
      {found.length === 0 ? (
        <Empty><p>{page.executions.length === 0 ? 'No executions here.' : `No name has “${name}” in it.`}</p></Empty>
      ) : (
        <Rows
          label="Executions"
          class={`executions${showMachine ? ' with-machine' : ''}`}
          count={found.length}
          rowHeight={36}
          onChoose={(index) => found[index] && go('execution', found[index].executionArn)}
          header={
            <>
              <span role="columnheader">Status</span>
              <span role="columnheader">Name</span>
              {showMachine && <span role="columnheader" class="of-machine">State machine</span>}
              <span role="columnheader">Started</span>
              <span role="columnheader" class="right">Duration</span>
            </>
          }
          row={(index) => <Row execution={found[index]} showMachine={showMachine} />}
        />
      )}
      <p class="note foot">
        <span role="status">{note}{page.hasMore ? ', and there are more' : ''}</span>
        {page.hasMore && <button type="button" class="small" onClick={more}>Load more</button>}
      </p>
    </>
  );
}

function Row({ execution, showMachine }: { execution: Execution | undefined; showMachine: boolean }) {
  if (!execution) return null;
  const { executionArn, name, status, startDate, stopDate, stateMachineArn, itemCount } = execution;
  return (
    <>
      <span role="gridcell"><Status status={status} /></span>
      <span role="gridcell" class="cut"><a href={href('execution', executionArn)} tabIndex={-1} title={name}>{name}</a>{itemCount ? <span class="muted"> {plural(itemCount, 'item')}</span> : null}</span>
      {showMachine && <span role="gridcell" class="cut of-machine muted">{nameOf(stateMachineArn)}</span>}
      <span role="gridcell" class="cut muted" title={fullTime(startDate * 1000)}>{time(startDate * 1000)}</span>
      <span role="gridcell" class="right"><Duration from={startDate * 1000} to={stopDate === undefined ? undefined : stopDate * 1000} /></span>
    </>
  );
}
