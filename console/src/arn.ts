// What the ARNs of Step Functions tell.

/** The last part of an ARN: the name of an execution, a state machine, a topic, an activity. */
export function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1) || arn;
}

export type Linked = { view: 'execution' | 'map-run' | 'machine'; arn: string };

const LINKED = /^arn:[\w-]+:states:[\w-]*:\d*:(execution|mapRun|stateMachine):[^\s"]{1,400}$/;

/** What the page has a view of, if the text is its ARN. */
export function linked(text: string): Linked | undefined {
  const kind = text.length < 500 ? LINKED.exec(text)?.[1] : undefined;
  if (kind === 'execution') return { view: 'execution', arn: text };
  if (kind === 'mapRun') return { view: 'map-run', arn: text };
  return kind === 'stateMachine' ? { view: 'machine', arn: text } : undefined;
}
