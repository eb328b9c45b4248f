// When each state and attempt ran.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Course } from '../contract';
import { duration } from '../format';
import type { LiveExecution } from '../execution/live';
import { useNow } from '../now';
import { change, route } from '../route';
import { Icon } from '../ui/icon';
import { Empty, Loading } from '../ui/notice';
import { Rows } from '../ui/rows';
import { StatusIcon, statusWord } from '../ui/status';
import { spansOf, ticks, type Span } from './spans';

interface Window {
  from: number;
  to: number;
}

const LEAST = 2;
/** The room of the time at a tick. */
const TICK = 90;
const DEEPEST = 8;

export function TimelineView({ live }: { live: LiveExecution }) {
  const course = live.course.value;
  if (!course) return <Loading what="the timeline" />;
  if (course.visits.length === 0)
    return (
      <Empty>
        <p>No state was entered yet.</p>
      </Empty>
    );
  return <Timeline course={course} live={live} />;
}

function Timeline({ course, live }: { course: Course; live: LiveExecution }) {
  const place = useRef<HTMLDivElement>(null);
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState<Window>();
  const [width, setWidth] = useState(0);
  const isRunning = live.until.value === undefined && live.description.value?.status === 'RUNNING';
  const present = useNow(isRunning);
  const spans = useMemo(() => spansOf(course, toggled), [course, toggled]);
  const began = course.frames[0]?.from ?? course.visits[0]?.from ?? present;
  const ended = useMemo(
    () => course.visits.reduce((latest, visit) => Math.max(latest, visit.to ?? visit.from ?? 0), began),
    [course],
  );
  const whole = {
    from: 0,
    to: Math.max(LEAST, (isRunning ? present : (live.moment.value ?? course.frames[0]?.to ?? ended)) - began),
  };
  const window = shown ?? whole;

  const zoom = (factor: number, middle = (window.from + window.to) / 2) => {
    const width = (window.to - window.from) / factor;
    if (width >= whole.to) return setShown(undefined);
    const from = Math.max(0, Math.min(whole.to - width, middle - (middle - window.from) / factor));
    if (width >= LEAST) setShown({ from, to: from + width });
  };
  const move = (share: number) => {
    const width = window.to - window.from;
    const from = Math.max(0, Math.min(whole.to - width, window.from + share * width));
    setShown({ from, to: from + width });
  };
  const latest = useRef({ zoom, move, window });
  latest.current = { zoom, move, window };
  useEffect(() => {
    const row = place.current?.querySelector('.tick-row');
    if (!row) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(row);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const onWheel = (event: WheelEvent) => {
      const bars = place.current?.querySelector('.tick-row')?.getBoundingClientRect();
      if (!bars || !(event.ctrlKey || event.metaKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) return;
      event.preventDefault();
      const { window: now } = latest.current;
      if (!event.ctrlKey && !event.metaKey) return latest.current.move(event.deltaX / bars.width);
      latest.current.zoom(
        Math.exp(-event.deltaY / 200),
        now.from + ((event.clientX - bars.left) / bars.width) * (now.to - now.from),
      );
    };
    place.current?.addEventListener('wheel', onWheel, { passive: false });
    return () => place.current?.removeEventListener('wheel', onWheel);
  }, []);

  const toggle = (id: string) =>
    setToggled((old) => new Set(old.has(id) ? [...old].filter((one) => one !== id) : [...old, id]));
  const choose = (span: Span | undefined) => {
    if (span?.visit !== undefined)
      change({
        state: course.visits[span.visit]?.state,
        visit: span.visit,
        ...(span.kind === 'attempt' ? { part: 'attempts' } : {}),
      });
    else if (span) toggle(span.id);
  };
  const { visit } = route.value.parameters;
  const scale = (at: number) => `${((at - window.from) / (window.to - window.from)) * 100}%`;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === '+' || event.key === '=') zoom(1.5);
    else if (event.key === '-') zoom(1 / 1.5);
    else if (event.key === '0') setShown(undefined);
    else if (event.key === 'ArrowLeft') move(-0.2);
    else if (event.key === 'ArrowRight') move(0.2);
    else return;
    event.preventDefault();
  };
  // What would be cut off at the edge is left out.
  const fits = (tick: number) => width === 0 || ((window.to - tick) / (window.to - window.from)) * width > TICK / 2;
  const shownTicks = ticks(window.from, window.to, Math.max(3, Math.floor(width / TICK))).filter(fits);
  return (
    <div class="timeline" ref={place} onKeyDown={onKeyDown}>
      <div class="timeline-tools" role="group" aria-label="Zoom">
        <button type="button" class="small" aria-label="Longer" title="Longer (+)" onClick={() => zoom(1.5)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="small" aria-label="Shorter" title="Shorter (-)" onClick={() => zoom(1 / 1.5)}>
          <Icon name="minus" />
        </button>
        <button
          type="button"
          class="small"
          aria-label="Show all"
          title="Show all (0)"
          onClick={() => setShown(undefined)}
        >
          <Icon name="fit" />
        </button>
        <span class="note">
          {duration(window.from)} – {duration(window.to)} of {duration(whole.to)}
        </span>
      </div>
      <Rows
        label="Timeline"
        class="spans"
        count={spans.length}
        rowHeight={28}
        selected={
          visit === undefined
            ? undefined
            : spans.findIndex((span) => span.kind === 'visit' && span.visit === Number(visit))
        }
        onChoose={(index) => choose(spans[index])}
        header={
          <>
            <span role="columnheader">State</span>
            <span role="columnheader" class="tick-row">
              <span class="unseen">Time since the start</span>
              {shownTicks.map((tick) => (
                <span key={tick} class="tick" style={{ left: scale(tick) }}>
                  {tick === 0 ? '0' : duration(tick)}
                </span>
              ))}
            </span>
            <span role="columnheader" class="right">
              Duration
            </span>
          </>
        }
        row={(index) =>
          spans[index] && (
            <Row span={spans[index]} course={course} began={began} present={present} scale={scale} toggle={toggle} />
          )
        }
      />
    </div>
  );
}

