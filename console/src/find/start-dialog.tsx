// Start an execution: with an input of one's own, of a test case, or of an earlier execution.

import { useState } from 'preact/hooks';
import { describeExecution, listExecutions, startExecution, startSyncExecution, testCases, type SyncExecution } from '../api';
import { nameOf } from '../arn';
import type { Json } from '../contract';
import { parsed, time } from '../format';
import { textOf, useResource } from '../resource';
import { Dialog } from '../ui/dialog';
import { JsonField } from '../ui/json-field';
import { JsonView } from '../ui/json-view';
import { Trouble } from '../ui/notice';
import { Prose } from '../ui/prose';
import { Status } from '../ui/status';

const LAST = 8;

interface Ready {
  title: string;
  input: string;
}

async function readyInputs(machineArn: string, isExpress: boolean, stop: AbortSignal): Promise<{ cases: Ready[]; last: Ready[] }> {
  const [cases, last] = await Promise.all([
    testCases(machineArn, stop).then(({ cases: all }) => all.map(({ name, input }) => ({ title: name, input: indented(input) })), () => []),
    isExpress ? [] : lastInputs(machineArn, stop).catch(() => []),
  ]);
  return { cases, last };
}

/** The inputs of the newest executions, each once. */
async function lastInputs(machineArn: string, stop: AbortSignal): Promise<Ready[]> {
  const { executions } = await listExecutions({ stateMachineArn: machineArn, maxResults: LAST }, stop);
  const described = await Promise.all(executions.map((one) => describeExecution(one.executionArn, stop)));
  const found = new Map<string, Ready>();
  for (const { name, startDate, status, input } of described) {
    if (input !== undefined && !found.has(input)) {
      found.set(input, { title: `${name}, ${status.toLowerCase()}, ${time(startDate * 1000)}`, input: indentedText(input) });
    }
  }
  return [...found.values()];
}

const indented = (value: unknown): string => JSON.stringify(value, null, 2);

export function indentedText(text: string): string {
  try {
    return indented(JSON.parse(text));
  } catch {
    return text;
  }
}

interface Start {
  machineArn: string;
  /** Whether the state machine keeps no executions: then the answer is shown here. */
  isExpress?: boolean;
  input?: string | undefined;
  onClose: () => void;
  onStarted: (executionArn: string) => void;
}

export function StartDialog({ machineArn, isExpress, input, onClose, onStarted }: Start) {
  const [text, setText] = useState(input === undefined ? '{}' : indentedText(input));
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [ended, setEnded] = useState<SyncExecution>();
  const ready = useResource(`inputs ${machineArn}`, (stop) => readyInputs(machineArn, isExpress === true, stop));
  const all = [...(ready.data?.cases ?? []), ...(ready.data?.last ?? [])];

  const start = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      if (isExpress) {
        setEnded(await startSyncExecution(machineArn, text, name));
      } else {
        const { executionArn } = await startExecution(machineArn, text, name);
        onClose();
        onStarted(executionArn);
      }
    } catch (trouble) {
      setError(textOf(trouble));
    }
    setBusy(false);
  };
  const option = (one: Ready) => <option key={one.title} value={all.indexOf(one)}>{one.title}</option>;
  return (
    <Dialog title={`Start ${nameOf(machineArn)}`} wide onClose={onClose}>
      <form class="dialog-body" onSubmit={start}>
        {all.length > 0 && (
          <label class="label">Ready inputs
            <select onChange={(event) => setText(all[Number(event.currentTarget.value)]?.input ?? text)}>
              <option value="">Choose one…</option>
              {ready.data && ready.data.cases.length > 0 && <optgroup label="Test cases">{ready.data.cases.map(option)}</optgroup>}
              {ready.data && ready.data.last.length > 0 && <optgroup label="Last inputs">{ready.data.last.map(option)}</optgroup>}
            </select>
          </label>
        )}
        <JsonField label="Input" value={text} onChange={setText} />
        <label class="label">Name (optional)
          <input type="text" value={name} maxLength={80} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        {error !== undefined && <Trouble message={error} />}
        {ended && <Ended of={ended} />}
        <div class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" disabled={busy}>Start</button>
        </div>
      </form>
    </Dialog>
  );
}

/** How an execution of an EXPRESS state machine has ended. */
function Ended({ of: { status, output, error, cause } }: { of: SyncExecution }) {
  return (
    <section aria-label="Answer" aria-live="polite">
      <p><Status status={status} />{error !== undefined && <span class="failure-text"> {error}</span>}</p>
      {cause !== undefined && <Prose text={cause} label="Cause" />}
      {output !== undefined && <JsonView label="Output" value={parsed(output) as Json} />}
    </section>
  );
}
