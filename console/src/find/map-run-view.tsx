// A Map Run: its counts, and its child executions.

import { describeMapRun } from '../api';
import { nameOf } from '../arn';
import { changes } from '../changes';
import { number } from '../format';
import { Duration } from '../now';
import { useResource } from '../resource';
import { href } from '../route';
import { Loaded } from '../ui/notice';
import { Status } from '../ui/status';
import { Executions } from './executions';

export function MapRunView({ arn }: { arn: string }) {
  const mapRun = useResource(`map run ${arn}`, (stop) => describeMapRun(arn, stop), changes.value);
  return (
    <section class="found alone" aria-label="Map Run">
      <Loaded of={mapRun} what="the Map Run">
        {(run) => (
          <>
            <p class="crumbs">
              <a href={href('execution', run.executionArn)}>{nameOf(run.executionArn)}</a>
            </p>
            <div class="found-head">
              <h1 class="cut" title={arn}>
                Map Run {nameOf(arn)}
              </h1>
              <Status status={run.status} />
              <Duration from={run.startDate * 1000} to={run.stopDate === undefined ? undefined : run.stopDate * 1000} />
            </div>
            <div class="scrolled" tabIndex={0} role="group" aria-label="Counts of the Map Run">
              <table class="counts">
                <thead>
                  <tr>
                    <th scope="col">Counts</th>
                    {COUNTED.map((name) => (
                      <th key={name} scope="col" class="right">
                        {WORDS[name] ?? name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  <Counts title="Items" counts={run.itemCounts} />
                  <Counts title="Executions" counts={run.executionCounts} />
                </tbody>
              </table>
            </div>
          </>
        )}
      </Loaded>
      <Executions of={[]} mapRunArn={arn} />
    </section>
  );
}

const COUNTED = ['total', 'pending', 'running', 'succeeded', 'failed', 'timedOut', 'aborted'];
const WORDS: Record<string, string> = { timedOut: 'timed out' };

function Counts({ title, counts }: { title: string; counts: Record<string, number> }) {
  return (
    <tr>
      <th scope="row">{title}</th>
      {COUNTED.map((name) => (
        <td key={name} class="right">
          {number(counts[name] ?? 0)}
        </td>
      ))}
    </tr>
  );
}
