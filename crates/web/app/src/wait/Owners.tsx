// Who is accountable for each task. Owners are suggested with a reason; people choose.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { setOwners } from '../api/generated/team6';
import type { SprintId } from '../api/generated/team6.schemas';
import { ownerSuggestions, people, sprint } from '../api/queries';
import { useCommand } from '../api/useCommand';
import { Button } from '../ui/Button';

/** How many tasks are listed; the plan has all of them. */
const MOST = 40;

export function Owners({ sprint: id }: { sprint: SprintId }) {
  const { data } = useQuery(sprint(id));
  const { data: team = [] } = useQuery(people);
  const { data: suggested } = useQuery(ownerSuggestions(id, data?.version));
  const set = useCommand({ run: (owners: Record<string, string>, options) => setOwners(id, owners, options) });
  const tasks = (data?.tasks ?? []).filter((task) => task.in_plan).map(({ task }) => task);
  const best = new Map((suggested?.tasks ?? []).map(({ task, suggestions }) => [task, suggestions[0]]));
  const missing = tasks.filter((task) => task.owner == null);
  const rows = tasks.slice(0, MOST);
  const taken = Object.fromEntries(missing.flatMap(({ id }) => (best.get(id) ? [[id, best.get(id)?.person ?? '']] : [])));
  return (
    <section aria-label="Owners">
      <ul className="border-t border-line">
        {rows.map((task) => (
          <li key={task.id} className="flex min-h-9 items-center gap-2 border-b border-line py-1">
            <span className="min-w-0 flex-1">
              <span className="block truncate">{task.title}</span>
              {task.owner == null && best.get(task.id) && (
                <span className="block truncate text-dense text-faint">
                  {best.get(task.id)?.person}: {best.get(task.id)?.reason}
                </span>
              )}
            </span>
            <select
              aria-label={`Owner of ${task.title}`}
              value={task.owner ?? ''}
              disabled={set.isPending}
              onChange={(event) => set.mutate({ [task.id]: event.target.value })}
              className="h-7 rounded-md border border-line-strong bg-canvas px-1.5 text-dense pointer-coarse:h-11"
            >
              <option value="" disabled>
                nobody
              </option>
              {team.map((person) => (
                <option key={person.id} value={person.id}>
                  {person.name}
                </option>
              ))}
            </select>
          </li>
        ))}
      </ul>
      {rows.length < tasks.length && (
        <Link
          to="/plan/$sprint/$step"
          params={{ sprint: id, step: 'owners' }}
          className="flex min-h-9 items-center text-dense text-muted underline decoration-line-strong underline-offset-4 hover:text-fg max-desk:min-h-11"
        >
          All {tasks.length} tasks
        </Link>
      )}
      {Object.keys(taken).length > 0 && (
        <Button className="mt-2" disabled={set.isPending} onClick={() => set.mutate(taken)}>
          Take {Object.keys(taken).length === 1 ? 'the suggestion' : `all ${Object.keys(taken).length} suggestions`}
        </Button>
      )}
    </section>
  );
}
