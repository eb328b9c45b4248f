// What the page says when the server does not answer, or wants a token.

import { useState } from 'preact/hooks';
import { reach, tryAtOnce, useToken } from './server';
import { useNow } from './now';
import { Dialog } from './ui/dialog';

export function ServerGone() {
  const state = reach.value;
  const present = useNow(state.kind === 'gone');
  if (state.kind !== 'gone') return null;
  const seconds = Math.max(0, Math.ceil((state.nextTry - present) / 1000));
  return (
    <div class="banner" role="alert">
      <span>
        The server does not answer. What you see is what was last known; the page goes on by itself when the server is
        back.
      </span>
      <span class="next-try" aria-hidden="true">
        {seconds > 0 ? `Next try in ${seconds} s` : 'Trying…'}
      </span>
      <button type="button" onClick={tryAtOnce}>
        Try now
      </button>
    </div>
  );
}

export function TokenDialog() {
  const [given, setGiven] = useState('');
  const state = reach.value;
  if (state.kind !== 'token') return null;
  const submit = (event: Event) => {
    event.preventDefault();
    if (given) useToken(given);
  };
  return (
    <Dialog title="This server wants a token" onClose={() => undefined}>
      <form class="dialog-body" onSubmit={submit}>
        <p>
          It is in the file that the server was started with (<code>--auth-token-file</code>). It is kept until this tab
          is closed.
        </p>
        {state.refused && (
          <p role="alert" class="trouble-text">
            The server does not take this token.
          </p>
        )}
        <label class="label">
          Token
          <input
            type="password"
            autocomplete="off"
            value={given}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit" class="primary" disabled={!given}>
            Use this token
          </button>
        </div>
      </form>
    </Dialog>
  );
}
