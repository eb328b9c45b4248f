// Try: expressions on data, and one state alone.

import { go } from '../route';
import { Tabs } from '../ui/tabs';
import { ExpressionTry } from './expression-try';
import { StateTry } from './state-try';

const TABS = [
  { id: 'jsonpath', title: 'JSONPath and intrinsic functions' },
  { id: 'jsonata', title: 'JSONata' },
  { id: 'state', title: 'One state' },
];

export function TryView({ which }: { which: string }) {
  const at = TABS.some((tab) => tab.id === which) ? which : 'jsonpath';
  return (
    <section class="sheet wide" aria-labelledby="playground">
      <h1 id="playground">Playground</h1>
      <Tabs label="What is tried" tabs={TABS} at={at} onChange={(id) => go('try', id)}>
        {at === 'state' ? (
          <StateTry />
        ) : (
          <ExpressionTry key={at} language={at === 'jsonata' ? 'jsonata' : 'jsonpath'} />
        )}
      </Tabs>
    </section>
  );
}
