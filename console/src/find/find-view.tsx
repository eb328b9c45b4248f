// Find: the state machines, and the executions of one or all of them.

import { useState } from 'preact/hooks';
import { listStateMachines } from '../api';
import { nameOf } from '../arn';
import { changes } from '../changes';
import type { StateMachine } from '../contract';
import { useResource } from '../resource';
import { go, href } from '../route';
import { Icon } from '../ui/icon';
import { Empty, Loaded } from '../ui/notice';
import { Executions } from './executions';
import { StartDialog } from './start-dialog';

export function FindView({ machineArn }: { machineArn: string }) {
  const machines = useResource('machines', listStateMachines, changes.value);
  return (
    <div class="find">
      <Loaded of={machines} what="state machines">
        {(all) => (
          <>
            <Machines all={all} machineArn={machineArn} />
            <section class="found" aria-label="Executions">
              <Heading all={all} machineArn={machineArn} />
              <Kept all={all} machineArn={machineArn} />
            </section>
          </>
        )}
      </Loaded>
    </div>
  );
}

/** The executions of those that keep them. */
function Kept({ all, machineArn }: { all: StateMachine[]; machineArn: string }) {
  const kept = all.filter((machine) => machine.type !== 'EXPRESS' && (machineArn === '' || machine.stateMachineArn === machineArn));
  if (kept.length > 0) return <Executions key={machineArn} of={kept.map((machine) => machine.stateMachineArn)} />;
  if (all.length === 0) return null;
  const isThere = machineArn === '' || all.some((machine) => machine.stateMachineArn === machineArn);
  return <Empty><p>{isThere ? 'EXPRESS state machines keep no executions. Start one to see its answer.' : 'There is no such state machine.'}</p></Empty>;
}

function Machines({ all, machineArn }: { all: StateMachine[]; machineArn: string }) {
  const [search, setSearch] = useState('');
  const found = all.filter((machine) => machine.name.toLowerCase().includes(search.toLowerCase()));
  return (
    <nav class="machines" aria-label="State machines">
      <div class="machines-head">
        <h2>State machines</h2>
        <a class="button small" href={href('new')}><Icon name="plus" /> New</a>
      </div>
      {all.length > 8 && (
        <input type="search" aria-label="Search state machines" placeholder="Search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      )}
      <ul>
        <li><a href={href('find')} aria-current={machineArn === '' ? 'true' : undefined}>All executions</a></li>
        {found.map((machine) => (
          <li key={machine.stateMachineArn}>
            <a href={href('machine', machine.stateMachineArn)} aria-current={machine.stateMachineArn === machineArn ? 'true' : undefined} title={machine.stateMachineArn}>
              <span class="cut">{machine.name}</span>
              {machine.type === 'EXPRESS' && <span class="tag">EXPRESS</span>}
            </a>
          </li>
        ))}
      </ul>
      {all.length > 0 && found.length === 0 && <p class="note">No name has “{search}” in it.</p>}
    </nav>
  );
}

function Heading({ all, machineArn }: { all: StateMachine[]; machineArn: string }) {
  const [starting, setStarting] = useState(false);
  const machine = all.find((one) => one.stateMachineArn === machineArn);
  if (all.length === 0) {
    return (
      <Empty>
        <h1>No state machines yet</h1>
        <p>Start the server with a folder of definitions (<code>asl serve FOLDER</code>), or create one here or with the AWS CLI.</p>
        <p><a class="button primary" href={href('new')}>New state machine</a></p>
      </Empty>
    );
  }
  if (!machineArn) return <div class="found-head"><h1>All executions</h1></div>;
  return (
    <div class="found-head">
      <h1 class="cut" title={machineArn}>{machine?.name ?? nameOf(machineArn)}</h1>
      <div class="buttons">
        <a class="button" href={href('definition', machineArn)}>Definition</a>
        <button type="button" class="primary" onClick={() => setStarting(true)}><Icon name="play" /> Start execution</button>
      </div>
      {starting && (
        <StartDialog machineArn={machineArn} isExpress={machine?.type === 'EXPRESS'} onClose={() => setStarting(false)} onStarted={(arn) => go('execution', arn)} />
      )}
    </div>
  );
}
