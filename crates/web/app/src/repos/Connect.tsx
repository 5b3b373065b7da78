// A further repository for a project, after a look whether it can be used as asked.
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { connectRepository } from '../api/generated/team6';
import type { ConnectRequest, ConnectedRepository, MergeMethod } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { shown } from '../review/names';
import { Button } from '../ui/Button';
import { Select, Text } from '../ui/Field';
import { ProblemNote } from '../ui/ProblemNote';
import { Writes } from '../wait/Writes';

const METHODS = ['merge', 'squash', 'rebase'] as const satisfies readonly MergeMethod[];

export function Connect({ project, onDone }: { project: string; onDone: (id: string) => void }) {
  const client = useQueryClient();
  const [origin, setOrigin] = useState('');
  const [id, setId] = useState('');
  const [branch, setBranch] = useState('');
  const [creates, create] = useState(false);
  const [method, choose] = useState<MergeMethod>('merge');
  const connect = useCommand({
    run: (asked: ConnectRequest, options) => connectRepository(project, asked, options),
    done: 'Connected',
    quiet: true,
    onDone: () => void client.invalidateQueries({ queryKey: ['projects'] }),
  });
  const made = connect.data as ConnectedRepository | undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    connect.mutate({
      origin: origin.trim(),
      merge_method: method,
      ...(id.trim() ? { id: id.trim() } : {}),
      ...(branch.trim() ? { branch: branch.trim(), create_branch: creates } : {}),
    });
  };
  if (made)
    return (
      <div className="flex flex-col gap-3 p-4">
        <p>
          <span className="font-mono">{made.repository.id}</span> is connected at <span className="font-mono">{shown(made.repository.branch)}</span>,{' '}
          <span className="font-mono text-muted">{made.head.slice(0, 10)}</span>.
        </p>
        {made.notices.map(({ notice, text }) => (
          <p key={notice} className="border-l border-st-blocked pl-3 wrap-anywhere text-muted">
            {text}
          </p>
        ))}
        <p className="text-muted">Checks are what the engine runs on each delivery before a person is asked. It has none yet.</p>
        <Button look="act" className="self-start" onClick={() => onDone(made.repository.id)}>
          On to its checks
        </Button>
      </div>
    );
  return (
    <Writes>
      <form onSubmit={submit} className="flex flex-col gap-3 p-4">
        <Text above required label="Where it is: a folder on the server's machine, or a URL" className="font-mono" value={origin} onChange={(event) => setOrigin(event.target.value)} />
        <Text above label="Its name; the last part of that if none" className="font-mono" value={id} onChange={(event) => setId(event.target.value)} />
        <Text above label="The branch that tasks build on; its default branch if none" className="font-mono" value={branch} onChange={(event) => setBranch(event.target.value)} />
        <label className="flex items-center gap-2 max-desk:min-h-11">
          <input type="checkbox" disabled={branch.trim() === ''} checked={creates} onChange={(event) => create(event.target.checked)} className="size-4 accent-(--accent)" />
          Make the branch if it is not there
        </label>
        <Select above label="How pull requests are merged" value={method} options={METHODS} onChoose={(value) => choose(METHODS.find((each) => each === value) ?? method)} />
        {connect.error && <ProblemNote error={connect.error} />}
        <Button look="act" type="submit" className="self-start" disabled={connect.isPending || origin.trim() === ''}>
          {connect.isPending ? 'Looking at it' : 'Connect'}
        </Button>
        <p className="text-dense text-faint">
          On the command line: <code className="font-mono text-muted">team6 repo add {project} PATH_OR_URL</code>
        </p>
      </form>
    </Writes>
  );
}
