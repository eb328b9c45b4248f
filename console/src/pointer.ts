// Paths of states and of problems in a definition: `/States/Both/Branches[0]/States/Pack`.

import type { Json } from './contract';

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

export const partsOf = (path: string): string[] => path.split('/').slice(1).map(unescaped);

/** How a document of some kind is gone into. */
export interface Steps<T> {
  member: (of: T, name: string) => T | undefined;
  item: (of: T, index: number) => T | undefined;
}

/** Goes along a path as far as there is something. Names may have slashes and brackets in them. */
export function along<T>(path: string, root: T, steps: Steps<T>): { value: T; isWhole: boolean } {
  let value = root;
  let parts = partsOf(path);
  while (parts.length > 0) {
    let found: T | undefined;
    let length = 0;
    while (found === undefined && length < parts.length) {
      length += 1;
      found = step(value, parts.slice(0, length).join('/'), steps);
    }
    if (found === undefined) return { value, isWhole: false };
    value = found;
    parts = parts.slice(length);
  }
  return { value, isWhole: true };
}

function step<T>(value: T, name: string, steps: Steps<T>): T | undefined {
  const member = steps.member(value, name) ?? (/^\d+$/.test(name) ? steps.item(value, Number(name)) : undefined);
  if (member !== undefined) return member;
  const [, before, index] = /^(.*)\[(\d+)\]$/s.exec(name) ?? [];
  const list = before === undefined ? undefined : step(value, before, steps);
  return list === undefined ? undefined : steps.item(list, Number(index));
}

const JSON_STEPS: Steps<Json> = {
  member: (of, name) => (typeof of === 'object' && of !== null && !Array.isArray(of) && Object.hasOwn(of, name) ? of[name] : undefined),
  item: (of, index) => (Array.isArray(of) ? of[index] : undefined),
};

/** What a path names in a document. */
export function valueAt(document: Json, path: string): Json | undefined {
  const { value, isWhole } = along(path, document, JSON_STEPS);
  return isWhole ? value : undefined;
}
