// What is shown of the log as a file, an event a line, for whoever keeps records elsewhere.
import { useState } from 'react';
import { asRequestError } from '../api/problem';
import { Button } from '../ui/Button';
import { say } from '../ui/toasts';
import { type Asked, exported } from './queries';

export function Export({ asked }: { asked: Asked }) {
  const [so, far] = useState<number | null>(null);
  const save = async () => {
    far(0);
    try {
      const text = await exported(asked, far);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }));
      link.download = 'team6-log.jsonl';
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      const problem = asRequestError(error);
      say({ kind: 'problem', title: problem.title, detail: problem.message });
    } finally {
      far(null);
    }
  };
  return (
    <Button disabled={so !== null} className="min-w-20" onClick={() => void save()}>
      {so === null ? 'Export' : so.toLocaleString('en')}
    </Button>
  );
}
