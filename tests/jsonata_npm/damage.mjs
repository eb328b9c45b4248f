// Spoils an expression, so that reading it fails or gives something that nobody would write.

import { junk } from './vocabulary.mjs';

const TOKENS = /"(?:\\.|[^"\\])*"|`[^`]*`|[\w.]+|\s+|:=|~>|\*\*|\.\.|[<>!]=|./gu;

export function damaged(random, expression) {
  const tokens = expression.match(TOKENS) ?? [''];
  const at = random.below(tokens.length);
  const changed = change => tokens.map((token, index) => (index === at ? change(token) : token)).join('');
  return random.weighted([
    [3, () => changed(() => '')],
    [2, () => changed(token => token + token)],
    [4, () => changed(token => token + random.pick([' ', '']) + random.pick(junk))],
    [2, () => tokens.slice(0, at).join('')],
    [1, () => `${expression} ${random.pick(junk)}`],
    [1, () => `${random.pick(junk)} ${expression}`],
    [1.5, () => changed(() => random.pick(junk))],
  ]);
}
