// What is shown of the log as a file, an event a line, for whoever keeps records elsewhere.
import { useState } from 'react';
import { asRequestError } from '../api/problem';
import { Button } from '../ui/Button';
import { download } from '../ui/download';
import { say } from '../ui/toasts';
import { type Asked, exported } from './queries';

export function Export({ asked }: { asked: Asked }) {
  const [so, far] = useState<number | null>(null);
  const save = async () => {
    far(0);
    try {
      download('team6-log.jsonl', 'application/jsonl', await exported(asked, far));
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