interface OneRow {
  span: Span;
  course: Course;
  began: number;
  present: number;
  scale: (at: number) => string;
  toggle: (id: string) => void;
}

function Row({ span, course, began, present, scale, toggle }: OneRow) {
  const { id, depth, label, kind, status, inside, isOpen } = span;
  const end = span.to ?? (status === 'RUNNING' ? present : span.from);
  const visit = kind === 'visit' && span.visit !== undefined ? course.visits[span.visit] : undefined;
  const bar = (from: number | undefined, to: number | undefined, of: string) => {
    if (from === undefined || to === undefined) return null;
    const left = scale(from - began);
    return <span class={`bar ${of}`} style={{ left, width: `calc(${scale(to - began)} - ${left})` }} />;
  };
  return (
    <>
      <span role="gridcell" class="cut span-label" style={{ paddingLeft: `${Math.min(depth, DEEPEST) * 14}px` }}>
        {inside > 0 ? (
          <button
            type="button"
            class="fold"
            tabIndex={-1}
            aria-expanded={isOpen}
            aria-label={`${label}, ${inside} inside`}
            onClick={() => toggle(id)}
          >
            <Icon name={isOpen ? 'down' : 'right'} />
          </button>
        ) : (
          <span class="no-fold" />
        )}
        <StatusIcon status={status} />
        <span class="cut" title={label}>
          {label}
        </span>
        <span class="unseen">{statusWord(status)}</span>
      </span>
      <span role="gridcell" class="bars">
        {bar(
          span.from,
          end,
          `${kind} ${status.toLowerCase().replace('_', '-')}${visit && visit.type === 'Wait' ? ' waiting' : ''}`,
        )}
        {visit &&
          visit.attempts.map((attempt) =>
            bar(attempt.from, attempt.to ?? end, `attempt ${attempt.status.toLowerCase().replace('_', '-')}`),
          )}
      </span>
      <span role="gridcell" class="right muted">
        {span.from !== undefined && end !== undefined ? duration(end - span.from) : ''}
      </span>
    </>
  );
}
