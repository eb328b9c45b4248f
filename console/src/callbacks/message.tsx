// A notification that was published to a topic, and whom it reached.

import { nameOf } from '../arn';
import type { Delivery, Notification } from '../contract';
import { fullTime, plural, time } from '../format';
import { Prose } from '../ui/prose';
import { StatusIcon } from '../ui/status';

export const publishedAt = (of: Notification): number => Date.parse(of.Timestamp);

export function Message({ of }: { of: Notification }) {
  const topic = of.TopicArn ?? of.TargetArn ?? of.PhoneNumber;
  const at = publishedAt(of);
  return (
    <article class="message">
      <h2>{of.Subject || 'No subject'}</h2>
      <p class="muted">{topic && <>to {nameOf(topic)} · </>}<time title={fullTime(at)}>{time(at)}</time></p>
      <Prose text={textFor(of)} label="Message" />
      {of.Deliveries && of.Deliveries.length > 0 && (
        <ul class="way">{of.Deliveries.map((delivery, index) => <Delivered key={index} of={delivery} />)}</ul>
      )}
    </article>
  );
}

/** With a text for each protocol, that of mails, or the default. */
function textFor({ Message: text, MessageStructure: structure }: Notification): string {
  if (structure !== 'json') return text;
  try {
    const texts = JSON.parse(text) as Record<string, string>;
    return texts['email'] ?? texts['default'] ?? text;
  } catch {
    return text;
  }
}

const STATES: Record<Delivery['State'], string> = { delivered: 'SUCCEEDED', pending: 'RUNNING', failed: 'FAILED' };

function Delivered({ of: { Protocol: protocol, Endpoint: endpoint, State: state, Attempts: attempts, LastError: error } }: { of: Delivery }) {
  return (
    <li>
      <StatusIcon status={STATES[state]} />
      <span class="tag">{protocol}</span>
      <span>{endpoint}</span>
      <span class="muted">{state}{attempts > 1 || state === 'pending' ? `, ${plural(attempts, 'attempt')}` : ''}{state !== 'delivered' && error ? `: ${error}` : ''}</span>
    </li>
  );
}
