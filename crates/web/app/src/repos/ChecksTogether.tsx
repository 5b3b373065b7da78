// What is run over several repositories of a task, side by side: what fits in each may not fit together.
import { useQueryClient } from '@tanstack/react-query';
import { addCheckTogether, removeCheckTogether } from '../api/generated/team6';
import type { AddCheckTogetherRequest, Check, Project } from '../api/generated/team6.schemas';
import { useCommand } from '../api/useCommand';
import { AddCheck } from './AddCheck';
import { CheckRows } from './CheckRows';

export function ChecksTogether({ project: { id, repositories, together = [] } }: { project: Project }) {
  const client = useQueryClient();
  const renew = () => void client.invalidateQueries({ queryKey: ['projects'] });
  const add = (check: AddCheckTogetherRequest, options: RequestInit) => addCheckTogether(id, check, options);
  const again = useCommand({ run: add, onDone: renew });
  const remove = useCommand({
    run: ({ name }: Check, options) => removeCheckTogether(id, name, options),
    done: ({ name }) => `${name} is not run any more`,
    undo: ({ name, command, seconds, together }) => again.mutate({ name, command, seconds, repositories: together ?? [] }),
    onDone: renew,
  });
  const all = Object.keys(repositories);
  return (
    <details className="border-t border-line px-4 py-1" open={together.length > 0}>
      <summary className="flex min-h-(--row) cursor-pointer items-center gap-2 text-muted hover:text-fg">
        {together.length === 0 ? 'No check over several repositories' : `${together.length} over several repositories`}
      </summary>
      <section aria-label={`Checks over several repositories of ${id}`} className="pb-3">
        <p className="text-dense text-muted">They are run for each delivery of a task that has all of these repositories, with its branches side by side.</p>
        <CheckRows checks={together} busy={remove.isPending} onRemove={remove.mutate} />
        <AddCheck
          where={`over ${all.join(' and ')}`}
          run={(check, options) => add({ ...check, repositories: all }, options)}
          onAdded={renew}
        />
        <p className="mt-2 text-dense text-faint">
          Over some of them, on the command line: <code className="font-mono text-muted">team6 project check add {id} NAME --repositories {all.slice(0, 2).join(',')} -- "COMMAND"</code>
        </p>
      </section>
    </details>
  );
}
