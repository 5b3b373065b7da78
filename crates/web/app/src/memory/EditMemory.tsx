// A memory in other words, of another kind, or elsewhere.
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { editMemory } from '../api/generated/team6';
import type { EditMemoryRequest, Memory, Scope } from '../api/generated/team6.schemas';
import { Button } from '../ui/Button';
import { Area, Select, Text } from '../ui/Field';
import { Writes } from '../wait/Writes';
import { useMemoryCommand } from './useMemoryCommand';
import { KINDS } from './words';

interface Props {
  project: string;
  memory: Memory;
  repositories: readonly string[];
  onClose: () => void;
}

export function EditMemory({ project, memory, repositories, onClose }: Props) {
  const [text, write] = useState(memory.text);
  const [kind, turn] = useState(memory.kind);
  const [repository, choose] = useState(memory.scope.in === 'project' ? '' : memory.scope.repository);
  const [path, setPath] = useState(memory.scope.in === 'path' ? memory.scope.path : '');
  const asEdit = ({ text, kind, scope }: Memory): EditMemoryRequest => ({ text, kind, scope });
  const edit = useMemoryCommand<EditMemoryRequest>({
    memory,
    step: (edited) => ({
      run: (options) => editMemory(project, memory.id, edited, options),
      shown: { text, kind, scope: scope() },
    }),
    back: (before) => ({
      run: (options) => editMemory(project, before.id, asEdit(before), options),
      shown: { text: before.text, kind: before.kind, scope: before.scope },
    }),
    done: 'Changed',
    onDone: onClose,
  });
  const scope = (): Scope =>
    repository === '' ? { in: 'project' } : path.trim() === '' ? { in: 'repository', repository } : { in: 'path', repository, path: path.trim() };
  const send = () => edit.mutate({ text: text.trim(), kind, scope: scope() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey) || text.trim() === '') return;
    event.preventDefault();
    send();
  };
  return (
    <Writes>
      <form onSubmit={submit} onKeyDown={press} className="flex flex-col gap-3 p-4">
        <Area label="What was learnt" rows={6} maxLength={1000} required value={text} onChange={(event) => write(event.target.value)} />
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
          <Button look="act" type="submit" disabled={edit.isPending || text.trim() === ''}>
            {edit.isPending ? 'Saving' : 'Save'}
          </Button>
          <Button look="quiet" onClick={onClose}>
            Leave it as it is
          </Button>
        </div>
      </form>
    </Writes>
  );
}
