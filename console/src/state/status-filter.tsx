// Which statuses of visits and iterations are listed.

import type { VisitStatus } from '../contract';
import { statusWord } from '../ui/status';

const STATUSES: VisitStatus[] = ['RUNNING', 'SUCCEEDED', 'CAUGHT', 'FAILED', 'TIMED_OUT', 'ABORTED'];

export function StatusFilter({ value, onChange }: { value: string; onChange: (status: string) => void }) {
  return (
    <label>
      Status{' '}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">All</option>
        {STATUSES.map((status) => (
          <option key={status} value={status}>
            {statusWord(status)}
          </option>
        ))}
      </select>
    </label>
  );
}
