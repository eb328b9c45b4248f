// Server-sent events, read by fetch, as EventSource cannot show a token.

import { lost, request, ServerError } from './server';

export interface ServerSentEvent {
  event: string;
  data: string;
}

/** Cuts a text into events. The rest, which is no whole event yet, comes back. */
export function cut(text: string): { events: ServerSentEvent[]; rest: string } {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  const events = blocks.flatMap((block) => {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event = value;
      if (field === 'data') data.push(value);
    }
    return data.length > 0 ? [{ event, data: data.join('\n') }] : [];
  });
  return { events, rest };
}

/** Reads one stream to its end. */
async function read(path: string, stop: AbortSignal, receive: (event: ServerSentEvent) => void): Promise<void> {
  const response = await request(path, { signal: stop, headers: { Accept: 'text/event-stream' } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let chunks: string[] = [];
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    chunks.push(value);
    // A long event comes in many chunks, which are joined once.
    if (!value.includes('\n')) continue;
    const { events, rest } = cut(chunks.join(''));
    chunks = [rest];
    for (const event of events) receive(event);
  }
}

/**
 * Follows a stream until it is stopped, or `receive` says that it has ended. It goes on when the server comes back. It rests
 * while nobody sees the page: a browser has few connections to one server, which all of its tabs share.
 */
export async function follow(
  path: () => string,
  stop: AbortSignal,
  receive: (event: ServerSentEvent) => 'more' | 'ended',
): Promise<void> {
  let ended = false;
  while (!stop.aborted && !ended) {
    const rest = new AbortController();
    const onHidden = () => document.hidden && rest.abort();
    document.addEventListener('visibilitychange', onHidden);
    try {
      await seen(stop);
      await read(path(), AbortSignal.any([stop, rest.signal]), (event) => {
        ended = receive(event) === 'ended' || ended;
      });
      // A stream that ends by itself, without having told so, is opened again, at most once a second.
      if (!ended) await new Promise((resolve) => setTimeout(resolve, 1000));
    } catch (error) {
      if (stop.aborted) return;
      if (rest.signal.aborted) continue;
      // A server that ends refuses what is still asked.
      const isGone =
        error instanceof ServerError ? error.status === 0 || error.status >= 500 : error instanceof TypeError;
      if (!isGone) throw error;
      await lost();
    } finally {
      document.removeEventListener('visibilitychange', onHidden);
    }
  }
}

/** Resolves when somebody sees the page. */
function seen(stop: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const done = new AbortController();
    const look = () => {
      if (document.hidden && !stop.aborted) return;
      done.abort();
      resolve();
    };
    document.addEventListener('visibilitychange', look, { signal: done.signal });
    stop.addEventListener('abort', look, { signal: done.signal });
  });
}
