// Which iteration of a Map the graph shows alone, and the way to the next one.

import type { Course } from '../contract';
import { change } from '../route';
import { Icon } from '../ui/icon';
import { Status } from '../ui/status';

export function FocusBar({ course, frame }: { course: Course; frame: number }) {
  const shown = course.frames[frame];
  if (!shown) return null;
  const beside = (by: number) =>
    course.frames.findIndex(
      (one) => one.owner === shown.owner && one.kind === shown.kind && one.index === (shown.index ?? 0) + by,
    );
  const [previous, next] = [beside(-1), beside(1)];
  const go = (to: number) => change({ frame: to, visit: undefined });
  return (
    <div class="focus-bar" role="status">
      <span class="cut">
        Only <strong>{shown.path.replace(/\/$/, '')}</strong>
      </span>
      <Status status={shown.status} />
      <button
        type="button"
        class="small"
        aria-label="Previous iteration"
        disabled={previous < 0}
        onClick={() => go(previous)}
      >
        <Icon name="left" />
      </button>
      <button type="button" class="small" aria-label="Next iteration" disabled={next < 0} onClick={() => go(next)}>
        <Icon name="right" />
      </button>
      <button type="button" class="small" onClick={() => change({ frame: undefined, visit: undefined })}>
        Show all iterations
      </button>
    </div>
  );
}
