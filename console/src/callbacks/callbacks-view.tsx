// Callbacks and activities: what waits for somebody's answer.

import { useState } from 'preact/hooks';
import { callbacks, sendTaskFailure, sendTaskHeartbeat, sendTaskSuccess } from '../api';
import { nameOf } from '../arn';
import { changes } from '../changes';
import type { Callback } from '../contract';
import { number } from '../format';
import { Duration } from '../now';
import { textOf, useResource } from '../resource';
import { href } from '../route';
import { Copy } from '../ui/copy';
import { Dialog } from '../ui/dialog';
import { JsonField } from '../ui/json-field';
import { JsonView } from '../ui/json-view';
import { Empty, Loaded, Trouble } from '../ui/notice';

export function CallbacksView() {
  const open = useResource('callbacks', callbacks, changes.value);
  const [answered, setAnswered] = useState<Callback>();
  return (
    <section class="sheet" aria-labelledby="callbacks">
      <h1 id="callbacks">Callbacks</h1>
      <Loaded of={open} what="callbacks">
        {({ callbacks: waiting, activities }) => (
          <>
            {waiting.length === 0 ? (
              <Empty><p>Nothing waits for a task token. States with <code>.waitForTaskToken</code> stand here until they are answered.</p></Empty>
            ) : waiting.map((one) => <Waiting key={one.taskToken} callback={one} answer={() => setAnswered(one)} />)}
            <h2>Activities</h2>
            {activities.length === 0 ? <p class="note">There are none.</p> : (
              <table class="counts">
                <thead><tr><th scope="col">Activity</th><th scope="col" class="right">Queued</th></tr></thead>
                <tbody>
                  {activities.map(({ activityArn, queued }) => <tr key={activityArn}><td title={activityArn}>{nameOf(activityArn)}</td><td class="right">{number(queued)}</td></tr>)}
                </tbody>
              </table>
            )}
          </>
        )}
      </Loaded>
      {answered && <AnswerDialog callback={answered} onClose={() => setAnswered(undefined)} onAnswered={open.reload} />}
    </section>
  );
}

function Waiting({ callback, answer }: { callback: Callback; answer: () => void }) {
  const { taskToken, executionArn, state, resource, since, input } = callback;
  return (
    <article class="message">
      <div class="message-head">
        <h2>{state ?? nameOf(resource)}</h2>
        {since !== undefined && <span class="muted">waits <Duration from={since} /></span>}
        <div class="buttons">
          <Copy text={() => taskToken} label="Copy token" />
          <button type="button" class="primary" onClick={answer}>Answer…</button>
        </div>
      </div>
      <p class="muted">execution <a href={href('execution', executionArn)}>{nameOf(executionArn)}</a> · {resource}</p>
      {input !== undefined && <JsonView label="What was sent" value={input} />}
    </article>
  );
}

interface Answer {
  callback: Callback;
  onClose: () => void;
  onAnswered: () => void;
}

function AnswerDialog({ callback: { taskToken, state, resource }, onClose, onAnswered }: Answer) {
  const [kind, setKind] = useState<'success' | 'failure'>('success');
  const [output, setOutput] = useState('{}');
  const [error, setError] = useState('');
  const [cause, setCause] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const [beaten, setBeaten] = useState(false);
  const send = async (work: Promise<unknown>, then: () => void) => {
    setTrouble(undefined);
    try {
      await work;
      then();
    } catch (refused) {
      setTrouble(textOf(refused));
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void send(kind === 'success' ? sendTaskSuccess(taskToken, output) : sendTaskFailure(taskToken, error, cause), () => {
      onClose();
      onAnswered();
    });
  };
  return (
    <Dialog title={`Answer ${state ?? nameOf(resource)}`} wide onClose={onClose}>
      <form class="dialog-body" onSubmit={submit}>
        <fieldset class="choice-of">
          <legend>The task</legend>
          <label><input type="radio" name="kind" checked={kind === 'success'} onChange={() => setKind('success')} /> succeeded</label>
          <label><input type="radio" name="kind" checked={kind === 'failure'} onChange={() => setKind('failure')} /> failed</label>
        </fieldset>
        {kind === 'success' ? <JsonField label="Output" value={output} onChange={setOutput} /> : (
          <>
            <label class="label">Error<input type="text" maxLength={256} value={error} onInput={(event) => setError(event.currentTarget.value)} /></label>
            <label class="label">Cause<input type="text" value={cause} onInput={(event) => setCause(event.currentTarget.value)} /></label>
          </>
        )}
        {trouble !== undefined && <Trouble message={trouble} />}
        <div class="buttons">
          <button type="button" onClick={() => send(sendTaskHeartbeat(taskToken), () => setBeaten(true))}>{beaten ? 'Heartbeat sent' : 'Send a heartbeat'}</button>
          <button type="submit" class="primary">Send</button>
        </div>
      </form>
    </Dialog>
  );
}
