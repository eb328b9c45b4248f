// That something changed at the server: executions started or ended, state machines made or changed.

import { signal } from '@preact/signals';
import { address } from './api';
import { returns } from './server';
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

/** Listens as long as the page is there; where it is refused, as without a token, again when there is hope. */
export async function followChanges(): Promise<void> {
  for (;;) {
    const before = returns.peek();
    await follow(
      () => address('changes'),
      new AbortController().signal,
      ({ event, data }) => {
        if (event === 'changed') {
          running.value = (JSON.parse(data) as { running?: number }).running;
          tell();
        }
        return 'more';
      },
    ).catch(() => undefined);
    await new Promise<void>((resolve) => returns.subscribe((count) => count !== before && resolve()));
  }
}
