// The Map Runs of an execution.

import { listMapRuns } from '../api';
import { nameOf } from '../arn';
import { fullTime, time } from '../format';
import { Duration } from '../now';
import { useResource } from '../resource';
import { href } from '../route';
import { Empty, Loaded } from '../ui/notice';
import type { LiveExecution } from './live';

export function MapRuns({ live }: { live: LiveExecution }) {
  const runs = useResource(`map runs ${live.arn}`, (stop) => listMapRuns(live.arn, stop), live.newest.value?.events);
  return (
    <div class="scrolled padded">
      <Loaded of={runs} what="Map Runs">
        {({ mapRuns }) =>
          mapRuns.length === 0 ? (
            <Empty>
              <p>No Map Runs yet.</p>
            </Empty>
          ) : (
            <table class="counts">
              <thead>
                <tr>
                  <th scope="col">Map Run</th>
                  <th scope="col">Started</th>
                  <th scope="col">Duration</th>
                </tr>
              </thead>
              <tbody>
                {mapRuns.map((run) => (
                  <tr key={run.mapRunArn}>
                    <td>
                      <a href={href('map-run', run.mapRunArn)}>{nameOf(run.mapRunArn)}</a>
                    </td>
                    <td title={fullTime(run.startDate * 1000)}>{time(run.startDate * 1000)}</td>
                    <td>
                      <Duration
                        from={run.startDate * 1000}
                        to={run.stopDate === undefined ? undefined : run.stopDate * 1000}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </div>
  );
}
