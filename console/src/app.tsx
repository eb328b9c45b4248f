import { useEffect } from 'preact/hooks';
import { running } from './changes';
import { CallbacksView } from './callbacks/callbacks-view';
import { NotificationsView } from './callbacks/notifications-view';
import { DataView } from './data/data-view';
import { DefinitionView, NewView } from './definition/definition-view';
import { ExecutionView } from './execution/execution-view';
import { FindView } from './find/find-view';
import { MapRunView } from './find/map-run-view';
import { nameOf } from './arn';
import { number } from './format';
import { ServerGone, TokenDialog } from './reach-view';
import { href, route, type Route, type View } from './route';
import { nextTheme, theme } from './theme';
import { TryView } from './try/try-view';
import { Icon } from './ui/icon';

const PLACES: { view: View; of?: string; title: string; has: View[] }[] = [
  { view: 'find', title: 'Executions', has: ['find', 'machine', 'execution', 'map-run', 'definition', 'new'] },
  { view: 'callbacks', title: 'Callbacks', has: ['callbacks'] },
  { view: 'notifications', title: 'Notifications', has: ['notifications'] },
  { view: 'data', title: 'Data', has: ['data'] },
  { view: 'try', of: 'jsonpath', title: 'Playground', has: ['try'] },
];

export function App() {
  const at = route.value;
  useEffect(() => {
    document.title = [titleOf(at), 'asl'].filter(Boolean).join(' · ');
  }, [at]);
  return (
    <>
      <header class="top">
        <a class="brand" href={href('find')}>
          asl
        </a>
        <nav aria-label="Console">
          {PLACES.map(({ view, of, title, has }) => (
            <a key={view} href={href(view, of)} aria-current={has.includes(at.view) ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        {running.value !== undefined && <span class="running-count">{number(running.value)} running</span>}
        <button
          type="button"
          class="plain"
          onClick={nextTheme}
          aria-label={`Theme: ${theme.value}`}
          title={`Theme: ${theme.value}`}
        >
          <Icon name={theme.value} />
        </button>
      </header>
      <ServerGone />
      <TokenDialog />
      <main>
        <Present at={at} />
      </main>
    </>
  );
}

function Present({ at }: { at: Route }) {
  switch (at.view) {
    case 'find':
      return <FindView machineArn="" />;
    case 'machine':
      return <FindView machineArn={at.of} />;
    case 'execution':
      return <ExecutionView key={at.of} arn={at.of} />;
    case 'map-run':
      return <MapRunView key={at.of} arn={at.of} />;
    case 'definition':
      return <DefinitionView key={at.of} arn={at.of} />;
    case 'new':
      return <NewView />;
    case 'callbacks':
      return <CallbacksView />;
    case 'notifications':
      return <NotificationsView />;
    case 'data':
      return <DataView url={at.of} />;
    case 'try':
      return <TryView which={at.of} />;
  }
}

function titleOf({ view, of }: Route): string {
  if (view === 'find') return 'Executions';
  if (view === 'callbacks') return 'Callbacks';
  if (view === 'notifications') return 'Notifications';
  if (view === 'data') return of || 'Data';
  if (view === 'try') return 'Playground';
  return view === 'new' ? 'New state machine' : nameOf(of);
}
