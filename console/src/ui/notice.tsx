// What stands where there is no data: it loads, there is none, or it cannot be had.

import type { ComponentChildren } from 'preact';
import type { Resource } from '../resource';

export function Loading({ what }: { what: string }) {
  return <p class="notice loading" role="status">Loading {what}…</p>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="notice empty">{children}</div>;
}

interface TroubleOf {
  message: string;
  again?: (() => void) | undefined;
  /** Other ways to go on. */
  children?: ComponentChildren;
}

export function Trouble({ message, again, children }: TroubleOf) {
  return (
    <div class="notice trouble" role="alert">
      <p class="prose">{message}</p>
      {again && <button type="button" onClick={again}>Try again</button>}
      {children}
    </div>
  );
}

/** The data of a resource, or what is there instead. */
export function Loaded<T>({ of, what, children }: { of: Resource<T>; what: string; children: (data: T) => ComponentChildren }) {
  if (of.data !== undefined) {
    return (
      <>
        {of.error !== undefined && <Trouble message={of.error} again={of.reload} />}
        {children(of.data)}
      </>
    );
  }
  return of.error === undefined ? <Loading what={what} /> : <Trouble message={of.error} again={of.reload} />;
}
