// The stages of the data flow of a state: what made each of them, what changed, and how large it is.

import { useState } from 'preact/hooks';
import type { Json, Stage } from '../contract';
import { size } from '../format';
import { ToPlayground } from '../try/to-playground';
import { JsonView } from '../ui/json-view';
import { changes } from '../ui/json-lines';

/** The most that AWS hands from state to state. */
const QUOTA = 256 * 1024;

export function Stages({ stages, variables }: { stages: Stage[]; variables?: Record<string, Json> | undefined }) {
  return (
    <>
      {stages.map((stage, index) => {
        const before = stage.isNew ? undefined : (stages.find((other) => other.name === stage.comparedWith) ?? stages[index - 1]);
        return <OneStage key={stage.name} stage={stage} before={before} variables={variables} />;
      })}
    </>
  );
}

interface One {
  stage: Stage;
  before: Stage | undefined;
  variables: Record<string, Json> | undefined;
}

function OneStage({ stage, before, variables }: One) {
  const [whole, setWhole] = useState(before === undefined || isReplaced(before.data, stage.data));
  const { name, data, expression } = stage;
  const isSame = before !== undefined && changes(before.data, data) === undefined;
  return (
    <section class="stage" aria-label={name}>
      <div class="stage-head">
        <h3>{name}</h3>
        <SizeBar bytes={stage.size} />
      </div>
      {expression && (
        <p class="expression">
          <code>{expression.text}</code>
          {expression.line !== undefined && <span class="muted place" title="Line and column in the definition">{expression.line}:{expression.column ?? 1}</span>}
        </p>
      )}
      {isSame && !whole ? (
        <p class="note">As in {before.name}. <button type="button" class="link" onClick={() => setWhole(true)}>Show it</button></p>
      ) : (
        <JsonView
          label={name}
          value={data}
          before={whole ? undefined : before?.data}
          actions={
            <>
              {before && !isSame && (
                <button type="button" class="small" aria-pressed={!whole} title={`Compared with ${before.name}`} onClick={() => setWhole(!whole)}>Changes</button>
              )}
              <ToPlayground data={data} variables={variables} expression={expression?.text} />
            </>
          }
        />
      )}
    </section>
  );
}

/** Whether nothing of the one is left in the other, so that a comparison says no more than the value. */
function isReplaced(before: Json, after: Json): boolean {
  const found = changes(before, after);
  if (!found) return false;
  if (found.at.has('')) return true;
  const members = typeof after === 'object' && after !== null ? Object.keys(after) : [];
  return members.every((name) => found.at.get(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)?.type === 'CREATE');
}

function SizeBar({ bytes }: { bytes: number }) {
  const share = Math.min(1, bytes / QUOTA);
  const kind = share >= 1 ? 'over' : share > 0.75 ? 'near' : '';
  return (
    <span class="size" title={`${size(bytes)} of at most 256 KiB`}>
      <span class="size-bar" aria-hidden="true"><span class={kind} style={{ width: `${Math.max(share * 100, 1)}%` }} /></span>
      <span class="muted">{size(bytes)}{share >= 1 ? ', too large' : ''}</span>
    </span>
  );
}
