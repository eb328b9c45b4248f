// How the page talks to the server: the token, and what happens when nobody answers.

import { signal } from '@preact/signals';

export class ServerError extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export type Reach = { kind: 'there' } | { kind: 'gone'; nextTry: number } | { kind: 'token'; refused: boolean };

/** Whether the server is there. */
export const reach = signal<Reach>({ kind: 'there' });
/** Counts how often the server came back: who shows data reads it anew then. */
export const returns = signal(0);

/** What a server says that takes nothing any more. */
const ENDS = 'the server ends';
const TOKEN = 'asl-token';
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

let token = sessionStorage.getItem(TOKEN) ?? '';
let returning: Promise<void> | undefined;
let tryNow: (() => void) | undefined;

/** Sends a request. A server that does not answer is waited for elsewhere: the request fails. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token) headers.set('Authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, cache: 'no-store' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    lost();
    throw new ServerError('Gone', 'The server does not answer.', 0);
  }
  if (response.ok) return response;
  const { type, message } = await told(response);
  // One that ends is as good as gone.
  if (message === ENDS) {
    lost();
    throw new ServerError('Gone', message, response.status);
  }
  if (response.status === 403 && type === 'AccessDeniedException') {
    reach.value = { kind: 'token', refused: token !== '' };
  }
  throw new ServerError(type, message, response.status);
}

async function told(response: Response): Promise<{ type: string; message: string }> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { __type?: string; message?: string; Message?: string };
    const type = (body.__type ?? '').split('#').pop() || `HTTP ${response.status}`;
    return { type, message: body.message ?? body.Message ?? type };
  } catch {
    return { type: `HTTP ${response.status}`, message: text.slice(0, 500) || response.statusText };
  }
}

/** Takes a token, and reads everything anew with it. */
export function useToken(given: string): void {
  token = given;
  sessionStorage.setItem(TOKEN, given);
  reach.value = { kind: 'there' };
  returns.value += 1;
}

/** Is told that the server did not answer. Resolves when it does again. */
export function lost(): Promise<void> {
  returning ??= awaitReturn().finally(() => (returning = undefined));
  return returning;
}

export function tryAtOnce(): void {
  tryNow?.();
}

/** When the server was last found again, and after how long a wait. */
let last = { at: -Infinity, wait: 0 };
/** Who is lost again so soon after it came back waits on, for longer. */
const SOON = 10_000;

async function awaitReturn(): Promise<void> {
  // A connection may break without that anything is wrong: at first it is looked at once.
  for (let wait = Date.now() - last.at < SOON ? next(last.wait) : 0; ; wait = next(wait)) {
    if (wait > 0) {
      reach.value = { kind: 'gone', nextTry: Date.now() + wait };
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        tryNow = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    try {
      const response = await fetch('/health', { cache: 'no-store' });
      if (!response.ok && (await told(response)).message === ENDS) continue;
    } catch {
      continue;
    }
    last = { at: Date.now(), wait };
    if (reach.value.kind === 'gone') reach.value = { kind: 'there' };
    returns.value += 1;
    return;
  }
}

const next = (wait: number): number => Math.min(Math.max(wait * 2, FIRST_WAIT), LONGEST_WAIT);
