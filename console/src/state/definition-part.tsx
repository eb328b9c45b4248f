// The definition of a state, as the execution was started with it.

import { useMemo } from 'preact/hooks';
import { describeStateMachineForExecution } from '../api';
import type { Json } from '../contract';
import type { LiveExecution } from '../execution/live';
import { useResource } from '../resource';
import { href } from '../route';
import { JsonView } from '../ui/json-view';
import { Empty, Loaded } from '../ui/notice';
import { valueAt } from '../pointer';

export function DefinitionPart({ live, state }: { live: LiveExecution; state: string }) {
  const machine = useResource(`definition of ${live.arn}`, (stop) => describeStateMachineForExecution(live.arn, stop));
  return (
    <div class="part">
      <Loaded of={machine} what="the definition">
        {({ definition, stateMachineArn }) => (
          <>
            <OneState definition={definition} state={state} />
            <p class="buttons start">
              <a class="button" href={href('definition', stateMachineArn, { at: state })}>
                Edit the definition
              </a>
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}

function OneState({ definition, state }: { definition: string; state: string }) {
  const value = useMemo(() => {
    try {
      return valueAt(JSON.parse(definition) as Json, state);
    } catch {
      return undefined;
    }
  }, [definition, state]);
  return value === undefined ? (
    <Empty>
      <p>The definition has no such state.</p>
    </Empty>
  ) : (
    <JsonView label="Definition" value={value} />
  );
}
