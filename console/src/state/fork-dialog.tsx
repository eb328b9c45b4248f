// Run on from a visit to a state: another execution, with other data or another definition.

import { useState } from 'preact/hooks';
import { fork } from '../api';
import type { Json } from '../contract';
import { textOf } from '../resource';
import { go } from '../route';
import { Dialog } from '../ui/dialog';
import { JsonField } from '../ui/json-field';
import { Trouble } from '../ui/notice';

interface From {
  executionArn: string;
  /** The position of the visit, and the name of its state. */
  visit: number;
  name: string;
  input: Json;
  variables: Record<string, Json>;
}

export function RunOn(from: From) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Run on from here…
      </button>
      {isOpen && <ForkDialog {...from} onClose={() => setOpen(false)} />}
    </>
  );
}

function ForkDialog({ executionArn, visit, name, input, variables, onClose }: From & { onClose: () => void }) {
  // What the visit had when the dialog was opened: it may end meanwhile.
  const [before] = useState(() => ({ input: indented(input), variables: indented(variables) }));
  const [inputText, setInput] = useState(before.input);
  const [variablesText, setVariables] = useState(before.variables);
  const [newName, setName] = useState('');
  const [isNewest, setNewest] = useState(false);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  const start = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const made = await fork({
        executionArn,
        visit,
        input: changed('input', inputText, before.input),
        variables: changed('variables', variablesText, before.variables),
        name: newName || undefined,
        newest: isNewest,
      });
      onClose();
      go('execution', made.executionArn);
    } catch (trouble) {
      setError(textOf(trouble));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Run on from ${name}`} wide onClose={onClose}>
      <form class="dialog-body" onSubmit={start}>
        <p>A new execution begins at this state, as if all before had been there. The present one stays as it is.</p>
        <JsonField label="Input" value={inputText} onChange={setInput} />
        <JsonField label="Variables" value={variablesText} onChange={setVariables} />
        <label>
          <input type="checkbox" checked={isNewest} onChange={() => setNewest(!isNewest)} /> With the definition as it
          is now
        </label>
        <label class="label">
          Name (optional)
          <input type="text" value={newName} maxLength={80} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        {error !== undefined && <Trouble message={error} />}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            Run on
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const indented = (value: Json): string => JSON.stringify(value, null, 2);

/** A text that is another one than before, which must be JSON: what stays as it was is left to the server, which has it exactly. */
function changed(what: string, text: string, before: string): string | undefined {
  if (text === before) return undefined;
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Error(`The ${what}: ${textOf(error)}`);
  }
  return text;
}
