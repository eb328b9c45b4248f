// Takes a state with its input to where it is run alone.

import { useState } from 'preact/hooks';
import { describeStateMachineForExecution } from '../api';
import type { Json } from '../contract';
import type { LiveExecution } from '../execution/live';
import { partsOf } from '../pointer';
import { textOf } from '../resource';
import { go } from '../route';
import { Trouble } from '../ui/notice';
import { draft } from './draft';

interface Alone {
  live: LiveExecution;
  state: string;
  input: Json;
  variables: Record<string, Json> | undefined;
}

export function RunAlone({ live, state, input, variables }: Alone) {
  const [error, setError] = useState<string>();
  const open = async () => {
    try {
      const { definition } = await describeStateMachineForExecution(live.arn);
      const name =
        live.course.peek()?.visits.find((visit) => visit.state === state)?.name ?? partsOf(state).at(-1) ?? '';
      draft.definition.value = JSON.stringify(JSON.parse(definition), null, 2);
      draft.stateName.value = name;
      draft.input.value = JSON.stringify(input, null, 2);
      draft.variables.value = JSON.stringify(variables ?? {}, null, 2);
      draft.mock.value = '';
      go('try', 'state');
    } catch (trouble) {
      setError(textOf(trouble));
    }
  };
  return (
    <>
      <button type="button" onClick={open}>
        Run this state alone…
      </button>
      {error !== undefined && <Trouble message={error} />}
    </>
  );
}
