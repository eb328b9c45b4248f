// The outbox: what topics sent to people and programs.

import { useState } from 'preact/hooks';
import { notifications } from '../api';
import { changes } from '../changes';
import { plural } from '../format';
import { useResource } from '../resource';
import { Empty, Loaded } from '../ui/notice';
import { Message, publishedAt } from './message';

const PAGE = 50;

export function NotificationsView() {
  const [search, setSearch] = useState('');
  const [most, setMost] = useState(PAGE);
  const sent = useResource('notifications', notifications, changes.value);
  return (
    <section class="sheet" aria-labelledby="notifications">
      <h1 id="notifications">Notifications</h1>
      <Loaded of={sent} what="notifications">
        {({ notifications: all }) => {
          if (all.length === 0) {
            return (
              <Empty>
                <p>
                  No notifications yet. What a state machine publishes to a topic with subscriptions stands here, mails
                  with their text.
                </p>
              </Empty>
            );
          }
          const found = all
            .filter((one) => JSON.stringify(one).toLowerCase().includes(search.toLowerCase()))
            .sort((a, b) => publishedAt(b) - publishedAt(a));
          return (
            <>
              <div class="filters">
                <label class="grow">
                  Text <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
                </label>
              </div>
              <p class="note" role="status">
                {plural(found.length, 'notification')}
              </p>
              {found.slice(0, most).map((one) => (
                <Message key={one.MessageId} of={one} />
              ))}
              {found.length > most && (
                <button type="button" onClick={() => setMost(most + PAGE)}>
                  Show more
                </button>
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
