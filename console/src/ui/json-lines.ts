// A JSON value as lines of text, and two of them as one text with what is new and what is gone.

import microdiff, { type Difference } from 'microdiff';
import type { Json } from '../contract';

export type Sign = '+' | '-' | ' ';

export interface Line {
  /** Tells this line from all others of the view. */
  id: string;
  depth: number;
  sign: Sign;
  name?: string;
  kind: 'string' | 'number' | 'word' | 'bracket';
  text: string;
  /** How many members or items it has, where it can be opened and closed. */
  members?: number;
  isOpen?: boolean;
  comma: boolean;
}

export interface Changes {
  /** By the path of the value. */
  at: Map<string, Difference>;
  /** The paths of all that has a change inside. */
  around: Set<string>;
  /** What is gone, by the path that it is gone from. */
  gone: Map<string, { name: string; value: Json }[]>;
}

const pathOf = (parts: (string | number)[]): string =>
  parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

const isContainer = (value: unknown): value is Json[] | { [name: string]: Json } =>
  typeof value === 'object' && value !== null;

/** What has changed between two values, or `undefined` where nothing has. */
export function changes(before: Json, after: Json): Changes | undefined {
  const comparable = isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after);
  const found: Difference[] = comparable
    ? microdiff(before, after, { cyclesFix: false })
    : Object.is(before, after)
      ? []
      : [{ type: 'CHANGE', path: [], value: after, oldValue: before }];
  if (found.length === 0) return undefined;
  const all: Changes = { at: new Map(), around: new Set(), gone: new Map() };
  for (const difference of found) {
    // The library finds `constructor` and the like in every object.
    const isGone = difference.type === 'REMOVE' || typeof (difference as { value?: unknown }).value === 'function';
    for (let length = 0; length < difference.path.length; length += 1)
      all.around.add(pathOf(difference.path.slice(0, length)));
    if (isGone && 'oldValue' in difference) {
      const parent = pathOf(difference.path.slice(0, -1));
      const list = all.gone.get(parent) ?? [];
      list.push({ name: String(difference.path.at(-1)), value: difference.oldValue as Json });
      all.gone.set(parent, list);
    } else {
      all.at.set(pathOf(difference.path), difference);
    }
  }
  return all;
}

/** Whether a value has more values in it than `most`. */
export function isLarge(value: Json, most: number): boolean {
  let left = most;
  const count = (of: Json): boolean => {
    left -= 1;
    if (left < 0) return true;
    return isContainer(of) && (Array.isArray(of) ? of : Object.values(of)).some(count);
  };
  return count(value);
}

/** The lines of a value; `toggled` has the paths that are not as open as they would be by themselves. */
export function lines(value: Json, toggled: ReadonlySet<string>, changed?: Changes): Line[] {
  const out: Line[] = [];
  const large = isLarge(value, 2000);

  const one = (of: Json, path: string, depth: number, sign: Sign, name: string | undefined, comma: boolean): void => {
    const change = sign === ' ' ? changed?.at.get(path) : undefined;
    if (change?.type === 'CREATE') return one(of, path, depth, '+', name, comma);
    if (change?.type === 'CHANGE') {
      one(change.oldValue as Json, path, depth, '-', name, comma);
      return one(of, path, depth, '+', name, comma);
    }
    const id = `${sign}${path}`;
    const line = { id, depth, sign, comma, ...(name === undefined ? {} : { name }) };
    if (!isContainer(of)) {
      const kind = typeof of === 'string' ? 'string' : typeof of === 'number' ? 'number' : 'word';
      out.push({ ...line, kind, text: JSON.stringify(of) });
      return;
    }
    const isList = Array.isArray(of);
    const members = isList ? of.map((item, index): [string, Json] => [String(index), item]) : Object.entries(of);
    const gone = sign === ' ' ? (changed?.gone.get(path) ?? []) : [];
    const [open, close] = isList ? ['[', ']'] : ['{', '}'];
    const all = members.length + gone.length;
    if (all === 0) {
      out.push({ ...line, kind: 'bracket', text: open + close });
      return;
    }
    // Of a difference only the way to what changed is open.
    const byItself = changed && sign === ' ' ? changed.around.has(path) : !large || depth < 2;
    const isOpen = toggled.has(id) !== byItself;
    if (!isOpen) {
      out.push({ ...line, kind: 'bracket', text: `${open}…${close}`, members: all, isOpen });
      return;
    }
    out.push({ ...line, kind: 'bracket', text: open, members: all, isOpen, comma: false });
    for (const { name: goneName, value: goneValue } of gone) {
      one(goneValue, `${path}/${goneName}`, depth + 1, '-', isList ? undefined : goneName, true);
    }
    members.forEach(([memberName, member], index) => {
      one(
        member,
        path + pathOf([memberName]),
        depth + 1,
        sign,
        isList ? undefined : memberName,
        index < members.length - 1,
      );
    });
    out.push({ id: `${id} end`, depth, sign, kind: 'bracket', text: close, comma });
  };

  one(value, '', 0, ' ', undefined, false);
  return out;
}
