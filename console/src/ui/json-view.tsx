// A JSON value to look at: folded, compared with an earlier one, copied.

import type { ComponentChildren } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { linked } from '../arn';
import type { Json } from '../contract';
import { number, size } from '../format';
import { href } from '../route';
import { Copy } from './copy';
import { Dialog } from './dialog';
import { Icon } from './icon';
import { changes, lines, type Line } from './json-lines';
import { useVirtual } from './virtual';

/** Strings beyond this are shown by their head. */
const HEAD = 400;
/** More lines than this are virtual. */
const MOST_LINES = 300;
const ROW = 20;
const DEEPEST = 24;

interface View {
  label: string;
  value: Json;
  /** What it is compared with. */
  before?: Json | undefined;
  actions?: ComponentChildren;
}

export function JsonView({ label, value, before, actions }: View) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [whole, setWhole] = useState<string>();
  const changed = useMemo(() => (before === undefined ? undefined : changes(before, value)), [before, value]);
  const all = useMemo(() => lines(value, toggled, changed), [value, toggled, changed]);
  const toggle = (id: string) =>
    setToggled((old) => new Set(old.has(id) ? [...old].filter((one) => one !== id) : [...old, id]));
  const draw = (line: Line) => (
    <JsonLine line={line} toggle={toggle} showWhole={setWhole} signed={changed !== undefined} />
  );
  return (
    <div class="json-view">
      <div class="json-actions">
        {actions}
        <Copy text={() => JSON.stringify(value, null, 2)} title={`Copy ${label} as JSON`} />
      </div>
      {all.length <= MOST_LINES ? (
        <div class="json" role="group" aria-label={label} tabIndex={0}>
          {all.map((line) => (
            <div key={line.id} class="json-row">
              {draw(line)}
            </div>
          ))}
        </div>
      ) : (
        <LongJson label={label} all={all} draw={draw} />
      )}
      {whole !== undefined && (
        <Dialog title={`${label}: ${number(whole.length)} characters`} wide onClose={() => setWhole(undefined)}>
          <div class="dialog-body">
            <Copy text={() => whole} />
            <pre class="whole" tabIndex={0}>
              {whole}
            </pre>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function LongJson({ label, all, draw }: { label: string; all: Line[]; draw: (line: Line) => ComponentChildren }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtual(all.length, ROW, scroller);
  return (
    <div
      class="json long"
      role="group"
      aria-label={`${label}, ${number(all.length)} lines`}
      tabIndex={0}
      ref={scroller}
    >
      <div class="json-body" style={{ height: `${virtual.getTotalSize()}px` }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = all[index];
          return (
            line && (
              <div key={line.id} class="json-row" style={{ transform: `translateY(${start}px)` }}>
                {draw(line)}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

const SIGNS = { '+': 'added', '-': 'removed', ' ': '' };

interface OneLine {
  line: Line;
  signed: boolean;
  toggle: (id: string) => void;
  showWhole: (text: string) => void;
}

function JsonLine({ line, signed, toggle, showWhole }: OneLine) {
  const { sign, depth, name, members, isOpen } = line;
  return (
    <div
      class={`json-line ${SIGNS[sign]}`}
      style={{ paddingLeft: `${Math.min(depth, DEEPEST) * 14 + (signed ? 32 : 18)}px` }}
    >
      {signed && sign !== ' ' && (
        <span class="sign" aria-label={SIGNS[sign]}>
          {sign}
        </span>
      )}
      {members !== undefined && (
        <button
          type="button"
          class="fold"
          aria-expanded={isOpen}
          aria-label={`${name ?? 'value'}, ${members} inside`}
          onClick={() => toggle(line.id)}
        >
          <Icon name={isOpen ? 'down' : 'right'} />
        </button>
      )}
      {name !== undefined && (
        <>
          <span class="json-name">{shortened(JSON.stringify(name))}</span>:{' '}
        </>
      )}
      <Scalar line={line} showWhole={showWhole} />
      {line.comma && ','}
      {members !== undefined && !isOpen && (
        <span class="json-note">
          {' '}
          {number(members)} {members === 1 ? 'value' : 'values'}
        </span>
      )}
    </div>
  );
}

const shortened = (text: string): string => (text.length > HEAD ? `${text.slice(0, HEAD)}…` : text);

function Scalar({ line, showWhole }: { line: Line; showWhole: (text: string) => void }) {
  const { kind, text } = line;
  if (kind !== 'string') return <span class={`json-${kind}`}>{text}</span>;
  const value = text.startsWith('"arn:') ? linked(text.slice(1, -1)) : undefined;
  if (value)
    return (
      <a class="json-string" href={href(value.view, value.arn)}>
        {text}
      </a>
    );
  if (text.length <= HEAD) return <span class="json-string">{text}</span>;
  return (
    <>
      <span class="json-string">{text.slice(0, HEAD)}…</span>{' '}
      <button type="button" class="small" onClick={() => showWhole(JSON.parse(text) as string)}>
        show all {size(text.length - 2)}
      </button>
    </>
  );
}
