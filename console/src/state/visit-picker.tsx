// One of the visits of a state.

import { useMemo, useState } from 'preact/hooks';
import type { Course } from '../contract';
import { useDeferred } from '../deferred';
import { number } from '../format';
import { Duration } from '../now';
import { change } from '../route';
import { Icon } from '../ui/icon';
import { Rows } from '../ui/rows';
import { Status } from '../ui/status';
import { StatusFilter } from './status-filter';

export function VisitPicker({ course, visits, at }: { course: Course; visits: number[]; at: number }) {
  const [isOpen, setOpen] = useState(false);
  const [status, setStatus] = useState('');
  const [text, setText] = useState('');
  const wanted = useDeferred(text.toLowerCase());
  const position = visits.indexOf(at);
  const go = (to: number | undefined) => to !== undefined && change({ visit: to });
  const found = useMemo(
    () =>
      visits.filter((index) => {
        const visit = course.visits[index];
        if (!visit || (status && visit.status !== status)) return false;
        return (
          !wanted ||
          visit.path.toLowerCase().includes(wanted) ||
          visit.attempts.some((attempt) => attempt.error?.toLowerCase().includes(wanted))
        );
      }),
    [course, visits, status, wanted],
  );
  return (
    <div class="picker">
      <div class="picker-head">
        <button
          type="button"
          class="small"
          aria-label="Previous visit"
          disabled={position <= 0}
          onClick={() => go(visits[position - 1])}
        >
          <Icon name="left" />
        </button>
        <span class="cut">
          Visit {number(position + 1)} of {number(visits.length)} <span class="muted">{course.visits[at]?.path}</span>
        </span>
        <button
          type="button"
          class="small"
          aria-label="Next visit"
          disabled={position >= visits.length - 1}
          onClick={() => go(visits[position + 1])}
        >
          <Icon name="right" />
        </button>
        <button type="button" class="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          All visits
        </button>
      </div>
      {isOpen && (
        <>
          <div class="filters">
            <StatusFilter value={status} onChange={setStatus} />
            <label class="grow">
              Text <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
            </label>
          </div>
          <Rows
            label="Visits"
            role="listbox"
            class="picked"
            count={found.length}
            rowHeight={28}
            selected={found.indexOf(at)}
            onChoose={(index) => go(found[index])}
            row={(index) => {
              const visit = course.visits[found[index] ?? -1];
              return (
                visit && (
                  <>
                    <span class="cut">{visit.path}</span>
                    <Status status={visit.status} />
                    <span class="right muted">
                      <Duration from={visit.from} to={visit.to} />
                    </span>
                  </>
                )
              );
            }}
          />
          {found.length === 0 && <p class="note">No visit is like that.</p>}
        </>
      )}
    </div>
  );
}
