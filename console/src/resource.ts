// Data of the server in a component.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { returns, ServerError } from './server';

export interface Resource<T> {
  data: T | undefined;
  error: string | undefined;
  loading: boolean;
  reload: () => void;
}

/**
 * Loads what `key` names. Another key begins anew; another `version` of the same key, and a server that comes back, read it
 * again while the old data stays.
 */
export function useResource<T>(key: string, load: (stop: AbortSignal) => Promise<T>, version: unknown = 0): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: string; loading: boolean }>({ key, loading: true });
  const [asked, setAsked] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const back = returns.value;
  useEffect(() => {
    const stop = new AbortController();
    setState((old) => (old.key === key ? { ...old, loading: true } : { key, loading: true }));
    latest.current(stop.signal).then(
      (data) => !stop.signal.aborted && setState({ key, data, loading: false }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        // Of a server that is gone the banner tells: what is shown stays.
        const message = error instanceof ServerError && error.type === 'Gone' ? undefined : textOf(error);
        setState((old) => ({ ...old, ...(message === undefined ? {} : { error: message }), loading: message === undefined }));
      },
    );
    return () => stop.abort();
  }, [key, version, asked, back]);
  const reload = useCallback(() => setAsked((times) => times + 1), []);
  const { data, error, loading } = state.key === key ? state : { data: undefined, error: undefined, loading: true };
  return { data, error, loading, reload };
}

export function textOf(error: unknown): string {
  if (error instanceof ServerError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
