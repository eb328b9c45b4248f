// A notification that a topic sent.

import { nameOf } from '../arn';
import type { Notification } from '../contract';
import { fullTime, time } from '../format';
import { Prose } from '../ui/prose';

export function Message({ of }: { of: Notification }) {
  return (
    <article class="message">
      <h3>{of.subject || 'No subject'}</h3>
      <p class="muted">
        <span class="tag">{of.protocol}</span> {of.endpoint}
        {of.topic && <> · topic {nameOf(of.topic)}</>} · <time title={fullTime(of.at)}>{time(of.at)}</time>
      </p>
      <Prose text={of.message} label="Message" />
    </article>
  );
}
