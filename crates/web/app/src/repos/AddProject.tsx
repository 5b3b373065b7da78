// A project: a queue, a memory and a budget of its own, and the repositories that its sprints are about.
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { createProject } from '../api/generated/team6';
import type { CreateProjectRequest } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { Text } from '../ui/Field';
import { ProblemNote } from '../ui/ProblemNote';
import { Writes } from '../wait/Writes';

export function AddProject({ onAdded }: { onAdded: (id: string) => void }) {
  const client = useQueryClient();
  const [id, name] = useState('');
  const [title, entitle] = useState('');
  const add = useCommand({
    run: async (asked: CreateProjectRequest, options) => {
      await createProject(asked, options);
      await client.invalidateQueries({ queryKey: ['projects'] });
      onAdded(asked.id);
    },
    quiet: true,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ id: id.trim(), ...(title.trim() ? { title: title.trim() } : {}) });
  };
  return (
    <Writes>
      <form onSubmit={submit} className="flex flex-col gap-3 p-4">
        <Text above autoFocus required label="Its name, in small letters" className="font-mono" value={id} onChange={(event) => name(event.target.value)} />
        <Text above label="What people call it; its name if nothing" value={title} onChange={(event) => entitle(event.target.value)} />
        {add.error && <ProblemNote error={add.error} />}
        <Button look="act" type="submit" className="self-start" disabled={add.isPending || id.trim() === ''}>
          {add.isPending ? 'Making it' : 'Make it'}
        </Button>
        <p className="text-dense text-faint">
          On the command line: <code className="font-mono text-muted">team6 project add NAME</code>
        </p>
      </form>
    </Writes>
  );
}
