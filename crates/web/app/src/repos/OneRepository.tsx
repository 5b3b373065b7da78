// One repository of a project: where it is, its checks, its local files by name, and the way to take it out.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { removeRepository } from '../api/generated/team6';
import type { Project, Repository } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { shown } from '../review/names';
import { Button } from '../ui/Button';
import { Text } from '../ui/Field';
import { Facts } from '../ui/Part';
import { ProblemNote } from '../ui/ProblemNote';
import { full } from '../ui/time';
import { Writes } from '../wait/Writes';
import { ChecksOf } from './ChecksOf';
import { localFiles } from './queries';

interface Props {
  project: Project;
  repository: Repository;
  onGone: () => void;
}

export function OneRepository({ project, repository, onGone }: Props) {
  const { id, origin, branch, merge_method: method } = repository;
  return (
    <div className="flex flex-col gap-5 p-4">
      <Facts
        facts={[
          ['Project', project.title],
          ['Origin', <span className="font-mono">{shown(origin)}</span>],
          ['Base branch', <span className="font-mono">{shown(branch)}</span>],
          ['Merged by', method],
        ]}
      />
      <ChecksOf project={project.id} repository={id} />
      <LocalFiles project={project.id} repository={id} />
      <Remove project={project.id} repository={id} onGone={onGone} />
    </div>
  );
}

/** Names only: a content is never shown, since that is where secrets lie. */
function LocalFiles({ project, repository }: { project: string; repository: string }) {
  const { data, error } = useQuery(localFiles(project, repository));
  return (
    <section aria-label="Local files" className="border-t border-line pt-4">
      <h3 className="font-semibold">Local files</h3>
      <p className="text-dense text-muted">Workspaces get them and no repository holds them. Their contents are shown nowhere.</p>
      {error && <ProblemNote error={error} />}
      <ul className="mt-1">
        {(data ?? []).map(({ path, size, by, at, kept }) => (
          <li key={path} className="flex flex-wrap items-baseline gap-x-3 border-b border-line py-1 last:border-b-0">
            <span className="font-mono wrap-anywhere">{path}</span>
            <span className="text-dense text-muted" title={full(at)}>
              {size.toLocaleString('en')} bytes, by {by}
            </span>
            {!kept && <span className="text-dense text-st-blocked">has to be given again</span>}
          </li>
        ))}
      </ul>
      {data?.length === 0 && (
        <p className="text-dense text-faint">
          There is none. On the command line: <code className="font-mono text-muted">team6 repo file put {project} {repository} .env &lt; .env</code>
        </p>
      )}
    </section>
  );
}

/** What cannot be taken back by a press is done by its name. */
function Remove({ project, repository, onGone }: { project: string; repository: string; onGone: () => void }) {
  const client = useQueryClient();
  const [typed, type] = useState('');
  const remove = useCommand({
    run: (_: void, options) => removeRepository(project, repository, options),
    done: `${repository} is taken out of ${project}`,
    quiet: true,
    onDone: () => {
      void client.invalidateQueries({ queryKey: ['projects'] });
      onGone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === repository) remove.mutate();
  };
  return (
    <Writes>
      <form onSubmit={submit} aria-label="Take it out" className="flex flex-col gap-2 border-t border-line pt-4">
        <h3 className="font-semibold">Take it out of the project</h3>
        <p className="text-dense text-muted">The repository itself stays as it is; its checks and local files go. It cannot be done while an open sprint plans with it.</p>
        <Text above label={`Write ${repository} to confirm`} className="font-mono" value={typed} onChange={(event) => type(event.target.value)} autoComplete="off" />
        {remove.error && <ProblemNote error={remove.error} />}
        <Button look="danger" type="submit" className="self-start" disabled={remove.isPending || typed.trim() !== repository}>
          Take out
        </Button>
      </form>
    </Writes>
  );
}
