// Views with a definition to edit: of a state machine that is there, and of a new one.

import { useState } from 'preact/hooks';
import { createStateMachine, describeStateMachine, updateStateMachine } from '../api';
import { indentedText, StartDialog } from '../find/start-dialog';
import { textOf, useResource } from '../resource';
import { go, href, route } from '../route';
import { Loaded, Trouble } from '../ui/notice';
import { DefinitionEditor } from './definition-editor';

export function DefinitionView({ arn }: { arn: string }) {
  const machine = useResource(`machine ${arn}`, (stop) => describeStateMachine(arn, stop));
  return (
    <section class="editing" aria-label="Definition">
      <Loaded of={machine} what="the definition">
        {({ name, type, definition }) => <Edited arn={arn} name={name} isExpress={type === 'EXPRESS'} definition={indentedText(definition)} onSaved={machine.reload} />}
      </Loaded>
    </section>
  );
}

interface EditedOf {
  arn: string;
  name: string;
  isExpress: boolean;
  definition: string;
  onSaved: () => void;
}

function Edited({ arn, name, isExpress, definition, onSaved }: EditedOf) {
  const [text, setText] = useState(definition);
  const [told, setTold] = useState<{ saved: boolean; text: string }>();
  const [starting, setStarting] = useState(false);
  const isChanged = text !== definition;
  const { at } = route.value.parameters;
  const save = async () => {
    try {
      await updateStateMachine(arn, text);
      setTold({ saved: true, text: 'Saved. Executions that start from now on have it.' });
      onSaved();
    } catch (error) {
      setTold({ saved: false, text: textOf(error) });
    }
  };
  return (
    <>
      <header class="found-head">
        <h1 class="cut"><a href={href('machine', arn)}>{name}</a></h1>
        <div class="buttons">
          <button type="button" disabled={!isChanged} onClick={() => setText(definition)}>Undo all</button>
          <button type="button" disabled={!isChanged} onClick={save}>Save</button>
          <button type="button" class="primary" onClick={() => setStarting(true)} disabled={isChanged} title={isChanged ? 'Save first' : undefined}>Start execution</button>
        </div>
      </header>
      {told && (told.saved ? <p class="note" role="status">{told.text}</p> : <Trouble message={told.text} />)}
      <DefinitionEditor text={text} onChange={setText} at={at} />
      {starting && <StartDialog machineArn={arn} isExpress={isExpress} onClose={() => setStarting(false)} onStarted={(started) => go('execution', started)} />}
    </>
  );
}

const FIRST = `{
  "StartAt": "Greet",
  "States": {
    "Greet": {
      "Type": "Pass",
      "Result": "hello",
      "End": true
    }
  }
}`;

export function NewView() {
  const [name, setName] = useState('');
  const [type, setType] = useState<'STANDARD' | 'EXPRESS'>('STANDARD');
  const [text, setText] = useState(FIRST);
  const [error, setError] = useState<string>();
  const create = async (event: Event) => {
    event.preventDefault();
    try {
      const { stateMachineArn } = await createStateMachine(name, text, type);
      go('machine', stateMachineArn);
    } catch (trouble) {
      setError(textOf(trouble));
    }
  };
  return (
    <form class="editing" aria-label="New state machine" onSubmit={create}>
      <header class="found-head">
        <h1>New state machine</h1>
        <div class="buttons">
          <label>Name <input type="text" required maxLength={80} value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
          <label>Type{' '}
            <select value={type} onChange={(event) => setType(event.currentTarget.value as typeof type)}>
              <option>STANDARD</option>
              <option>EXPRESS</option>
            </select>
          </label>
          <button type="submit" class="primary">Create</button>
        </div>
      </header>
      {error !== undefined && <Trouble message={error} />}
      <DefinitionEditor text={text} onChange={setText} at={undefined} />
    </form>
  );
}
