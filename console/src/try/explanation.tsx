// How the value of a path comes about, step by step, as `asl jsonpath --explain` and `asl jsonata --explain` tell it.

import type { Evaluated, ExplainedArgument, ExplainedPart, ExplainedStep, Json } from '../contract';
import { number, plural } from '../format';

export function Explanation({ answer }: { answer: Evaluated }) {
  const { steps, arguments: given, parts } = answer;
  if (steps && steps.length > 0) return <section><h2>Step by step</h2><Steps steps={steps} /></section>;
  if (given && given.length > 0) return <section><h2>Arguments</h2>{given.map((one, index) => <Argument key={index} of={one} />)}</section>;
  if (parts && parts.length > 0) return <section><h2>Part by part</h2><ul class="steps">{parts.map((one, index) => <Part key={index} of={one} />)}</ul></section>;
  return null;
}

function Part({ of: { part, depth, count, nothing, values, failed } }: { of: ExplainedPart }) {
  return (
    <li class={failed ? 'failed' : ''} style={{ marginLeft: `${depth * 16}px` }}>
      <p>
        <code>{part}</code>
        <span class="muted">{count > 1 ? ` ${number(count)} times` : ''}{nothing > 0 ? `, ${number(nothing)} times nothing` : ''}</span>
        {values.length > 0 && <> = {values.map((value, index) => <span key={index}>{index > 0 ? ', ' : ''}<Short value={value} /></span>)}</>}
      </p>
    </li>
  );
}

function Argument({ of }: { of: ExplainedArgument }) {
  return (
    <div class="step" style={{ marginLeft: `${of.depth * 16}px` }}>
      <p><code>{of.text}</code> {of.error === undefined ? <>= <Short value={of.value} /></> : <span class="failure-text">{of.error}</span>}</p>
      {of.steps && of.steps.length > 0 && <Steps steps={of.steps} />}
    </div>
  );
}

function Steps({ steps }: { steps: ExplainedStep[] }) {
  return (
    <ol class="steps">
      {steps.map((step, index) => (
        <li key={index} class={step.failed ? 'failed' : ''}>
          <p><code>{step.step}</code> <span class="muted">{number(step.in)} in, {number(step.out)} out</span></p>
          <ul>
            {step.examples.map((example) => <li key={example.path}><code>{example.path}</code> = <Short value={example.value} /></li>)}
            {step.lost.map((lost, at) => (
              <li key={at}>
                <span class="warning">{step.failed ? 'ends the path' : 'fell out'}: {plural(lost.count, 'value')}, {lost.text}</span>
                <ul>
                  {lost.examples.map((example) => (
                    <li key={example.path}><code>{example.path}</code>{example.because ? `: ${example.because.join(', ')}` : <> = <Short value={example.value} /></>}</li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

const MOST = 120;

function Short({ value }: { value: Json | undefined }) {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return <code class="muted">{text.length > MOST ? `${text.slice(0, MOST)}…` : text}</code>;
}
