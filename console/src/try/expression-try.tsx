// An expression, evaluated as it is typed.

import { evaluateJsonata, evaluateJsonPath } from '../api';
import type { Evaluated, Json } from '../contract';
import { useDeferred } from '../deferred';
import { textOf, useResource } from '../resource';
import { JsonField } from '../ui/json-field';
import { JsonView } from '../ui/json-view';
import { Loaded } from '../ui/notice';
import { draft } from './draft';
import { Explanation } from './explanation';

type Tried = { refused: string } | Evaluated;

async function evaluate(language: 'jsonpath' | 'jsonata', expression: string, data: string, variables: string, stop: AbortSignal): Promise<Tried> {
  let input: Json;
  let bound: Json;
  try {
    input = JSON.parse(data) as Json;
    bound = language === 'jsonata' ? (JSON.parse(variables || '{}') as Json) : {};
  } catch (error) {
    return { refused: `The data is no JSON: ${textOf(error)}` };
  }
  if (expression.trim() === '') return { refused: 'Type an expression.' };
  return language === 'jsonata' ? evaluateJsonata(expression, input, bound, stop) : evaluateJsonPath(expression, input, stop);
}

export function ExpressionTry({ language }: { language: 'jsonpath' | 'jsonata' }) {
  const expression = language === 'jsonata' ? draft.jsonata : draft.path;
  const asked = useDeferred(`${expression.value}\n${draft.data.value}\n${draft.variables.value}`, 250);
  const tried = useResource(`try ${language}`, (stop) => evaluate(language, expression.value, draft.data.value, draft.variables.value, stop), asked);
  const title = language === 'jsonata' ? 'Expression' : 'Path or intrinsic function';
  return (
    <div class="two-columns">
      <div class="column">
        <label class="label">{title}
          <textarea class="code" rows={2} spellcheck={false} value={expression.value} onInput={(event) => (expression.value = event.currentTarget.value)} />
        </label>
        <JsonField label={language === 'jsonata' ? 'Data ($states.input)' : 'Data'} tall value={draft.data.value} onChange={(text) => (draft.data.value = text)} />
        {language === 'jsonata' && <JsonField label="Variables" value={draft.variables.value} onChange={(text) => (draft.variables.value = text)} />}
      </div>
      <div class="column" aria-live="polite">
        <h2>Result</h2>
        <Loaded of={tried} what="the result">
          {(answer) => ('refused' in answer ? <p class="note">{answer.refused}</p> : <Answer answer={answer} />)}
        </Loaded>
      </div>
    </div>
  );
}

function Answer({ answer }: { answer: Evaluated }) {
  const { result, error, definite, warnings } = answer;
  const refused = typeof error === 'string' ? { message: error } : error;
  return (
    <>
      {refused && (
        <div class="failure" role="alert">
          <h3>{refused.name ?? 'Error'}</h3>
          <p class="prose">{refused.message}</p>
          {refused.hints?.map((hint) => <p key={hint} class="note">{hint}</p>)}
        </div>
      )}
      {definite !== undefined && <p class="note">{definite ? 'A definite path: one value.' : 'An indefinite path: always a list.'}</p>}
      {result !== undefined && <JsonView label="Result" value={result} />}
      {!refused && result === undefined && <p class="note">Nothing: the expression has no value here.</p>}
      {warnings?.map((warning, index) => <p key={index} class="note warning">{typeof warning === 'string' ? warning : JSON.stringify(warning)}</p>)}
      <Explanation answer={answer} />
    </>
  );
}
