// That something changed at the server: executions started or ended, state machines made or changed.

import { signal } from '@preact/signals';
import { address } from './api';
import { follow } from './stream';

/** Counts the changes. */
export const changes = signal(0);
/** How many executions run. */
export const running = signal<number | undefined>(undefined);

let stop: AbortController | undefined;

function listen(): void {
  stop?.abort();
  if (document.hidden) return;
  stop = new AbortController();
  follow(() => address('changes'), stop.signal, ({ event, data }) => {
    if (event === 'changed') {
      running.value = (JSON.parse(data) as { running?: number }).running;
      changes.value += 1;
    }
    return 'more';
  }).catch(() => undefined);
}

/** Listens while somebody looks: a page in the background costs the server nothing. */
export function followChanges(): void {
  listen();
  document.addEventListener('visibilitychange', () => {
    listen();
    if (!document.hidden) changes.value += 1;
  });
}
