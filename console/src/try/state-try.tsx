// One state, run alone with an input and what its task answers.

import { useState } from 'preact/hooks';
import { testState, type StateTest } from '../api';
import type { Json, Stage, TestedState } from '../contract';
import { parsed } from '../format';
import { textOf } from '../resource';
import { Stages } from '../state/stages';
import { JsonField } from '../ui/json-field';
import { JsonView } from '../ui/json-view';
import { Empty, Trouble } from '../ui/notice';
import { Prose } from '../ui/prose';
import { Status } from '../ui/status';
import { draft } from './draft';

type MockKind = 'none' | 'result' | 'error';

export function StateTry() {
  const [kind, setKind] = useState<MockKind>('none');
  const [error, setError] = useState('States.TaskFailed');
  const [cause, setCause] = useState('');
  const [tested, setTested] = useState<TestedState>();
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const run = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setTrouble(undefined);
    try {
      const mock: StateTest['mock'] = kind === 'none' ? undefined : kind === 'result' ? { result: draft.mock.value || 'null' } : { errorOutput: { error, cause } };
      setTested(await testState({
        definition: draft.definition.value,
        input: draft.input.value || '{}',
        ...(draft.stateName.value ? { stateName: draft.stateName.value } : {}),
        ...(draft.variables.value.trim() !== '{}' && draft.variables.value.trim() ? { variables: draft.variables.value } : {}),
        ...(mock ? { mock } : {}),
      }));
    } catch (refused) {
      setTested(undefined);
      setTrouble(textOf(refused));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="two-columns" onSubmit={run}>
      <div class="column">
        <JsonField label="State, or state machine" tall value={draft.definition.value} onChange={(text) => (draft.definition.value = text)} />
        <label class="label">Name of the state, where it is one of a state machine
          <input type="text" value={draft.stateName.value} onInput={(event) => (draft.stateName.value = event.currentTarget.value)} />
        </label>
        <JsonField label="Input" value={draft.input.value} onChange={(text) => (draft.input.value = text)} />
        <fieldset class="choice-of">
          <legend>The task</legend>
          <label><input type="radio" name="mock" checked={kind === 'none'} onChange={() => setKind('none')} /> is called</label>
          <label><input type="radio" name="mock" checked={kind === 'result'} onChange={() => setKind('result')} /> answers</label>
          <label><input type="radio" name="mock" checked={kind === 'error'} onChange={() => setKind('error')} /> fails</label>
        </fieldset>
        {kind === 'result' && <JsonField label="Answer of the task" value={draft.mock.value} onChange={(text) => (draft.mock.value = text)} />}
        {kind === 'error' && (
          <>
            <label class="label">Error<input type="text" value={error} onInput={(event) => setError(event.currentTarget.value)} /></label>
            <label class="label">Cause<input type="text" value={cause} onInput={(event) => setCause(event.currentTarget.value)} /></label>
          </>
        )}
        <div class="buttons start"><button type="submit" class="primary" disabled={busy}>Run the state</button></div>
      </div>
      <div class="column" aria-live="polite">
        <h2>What it does</h2>
        {trouble !== undefined && <Trouble message={trouble} />}
        {tested ? <Tested of={tested} /> : trouble === undefined && <Empty><p>Run the state to see each stage of its data.</p></Empty>}
      </div>
    </form>
  );
}

const STAGES: [string, string, string?][] = [
  ['input', 'Input'], ['afterInputPath', 'InputPath'], ['afterParameters', 'Parameters'], ['afterArguments', 'Arguments'],
  ['result', 'Result'], ['afterResultSelector', 'ResultSelector'], ['afterResultPath', 'ResultPath', 'Input'],
];

/** The stages that TestState tells of, in their order. */
function stagesOf({ inspectionData = {}, output }: TestedState): Stage[] {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const stage = (name: string, text: string, comparedWith?: string): Stage =>
    ({ name, data: parsed(text) as Json, size: bytes(text), ...(comparedWith ? { comparedWith } : {}), ...(name === 'Result' ? { isNew: true } : {}) });
  const told = STAGES.flatMap(([member, name, comparedWith]) => {
    const text = inspectionData[member];
    return typeof text === 'string' ? [stage(name, text, comparedWith)] : [];
  });
  return output === undefined ? told : [...told, stage('Output', output)];
}

function Tested({ of }: { of: TestedState }) {
  const { status, error, cause, nextState, inspectionData = {} } = of;
  const rest = Object.fromEntries(Object.entries(inspectionData).filter(([name]) => !STAGES.some(([member]) => member === name)));
  return (
    <>
      <p><Status status={status} />{nextState !== undefined && <span class="muted"> next: {nextState}</span>}</p>
      {(error !== undefined || cause !== undefined) && (
        <div class="failure">
          <h3>{error ?? 'Failed'}</h3>
          {cause !== undefined && <Prose text={cause} label="Cause" />}
        </div>
      )}
      <Stages stages={stagesOf(of)} />
      {Object.keys(rest).length > 0 && <section class="stage"><h3>More</h3><JsonView label="More" value={rest} /></section>}
    </>
  );
}
