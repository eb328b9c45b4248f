// Where the page is. All of it stands in the hash, so that reload, back and forward find everything again.

import { signal } from '@preact/signals';

export type View =
  'find' | 'machine' | 'execution' | 'map-run' | 'definition' | 'new' | 'callbacks' | 'notifications' | 'data' | 'try';

export interface Route {
  view: View;
  /** The ARN, the URL of stored data, or the name of a playground. */
  of: string;
  parameters: Record<string, string>;
}

const SEGMENTS: Record<View, string> = {
  find: '',
  machine: 'machines',
  execution: 'executions',
  'map-run': 'map-runs',
  definition: 'definitions',
  new: 'new',
  callbacks: 'callbacks',
  notifications: 'notifications',
  data: 'data',
  try: 'try',
};

export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [segment = '', of = ''] = path.split(/\/(.*)/s);
  const found = (Object.entries(SEGMENTS) as [View, string][]).find(([, name]) => name === segment);
  return { view: found?.[0] ?? 'find', of: decoded(of), parameters: Object.fromEntries(new URLSearchParams(query)) };
}

export function href(view: View, of = '', parameters: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  const path = [SEGMENTS[view], encodeURIComponent(of)].filter((part) => part !== '').join('/');
  return `#/${path}${query ? `?${query}` : ''}`;
}

/** A text that is no encoded one stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = signal<Route>(parse(globalThis.location?.hash ?? ''));

globalThis.addEventListener?.('hashchange', () => {
  unwritten = undefined;
  const next = parse(location.hash);
  if (addressOf(next) !== addressOf(route.value)) route.value = next;
});

const addressOf = ({ view, of, parameters }: Route): string => href(view, of, parameters);

/** Goes to another view. */
export function go(view: View, of = '', parameters: Record<string, string | number | undefined> = {}): void {
  write();
  location.hash = href(view, of, parameters);
}

/**
 * Changes what the present view shows; `undefined` leaves a parameter out. What is typed into a filter is a refinement, no
 * place to come back to; so is what is dragged, which the address tells a moment later.
 */
export function change(
  parameters: Record<string, string | number | undefined>,
  as: 'step' | 'refinement' | 'drag' = 'step',
): void {
  const { view, of, parameters: present } = route.value;
  const next = href(view, of, { ...present, ...parameters });
  if (next === (unwritten ?? location.hash)) return;
  // The browser tells of it later, and what is changed until then is changed of this.
  route.value = parse(next);
  if (as === 'step') {
    write();
    location.hash = next;
  } else {
    unwritten = next;
    if (as === 'refinement') write();
    else if (writer === undefined) writer = setTimeout(write, PAUSE);
  }
}

/** Browsers do not let a page change its address as often as a slider moves. */
const PAUSE = 250;
let unwritten: string | undefined;
let writer: ReturnType<typeof setTimeout> | undefined;

/** Writes what is refined to the address. */
function write(): void {
  clearTimeout(writer);
  writer = undefined;
  if (unwritten !== undefined) history.replaceState(null, '', unwritten);
  unwritten = undefined;
}
