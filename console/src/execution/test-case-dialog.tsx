// Save an execution as a test case: what `asl record` writes.

import { useState } from 'preact/hooks';
import { recordTestCase } from '../api';
import { nameOf } from '../arn';
import { useDeferred } from '../deferred';
import { useResource } from '../resource';
import { Copy } from '../ui/copy';
import { Dialog } from '../ui/dialog';
import { Loaded } from '../ui/notice';

export function TestCaseDialog({ arn, onClose }: { arn: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const asked = useDeferred(name, 300);
  const recorded = useResource(`test case ${arn}`, () => recordTestCase(arn, asked), asked);
  return (
    <Dialog title="Save as a test case" wide onClose={onClose}>
      <div class="dialog-body">
        <p>
          Put this into a test file beside the definition: <code>asl test</code> runs it.
        </p>
        <label class="label">
          Name of the case
          <input
            type="text"
            value={name}
            placeholder={nameOf(arn)}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <Loaded of={recorded} what="the test case">
          {({ text }) => (
            <>
              <pre class="whole" tabIndex={0} aria-label="Test case">
                {text}
              </pre>
              <div class="buttons">
                <Copy text={() => text} />
                <button type="button" onClick={() => download(text, `${name || nameOf(arn)}.test.yaml`)}>
                  Download
                </button>
              </div>
            </>
          )}
        </Loaded>
      </div>
    </Dialog>
  );
}

function download(text: string, file: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
