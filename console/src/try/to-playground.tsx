// Takes data to the playground.

import type { Json } from '../contract';
import { go } from '../route';
import { draft } from './draft';

interface Taken {
  data: Json;
  variables?: Record<string, Json> | undefined;
  /** The expression that made the data: its language is the one that is tried. */
  expression?: string | undefined;
}

export function ToPlayground({ data, variables, expression }: Taken) {
  const open = () => {
    draft.data.value = JSON.stringify(data, null, 2);
    draft.variables.value = JSON.stringify(variables ?? {}, null, 2);
    go('try', expression?.includes('{%') ? 'jsonata' : 'jsonpath');
  };
  return (
    <button type="button" class="small" onClick={open}>
      Playground
    </button>
  );
}
