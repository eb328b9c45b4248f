// Start an execution: with an input of one's own, of a test case, or of an earlier execution.

import { useState } from 'preact/hooks';
import { describeExecution, listExecutions, startExecution, testCases } from '../api';
import { nameOf } from '../arn';
import { textOf, useResource } from '../resource';
import { time } from '../format';
import { Dialog } from '../ui/dialog';
import { JsonField } from '../ui/json-field';
import { Trouble } from '../ui/notice';

const LAST = 8;

interface Ready {
  title: string;
  input: string;
}

async function readyInputs(machineArn: string, stop: AbortSignal): Promise<{ cases: Ready[]; last: Ready[] }> {
  const [cases, last] = await Promise.all([
    testCases(machineArn, stop).then(({ cases: all }) => all.map(({ name, input }) => ({ title: name, input: indented(input) })), () => []),
    lastInputs(machineArn, stop).catch(() => []),
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
  input?: string | undefined;
  onClose: () => void;
  onStarted: (executionArn: string) => void;
}

export function StartDialog({ machineArn, input, onClose, onStarted }: Start) {
  const [text, setText] = useState(input === undefined ? '{}' : indentedText(input));
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const ready = useResource(`inputs ${machineArn}`, (stop) => readyInputs(machineArn, stop));
  const all = [...(ready.data?.cases ?? []), ...(ready.data?.last ?? [])];

  const start = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const { executionArn } = await startExecution(machineArn, text, name);
      onClose();
      onStarted(executionArn);
    } catch (trouble) {
      setError(textOf(trouble));
      setBusy(false);
    }
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
        <div class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" disabled={busy}>Start</button>
        </div>
      </form>
    </Dialog>
  );
}
