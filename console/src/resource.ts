// Data of the server in a component.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { returns, ServerError } from './server';

export interface Resource<T> {
  data: T | undefined;
  error: string | undefined;
  loading: boolean;
  reload: () => void;
}

/** How many times as long as a reading took there is none, where what is read changes all the time. */
const PAUSE_FACTOR = 3;

/**
 * Loads what `key` names. Another key begins anew; another `version` of the same key, and a server that comes back, read it
 * again while the old data stays. What is being read is read to its end first, so that frequent changes do not starve it.
 */
export function useResource<T>(key: string, load: (stop: AbortSignal) => Promise<T>, version: unknown = 0): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: string; loading: boolean }>({ key, loading: true });
  const latest = useRef(load);
  latest.current = load;
  const read = useRef<() => void>(() => undefined);
  const back = returns.value;

  useEffect(() => {
    const stop = new AbortController();
    let isBusy = false;
    let isStale = false;
    const begin = async () => {
      if (isBusy) {
        isStale = true;
        return;
      }
      isBusy = true;
      for (let again = true; again; again = isStale) {
        isStale = false;
        const began = performance.now();
        setState((old) => (old.key === key ? { ...old, loading: true } : { key, loading: true }));
        const next = await latest.current(stop.signal).then((data) => ({ data, error: undefined, loading: false }), failed);
        if (stop.signal.aborted) return;
        setState((old) => ({ ...old, ...next }));
        if (isStale) await new Promise((resolve) => setTimeout(resolve, (performance.now() - began) * PAUSE_FACTOR));
        if (stop.signal.aborted) return;
      }
      isBusy = false;
    };
    read.current = () => void begin();
    return () => stop.abort();
  }, [key]);
  useEffect(() => read.current(), [key, version, back]);

  const reload = useCallback(() => read.current(), []);
  const { data, error, loading } = state.key === key ? state : { data: undefined, error: undefined, loading: true };
  return { data, error, loading, reload };
}

/** Of a server that is gone the banner tells: what is shown stays. */
function failed(error: unknown): { error?: string; loading: boolean } {
  return error instanceof ServerError && error.type === 'Gone' ? { loading: true } : { error: textOf(error), loading: false };
}

export function textOf(error: unknown): string {
  if (error instanceof ServerError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
