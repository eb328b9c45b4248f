// A button that copies a text.

import { useState } from 'preact/hooks';
import { Icon } from './icon';

export function Copy({ text, label = 'Copy', title }: { text: () => string; label?: string; title?: string }) {
  const [done, setDone] = useState<'' | 'Copied' | 'Cannot copy'>('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setDone('Copied');
    } catch {
      setDone('Cannot copy');
    }
    setTimeout(() => setDone(''), 1500);
  };
  return (
    <button type="button" class="small" title={title} onClick={copy}>
      <Icon name="copy" />
      <span aria-live="polite">{done || label}</span>
    </button>
  );
}
