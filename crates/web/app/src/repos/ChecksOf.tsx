// The checks of a repository: what the engine runs on each delivery, in their order, and what its files propose.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { addCheck, removeCheck } from '../api/generated/team6';
import type { AddCheckRequest, Check } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';
import { ProblemNote } from '../ui/ProblemNote';
import { cx } from '../ui/cx';
import { Writes } from '../wait/Writes';
import { AddCheck } from './AddCheck';
import { CheckRows } from './CheckRows';
import { checksOf, foundChecks } from './queries';

interface Of {
  project: string;
  repository: string;
}

export function ChecksOf({ project, repository }: Of) {
  const client = useQueryClient();
  const { data, error } = useQuery(checksOf(project, repository));
  const renew = () =>
    void client.invalidateQueries({ predicate: ({ queryKey: [key] }) => ['projects', 'checks'].includes(String(key)) });
  const again = useCommand({ run: (check: AddCheckRequest, options) => addCheck(project, repository, check, options), onDone: renew });
  const remove = useCommand({
    run: ({ name }: Check, options) => removeCheck(project, repository, name, options),
    done: ({ name }) => `${name} is not run any more`,
    // It comes back as the last one, which may be another place.
    undo: (check) => again.mutate(check),
    onDone: renew,
  });
  return (
    <section aria-label="Checks" className="border-t border-line pt-4">
      <h3 className="font-semibold">Checks</h3>
      <p className="text-dense text-muted">The engine runs them on every delivery, in a clean workspace, before its owner is asked.</p>
      {error && <ProblemNote error={error} />}
      <CheckRows checks={data ?? []} busy={remove.isPending} onRemove={remove.mutate} />
      {/* Its place is kept while it is not known yet, so that what stands below does not jump. */}
      {!data?.length && !error && (
        <p className={cx('text-dense text-faint', !data && 'invisible')}>
          There is none. On the command line: <code className="font-mono text-muted">team6 repo check find {project} {repository}</code>
        </p>
      )}
      <Found project={project} repository={repository} onAdded={renew} />
      <AddCheck where="at the top" run={(check, options) => addCheck(project, repository, check, options)} onAdded={renew} />
    </section>
  );
}

function Found({ project, repository, onAdded }: Of & { onAdded: () => void }) {
  const client = useQueryClient();
  const query = foundChecks(project, repository);
  const { data, error, isFetching, refetch } = useQuery(query);
  const add = useCommand({
    run: (check: Check, options) => addCheck(project, repository, check, options),
    done: ({ name }) => `${name} is run from now on`,
    onDone: ({ name }) => {
      // Its files are looked through again, which takes a while.
      client.setQueryData(query.queryKey, (found) => found?.filter(({ check }) => check.name !== name));
      void refetch();
      onAdded();
    },
  });
  return (
    <div className="mt-2 flex flex-col items-start gap-1">
      <Button disabled={isFetching} onClick={() => void refetch()}>
        {isFetching ? 'Looking' : 'Find checks in its files'}
      </Button>
      {error && <ProblemNote error={error} />}
      {data?.length === 0 && <p className="text-dense text-muted">Its files speak of none that it does not have.</p>}
      <ul aria-label="Found" className="w-full">
        {(data ?? []).map(({ check, because }) => (
          <li key={check.name} className="flex items-center gap-3 border-b border-line py-1">
            <span className="min-w-0 flex-1">
              <span className="font-medium">{check.name}</span> <span className="text-dense text-muted">{because}</span>
              <code className="block font-mono text-dense wrap-anywhere text-muted">{check.command}</code>
            </span>
            <Writes>
              <Button look="act" aria-label={`Add ${check.name}`} disabled={add.isPending} onClick={() => add.mutate(check)}>
                Add
              </Button>
            </Writes>
          </li>
        ))}
      </ul>
    </div>
  );
}
