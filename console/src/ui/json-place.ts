// Where a value stands in JSON text.

import type { SyntaxNode, Tree } from '@lezer/common';

const VALUES = new Set(['Object', 'Array', 'String', 'Number', 'True', 'False', 'Null']);

const children = (node: SyntaxNode): SyntaxNode[] => {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) all.push(child);
  return all;
};

/** The range of what a JSON pointer names: of its name, where it has one; of the last part that is there, where it is not whole. */
export function rangeOf(tree: Tree, slice: (from: number, to: number) => string, pointer: string): { from: number; to: number } {
  let value = children(tree.topNode).find((node) => VALUES.has(node.name));
  let range = { from: value?.from ?? 0, to: Math.min(value?.to ?? 0, (value?.from ?? 0) + 1) };
  const parts = pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  for (const part of parts) {
    if (!value) break;
    let next: SyntaxNode | undefined;
    if (value.name === 'Array') {
      next = children(value).filter((node) => VALUES.has(node.name))[Number(part)];
      if (next) range = { from: next.from, to: Math.min(next.to, next.from + 1) };
    } else {
      const property = children(value).find((node) => {
        const name = node.name === 'Property' ? node.firstChild : undefined;
        return name && named(slice(name.from, name.to)) === part;
      });
      const name = property?.firstChild;
      if (property && name) {
        range = { from: name.from, to: name.to };
        next = children(property).find((node) => VALUES.has(node.name));
      }
    }
    if (!next) break;
    value = next;
    if (!['Object', 'Array'].includes(value.name)) range = { from: value.from, to: value.to };
  }
  return range;
}

function named(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
