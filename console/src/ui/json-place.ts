// Where a value stands in JSON text.

import type { SyntaxNode, Tree } from '@lezer/common';
import { along } from '../pointer';

const VALUES = new Set(['Object', 'Array', 'String', 'Number', 'True', 'False', 'Null']);

const children = (node: SyntaxNode): SyntaxNode[] => {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) all.push(child);
  return all;
};

const valueIn = (node: SyntaxNode): SyntaxNode | undefined => children(node).find((child) => VALUES.has(child.name));

/** The name of a property, without its value. */
const nameIn = (node: SyntaxNode): SyntaxNode | undefined => children(node).find((child) => child.name === 'PropertyName');

/** The range of what a path names: of its name, where it is large; of the last part that is there, where it is not whole. */
export function rangeOf(tree: Tree, slice: (from: number, to: number) => string, path: string): { from: number; to: number } {
  const root = valueIn(tree.topNode);
  if (!root) return { from: 0, to: 0 };
  const { value } = along(path, root, {
    member: (of, name) => {
      const property = children(of).find((child) => {
        const title = child.name === 'Property' ? nameIn(child) : undefined;
        return title && named(slice(title.from, title.to)) === name;
      });
      return property && valueIn(property);
    },
    item: (of, index) => (of.name === 'Array' ? children(of).filter((child) => VALUES.has(child.name))[index] : undefined),
  });
  if (value.name !== 'Object' && value.name !== 'Array') return { from: value.from, to: value.to };
  const title = value.parent?.name === 'Property' ? nameIn(value.parent) : undefined;
  return title ? { from: title.from, to: title.to } : { from: value.from, to: Math.min(value.to, value.from + 1) };
}

function named(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
