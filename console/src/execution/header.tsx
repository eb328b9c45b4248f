// What an execution is, how it goes, and what can be done with it.

import { useState } from 'preact/hooks';
import { redriveExecution, stopExecution } from '../api';
import { nameOf } from '../arn';
import type { ExecutionDescription } from '../contract';
import { fullTime, time } from '../format';
import { Duration } from '../now';
import { textOf } from '../resource';
import { go, href } from '../route';
import { StartDialog } from '../find/start-dialog';
import { Copy } from '../ui/copy';
import { Icon } from '../ui/icon';
import { Trouble } from '../ui/notice';
import { Status } from '../ui/status';
import type { LiveExecution } from './live';
import { StopDialog } from './stop-dialog';
import { TestCaseDialog } from './test-case-dialog';

type Shown = 'start' | 'stop' | 'test-case' | undefined;

export function Header({ live, description }: { live: LiveExecution; description: ExecutionDescription }) {
  const [shown, setShown] = useState<Shown>();
  const [error, setError] = useState<string>();
  const { executionArn, stateMachineArn, mapRunArn, name, status, startDate, stopDate, redriveCount, redriveStatus } =
    description;
  const attempt = async (work: Promise<unknown>) => {
    setError(undefined);
    try {
      await work;
    } catch (trouble) {
      setError(textOf(trouble));
    }
  };
  const close = () => setShown(undefined);
  return (
    <section class="execution-head" aria-label="Execution">
      <p class="crumbs">
        <a href={href('machine', stateMachineArn)}>{nameOf(stateMachineArn)}</a>
        {mapRunArn && (
          <>
            {' '}
            / <a href={href('map-run', mapRunArn)}>Map Run</a>
          </>
        )}
      </p>
      <div class="execution-title">
        <h1 class="cut" title={executionArn}>
          {name}
        </h1>
        <Status status={status} note={redriveCount ? `(redriven ${redriveCount}×)` : undefined} />
        <span class="muted" title={fullTime(startDate * 1000)}>
          {time(startDate * 1000)} ·{' '}
          <Duration
            from={startDate * 1000}
            to={stopDate === undefined || status === 'RUNNING' ? undefined : stopDate * 1000}
          />
        </span>
        <div class="buttons">
          {status === 'RUNNING' && (
            <button type="button" onClick={() => setShown('stop')}>
              <Icon name="stop" /> Stop…
            </button>
          )}
          {redriveStatus === 'REDRIVABLE' && (
            <button type="button" onClick={() => attempt(redriveExecution(executionArn))}>
              <Icon name="again" /> Redrive
            </button>
          )}
          {!mapRunArn && (
            <button type="button" onClick={() => setShown('start')}>
              <Icon name="play" /> Start again…
            </button>
          )}
          {status !== 'RUNNING' && (
            <button type="button" onClick={() => setShown('test-case')}>
              Save as test case…
            </button>
          )}
          <Copy text={() => executionArn} label="Copy ARN" />
        </div>
      </div>
      {error !== undefined && <Trouble message={error} />}
      {shown === 'start' && (
        <StartDialog
          machineArn={stateMachineArn}
          input={description.input ?? '{}'}
          onClose={close}
          onStarted={(arn) => go('execution', arn)}
        />
      )}
      {shown === 'stop' && (
        <StopDialog onClose={close} onStop={(why, cause) => attempt(stopExecution(live.arn, why, cause))} />
      )}
      {shown === 'test-case' && <TestCaseDialog arn={executionArn} onClose={close} />}
    </section>
  );
}
