// That something changed at the server: executions started or ended, state machines made or changed.

import { signal } from '@preact/signals';
import { address } from './api';
import { follow } from './stream';

/** How often at most the page reads lists again: many pages at a busy server are no burden then. */
const PAUSE = 1000;

/** Counts the changes. */
export const changes = signal(0);
/** How many executions run. */
export const running = signal<number | undefined>(undefined);

let pause: ReturnType<typeof setTimeout> | undefined;
let isStale = false;

/** The first change is told at once, those of the next moment together. */
function tell(): void {
  isStale = pause !== undefined;
  if (isStale) return;
  changes.value += 1;
  pause = setTimeout(() => {
    pause = undefined;
    if (isStale) tell();
  }, PAUSE);
}

/** Listens as long as the page is there. */
export function followChanges(): void {
  follow(() => address('changes'), new AbortController().signal, ({ event, data }) => {
    if (event === 'changed') {
      running.value = (JSON.parse(data) as { running?: number }).running;
      tell();
    }
    return 'more';
  }).catch(() => undefined);
}
