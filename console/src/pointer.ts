// Paths of states in a definition: JSON pointers.

import type { Json } from './contract';

export const partsOf = (pointer: string): string[] =>
  pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** What a pointer names in a document. Names with a slash may stand in it as they are. */
export function valueAt(document: Json, pointer: string): Json | undefined {
  let value: Json | undefined = document;
  for (let parts = partsOf(pointer); parts.length > 0; ) {
    if (typeof value !== 'object' || value === null) return undefined;
    const members: { [name: string]: Json } = value as { [name: string]: Json };
    let length = 1;
    while (length <= parts.length && !Object.hasOwn(members, parts.slice(0, length).join('/'))) length += 1;
    if (length > parts.length) return undefined;
    value = members[parts.slice(0, length).join('/')];
    parts = parts.slice(length);
  }
  return value;
}
