// The present, for what is still running.

import { signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext, useEffect } from 'preact/hooks';
import { duration } from './format';

const now = signal(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time at which what is inside stands still, as it is in the past. */
export const Moment = createContext<number | undefined>(undefined);

/** The time in milliseconds, which goes on every half second while somebody needs it. */
export function useNow(isNeeded: boolean): number {
  const moment = useContext(Moment);
  const isTicking = isNeeded && moment === undefined;
  useEffect(() => {
    if (!isTicking) return;
    users += 1;
    timer ??= setInterval(() => (now.value = Date.now()), 500);
    return () => {
      users -= 1;
      if (users > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, [isTicking]);
  if (moment !== undefined) return moment;
  return isNeeded ? Math.max(now.value, Date.now() - 500) : Date.now();
}

export function Duration({ from, to }: { from?: number | undefined; to?: number | undefined }) {
  const isRunning = from !== undefined && to === undefined;
  const present = useNow(isRunning);
  return <span class="duration">{from === undefined ? '' : duration((to ?? present) - from)}</span>;
}
