// The receipts of all checks of a sprint as a file, each chained to the one before, for whoever wants to verify them alone.
import { useState } from 'react';
import { exportReceipts } from '../api/generated/team6';
import type { TaskItem } from '../api/generated/team6.schemas';
import { asRequestError } from '../api/problem';
import { Button } from '../ui/Button';
import { download } from '../ui/download';
import { say } from '../ui/toasts';

export function ExportReceipts({ task: { id, sprint } }: { task: TaskItem }) {
  const [isBusy, busy] = useState(false);
  const save = async () => {
    busy(true);
    try {
      download(`receipts-of-sprint-${sprint}.json`, 'application/json', JSON.stringify(await exportReceipts(sprint), null, 2));
    } catch (error) {
      const problem = asRequestError(error);
      say({ kind: 'problem', title: problem.title, detail: problem.message });
    } finally {
      busy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-3 px-4 py-3 text-dense text-muted">
      <Button disabled={isBusy} onClick={() => void save()}>
        Export the sprint’s receipts
      </Button>
      <span>
        On the command line: <code className="font-mono">team6 checks verify {id}</code>
      </span>
    </div>
  );
}
