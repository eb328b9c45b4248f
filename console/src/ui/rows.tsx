// A long table or list, one row of which is active: arrow keys move, Enter chooses.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useVirtual } from './virtual';

interface Rows {
  label: string;
  role?: 'grid' | 'listbox';
  class?: string;
  count: number;
  rowHeight: number;
  /** The titles of the columns of a grid. */
  header?: ComponentChildren;
  row: (index: number) => ComponentChildren;
  rowClass?: (index: number) => string;
  selected?: number | undefined;
  onChoose?: (index: number) => void;
}

const HEADER = 32;

export function Rows({
  label,
  role = 'grid',
  class: name = '',
  count,
  rowHeight,
  header,
  row,
  rowClass,
  selected,
  onChoose,
}: Rows) {
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(selected ?? 0);
  const top = header ? HEADER : 0;
  const virtual = useVirtual(count, rowHeight, scroller, top);
  useEffect(() => {
    if (selected === undefined || selected < 0) return;
    setActive(selected);
    virtual.scrollToIndex(selected, { align: 'auto' });
  }, [selected]);
  const at = Math.min(active, count - 1);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(count - 1, to));
    setActive(next);
    virtual.scrollToIndex(next, { align: 'auto' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: count - 1,
    };
    const next = to[event.key];
    if (next !== undefined) move(next);
    else if ((event.key === 'Enter' || event.key === ' ') && count > 0) onChoose?.(at);
    else return;
    event.preventDefault();
  };

  const isGrid = role === 'grid';
  return (
    <div
      ref={scroller}
      class={`rows ${name}`}
      role={role}
      aria-label={label}
      aria-rowcount={isGrid ? count + (header ? 1 : 0) : undefined}
      aria-activedescendant={count > 0 ? `${id}-${at}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {header && (
        <div role="rowgroup" class="rows-header">
          <div role="row" class="row" aria-rowindex={1}>
            {header}
          </div>
        </div>
      )}
      <div
        role={isGrid ? 'rowgroup' : 'presentation'}
        class="rows-body"
        style={{ height: `${virtual.getTotalSize()}px` }}
      >
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            id={`${id}-${index}`}
            role={isGrid ? 'row' : 'option'}
            aria-rowindex={isGrid ? index + (header ? 2 : 1) : undefined}
            aria-setsize={isGrid ? undefined : count}
            aria-posinset={isGrid ? undefined : index + 1}
            aria-selected={index === selected}
            class={`row${index === at ? ' active' : ''}${index === selected ? ' selected' : ''} ${rowClass?.(index) ?? ''}`}
            style={{ height: `${rowHeight}px`, transform: `translateY(${start}px)` }}
            onClick={(event) => {
              setActive(index);
              if (!(event.target as Element).closest('a, button')) onChoose?.(index);
            }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}
