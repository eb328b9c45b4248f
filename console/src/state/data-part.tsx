// The data that went through a visit, stage by stage, and the attempts of its task.

import { dataFlow } from '../api';
import type { AttemptData, Json, Visit } from '../contract';
import { duration } from '../format';
import type { LiveExecution } from '../execution/live';
import { useResource } from '../resource';
import { change } from '../route';
import { RunAlone } from '../try/run-alone';
import { ToPlayground } from '../try/to-playground';
import { JsonView } from '../ui/json-view';
import { Empty, Loaded } from '../ui/notice';
import { Prose } from '../ui/prose';
import { Status } from '../ui/status';
import { RunOn } from './fork-dialog';
import { Stages } from './stages';

interface Part {
  live: LiveExecution;
  /** The position of the visit in the course. */
  index: number;
  visit: Visit;
}

const useDataFlow = ({ live, index, visit }: Part) =>
  useResource(
    `data ${live.arn} ${index}`,
    (stop) => dataFlow(live.arn, index, stop, live.until.peek()),
    `${live.until.value} ${visit.status} ${visit.attempts.map((attempt) => attempt.status)}`,
  );

export function DataPart(of: Part) {
  const data = useDataFlow(of);
  return (
    <div class="part">
      <Loaded of={data} what="the data">
        {(flow) => (
          <>
            {(flow.error !== undefined || flow.cause !== undefined) && (
              <section class="failure">
                <h3>{flow.error ?? 'Failed'}</h3>
                {flow.cause !== undefined && flow.cause !== null && <Prose text={textOf(flow.cause)} label="Cause" />}
                {flow.catcher && (
                  <p class="note">
                    Catcher {flow.catcher.index + 1} takes it, and goes to {flow.catcher.next}.
                  </p>
                )}
              </section>
            )}
            {flow.problem !== undefined && <p class="note">{flow.problem}</p>}
            <Stages stages={flow.stages} variables={flow.variables} />
            <div class="buttons start">
              <RunAlone
                live={of.live}
                state={flow.state}
                input={flow.stages[0]?.data ?? {}}
                variables={flow.variables}
              />
              {isOutermost(of) && (
                <RunOn
                  executionArn={of.live.arn}
                  visit={of.index}
                  name={of.visit.name}
                  input={flow.stages[0]?.data ?? {}}
                  variables={flow.variables ?? {}}
                />
              )}
              {flow.next !== undefined && <NextState live={of.live} of={of.index} next={flow.next} />}
            </div>
            <Values title="Variables before" values={flow.variables} />
            <Values title="Assigned here" values={flow.assigned} />
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Whether it is outside of Map and Parallel states. */
const isOutermost = ({ live, visit }: Part): boolean =>
  live.course.value?.frames[visit.frame]?.kind === 'Execution' && live.description.value?.mapRunArn === undefined;

const textOf = (cause: Json): string => (typeof cause === 'string' ? cause : JSON.stringify(cause, null, 2));

function NextState({ live, of, next }: { live: LiveExecution; of: number; next: string }) {
  const course = live.course.value;
  const from = course?.visits[of];
  const following =
    course?.visits.findIndex((visit, index) => index > of && visit.frame === from?.frame && visit.name === next) ?? -1;
  const to = course?.visits[following];
  if (!to) return <span class="note">Next: {next}</span>;
  return (
    <button type="button" onClick={() => change({ state: to.state, visit: following })}>
      Next: {next}
    </button>
  );
}

function Values({ title, values }: { title: string; values: Record<string, Json> | undefined }) {
  if (!values || Object.keys(values).length === 0) return null;
  return (
    <section class="stage">
      <h3>{title}</h3>
      <JsonView label={title} value={values} actions={<ToPlayground data={values} />} />
    </section>
  );
}

export function AttemptsPart(of: Part) {
  const data = useDataFlow(of);
  return (
    <div class="part">
      <Loaded of={data} what="the attempts">
        {({ attempts }) =>
          attempts.length === 0 ? (
            <Empty>
              <p>No attempt was made.</p>
            </Empty>
          ) : (
            attempts.map((attempt, index) => <Attempt key={index} attempt={attempt} />)
          )
        }
      </Loaded>
    </div>
  );
}

function Attempt({ attempt }: { attempt: AttemptData }) {
  const { number, from, to, status, sent, submitted, output, error, cause, retrier, log } = attempt;
  return (
    <section class="stage">
      <div class="stage-head">
        <h3>Attempt {number}</h3>
        <Status status={status} />
        {from !== undefined && to !== undefined && <span class="muted">{duration(to - from)}</span>}
      </div>
      {error !== undefined && <p class="failure-text">{error}</p>}
      {cause !== undefined && cause !== null && <Prose text={textOf(cause)} label="Cause" />}
      {retrier && (
        <p class="note">
          Retrier {retrier.index + 1} waits {duration(retrier.waitMillis)}, then tries again.
        </p>
      )}
      {sent !== undefined && <Told title="Sent" value={sent} />}
      {submitted !== undefined && <Told title="Answered at once" value={submitted} />}
      {output !== undefined && <Told title="Answer" value={output} />}
      {log && log.length > 0 && (
        <>
          <h4>Log</h4>
          <pre class="whole log" tabIndex={0} aria-label="Log">
            {log.join('\n')}
          </pre>
        </>
      )}
    </section>
  );
}

function Told({ title, value }: { title: string; value: Json }) {
  return (
    <>
      <h4>{title}</h4>
      <JsonView label={title} value={value} actions={<ToPlayground data={value} />} />
    </>
  );
}
