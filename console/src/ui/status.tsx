// A status is a word with an icon, never a colour alone.

const ICONS: Record<string, string> = {
  SUCCEEDED: 'M2.5 8.5l3.5 4 7.5-9',
  FAILED: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  TIMED_OUT: 'M4 2h8M4 14h8M5 2c0 4 6 8 6 12M11 2c0 4-6 8-6 12',
  ABORTED: 'M3.5 3.5h9v9h-9Z',
  RUNNING: 'M5 3l8 5-8 5Z',
  CAUGHT: 'M8 2.5v7M8 12.5v1',
  PENDING_REDRIVE: 'M13 8a5 5 0 1 1-1.5-3.6M12 1.5v3.2H8.8',
};

const WORDS: Record<string, string> = {
  SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'Timed out', ABORTED: 'Aborted', RUNNING: 'Running',
  CAUGHT: 'Error caught', PENDING_REDRIVE: 'Pending redrive', NOT_REACHED: 'Not reached', RETRIABLE: 'Would be retried',
  CAUGHT_ERROR: 'Error caught',
};

export const statusWord = (status: string): string => WORDS[status] ?? status;

const statusClass = (status: string): string => (status === 'CAUGHT_ERROR' || status === 'RETRIABLE' ? 'caught' : status.toLowerCase().replaceAll('_', '-'));

export function StatusIcon({ status }: { status: string }) {
  return (
    <svg class={`icon status-icon ${statusClass(status)}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={ICONS[status] ?? ICONS['CAUGHT']} />
    </svg>
  );
}

export function Status({ status, note }: { status: string; note?: string | undefined }) {
  return (
    <span class={`status ${statusClass(status)}`}>
      <StatusIcon status={status} />
      {statusWord(status)}
      {note ? ` ${note}` : ''}
    </span>
  );
}
