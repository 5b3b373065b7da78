// What a memory says, of which kind it is, and where it holds.
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import type { RememberRequest, Scope } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { Area, Select, Text } from '../ui/Field';
import { Writes } from '../wait/Writes';
import { KINDS } from './words';

export type Said = Pick<RememberRequest, 'text' | 'kind' | 'scope'>;

interface Props {
  /** How it is so far. */
  said: Said;
  repositories: readonly string[];
  busy: boolean;
  /** What leaving it is called. */
  leave: string;
  onSave: (said: Said) => void;
  onLeave: () => void;
}

export function MemoryForm({ said, repositories, busy, leave, onSave, onLeave }: Props) {
  const [text, write] = useState(said.text);
  const [kind, turn] = useState(said.kind);
  const [repository, choose] = useState(said.scope.in === 'project' ? '' : said.scope.repository);
  const [path, setPath] = useState(said.scope.in === 'path' ? said.scope.path : '');
  const ready = !busy && text.trim() !== '';
  const send = () => ready && onSave({ text: text.trim(), kind, scope: scopeIn(repository, path.trim()) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    send();
  };
  return (
    <Writes>
      <form onSubmit={submit} onKeyDown={press} className="flex flex-col gap-3 p-4">
        <Area label="What was learnt" rows={6} autoFocus maxLength={1000} required value={text} onChange={(event) => write(event.target.value)} />
        <Select
          above
          label="What sort of thing it is"
          value={kind}
          options={KINDS}
          onChoose={(value) => turn(KINDS.find((each) => each === value) ?? kind)}
        />
        <Select above label="Where it holds" value={repository} options={[['', 'all of the project'], ...repositories]} onChoose={choose} />
        {repository !== '' && (
          <Text above label="Below this path; all of the repository if none" className="font-mono" value={path} onChange={(event) => setPath(event.target.value)} />
        )}
        <div className="flex gap-2">
          <Button look="act" type="submit" disabled={!ready}>
            {busy ? 'Saving' : 'Save'}
          </Button>
          <Button look="quiet" onClick={onLeave}>
            {leave}
          </Button>
        </div>
      </form>
    </Writes>
  );
}

function scopeIn(repository: string, path: string): Scope {
  if (repository === '') return { in: 'project' };
  return path === '' ? { in: 'repository', repository } : { in: 'path', repository, path };
}
