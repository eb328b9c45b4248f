// A field for JSON and other text: a plain one until the editor is there.

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Problem } from '../contract';
import type { Editor } from './editor';

interface Field {
  label: string;
  value: string;
  onChange: (text: string) => void;
  language?: 'json' | 'text';
  /** Underlined where they are. */
  problems?: Problem[];
  /** The place of a value, as a JSON pointer, to go to. */
  shown?: { pointer: string } | undefined;
  tall?: boolean;
}

export function JsonField({ label, value, onChange, language = 'json', problems, shown, tall }: Field) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<Editor>();
  const change = useRef(onChange);
  change.current = onChange;
  const [isThere, setThere] = useState(false);
  // What was typed or given last: an effect, and a drawing of this alone, may still have the value of a key before.
  const newest = useRef(value);
  const given = useRef(value);
  if (given.current !== value) given.current = newest.current = value;
  const type = (text: string) => {
    newest.current = text;
    change.current(text);
  };

  useEffect(() => {
    let left = false;
    void import('./editor').then(
      ({ openEditor }) => {
        if (left || !place.current) return;
        editor.current = openEditor(place.current, {
          label,
          language,
          text: newest.current,
          onChange: type,
        });
        // Who types already goes on typing, in the same turn: no key falls between the two.
        if (plain.current && document.activeElement === plain.current) {
          const { selectionStart, selectionEnd } = plain.current;
          place.current.classList.remove('absent');
          editor.current.select(selectionStart, selectionEnd);
        }
        setThere(true);
      },
      () => undefined,
    );
    return () => {
      left = true;
      editor.current?.close();
      editor.current = undefined;
    };
  }, []);
  useEffect(() => editor.current?.setText(newest.current), [value, isThere]);
  useEffect(() => editor.current?.setProblems(problems ?? []), [problems, isThere]);
  useEffect(() => {
    if (shown) editor.current?.show(shown.pointer);
  }, [shown, isThere]);

  return (
    <div class={`field${tall ? ' tall' : ''}`}>
      <label for={id} class="label">
        {label}
      </label>
      <div ref={place} class={`editor ${isThere ? '' : 'absent'}`} />
      {!isThere && (
        <textarea
          ref={plain}
          id={id}
          class="code"
          spellcheck={false}
          value={value}
          onInput={(event) => type(event.currentTarget.value)}
        />
      )}
    </div>
  );
}
