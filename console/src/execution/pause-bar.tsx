// Where an execution pauses, and how it goes on.

import { useState } from 'preact/hooks';
import { resume } from '../api';
import type { Pause } from '../contract';
import { textOf } from '../resource';
import { change } from '../route';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { JsonField } from '../ui/json-field';
import { Trouble } from '../ui/notice';
import type { LiveExecution } from './live';

export function PauseBar({ live, pause }: { live: LiveExecution; pause: Pause }) {
  const [error, setError] = useState<string>();
  const [isOpen, setOpen] = useState(false);
  const go = async (isStep: boolean) => {
    setError(undefined);
    try {
      await resume({ executionArn: live.arn, pause: pause.number, step: isStep });
    } catch (trouble) {
      setError(textOf(trouble));
    }
  };
  return (
    <div class="focus-bar" role="status">
      <span class="cut">
        Paused before{' '}
        <button type="button" class="link" onClick={() => change({ state: pause.state, visit: undefined })}>
          {pause.name}
        </button>
      </span>
      <button type="button" class="small primary" onClick={() => go(false)}>
        <Icon name="play" /> Go on
      </button>
      <button type="button" class="small" onClick={() => go(true)}>
        Step
      </button>
      <button type="button" class="small" onClick={() => setOpen(true)}>
        Data…
      </button>
      {error !== undefined && <Trouble message={error} />}
      {isOpen && <DataDialog key={pause.number} arn={live.arn} pause={pause} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** The data of the state that comes next, which may be changed. */
function DataDialog({ arn, pause, onClose }: { arn: string; pause: Pause; onClose: () => void }) {
  const [input, setInput] = useState(() => JSON.stringify(pause.input, null, 2));
  const [variables, setVariables] = useState(() => JSON.stringify(pause.variables, null, 2));
  const [before] = useState({ input, variables });
  const [error, setError] = useState<string>();
  const take = async (event: Event) => {
    event.preventDefault();
    try {
      for (const text of [input, variables]) JSON.parse(text);
      await resume({
        executionArn: arn,
        pause: pause.number,
        stay: true,
        input: input === before.input ? undefined : input,
        variables: variables === before.variables ? undefined : variables,
      });
      onClose();
    } catch (trouble) {
      setError(textOf(trouble));
    }
  };
  return (
    <Dialog title={`The data of ${pause.name}`} wide onClose={onClose}>
      <form class="dialog-body" onSubmit={take}>
        <JsonField label="Input" value={input} onChange={setInput} />
        <JsonField label="Variables" value={variables} onChange={setVariables} />
        {error !== undefined && <Trouble message={error} />}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Change
          </button>
        </div>
      </form>
    </Dialog>
  );
}
