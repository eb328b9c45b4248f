// Stop an execution, with what its history shall say of it.

import { useState } from 'preact/hooks';
import { Dialog } from '../ui/dialog';

export function StopDialog({
  onClose,
  onStop,
}: {
  onClose: () => void;
  onStop: (error: string, cause: string) => void;
}) {
  const [error, setError] = useState('');
  const [cause, setCause] = useState('');
  const stop = (event: Event) => {
    event.preventDefault();
    onClose();
    onStop(error, cause);
  };
  return (
    <Dialog title="Stop this execution" onClose={onClose}>
      <form class="dialog-body" onSubmit={stop}>
        <label class="label">
          Error (optional)
          <input type="text" maxLength={256} value={error} onInput={(event) => setError(event.currentTarget.value)} />
        </label>
        <label class="label">
          Cause (optional)
          <input type="text" value={cause} onInput={(event) => setCause(event.currentTarget.value)} />
        </label>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Let it run
          </button>
          <button type="submit" class="primary">
            Stop
          </button>
        </div>
      </form>
    </Dialog>
  );
}
