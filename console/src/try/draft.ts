// What stands in the playground. It outlives a reload of the tab, where the browser has the room.

import { effect, signal, type Signal } from '@preact/signals';

const KEY = 'asl-playground';

function kept(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

const stored = kept();
const field = (name: string, first: string): Signal<string> => signal(stored[name] ?? first);

export const draft = {
  data: field(
    'data',
    '{\n  "items": [\n    { "name": "cup", "price": 4 },\n    { "name": "pot", "price": 12 }\n  ]\n}',
  ),
  path: field('path', '$.items[?(@.price > 10)].name'),
  jsonata: field('jsonata', '$states.input.items[price > 10].name'),
  variables: field('variables', '{}'),
  definition: field('definition', '{\n  "Type": "Pass",\n  "End": true\n}'),
  stateName: field('stateName', ''),
  input: field('input', '{}'),
  mock: field('mock', ''),
};

effect(() => {
  const present = Object.fromEntries(Object.entries(draft).map(([name, text]) => [name, text.value]));
  try {
    sessionStorage.setItem(KEY, JSON.stringify(present));
  } catch {
    sessionStorage.removeItem(KEY);
  }
});
