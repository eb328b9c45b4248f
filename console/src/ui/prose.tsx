// A text of any length: its head first.

import { useState } from 'preact/hooks';
import { size } from '../format';

const HEAD = 2000;

export function Prose({ text, label }: { text: string; label: string }) {
  const [whole, setWhole] = useState(false);
  const isLong = text.length > HEAD;
  return (
    <div class="prose-box" role="group" aria-label={label}>
      <p class="prose">{whole || !isLong ? text : `${text.slice(0, HEAD)}…`}</p>
      {isLong && !whole && (
        <button type="button" class="small" onClick={() => setWhole(true)}>
          show all {size(text.length)}
        </button>
      )}
    </div>
  );
}
