// A definition as text and as a graph, with its problems.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { graphOfDefinition, validateDefinition } from '../api';
import type { Graph, Problem } from '../contract';
import { useDeferred } from '../deferred';
import { GraphView } from '../graph/graph-view';
import { plural } from '../format';
import { useResource } from '../resource';
import { change } from '../route';
import { JsonField } from '../ui/json-field';
import { Loading } from '../ui/notice';
import { StatusIcon } from '../ui/status';

interface Edited {
  text: string;
  onChange: (text: string) => void;
  /** The path of the state that is looked at. */
  at: string | undefined;
}

export function DefinitionEditor({ text, onChange, at }: Edited) {
  const asked = useDeferred(text, 300);
  const validation = useResource('validation', (stop) => validateDefinition(asked, stop), asked);
  const [shown, setShown] = useState<{ pointer: string } | undefined>(at === undefined ? undefined : { pointer: at });
  // While the text is no definition, the last graph stays.
  const isDrawn = validation.data?.result === 'OK';
  const last = useRef<Graph>();
  const drawn = useResource('drawing', async (stop) => (isDrawn ? graphOfDefinition(asked, stop) : undefined), validation.data);
  if (drawn.data) last.current = drawn.data;
  useEffect(() => {
    if (at !== undefined) setShown({ pointer: at });
  }, [at]);
  const problems = validation.data?.diagnostics ?? NONE;
  const bad = useMemo(() => statesWith(problems, last.current), [problems, last.current]);
  const graph = last.current;
  return (
    <div class="editing-body">
      <div class="column">
        <JsonField label="Definition" tall value={text} onChange={onChange} problems={problems} shown={shown} />
        <Problems problems={problems} show={(pointer) => setShown({ pointer })} />
      </div>
      <div class="column drawn">
        {graph ? <GraphView graph={graph} selected={at} problems={bad} onChoose={(path) => { change({ at: path }); setShown({ pointer: path }); }} /> : <Loading what="the graph" />}
        {(drawn.error !== undefined || validation.data?.result === 'FAIL') && <p class="note graph-note">The graph is of the last text that is a definition.</p>}
      </div>
    </div>
  );
}

const NONE: Problem[] = [];

function statesWith(problems: Problem[], graph: Graph | undefined): ReadonlySet<string> {
  const paths = (graph?.states ?? []).map((state) => state.path).sort((a, b) => b.length - a.length);
  return new Set(problems.flatMap(({ location }) => paths.find((path) => location === path || location?.startsWith(`${path}/`)) ?? []));
}

function Problems({ problems, show }: { problems: Problem[]; show: (pointer: string) => void }) {
  if (problems.length === 0) return <p class="note" role="status">No problems.</p>;
  return (
    <section class="problems" aria-label="Problems">
      <p class="note" role="status">{plural(problems.length, 'problem')}</p>
      <ul>
        {problems.map(({ severity, code, message, location }, index) => (
          <li key={index}>
            <StatusIcon status={severity === 'ERROR' ? 'FAILED' : 'CAUGHT'} />
            <span>
              {location ? <button type="button" class="link" onClick={() => show(location)}>{location}</button> : null} {message} <span class="muted">{severity === 'ERROR' ? code : `${code}, a warning`}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
